//! The batches of a run: what rode in each, and for what its operations had waited.

use rusqlite::params;

use super::RunFileError;
use super::RunView;
use super::from_db;
use super::to_db;
use super::words;
use crate::expr::EdgeKind;
use crate::expr::StepNo;

/// A batch that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBatch {
    pub number: u64,
    /// Requests in it; fewer than operations where several became one.
    pub entries: u64,
    /// The steps whose operations rode in it, and how many. What was sent again is counted where it rode last.
    pub riders: Vec<(StepNo, u64)>,
}

/// Operations of one batch that could not go before another batch was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchWait {
    pub for_batch: u64,
    pub batch: u64,
    pub why: EdgeKind,
    pub operations: u64,
}

impl RunView {
    /// The first batches, in the order in which they were sent.
    pub fn batches(&self, limit: u64) -> Result<Vec<PackedBatch>, RunFileError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, entries FROM batch ORDER BY id LIMIT ?1")?;
        let mut batches: Vec<PackedBatch> = statement
            .query_map((to_db(limit),), |row| {
                Ok(PackedBatch {
                    number: from_db(row.get(0)?),
                    entries: from_db(row.get(1)?),
                    riders: Vec::new(),
                })
            })?
            .collect::<Result<_, _>>()?;
        let last = batches.last().map_or(0, |batch| batch.number);
        let mut statement = self.connection.prepare_cached(
            "SELECT batch, seq >> 40, count(*) FROM op WHERE batch <= ?1 GROUP BY 1, 2 ORDER BY 1, 2",
        )?;
        let mut found = statement.query((to_db(last),))?;
        while let Some(row) = found.next()? {
            let number = from_db(row.get(0)?);
            if let Ok(place) = batches.binary_search_by_key(&number, |batch| batch.number) {
                let rider = (StepNo(row.get(1)?), from_db(row.get(2)?));
                batches[place].riders.push(rider);
            }
        }
        Ok(batches)
    }

    /// Why operations did not ride in an earlier batch, among the batches up to `last`.
    pub fn batch_waits(&self, last: u64) -> Result<Vec<BatchWait>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT up.batch, down.batch, edge.kind, count(*) FROM edge \
             JOIN op up ON up.seq = edge.up JOIN op down ON down.seq = edge.down \
             WHERE up.batch < down.batch AND down.batch <= ?1 GROUP BY 1, 2, 3 ORDER BY 2, 1, 3",
        )?;
        let mut found = statement.query(params![to_db(last)])?;
        let mut waits = Vec::new();
        while let Some(row) = found.next()? {
            waits.push(BatchWait {
                for_batch: from_db(row.get(0)?),
                batch: from_db(row.get(1)?),
                why: words::edge(&row.get::<_, String>(2)?)?,
                operations: from_db(row.get(3)?),
            });
        }
        Ok(waits)
    }

    /// How many batches were sent.
    pub fn batch_count(&self) -> Result<u64, RunFileError> {
        let count: i64 = self
            .connection
            .query_row("SELECT count(*) FROM batch", (), |row| row.get(0))?;
        Ok(from_db(count))
    }
}
