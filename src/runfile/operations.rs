//! The operations of a run as reports read them: page by page, counted, and what they did besides.

use std::collections::BTreeMap;

use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use super::RunView;
use super::Which;
use super::from_db;
use super::pages;
use super::to_db;
use super::words;
use crate::diag::Row;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::State;

#[derive(Debug, Clone, PartialEq)]
pub struct OperationView {
    pub seq: Seq,
    pub key: String,
    pub action: Action,
    pub module: Option<String>,
    pub record: Option<String>,
    pub state: State,
    pub label: Option<String>,
    pub message: Option<String>,
    pub status: Option<u16>,
    pub reversible: bool,
    pub batch: Option<u64>,
    pub attempts: u64,
    pub change: Option<Change>,
    pub before: Map<String, Json>,
    pub after: Map<String, Json>,
    /// Field → `{before, after}` of what changed besides what was sent.
    pub side_effects: Map<String, Json>,
    pub row: Option<Row>,
    /// `step[key]` of the operations it needs, then the steps it needs whole.
    pub depends_on: Vec<String>,
}

impl RunView {
    /// A page of a step's operations in item order, after `after`.
    pub fn operations(
        &self,
        step: StepNo,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<OperationView>, RunFileError> {
        let mut operations = self.page(step, which, after, limit)?;
        for operation in &mut operations {
            operation.depends_on = self.needs_of(operation.seq)?;
        }
        Ok(operations)
    }

    /// The same without what they need.
    fn page(
        &self,
        step: StepNo,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<OperationView>, RunFileError> {
        let condition = which.condition();
        let sql = format!(
            "SELECT op.seq, op.key, op.action, op.module, op.record, op.state, op.label, op.message, op.status, \
             op.reversible, op.batch, op.attempts, body.change, body.before, body.after, item.file, item.line, body.side_effects \
             FROM op JOIN body ON body.seq = op.seq \
             LEFT JOIN item ON item.step = ?1 AND item.idx = op.seq - (?1 << 40) \
             WHERE op.seq > ?2 AND op.seq < ?3 AND {condition} ORDER BY op.seq LIMIT ?4"
        );
        let from = after.map_or(pages::first(step).0 - 1, |seq| seq.0);
        let to = pages::first(pages::next(step)).0;
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![step.0, from, to, limit])?;
        let mut operations = Vec::new();
        while let Some(row) = found.next()? {
            operations.push(operation(row)?);
        }
        Ok(operations)
    }

    /// How many operations of a step there are of this kind.
    pub fn count(&self, step: StepNo, which: Which) -> Result<u64, RunFileError> {
        let condition = which.condition();
        let sql =
            format!("SELECT count(*) FROM op WHERE op.seq >= ?1 AND op.seq < ?2 AND {condition}");
        let range = (pages::first(step).0, pages::first(pages::next(step)).0);
        let count = self
            .connection
            .prepare_cached(&sql)?
            .query_row(range, |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Which fields a step's operations changed besides what they sent, and how many did.
    pub fn besides(&self, step: StepNo) -> Result<BTreeMap<String, u64>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT field.key, count(*) FROM body, json_each(body.side_effects) field \
             WHERE body.side_effects IS NOT NULL AND body.seq >= ?1 AND body.seq < ?2 GROUP BY field.key",
        )?;
        let range = (pages::first(step).0, pages::first(pages::next(step)).0);
        let found = statement.query_map(range, |row| Ok((row.get(0)?, from_db(row.get(1)?))))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// What the operations of a step do.
    pub fn actions(&self, step: StepNo) -> Result<Vec<Action>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT action FROM tally WHERE step = ?1 AND count > 0 ORDER BY action DESC",
        )?;
        let found = statement.query_map((step.0,), |row| row.get::<_, String>(0))?;
        found.map(|name| words::action(&name?)).collect()
    }

    /// Module, link and number of what may hang on the records of deletes, as their before-images have it: lists of texts,
    /// and maps with a number. Which of them are links, the metadata say.
    pub fn hanging(&self) -> Result<Vec<(String, String, u64)>, RunFileError> {
        // Most before-images have nothing of the kind, and are not worth being parsed.
        let sql = format!(
            "SELECT op.module, held.key, \
             sum(CASE held.type WHEN 'array' THEN json_array_length(held.value) ELSE held.value ->> '$.count' END) \
             FROM op JOIN body ON body.seq = op.seq, json_each(body.before) held \
             WHERE {} AND op.module IS NOT NULL \
             AND (instr(body.before, '\":[\"') > 0 OR instr(body.before, '\":{{\"count\":') > 0) \
             AND (held.type = 'array' OR (held.type = 'object' AND json_type(held.value, '$.count') = 'integer')) \
             GROUP BY op.module, held.key",
            Which::Deletes.condition()
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map((), |row| {
            Ok((row.get(0)?, row.get(1)?, from_db(row.get(2)?)))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn needs_of(&self, seq: Seq) -> Result<Vec<String>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT step.name, op.key FROM edge JOIN op ON op.seq = edge.up JOIN step ON step.id = op.seq >> 40 \
             WHERE edge.down = ?1 ORDER BY edge.up",
        )?;
        let operations = statement.query_map((seq.0,), |row| {
            Ok(format!(
                "{}[{}]",
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?
            ))
        })?;
        let mut names = operations.collect::<Result<Vec<_>, _>>()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT step.name FROM op_step_wait wait JOIN step ON step.id = wait.step \
             WHERE wait.seq = ?1 ORDER BY step.id",
        )?;
        for step in statement.query_map((seq.0,), |row| row.get(0))? {
            names.push(step?);
        }
        Ok(names)
    }

    /// Everything about one run that tells its plan from another's, in order, for the digest. What waits for what follows
    /// from that, and is left out.
    pub fn each_planned(&self, mut see: impl FnMut(&OperationView)) -> Result<(), RunFileError> {
        const PAGE: u32 = 1000;
        for step in self.steps()? {
            let mut after = None;
            loop {
                let page = self.page(step.number, Which::All, after, PAGE)?;
                page.iter().for_each(&mut see);
                after = page.last().map(|operation| operation.seq);
                if page.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(())
    }

    /// How many operations there are in all.
    pub fn operation_count(&self) -> Result<u64, RunFileError> {
        let count: i64 =
            self.connection
                .query_row("SELECT count(*) FROM op", params![], |row| row.get(0))?;
        Ok(from_db(count.max(to_db(0))))
    }
}

fn operation(row: &rusqlite::Row<'_>) -> Result<OperationView, RunFileError> {
    let change: Option<String> = row.get(12)?;
    let place = row
        .get::<_, Option<String>>(15)?
        .zip(row.get::<_, Option<i64>>(16)?);
    Ok(OperationView {
        seq: Seq(row.get(0)?),
        key: row.get(1)?,
        action: words::action(&row.get::<_, String>(2)?)?,
        module: row.get(3)?,
        record: row.get(4)?,
        state: words::state(&row.get::<_, String>(5)?)?,
        label: row.get(6)?,
        message: row.get(7)?,
        status: row.get(8)?,
        reversible: row.get(9)?,
        batch: row.get::<_, Option<i64>>(10)?.map(from_db),
        attempts: from_db(row.get(11)?),
        change: change
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| {
                RunFileError::inconsistent(format!("an operation does not read: {error}"))
            })?,
        before: words::map(&row.get::<_, String>(13)?)?,
        after: words::map(&row.get::<_, String>(14)?)?,
        side_effects: match row.get::<_, Option<String>>(17)? {
            Some(text) => words::map(&text)?,
            None => Map::new(),
        },
        row: place.map(|(file, line)| Row {
            file,
            line: from_db(line),
        }),
        depends_on: Vec::new(),
    })
}
