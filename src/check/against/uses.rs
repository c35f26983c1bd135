//! Fields of results that templates use: there must be such fields, and the step must fetch them.

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::not_authorized;
use super::examiner::unknown_field;
use super::meaning::Meaning;
use super::meaning::Meanings;
use crate::check::CheckedStep;
use crate::check::Items;
use crate::check::Output;
use crate::check::places;
use crate::check::places::ItemIs;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::metadata::Metadata;

const NOT_FETCHED: Code = Code("not_fetched");

/// Fields that every answer holds, asked for or not (fact sheet 1.2).
const ALWAYS_THERE: &[&str] = &["id", "date_modified"];

impl Examiner<'_> {
    pub(super) fn uses(&mut self) {
        let step = self.step;
        if let Some(Items::Path { reads, span, .. }) = &step.items {
            for reference in &reads.references {
                let meaning = self.meanings.of_reference(None, ItemIs::Absent, reference);
                if let Some(problem) = problem(self.metadata, self.meanings, meaning, *span) {
                    self.push(problem);
                }
            }
        }
        for places::Place { template, item, .. } in places::templates(step) {
            for reference in template.references() {
                let meaning = self.meanings.of_reference(Some(step), item, reference);
                let span = template.span_of(&reference.range);
                if let Some(problem) = problem(self.metadata, self.meanings, meaning, span) {
                    self.push(problem);
                }
            }
        }
    }
}

/// Outputs stand in no step.
pub(super) fn of_outputs(
    outputs: &[Output],
    metadata: &Metadata,
    meanings: &Meanings<'_>,
    problems: &mut Problems,
) {
    for template in outputs.iter().flat_map(|output| output.value.templates()) {
        for reference in template.references() {
            let meaning = meanings.of_reference(None, ItemIs::Absent, reference);
            let span = template.span_of(&reference.range);
            if let Some(problem) = problem(metadata, meanings, meaning, span) {
                problems.push(problem);
            }
        }
    }
}

fn problem<'a>(
    metadata: &'a Metadata,
    meanings: &Meanings<'a>,
    meaning: Meaning<'a>,
    span: Span,
) -> Option<Problem> {
    let Meaning::Field(step, field) = meaning else {
        return None;
    };
    // What Sugar adds to each record of its own, such as `_module`.
    if field.starts_with('_') {
        return None;
    }
    let described = meanings.module_of(step).and_then(|name| {
        let module = metadata.module(name)?;
        (!module.fields.is_empty()).then_some(Described { name, module })
    });
    let described = described.filter(|_| !meanings.is_of_relation(step, field));
    let wrong = described.and_then(|described| wrong(described, field));
    wrong
        .or_else(|| not_fetched(step, field))
        .map(|problem| problem.at(span, format!("of the records of `{}`", step.id)))
}

fn wrong(described: Described<'_>, field: &str) -> Option<Problem> {
    if described.module.field(field).is_none() {
        return Some(unknown_field(described, field));
    }
    described.module.acl.denies_field(field, "read").then(|| {
        not_authorized(format!(
            "this user may not read `{field}` of `{}`",
            described.name
        ))
    })
}

fn not_fetched(step: &CheckedStep, field: &str) -> Option<Problem> {
    let fields = step.fields.as_ref()?;
    if ALWAYS_THERE.contains(&field) || fields.iter().any(|asked| asked.value == field) {
        return None;
    }
    Some(
        Problem::error(
            NOT_FETCHED,
            format!("`{}` does not fetch `{field}`", step.id),
        )
        .help("add it to the step's `fields`; without `fields` a step fetches what is used"),
    )
}
