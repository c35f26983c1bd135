//! Operations on several records that are done to some of them only: what is taken out of one, and what comes back.

use rusqlite::Connection;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::words;
use super::words::to_text;
use crate::expr::Seq;
use crate::operation::Change;
use crate::operation::Omissions;
use crate::operation::Omitted;
use crate::operation::Parts;
use crate::operation::Written;

/// What is stored of an operation that may be done in part.
struct Stored {
    change: Change,
    before: Map<String, Json>,
    after: Map<String, Json>,
    omitted: Vec<Omitted>,
}

impl RunFile {
    /// Takes records out of operations before they are sent, so that whoever goes on with them leaves these out too.
    pub fn omit(&mut self, omitted: &[(Seq, Omissions)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for (seq, omissions) in omitted {
            take_out(&transaction, *seq, omissions)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

pub(super) fn take_out(
    connection: &Connection,
    seq: Seq,
    omissions: &Omissions,
) -> Result<(), RunFileError> {
    if omissions.is_empty() {
        return Ok(());
    }
    let Some(mut stored) = get(connection, seq)? else {
        return Ok(());
    };
    let taken_out = stored.parts().take_out(omissions);
    stored.omitted.extend(taken_out);
    put(connection, seq, &stored)
}

/// Puts back all that was taken out of an operation: it is to be tried again.
pub(super) fn put_back(connection: &Connection, seq: Seq) -> Result<(), RunFileError> {
    let Some(mut stored) = get(connection, seq)? else {
        return Ok(());
    };
    if stored.omitted.is_empty() {
        return Ok(());
    }
    let omitted = std::mem::take(&mut stored.omitted);
    stored.parts().put_back(omitted);
    put(connection, seq, &stored)
}

pub(super) fn put_written(
    connection: &Connection,
    seq: Seq,
    written: &Written,
) -> Result<(), RunFileError> {
    connection
        .prepare_cached("UPDATE body SET written = ?2 WHERE seq = ?1")?
        .execute(params![seq.0, to_text(written)?])?;
    Ok(())
}

impl Stored {
    fn parts(&mut self) -> Parts<'_> {
        Parts {
            change: &mut self.change,
            before: &mut self.before,
            after: &mut self.after,
        }
    }
}

/// Nothing where it is not known yet what the operation does.
fn get(connection: &Connection, seq: Seq) -> Result<Option<Stored>, RunFileError> {
    let (change, before, after, omitted) = connection
        .prepare_cached("SELECT change, before, after, omitted FROM body WHERE seq = ?1")?
        .query_row((seq.0,), |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get(3)?,
            ))
        })?;
    let Some(change) = words::read(change)? else {
        return Ok(None);
    };
    Ok(Some(Stored {
        change,
        before: words::map(&before)?,
        after: words::map(&after)?,
        omitted: words::read(omitted)?.unwrap_or_default(),
    }))
}

fn put(connection: &Connection, seq: Seq, stored: &Stored) -> Result<(), RunFileError> {
    let omitted = (!stored.omitted.is_empty()).then_some(&stored.omitted);
    connection
        .prepare_cached(
            "UPDATE body SET change = ?2, before = ?3, after = ?4, omitted = ?5 WHERE seq = ?1",
        )?
        .execute(params![
            seq.0,
            to_text(&stored.change)?,
            to_text(&stored.before)?,
            to_text(&stored.after)?,
            omitted.map(to_text).transpose()?,
        ])?;
    Ok(())
}
