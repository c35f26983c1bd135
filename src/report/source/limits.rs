//! What was counted, beside the limits of the playbook.

use std::path::Path;

use super::Source;
use crate::diag::Sources;
use crate::event::Progress;
use crate::operation::State;
use crate::playbook;
use crate::playbook::Limits;
use crate::playbook::Tolerance;
use crate::report::ReportError;

/// A number and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Bound {
    /// What is counted, in the plural.
    pub(in crate::report) what: &'static str,
    pub(in crate::report) found: u64,
    /// Whether more may come to be known.
    pub(in crate::report) at_least: bool,
    /// As the playbook calls it, and what it says; none where there is no bound.
    pub(in crate::report) limit: Option<(&'static str, String)>,
    pub(in crate::report) is_passed: bool,
}

impl Source<'_> {
    /// Changes, deletes and failures. Limits of included playbooks, for their own steps, are not among them.
    pub(in crate::report) fn bounds(&self) -> Result<Vec<Bound>, ReportError> {
        let progress = self.view.progress()?;
        let limits = self.limits();
        let at_least = self.steps.iter().any(|step| {
            let deferred = step.counts.get(&State::Deferred).copied();
            step.writes && (!step.expanded || deferred.unwrap_or(0) > 0)
        });
        let number = |name, limit: Option<u64>| {
            limit.map(|limit| (name, crate::report::text::grouped(limit)))
        };
        let max_deletes = limits
            .as_ref()
            .map(|limits| limits.max_deletes.unwrap_or(0));
        let max_changes = limits.as_ref().and_then(|limits| limits.max_changes);
        let max_failures = limits.as_ref().and_then(|limits| limits.max_failures);
        Ok(vec![
            Bound {
                what: "changes",
                found: progress.changes,
                at_least,
                limit: number("max_changes", max_changes),
                is_passed: max_changes.is_some_and(|limit| progress.changes > limit),
            },
            Bound {
                what: "deletes",
                found: progress.deletes,
                at_least,
                limit: number("max_deletes", max_deletes),
                is_passed: max_deletes.is_some_and(|limit| progress.deletes > limit),
            },
            Bound {
                what: "failures",
                found: progress.failed,
                at_least: false,
                limit: max_failures.map(|tolerance| ("max_failures", shown(tolerance))),
                is_passed: max_failures.is_some_and(|tolerance| is_passed(tolerance, &progress)),
            },
        ])
    }

    /// None where this version does not read the playbook any more.
    fn limits(&self) -> Option<Limits> {
        if let Some(undoes) = &self.standing.undoes {
            return Some(Limits {
                max_deletes: Some(undoes.max_deletes),
                ..Limits::default()
            });
        }
        let mut sources = Sources::default();
        let stored = &self.header.playbook;
        let source = sources.add(&stored.path, stored.text.as_str());
        let playbook = playbook::parse(source, Path::new(""), &sources).ok()?;
        Some(playbook.limits)
    }
}

fn shown(tolerance: Tolerance) -> String {
    match tolerance {
        Tolerance::Count(count) => crate::report::text::grouped(count),
        Tolerance::Percent(percent) => format!("{percent}%"),
    }
}

fn is_passed(tolerance: Tolerance, progress: &Progress) -> bool {
    match tolerance {
        Tolerance::Count(count) => progress.failed > count,
        Tolerance::Percent(percent) => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts of operations are small beside 2^52"
            )]
            let (failed, all) = (progress.failed as f64, progress.operations() as f64);
            failed * 100.0 > percent * all
        }
    }
}
