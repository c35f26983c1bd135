//! The parts of the page above the operations: limits, problems, failures, what each step changes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::diff;
use super::diff::Cell;
use super::operations;
use crate::report::Diagnostic;
use crate::report::OperationReport;
use crate::report::ReportError;
use crate::report::Severity;
use crate::report::explain;
use crate::report::hanging;
use crate::report::source;
use crate::report::source::FieldChanges;
use crate::report::source::Source;
use crate::report::source::StepChanges;
use crate::report::source::is_waiting;
use crate::report::text;
use crate::report::text::cells;
use crate::report::text::grouped;
use crate::report::went_wrong;
use crate::runfile::StepView;
use crate::runfile::Which;

/// A sentence, and the steps it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Careful {
    said: String,
    steps: Vec<String>,
}

/// Operations named of a label in a step.
const SAMPLES: u32 = 3;

/// Groups of a field.
const GROUPS: usize = 20;

/// Problems, and labels, that a page lists.
const LISTED: usize = 200;

/// Widths of bars are in thousandths.
const WHOLE: u64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Limit {
    what: &'static str,
    found: String,
    limit: Option<String>,
    /// What holds without one.
    otherwise: &'static str,
    is_given: bool,
    exceeded_by: Option<String>,
    /// How much of the limit is used, in thousandths.
    used: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Trouble {
    severity: &'static str,
    code: String,
    step: Option<String>,
    place: Option<String>,
    message: String,
    help: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    label: Option<String>,
    outcome: &'static str,
    count: String,
    meaning: Option<&'static str>,
    advice: Option<&'static str>,
    steps: Vec<FailedStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct FailedStep {
    step: String,
    count: String,
    more: Option<String>,
    first: Vec<Named>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    key: String,
    link: Option<String>,
    place: Option<String>,
    said: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    fields: Vec<ChangedField>,
    oddities: Vec<Odd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ChangedField {
    name: String,
    count: String,
    is_made: bool,
    groups: Vec<Group>,
    others: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Group {
    before: Cell,
    after: Cell,
    count: String,
    /// Its part of all changes of the field, in thousandths.
    part: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Odd {
    oddity: &'static str,
    field: String,
    count: String,
    first: Vec<Named>,
}

/// What cannot be taken back or is not known, in a sentence each, and the steps it is in.
pub(super) fn careful(source: &Source<'_>) -> Result<Vec<Careful>, ReportError> {
    let mut found = Vec::new();
    for (which, what, why) in [
        (Which::Deletes, "delete", ", which cannot be taken back,"),
        (
            Which::OtherIrreversible,
            "other change",
            " that cannot be taken back,",
        ),
    ] {
        let (mut all, mut steps) = (0, Vec::new());
        for step in source.steps.iter().filter(|step| step.writes) {
            let count = source.count(step, which)?;
            all += count;
            if count > 0 && steps.len() < LISTED {
                steps.push(step.id.clone());
            }
        }
        let unlinked = match which {
            Which::Deletes => source.unlinked()?,
            _ => BTreeMap::new(),
        };
        let unlinked = match unlinked.is_empty() {
            true => String::new(),
            false => format!(" (also unlinked: {})", hanging::counted(&unlinked)),
        };
        let said = format!("{}{unlinked}{why}", cells::counted(all, what));
        if all > 0 {
            found.push(Careful { said, steps });
        }
    }
    found.extend(waiting(source)?);
    Ok(found)
}

/// What is not known yet: operations of a step, or not even how many it will have.
fn waiting(source: &Source<'_>) -> Result<Option<Careful>, ReportError> {
    let steps = || source.steps.iter().filter(|step| is_waiting(step));
    let mut operations = 0;
    for step in steps() {
        operations += source.count(step, Which::Deferred)?;
    }
    let count = match operations {
        0 => cells::counted(steps().count() as u64, "step"),
        operations => cells::counted(operations, "operation"),
    };
    let steps: Vec<String> = steps().take(LISTED).map(|step| step.id.clone()).collect();
    Ok((!steps.is_empty()).then(|| Careful {
        said: format!(
            "{count} not known before other steps have run: there may be more than is counted here,"
        ),
        steps,
    }))
}

pub(super) fn limits(of: &Source<'_>) -> Result<Vec<Limit>, ReportError> {
    let bounds = of.bounds()?.into_iter().map(|bound| {
        let at_least = if bound.at_least { "at least " } else { "" };
        let limit = bound.limit.as_ref();
        Limit {
            what: bound.what,
            found: format!("{at_least}{}", grouped(bound.found)),
            limit: limit.map(source::Limit::text),
            otherwise: bound.otherwise,
            is_given: limit.is_some_and(|limit| limit.is_given),
            exceeded_by: bound.exceeded_by().map(grouped),
            used: limit
                .map(|limit| limit.allowed)
                .filter(|allowed| *allowed > 0)
                .map(|allowed| (bound.found.saturating_mul(WHOLE) / allowed).min(WHOLE)),
        }
    });
    Ok(bounds.collect())
}

/// Errors first, and how many are not listed.
pub(super) fn troubles(diagnostics: &[Diagnostic]) -> (Vec<Trouble>, usize) {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    let troubles = sorted.iter().take(LISTED).map(|diagnostic| Trouble {
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        code: cells::visible(&diagnostic.code),
        step: diagnostic.step.as_deref().map(cells::visible),
        place: diagnostic.file.as_deref().map(|file| {
            let numbers = [diagnostic.line, diagnostic.column].into_iter().flatten();
            let place = cells::visible(file);
            numbers.fold(place, |place, number| format!("{place}:{number}"))
        }),
        message: cells::visible(&diagnostic.message),
        help: diagnostic.help.as_deref().map(cells::visible),
    });
    (troubles.collect(), sorted.len().saturating_sub(LISTED))
}

pub(super) fn failures(source: &Source<'_>) -> Result<(Vec<Failure>, usize), ReportError> {
    let found = went_wrong::by_label(source, SAMPLES)?;
    let more = found.len().saturating_sub(LISTED);
    let failures = found.into_iter().take(LISTED).map(|found| {
        let known = found.label.as_deref().and_then(explain);
        Failure {
            label: found.label.as_deref().map(cells::visible),
            outcome: found.outcome.as_str(),
            count: grouped(found.count),
            meaning: known.map(|known| known.meaning),
            advice: known.map(|known| known.advice),
            steps: found
                .steps
                .into_iter()
                .take(LISTED)
                .map(|(step, group)| FailedStep {
                    step,
                    count: grouped(group.count),
                    more: match group.more() {
                        0 => None,
                        more => Some(grouped(more)),
                    },
                    first: group
                        .samples
                        .iter()
                        .map(|one| Named {
                            said: one.message.as_deref().map(cells::visible),
                            ..Named::of(source, one)
                        })
                        .collect(),
                })
                .collect(),
        }
    });
    Ok((failures.collect(), more))
}

/// None where a step changes no fields.
pub(super) fn changes(
    source: &Source<'_>,
    step: &StepView,
) -> Result<Option<Changes>, ReportError> {
    let StepChanges {
        fields, oddities, ..
    } = source.changes(step, GROUPS)?;
    if fields.is_empty() {
        return Ok(None);
    }
    let oddities = oddities.iter().map(|found| Odd {
        oddity: found.oddity.as_str(),
        field: cells::visible(&found.field),
        count: grouped(found.count),
        first: found
            .first
            .iter()
            .map(|one| Named::of(source, one))
            .collect(),
    });
    Ok(Some(Changes {
        oddities: oddities.collect(),
        fields: fields.iter().map(ChangedField::of).collect(),
    }))
}

impl ChangedField {
    fn of(field: &FieldChanges) -> Self {
        let groups = field.groups.iter().map(|group| {
            let (before, after) = diff::sides(&group.before, &group.after);
            let at_least = if group.at_least { "at least " } else { "" };
            Group {
                before,
                after,
                count: format!("{at_least}{}", grouped(group.count)),
                part: group.count.saturating_mul(WHOLE) / field.count.max(1),
            }
        });
        Self {
            groups: groups.collect(),
            name: cells::visible(&field.name),
            count: grouped(field.count),
            is_made: field.is_made,
            others: (field.others > 0).then(|| grouped(field.others)),
        }
    }
}

impl Named {
    fn of(source: &Source<'_>, operation: &OperationReport) -> Self {
        Self {
            key: cells::visible(&operation.key),
            link: operations::link(source, operation),
            place: text::place(operation),
            said: None,
        }
    }
}
