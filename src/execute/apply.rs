//! The loop that sends: plan what became known, look before writing, pack, send, judge, write down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::ask::stop;
use super::deliver::Delivered;
use super::deliver::Doubt;
use super::deliver::Told;
use super::dispatch::Landed;
use super::dispatch::Sending;
use super::dispatch::Sent;
use super::judge;
use super::judge::Judged;
use super::kinship::Kinship;
use super::lookup::Question;
use super::partly::partly;
use super::patience::Health;
use super::side_effects;
use super::steer::Pace;
use super::steer::Steering;
use crate::client::Writer;
use crate::event::Activity;
use crate::event::Event;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Action;
use crate::operation::State;
use crate::plan::GuardError;
use crate::plan::LimitMet;
use crate::plan::decide;
use crate::playbook::OnErrorAction;
use crate::runfile::Advice;
use crate::runfile::ClientIds;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::SugarLabel;

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
        Ok(ApplyEnd::Refused(error)) => (
            Ending::Refused(error.to_string()),
            Some(error.help(LimitMet::Applying)),
        ),
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
                match self.renewed(&sending.writer, &sending.health).await {
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
                self.land_all(sending, GRACE).await?;
                return Ok(ApplyEnd::Interrupted);
            }
            let next = tokio::select! {
                next = sending.flights.join_next() => next,
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
            // A flight that was called off leaves its operations as sent; the next apply asks about them.
            let Ok(landed) = landed else { continue };
            let error = match landed {
                Landed::Looked {
                    flight,
                    packed,
                    looked,
                } => {
                    sending.landed(flight);
                    match looked {
                        Ok(looked) if end.is_none() => {
                            self.looked_at(&mut sending, *packed, looked).err()
                        }
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
                    self.steer(&mut sending, &delivered.measured)?;
                    let error = self.land(sent, delivered).await?;
                    self.tell_progress(sending.health.activity())?;
                    error
                }
            };
            if let Some(error) = error {
                self.land_all(sending, GRACE).await?;
                return Err(error);
            }
        }
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

    /// Takes in one batch that came back. Gives the error that ends the run, if there is one.
    async fn land(
        &mut self,
        mut sent: Sent,
        delivered: Delivered,
    ) -> Result<Option<ExecuteError>, ExecuteError> {
        kill::passes(kill::Point::AfterAnswer);
        let mut told: BTreeMap<Seq, Vec<Told>> = BTreeMap::new();
        for entry in delivered.told {
            told.entry(entry.member).or_default().push(entry);
        }
        let most = |told: &[Told]| told.iter().map(|told| told.sent).max().unwrap_or(0);
        let sent_again: Vec<(Seq, u32)> = told
            .iter()
            .map(|(seq, told)| (*seq, most(told).saturating_sub(1)))
            .filter(|(_, more)| *more > 0)
            .collect();
        self.file.sent_again(&sent_again)?;
        for (seq, more) in sent_again {
            if let Some(operation) = sent.operations.get_mut(&seq) {
                operation.attempts += more;
            }
        }
        let mut again = Vec::new();
        let mut settlements = BTreeMap::new();
        let mut creates = Vec::new();
        let mut questions = Vec::new();
        for (seq, told) in told {
            let Some(operation) = sent.operations.remove(&seq) else {
                continue;
            };
            let effects = self.side_effects(&operation, &told);
            let judged = judge::judge(
                &operation,
                self.checked.step(seq.step()),
                &self.metadata,
                told,
            );
            match judged {
                Judged::Settled(mut settlement) => {
                    if settlement.state == State::Failed && self.rode_in_vain(seq, &settlements)? {
                        again.push((seq, Settlement::new(State::Planned)));
                        continue;
                    }
                    settlement.side_effects = effects;
                    let settlement = partly(&operation, *settlement);
                    settlements.insert(seq, self.tolerated(seq, settlement));
                    if operation.action == Action::Create {
                        creates.push(operation);
                    }
                }
                Judged::LookUp {
                    fault: Some(_),
                    doubt: Doubt::None,
                } if self.rode_in_vain(seq, &settlements)? => {
                    again.push((seq, Settlement::new(State::Planned)));
                }
                Judged::Singly(ids) => {
                    self.memory.send_singly(seq, ids);
                    again.push((seq, Settlement::new(State::Planned)));
                }
                Judged::Again => again.push((seq, Settlement::new(State::Planned))),
                Judged::Outdated if self.renewal.may_help() => {
                    self.renewal.want();
                    again.push((seq, Settlement::new(State::Planned)));
                }
                Judged::Outdated => {
                    let settlement = Settlement::new(State::Failed).label(
                        SugarLabel::MetadataOutOfDate,
                        "the instance goes on saying that its metadata are newer",
                    );
                    let settlement = partly(&operation, settlement);
                    settlements.insert(seq, self.tolerated(seq, settlement));
                }
                Judged::LookUp { fault, doubt } => questions.push(Question {
                    operation,
                    fault,
                    doubt,
                }),
            }
        }
        let created = |create: &'_ StoredOperation| settlements.get(&create.seq);
        let made = creates
            .iter()
            .filter_map(|create| Some((create, created(create)?)));
        // What was done is written down even where the ledger is not.
        let unwritten = self.enter(made.clone()).err().map(ExecuteError::from);
        self.learn(made)?;
        // First what is planned again, so that it hears what becomes of those it needs.
        again.extend(settlements);
        let requests = self.requests_so_far()?;
        self.file
            .land(sent.number, &again, &super::timestamp(), &requests)?;
        // Without an instance to ask, or time, they stay sent; the next apply asks.
        let end = delivered.end.or(unwritten);
        if end.is_none() && !self.stop_wished() {
            // Boxed, since few batches need it and all would carry its size.
            match Box::pin(self.answer(questions)).await {
                Ok(()) | Err(ExecuteError::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
        kill::passes(kill::Point::AfterRecord);
        self.tell(&Event::Answered {
            batch: sent.number,
            took: sent.at.elapsed(),
        });
        Ok(end)
    }

    fn side_effects(&mut self, operation: &StoredOperation, told: &[Told]) -> Map<String, Json> {
        let image = self.memory.take_image(operation.seq);
        match (&operation.change, image) {
            (Some(change), Some(image)) => side_effects::seen(change, &image, told, &self.metadata),
            _ => Map::new(),
        }
    }

    /// Asks the instance what became of operations whose answers do not say it.
    async fn answer(&mut self, questions: Vec<Question>) -> Result<(), ExecuteError> {
        let operations = questions.iter().map(|question| &question.operation);
        let held = self.held_ids(operations).await?;
        for (question, held) in questions.into_iter().zip(held) {
            let operation = question.operation.clone();
            let settlement = partly(&operation, self.look_up(question, held).await?);
            // Perhaps it is under way still; it is asked about again when nothing else is.
            let may_clear_up =
                settlement.state == State::Unknown && operation.action == Action::Create;
            if may_clear_up && self.memory.doubt(operation.seq) {
                continue;
            }
            self.settle_asked(&operation, settlement)?;
            kill::passes(kill::Point::AfterQuestion);
        }
        Ok(())
    }

    /// Writes down what the instance was asked about.
    pub(super) fn settle_asked(
        &mut self,
        operation: &StoredOperation,
        settlement: Settlement,
    ) -> Result<(), ExecuteError> {
        let entered = self.enter([(operation, &settlement)].into_iter());
        self.learn([(operation, &settlement)].into_iter())?;
        self.file.settle(&[(operation.seq, settlement)])?;
        Ok(entered?)
    }

    /// Whether an operation that was refused rode behind one that it needs and that is not done. Then it was not its own
    /// fault: it waits for the other, or is skipped with it.
    fn rode_in_vain(
        &self,
        seq: Seq,
        settlements: &BTreeMap<Seq, Settlement>,
    ) -> Result<bool, ExecuteError> {
        let needs = self.file.waits_for(seq)?;
        Ok(needs.iter().any(|(up, kind)| {
            let is_done = settlements.get(up).is_some_and(|one| one.state.is_good());
            *kind != EdgeKind::Order && !is_done
        }))
    }

    /// The creates that are known to be done show whether the instance keeps ids.
    pub(super) fn learn<'a>(
        &mut self,
        done: impl Iterator<Item = (&'a StoredOperation, &'a Settlement)>,
    ) -> Result<(), ExecuteError> {
        let mut known = self.file.get::<ClientIds>()?;
        for (operation, settlement) in done {
            if operation.action != Action::Create || settlement.records.is_empty() {
                continue;
            }
            let seen = judge::client_ids(settlement);
            if known != Some(seen) {
                if seen == ClientIds::Ignored {
                    self.warn_of_ignored_ids()?;
                }
                self.file.put(&seen)?;
                known = Some(seen);
                kill::passes(kill::Point::AfterLearn);
            }
        }
        Ok(())
    }

    /// Waits for what is on its way, but not for ever.
    async fn land_all(
        &mut self,
        mut sending: Sending,
        grace: Duration,
    ) -> Result<(), ExecuteError> {
        let until = Instant::now() + grace;
        let flights = &mut sending.flights;
        while let Ok(Some(landed)) = tokio::time::timeout_at(until, flights.join_next()).await {
            if let Ok(Landed::Back {
                sent, delivered, ..
            }) = landed
            {
                self.land(sent, delivered).await?;
            }
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
