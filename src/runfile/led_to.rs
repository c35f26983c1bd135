//! Which records links lead to, where the run deletes records that those may hang on: found from the far end, since an
//! operation stands under the record that it is about.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::states::DUE_OR_DONE;
use super::words;
use crate::expr::Seq;
use crate::operation::Change;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

impl RunFile {
    /// Writes down where links lead, in the place of where they were thought to lead before.
    pub fn lead(&mut self, links: &[(Seq, Change)]) -> Result<(), RunFileError> {
        if links.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for (seq, change) in links {
            transaction
                .prepare_cached("DELETE FROM led_to WHERE seq = ?1")?
                .execute((seq.0,))?;
            put(&transaction, *seq, change)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Earlier links of other records that lead to one, whether that is done or not.
    pub fn leading_to(
        &self,
        module: &ModuleName,
        link: &LinkName,
        (record, other): (&RecordId, &RecordId),
        before: Seq,
    ) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT op.seq FROM led_to JOIN op ON op.seq = led_to.seq \
             WHERE led_to.module = ?1 AND led_to.link = ?2 AND led_to.other = ?3 AND led_to.seq < ?4 \
             AND op.record <> ?5 AND op.state IN {DUE_OR_DONE}",
        ))?;
        let found = statement.query_map(
            params![
                module.as_str(),
                link.as_str(),
                other.as_str(),
                before.0,
                record.as_str()
            ],
            |row| row.get(0).map(Seq),
        )?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The records that a link leads to, without those that were left out of it.
    pub fn links(&self, seq: Seq) -> Result<BTreeSet<RecordId>, RunFileError> {
        let change: Option<String> = self
            .connection
            .prepare_cached("SELECT change FROM body WHERE seq = ?1")?
            .query_row((seq.0,), |row| row.get(0))?;
        let change: Option<Change> = words::read(change)?;
        let others = change.iter().flat_map(Change::others);
        Ok(others.cloned().collect())
    }
}

fn put(connection: &Connection, seq: Seq, change: &Change) -> Result<(), RunFileError> {
    let Change::Link {
        module,
        link,
        targets,
        ..
    } = change
    else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO led_to (module, link, other, seq) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for target in targets {
        statement.execute(params![
            module.as_str(),
            link.as_str(),
            target.id.as_str(),
            seq.0
        ])?;
    }
    Ok(())
}
