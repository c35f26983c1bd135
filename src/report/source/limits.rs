//! What was counted, beside the limits that hold for the run.

use std::path::Path;

use super::Source;
use super::is_waiting;
use crate::diag::Sources;
use crate::event::Progress;
use crate::playbook;
use crate::playbook::Limits;
use crate::playbook::Tolerance;
use crate::report::ReportError;
use crate::report::text::grouped;
use crate::runfile::Stage;

/// A number and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Bound {
    /// What is counted, in the plural.
    pub(in crate::report) what: &'static str,
    /// What a playbook calls the limit.
    pub(in crate::report) name: &'static str,
    pub(in crate::report) found: u64,
    /// Whether more may come to be known.
    pub(in crate::report) at_least: bool,
    /// None where nothing sets it.
    pub(in crate::report) limit: Option<Limit>,
    /// What holds where nothing sets it.
    pub(in crate::report) otherwise: &'static str,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Limit {
    said: Tolerance,
    /// The number it comes to.
    pub(in crate::report) allowed: u64,
    /// Whether an apply was given it in place of the playbook's.
    pub(in crate::report) is_given: bool,
}

impl Limit {
    fn new(said: Tolerance, is_given: bool, progress: &Progress) -> Self {
        Self {
            allowed: allowed(said, progress),
            said,
            is_given,
        }
    }

    /// "5,000", "5%".
    pub(in crate::report) fn text(&self) -> String {
        match self.said {
            Tolerance::Count(count) => grouped(count),
            percent @ Tolerance::Percent(_) => percent.to_string(),
        }
    }
}

impl Bound {
    /// By how much more was found than there may be.
    pub(in crate::report) fn exceeded_by(&self) -> Option<u64> {
        let allowed = self.limit.as_ref()?.allowed;
        self.found.checked_sub(allowed).filter(|by| *by > 0)
    }
}

impl Source<'_> {
    /// Changes, deletes and failures. Limits of included playbooks, for their own steps, are not among them.
    pub(in crate::report) fn bounds(&self) -> Result<Vec<Bound>, ReportError> {
        let progress = self.view.progress()?;
        let given = self.view.given_limits()?.unwrap_or_default();
        let limits = self.written_limits().map(|written| {
            let limits = given.over(&written);
            Limits {
                // Deletes are refused unless somebody says how many there may be.
                max_deletes: limits.max_deletes.or(Some(0)),
                ..limits
            }
        });
        let at_least = self.steps.iter().any(is_waiting);
        let bound = |what, name, found, at_least, of: fn(&Limits) -> Option<Tolerance>| Bound {
            what,
            name,
            found,
            at_least,
            otherwise: match name {
                "max_failures" => "not set: the first stops, unless `on_error` says otherwise",
                _ => "not set",
            },
            limit: limits
                .as_ref()
                .and_then(of)
                .map(|limit| Limit::new(limit, of(&given).is_some(), &progress)),
        };
        Ok(vec![
            bound(
                "changes",
                "max_changes",
                progress.changes,
                at_least,
                |limits| limits.max_changes.map(Tolerance::Count),
            ),
            bound(
                "deletes",
                "max_deletes",
                progress.deletes,
                at_least,
                |limits| limits.max_deletes.map(Tolerance::Count),
            ),
            bound(
                "failures",
                "max_failures",
                progress.failed,
                false,
                |limits| limits.max_failures,
            ),
        ])
    }

    /// What an apply or an undo is given, to go past the limits by which a guard refused last; none where they are those of
    /// an include, which are its own.
    pub(in crate::report) fn past_limits(&self) -> Result<Option<String>, ReportError> {
        let totals = self.view.progress()?.totals();
        if self.standing.undoes.is_some() && self.standing.is_plan() {
            return Ok(Some(format!(" --max-deletes {}", totals.deletes)));
        }
        let exceeded = self.view.exceeded_limits()?;
        let can_be_lifted = self.standing.stage != Stage::Refused
            && exceeded.iter().all(|one| one.include.is_none());
        let options = exceeded.iter().filter_map(|one| {
            let found = match one.name.as_str() {
                "max_changes" => totals.changes,
                "max_deletes" => totals.deletes,
                "max_calls" => totals.calls,
                _ => return None,
            };
            Some(format!(" --limit {}={found}", one.name))
        });
        let options: String = options.collect();
        Ok((can_be_lifted && !options.is_empty()).then_some(options))
    }

    /// Of the playbook, or of what takes a run of it back. None where this version does not read the playbook any more.
    fn written_limits(&self) -> Option<Limits> {
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

fn allowed(limit: Tolerance, progress: &Progress) -> u64 {
    match limit {
        Tolerance::Count(count) => count,
        Tolerance::Percent(percent) => {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "counts of operations are small beside 2^52, and a share of them is no less than nothing"
            )]
            let share = (percent * progress.operations() as f64 / 100.0).floor() as u64;
            share
        }
    }
}
