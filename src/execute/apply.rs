//! The loop that sends: plan what became known, look before writing, pack, send, judge, write down.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::ask::stop;
use super::kinship::Kinship;
use super::patience::Health;
use super::sending::Landed;
use super::sending::Sending;
use super::steer::Pace;
use super::steer::Steering;
use crate::client::Writer;
use crate::event::Activity;
use crate::plan::GuardError;
use crate::plan::LimitMet;
use crate::runfile::Advice;
use crate::runfile::Ending;
use crate::runfile::Finished;

/// How long answers are awaited once somebody wants the run to stop; a CI system kills after 7.5 s.
const GRACE: Duration = Duration::from_secs(7);

/// Between two words on how far a run is while nothing comes back.
const BETWEEN_TOLD: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, Default)]
pub struct ApplyOptions {
    pub pace: Pace,
}

/// How an apply ended; what became of each operation is in the run file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplyEnd {
    /// Everything that could be done is.
    Finished,
    /// `on_error: stop`, or too many failures.
    Stopped(String),
    Interrupted,
    Refused(GuardError),
}

/// Sends what is not done yet. However it ends, the run file says so and can be applied again.
pub async fn apply(
    engine: &mut Engine<'_>,
    writer: Writer,
    health: Health,
    options: ApplyOptions,
) -> Result<ApplyEnd, ExecuteError> {
    engine.file.begin_run()?;
    writer.expect_metadata(engine.metadata.hash.clone());
    // Each apply may know more rows than the one before it.
    for step in engine.checked.steps.iter().filter(|step| step.is_export()) {
        if !engine.file.is_left_out(step.number)? {
            engine.file.forget_export(step.number)?;
        }
    }
    let end = engine.run(Arc::new(writer), health, options).await;
    engine.judge_expectations()?;
    engine.write_exports()?;
    engine.write_outputs(matches!(end, Ok(ApplyEnd::Finished)))?;
    engine.file.put(&Finished(super::timestamp()))?;
    let (ending, advice) = match &end {
        Ok(ApplyEnd::Finished) => (Ending::Finished, None),
        Ok(ApplyEnd::Stopped(reason)) => (Ending::Stopped(reason.clone()), None),
        Ok(ApplyEnd::Interrupted) => (Ending::Interrupted, None),
        Ok(ApplyEnd::Refused(error)) => {
            engine.file.put(&super::included::exceeded(error))?;
            let advice = error.help(LimitMet::Applying);
            (Ending::Refused(error.to_string()), Some(advice))
        }
        Err(error) => (error.ending(), error.help()),
    };
    if let Some(advice) = advice {
        engine.file.put(&Advice(advice))?;
    }
    engine.file.put(&ending)?;
    end
}

impl Engine<'_> {
    async fn run(
        &mut self,
        writer: Arc<Writer>,
        health: Health,
        options: ApplyOptions,
    ) -> Result<ApplyEnd, ExecuteError> {
        self.file.skip_left_behind()?;
        self.memory.goes_on = self.file.has_sent()?;
        match self.catch_up().await {
            Err(ExecuteError::Interrupted) => return Ok(ApplyEnd::Interrupted),
            done => done?,
        }
        let kinship = Kinship::of(self.checked);
        let steering = Steering::new(options.pace, self.file.get()?);
        let mut sending = Sending::new(writer, health, steering, kinship);
        let mut end = None;
        loop {
            if end.is_none() {
                end = self.reason_to_stop()?;
            }
            if end.is_none() {
                match self.renewed(&sending.writer).await {
                    Ok(()) => {}
                    Err(ExecuteError::Interrupted) => end = Some(ApplyEnd::Interrupted),
                    Err(error) => {
                        self.land_all(sending, GRACE).await?;
                        return Err(error);
                    }
                }
            }
            if end.is_none() {
                match self.dispatch(&mut sending).await {
                    Ok(()) => {}
                    Err(ExecuteError::Guard(error)) => end = Some(ApplyEnd::Refused(error)),
                    Err(ExecuteError::Interrupted) => end = Some(ApplyEnd::Interrupted),
                    Err(error) => {
                        self.land_all(sending, GRACE).await?;
                        return Err(error);
                    }
                }
            }
            if end == Some(ApplyEnd::Interrupted) {
                tracing::warn!(
                    "stopping: nothing new is sent, answers are awaited for a few seconds"
                );
                self.tell_progress(Activity::Stopping)?;
                return match self.land_all(sending, GRACE).await? {
                    // What is wrong with the way to the instance or with the ledger is more than that somebody stopped it.
                    Some(error) => Err(error),
                    None => Ok(ApplyEnd::Interrupted),
                };
            }
            let next = tokio::select! {
                next = sending.next() => next,
                () = stop(self.wish.clone()), if end.is_none() => continue,
                // Nothing comes back while the instance is silent, and somebody may be watching.
                () = tokio::time::sleep(BETWEEN_TOLD) => {
                    self.tell_progress(sending.health.activity())?;
                    continue;
                }
            };
            let Some(landed) = next else {
                // Nothing is on its way; if nothing became ready either, and nothing is in doubt, this is the end.
                if let Some(end) = end {
                    return Ok(end);
                }
                if self.count_ready(1)? == 0 {
                    match self.ask_again().await {
                        Ok(true) => {}
                        // What was settled without being sent may be a reason to stop too.
                        Ok(false) => {
                            return Ok(self.reason_to_stop()?.unwrap_or(ApplyEnd::Finished));
                        }
                        Err(ExecuteError::Interrupted) => return Ok(ApplyEnd::Interrupted),
                        Err(error) => return Err(error),
                    }
                }
                continue;
            };
            let error = self.take_in(&mut sending, landed, end.is_none()).await?;
            if let Some(error) = error {
                self.land_all(sending, GRACE).await?;
                return Err(error);
            }
        }
    }

    /// Takes in what came back. Gives the error that ends the run, if there is one.
    async fn take_in(
        &mut self,
        sending: &mut Sending,
        landed: Landed,
        goes_on: bool,
    ) -> Result<Option<ExecuteError>, ExecuteError> {
        Ok(match landed {
            Landed::Looked {
                flight,
                packed,
                looked,
            } => {
                sending.landed(flight);
                match looked {
                    Ok(looked) if goes_on => self.looked_at(sending, *packed, looked).err(),
                    Ok(_) | Err(ExecuteError::Interrupted) => None,
                    Err(error) => Some(error),
                }
            }
            Landed::Back {
                flight,
                sent,
                delivered,
            } => {
                sending.landed(flight);
                self.steer(sending, &delivered.measured)?;
                let error = self.land(sent, delivered).await?;
                self.tell_progress(sending.health.activity())?;
                error
            }
        })
    }

    /// What became of what was sent, and what was made elsewhere, before anything more is sent.
    async fn catch_up(&mut self) -> Result<(), ExecuteError> {
        if self.reconcile().await? {
            self.file.retry_skipped()?;
        }
        self.meet_ledger().await
    }

    pub(super) fn reason_to_stop(&self) -> Result<Option<ApplyEnd>, ExecuteError> {
        if self.stop_wished() {
            return Ok(Some(ApplyEnd::Interrupted));
        }
        for (step, label, _) in self.file.failures()? {
            let step = self.checked.step(step);
            if self.stops(step, &label) {
                return Ok(Some(ApplyEnd::Stopped(format!(
                    "step `{}` failed with `{label}`",
                    step.id
                ))));
            }
        }
        Ok(self.too_many_failures()?.map(ApplyEnd::Stopped))
    }

    /// Waits for what is on its way, but not for ever. Gives the first error that would have ended the run.
    async fn land_all(
        &mut self,
        mut sending: Sending,
        grace: Duration,
    ) -> Result<Option<ExecuteError>, ExecuteError> {
        let until = Instant::now() + grace;
        let mut first = None;
        while let Ok(Some(landed)) = tokio::time::timeout_at(until, sending.next()).await {
            if let Landed::Back {
                sent, delivered, ..
            } = landed
            {
                let error = self.land(sent, delivered).await?;
                first = first.or(error);
            }
        }
        sending.call_off();
        Ok(first)
    }
}
