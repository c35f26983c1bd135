//! What is no mistake by itself, and nearly always not meant: warnings.

use std::collections::BTreeSet;

use super::CheckedStep;
use super::Items;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::diag::did_you_mean;
use crate::playbook::Action;
use crate::playbook::Step;
use crate::playbook::VarDecl;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

const UNUSED_VAR: Code = Code("unused_var");
const NO_KEY: Code = Code("no_key");
const UNKNOWN_LABEL: Code = Code("unknown_label");
const UNREACHABLE: Code = Code("unreachable");

pub(super) fn unused_vars(vars: &[VarDecl], used: &BTreeSet<&str>, problems: &mut Problems) {
    for var in vars
        .iter()
        .filter(|var| !used.contains(var.name.value.as_str()))
    {
        problems.push(
            Problem::warning(
                UNUSED_VAR,
                format!("the variable `{}` is used nowhere", var.name.value),
            )
            .at(var.name.span, "declared here"),
        );
    }
}

pub(super) fn create_without_key(step: &Step, problems: &mut Problems) {
    if matches!(step.action, Action::Create(_)) && step.key.is_none() {
        problems.push(
            Problem::warning(
                NO_KEY,
                "this create has no `key`, so running the playbook again creates again",
            )
            .at(step.verb_span, "created here")
            .help("name the record by something that stays the same: `key: \"{{ item.code }}\"`")
            .step(&step.id.value),
        );
    }
}

/// Labels of Sugar's are open, since modules bring their own; one that is nearly a known one is a slip.
pub(super) fn labels(step: &Step, problems: &mut Problems) {
    for (label, _) in &step.on_error.by_label {
        let written = label.value.as_str();
        let known = || SugarLabel::ALL.iter().map(|label| label.as_str());
        if written.starts_with("local:") || known().any(|known| known == written) {
            continue;
        }
        let ours = LocalLabel::ALL
            .iter()
            .map(|label| label.as_str())
            .find(|ours| ours.strip_prefix("local:") == Some(written));
        let meant = match ours {
            Some(ours) => Some(format!("did you mean `{ours}`?")),
            None => did_you_mean(written, known()),
        };
        if let Some(meant) = meant {
            problems.push(
                Problem::warning(
                    UNKNOWN_LABEL,
                    format!("no label of Sugar's is known as `{written}`"),
                )
                .at(label.span, "named here")
                .help(meant)
                .step(&step.id.value),
            );
        }
    }
}

/// Only what can be proved: a condition that is written as false, a list that is written as empty, and steps that go
/// through the results of such a step.
/// `order` has the places of steps, each behind those it needs.
pub(super) fn unreachable(compiled: &[CheckedStep], order: &[usize], problems: &mut Problems) {
    let mut dead: BTreeSet<&str> = BTreeSet::new();
    for step in order.iter().map(|place| &compiled[*place]) {
        let Some((why, place)) = reason(step, &dead) else {
            continue;
        };
        problems.push(
            Problem::warning(
                UNREACHABLE,
                format!("step `{}` never does anything", step.id),
            )
            .because(place, why)
            .help("remove the step, or what keeps it from running")
            .step(&step.id),
        );
        dead.insert(&step.id);
    }
}

/// Whether a step never does anything, whatever others do.
pub(super) fn is_idle(step: &CheckedStep) -> bool {
    own_reason(step).is_some()
}

fn own_reason(step: &CheckedStep) -> Option<(&'static str, Span)> {
    if let Some(when) = &step.when
        && matches!(when.text().trim(), "false" | "{{ false }}" | "{{false}}")
    {
        return Some(("`when` never holds", when.span()));
    }
    match &step.items {
        Some(Items::Literal(items)) if items.is_empty() => {
            Some(("an empty list gives it nothing to do", step.verb_span))
        }
        _ => None,
    }
}

fn reason(step: &CheckedStep, dead: &BTreeSet<&str>) -> Option<(String, Span)> {
    if let Some((why, place)) = own_reason(step) {
        return Some((why.to_owned(), place));
    }
    match &step.items {
        Some(Items::Template(template)) => {
            let [reference] = template.references() else {
                return None;
            };
            let through = reference.name(0).filter(|_| reference.root == "steps")?;
            let is_list = matches!(reference.name(1), Some("items" | "records" | "ids"));
            (dead.contains(through) && is_list).then(|| {
                (
                    format!("it goes through `{through}`, which never does anything"),
                    template.span(),
                )
            })
        }
        Some(Items::Path {
            step: Some(through),
            span,
            ..
        }) if dead.contains(through.as_str()) => Some((
            format!("it goes through `{through}`, which never does anything"),
            *span,
        )),
        _ => None,
    }
}
