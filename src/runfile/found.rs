//! Records that reads find, stored page by page while they are read.
//!
//! Until the read's item says that it is done, nobody sees them: its step does not count as expanded, or its operation is
//! deferred. What a killed run left of a read is forgotten when it is read anew.

use rusqlite::Connection;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::put;
use super::to_db;
use super::words;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Key;

const PLACES: &str = "CREATE TEMP TABLE IF NOT EXISTS place (step INTEGER, idx INTEGER, n INTEGER, place BLOB, \
                      PRIMARY KEY (step, idx, n)) WITHOUT ROWID";

/// Where a record stands among those of its read: bytes that compare as the records do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub Vec<u8>);

/// A record of a read that is under way.
#[derive(Debug)]
pub struct FoundRecord {
    pub seq: Seq,
    /// Its place among those of the read.
    pub n: u64,
    /// Where the step gives its records one.
    pub key: Option<Key>,
    /// Where they do not come in order, and [`RunFile::put_in_order`] is to order them.
    pub place: Option<Place>,
    pub fields: Map<String, Json>,
}

impl RunFile {
    /// Orders the records of a read by their places, which are kept beside the file until then.
    pub fn put_in_order(&mut self, seq: Seq) -> Result<(), RunFileError> {
        let read = params![seq.step().0, to_db(seq.index())];
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(PLACES)?;
        // By way of negative numbers, so that no two records have the same one at any moment.
        transaction
            .prepare_cached(
                "UPDATE result SET n = -ordered.rank FROM \
                 (SELECT n, row_number() OVER (ORDER BY place) AS rank FROM temp.place WHERE step = ?1 AND idx = ?2) AS ordered \
                 WHERE result.step = ?1 AND result.idx = ?2 AND result.n = ordered.n",
            )?
            .execute(read)?;
        transaction
            .prepare_cached("UPDATE result SET n = -n - 1 WHERE step = ?1 AND idx = ?2 AND n < 0")?
            .execute(read)?;
        transaction
            .prepare_cached("DELETE FROM temp.place WHERE step = ?1 AND idx = ?2")?
            .execute(read)?;
        transaction.commit()?;
        Ok(())
    }

    /// Adds a page of records. Gives the key that another record of the step has already, if there is one.
    pub fn add_found(&mut self, found: &[FoundRecord]) -> Result<Option<(Seq, Key)>, RunFileError> {
        if found.is_empty() {
            return Ok(None);
        }
        let transaction = self.connection.transaction()?;
        if found.iter().any(|record| record.place.is_some()) {
            transaction.execute_batch(PLACES)?;
        }
        for record in found {
            if !add(&transaction, record)?
                && let Some(key) = &record.key
            {
                return Ok(Some((record.seq, key.clone())));
            }
        }
        transaction.commit()?;
        Ok(None)
    }

    /// Takes out what reads found that are not at their ends.
    pub fn forget_found(&mut self, reads: &[Seq]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for seq in reads {
            put::forget_results(&transaction, *seq)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Whether a run that was killed while it expanded a step left something of it.
    pub fn is_begun(&self, step: StepNo) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT 1 FROM result WHERE step = ?1 UNION ALL SELECT 1 FROM item WHERE step = ?1 LIMIT 1",
            )?
            .exists((step.0,))?)
    }

    /// The records that this read has not brought yet, which are kept in mind beside the file: a read may be larger than
    /// memory.
    pub fn not_seen(
        &self,
        seq: Seq,
        mut records: Vec<Map<String, Json>>,
    ) -> Result<Vec<Map<String, Json>>, RunFileError> {
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS seen (seq INTEGER, id TEXT, PRIMARY KEY (seq, id)) WITHOUT ROWID; \
             SAVEPOINT seen;",
        )?;
        let mut new = Vec::with_capacity(records.len());
        for record in &records {
            let Some(id) = record.get("id").and_then(Json::as_str) else {
                new.push(true);
                continue;
            };
            let added = self
                .connection
                .prepare_cached("INSERT OR IGNORE INTO temp.seen (seq, id) VALUES (?1, ?2)")?
                .execute(params![seq.0, id])?;
            new.push(added > 0);
        }
        self.connection.execute_batch("RELEASE seen")?;
        let mut new = new.into_iter();
        records.retain(|_| new.next().unwrap_or(true));
        Ok(records)
    }
}

/// False where its key is taken.
fn add(connection: &Connection, record: &FoundRecord) -> Result<bool, RunFileError> {
    if let Some(place) = &record.place {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO temp.place (step, idx, n, place) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                record.seq.step().0,
                to_db(record.seq.index()),
                to_db(record.n),
                place.0
            ])?;
    }
    Ok(connection
        .prepare_cached(
            "INSERT INTO result (step, idx, n, key, fields) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            record.seq.step().0,
            to_db(record.seq.index()),
            to_db(record.n),
            record.key.as_ref().map(Key::as_str),
            words::to_text(&record.fields)?,
        ])?
        > 0)
}
