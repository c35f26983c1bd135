//! Steps that ended as a whole, and their way back.
//!
//! Where a step's items cannot be known, because what they come from did not go well, one operation stands for the
//! whole step. Its item has no source. Tried again, it is no item to be planned: the step is expanded anew, and so is
//! every step whose items it is.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::params;

use super::PlannedItem;
use super::RunFile;
use super::RunFileError;
use super::pages::first;
use super::pages::next;
use super::put;
use crate::expr::Seq;
use crate::expr::StepNo;

impl RunFile {
    /// A step ends with one operation that stands for all it would have been.
    pub fn end_whole(&mut self, step: StepNo, item: &PlannedItem) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        put::add_item(&transaction, step, item)?;
        transaction
            .prepare_cached("UPDATE item SET source = NULL WHERE step = ?1 AND idx = ?2")?
            .execute(params![step.0, super::to_db(item.index)])?;
        transaction
            .prepare_cached("UPDATE step SET items = items + 1, expanded = 1 WHERE id = ?1")?
            .execute((step.0,))?;
        transaction.commit()?;
        Ok(())
    }

    /// Whether one operation stands for all of a step.
    pub fn has_ended_whole(&self, step: StepNo) -> Result<bool, RunFileError> {
        stands_for_all(&self.connection, first(step))
    }
}

pub(super) fn stands_for_all(connection: &Connection, seq: Seq) -> Result<bool, RunFileError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM item WHERE step = ?1 AND idx = ?2 AND source IS NULL AND src_step IS NULL",
        )?
        .exists(params![seq.step().0, super::to_db(seq.index())])?)
}

/// Opens those of the operations' steps that ended as a whole. Gives the steps that are to be expanded anew.
pub(super) fn reopen(
    connection: &Connection,
    operations: &[Seq],
) -> Result<BTreeSet<StepNo>, RunFileError> {
    let mut open: Vec<StepNo> = Vec::new();
    for seq in operations {
        if stands_for_all(connection, *seq)? {
            open.push(seq.step());
        }
    }
    let mut reopened = BTreeSet::new();
    while let Some(step) = open.pop() {
        if reopened.contains(&step) || anything_done(connection, step)? {
            continue;
        }
        put::forget_step(connection, step)?;
        reopened.insert(step);
        open.extend(made_of(connection, step)?);
    }
    Ok(reopened)
}

/// Whether anything of a step was sent, or need not be: then its items stay what they are.
fn anything_done(connection: &Connection, step: StepNo) -> Result<bool, RunFileError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM op WHERE seq >= ?1 AND seq < ?2 \
             AND (attempts > 0 OR state NOT IN ('failed', 'skipped', 'planned', 'deferred'))",
        )?
        .exists(params![first(step).0, first(next(step)).0])?)
}

/// The steps that have items which are those of this one.
fn made_of(connection: &Connection, step: StepNo) -> Result<Vec<StepNo>, RunFileError> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT step FROM item WHERE src_step = ?1")?;
    let found = statement.query_map((step.0,), |row| row.get(0).map(StepNo))?;
    Ok(found.collect::<Result<_, _>>()?)
}
