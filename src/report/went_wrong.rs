//! What went wrong, put together by outcome and label: renderings with little room show a group and a few of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::OperationReport;
use super::Outcome;
use super::ReportError;
use super::outcome;
use super::source::Source;
use super::text::cells;
use crate::runfile::StepView;

/// Operations of a step with the same outcome and label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) outcome: Outcome,
    /// What has no answer has none.
    pub(super) label: Option<String>,
    pub(super) count: u64,
    /// The first of them.
    pub(super) samples: Vec<OperationReport>,
}

impl Group {
    /// The label, or the outcome where there is none.
    pub(super) fn name(&self) -> &str {
        self.label.as_deref().unwrap_or(self.outcome.as_str())
    }

    /// Of how many there is no sample.
    pub(super) fn more(&self) -> u64 {
        self.count.saturating_sub(self.samples.len() as u64)
    }
}

/// The groups of a step, the worst and largest first, each with at most so many operations to show.
pub(super) fn groups(
    source: &Source<'_>,
    step: &StepView,
    shown: u32,
) -> Result<Vec<Group>, ReportError> {
    let mut counts: BTreeMap<(Outcome, Option<String>), u64> = BTreeMap::new();
    for (outcome, label, count) in outcome::wrong(step) {
        *counts.entry((outcome, label)).or_default() += count;
    }
    let mut groups = Vec::with_capacity(counts.len());
    for ((outcome, label), count) in counts {
        groups.push(Group {
            samples: source.first_wrong(step, outcome, label.as_deref(), shown)?,
            outcome,
            label,
            count,
        });
    }
    groups.sort_by_key(|group| (group.outcome, Reverse(group.count)));
    Ok(groups)
}

/// One label, or none, over all steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failures {
    pub(super) label: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) count: u64,
    /// The id of each step, and what of it there is.
    pub(super) steps: Vec<(String, Group)>,
}

/// The worst and most frequent first.
pub(super) fn by_label(source: &Source<'_>, shown: u32) -> Result<Vec<Failures>, ReportError> {
    let mut found: Vec<Failures> = Vec::new();
    for step in &source.steps {
        for group in groups(source, step, shown)? {
            let known = found
                .iter()
                .position(|one| one.label == group.label && one.outcome == group.outcome);
            let failures = match known {
                Some(known) => &mut found[known],
                None => found.push_mut(Failures {
                    label: group.label.clone(),
                    outcome: group.outcome,
                    count: 0,
                    steps: Vec::new(),
                }),
            };
            failures.count += group.count;
            failures.steps.push((step.id.clone(), group));
        }
    }
    found.sort_by_key(|one| (one.outcome, Reverse(one.count)));
    Ok(found)
}

/// What an operation says of itself, where there is anything to say.
pub(super) fn why(operation: &OperationReport) -> Option<String> {
    match (&operation.message, operation.outcome) {
        (Some(message), _) => Some(cells::visible(message)),
        (None, Outcome::Unknown) => Some("it was sent, and no answer came".to_owned()),
        (None, _) => None,
    }
}

/// `step[key] (file:line): message`, on one line.
pub(super) fn line(step: &str, operation: &OperationReport) -> String {
    let row = operation.row.as_ref();
    let row = row.map_or_else(String::new, |row| format!(" ({}:{})", row.file, row.line));
    let why = why(operation).map_or_else(String::new, |why| format!(": {why}"));
    format!(
        "{}{why}",
        cells::visible(&format!("{step}[{}]{row}", operation.key))
    )
}
