//! Before a record that has one at most is linked to another: whether it is still bound as the plan saw it.

use super::Engine;
use super::ExecuteError;
use crate::expr::Seq;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Relations;
use crate::operation::Replaced;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Linked;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::LocalLabel;
use crate::wire::RecordId;

impl Engine<'_> {
    /// Links of records that somebody bound to another one since they were planned.
    pub(super) async fn rebound(
        &self,
        operations: &[StoredOperation],
    ) -> Result<Vec<(Seq, Settlement)>, ExecuteError> {
        let nothing = Current::Links(Linked::default());
        let mut asked = Vec::new();
        let mut of = Vec::new();
        for operation in operations {
            let Some(change @ Change::Link { .. }) = &operation.change else {
                continue;
            };
            for bound in self.bound(change, Some(&nothing)) {
                // What this run wrote itself is no drift.
                if self.file.stamp(bound.module(), bound.record())?.is_none() {
                    of.push((operation, bound.record().clone()));
                    asked.push(bound);
                }
            }
        }
        let mut settled: Vec<(Seq, Settlement)> = Vec::new();
        for ((operation, record), now) in of.into_iter().zip(self.held(&asked).await?) {
            let planned = Relations::from_map(&operation.before).replaces;
            let planned = planned.iter().find(|known| known.record == record);
            let is_as_planned = one(planned) == one(now.as_ref());
            let is_done = now.as_ref().is_some_and(|now| binds(operation, now));
            let is_known = settled.iter().any(|(seq, _)| *seq == operation.seq);
            if is_as_planned || is_done || is_known {
                continue;
            }
            let message = match one(now.as_ref()) {
                Some(id) => format!("somebody linked `{record}` to `{id}` since it was planned"),
                None => format!("somebody took the link of `{record}` away since it was planned"),
            };
            let settlement = Settlement::new(State::Failed).label(LocalLabel::Drift, message);
            settled.push((operation.seq, self.tolerated(operation.seq, settlement)));
        }
        Ok(settled)
    }
}

/// The id of the one that a record is bound to.
fn one(replaced: Option<&Replaced>) -> Option<String> {
    match &replaced?.former {
        Former::Linked(one) => Some(one.id.as_str().to_owned()),
        Former::Fields(fields) => {
            let ids = fields.iter().filter(|(name, _)| name.ends_with("id"));
            ids.filter_map(|(_, value)| value.as_str())
                .find(|id| !id.is_empty())
                .map(str::to_owned)
        }
    }
}

/// Whether what binds a record now is what a link would bind it to.
fn binds(operation: &StoredOperation, now: &Replaced) -> bool {
    let Some(Change::Link {
        record, targets, ..
    }) = &operation.change
    else {
        return false;
    };
    let holds = |id: &RecordId| one(Some(now)).as_deref() == Some(id.as_str());
    match now.record == *record {
        true => targets.iter().any(|target| holds(&target.id)),
        false => holds(record),
    }
}
