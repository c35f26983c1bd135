//! The loop that sends: plan what became known, look before writing, pack, send, judge, write down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::ask::stop;
use super::deliver::Courier;
use super::deliver::Delivered;
use super::deliver::Pace;
use super::deliver::Told;
use super::drive::Barrier;
use super::judge;
use super::judge::Judged;
use super::lookup::Question;
use super::patience::Health;
use crate::batch;
use crate::batch::Batch;
use crate::batch::Budget;
use crate::batch::Ready;
use crate::client::Writer;
use crate::event::Event;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Action;
use crate::operation::State;
use crate::plan::GuardError;
use crate::plan::decide;
use crate::playbook::OnErrorAction;
use crate::runfile::ClientIds;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;

/// How long answers are awaited once somebody wants the run to stop; a CI system kills after 7.5 s.
const GRACE: Duration = Duration::from_secs(7);

#[derive(Debug, Clone, Copy, Default)]
pub struct ApplyOptions {
    pub pace: Pace,
    /// Nothing new is sent after this.
    pub deadline: Option<Instant>,
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

type Flights = JoinSet<(u64, Instant, Delivered)>;

/// Sends what is not done yet. However it ends, the run file says so and can be applied again.
pub async fn apply(
    engine: &mut Engine<'_>,
    writer: Writer,
    health: Health,
    options: ApplyOptions,
) -> Result<ApplyEnd, ExecuteError> {
    engine.file.begin_run()?;
    // Each apply may know more rows than the one before it.
    for step in engine.checked.steps.iter().filter(|step| step.is_export()) {
        if !engine.file.is_left_out(step.number)? {
            engine.file.forget_export(step.number)?;
        }
    }
    let end = engine.run(Arc::new(writer), health, options).await;
    engine.judge_expectations()?;
    engine.write_exports()?;
    engine.write_outputs()?;
    engine.file.put(&Finished(super::timestamp()))?;
    engine.file.put(&match &end {
        Ok(ApplyEnd::Finished) => Ending::Finished,
        Ok(ApplyEnd::Stopped(reason)) => Ending::Stopped(reason.clone()),
        Ok(ApplyEnd::Interrupted) => Ending::Interrupted,
        Ok(ApplyEnd::Refused(error)) => Ending::Refused(error.to_string()),
        Err(error) => Ending::Lost(error.to_string()),
    })?;
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
        match self.reconcile().await {
            Err(ExecuteError::Interrupted) => return Ok(ApplyEnd::Interrupted),
            done => done?,
        }
        let mut flights = Flights::new();
        let mut end = None;
        loop {
            if end.is_none() {
                end = self.reason_to_stop(options.deadline)?;
            }
            if end.is_none() {
                match self
                    .next_batches(&writer, &health, options.pace, &mut flights)
                    .await
                {
                    Ok(()) => {}
                    Err(ExecuteError::Guard(error)) => end = Some(ApplyEnd::Refused(error)),
                    Err(ExecuteError::Interrupted) => end = Some(ApplyEnd::Interrupted),
                    Err(error) => {
                        self.land_all(flights, GRACE).await?;
                        return Err(error);
                    }
                }
            }
            if end == Some(ApplyEnd::Interrupted) {
                tracing::warn!(
                    "stopping: nothing new is sent, answers are awaited for a few seconds"
                );
                self.land_all(flights, GRACE).await?;
                return Ok(ApplyEnd::Interrupted);
            }
            let next = tokio::select! {
                next = flights.join_next() => next,
                () = self.stop_or(options.deadline), if end.is_none() => continue,
            };
            let Some(landed) = next else {
                // Nothing is on its way; if nothing became ready either, this is the end.
                if end.is_some() || !self.anything_ready()? {
                    return Ok(end.unwrap_or(ApplyEnd::Finished));
                }
                continue;
            };
            if let Some(error) = self.land(landed).await? {
                self.land_all(flights, GRACE).await?;
                return Err(error);
            }
        }
    }

    /// Ends when somebody wishes to stop, or time is up.
    async fn stop_or(&self, deadline: Option<Instant>) {
        let wish = stop(self.wish.clone());
        match deadline {
            Some(deadline) => drop(tokio::time::timeout_at(deadline, wish).await),
            None => wish.await,
        }
    }

    fn reason_to_stop(&self, deadline: Option<Instant>) -> Result<Option<ApplyEnd>, ExecuteError> {
        if self.stop_wished() || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
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

    /// Plans what became known and sends as much as there are slots for.
    async fn next_batches(
        &mut self,
        writer: &Arc<Writer>,
        health: &Health,
        pace: Pace,
        flights: &mut Flights,
    ) -> Result<(), ExecuteError> {
        self.drive().await?;
        self.check_limits()?;
        if self.reason_to_stop(None)?.is_some() {
            return Ok(());
        }
        let slots = pace.slots.saturating_sub(flights.len());
        if slots == 0 {
            return Ok(());
        }
        let window = self.window(slots * pace.entries)?;
        if window.is_empty() {
            return Ok(());
        }
        let cleared = self.preconditions(&window).await?;
        let settled: Vec<Seq> = cleared.settled.iter().map(|(seq, _)| *seq).collect();
        self.file.settle(&cleared.settled)?;
        let going: Vec<&StoredOperation> = window
            .iter()
            .filter(|operation| !settled.contains(&operation.seq))
            .collect();
        let ready: Vec<Ready> = going
            .iter()
            .filter_map(|operation| {
                let stamp = cleared.stamps.get(&operation.seq).map(String::as_str);
                Some(Ready {
                    seq: operation.seq,
                    requests: operation.change.as_ref()?.requests(stamp),
                    sharing: self.checked.step(operation.seq.step()).alone,
                })
            })
            .collect();
        for batch in batch::compile(
            &ready,
            Budget {
                entries: pace.entries,
                bytes: pace.bytes,
                slots,
            },
        ) {
            let members = batch.members();
            let number = self
                .file
                .send(&members, batch.entries.len(), &super::timestamp())?;
            kill::passes(kill::Point::AfterSent);
            self.tell(&Event::Sent {
                batch: number,
                entries: batch.entries.len(),
            });
            let courier = self.courier(writer, health, &batch)?;
            flights.spawn(async move { (number, Instant::now(), courier.deliver(batch).await) });
        }
        Ok(())
    }

    fn courier(
        &self,
        writer: &Arc<Writer>,
        health: &Health,
        batch: &Batch,
    ) -> Result<Courier, ExecuteError> {
        let steps = || {
            batch
                .entries
                .iter()
                .map(|entry| &self.checked.step(entry.member.step()).retry)
        };
        Ok(Courier {
            writer: Arc::clone(writer),
            health: health.clone(),
            ids: self.file.get::<ClientIds>()?.unwrap_or(ClientIds::Unseen),
            wish: self.wish.clone(),
            attempts: steps().filter_map(|retry| retry.attempts).max(),
            backoff: steps().filter_map(|retry| retry.backoff).max(),
        })
    }

    /// The first operations that may be sent, in order.
    fn window(&self, size: usize) -> Result<Vec<StoredOperation>, ExecuteError> {
        let mut window = Vec::new();
        for step in self.checked.steps.iter().filter(|step| step.is_write()) {
            if window.len() >= size {
                break;
            }
            if self.barrier(step)? == Barrier::Open {
                let left = u32::try_from(size - window.len()).unwrap_or(u32::MAX);
                window.extend(self.file.ready(step.number, left)?);
            }
        }
        Ok(window)
    }

    fn anything_ready(&mut self) -> Result<bool, ExecuteError> {
        Ok(!self.window(1)?.is_empty())
    }

    /// Takes in one batch that came back. Gives the error that ends the run, if there is one.
    async fn land(
        &mut self,
        landed: Result<(u64, Instant, Delivered), tokio::task::JoinError>,
    ) -> Result<Option<ExecuteError>, ExecuteError> {
        // A flight that was called off leaves its operations as sent; the next apply asks about them.
        let Ok((number, sent, delivered)) = landed else {
            return Ok(None);
        };
        kill::passes(kill::Point::AfterAnswer);
        let mut requests = self
            .file
            .get::<crate::runfile::Requests>()?
            .unwrap_or_default();
        requests.retries += delivered.retries;
        self.file.put(&requests)?;
        let mut told: BTreeMap<Seq, Vec<Told>> = BTreeMap::new();
        for entry in delivered.told {
            told.entry(entry.member).or_default().push(entry);
        }
        let mut settlements = Vec::new();
        let mut questions = Vec::new();
        for (seq, told) in told {
            let Some(operation) = self.file.operation(seq)? else {
                continue;
            };
            match judge::judge(
                &operation,
                self.checked.step(seq.step()),
                self.metadata,
                told,
            ) {
                Judged::Settled(settlement) => {
                    self.learn(&operation, &settlement)?;
                    settlements.push((seq, self.tolerated(seq, *settlement)));
                }
                Judged::Again => settlements.push((seq, Settlement::new(State::Planned))),
                Judged::LookUp { fault, doubt } => questions.push(Question {
                    operation,
                    fault,
                    doubt,
                }),
            }
        }
        self.file.settle(&settlements)?;
        // Without an instance to ask, or time, they stay sent; the next apply asks.
        if delivered.end.is_none() && !self.stop_wished() {
            for question in questions {
                let operation = question.operation.clone();
                match self.look_up(question).await {
                    Ok(settlement) => {
                        self.learn(&operation, &settlement)?;
                        self.file.settle(&[(operation.seq, settlement)])?;
                        kill::passes(kill::Point::AfterQuestion);
                    }
                    Err(ExecuteError::Interrupted) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        self.file.answered(number, &super::timestamp())?;
        kill::passes(kill::Point::AfterRecord);
        self.tell(&Event::Answered {
            batch: number,
            took: sent.elapsed(),
        });
        let progress = self.file.progress()?;
        self.tell(&Event::Progress(progress));
        Ok(delivered.end)
    }

    /// The first create that is known to be done shows whether the instance keeps ids.
    pub(super) fn learn(
        &mut self,
        operation: &StoredOperation,
        settlement: &Settlement,
    ) -> Result<(), ExecuteError> {
        if operation.action == Action::Create && settlement.result.is_some() {
            let seen = judge::client_ids(settlement);
            if self.file.get::<ClientIds>()? != Some(seen) {
                self.file.put(&seen)?;
                kill::passes(kill::Point::AfterLearn);
            }
        }
        Ok(())
    }

    /// Waits for what is on its way, but not for ever.
    async fn land_all(
        &mut self,
        mut flights: Flights,
        grace: Duration,
    ) -> Result<(), ExecuteError> {
        let until = Instant::now() + grace;
        while let Ok(Some(landed)) = tokio::time::timeout_at(until, flights.join_next()).await {
            self.land(landed).await?;
        }
        flights.abort_all();
        Ok(())
    }

    /// A failure the playbook says to ignore is a skip with its label.
    pub(super) fn tolerated(&self, seq: Seq, mut settlement: Settlement) -> Settlement {
        let Some(label) = settlement
            .label
            .as_ref()
            .filter(|_| settlement.state == State::Failed)
        else {
            return settlement;
        };
        let step = self.checked.step(seq.step());
        if decide(&step.on_error, &self.checked.limits, label) == OnErrorAction::Ignore {
            settlement.state = State::Skipped;
        }
        settlement
    }
}
