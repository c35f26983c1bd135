//! A batch that came back: judged, written down, and asked about where its answers do not say what happened.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::deliver::Delivered;
use super::deliver::Doubt;
use super::deliver::Told;
use super::inquiry::Moment;
use super::inquiry::Question;
use super::judge;
use super::judge::Judged;

use super::partly::partly;
use super::sending::Sent;
use super::side_effects;
use crate::event::Event;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Action;
use crate::operation::State;
use crate::plan::decide;
use crate::playbook::OnErrorAction;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::SugarLabel;

/// What the answers to a batch come to.
#[derive(Default)]
struct Verdicts {
    /// What goes once more.
    again: Vec<(Seq, Settlement)>,
    settlements: BTreeMap<Seq, Settlement>,
    /// The creates among them.
    creates: Vec<StoredOperation>,
    questions: Vec<Question>,
}

impl Engine<'_> {
    /// Takes in one batch that came back. Gives the error that ends the run, if there is one.
    pub(super) async fn land(
        &mut self,
        mut sent: Sent,
        delivered: Delivered,
    ) -> Result<Option<ExecuteError>, ExecuteError> {
        kill::passes(kill::Point::AfterAnswer);
        let mut told: BTreeMap<Seq, Vec<Told>> = BTreeMap::new();
        for entry in delivered.told {
            told.entry(entry.member).or_default().push(entry);
        }
        self.count_repeats(&mut sent, &told)?;
        let mut verdicts = Verdicts::default();
        for (seq, told) in told {
            if let Some(operation) = sent.operations.remove(&seq) {
                self.judge(operation, told, &mut verdicts)?;
            }
        }
        let Verdicts {
            mut again,
            settlements,
            creates,
            questions,
        } = verdicts;
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
            match Box::pin(self.clear_up(questions, Moment::AtOnce)).await {
                Ok(_) | Err(ExecuteError::Interrupted) => {}
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

    /// Notes how often operations went before they came back, where that was more than once.
    fn count_repeats(
        &mut self,
        sent: &mut Sent,
        told: &BTreeMap<Seq, Vec<Told>>,
    ) -> Result<(), ExecuteError> {
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
        Ok(())
    }

    fn judge(
        &mut self,
        operation: StoredOperation,
        told: Vec<Told>,
        verdicts: &mut Verdicts,
    ) -> Result<(), ExecuteError> {
        let seq = operation.seq;
        let effects = self.side_effects(&operation, &told);
        let judged = judge::judge(
            &operation,
            self.checked.step(seq.step()),
            &self.metadata,
            told,
        );
        match judged {
            Judged::Settled(mut settlement) => {
                if settlement.state == State::Failed
                    && self.rode_in_vain(seq, &verdicts.settlements)?
                {
                    verdicts.again.push((seq, Settlement::new(State::Planned)));
                    return Ok(());
                }
                settlement.side_effects = effects;
                let settlement = partly(&operation, *settlement);
                verdicts
                    .settlements
                    .insert(seq, self.tolerated(seq, settlement));
                if operation.action == Action::Create {
                    verdicts.creates.push(operation);
                }
            }
            Judged::LookUp {
                fault: Some(_),
                doubt: Doubt::None,
            } if self.rode_in_vain(seq, &verdicts.settlements)? => {
                verdicts.again.push((seq, Settlement::new(State::Planned)));
            }
            Judged::Singly(ids) => {
                self.memory.send_singly(seq, ids);
                verdicts.again.push((seq, Settlement::new(State::Planned)));
            }
            Judged::Again => verdicts.again.push((seq, Settlement::new(State::Planned))),
            Judged::Outdated if self.renewal.may_help() => {
                self.renewal.want();
                verdicts.again.push((seq, Settlement::new(State::Planned)));
            }
            Judged::Outdated => {
                let settlement = Settlement::new(State::Failed).label(
                    SugarLabel::MetadataOutOfDate,
                    "the instance goes on saying that its metadata are newer",
                );
                let settlement = partly(&operation, settlement);
                verdicts
                    .settlements
                    .insert(seq, self.tolerated(seq, settlement));
            }
            Judged::LookUp { fault, doubt } => verdicts.questions.push(Question {
                operation,
                fault,
                doubt,
            }),
        }
        Ok(())
    }

    fn side_effects(&mut self, operation: &StoredOperation, told: &[Told]) -> Map<String, Json> {
        let image = self.memory.take_image(operation.seq);
        match (&operation.change, image) {
            (Some(change), Some(image)) => side_effects::seen(change, &image, told, &self.metadata),
            _ => Map::new(),
        }
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
