//! What could be sent now: operations that wait for nothing, and those that may ride behind them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Engine;
use super::ExecuteError;
use super::kinship::Kinship;
use super::touches::touches;
use super::turns::Barrier;
use crate::batch::Ready;
use crate::check::CheckedStep;
use crate::check::Sharing;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::operation::Action;
use crate::operation::Change;
use crate::runfile::ClientIds;
use crate::runfile::StoredOperation;
use crate::wire::RecordId;
use crate::wire::Write;

/// Operations looked at behind one that others wait for.
const BEHIND_ONE: u32 = 500;

/// A part of the run file that is small enough for memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// In their order.
    pub(super) ready: Vec<Ready>,
    pub(super) operations: BTreeMap<Seq, StoredOperation>,
}

impl Engine<'_> {
    /// The first `size` operations that may be sent, without those that are `held` while they are looked at, and as many
    /// again that may ride behind them.
    pub(super) fn window(
        &self,
        kinship: &Kinship,
        size: usize,
        held: &BTreeSet<Seq>,
    ) -> Result<Window, ExecuteError> {
        let _steady = self.file.reading()?;
        self.file.look_over_steps()?;
        let mut operations = BTreeMap::new();
        for step in self.checked.steps.iter().filter(|step| step.is_write()) {
            if operations.len() >= size {
                break;
            }
            if self.is_its_turn(step)? {
                let left = u32::try_from(size - operations.len() + held.len()).unwrap_or(u32::MAX);
                let found = self.file.ready(step.number, left)?;
                let free = found.into_iter().filter(|one| !held.contains(&one.seq));
                operations.extend(free.map(|one| (one.seq, one)));
            }
        }
        let behind = self.riders(kinship, size, &mut operations)?;
        let ready = operations
            .values()
            .filter_map(|operation| {
                let behind = behind.get(&operation.seq).cloned().unwrap_or_default();
                self.ready(kinship, operation, behind)
            })
            .collect();
        Ok(Window { ready, operations })
    }

    /// How many operations could be sent now, counted up to a limit.
    pub(super) fn count_ready(&self, limit: usize) -> Result<usize, ExecuteError> {
        self.file.look_over_steps()?;
        let mut count = 0;
        for step in self.checked.steps.iter().filter(|step| step.is_write()) {
            let left = u32::try_from(limit.saturating_sub(count)).unwrap_or(u32::MAX);
            if left == 0 {
                break;
            }
            if self.is_its_turn(step)? {
                let found = self.file.count_ready(step.number, left)?;
                count += usize::try_from(found).unwrap_or(usize::MAX);
            }
        }
        Ok(count)
    }

    /// Whether something of a step is left to be sent, and nothing that it waits for.
    fn is_its_turn(&self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        let is_open = self.file.step(step.number)?.unsettled > 0;
        Ok(is_open && self.barrier(step)? == Barrier::Open)
    }

    pub(super) fn ready(
        &self,
        kinship: &Kinship,
        operation: &StoredOperation,
        behind: Vec<Seq>,
    ) -> Option<Ready> {
        let change = operation.change.as_ref()?;
        let step = self.checked.step(operation.seq.step());
        let may_merge = match change {
            Change::Create { .. } | Change::Update { .. } | Change::Link { .. } => {
                // What was sent before goes singly, so that it is clear whom an answer is about.
                operation.attempts == 0 && step.alone == Sharing::Shared
            }
            Change::Delete { .. }
            | Change::Unlink { .. }
            | Change::Favorite { .. }
            | Change::Unfavorite { .. }
            | Change::UpsertByKey { .. }
            | Change::Call { .. } => false,
        };
        Some(Ready {
            seq: operation.seq,
            requests: self.requests(operation.seq, change),
            touches: touches(change, &self.metadata),
            behind,
            merge: kinship.key(step.number).filter(|_| may_merge),
            sharing: match change.goes_as_itself() {
                true => Sharing::Alone,
                false => step.alone,
            },
        })
    }

    fn requests(&self, seq: Seq, change: &Change) -> Vec<Arc<Write>> {
        let requests = match self.memory.goes_singly(seq) {
            Some(ids) => singly(change, ids),
            None => change.requests(),
        };
        requests.into_iter().map(Arc::new).collect()
    }

    /// Adds the operations that may ride behind those that are there, and gives whom each rides behind.
    fn riders(
        &self,
        kinship: &Kinship,
        size: usize,
        operations: &mut BTreeMap<Seq, StoredOperation>,
    ) -> Result<BTreeMap<Seq, Vec<Seq>>, ExecuteError> {
        let honoured = self.file.get::<ClientIds>()? == Some(ClientIds::Honoured);
        let mut behind = BTreeMap::new();
        let mut candidates = BTreeSet::new();
        for up in self.file.awaited(operations.keys().copied())? {
            candidates.extend(self.file.waiting_behind(up, BEHIND_ONE)?);
        }
        // What is needed comes earlier in the order, so it is decided before what needs it.
        while let Some(seq) = candidates.pop_first() {
            if behind.len() >= size {
                break;
            }
            let step = self.checked.step(seq.step());
            if step.alone == Sharing::Alone || self.barrier(step)? != Barrier::Open {
                continue;
            }
            let Some(operation) = self.file.operation(seq)? else {
                continue;
            };
            let needs = self.file.waits_for(seq)?;
            let rides = needs.iter().all(|(up, kind)| {
                operations
                    .get(up)
                    .is_some_and(|up| may_ride(kinship, &operation, up, *kind, honoured))
            });
            if rides {
                behind.insert(seq, needs.into_iter().map(|(up, _)| up).collect());
                operations.insert(seq, operation);
                candidates.extend(self.file.waiting_behind(seq, BEHIND_ONE)?);
            }
        }
        Ok(behind)
    }
}

/// The requests of a change of which some records go each by a request of its own.
fn singly(change: &Change, ids: &BTreeSet<RecordId>) -> Vec<Write> {
    let mut together = change.clone();
    let singly = together.take_out(|id| ids.contains(id));
    let mut requests = together.requests();
    for target in singly {
        together.take_out(|_| true);
        together.put_back(target);
        requests.extend(together.requests());
    }
    requests
}

/// Whether an operation may stand behind one it waits for in the same batch. What needs the other must be refused by the
/// server itself if the other failed, since a batch goes on after a failure.
fn may_ride(
    kinship: &Kinship,
    operation: &StoredOperation,
    up: &StoredOperation,
    kind: EdgeKind,
    honoured: bool,
) -> bool {
    match kind {
        EdgeKind::Order => {
            kinship.key(operation.seq.step()) == kinship.key(up.seq.step())
                && !parts_what_is_tied(operation, up)
                && !builds_on(operation, up)
        }
        EdgeKind::Value => false,
        EdgeKind::PredictedId => match (&operation.change, &up.change) {
            (Some(change), Some(Change::Create { id, .. })) => {
                honoured && is_refused_without(change, id)
            }
            _ => false,
        },
    }
}

/// Of a link and an unlink the later one is compared with what is linked once the earlier one is done.
fn parts_what_is_tied(operation: &StoredOperation, up: &StoredOperation) -> bool {
    matches!(
        (operation.action, up.action),
        (Action::Link, Action::Unlink) | (Action::Unlink, Action::Link)
    )
}

/// Whether it was worked out over what the earlier one leaves: a batch goes on when that one fails, and then this one
/// would write what it was to write.
fn builds_on(operation: &StoredOperation, up: &StoredOperation) -> bool {
    let mut left = up.after.iter();
    left.any(|(name, value)| operation.before.get(name) == Some(value))
}

fn is_refused_without(change: &Change, id: &RecordId) -> bool {
    match change {
        Change::Link {
            record, targets, ..
        } => record == id || targets.iter().any(|target| target.id == *id),
        Change::Create {
            under: Some(parent),
            ..
        } => parent.record == *id,
        Change::Update { record, .. } | Change::Favorite { record, .. } => record == id,
        // A create that merely carries the id would succeed and dangle. That there is nothing to take away is no
        // failure to the server.
        Change::Create { under: None, .. }
        | Change::Delete { .. }
        | Change::Unlink { .. }
        | Change::Unfavorite { .. }
        | Change::UpsertByKey { .. }
        | Change::Call { .. } => false,
    }
}
