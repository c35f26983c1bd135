//! What went wrong, by label: the most frequent first, each with the steps it was met in and the first operations.

use super::Source;
use crate::report::OperationReport;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::runfile::StepView;

/// One label, or none: what has no answer has no label.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Failures {
    pub(in crate::report) label: Option<String>,
    pub(in crate::report) outcome: Outcome,
    pub(in crate::report) count: u64,
    /// Index of each step, how many of it, and the first of them.
    pub(in crate::report) steps: Vec<(usize, u64, Vec<OperationReport>)>,
}

impl Source<'_> {
    pub(in crate::report) fn failures(&self, samples: u32) -> Result<Vec<Failures>, ReportError> {
        let mut found: Vec<Failures> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            for ((outcome, label), count) in bad(step) {
                let seqs = self
                    .view
                    .first_labelled(step.number, label.as_deref(), samples)?;
                let first = seqs.into_iter().map(|seq| self.at(step, seq));
                let first = first
                    .filter(|one| one.as_ref().map_or(true, |one| one.outcome == outcome))
                    .collect::<Result<_, _>>()?;
                let known = found
                    .iter()
                    .position(|one| one.label == label && one.outcome == outcome);
                let entry = match known {
                    Some(known) => &mut found[known],
                    None => found.push_mut(Failures {
                        label,
                        outcome,
                        count: 0,
                        steps: Vec::new(),
                    }),
                };
                entry.count += count;
                entry.steps.push((index, count, first));
            }
        }
        found.sort_by_key(|one| (one.outcome, std::cmp::Reverse(one.count)));
        Ok(found)
    }
}

/// Failed and unknown operations of a step, by label.
fn bad(step: &StepView) -> Vec<((Outcome, Option<String>), u64)> {
    let is_bad = |outcome| matches!(outcome, Outcome::Failed | Outcome::Unknown);
    let mut found: Vec<((Outcome, Option<String>), u64)> = Vec::new();
    let mut add = |outcome, label: Option<&String>, count: u64| {
        let key = (outcome, label.cloned());
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known += count,
            None => found.push((key, count)),
        }
    };
    for (state, count) in &step.counts {
        let outcome = Outcome::from(*state);
        let mut unlabelled = *count;
        for ((of, label), count) in &step.labelled {
            if of == state && is_bad(outcome) {
                unlabelled = unlabelled.saturating_sub(*count);
                add(outcome, Some(label), *count);
            }
        }
        if unlabelled > 0 && is_bad(outcome) {
            add(outcome, None, unlabelled);
        }
    }
    found
}
