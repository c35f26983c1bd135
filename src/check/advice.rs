//! What is no mistake by itself, and nearly always not meant: warnings.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::CheckedStep;
use super::Headings;
use super::Items;
use super::vars::before_any_step;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::diag::did_you_mean;
use crate::expr::Rendered;
use crate::playbook::Action;
use crate::playbook::ForEach;
use crate::playbook::Step;
use crate::playbook::VarDecl;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

const UNUSED_VAR: Code = Code("unused_var");
const NO_KEY: Code = Code("no_key");
pub(super) const UNKNOWN_LABEL: Code = Code("unknown_label");
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

pub(super) fn create_without_key(step: &Step, headings: &Headings, problems: &mut Problems) {
    if matches!(step.action, Action::Create(_)) && step.key.is_none() {
        let columns = headings.get(&step.id.value);
        problems.push(
            Problem::warning(
                NO_KEY,
                "this create has no `key`, so running the playbook again creates again",
            )
            .at(step.verb_span, "created here")
            .help(format!(
                "name the record by something that stays the same: `key: {}`",
                possible_key(step, columns.map(Vec::as_slice).unwrap_or_default())
            ))
            .step(&step.id.value),
        );
    }
}

/// Something by which the records of a step may be told apart: an id, or the first column.
fn possible_key(step: &Step, columns: &[String]) -> String {
    let item = &step.item_name.value;
    let is_plain = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let column = columns.iter().find(|name| name.as_str() == "id");
    match (&step.for_each, column.or(columns.first())) {
        (None, _) => "the-only-one".to_owned(),
        (Some(_), Some(name)) if is_plain(name) => format!("\"{{{{ {item}.{name} }}}}\""),
        (Some(_), Some(name)) if !name.contains(['\'', '"', '\\']) => {
            format!("\"{{{{ {item}['{name}'] }}}}\"")
        }
        (Some(source), _) => match &source.value {
            ForEach::Template(_) | ForEach::JsonPath(_) => format!("\"{{{{ {item}.id }}}}\""),
            ForEach::Literal(_) | ForEach::File(_) => format!("\"{{{{ {item}.code }}}}\""),
        },
    }
}

/// Labels of Sugar's are open, since modules bring their own; one that is nearly a known one is a slip.
pub(super) fn labels(step: &Step, problems: &mut Problems) {
    for (label, _) in &step.on_error.by_label {
        let written = label.value.as_str();
        let meant = meant_label(written);
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

/// The label that was probably meant, where nobody knows one of that name.
pub(super) fn meant_label(written: &str) -> Option<String> {
    let known = || SugarLabel::ALL.iter().map(|label| label.as_str());
    if written.starts_with("local:") || known().any(|known| known == written) {
        return None;
    }
    let mut ours = LocalLabel::ALL.iter().map(|label| label.as_str());
    match ours.find(|ours| ours.strip_prefix("local:") == Some(written)) {
        Some(ours) => Some(format!("did you mean `{ours}`?")),
        None => did_you_mean(written, known()),
    }
}

/// Only what can be proved: a condition that names nothing and is false, a list that is written as empty, and steps that go
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
    const NOTHING: &str = "an empty list gives it nothing to do";
    if let Some(when) = &step.when
        && when.is_constant()
        && when.holds(&before_any_step(None)) == Ok(false)
    {
        return Some(("`when` never holds", when.span()));
    }
    match &step.items {
        Some(Items::Literal(items)) if items.is_empty() => Some((NOTHING, step.verb_span)),
        Some(Items::Template(template)) if template.is_constant() => {
            let list = template.eval(&before_any_step(None)).ok()?;
            let is_empty = matches!(list, Rendered::Value(Json::Array(items)) if items.is_empty());
            is_empty.then_some((NOTHING, template.span()))
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
