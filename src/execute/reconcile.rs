//! What was on its way and never answered: when the last apply was cut off, or while this one ran.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::deliver::Doubt;
use super::lookup::Question;
use super::partly::partly;
use super::seen;
use crate::diag::counted;
use crate::kill;
use crate::operation::Change;
use crate::operation::State;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;

/// Operations asked about in one go.
const PAGE: u32 = 200;

impl Engine<'_> {
    /// Asks what became of everything that was sent and never answered. What cannot be told stays unknown. True where
    /// something is known now that was not.
    pub(super) async fn reconcile(&mut self) -> Result<bool, ExecuteError> {
        let mut after = None;
        let mut clears_up = false;
        loop {
            let page = self.file.unanswered(PAGE, after)?;
            let Some(last) = page.last() else {
                return Ok(clears_up);
            };
            after = Some(last.seq);
            for operation in page {
                self.wait_for_the_last_request(&operation).await?;
                let was_unknown = operation.state == State::Unknown;
                let settlement = self.settled_late(&operation).await?;
                let moves = match settlement.state {
                    // It was not known, and still is not.
                    State::Unknown => !was_unknown,
                    _ => true,
                };
                if moves {
                    clears_up |= was_unknown;
                    self.settle_asked(&operation, settlement)?;
                    kill::passes(kill::Point::InReconcile);
                }
            }
        }
    }

    /// Once nothing else can be done: waits until what is in doubt cannot be under way any more, and asks again. False
    /// where nothing is in doubt. What even then cannot be told is unknown.
    pub(super) async fn ask_again(&mut self) -> Result<bool, ExecuteError> {
        let Some((doubtful, since)) = self.memory.take_doubtful() else {
            return Ok(false);
        };
        let until = since + self.asker.reader().request_timeout();
        let left = until.saturating_duration_since(Instant::now());
        tracing::warn!(
            "waiting {left:.0?} for {} to end whose answer was lost",
            counted(doubtful.len(), "request")
        );
        self.asker
            .unless_stopped(tokio::time::sleep_until(until))
            .await?;
        for seq in doubtful {
            let Some(operation) = self.file.operation(seq)? else {
                continue;
            };
            let settlement = self.settled_late(&operation).await?;
            self.settle_asked(&operation, settlement)?;
        }
        Ok(true)
    }

    /// What became of an operation that cannot be under way any more.
    async fn settled_late(
        &mut self,
        operation: &StoredOperation,
    ) -> Result<Settlement, ExecuteError> {
        // What is found done is ours; an undo, which repeats nothing, has to take it back.
        if self.is_linked_so(operation).await? {
            let done = partly(operation, Settlement::new(State::Ok));
            let done = seen::completed(done, operation, &self.metadata);
            return Ok(self.tolerated(operation.seq, done));
        }
        let question = Question {
            operation: operation.clone(),
            fault: None,
            doubt: Doubt::PerhapsDone,
        };
        let held = self.held_ids([operation].into_iter()).await?.pop();
        let settlement = self.look_up(question, held.flatten()).await?;
        if settlement.state == State::Unknown && self.nothing_was_made(operation).await? {
            return Ok(Settlement::new(State::Planned));
        }
        Ok(settlement)
    }

    /// A create that has no id of its own to keep it single may still be under way at the instance.
    async fn wait_for_the_last_request(
        &self,
        operation: &StoredOperation,
    ) -> Result<(), ExecuteError> {
        let single = self.file.get::<ClientIds>()? == Some(ClientIds::Honoured);
        if single || !matches!(operation.change, Some(Change::Create { .. })) {
            return Ok(());
        }
        let sent_at = self
            .file
            .sent_at(operation.seq)?
            .and_then(|at| at.parse::<Timestamp>().ok());
        let Some(sent_at) = sent_at else {
            return Ok(());
        };
        let timeout = self.asker.reader().request_timeout();
        let passed = Duration::try_from(Timestamp::now() - sent_at).unwrap_or(Duration::ZERO);
        if let Some(left) = timeout.checked_sub(passed) {
            tracing::warn!("waiting {left:.0?} for requests of the last run to end");
            self.asker.unless_stopped(tokio::time::sleep(left)).await?;
        }
        Ok(())
    }
}
