//! Putting what was planned into the file, a page of items in one transaction.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::results::StoredItem;
use super::span::Span;
use super::tally::Counted;
use super::tally::Counts;
use super::to_db;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Row;
use crate::diag::Severity;
use crate::diag::Sources;
use crate::expr::EdgeKind;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::Repeat;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::kill;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Likeness;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::operation::State;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// One item with what the plan makes of it.
#[derive(Debug)]
pub struct PlannedItem {
    pub index: u64,
    /// Only where the playbook gives one.
    pub key: Option<Key>,
    pub row: Option<Row>,
    pub source: ItemSource,
    pub outcome: ItemOutcome,
}

impl PlannedItem {
    pub fn operation(&self) -> Option<&Operation> {
        match &self.outcome {
            ItemOutcome::Operation { operation, .. } => Some(operation),
            ItemOutcome::Read(_) => None,
        }
    }
}

#[derive(Debug)]
pub enum ItemOutcome {
    /// A write, or a read that is deferred or went wrong. `result` is what the plan knows of its record.
    Operation {
        operation: Box<Operation>,
        result: Option<Map<String, Json>>,
    },
    /// A read that is done.
    Read(ReadResult),
}

#[derive(Debug, Default)]
pub struct ReadResult {
    /// How many records it found; they are in the file already, see [`RunFile::add_found`].
    pub records: u64,
    pub count: Option<u64>,
    pub selected: Option<Vec<Json>>,
}

impl RunFile {
    /// Names the steps; nothing of them is known yet.
    pub fn add_step(
        &self,
        number: StepNo,
        name: &str,
        verb: &str,
        module: Option<&str>,
        effect: Effect,
        repeat: Repeat,
    ) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("INSERT INTO step (id, name, verb, module, effect, repeat) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                number.0,
                name,
                verb,
                module,
                effect_name(effect),
                repeat_name(repeat)
            ])?;
        Ok(())
    }

    /// Adds a page of a step's items. The step counts as expanded only when [`RunFile::expanded`] says so.
    pub fn add_items(&mut self, step: StepNo, items: &[PlannedItem]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for item in items {
            add_item(&transaction, step, item)?;
        }
        transaction
            .prepare_cached("UPDATE step SET items = items + ?2 WHERE id = ?1")?
            .execute(params![step.0, to_db(items.len() as u64)])?;
        transaction.commit()?;
        Ok(())
    }

    /// All items of the step are known.
    pub fn expanded(&self, step: StepNo) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("UPDATE step SET expanded = 1 WHERE id = ?1")?
            .execute((step.0,))?;
        Ok(())
    }

    /// An export is written.
    pub fn exported(&self, step: StepNo, rows: u64, reason: &str) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached(
                "UPDATE step SET expanded = 1, records = ?2, reason = ?3 WHERE id = ?1",
            )?
            .execute(params![step.0, to_db(rows), reason])?;
        Ok(())
    }

    /// What an earlier command exported is to be written anew.
    pub fn forget_export(&mut self, step: StepNo) -> Result<(), RunFileError> {
        self.forget_items(step)?;
        self.connection
            .prepare_cached("UPDATE step SET expanded = 0, reason = NULL WHERE id = ?1")?
            .execute((step.0,))?;
        Ok(())
    }

    /// Whether the plan was asked to do without this step.
    pub fn is_left_out(&self, step: StepNo) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM op WHERE seq = ?1 AND label = ?2")?
            .exists(params![
                super::pages::first(step).0,
                LocalLabel::LeftOut.as_str()
            ])?)
    }

    /// Why a step is as it is, where its operations do not say it; or that there is nothing more to say.
    pub fn explain_step(&self, step: StepNo, reason: Option<&str>) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("UPDATE step SET reason = ?2 WHERE id = ?1")?
            .execute(params![step.0, reason])?;
        Ok(())
    }

    /// Deferred operations can be planned now: they are taken out and put in anew. Of those that turn out to be final,
    /// what waits for them hears in the same transaction.
    pub fn replace(&mut self, outcomes: &[(Seq, ItemOutcome)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        let mut ended_badly = Vec::new();
        for (seq, outcome) in outcomes {
            remove_operation(&transaction, *seq)?;
            // What a read found is there already.
            if let ItemOutcome::Operation { .. } = outcome {
                forget_results(&transaction, *seq)?;
            }
            kill::passes(kill::Point::InReplace);
            add_outcome(&transaction, *seq, outcome)?;
            let state = match outcome {
                ItemOutcome::Read(_) => State::Ok,
                ItemOutcome::Operation { operation, .. } => operation.state,
            };
            if state.is_settled() {
                super::settle::count_down(&transaction, Span::one(*seq))?;
            }
            if state.is_settled() && !state.is_good() {
                ended_badly.push(*seq);
            }
        }
        transaction.commit()?;
        for seq in ended_badly {
            self.skip_dependents(seq)?;
        }
        Ok(())
    }

    /// Takes out what a run that was killed while it expanded a step left of it. Nothing of that can have been sent,
    /// since a step's operations go only when all of them are known.
    pub fn forget_items(&mut self, step: StepNo) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        forget_step(&transaction, step)?;
        transaction.commit()?;
        Ok(())
    }

    /// What there was before operations is not what the plan saw.
    pub fn found_before(&mut self, found: &[(Seq, Map<String, Json>)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for (seq, before) in found {
            transaction
                .prepare_cached("UPDATE body SET before = ?2 WHERE seq = ?1")?
                .execute(params![seq.0, to_text(before)?])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A read that is done turned out not to be as expected.
    pub fn add_verdict(&mut self, operation: &Operation) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        add_operation(&transaction, operation)?;
        transaction.commit()?;
        Ok(())
    }

    /// The item that a key of a step names already, and where it came from.
    pub fn find_key(
        &self,
        step: StepNo,
        key: &Key,
    ) -> Result<Option<(u64, Option<Row>)>, RunFileError> {
        let found = self
            .connection
            .prepare_cached("SELECT idx, file, line FROM item WHERE step = ?1 AND key = ?2")?
            .query_row(params![step.0, key.as_str()], |row| {
                let place = row
                    .get::<_, Option<String>>(1)?
                    .zip(row.get::<_, Option<i64>>(2)?);
                Ok((super::from_db(row.get(0)?), place))
            })
            .optional()?;
        Ok(found.map(|(index, place)| {
            (
                index,
                place.map(|(file, line)| Row {
                    file,
                    line: super::from_db(line),
                }),
            )
        }))
    }

    /// Takes a key from the item that holds it and skips what that item would do (`on_duplicate: last`).
    pub fn give_way(
        &mut self,
        step: StepNo,
        index: u64,
        message: &str,
    ) -> Result<(), RunFileError> {
        let seq = Seq::new(step, index);
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("UPDATE item SET key = NULL WHERE step = ?1 AND idx = ?2")?
            .execute(params![step.0, to_db(index)])?;
        transaction
            .prepare_cached("DELETE FROM result WHERE step = ?1 AND idx = ?2")?
            .execute(params![step.0, to_db(index)])?;
        let waiting = Counted::find(&transaction, Span::one(seq))?
            .pop()
            .filter(|counted| matches!(counted.state(), State::Planned | State::Deferred));
        if let Some(counted) = waiting {
            let label = LocalLabel::DuplicateKey.as_str();
            let mut counts = Counts::default();
            counts.labelled(counted, State::Skipped, Some(label.to_owned()));
            counts.write(&transaction)?;
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?2, label = ?3, message = ?4 WHERE seq = ?1",
                )?
                .execute(params![seq.0, State::Skipped.as_str(), label, message])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Where an item came from and what it is.
    pub fn item(&self, seq: Seq) -> Result<Option<StoredItem>, RunFileError> {
        super::results::item_row(&self.connection, seq)
    }

    /// What an earlier command found of a kind that is looked for anew.
    pub fn forget_problems(&self, code: Code) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("DELETE FROM problem WHERE code = ?1")?
            .execute((code.0,))?;
        Ok(())
    }

    /// Whether something of this kind was found of a step.
    pub fn has_problem(&self, code: Code, step: &str) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM problem WHERE code = ?1 AND step = ?2")?
            .exists((code.0, step))?)
    }

    pub fn add_problem(&self, problem: &Problem, sources: &Sources) -> Result<(), RunFileError> {
        let place = problem
            .labels
            .first()
            .map(|(span, _)| (*span, sources.position(*span)));
        let (file, line, column) = match (&problem.row, place) {
            (Some(row), _) => (Some(row.file.clone()), Some(to_db(row.line)), None),
            (None, Some((span, at))) => {
                let file = sources.get(span.source).name.clone();
                (
                    Some(file),
                    Some(to_db(at.line as u64)),
                    Some(to_db(at.column as u64)),
                )
            }
            (None, None) => (None, None, None),
        };
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        self.connection
            .prepare_cached(
                "INSERT INTO problem (code, severity, message, help, file, line, \"column\", step) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                problem.code.0,
                severity,
                problem.said(),
                problem.help,
                file,
                line,
                column,
                problem.step
            ])?;
        Ok(())
    }
}

/// Takes out all that is known of a step's items; it is to be expanded.
pub(super) fn forget_step(connection: &Connection, step: StepNo) -> Result<(), RunFileError> {
    let range = params![
        super::pages::first(step).0,
        super::pages::first(super::pages::next(step)).0
    ];
    for sql in [
        "DELETE FROM body WHERE seq >= ?1 AND seq < ?2",
        "DELETE FROM edge WHERE down >= ?1 AND down < ?2",
        "DELETE FROM op_step_wait WHERE seq >= ?1 AND seq < ?2",
        "DELETE FROM binding WHERE seq >= ?1 AND seq < ?2",
        "DELETE FROM led_to WHERE seq >= ?1 AND seq < ?2",
        "DELETE FROM op WHERE seq >= ?1 AND seq < ?2",
    ] {
        connection.prepare_cached(sql)?.execute(range)?;
    }
    for sql in [
        "DELETE FROM item WHERE step = ?1",
        "DELETE FROM result WHERE step = ?1",
        "UPDATE step SET expanded = 0, items = 0, records = 0, count = NULL WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute((step.0,))?;
    }
    Ok(())
}

pub(super) fn add_item(
    connection: &Connection,
    step: StepNo,
    item: &PlannedItem,
) -> Result<(), RunFileError> {
    let (source, from) = match &item.source {
        ItemSource::Value(value) => (Some(value.to_string()), None),
        ItemSource::Item { step, index } => (None, Some((step.0, to_db(*index)))),
    };
    connection
        .prepare_cached(
            "INSERT INTO item (step, idx, key, file, line, source, src_step, src_idx) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            step.0,
            to_db(item.index),
            item.key.as_ref().map(Key::as_str),
            item.row.as_ref().map(|row| row.file.as_str()),
            item.row.as_ref().map(|row| to_db(row.line)),
            source,
            from.map(|(step, _)| step),
            from.map(|(_, index)| index),
        ])?;
    add_outcome(connection, Seq::new(step, item.index), &item.outcome)
}

fn add_outcome(
    connection: &Connection,
    seq: Seq,
    outcome: &ItemOutcome,
) -> Result<(), RunFileError> {
    match outcome {
        ItemOutcome::Operation { operation, result } => {
            add_operation(connection, operation)?;
            if let Some(fields) = result {
                put_result(connection, seq, 0, fields)?;
            }
            if operation.state.is_good() {
                connection
                    .prepare_cached("UPDATE step SET records = records + ?2 WHERE id = ?1")?
                    .execute(params![seq.step().0, to_db(records_of(connection, seq)?)])?;
            }
            Ok(())
        }
        ItemOutcome::Read(read) => add_read(connection, seq, read),
    }
}

fn add_read(connection: &Connection, seq: Seq, read: &ReadResult) -> Result<(), RunFileError> {
    connection
        .prepare_cached(
            "UPDATE step SET records = records + ?2, count = coalesce(?3 + coalesce(count, 0), count) WHERE id = ?1",
        )?
        .execute(params![
            seq.step().0,
            to_db(read.records),
            read.count.map(to_db),
        ])?;
    if let Some(count) = read.count {
        connection
            .prepare_cached("UPDATE item SET count = ?3 WHERE step = ?1 AND idx = ?2")?
            .execute(params![seq.step().0, to_db(seq.index()), to_db(count)])?;
    }
    match &read.selected {
        Some(found) => put_selected(connection, seq, found),
        None => Ok(()),
    }
}

/// What `select` found in the answer for an item.
pub(super) fn put_selected(
    connection: &Connection,
    seq: Seq,
    found: &[Json],
) -> Result<(), RunFileError> {
    connection
        .prepare_cached("UPDATE item SET selected = ?3 WHERE step = ?1 AND idx = ?2")?
        .execute(params![seq.step().0, to_db(seq.index()), to_text(&found)?])?;
    Ok(())
}

pub(super) fn put_result(
    connection: &Connection,
    seq: Seq,
    n: i64,
    fields: &Map<String, Json>,
) -> Result<(), RunFileError> {
    let fields = serde_json::to_string(fields)
        .map_err(|error| RunFileError::inconsistent(error.to_string()))?;
    connection
        .prepare_cached(
            "INSERT INTO result (step, idx, n, fields) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (step, idx, n) DO UPDATE SET fields = excluded.fields WHERE fields <> excluded.fields",
        )?
        .execute(params![seq.step().0, to_db(seq.index()), n, fields])?;
    Ok(())
}

fn add_operation(connection: &Connection, operation: &Operation) -> Result<(), RunFileError> {
    let seq = operation.seq;
    let mut waiting = 0_i64;
    for (up, kind) in &operation.needs {
        connection
            .prepare_cached("INSERT OR IGNORE INTO edge (up, down, kind) VALUES (?1, ?2, ?3)")?
            .execute(params![up.0, seq.0, edge_name(*kind)])?;
        let settled: Option<String> = connection
            .prepare_cached("SELECT state FROM op WHERE seq = ?1")?
            .query_row((up.0,), |row| row.get(0))
            .optional()?;
        let settled = settled.as_deref().map(super::rows::state).transpose()?;
        waiting += i64::from(settled.is_some_and(|state| !state.is_settled()));
    }
    for step in &operation.waits_for {
        connection
            .prepare_cached("INSERT OR IGNORE INTO op_step_wait (seq, step) VALUES (?1, ?2)")?
            .execute(params![seq.0, step.0])?;
    }
    let change = operation.change.as_ref();
    let likeness = change.and_then(Likeness::of);
    connection
        .prepare_cached(
            "INSERT INTO op (seq, key, action, module, record, state, label, message, status, wait, weight, \
             reversible, modified, sync_key, likeness) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            seq.0,
            operation.key.as_str(),
            operation.action.as_str(),
            change.and_then(Change::module).map(ModuleName::as_str),
            change.and_then(Change::record).map(RecordId::as_str),
            operation.state.as_str(),
            operation.label.as_ref().map(crate::wire::Label::as_str),
            operation.message,
            operation.status,
            waiting,
            to_db(weight(operation)),
            matches!(operation.reversible, Reversible::Yes),
            operation.modified,
            change.and_then(Change::sync_key),
            likeness.as_ref().map(Likeness::as_bytes),
        ])?;
    connection
        .prepare_cached("INSERT INTO body (seq, change, before, after) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            seq.0,
            change.map(to_text).transpose()?,
            to_text(&operation.before)?,
            to_text(&operation.after)?,
        ])?;
    Ok(())
}

fn weight(operation: &Operation) -> u64 {
    match (&operation.change, operation.action) {
        (Some(change), _) => change.weight(),
        // Not known yet: at least one.
        (None, Action::Read | Action::Assert | Action::Export) => 0,
        (None, _) => 1,
    }
}

/// Takes an operation out with everything that hangs on it.
fn remove_operation(connection: &Connection, seq: Seq) -> Result<(), RunFileError> {
    for sql in [
        "DELETE FROM op WHERE seq = ?1",
        "DELETE FROM body WHERE seq = ?1",
        "DELETE FROM edge WHERE down = ?1",
        "DELETE FROM op_step_wait WHERE seq = ?1",
    ] {
        connection.prepare_cached(sql)?.execute((seq.0,))?;
    }
    Ok(())
}

/// Takes out the records that an item gave.
pub(super) fn forget_results(connection: &Connection, seq: Seq) -> Result<(), RunFileError> {
    connection
        .prepare_cached("DELETE FROM result WHERE step = ?1 AND idx = ?2")?
        .execute(params![seq.step().0, to_db(seq.index())])?;
    Ok(())
}

/// How many records an operation gives, which count among the step's once it went well.
pub(super) fn records_of(connection: &Connection, seq: Seq) -> Result<u64, RunFileError> {
    let count = connection
        .prepare_cached("SELECT count(*) FROM result WHERE step = ?1 AND idx = ?2")?
        .query_row(params![seq.step().0, to_db(seq.index())], |row| row.get(0))?;
    Ok(super::from_db(count))
}

pub(super) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "reads",
        Effect::Writes => "writes",
        Effect::Calls => "calls",
    }
}

pub(super) fn repeat_name(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Once => "once",
        Repeat::ForEach => "for_each",
    }
}

pub(super) fn edge_name(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Order => "order",
        EdgeKind::Value => "value",
        EdgeKind::PredictedId => "predicted_id",
    }
}

pub(super) fn to_text<T: serde::Serialize>(value: &T) -> Result<String, RunFileError> {
    serde_json::to_string(value).map_err(|error| RunFileError::inconsistent(error.to_string()))
}

/// A change that is not what was planned any more, such as a create that was given another id.
pub(super) fn put_change(
    connection: &Connection,
    seq: Seq,
    change: &Change,
) -> Result<(), RunFileError> {
    connection
        .prepare_cached("UPDATE body SET change = ?2 WHERE seq = ?1")?
        .execute(params![seq.0, to_text(change)?])?;
    Ok(())
}
