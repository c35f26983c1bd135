//! What rides behind a create goes without being compared, since nobody else can know the record. Where somebody made it
//! meanwhile, the instance refuses the create and not what rides behind it: so it is asked before whether its id is free.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Engine;
use super::ExecuteError;
use super::needs::Known;
use crate::batch::Ready;
use crate::expr::Seq;
use crate::operation::Action;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::CreateRow;
use crate::runfile::StoredOperation;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Creates of a step that are asked about in advance, so that not each batch waits for an answer of its own.
const AHEAD: u32 = 600;

/// How long an id that was free is taken to be free.
const HOLDS: Duration = Duration::from_mins(1);

/// Creates whose ids were free when it was asked.
#[derive(Debug, Default)]
pub(super) struct Vacant(BTreeMap<Seq, Instant>);

impl Vacant {
    fn contains(&self, create: Seq) -> bool {
        self.0
            .get(&create)
            .is_some_and(|asked| asked.elapsed() < HOLDS)
    }

    /// Keeps those that were found free; gives those that were not.
    pub(super) fn keep(
        &mut self,
        asked: impl Iterator<Item = Seq>,
        known: Vec<Known>,
    ) -> BTreeSet<Seq> {
        let now = Instant::now();
        self.0.retain(|_, asked| asked.elapsed() < HOLDS);
        let mut taken = BTreeSet::new();
        for (create, known) in asked.zip(known) {
            match known {
                Ok(Current::Missing) => {
                    self.0.insert(create, now);
                }
                // What cannot be told is not free for certain.
                Ok(_) | Err(_) => {
                    taken.insert(create);
                }
            }
        }
        taken
    }
}

impl Engine<'_> {
    /// The creates behind which something rides, and some that come after them, where it is not known that their ids are
    /// free. A create that rides has an id of its own, and is refused by that.
    pub(super) fn perhaps_taken(
        &self,
        operations: &BTreeMap<Seq, StoredOperation>,
        ready: &[Ready],
    ) -> Result<Vec<(Seq, Need)>, ExecuteError> {
        let creates = |seq: &Seq| {
            let operation = operations.get(seq);
            operation.is_some_and(|operation| operation.action == Action::Create)
        };
        let riders = ready.iter().filter(|operation| !creates(&operation.seq));
        let led = riders.flat_map(|rider| rider.behind.iter().copied());
        let unknown: BTreeSet<Seq> = led
            .filter(creates)
            .filter(|create| !self.memory.vacant.contains(*create))
            .collect();
        let mut last = BTreeMap::new();
        let mut needs = Vec::with_capacity(unknown.len());
        for create in unknown {
            last.insert(create.step(), create);
            let about = operations.get(&create).and_then(|one| one.change.as_ref());
            if let Some((module, record)) = about.and_then(|change| change.about()) {
                needs.push((create, is_there(module.clone(), record.clone())));
            }
        }
        for (step, last) in last {
            let more = self.file.creates_planned(step, Some(last), AHEAD)?;
            let of = |row: CreateRow| (row.seq, is_there(row.module, row.record));
            needs.extend(more.into_iter().map(of));
        }
        Ok(needs)
    }
}

fn is_there(module: ModuleName, record: RecordId) -> Need {
    Need::Record {
        module,
        record,
        fields: Fields::These(BTreeSet::new()),
    }
}
