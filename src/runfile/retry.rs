//! What failed, was skipped or is unknown comes back, by somebody's wish.

use super::RunFile;
use super::RunFileError;
use super::span::Span;
use super::states::OPEN;
use super::tally::Counts;
use super::transitions::may_change;
use crate::expr::Seq;
use crate::operation::State;
use crate::wire::LocalLabel;

/// What becomes of an operation that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    AsItWas,
    /// It is planned once more.
    WorkedOut,
}

impl RunFile {
    /// Brings failed operations back, and what was skipped because of them (`--retry-failed`). Gives their number.
    pub fn retry_failed(&mut self) -> Result<u64, RunFileError> {
        // What was written is done, whatever the operation is called; repeating it would only do it again. And nothing
        // makes an irreversible operation reversible.
        self.brought_back(
            &format!(
                "op.action NOT IN ('assert', 'export') AND ((op.state = 'failed' AND op.label <> '{}' \
                 AND (body.written IS NULL OR body.omitted IS NOT NULL)) OR (op.state = 'skipped' AND op.label = '{}'))",
                LocalLabel::Irreversible.as_str(),
                LocalLabel::Dependency.as_str(),
            ),
            self.anew()?,
        )
    }

    /// Brings back what was skipped because of something that has cleared up. Where something else that it needs did not
    /// succeed, it is skipped anew.
    pub fn retry_skipped(&mut self) -> Result<(), RunFileError> {
        self.brought_back(
            &format!(
                "op.state = 'skipped' AND op.label = '{}' AND op.action NOT IN ('assert', 'export')",
                LocalLabel::Dependency.as_str()
            ),
            self.anew()?,
        )?;
        Ok(())
    }

    /// Brings back what was left alone because somebody had changed it. Gives their number.
    pub fn retry_drifted(&mut self) -> Result<u64, RunFileError> {
        let label = LocalLabel::Drift.as_str();
        self.brought_back(
            &format!("op.state = 'failed' AND op.label = '{label}'"),
            self.anew()?,
        )
    }

    /// What takes something back is compared anew with what the instance has now; a playbook's operation stays what was
    /// reviewed.
    fn anew(&self) -> Result<Again, RunFileError> {
        Ok(match self.get::<super::Undoes>()? {
            Some(_) => Again::WorkedOut,
            None => Again::AsItWas,
        })
    }

    /// Brings back what nobody could tell the end of, and what was skipped because of it (`--retry-unknown`). Where
    /// something else that it needs did not succeed, it is skipped anew.
    pub fn retry_unknown(&mut self) -> Result<u64, RunFileError> {
        let label = LocalLabel::Dependency.as_str();
        self.brought_back(
            &format!(
                "op.state = 'unknown' OR (op.state = 'skipped' AND op.label = '{label}' AND op.action NOT IN \
                 ('assert', 'export') AND EXISTS (SELECT 1 FROM op WHERE op.state = 'unknown'))"
            ),
            Again::AsItWas,
        )
    }

    /// Where something else that they need did not succeed, they are skipped anew: what is built on something that stays
    /// failed is no change that anybody has to count. Gives the number of those that came back.
    fn brought_back(&mut self, condition: &str, again: Again) -> Result<u64, RunFileError> {
        let count = self.bring_back(condition, again)?;
        self.skip_left_behind()?;
        Ok(count)
    }

    fn bring_back(&mut self, condition: &str, again: Again) -> Result<u64, RunFileError> {
        let transaction = self.connection.transaction()?;
        let of_data: Vec<String> = LocalLabel::OF_DATA
            .iter()
            .map(|label| format!("'{}'", label.as_str()))
            .collect();
        let sql = format!(
            "SELECT op.seq, body.change IS NOT NULL, body.written IS NOT NULL, \
             op.state = 'failed' AND op.attempts = 0 AND op.label IN ({}) \
             FROM op JOIN body ON body.seq = op.seq WHERE {condition} ORDER BY op.seq",
            of_data.join(", ")
        );
        let candidates: Vec<(i64, bool, bool, bool)> = transaction
            .prepare(&sql)?
            .query_map((), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut found: Vec<(i64, State)> = Vec::with_capacity(candidates.len());
        for (seq, has_change, is_written, failed_by_data) in candidates {
            let to = match again {
                Again::AsItWas if has_change => State::Planned,
                // Worked out anew, it would take its own work for somebody else's.
                Again::WorkedOut if is_written => State::Planned,
                // What was never worked out is worked out anew.
                Again::AsItWas | Again::WorkedOut => State::Deferred,
            };
            // Its data is in the run file and stays what it is; a step that ended as a whole may get other items.
            if !failed_by_data || super::reopen::stands_for_all(&transaction, Seq(seq))? {
                found.push((seq, to));
            }
        }
        let count = found.len() as u64;
        let all: Vec<Seq> = found.iter().map(|(seq, _)| Seq(*seq)).collect();
        let reopened = super::reopen::reopen(&transaction, &all)?;
        let found: Vec<_> = found
            .into_iter()
            .filter(|(seq, _)| !reopened.contains(&Seq(*seq).step()))
            .collect();
        let mut counts = Counts::default();
        for (seq, to) in &found {
            for from in may_change(&transaction, Span::one(Seq(*seq)), *to)? {
                counts.labelled(from, *to, None);
            }
            super::parts::put_back(&transaction, Seq(*seq))?;
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?2, label = NULL, message = NULL, status = NULL WHERE seq = ?1",
                )?
                .execute((seq, to.as_str()))?;
        }
        counts.write(&transaction)?;
        // Only now is it known which of those needed are open again.
        for (seq, _) in &found {
            transaction
                .prepare_cached(&format!(
                    "UPDATE op SET wait = (SELECT count(*) FROM edge JOIN op up ON up.seq = edge.up \
                     WHERE edge.down = op.seq AND up.state IN {OPEN}) WHERE seq = ?1",
                ))?
                .execute((seq,))?;
        }
        transaction.commit()?;
        Ok(count)
    }
}
