//! Which record a planned link binds to which other, and what it sets of the relation, so that what contradicts it is
//! found; in an undo also which one an unlink frees.

use rusqlite::params;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::StoredOperation;
use super::rows;
use super::states::DUE;
use super::states::DUE_OR_DONE;
use crate::expr::Seq;
use crate::plan::Binding;
use crate::wire::ModuleName;
use crate::wire::RecordId;

impl RunFile {
    /// Writes down what an operation binds, in the place of what it was thought to bind before.
    pub fn bind(&mut self, bound: &[(Seq, Vec<Binding>)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for (seq, bindings) in bound {
            transaction
                .prepare_cached("DELETE FROM binding WHERE seq = ?1")?
                .execute((seq.0,))?;
            for binding in bindings {
                transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO binding (module, record, field, seq, other) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        binding.module,
                        binding.record.as_str(),
                        binding.field,
                        seq.0,
                        binding.to
                    ])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Operations that are still to be done and bind or free a record, oldest first.
    pub fn open_on(
        &self,
        module: &ModuleName,
        record: &RecordId,
        before: Seq,
    ) -> Result<Vec<StoredOperation>, RunFileError> {
        rows::operations(
            &self.connection,
            &format!(
                "op.seq IN (SELECT seq FROM binding WHERE module = ?1 AND record = ?2 AND seq < ?3) \
                 AND op.state IN {DUE} ORDER BY op.seq"
            ),
            (module.as_str(), record.as_str(), before.0),
        )
    }

    /// An earlier operation that binds a record to another one by this field, or sets another value of its link.
    pub fn bound_otherwise(
        &self,
        module: &str,
        record: &str,
        field: &str,
        wanted: &Json,
        before: Seq,
    ) -> Result<Option<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT binding.seq, other FROM binding JOIN op ON op.seq = binding.seq \
             WHERE binding.module = ?1 AND binding.record = ?2 AND field = ?3 AND binding.seq < ?4 \
             AND op.state IN {DUE_OR_DONE} ORDER BY binding.seq",
        ))?;
        let mut rows = statement.query(params![module, record, field, before.0])?;
        while let Some(row) = rows.next()? {
            let other: String = row.get(1)?;
            if wanted.as_str() != Some(other.as_str()) {
                return Ok(Some(Seq(row.get(0)?)));
            }
        }
        Ok(None)
    }
}
