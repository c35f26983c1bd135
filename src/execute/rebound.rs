//! Before a record that has one at most is linked to another: whether it is still bound as the plan saw it.

use super::Engine;
use super::ExecuteError;
use super::held::Bound;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Relations;
use crate::operation::Replaced;
use crate::operation::Why;
use crate::plan::Current;
use crate::plan::Linked;
use crate::runfile::StoredOperation;
use crate::wire::RecordId;

impl Engine<'_> {
    /// The records that a link is about to bind, and that this run has not written: what it wrote itself is no drift.
    pub(super) fn about_to_bind(
        &self,
        operation: &StoredOperation,
    ) -> Result<Vec<Bound>, ExecuteError> {
        let Some(change @ Change::Link { .. }) = &operation.change else {
            return Ok(Vec::new());
        };
        let nothing = Current::Links(Linked::default());
        let mut others = Vec::new();
        for bound in self.bound(change, Some(&nothing)) {
            if self.file.stamp(bound.module(), bound.record())?.is_none() {
                others.push(bound);
            }
        }
        Ok(others)
    }
}

/// Why a record is not linked: somebody bound it to another one since it was planned.
pub(super) fn rebound(
    operation: &StoredOperation,
    record: &RecordId,
    now: Option<&Replaced>,
) -> Option<Why> {
    let planned = Relations::from_map(&operation.before).replaces;
    let planned = planned.iter().find(|known| known.record == *record);
    let is_as_planned = one(planned) == one(now);
    let is_done = now.is_some_and(|now| binds(operation, now));
    if is_as_planned || is_done {
        return None;
    }
    Some(match one(now) {
        Some(id) => Why::BoundTo(RecordId::new(id)),
        None => Why::Freed,
    })
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
