//! How far steps are: each by itself, or all at once for whoever goes through all of them.

use rusqlite::Connection;
use rusqlite::Row as DbRow;

use super::RunFile;
use super::RunFileError;
use super::from_db;
use super::states::OPEN;
use super::states::WRONG;
use crate::expr::StepNo;
use crate::wire::LocalLabel;

/// A step's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRow {
    pub expanded: bool,
    pub items: u64,
    /// Operations that are not final.
    pub unsettled: u64,
    /// Those of them that are not worked out yet.
    pub deferred: u64,
    /// Operations in the way of steps that wait for this one to succeed: failed, unknown, or skipped because of one.
    pub bad: u64,
    pub records: u64,
}

impl StepRow {
    pub fn is_settled(&self) -> bool {
        self.expanded && self.unsettled == 0
    }
}

/// How far all steps were when so many rows had been written.
#[derive(Debug, Default)]
pub(super) struct Standings {
    at: Option<u64>,
    /// By number.
    steps: Vec<StepRow>,
}

fn question(which: &str) -> String {
    format!(
        "SELECT step.expanded, step.items, step.records, \
         coalesce(sum(tally.count) FILTER (WHERE tally.state IN {OPEN}), 0), \
         coalesce(sum(tally.count) FILTER (WHERE tally.state = 'deferred'), 0), \
         coalesce(sum(tally.count) FILTER (WHERE tally.state IN {WRONG} \
             OR (tally.state = 'skipped' AND tally.label = ?1)), 0) \
         FROM step LEFT JOIN tally ON tally.step = step.id {which}"
    )
}

impl RunFile {
    pub fn step(&self, step: StepNo) -> Result<StepRow, RunFileError> {
        let standings = self.standings.borrow();
        if standings.at == Some(self.connection.total_changes())
            && let Some(known) = standings.steps.get(step.0 as usize)
        {
            return Ok(*known);
        }
        let label = LocalLabel::Dependency.as_str();
        let sql = question("WHERE step.id = ?2 GROUP BY step.id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row((label, step.0), step_row)?)
    }

    /// Reads how far all steps are. [`RunFile::step`] answers by that until the first row is written: SQLite counts those,
    /// and nobody else writes.
    pub fn look_over_steps(&self) -> Result<(), RunFileError> {
        let now = Some(self.connection.total_changes());
        if self.standings.borrow().at == now {
            return Ok(());
        }
        let sql = question("GROUP BY step.id ORDER BY step.id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map((LocalLabel::Dependency.as_str(),), step_row)?;
        let steps = found.collect::<Result<_, _>>()?;
        self.standings.replace(Standings { at: now, steps });
        Ok(())
    }
}

/// How many operations of a step are not final.
pub(super) fn unsettled(connection: &Connection, step: StepNo) -> Result<u64, RunFileError> {
    let count = connection
        .prepare_cached(&format!(
            "SELECT coalesce(sum(count) FILTER (WHERE state IN {OPEN}), 0) FROM tally WHERE tally.step = ?1"
        ))?
        .query_row((step.0,), |row| row.get(0))?;
    Ok(from_db(count))
}

fn step_row(row: &DbRow<'_>) -> rusqlite::Result<StepRow> {
    Ok(StepRow {
        expanded: row.get(0)?,
        items: from_db(row.get(1)?),
        records: from_db(row.get(2)?),
        unsettled: from_db(row.get(3)?),
        deferred: from_db(row.get(4)?),
        bad: from_db(row.get(5)?),
    })
}
