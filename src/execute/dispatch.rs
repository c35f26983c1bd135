//! What goes next: packed, looked at, marked as sent, on its way. Looks at records run beside the batches under way.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::deliver::Courier;
use super::looking::Looked;
use super::sending::Flight;
use super::sending::Landed;
use super::sending::Packed;
use super::sending::Sending;
use super::sending::Sent;
use super::steer::Measured;
use crate::batch;
use crate::batch::Batch;
use crate::batch::Budget;
use crate::batch::Ready;
use crate::batch::Touched;
use crate::event::Event;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Action;
use crate::operation::State;
use crate::runfile::ClientIds;
use crate::runfile::Steered;
use crate::runfile::StoredOperation;

impl Engine<'_> {
    /// Plans what became known and gives every free slot its batch.
    pub(super) async fn dispatch(&mut self, sending: &mut Sending) -> Result<(), ExecuteError> {
        let slots = sending.free_slots();
        let held = sending.held();
        let fill = slots * sending.steering.entries();
        let mut size = fill;
        let (window, budget, batches) = loop {
            self.drive().await?;
            self.check_limits()?;
            if slots == 0 || self.reason_to_stop()?.is_some() {
                return Ok(());
            }
            let window = self.window(&sending.kinship, size, &held)?;
            let unfit = self.unfit(window.operations.values());
            if !unfit.is_empty() {
                // Something may follow from what is settled without being sent, a stop before all else.
                self.file.settle(&unfit)?;
                if self.reason_to_stop()?.is_some() {
                    return Ok(());
                }
                continue;
            }
            if window.ready.is_empty() {
                sending.steering.starved();
                return Ok(());
            }
            let steering = &sending.steering;
            let waiting = self.count_ready(steering.slots() * steering.entries() + held.len())?;
            let waiting = waiting.saturating_sub(held.len()).max(window.ready.len());
            let budget = steering.budget(waiting, slots);
            let batches = batch::compile(&window.ready, &sending.busy(), budget);
            // Where some have to wait, or share a request, others may ride along.
            if window.ready.len() < size || size > fill || are_plainly_full(&batches, &budget) {
                break (window, budget, batches);
            }
            size = 2 * fill;
        };
        if batches.len() < slots {
            sending.steering.starved();
        }
        let going: BTreeSet<Seq> = batches.iter().flat_map(Batch::members).collect();
        let mut operations = window.operations;
        operations.retain(|seq, _| going.contains(seq));
        let mut ready = window.ready;
        ready.retain(|operation| going.contains(&operation.seq));
        let look = self.look(&operations, &ready)?;
        if look.is_needless() {
            return self.send(sending, batches, &ready, operations);
        }
        let flight = sending.hold(batches.len(), Flight::Look, ready.iter());
        let budget = Budget {
            slots: batches.len(),
            ..budget
        };
        let packed = Box::new(Packed {
            ready,
            operations,
            budget,
            look,
        });
        let asker = self.asker.clone();
        let metadata = Arc::clone(&self.metadata);
        sending.launch(async move {
            let looked = packed.look.ask(&asker, &metadata).await;
            Landed::Looked {
                flight,
                packed,
                looked,
            }
        });
        Ok(())
    }

    /// Takes in how a batch went. What is steered by it stands in the run file.
    pub(super) fn steer(
        &mut self,
        sending: &mut Sending,
        measured: &[Measured],
    ) -> Result<(), ExecuteError> {
        for measured in measured {
            sending.steering.learn(measured);
        }
        let steered = sending.steering.steered();
        if self.file.get::<Steered>()? != Some(steered) {
            self.file.put(&steered)?;
        }
        Ok(())
    }

    /// Sends what a look found to be as it was planned.
    pub(super) fn looked_at(
        &mut self,
        sending: &mut Sending,
        mut packed: Packed,
        mut looked: Looked,
    ) -> Result<(), ExecuteError> {
        let asked = packed.look.vacant.iter().map(|(create, _)| *create);
        let vacant = std::mem::take(&mut looked.vacant);
        let mut taken = self.memory.vacant.keep(asked, vacant);
        let cleared = self.cleared(&mut packed.operations, &packed.look, looked)?;
        if !cleared.omitted.is_empty() {
            self.file.omit(&cleared.omitted)?;
            kill::passes(kill::Point::AfterOmit);
        }
        self.file.found_before(&cleared.before)?;
        for (seq, before) in cleared.before {
            if let Some(operation) = packed.operations.get_mut(&seq) {
                operation.before = before;
            }
        }
        self.file.settle(&cleared.settled)?;
        self.memory.keep_images(cleared.images);
        let ended: BTreeMap<Seq, State> = cleared
            .settled
            .iter()
            .map(|(seq, settlement)| (*seq, settlement.state))
            .collect();
        // Nor does anything ride behind a create for which there is a record already: it is compared with that first.
        let is_create = |seq: &&Seq| {
            let operation = packed.operations.get(seq);
            operation.is_some_and(|operation| operation.action == Action::Create)
        };
        taken.extend(ended.keys().filter(is_create));
        let mut ready = Vec::with_capacity(packed.ready.len());
        let mut kept = BTreeSet::new();
        let shrunk: BTreeSet<Seq> = cleared.omitted.iter().map(|(seq, _)| *seq).collect();
        for mut operation in packed.ready {
            if shrunk.contains(&operation.seq)
                && let Some(stored) = packed.operations.get(&operation.seq)
            {
                let behind = std::mem::take(&mut operation.behind);
                let Some(smaller) = self.ready(&sending.kinship, stored, behind) else {
                    continue;
                };
                operation = smaller;
            }
            let rides_alone = operation.behind.iter().all(|seq| !taken.contains(seq));
            // What was so already is nothing to wait for any more; without the rest nothing goes that needed it.
            operation
                .behind
                .retain(|seq| !ended.get(seq).is_some_and(|state| state.is_good()));
            let goes = !ended.contains_key(&operation.seq)
                && rides_alone
                && operation.behind.iter().all(|seq| kept.contains(seq))
                && self.file.state(operation.seq)? == Some(State::Planned);
            if goes {
                kept.insert(operation.seq);
                ready.push(operation);
            }
        }
        // Nothing else touches what these touch, since they were held.
        let mut batches = batch::compile(&ready, &Touched::default(), packed.budget);
        for batch in &mut batches {
            batch.stamp(&cleared.stamps);
        }
        self.send(sending, batches, &ready, packed.operations)
    }

    fn send(
        &mut self,
        sending: &mut Sending,
        batches: Vec<Batch>,
        ready: &[Ready],
        mut operations: BTreeMap<Seq, StoredOperation>,
    ) -> Result<(), ExecuteError> {
        for batch in batches {
            let members = batch.members();
            let number = self
                .file
                .send(&members, batch.entries.len(), &super::timestamp())?;
            kill::passes(kill::Point::AfterSent);
            self.tell(&Event::Sent {
                batch: number,
                entries: batch.entries.len(),
            });
            let courier = self.courier(sending, &members)?;
            let of_batch = |operation: &&Ready| members.binary_search(&operation.seq).is_ok();
            let flight = sending.hold(1, Flight::Batch, ready.iter().filter(of_batch));
            let mut sent = Sent {
                number,
                at: Instant::now(),
                operations: BTreeMap::new(),
            };
            for seq in &members {
                if let Some(mut operation) = operations.remove(seq) {
                    operation.state = State::Sent;
                    operation.attempts += 1;
                    sent.operations.insert(*seq, operation);
                }
            }
            sending.launch(async move {
                Landed::Back {
                    flight,
                    sent,
                    delivered: courier.deliver(batch).await,
                }
            });
        }
        Ok(())
    }

    fn courier(&self, sending: &Sending, members: &[Seq]) -> Result<Courier, ExecuteError> {
        let retries = || {
            members
                .iter()
                .map(|seq| &self.checked.step(seq.step()).retry)
        };
        Ok(Courier {
            writer: Arc::clone(&sending.writer),
            health: sending.health.clone(),
            ids: self.file.get::<ClientIds>()?.unwrap_or(ClientIds::Unseen),
            wish: self.wish.clone(),
            attempts: retries().filter_map(|retry| retry.attempts).max(),
            backoff: retries().filter_map(|retry| retry.backoff).max(),
            began: sending.began,
            measured: Vec::new(),
        })
    }
}

/// Whether every slot has a batch to which nothing can be added.
fn are_plainly_full(batches: &[Batch], budget: &Budget) -> bool {
    let most = budget.entries.min(budget.share);
    batches.len() == budget.slots
        && batches.iter().all(|batch| {
            batch.entries.len() >= most
                && batch.entries.iter().all(|entry| entry.members.len() == 1)
        })
}
