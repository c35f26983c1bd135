//! What went wrong in a step, put together by outcome and label: renderings with little room show a group and a few of it.

use std::collections::BTreeMap;

use super::OperationReport;
use super::Outcome;
use super::ReportError;
use super::outcome;
use super::source::Source;
use super::text::cells;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Operations looked at to find some of each group; a group that begins later has none to show.
const LOOKED_AT: u64 = 1_000;

/// Operations of a step with the same outcome and label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) outcome: Outcome,
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
}

/// The groups of a step, the worst and largest first, each with at most so many operations to show.
pub(super) fn groups(
    source: &Source<'_>,
    step: &StepView,
    shown: usize,
) -> Result<Vec<Group>, ReportError> {
    let mut found: BTreeMap<(Outcome, Option<String>), Group> = BTreeMap::new();
    for (outcome, label, count) in outcome::wrong(step) {
        let group = Group {
            outcome,
            label: label.clone(),
            count,
            samples: Vec::new(),
        };
        found
            .entry((outcome, label))
            .and_modify(|known| known.count += count)
            .or_insert(group);
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    source.first(step, Which::Bad, LOOKED_AT, |operation| {
        let group = found.get_mut(&(operation.outcome, operation.label.clone()));
        if let Some(group) = group.filter(|group| group.samples.len() < shown) {
            group.samples.push(operation);
        }
        Ok(())
    })?;
    let mut groups: Vec<Group> = found.into_values().collect();
    groups.sort_by_key(|group| (group.outcome, std::cmp::Reverse(group.count)));
    Ok(groups)
}

/// `step[key] (file:line): message`, on one line.
pub(super) fn line(step: &str, operation: &OperationReport) -> String {
    let row = operation.row.as_ref();
    let row = row.map_or_else(String::new, |row| format!(" ({}:{})", row.file, row.line));
    let message = match (&operation.message, operation.outcome) {
        (Some(message), _) => format!(": {message}"),
        (None, Outcome::Unknown) => ": it was sent, and no answer came".to_owned(),
        (None, _) => String::new(),
    };
    cells::visible(&format!("{step}[{}]{row}{message}", operation.key))
}
