//! What is built on an operation that did not go well is skipped, however far that reaches.

use rusqlite::params;

use super::RunFile;
use super::RunFileError;
use super::Settlement;
use super::settle;
use super::states::BAD;
use super::states::UNSENT;
use crate::expr::Seq;
use crate::kill;
use crate::operation::State;
use crate::wire::LocalLabel;

/// Dependents skipped in one transaction; a failed parent may have a million of them.
const SKIPS_AT_ONCE: u32 = 1000;

impl RunFile {
    /// Skips everything that is built on an operation that did not go well, in chunks, so that a kill in between only
    /// means that the rest is skipped next time.
    pub fn skip_dependents(&mut self, root: Seq) -> Result<(), RunFileError> {
        let mut open = vec![root];
        while let Some(up) = open.pop() {
            let name = self.name_of(up)?;
            loop {
                let waiting = self.waiting_for(up)?;
                if waiting.is_empty() {
                    break;
                }
                let transaction = self.connection.transaction()?;
                let message = format!("it needs {name}, which did not succeed");
                let skipped =
                    Settlement::new(State::Skipped).label(LocalLabel::Dependency, message);
                let skipped: Vec<_> = waiting
                    .iter()
                    .map(|down| (*down, skipped.clone()))
                    .collect();
                settle::all(&transaction, &skipped)?;
                transaction.commit()?;
                kill::passes(kill::Point::InSkip);
                open.extend(waiting);
            }
        }
        Ok(())
    }

    /// Operations that need another's value and are not final. Those that only keep an order are not skipped for it.
    fn waiting_for(&self, up: Seq) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT edge.down FROM edge JOIN op ON op.seq = edge.down \
             WHERE edge.up = ?1 AND edge.kind <> 'order' AND op.state IN {UNSENT} LIMIT ?2",
        ))?;
        let found = statement.query_map(params![up.0, SKIPS_AT_ONCE], |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Skips what a run that was killed between an outcome and its consequences left standing.
    pub fn skip_left_behind(&mut self) -> Result<(), RunFileError> {
        let sql = format!(
            "SELECT DISTINCT edge.up FROM op down JOIN edge ON edge.down = down.seq JOIN op up ON up.seq = edge.up \
             WHERE down.state IN {UNSENT} AND edge.kind <> 'order' AND up.state IN {BAD}"
        );
        let roots: Vec<Seq> = self
            .connection
            .prepare(&sql)?
            .query_map((), |row| row.get(0).map(Seq))?
            .collect::<Result<_, _>>()?;
        for root in roots {
            self.skip_dependents(root)?;
        }
        Ok(())
    }

    /// `step[key]`, as messages and reports name an operation.
    pub fn name_of(&self, seq: Seq) -> Result<String, RunFileError> {
        let name = self
            .connection
            .prepare_cached(
                "SELECT step.name, op.key FROM step LEFT JOIN op ON op.seq = ?2 WHERE step.id = ?1",
            )?
            .query_row(params![seq.step().0, seq.0], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
            })?;
        Ok(format!(
            "`{}[{}]`",
            name.0,
            name.1.unwrap_or_else(|| seq.index().to_string())
        ))
    }
}
