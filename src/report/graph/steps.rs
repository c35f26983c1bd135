//! The steps of a playbook as a graph, with what became of each.

use std::collections::BTreeMap;

use super::draw::Edge;
use super::draw::Look;
use super::draw::Node;
use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::diag::counted;
use crate::expr::StepNo;
use crate::playbook::Wait;
use crate::playbook::language::Verb;
use crate::playbook::language::VerbKind;
use crate::report::Outcome;
use crate::report::text::cells;
use crate::runfile::StepView;

/// A node for each step; with the steps of a run, each says what became of it.
pub(super) fn nodes(checked: &Checked, run: Option<&[StepView]>) -> Vec<Node> {
    let run: BTreeMap<&str, &StepView> = run
        .unwrap_or_default()
        .iter()
        .map(|step| (step.id.as_str(), step))
        .collect();
    let steps = checked.steps.iter();
    steps
        .map(|step| node(step, run.get(step.id.as_str()).copied()))
        .collect()
}

/// An arrow from a step to each that uses its results, a dashed one to each that only waits for it.
pub(super) fn edges(checked: &Checked) -> Vec<Edge> {
    checked.steps.iter().flat_map(of_step).collect()
}

fn node(step: &CheckedStep, run: Option<&StepView>) -> Node {
    let what = match step.module() {
        Some(module) => format!("{} {}", step.verb, module.value),
        None => step.verb.to_owned(),
    };
    let what = if step.items.is_some() {
        format!("{what}, for each")
    } else {
        what
    };
    let look = match step.action {
        CheckedAction::Read(_) => Look::Read,
        CheckedAction::Write(_) => Look::Write,
        CheckedAction::Assert { .. } => Look::Assert,
        CheckedAction::Export { .. } => Look::Export,
    };
    let mut lines = vec![step.id.clone()];
    lines.extend(step.name.as_deref().map(cells::visible));
    lines.push(what);
    lines.extend(run.map(|run| became(run, look)));
    Node {
        name: name(step.number),
        lines,
        look,
    }
}

/// What a run says of a step: operations by outcome, or how much was read.
fn became(step: &StepView, look: Look) -> String {
    let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
    for (state, count) in &step.counts {
        *counts.entry(Outcome::from(*state)).or_default() += count;
    }
    let parts: Vec<String> = Outcome::IN_COUNTS
        .iter()
        .filter_map(|outcome| {
            let count = counts.get(outcome).filter(|count| **count > 0)?;
            Some(format!("{count} {outcome}"))
        })
        .collect();
    if !parts.is_empty() {
        return parts.join(", ");
    }
    if !step.expanded {
        return "not known yet".into();
    }
    match (look, step.count) {
        (Look::Read, Some(count)) => format!("counted {count}"),
        (Look::Read, None) if brings_no_records(&step.verb) => "answered".into(),
        (Look::Read, None) => counted(step.records, "record"),
        (Look::Export, _) => counted(step.records, "row"),
        (Look::Assert, _) => "holds".into(),
        (Look::Write | Look::Batch, _) => "nothing to do".into(),
    }
}

fn brings_no_records(verb: &str) -> bool {
    let verb = Verb::named(verb);
    verb.is_some_and(|verb| matches!(verb.kind, VerbKind::Enum | VerbKind::Ping))
}

fn of_step(step: &CheckedStep) -> impl Iterator<Item = Edge> {
    step.upstream.iter().map(|from| {
        let waits = step.depends_on.iter().find(|(on, _)| on == from);
        Edge {
            from: name(*from),
            to: name(step.number),
            label: waits.map(|(_, wait)| match wait {
                Wait::Succeeded => "depends on".to_owned(),
                Wait::Finished => "waits for".to_owned(),
            }),
        }
    })
}

/// Steps are numbered: one may be called `end`, which is a word of Mermaid.
fn name(step: StepNo) -> String {
    format!("s{}", step.0)
}
