//! The ways between states that a batch takes, each one transaction with everything that follows from it.

use rusqlite::Connection;
use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::Settlement;
use super::settle;
use super::span::Span;
use super::span::spans;
use super::tally::Counted;
use super::tally::Counts;
use super::to_db;
use crate::expr::Seq;
use crate::kill;
use crate::operation::State;

impl RunFile {
    /// Marks operations as sent, in one transaction that is on disk before the request leaves. Gives the batch's number.
    pub fn send(
        &mut self,
        operations: &[Seq],
        entries: usize,
        now: &str,
    ) -> Result<u64, RunFileError> {
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("INSERT INTO batch (sent_at, entries) VALUES (?1, ?2)")?
            .execute(params![now, to_db(entries as u64)])?;
        let batch = transaction.last_insert_rowid();
        let mut counts = Counts::default();
        for span in spans(operations.iter().copied()) {
            for from in may_change(&transaction, span, State::Sent)? {
                counts.moved(from, State::Sent);
            }
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?3, batch = ?4, attempts = attempts + 1 WHERE seq BETWEEN ?1 AND ?2",
                )?
                .execute(params![span.first.0, span.last.0, State::Sent.as_str(), batch])?;
            kill::passes(kill::Point::InSent);
        }
        counts.write(&transaction)?;
        super::meta::put(&transaction, &super::Stage::Run)?;
        transaction.commit()?;
        Ok(super::from_db(batch))
    }

    /// Operations that were sent more often than once before they came back, and how often besides.
    pub fn sent_again(&mut self, operations: &[(Seq, u32)]) -> Result<(), RunFileError> {
        if operations.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for (seq, times) in operations {
            transaction
                .prepare_cached("UPDATE op SET attempts = attempts + ?2 WHERE seq = ?1")?
                .execute((seq.0, times))?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A batch came back: writes that down together with the outcomes that it brought, and with what was sent up to then.
    pub fn land(
        &mut self,
        batch: u64,
        settlements: &[(Seq, Settlement)],
        now: &str,
        requests: &super::Requests,
    ) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("UPDATE batch SET done_at = ?2 WHERE id = ?1")?
            .execute(params![to_db(batch), now])?;
        super::meta::put(&transaction, requests)?;
        settle::all(&transaction, settlements)?;
        transaction.commit()?;
        self.follow(settlements)
    }

    /// Writes down outcomes and counts down what waits for them. Dependents of what did not go well are skipped.
    pub fn settle(&mut self, settlements: &[(Seq, Settlement)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        settle::all(&transaction, settlements)?;
        transaction.commit()?;
        self.follow(settlements)
    }

    /// What outcomes that are written down mean for others.
    fn follow(&mut self, settlements: &[(Seq, Settlement)]) -> Result<(), RunFileError> {
        kill::passes(kill::Point::AfterSettle);
        for (seq, settlement) in settlements {
            if settlement.state.is_settled() && !settlement.state.is_good() {
                self.skip_dependents(*seq)?;
            }
        }
        Ok(())
    }
}

/// The one place that says whether a state may change. Gives how the operations are counted before it does, in their order.
pub(super) fn may_change(
    connection: &Connection,
    span: Span,
    to: State,
) -> Result<Vec<Counted>, RunFileError> {
    let found = Counted::find(connection, span)?;
    for (counted, seq) in found.iter().zip(span.operations()) {
        let from = counted.state();
        if !from.next().contains(&to) {
            return Err(RunFileError::inconsistent(format!(
                "operation {} cannot go from {from} to {to}",
                seq.0
            )));
        }
    }
    if found.len() < span.operations().count() {
        return Err(RunFileError::inconsistent(format!(
            "of the operations {} to {} some are not there",
            span.first.0, span.last.0
        )));
    }
    Ok(found)
}
