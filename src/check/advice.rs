//! What is no mistake by itself, and nearly always not meant: warnings.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::CheckedStep;
use super::Items;
use super::graph::Needs;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::playbook::Action;
use crate::playbook::Playbook;
use crate::playbook::VarDecl;

const UNUSED_VAR: Code = Code("unused_var");
const NO_KEY: Code = Code("no_key");
const UNREACHABLE: Code = Code("unreachable");
const READ_BESIDE_WRITE: Code = Code("read_beside_write");

pub(super) fn unused_vars(vars: &[VarDecl], used: &BTreeSet<String>, problems: &mut Problems) {
    for var in vars.iter().filter(|var| !used.contains(&var.name.value)) {
        problems.push(
            Problem::warning(
                UNUSED_VAR,
                format!("the variable `{}` is used nowhere", var.name.value),
            )
            .at(var.name.span, "declared here"),
        );
    }
}

pub(super) fn creates_without_key(playbook: &Playbook, problems: &mut Problems) {
    for step in &playbook.steps {
        if matches!(step.action, Action::Create(_)) && step.key.is_none() {
            problems.push(
                Problem::warning(
                    NO_KEY,
                    "this create has no `key`, so running the playbook again creates again",
                )
                .at(step.verb_span, "created here")
                .help(
                    "name the record by something that stays the same: `key: \"{{ item.code }}\"`",
                )
                .step(&step.id.value),
            );
        }
    }
}

/// A read runs as soon as what it names is known: before the write that stands above it, if it does not say that it
/// waits for that.
pub(super) fn reads_beside_writes(playbook: &Playbook, needs: &Needs, problems: &mut Problems) {
    let mut writes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, step) in playbook.steps.iter().enumerate() {
        let Some(module) = step.action.module() else {
            continue;
        };
        // The user's own mark is nothing that reads find records by.
        if matches!(step.action, Action::Favorite(_) | Action::Unfavorite(_)) {
            continue;
        }
        if step.action.is_write() {
            writes.entry(&module.value).or_default().push(place);
            continue;
        }
        // A field's values do not come from records, and what `related` reads is of the module its link leads to.
        if matches!(step.action, Action::Enum(_) | Action::Related(_)) {
            continue;
        }
        let Some(earlier) = writes.get(module.value.as_str()) else {
            continue;
        };
        let behind = all_needs(needs, place);
        let Some(write) = earlier.iter().rev().find(|write| !behind.contains(write)) else {
            continue;
        };
        let write = &playbook.steps[*write];
        let id = &write.id.value;
        problems.push(
            Problem::warning(
                READ_BESIDE_WRITE,
                format!("this reads {} as they are before `{id}` writes them", module.value),
            )
            .at(step.verb_span, "does not wait for it")
            .at(write.verb_span, "writes them")
            .help(format!(
                "to read what `{id}` leaves behind, add `depends_on: [{id}]`; to read what was there before, put \
                 this step above it"
            ))
            .step(&step.id.value),
        );
    }
}

/// Everything a step needs, directly or not.
fn all_needs(needs: &Needs, step: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![step];
    while let Some(step) = open.pop() {
        for need in needs.get(&step).into_iter().flatten() {
            if found.insert(*need) {
                open.push(*need);
            }
        }
    }
    found
}

/// Only what can be proved: a condition that is written as false, a list that is written as empty, and steps that go
/// through the results of such a step.
pub(super) fn unreachable(compiled: &[Option<CheckedStep>], problems: &mut Problems) {
    let mut dead: BTreeSet<&str> = BTreeSet::new();
    // Steps may stand in any order, so until nothing more is found.
    loop {
        let known = dead.len();
        for step in compiled.iter().flatten() {
            if dead.contains(step.id.as_str()) {
                continue;
            }
            let Some((why, place)) = reason(step, &dead) else {
                continue;
            };
            problems.push(
                Problem::warning(
                    UNREACHABLE,
                    format!("step `{}` never does anything", step.id),
                )
                .at(place, why)
                .help("remove the step, or what keeps it from running")
                .step(&step.id),
            );
            dead.insert(&step.id);
        }
        if dead.len() == known {
            return;
        }
    }
}

fn reason(step: &CheckedStep, dead: &BTreeSet<&str>) -> Option<(String, crate::diag::Span)> {
    if let Some(when) = &step.when
        && matches!(when.text().trim(), "false" | "{{ false }}" | "{{false}}")
    {
        return Some(("never holds".to_owned(), when.span()));
    }
    match &step.items {
        Some(Items::Literal(items)) if items.is_empty() => Some((
            "an empty list gives it nothing to do".to_owned(),
            step.verb_span,
        )),
        Some(Items::Template(template)) => {
            let [reference] = template.references() else {
                return None;
            };
            let through = reference.name(0).filter(|_| reference.root == "steps")?;
            let is_list = matches!(reference.name(1), Some("items" | "records" | "ids"));
            (dead.contains(through) && is_list).then(|| {
                (
                    format!("goes through `{through}`, which never does anything"),
                    template.span(),
                )
            })
        }
        Some(Items::Path {
            step: Some(through),
            span,
            ..
        }) if dead.contains(through.as_str()) => Some((
            format!("goes through `{through}`, which never does anything"),
            *span,
        )),
        _ => None,
    }
}
