//! The report on a terminal or in a log: what happened first, what went wrong next, then what changes.

pub(super) mod cells;
mod changes;
mod cost;
mod head;
mod next;
mod sheet;
mod steps;
mod trouble;
pub(super) mod value;

use std::io::Write;

pub(super) use cells::grouped;
pub(super) use changes::filled;
pub(super) use changes::filled_once;
pub(super) use head::counts;
pub(super) use head::irreversible;
pub(super) use head::requests;
pub(super) use head::verdict;
pub use next::again;
pub use next::naming;
pub(super) use next::of as next_steps;
pub(super) use next::quoted;
pub(super) use sheet::Ink;
pub(super) use steps::action;
pub(super) use steps::said;
pub(super) use trouble::explained;
pub(super) use trouble::place;

use super::Outcome;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::StepReport;
use super::outcome::Standing;
use super::source::Source;
use crate::diag::Style;
use crate::operation::Action;
use crate::runfile::RunView;
use sheet::Sheet;

/// How a text report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    pub style: Style,
    pub privacy: Privacy,
    pub listing: Listing,
}

/// How many operations are shown of each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Listing {
    /// What suits: some of what went wrong, and of a plan a sample of what would change.
    #[default]
    Brief,
    All,
}

/// Limits of lists, of each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    /// Of what went wrong or is worth a look, by what is to be said.
    trouble: u64,
    /// Operations named of which the same is to be said.
    named: u64,
    changes: u64,
}

impl Listing {
    fn limits(self, standing: &Standing) -> Limits {
        let (trouble, named, changes) = match self {
            Self::Brief if standing.is_plan() => (10, 3, 3),
            // What was done is in the table; who wants each of them asks for it.
            Self::Brief => (10, 3, 0),
            Self::All => (u64::MAX, u64::MAX, u64::MAX),
        };
        Limits {
            trouble,
            named,
            changes,
        }
    }
}

/// Writes the report. Memory does not grow with the run, however much is listed.
pub fn write_text(
    view: &RunView,
    options: TextOptions,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, options.privacy)?;
    let report: Report<()> = source.report(|_| Ok(()))?;
    let limits = options.listing.limits(&source.standing);
    let mut sheet = Sheet::new(out, options.style);
    head::draw(&mut sheet, &source, &report)?;
    steps::draw(&mut sheet, &report)?;
    trouble::draw(&mut sheet, &source, &report, limits)?;
    changes::draw(&mut sheet, &source, &report, limits.changes)?;
    head::outputs(&mut sheet, &report)?;
    cost::draw(&mut sheet, &report)?;
    next::draw(&mut sheet, &source, &report)?;
    Ok(())
}

/// Whether anything is left to send, known already or not.
pub(super) fn is_open<O>(report: &Report<O>) -> bool {
    let waits = |step: &StepReport<O>| step.aside.writes && step.outcome == Outcome::Deferred;
    report.summary.planned + report.summary.deferred > 0 || report.steps.iter().any(waits)
}

/// Of what is planned the sign of what it will do, as in any diff; otherwise what became of it.
pub(super) fn mark(outcome: Outcome, action: Option<Action>) -> (char, Ink) {
    match (outcome, action) {
        (Outcome::Planned, Some(Action::Create | Action::Link)) => ('+', Ink::Good),
        (Outcome::Planned, Some(Action::Update | Action::Favorite | Action::Unfavorite)) => {
            ('~', Ink::Warn)
        }
        (Outcome::Planned, Some(Action::Delete | Action::Unlink)) => ('-', Ink::Bad),
        (outcome, _) => (outcome.mark(), outcome.ink()),
    }
}

impl Outcome {
    fn mark(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Unchanged => '=',
            Self::Failed => '✗',
            Self::Unknown => '?',
            Self::Planned => '·',
            Self::Deferred => '…',
            Self::Skipped => '○',
        }
    }

    fn ink(self) -> Ink {
        match self {
            Self::Ok => Ink::Good,
            Self::Failed => Ink::Bad,
            Self::Unknown | Self::Skipped => Ink::Warn,
            Self::Unchanged | Self::Deferred => Ink::Faint,
            Self::Planned => Ink::Plain,
        }
    }
}
