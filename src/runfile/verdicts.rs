//! Reads of which something is expected: they are judged once they are done, and each once.

use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::from_db;
use super::put;
use super::to_db;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Operation;

impl RunFile {
    /// Notes reads to be judged, before they are done: a kill in between forgets none of them.
    pub fn note_for_judgment(&mut self, reads: &[Seq]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for seq in reads {
            transaction
                .prepare_cached("UPDATE item SET unjudged = 1 WHERE step = ?1 AND idx = ?2")?
                .execute(params![seq.step().0, to_db(seq.index())])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The same of all reads of a step.
    pub fn note_all_for_judgment(&self, step: StepNo) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("UPDATE item SET unjudged = 1 WHERE step = ?1")?
            .execute((step.0,))?;
        Ok(())
    }

    pub fn unjudged(&self, step: StepNo, limit: u32) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT idx FROM item WHERE step = ?1 AND unjudged ORDER BY idx LIMIT ?2",
        )?;
        let found = statement.query_map((step.0, limit), |row| {
            Ok(Seq::new(step, from_db(row.get(0)?)))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Reads are judged; those that are not as expected stand there as failed.
    pub fn judged(&mut self, reads: &[Seq], failed: &[Operation]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for operation in failed {
            put::add_operation(&transaction, operation)?;
        }
        for seq in reads {
            transaction
                .prepare_cached("UPDATE item SET unjudged = 0 WHERE step = ?1 AND idx = ?2")?
                .execute(params![seq.step().0, to_db(seq.index())])?;
        }
        transaction.commit()?;
        Ok(())
    }
}
