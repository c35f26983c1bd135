//! Outcomes into rows: what is the same of many operations by one statement, and of each what is its own.

use rusqlite::Connection;
use rusqlite::params;

use super::RunFileError;
use super::Settlement;
use super::put;
use super::span::Span;
use super::span::spans;
use super::tally::Counts;
use super::transitions::may_change;
use super::words;
use crate::expr::Seq;
use crate::kill;
use crate::operation::State;
use crate::wire::Label;

/// Within a transaction. Those who wait for what is settled hear of it.
pub(super) fn all(
    connection: &Connection,
    settlements: &[(Seq, Settlement)],
) -> Result<(), RunFileError> {
    let mut counts = Counts::default();
    let mut settled = Vec::with_capacity(settlements.len());
    let alike = |(seq, one): &(Seq, Settlement), (next, other): &(Seq, Settlement)| {
        seq.is_followed_by(*next) && one.ends_like(other)
    };
    for chunk in settlements.chunk_by(alike) {
        settled.extend(end(connection, chunk, &mut counts)?);
    }
    for (seq, settlement) in settlements {
        keep(connection, *seq, settlement, &mut counts)?;
        kill::passes(kill::Point::InSettle);
    }
    for span in spans(settled) {
        count_down(connection, span)?;
    }
    counts.write(connection)
}

/// The rows of operations that follow each other and ended alike. Gives those that were not settled before.
fn end(
    connection: &Connection,
    alike: &[(Seq, Settlement)],
    counts: &mut Counts,
) -> Result<Vec<Seq>, RunFileError> {
    let [(first, settlement), ..] = alike else {
        return Ok(Vec::new());
    };
    let span = Span {
        first: *first,
        last: alike.last().map_or(*first, |(last, _)| *last),
    };
    let label = settlement.label.as_ref().map(Label::as_str);
    let mut settled = Vec::with_capacity(alike.len());
    let found = may_change(connection, span, settlement.state)?;
    for (from, seq) in found.into_iter().zip(span.operations()) {
        if settlement.state.is_settled() && !from.state().is_settled() {
            settled.push(seq);
        }
        counts.labelled(from, settlement.state, label.map(str::to_owned));
    }
    connection
        .prepare_cached(
            "UPDATE op SET state = ?3, label = ?4, message = ?5, status = coalesce(?6, status) WHERE seq BETWEEN ?1 AND ?2",
        )?
        .execute(params![
            span.first.0,
            span.last.0,
            settlement.state.as_str(),
            label,
            settlement.message,
            settlement.status,
        ])?;
    Ok(settled)
}

/// What a settlement holds besides.
fn keep(
    connection: &Connection,
    seq: Seq,
    settlement: &Settlement,
    counts: &mut Counts,
) -> Result<(), RunFileError> {
    if let Some(change) = &settlement.change {
        if let Some(record) = change.record() {
            connection
                .prepare_cached("UPDATE op SET record = ?2 WHERE seq = ?1")?
                .execute(params![seq.0, record.as_str()])?;
        }
        put::put_change(connection, seq, change)?;
        defer_users(connection, seq, counts)?;
    }
    super::parts::take_out(connection, seq, &settlement.omitted)?;
    if let Some(written) = &settlement.written {
        super::parts::put_written(connection, seq, written)?;
    }
    for (n, fields) in (0..).zip(&settlement.records) {
        put::put_result(connection, seq, n, fields)?;
    }
    if let Some(found) = &settlement.selected {
        put::put_selected(connection, seq, found)?;
    }
    if !settlement.side_effects.is_empty() {
        connection
            .prepare_cached("UPDATE body SET side_effects = ?2 WHERE seq = ?1")?
            .execute(params![seq.0, words::to_text(&settlement.side_effects)?])?;
    }
    for seen in &settlement.seen {
        super::stamps::put(connection, seq, seen)?;
    }
    if settlement.state.is_good() {
        let records = match settlement.records.len() {
            0 => put::records_of(connection, seq)?,
            several => several as u64,
        };
        counts.gave(seq.step(), records);
    }
    Ok(())
}

/// The predicted id of a create was wrong: what was planned with it is planned again. In the transaction that learns so,
/// or a kill would leave operations behind that are sent with an id nothing has.
fn defer_users(connection: &Connection, up: Seq, counts: &mut Counts) -> Result<(), RunFileError> {
    let users: Vec<i64> = connection
        .prepare_cached(
            "SELECT edge.down FROM edge JOIN op ON op.seq = edge.down \
             WHERE edge.up = ?1 AND edge.kind = 'predicted_id' AND op.state = 'planned'",
        )?
        .query_map((up.0,), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for down in users {
        for from in may_change(connection, Span::one(Seq(down)), State::Deferred)? {
            counts.moved(from, State::Deferred);
        }
        connection
            .prepare_cached("UPDATE op SET state = ?2 WHERE seq = ?1")?
            .execute(params![down, State::Deferred.as_str()])?;
    }
    Ok(())
}

/// Operations less that others wait for.
pub(super) fn count_down(connection: &Connection, span: Span) -> Result<(), RunFileError> {
    // Two statements: with the edges as a part of the update, each operation would pay for a table of them, and most have
    // none.
    let mut edges =
        connection.prepare_cached("SELECT down FROM edge WHERE up BETWEEN ?1 AND ?2")?;
    let mut edges = edges.query((span.first.0, span.last.0))?;
    while let Some(edge) = edges.next()? {
        connection
            .prepare_cached("UPDATE op SET wait = wait - 1 WHERE seq = ?1 AND wait > 0")?
            .execute((edge.get::<_, i64>(0)?,))?;
    }
    Ok(())
}
