//! What was on its way and never answered: when the last apply was cut off, or while this one ran.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::inquiry::Moment;
use super::inquiry::Question;
use crate::diag::counted;
use crate::expr::Seq;
use crate::operation::Change;
use crate::runfile::ClientIds;
use crate::runfile::StoredOperation;
use crate::wire::IDS_AT_ONCE;

impl Engine<'_> {
    /// Asks what became of everything that was sent and never answered. What cannot be told stays unknown. True where
    /// something is known now that was not.
    pub(super) async fn reconcile(&mut self) -> Result<bool, ExecuteError> {
        let mut after = None;
        let mut clears_up = false;
        let at_once = u32::try_from(IDS_AT_ONCE).unwrap_or(u32::MAX);
        loop {
            let page = self.file.unanswered(at_once, after)?;
            let Some(last) = page.last() else {
                return Ok(clears_up);
            };
            after = Some(last.seq);
            self.wait_for_the_last_requests(&page).await?;
            let questions = page.into_iter().map(Question::unanswered).collect();
            clears_up |= self.clear_up(questions, Moment::Late).await?;
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
        for part in doubtful.chunks(IDS_AT_ONCE) {
            let mut questions = Vec::with_capacity(part.len());
            for seq in part {
                let operation = self.file.operation(*seq)?;
                questions.extend(operation.map(Question::unanswered));
            }
            self.clear_up(questions, Moment::Late).await?;
        }
        Ok(true)
    }

    /// A create that has no id of its own to keep it single may still be under way at the instance.
    async fn wait_for_the_last_requests(
        &self,
        operations: &[StoredOperation],
    ) -> Result<(), ExecuteError> {
        if self.file.get::<ClientIds>()? == Some(ClientIds::Honoured) {
            return Ok(());
        }
        let mut longest = Duration::ZERO;
        for operation in operations {
            if matches!(operation.change, Some(Change::Create { .. })) {
                longest = longest.max(self.left_to_wait(operation.seq)?);
            }
        }
        if !longest.is_zero() {
            tracing::warn!("waiting {longest:.0?} for requests of the last run to end");
            self.asker
                .unless_stopped(tokio::time::sleep(longest))
                .await?;
        }
        Ok(())
    }

    /// How long an operation may still be under way.
    fn left_to_wait(&self, seq: Seq) -> Result<Duration, ExecuteError> {
        let sent_at = self.file.sent_at(seq)?;
        let Some(sent_at) = sent_at.and_then(|at| at.parse::<Timestamp>().ok()) else {
            return Ok(Duration::ZERO);
        };
        let timeout = self.asker.reader().request_timeout();
        let passed = Duration::try_from(Timestamp::now() - sent_at).unwrap_or(Duration::ZERO);
        Ok(timeout.saturating_sub(passed))
    }
}
