//! Rows of data files that the plan could not use yet: kept, so that apply reads no file and meets the rows that the
//! plan was made with.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::RunView;
use super::from_db;
use super::to_db;
use crate::diag::Row;
use crate::expr::StepNo;

/// A row as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRow {
    pub place: Option<Row>,
    /// What it says, or why it cannot be read.
    pub value: Result<serde_json::Value, String>,
}

impl RunFile {
    /// Adds rows behind those that are kept of a step.
    pub fn keep_rows(
        &mut self,
        step: StepNo,
        from: u64,
        rows: &[KeptRow],
    ) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for (index, row) in (from..).zip(rows) {
            let place = row.place.as_ref();
            transaction
                .prepare_cached(
                    "INSERT INTO kept_row (step, idx, file, line, value, bad) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    step.0,
                    to_db(index),
                    place.map(|place| place.file.as_str()),
                    place.map(|place| to_db(place.line)),
                    row.value.as_ref().ok().map(ToString::to_string),
                    row.value.as_ref().err(),
                ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A walk over the rows that are kept of a step, through a connection of its own; none where none are.
    pub fn kept_rows(&self, step: StepNo) -> Result<Option<KeptRows>, RunFileError> {
        let rows = KeptRows::open(&self.path, step)?;
        Ok(rows.row(0)?.is_some().then_some(rows))
    }
}

/// Hands out the rows of a step one by one.
pub struct KeptRows {
    connection: Connection,
    step: StepNo,
    next: u64,
}

impl KeptRows {
    fn open(path: &Path, step: StepNo) -> Result<Self, RunFileError> {
        Ok(Self {
            connection: super::opening::open_to_read(path)?,
            step,
            next: 0,
        })
    }

    pub fn next_row(&mut self) -> Result<Option<KeptRow>, RunFileError> {
        let row = self.row(self.next)?;
        self.next += 1;
        Ok(row)
    }

    fn row(&self, index: u64) -> Result<Option<KeptRow>, RunFileError> {
        type Columns = (Option<String>, Option<i64>, Option<String>, Option<String>);
        let found: Option<Columns> = self
            .connection
            .prepare_cached(
                "SELECT file, line, value, bad FROM kept_row WHERE step = ?1 AND idx = ?2",
            )?
            .query_row(params![self.step.0, to_db(index)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((file, line, value, bad)) = found else {
            return Ok(None);
        };
        let place = file.zip(line).map(|(file, line)| Row {
            file,
            line: from_db(line),
        });
        let value = match (value, bad) {
            (Some(text), _) => Ok(super::words::json(&text)?),
            (None, bad) => Err(bad.unwrap_or_default()),
        };
        Ok(Some(KeptRow { place, value }))
    }
}

impl RunView {
    /// What items are made of whose operations the plan does not know yet, in order.
    pub fn each_unplanned(&self, mut each: impl FnMut(&str)) -> Result<(), RunFileError> {
        for sql in [
            "SELECT item.source FROM op JOIN item ON item.step = op.seq >> 40 AND item.idx = op.seq & 0xffffffffff \
             WHERE op.state = 'deferred' AND item.source IS NOT NULL ORDER BY op.seq",
            "SELECT coalesce(value, bad, '') FROM kept_row ORDER BY step, idx",
        ] {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                each(row.get_ref(0)?.as_str().unwrap_or_default());
            }
        }
        Ok(())
    }
}
