//! The table of steps: what became of each, by label.

use std::io;

use super::cells;
use super::cells::grouped;
use super::sheet::Ink;
use super::sheet::Sheet;
use crate::operation::Action;
use crate::playbook::language::Verb;
use crate::playbook::language::VerbKind;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::StepReport;

/// Columns an id or a verb with its module takes at most.
const WIDEST: usize = 28;

/// Labels said of one outcome; the JSON report has them all.
const LABELS: usize = 4;

pub(super) fn draw<O>(sheet: &mut Sheet<'_>, report: &Report<O>) -> io::Result<()> {
    if report.steps.is_empty() {
        return Ok(());
    }
    sheet.blank()?;
    let widest = |cell: fn(&StepReport<O>) -> String| {
        let widths = report.steps.iter().map(|step| cells::columns(&cell(step)));
        widths.max().unwrap_or(0).min(WIDEST)
    };
    let (ids, actions) = (widest(id), widest(action));
    for step in &report.steps {
        let cell = |text: String, width| cells::padded(&cells::cut(&text, width), width);
        let (mark, ink) = super::mark(step.outcome, Action::parse(&step.aside.does));
        let start = format!(
            "{} {}  {}  ",
            sheet.painted(ink, &mark.to_string()),
            cell(id(step), ids),
            cell(action(step), actions)
        );
        // Painted marks take no more columns than plain ones.
        let indent = 2 + ids + 2 + actions + 2;
        let room = sheet.width().saturating_sub(indent).max(WIDEST);
        let said = said(step);
        for (index, line) in cells::wrapped(&said, room).iter().enumerate() {
            let before = if index == 0 {
                start.clone()
            } else {
                " ".repeat(indent)
            };
            sheet.line(&format!("{before}{line}"))?;
        }
        for text in [&step.name, &step.reason].into_iter().flatten() {
            sheet.wrapped("    ", Ink::Faint, &cells::visible(text))?;
        }
        let besides = besides(step);
        if !besides.is_empty() {
            let text = format!("the instance changed besides: {besides}");
            sheet.wrapped("    ", Ink::Warn, &text)?;
        }
    }
    Ok(())
}

/// `description (12), rating (3)`.
fn besides<O>(step: &StepReport<O>) -> String {
    let all = step.aside.besides.iter();
    let all = all.map(|(name, count)| format!("{} ({})", cells::visible(name), grouped(*count)));
    all.collect::<Vec<_>>().join(", ")
}

fn id<O>(step: &StepReport<O>) -> String {
    step.id.clone()
}

/// `hand_over`, and behind it what the playbook calls it.
pub(super) fn title<O>(step: &StepReport<O>) -> String {
    match &step.name {
        Some(name) => format!("{}, {}", step.id, cells::visible(name)),
        None => step.id.clone(),
    }
}

pub(in crate::report) fn action<O>(step: &StepReport<O>) -> String {
    match &step.module {
        Some(module) => format!("{} {module}", step.aside.does),
        None => step.aside.does.clone(),
    }
}

/// What there is to say of a step: its counts, each with its labels, or the records it read.
pub(in crate::report) fn said<O>(step: &StepReport<O>) -> String {
    let mut said: Vec<String> = Vec::new();
    // Of a read that did not come to its question there is nothing to say but why.
    let was_asked = !matches!(step.outcome, Outcome::Deferred | Outcome::Skipped);
    if !step.aside.writes && was_asked {
        let is_well = step.counts.is_empty();
        said.push(match Verb::named(&step.verb).map(|verb| verb.kind) {
            Some(VerbKind::Assert) if is_well => "holds".to_owned(),
            Some(VerbKind::Export) if is_well => cells::counted(step.records, "row"),
            Some(VerbKind::Enum | VerbKind::Ping) if is_well => "answered".to_owned(),
            Some(VerbKind::Assert | VerbKind::Export | VerbKind::Enum | VerbKind::Ping) => {
                String::new()
            }
            Some(VerbKind::Count) if is_well => format!("counted {}", grouped(step.records)),
            _ if is_well || step.records > 0 => cells::counted(step.records, "record"),
            _ => String::new(),
        });
    }
    for outcome in Outcome::IN_COUNTS {
        let count = match (step.counts.get(&outcome), outcome) {
            (Some(count), _) => *count,
            (None, Outcome::Skipped) => step.aside.skipped_reads,
            (None, _) => 0,
        };
        if count > 0 {
            said.push(format!(
                "{} {outcome}{}",
                grouped(count),
                labels(step, outcome, count)
            ));
        }
    }
    said.retain(|piece| !piece.is_empty());
    match (said.is_empty(), step.outcome) {
        (false, _) => said.join(", "),
        (true, Outcome::Deferred) => match step.reason {
            // It is said below.
            Some(_) => "deferred".to_owned(),
            None => "deferred, not known before other steps have run".to_owned(),
        },
        (true, _) => "nothing to do".to_owned(),
    }
}

/// ` (not_found)`, or with numbers where there are several.
fn labels<O>(step: &StepReport<O>, outcome: Outcome, all: u64) -> String {
    let mut labels: Vec<(&str, u64)> = step
        .aside
        .labelled
        .iter()
        .filter(|((of, _), _)| *of == outcome)
        .map(|((_, label), count)| (label.as_str(), *count))
        .collect();
    labels.sort_by_key(|(label, count)| (std::cmp::Reverse(*count), *label));
    let rest = labels.len().saturating_sub(LABELS);
    match labels.as_slice() {
        [] => String::new(),
        [(label, count)] if *count == all => format!(" ({})", cells::visible(label)),
        several => {
            let shown = several.iter().take(LABELS);
            let mut shown: Vec<String> = shown
                .map(|(label, count)| format!("{} {}", cells::visible(label), grouped(*count)))
                .collect();
            if rest > 0 {
                shown.push(cells::counted(rest as u64, "other label"));
            }
            format!(" ({})", shown.join(", "))
        }
    }
}
