//! An operation as it is stored, and back.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row as DbRow;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::from_db;
use super::states::DUE_OR_DONE;
use super::states::DUE_OR_PERHAPS_DONE;
use super::words;
use crate::expr::Seq;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Likeness;
use crate::operation::Omitted;
use crate::operation::State;
use crate::operation::Written;
use crate::wire::Label;

#[derive(Debug, Clone, PartialEq)]
pub struct StoredOperation {
    pub seq: Seq,
    pub key: Key,
    pub action: Action,
    /// While it is not settled, what is still to be done.
    pub change: Option<Change>,
    pub state: State,
    pub label: Option<Label>,
    pub message: Option<String>,
    pub modified: Option<String>,
    pub before: Map<String, Json>,
    pub after: Map<String, Json>,
    pub attempts: u32,
    /// Records that it is not done to.
    pub omitted: Vec<Omitted>,
    /// What an earlier attempt did, though it did not go well as a whole.
    pub written: Option<Written>,
}

pub(super) const COLUMNS: &str = "op.seq, op.key, op.action, op.state, op.label, op.message, op.modified, op.attempts, \
     body.change, body.before, body.after, body.omitted, body.written";

pub(super) fn operation(row: &DbRow<'_>) -> Result<StoredOperation, RunFileError> {
    let state = words::state(&row.get::<_, String>(3)?)?;
    let written: Option<Written> = words::read(row.get(12)?)?;
    let mut change: Option<Change> = words::read(row.get(8)?)?;
    if let (Some(change), Some(written), false) = (&mut change, &written, state.is_settled()) {
        change.take_out(|id| written.holds(id));
    }
    Ok(StoredOperation {
        seq: Seq(row.get(0)?),
        key: Key::stored(row.get(1)?),
        action: words::action(&row.get::<_, String>(2)?)?,
        state,
        label: row
            .get::<_, Option<String>>(4)?
            .map(|label| Label::parse(&label)),
        message: row.get(5)?,
        modified: row.get(6)?,
        attempts: u32::try_from(from_db(row.get(7)?)).unwrap_or(u32::MAX),
        change,
        before: words::map(&row.get::<_, String>(9)?)?,
        after: words::map(&row.get::<_, String>(10)?)?,
        omitted: words::read(row.get(11)?)?.unwrap_or_default(),
        written,
    })
}

/// Walks a query whose rows are operations.
pub(super) fn operations(
    connection: &Connection,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<StoredOperation>, RunFileError> {
    let sql = format!("SELECT {COLUMNS} FROM op JOIN body ON body.seq = op.seq WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(operation(row)?);
    }
    Ok(found)
}

impl RunFile {
    pub fn operation(&self, seq: Seq) -> Result<Option<StoredOperation>, RunFileError> {
        Ok(operations(&self.connection, "op.seq = ?1", (seq.0,))?.pop())
    }

    /// Earlier writes of this run to a record that may still change it, or did: newest last.
    pub fn writes_to(
        &self,
        module: &str,
        record: &str,
        before: Seq,
    ) -> Result<Vec<StoredOperation>, RunFileError> {
        operations(
            &self.connection,
            &format!(
                "op.module = ?1 AND op.record = ?2 AND op.seq < ?3 AND op.state IN {DUE_OR_DONE} ORDER BY op.seq"
            ),
            (module, record, before.0),
        )
    }

    /// An earlier operation of this run that deletes a record, or did.
    pub fn deleted_before(
        &self,
        module: &str,
        record: &str,
        before: Seq,
    ) -> Result<Option<Seq>, RunFileError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT seq FROM op WHERE module = ?1 AND record = ?2 AND seq < ?3 AND action = 'delete' \
                 AND state IN {DUE_OR_DONE} ORDER BY seq LIMIT 1",
            ))?
            .query_row((module, record, before.0), |row| row.get(0).map(Seq))
            .optional()?)
    }

    /// Another operation of a step that works on a record, whatever became of it.
    pub fn other_with_record(
        &self,
        seq: Seq,
        module: &str,
        record: &str,
    ) -> Result<Option<Seq>, RunFileError> {
        let (from, to) = (
            super::pages::first(seq.step()),
            super::pages::first(super::pages::next(seq.step())),
        );
        Ok(self
            .connection
            .prepare_cached(
                "SELECT seq FROM op WHERE module = ?1 AND record = ?2 AND seq >= ?3 AND seq < ?4 \
                 AND seq <> ?5 ORDER BY seq LIMIT 1",
            )?
            .query_row((module, record, from.0, to.0, seq.0), |row| {
                row.get(0).map(Seq)
            })
            .optional()?)
    }

    /// Other upserts that create the same but for upper and lower case, whether that is done or not; in their order.
    pub fn creates_alike(&self, likeness: Likeness, seq: Seq) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq FROM op WHERE likeness = ?1 AND seq <> ?2 AND state IN {DUE_OR_PERHAPS_DONE} ORDER BY seq",
        ))?;
        let found = statement.query_map((likeness.as_bytes(), seq.0), |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Whether any operation works on a record, whatever becomes of it.
    pub fn works_on(&self, module: &str, record: &str) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM op WHERE module = ?1 AND record = ?2 LIMIT 1")?
            .exists((module, record))?)
    }

    /// The last operation before this one that finds its record by the same key of another system.
    pub fn earlier_with_sync_key(
        &self,
        seq: Seq,
        module: &str,
        sync_key: &str,
    ) -> Result<Option<Seq>, RunFileError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT seq FROM op WHERE module = ?1 AND sync_key = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row((module, sync_key, seq.0), |row| row.get(0).map(Seq))
            .optional()?)
    }

    pub fn state(&self, seq: Seq) -> Result<Option<State>, RunFileError> {
        let text: Option<String> = self
            .connection
            .prepare_cached("SELECT state FROM op WHERE seq = ?1")?
            .query_row((seq.0,), |row| row.get(0))
            .optional()?;
        text.as_deref().map(words::state).transpose()
    }
}
