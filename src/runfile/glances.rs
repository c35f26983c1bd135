//! What reports ask of very many operations at once: the fields alone, the first of a kind, batches by time.

use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use super::RunView;
use super::Which;
use super::from_db;
use super::pages;
use super::words;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;

/// Of an operation, what it does to fields.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldsView {
    pub seq: Seq,
    pub action: Action,
    pub module: Option<String>,
    pub before: Map<String, Json>,
    pub after: Map<String, Json>,
}

/// A request that carried operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchView {
    pub number: u64,
    pub sent_at: String,
    /// None where no answer came, or was looked for yet.
    pub done_at: Option<String>,
    pub entries: u64,
}

impl RunView {
    /// A page of what a step's operations do to fields, in item order, after `after`.
    pub fn fields(
        &self,
        step: StepNo,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<FieldsView>, RunFileError> {
        let condition = which.condition();
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT op.seq, op.action, op.module, body.before, body.after \
             FROM op JOIN body ON body.seq = op.seq \
             WHERE op.seq > ?1 AND op.seq < ?2 AND {condition} ORDER BY op.seq LIMIT ?3"
        ))?;
        let from = after.map_or(pages::first(step).0 - 1, |seq| seq.0);
        let to = pages::first(pages::next(step)).0;
        let mut found = statement.query(params![from, to, limit])?;
        let mut page = Vec::new();
        while let Some(row) = found.next()? {
            page.push(FieldsView {
                seq: Seq(row.get(0)?),
                action: words::action(&row.get::<_, String>(1)?)?,
                module: row.get(2)?,
                before: words::map(&row.get::<_, String>(3)?)?,
                after: words::map(&row.get::<_, String>(4)?)?,
            });
        }
        Ok(page)
    }

    /// The first operations of a step that went wrong with this label, or with none.
    pub fn first_labelled(
        &self,
        step: StepNo,
        label: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Seq>, RunFileError> {
        let condition = Which::Bad.condition();
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq FROM op WHERE seq >= ?1 AND seq < ?2 AND {condition} AND label IS ?3 ORDER BY seq LIMIT ?4"
        ))?;
        let (from, to) = (pages::first(step).0, pages::first(pages::next(step)).0);
        let found =
            statement.query_map(params![from, to, label, limit], |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// All batches in the order they were sent, one at a time.
    pub fn each_batch(&self, mut see: impl FnMut(BatchView)) -> Result<(), RunFileError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, sent_at, done_at, entries FROM batch ORDER BY id")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            see(BatchView {
                number: from_db(row.get(0)?),
                sent_at: row.get(1)?,
                done_at: row.get(2)?,
                entries: from_db(row.get(3)?),
            });
        }
        Ok(())
    }
}
