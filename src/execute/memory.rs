//! What a run keeps in mind and need not write down: it is of use to this process only.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::named::Named;
use super::vacant::Vacant;
use crate::expr::Seq;
use crate::wire::RecordId;

#[derive(Debug, Default)]
pub struct Memory {
    /// An earlier apply of the run file sent something.
    pub(super) goes_on: bool,
    /// Records that are about to be overwritten, as they were found just before.
    images: BTreeMap<Seq, Map<String, Json>>,
    /// Operations whose answer was lost and whose end the instance could not show at once, and since when.
    doubtful: BTreeMap<Seq, Instant>,
    /// Those that were asked about once more. Nothing is waited for twice.
    asked_again: BTreeSet<Seq>,
    /// Records that go each by a request of its own, since one for several was refused.
    singly: BTreeMap<Seq, BTreeSet<RecordId>>,
    /// Creates whose ids are free.
    pub(super) vacant: Vacant,
    /// What was found of records that values name.
    pub(super) named: Named,
}

impl Memory {
    pub(super) fn keep_images(&mut self, images: BTreeMap<Seq, Map<String, Json>>) {
        self.images.extend(images);
    }

    pub(super) fn take_image(&mut self, seq: Seq) -> Option<Map<String, Json>> {
        self.images.remove(&seq)
    }

    pub(super) fn send_singly(&mut self, seq: Seq, ids: Vec<RecordId>) {
        self.singly.entry(seq).or_default().extend(ids);
    }

    pub(super) fn goes_singly(&self, seq: Seq) -> Option<&BTreeSet<RecordId>> {
        self.singly.get(&seq)
    }

    /// Notes an operation to ask about later. False where that was done already.
    pub(super) fn doubt(&mut self, seq: Seq) -> bool {
        if self.asked_again.contains(&seq) {
            return false;
        }
        self.doubtful.insert(seq, Instant::now());
        true
    }

    /// All that are to be asked about, and when the last of them came into doubt.
    pub(super) fn take_doubtful(&mut self) -> Option<(Vec<Seq>, Instant)> {
        let doubtful = std::mem::take(&mut self.doubtful);
        let last = doubtful.values().max().copied()?;
        let doubtful: Vec<Seq> = doubtful.into_keys().collect();
        self.asked_again.extend(&doubtful);
        Some((doubtful, last))
    }
}
