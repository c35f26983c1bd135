//! Records as this run saw them last, so that undo can tell whether somebody came after.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row as DbRow;
use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::words::to_text;
use crate::expr::Seq;
use crate::metadata::value::Print;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// A record that a write of ours was about, or touched.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub module: ModuleName,
    pub record: RecordId,
    pub why: Why,
    /// Its `date_modified`; `None` where the write may have moved it and nothing showed to when.
    pub at: Option<String>,
    pub print: Option<Print>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// This run made it. Only of such records the print is kept: nothing else of a run is deleted by undo.
    Made,
    Touched,
}

/// What is known of a record that this run wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    pub at: Option<String>,
    pub print: Option<Print>,
}

/// Notes how the operation with this number, which is in the file, saw a record.
pub(super) fn put(connection: &Connection, seq: Seq, seen: &Seen) -> Result<(), RunFileError> {
    let by = match seen.why {
        Why::Made => Some(seq),
        Why::Touched => maker(connection, seen.module.as_str(), seen.record.as_str())?,
    };
    let Some(by) = by else {
        connection
            .prepare_cached(
                "INSERT INTO stamp (module, record, at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = excluded.at",
            )?
            .execute(params![seen.module.as_str(), seen.record.as_str(), seen.at])?;
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO made (seq, at, print) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET at = excluded.at, print = coalesce(excluded.print, print)",
        )?
        .execute(params![
            by.0,
            seen.at,
            seen.print.as_ref().map(to_text).transpose()?,
        ])?;
    Ok(())
}

/// The operation that made a record.
fn maker(connection: &Connection, module: &str, record: &str) -> Result<Option<Seq>, RunFileError> {
    Ok(connection
        .prepare_cached(
            "SELECT made.seq FROM op JOIN made ON made.seq = op.seq WHERE op.module = ?1 AND op.record = ?2 \
             ORDER BY op.seq DESC LIMIT 1",
        )?
        .query_row((module, record), |row| row.get(0).map(Seq))
        .optional()?)
}

pub(super) fn get(
    connection: &Connection,
    module: &str,
    record: &str,
) -> Result<Option<Stamp>, RunFileError> {
    let columns = |row: &DbRow<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(Option<String>, Option<String>)> =
        match maker(connection, module, record)? {
            Some(by) => connection
                .prepare_cached("SELECT at, print FROM made WHERE seq = ?1")?
                .query_row((by.0,), columns),
            None => connection
                .prepare_cached("SELECT at, NULL FROM stamp WHERE module = ?1 AND record = ?2")?
                .query_row((module, record), columns),
        }
        .optional()?;
    found
        .map(|(at, print)| {
            let print = print.map(|text| serde_json::from_str(&text)).transpose();
            let print = print.map_err(|error| {
                RunFileError::inconsistent(format!("a stamp does not read: {error}"))
            })?;
            Ok(Stamp { at, print })
        })
        .transpose()
}

impl RunFile {
    /// How this run saw a record last; nothing if it never wrote it.
    pub fn stamp(
        &self,
        module: &ModuleName,
        record: &RecordId,
    ) -> Result<Option<Stamp>, RunFileError> {
        get(&self.connection, module.as_str(), record.as_str())
    }
}
