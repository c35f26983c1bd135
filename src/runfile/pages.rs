//! What is next: steps to expand, operations to plan, operations to send; always a page at a time.

use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::StoredOperation;
use super::from_db;
use super::rows;
use super::span::spans;
use super::states::BAD;
use super::states::GOOD;
use super::states::OPEN;
use super::states::UNANSWERED;
use super::states::UNSENT;
use super::words;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Key;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// A create, and the record it makes or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRow {
    pub seq: Seq,
    pub key: Key,
    pub module: ModuleName,
    pub record: RecordId,
}

impl RunFile {
    /// Operations of a step that could be planned now: everything they were deferred for is final.
    pub fn plannable(
        &self,
        step: StepNo,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq FROM op WHERE seq > ?1 AND seq < ?2 AND state = 'deferred' AND wait = 0 AND NOT EXISTS ( \
               SELECT 1 FROM op_step_wait w JOIN step s ON s.id = w.step \
               WHERE w.seq = op.seq AND (s.expanded = 0 OR EXISTS ( \
                 SELECT 1 FROM tally t WHERE t.step = s.id AND t.count > 0 AND t.state IN {OPEN}))) \
             ORDER BY seq LIMIT ?3",
        ))?;
        let from = after.map_or(first(step).0 - 1, |seq| seq.0);
        let found = statement.query_map(params![from, first(next(step)).0, limit], |row| {
            row.get(0).map(Seq)
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Operations of a step that could be sent now.
    pub fn ready(&self, step: StepNo, limit: u32) -> Result<Vec<StoredOperation>, RunFileError> {
        rows::operations(
            &self.connection,
            "op.state = 'planned' AND op.wait = 0 AND op.seq >= ?1 AND op.seq < ?2 ORDER BY op.seq LIMIT ?3",
            params![first(step).0, first(next(step)).0, limit],
        )
    }

    /// How many operations of a step could be sent now, counted up to a limit.
    pub fn count_ready(&self, step: StepNo, limit: u32) -> Result<u64, RunFileError> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM op WHERE state = 'planned' AND wait = 0 \
                 AND seq >= ?1 AND seq < ?2 LIMIT ?3)",
            )?
            .query_row(params![first(step).0, first(next(step)).0, limit], |row| {
                row.get(0)
            })?;
        Ok(from_db(count))
    }

    /// Planned operations that wait for this one, and perhaps for others.
    pub fn waiting_behind(&self, up: Seq, limit: u32) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT edge.down FROM edge JOIN op ON op.seq = edge.down \
             WHERE edge.up = ?1 AND op.state = 'planned' ORDER BY edge.down LIMIT ?2",
        )?;
        let found = statement.query_map(params![up.0, limit], |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Those of some operations, in their order, for which others wait.
    pub fn awaited(&self, operations: impl Iterator<Item = Seq>) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT up FROM edge WHERE up BETWEEN ?1 AND ?2 ORDER BY up",
        )?;
        let mut awaited = Vec::new();
        for span in spans(operations) {
            let found =
                statement.query_map((span.first.0, span.last.0), |row| row.get(0).map(Seq))?;
            for seq in found {
                awaited.push(seq?);
            }
        }
        Ok(awaited)
    }

    /// What an operation waits for, and why.
    pub fn waits_for(&self, down: Seq) -> Result<Vec<(Seq, EdgeKind)>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT edge.up, edge.kind FROM edge JOIN op ON op.seq = edge.up \
             WHERE edge.down = ?1 AND op.state IN {OPEN} ORDER BY edge.up",
        ))?;
        let mut edges = statement.query((down.0,))?;
        let mut found = Vec::new();
        while let Some(row) = edges.next()? {
            found.push((Seq(row.get(0)?), words::edge(&row.get::<_, String>(1)?)?));
        }
        Ok(found)
    }

    /// What an operation was to come after, and what did not go well.
    pub fn not_done_before(&self, down: Seq) -> Result<Vec<StoredOperation>, RunFileError> {
        rows::operations(
            &self.connection,
            &format!(
                "op.seq IN (SELECT up FROM edge WHERE down = ?1) AND op.state IN {BAD} ORDER BY op.seq DESC"
            ),
            (down.0,),
        )
    }

    /// Operations that were out when the run was cut off, or whose end is not known.
    pub fn unanswered(
        &self,
        limit: u32,
        after: Option<Seq>,
    ) -> Result<Vec<StoredOperation>, RunFileError> {
        rows::operations(
            &self.connection,
            &format!("op.state IN {UNANSWERED} AND op.seq > ?1 ORDER BY op.seq LIMIT ?2"),
            params![after.map_or(-1, |seq| seq.0), limit],
        )
    }

    /// Creates of a step that are planned, whatever they wait for.
    pub fn creates_planned(
        &self,
        step: StepNo,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<CreateRow>, RunFileError> {
        self.creates(step, after, limit, "state = 'planned'")
    }

    /// Creates of a step whose records are there, with the ids that these have.
    pub fn creates_made(
        &self,
        step: StepNo,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<CreateRow>, RunFileError> {
        let not_stored = LocalLabel::NotStored.as_str();
        let is_made = format!("(state IN {GOOD} OR (state = 'failed' AND label = '{not_stored}'))");
        self.creates(step, after, limit, &is_made)
    }

    fn creates(
        &self,
        step: StepNo,
        after: Option<Seq>,
        limit: u32,
        condition: &str,
    ) -> Result<Vec<CreateRow>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq, key, module, record FROM op WHERE seq > ?1 AND seq < ?2 AND action = 'create' \
             AND module IS NOT NULL AND record IS NOT NULL AND {condition} ORDER BY seq LIMIT ?3"
        ))?;
        let from = after.map_or(first(step).0 - 1, |seq| seq.0);
        let found = statement.query_map(params![from, first(next(step)).0, limit], |row| {
            Ok(CreateRow {
                seq: Seq(row.get(0)?),
                key: Key::stored(row.get(1)?),
                module: ModuleName::new(row.get::<_, String>(2)?),
                record: RecordId::new(row.get::<_, String>(3)?),
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Planned or deferred operations of a step, whatever they wait for.
    pub fn unsent(&self, step: StepNo, limit: u32) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT seq FROM op WHERE seq >= ?1 AND seq < ?2 AND state IN {UNSENT} ORDER BY seq LIMIT ?3",
        ))?;
        let range = params![first(step).0, first(next(step)).0, limit];
        let found = statement.query_map(range, |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

pub(super) fn first(step: StepNo) -> Seq {
    Seq::new(step, 0)
}

pub(super) fn next(step: StepNo) -> StepNo {
    StepNo(step.0 + 1)
}
