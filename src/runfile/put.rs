//! The rows of an item and its operation, put in and taken out.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::ItemOutcome;
use super::PlannedItem;
use super::ReadResult;
use super::RunFileError;
use super::from_db;
use super::pages;
use super::to_db;
use super::words;
use super::words::to_text;
use crate::expr::ItemSource;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Likeness;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::wire::Label;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Takes out all that is known of a step's items; it is to be expanded.
pub(super) fn forget_step(connection: &Connection, step: StepNo) -> Result<(), RunFileError> {
    let range = params![pages::first(step).0, pages::first(pages::next(step)).0];
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

pub(super) fn add_outcome(
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

pub(super) fn add_operation(
    connection: &Connection,
    operation: &Operation,
) -> Result<(), RunFileError> {
    let seq = operation.seq;
    let mut waiting = 0_i64;
    for (up, kind) in &operation.needs {
        connection
            .prepare_cached("INSERT OR IGNORE INTO edge (up, down, kind) VALUES (?1, ?2, ?3)")?
            .execute(params![up.0, seq.0, kind.as_str()])?;
        let settled: Option<String> = connection
            .prepare_cached("SELECT state FROM op WHERE seq = ?1")?
            .query_row((up.0,), |row| row.get(0))
            .optional()?;
        let settled = settled.as_deref().map(words::state).transpose()?;
        waiting += i64::from(settled.is_some_and(|state| !state.is_settled()));
    }
    for step in &operation.waits_for {
        connection
            .prepare_cached("INSERT OR IGNORE INTO op_step_wait (seq, step) VALUES (?1, ?2)")?
            .execute(params![seq.0, step.0])?;
    }
    let change = operation.change.as_ref();
    let likeness = change.and_then(Likeness::of);
    let (module, record) = match (change, &operation.about) {
        (Some(change), _) => (change.module(), change.record()),
        (None, Some((module, record))) => (Some(module), Some(record)),
        (None, None) => (None, None),
    };
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
            module.map(ModuleName::as_str),
            record.map(RecordId::as_str),
            operation.state.as_str(),
            operation.label.as_ref().map(Label::as_str),
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

/// Takes an operation out with what hangs on it, to be put in anew. For which steps it waited stays: it depends on them
/// still.
pub(super) fn remove_operation(connection: &Connection, seq: Seq) -> Result<(), RunFileError> {
    for sql in [
        "DELETE FROM op WHERE seq = ?1",
        "DELETE FROM body WHERE seq = ?1",
        "DELETE FROM edge WHERE down = ?1",
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
    Ok(from_db(count))
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
