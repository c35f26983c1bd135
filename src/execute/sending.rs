//! What is on its way, what came back, and how much more may go.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinError;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ExecuteError;
use super::deliver::Delivered;
use super::kinship::Kinship;
use super::looking::Look;
use super::looking::Looked;
use super::patience::Health;
use super::steer::Steering;
use crate::batch::Budget;
use crate::batch::Ready;
use crate::batch::Touch;
use crate::batch::Touched;
use crate::client::Writer;
use crate::expr::Seq;
use crate::runfile::StoredOperation;

/// So many slots an answer takes while it waits to be judged. Where answers come faster than they can be judged, more of
/// them would be of no use to anybody, and each holds all that a hundred records have.
const SLOTS_OF_WAITING: usize = 4;

/// Everything on its way, and what it holds.
pub(super) struct Sending {
    pub(super) writer: Arc<Writer>,
    pub(super) health: Health,
    pub(super) steering: Steering,
    pub(super) began: Instant,
    pub(super) kinship: Kinship,
    flights: JoinSet<Landed>,
    /// What came back and waits for its turn.
    waiting: VecDeque<Landed>,
    out: BTreeMap<u64, Out>,
    next: u64,
}

/// What one flight holds until it has landed.
#[derive(Default)]
struct Out {
    batches: usize,
    /// Operations that are looked at, and are planned still. Those that were sent are so in the run file.
    looked_at: BTreeSet<Seq>,
    touches: Vec<Touch>,
}

/// What a flight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flight {
    Look,
    Batch,
}

/// What comes back.
pub(super) enum Landed {
    Looked {
        flight: u64,
        packed: Box<Packed>,
        looked: Result<Looked, ExecuteError>,
    },
    Back {
        flight: u64,
        sent: Sent,
        delivered: Delivered,
    },
}

/// A batch that is marked as sent, with its operations as the run file holds them: nothing else changes them until it is
/// back.
pub(super) struct Sent {
    pub(super) number: u64,
    pub(super) at: Instant,
    pub(super) operations: BTreeMap<Seq, StoredOperation>,
}

/// Operations of batches that are about to go.
pub(super) struct Packed {
    pub(super) ready: Vec<Ready>,
    pub(super) operations: BTreeMap<Seq, StoredOperation>,
    pub(super) budget: Budget,
    pub(super) look: Look,
}

impl Sending {
    pub(super) fn new(
        writer: Arc<Writer>,
        health: Health,
        steering: Steering,
        kinship: Kinship,
    ) -> Self {
        Self {
            writer,
            health,
            steering,
            began: Instant::now(),
            kinship,
            flights: JoinSet::new(),
            waiting: VecDeque::new(),
            out: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn landed(&mut self, flight: u64) {
        self.out.remove(&flight);
    }

    /// The next thing that comes back; nothing, where nothing is on its way. A flight that was called off leaves its
    /// operations as sent; the next apply asks about them.
    pub(super) async fn next(&mut self) -> Option<Landed> {
        if let Some(landed) = self.waiting.pop_front() {
            return Some(landed);
        }
        loop {
            if let Some(landed) = arrived(self.flights.join_next().await?) {
                return Some(landed);
            }
        }
    }

    pub(super) fn launch(&mut self, flight: impl Future<Output = Landed> + Send + 'static) {
        self.flights.spawn(flight);
    }

    pub(super) fn call_off(&mut self) {
        self.flights.abort_all();
    }

    /// How many batches may go.
    pub(super) fn free_slots(&mut self) -> usize {
        while let Some(landed) = self.flights.try_join_next() {
            self.waiting.extend(arrived(landed));
        }
        let out: usize = self.out.values().map(|out| out.batches).sum();
        let waiting = self.waiting.len() * SLOTS_OF_WAITING.saturating_sub(1);
        self.steering.slots().saturating_sub(out + waiting)
    }

    pub(super) fn held(&self) -> BTreeSet<Seq> {
        let looked_at = self.out.values().flat_map(|out| &out.looked_at);
        looked_at.copied().collect()
    }

    pub(super) fn busy(&self) -> Touched<'_> {
        let mut busy = Touched::default();
        for out in self.out.values() {
            busy.add(&out.touches);
        }
        busy
    }

    pub(super) fn hold<'a>(
        &mut self,
        batches: usize,
        flight: Flight,
        ready: impl Iterator<Item = &'a Ready>,
    ) -> u64 {
        let mut out = Out {
            batches,
            ..Out::default()
        };
        for operation in ready {
            if flight == Flight::Look {
                out.looked_at.insert(operation.seq);
            }
            out.touches.extend(operation.touches.iter().cloned());
        }
        self.next += 1;
        self.out.insert(self.next, out);
        self.next
    }
}

/// What a flight brings; nothing of one that was called off. One that broke down breaks down here too: it would hold its
/// slot and its operations for ever.
fn arrived(landed: Result<Landed, JoinError>) -> Option<Landed> {
    match landed.map_err(JoinError::try_into_panic) {
        Ok(landed) => Some(landed),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_called_off)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn breaks_down() -> Result<Landed, JoinError> {
        let mut flights: JoinSet<Landed> = JoinSet::new();
        flights.spawn(async { panic!("a flight broke down") });
        flights.join_next().await.expect("it was spawned")
    }

    #[tokio::test]
    #[should_panic(expected = "a flight broke down")]
    async fn a_flight_that_breaks_down_is_heard_of() {
        arrived(breaks_down().await);
    }

    #[tokio::test]
    async fn a_flight_that_was_called_off_brings_nothing() {
        let mut flights: JoinSet<Landed> = JoinSet::new();
        flights.spawn(std::future::pending());
        flights.abort_all();
        let landed = flights.join_next().await.expect("it was spawned");
        assert!(arrived(landed).is_none());
    }
}
