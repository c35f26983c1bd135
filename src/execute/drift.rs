//! Operations that are about to go, by what was found of their records: what goes, what is done already, what drifted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::judge;
use super::looking::Look;
use super::looking::Looked;
use super::meanwhile::Meanwhile;
use super::meanwhile::meanwhile;
use super::ours::Beside;
use super::partly::leave_out;
use super::partly::partly;
use super::standing::Standing;
use super::standing::deletes;
use super::upsert::overtaken;
use crate::expr::Seq;
use crate::operation::Hanging;
use crate::operation::Omissions;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Need;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::Label;
use crate::wire::LocalLabel;

/// Operations that may go, with the stamps to send along.
#[derive(Debug, Default)]
pub(super) struct Cleared {
    pub(super) stamps: BTreeMap<Seq, String>,
    /// What updates are about to overwrite, and what stands beside it.
    pub(super) images: BTreeMap<Seq, Map<String, Json>>,
    /// Records that links are not made to, since somebody bound them otherwise.
    pub(super) omitted: Vec<(Seq, Omissions)>,
    /// What was there before links, where somebody set or removed some of them.
    pub(super) before: Vec<(Seq, Map<String, Json>)>,
    pub(super) settled: Vec<(Seq, Settlement)>,
}

impl Engine<'_> {
    /// What a look means for the operations it was for. What is not to be done is taken out of them.
    pub(super) fn cleared(
        &self,
        operations: &mut BTreeMap<Seq, StoredOperation>,
        look: &Look,
        looked: Looked,
    ) -> Result<Cleared, ExecuteError> {
        let mut cleared = Cleared::default();
        for (seq, answer) in look.upserts.iter().zip(looked.matches) {
            let change = operations.get(seq).and_then(|one| one.change.as_ref());
            if let Some(settlement) = change.and_then(|change| overtaken(change, answer)) {
                cleared
                    .settled
                    .push((*seq, self.tolerated(*seq, settlement)));
            }
        }
        let mut rebound_elsewhere: BTreeMap<Seq, Omissions> = BTreeMap::new();
        for ((seq, bound), now) in look.bound.iter().zip(&looked.held) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            if let Some(why) = self.rebound(operation, bound, now.as_ref())? {
                let omissions = rebound_elsewhere.entry(*seq).or_default();
                omissions.insert(bound.record().clone(), why);
            }
        }
        for ((seq, need), known) in look.links.iter().zip(&looked.links) {
            let (Some(operation), Need::Links { others, .. }, Ok(Current::Links(linked))) =
                (operations.get(seq), need, known)
            else {
                continue;
            };
            for (id, why) in self.recast(operation, others, linked)? {
                let omissions = rebound_elsewhere.entry(*seq).or_default();
                omissions.entry(id).or_insert(why);
            }
        }
        let mut not_sent = BTreeSet::new();
        for (seq, omissions) in rebound_elsewhere {
            let Some(operation) = operations.get_mut(&seq) else {
                continue;
            };
            match leave_out(operation, &omissions) {
                Some(settlement) => {
                    not_sent.insert(seq);
                    cleared.settled.push((seq, self.tolerated(seq, settlement)));
                }
                None => cleared.omitted.push((seq, omissions)),
            }
        }
        for ((seq, _), known) in look.links.iter().zip(looked.links) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            // What cannot be read is for the write itself to find out.
            let Ok(current) = known else { continue };
            match meanwhile(operation, current, &self.metadata) {
                // What was sent before is perhaps done in part, and that is this run's: it goes again.
                _ if not_sent.contains(seq) || operation.attempts > 0 => {}
                Meanwhile::AsPlanned => {}
                Meanwhile::Partly(before) => cleared.before.push((*seq, before)),
                Meanwhile::Done => {
                    let settlement = partly(operation, Settlement::new(State::Unchanged));
                    cleared
                        .settled
                        .push((*seq, self.tolerated(*seq, settlement)));
                }
            }
        }
        let deleted = look.deleted.iter().map(|(seq, _)| *seq);
        let mut hanging: BTreeMap<Seq, Hanging> = deleted.zip(looked.hanging).collect();
        let mut beside = Beside::default();
        let settled = cleared.settled.iter();
        let failed = settled.filter(|(_, settlement)| !settlement.state.is_good());
        beside.not_done.extend(failed.map(|(seq, _)| *seq));
        for ((seq, ahead), known) in look.records.iter().zip(looked.known) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            let now = hanging.remove(seq).unwrap_or_default();
            let settlement = match self.standing(operation, known, ahead)? {
                Standing::AsPlanned { modified, record } => {
                    let hung = self.hung_since(operation, now, &mut beside)?;
                    let refused = hung
                        .map(|message| (Label::from(LocalLabel::Drift), message))
                        .or_else(|| self.closed_now(operation, &record));
                    if let Some((label, message)) = refused {
                        let settlement = Settlement::new(State::Failed).label(label, message);
                        beside.not_done.insert(*seq);
                        cleared
                            .settled
                            .push((*seq, self.tolerated(*seq, settlement)));
                        continue;
                    }
                    cleared
                        .stamps
                        .extend(modified.map(|modified| (operation.seq, modified)));
                    if !deletes(operation) {
                        cleared.images.insert(operation.seq, record);
                    }
                    continue;
                }
                Standing::Done => Settlement::new(State::Unchanged),
                Standing::Gone if deletes(operation) => Settlement::new(State::Unchanged),
                Standing::Gone => Settlement::new(State::Failed).label(
                    LocalLabel::Drift,
                    "somebody deleted the record since it was planned, or this user does not see it any more",
                ),
                Standing::Drifted { message, .. } => {
                    Settlement::new(State::Failed).label(LocalLabel::Drift, message)
                }
                Standing::Unreadable(fault) => judge::failed(&fault),
            };
            if !settlement.state.is_good() {
                beside.not_done.insert(*seq);
            }
            cleared
                .settled
                .push((operation.seq, self.tolerated(operation.seq, settlement)));
        }
        Ok(cleared)
    }
}
