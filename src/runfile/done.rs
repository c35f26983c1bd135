//! What a run really did, newest first: what undo has to take back.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;
use rusqlite::Row as DbRow;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use super::RunView;
use super::from_db;
use super::pages;
use super::stamps;
use super::states::UNANSWERED;
use super::states::WHOLE;
use super::to_db;
use super::words;
use crate::diag::Row;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::State;
use crate::operation::Written;
use crate::plan::Done;
use crate::plan::Later;
use crate::plan::Values;
use crate::wire::RecordId;

/// An operation that was done, or of which nobody can tell whether it was.
#[derive(Debug, Clone, PartialEq)]
pub struct DoneOperation {
    pub seq: Seq,
    pub key: Key,
    pub state: State,
    pub row: Option<Row>,
    pub done: Done,
}

/// `unchanged` is nobody's; what did not go well may have been written all the same.
fn was_done() -> String {
    format!("(op.state IN {WHOLE} OR body.written IS NOT NULL) AND body.change IS NOT NULL")
}

impl RunView {
    /// A page of what a step did, newest first, before `before`.
    pub fn done(
        &self,
        step: StepNo,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<DoneOperation>, RunFileError> {
        let sql = format!(
            "SELECT op.seq, op.key, op.state, item.file, item.line, body.change, body.before, body.after, body.written \
             FROM op JOIN body ON body.seq = op.seq \
             LEFT JOIN item ON item.step = op.seq >> 40 AND item.idx = op.seq - ((op.seq >> 40) << 40) \
             WHERE op.seq >= ?1 AND op.seq < ?2 AND {was_done} ORDER BY op.seq DESC LIMIT ?3",
            was_done = was_done(),
        );
        let to = before.unwrap_or(pages::first(pages::next(step)));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![pages::first(step).0, to.0, limit])?;
        let mut operations = Vec::new();
        while let Some(row) = found.next()? {
            operations.push(self.done_operation(row)?);
        }
        Ok(operations)
    }

    /// Ids of the records that the run deleted.
    pub fn deleted(&self) -> Result<BTreeSet<RecordId>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record FROM op WHERE action = 'delete' AND state = 'ok' AND record IS NOT NULL",
        )?;
        let ids = statement.query_map((), |row| Ok(RecordId::new(row.get::<_, String>(0)?)))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    fn done_operation(&self, row: &DbRow<'_>) -> Result<DoneOperation, RunFileError> {
        let seq = Seq(row.get(0)?);
        let state = words::state(&row.get::<_, String>(2)?)?;
        let mut change: Change =
            serde_json::from_str(&row.get::<_, String>(5)?).map_err(|error| {
                RunFileError::inconsistent(format!("an operation does not read: {error}"))
            })?;
        // What is tried again was done in part; the rest may still be open.
        let written: Option<Written> = words::read(row.get(8)?)?;
        if let Some(written) = written.filter(|_| !WHOLE.holds(state)) {
            change.take_out(|id| !written.holds(id));
        }
        let place = row
            .get::<_, Option<String>>(3)?
            .zip(row.get::<_, Option<i64>>(4)?);
        let later = match change.action() {
            Action::Create => Some(self.later(&change)?),
            _ => None,
        };
        Ok(DoneOperation {
            seq,
            key: Key::stored(row.get(1)?),
            state,
            row: place.map(|(file, line)| Row {
                file,
                line: from_db(line),
            }),
            done: Done {
                before: words::map(&row.get::<_, String>(6)?)?,
                after: self.stored(seq, words::map(&row.get::<_, String>(7)?)?)?,
                change,
                later,
            },
        })
    }

    /// What was sent, as it was stored where an answer showed it.
    fn stored(
        &self,
        seq: Seq,
        mut after: Map<String, Json>,
    ) -> Result<Map<String, Json>, RunFileError> {
        let found: Option<String> = self
            .connection
            .prepare_cached("SELECT fields FROM result WHERE step = ?1 AND idx = ?2 AND n = 0")?
            .query_row(params![seq.step().0, to_db(seq.index())], |row| row.get(0))
            .optional()?;
        if let Some(stored) = found.as_deref().map(words::map).transpose()? {
            for (name, value) in &mut after {
                if let Some(stored) = stored.get(name) {
                    value.clone_from(stored);
                }
            }
        }
        Ok(after)
    }

    /// Everything the run gave a record that it made, and how it saw the record last.
    fn later(&self, made: &Change) -> Result<Later, RunFileError> {
        let Some((module, record)) = made.about() else {
            return Ok(Later::default());
        };
        let (module, record) = (module.as_str(), record.as_str());
        let sql = format!(
            "SELECT op.seq, body.before, body.after FROM op JOIN body ON body.seq = op.seq \
             WHERE op.module = ?1 AND op.record = ?2 AND op.action IN ('create', 'update') AND {was_done}",
            was_done = was_done(),
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query((module, record))?;
        let mut values = Values::new();
        while let Some(row) = found.next()? {
            let sent = words::map(&row.get::<_, String>(2)?)?;
            let before = words::map(&row.get::<_, String>(1)?)?;
            let stored = self.stored(Seq(row.get(0)?), sent.clone())?;
            for (name, value) in before.into_iter().chain(sent).chain(stored) {
                let known = values.entry(name).or_default();
                if !known.contains(&value) {
                    known.push(value);
                }
            }
        }
        let stamp = stamps::get(&self.connection, module, record)?;
        Ok(Later {
            values,
            print: stamp.and_then(|stamp| stamp.print),
        })
    }

    /// How many operations were sent and never settled.
    pub fn unsettled_sends(&self) -> Result<u64, RunFileError> {
        let count: i64 = self.connection.query_row(
            &format!("SELECT count(*) FROM op WHERE state IN {UNANSWERED}"),
            (),
            |row| row.get(0),
        )?;
        Ok(from_db(count))
    }

    /// Whether anything was done, or may have been.
    pub fn did_anything(&self) -> Result<bool, RunFileError> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM op JOIN body ON body.seq = op.seq WHERE {was_done} OR op.state = 'sent')",
            was_done = was_done(),
        );
        Ok(self.connection.query_row(&sql, (), |row| row.get(0))?)
    }

    /// What did not go well and was written all the same, as far as it can be taken back.
    pub fn failed_and_written(&self) -> Result<u64, RunFileError> {
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM body JOIN op ON op.seq = body.seq \
             WHERE body.written IS NOT NULL AND op.reversible = 1 AND op.state IN ('failed', 'skipped')",
            (),
            |row| row.get(0),
        )?;
        Ok(from_db(count))
    }

    /// Operations that failed with one of these labels before anything of them was sent.
    pub fn failed_unsent(&self, labels: &[&str]) -> Result<u64, RunFileError> {
        let labels = Json::from(labels).to_string();
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM op \
             WHERE state = 'failed' AND attempts = 0 AND label IN (SELECT value FROM json_each(?1))",
            (labels,),
            |row| row.get(0),
        )?;
        Ok(from_db(count))
    }

    /// The creates that were done: as many records undo may delete.
    pub fn creates_done(&self) -> Result<u64, RunFileError> {
        let sql = format!(
            "SELECT count(*) FROM op JOIN body ON body.seq = op.seq WHERE op.action = 'create' AND {was_done}",
            was_done = was_done(),
        );
        let count: i64 = self.connection.query_row(&sql, (), |row| row.get(0))?;
        Ok(from_db(count))
    }
}
