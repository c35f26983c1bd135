//! Records as this run saw them last, so that undo can tell whether somebody came after.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::store::to_text;
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

pub(super) fn put(connection: &Connection, seen: &Seen) -> Result<(), RunFileError> {
    let sql = match seen.why {
        Why::Made => {
            "INSERT INTO stamp (module, record, at, print) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET at = excluded.at, print = coalesce(excluded.print, print)"
        }
        Why::Touched => {
            "INSERT INTO stamp (module, record, at) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET at = excluded.at, \
             print = CASE WHEN print IS NULL THEN NULL ELSE coalesce(?4, print) END"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        seen.module.as_str(),
        seen.record.as_str(),
        seen.at,
        seen.print.as_ref().map(to_text).transpose()?,
    ])?;
    Ok(())
}

pub(super) fn get(
    connection: &Connection,
    module: &str,
    record: &str,
) -> Result<Option<Stamp>, RunFileError> {
    let found: Option<(Option<String>, Option<String>)> = connection
        .prepare_cached("SELECT at, print FROM stamp WHERE module = ?1 AND record = ?2")?
        .query_row((module, record), |row| Ok((row.get(0)?, row.get(1)?)))
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
