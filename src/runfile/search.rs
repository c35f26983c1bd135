//! Searching a step's records by a field: an index made once for each field that is searched, beside the run file.
//!
//! It is a temporary table of the reading connection, so nothing of it grows in memory or is kept. Only records of a
//! step that is settled are searched, so that it never has to be made anew.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use super::RunFileError;
use super::states::GOOD;
use super::words;
use crate::expr::Hit;
use crate::expr::StepNo;

const TABLES: &str = "\
    CREATE TEMP TABLE IF NOT EXISTS searched (step INTEGER, field TEXT, PRIMARY KEY (step, field)) WITHOUT ROWID;
    CREATE TEMP TABLE IF NOT EXISTS found (step INTEGER, field TEXT, value TEXT, idx INTEGER, n INTEGER, hits INTEGER,
        PRIMARY KEY (step, field, value)) WITHOUT ROWID;";

pub(super) fn find(
    connection: &Connection,
    step: StepNo,
    field: &str,
    value: &str,
) -> Result<Hit, RunFileError> {
    connection.execute_batch(TABLES)?;
    let is_new = connection
        .prepare_cached("INSERT OR IGNORE INTO searched (step, field) VALUES (?1, ?2)")?
        .execute(params![step.0, field])?
        > 0;
    if is_new {
        index(connection, step, field)?;
    }
    let found: Option<(i64, i64, i64)> = connection
        .prepare_cached(
            "SELECT idx, n, hits FROM found WHERE step = ?1 AND field = ?2 AND value = ?3",
        )?
        .query_row(params![step.0, field, value], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (index, n) = match found {
        None => return Ok(Hit::None),
        Some((index, n, 1)) => (index, n),
        Some(_) => return Ok(Hit::Several),
    };
    let fields: String = connection
        .prepare_cached("SELECT fields FROM result WHERE step = ?1 AND idx = ?2 AND n = ?3")?
        .query_row(params![step.0, index, n], |row| row.get(0))?;
    Ok(Hit::One(words::map(&fields)?))
}

/// Values as text, each with the first record that has it and how many do. Records of operations that did not go well
/// are none.
fn index(connection: &Connection, step: StepNo, field: &str) -> Result<(), RunFileError> {
    // A quoted label: a field's name is no path.
    let path = format!("$.\"{}\"", field.replace('"', ""));
    connection
        .prepare_cached(&format!(
            "INSERT INTO found (step, field, value, idx, n, hits) \
             SELECT ?1, ?2, CAST(json_extract(r.fields, ?3) AS TEXT) AS v, r.idx, r.n, 1 FROM result r \
             LEFT JOIN op ON op.seq = (?1 << 40 | r.idx) \
             WHERE r.step = ?1 AND v IS NOT NULL AND (op.state IS NULL OR op.state IN {GOOD}) \
             ON CONFLICT (step, field, value) DO UPDATE SET hits = hits + 1",
        ))?
        .execute(params![step.0, field, path])?;
    Ok(())
}
