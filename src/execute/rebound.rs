//! Before a record that has one at most is linked to another: whether it is still bound as the plan saw it.

use super::Engine;
use super::ExecuteError;
use super::held::Bound;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Relations;
use crate::operation::Replaced;
use crate::operation::State;
use crate::operation::Why;
use crate::plan::Current;
use crate::plan::Linked;
use crate::plan::Tied;
use crate::runfile::StoredOperation;
use crate::wire::RecordId;

impl Engine<'_> {
    /// The records that a link is about to bind to another, but for those that this run made: of them nobody knows yet, and
    /// an import would have to look at each.
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
            let (module, record) = (bound.module(), bound.record());
            let is_written_here = self.file.stamp(module, record)?.is_some();
            if !is_written_here || !self.is_made_here(module.as_str(), record, operation.seq)? {
                others.push(bound);
            }
        }
        Ok(others)
    }

    /// Why a record is not linked: somebody bound it to another one since it was planned.
    pub(super) fn rebound(
        &self,
        operation: &StoredOperation,
        bound: &Bound,
        now: Option<&Replaced>,
    ) -> Result<Option<Why>, ExecuteError> {
        let planned = Relations::from_map(&operation.before).replaces;
        let planned = planned
            .iter()
            .find(|known| known.record == *bound.record())
            .and_then(one);
        let now_to = now.and_then(one);
        let is_done = now.is_some_and(|now| binds(operation, now));
        if planned == now_to || is_done {
            return Ok(None);
        }
        Ok(match (planned, now_to) {
            (_, Some(id)) => Some(Why::BoundTo(id)),
            (Some(former), None) if self.is_freed_here(operation, bound, &former)? => None,
            (_, None) => Some(Why::Freed),
        })
    }

    /// Whether it was this run that took a record from the one it was bound to, or that deleted that one.
    fn is_freed_here(
        &self,
        operation: &StoredOperation,
        bound: &Bound,
        former: &RecordId,
    ) -> Result<bool, ExecuteError> {
        let Some((end, of_former)) = bound.ends() else {
            return Ok(false);
        };
        let mut writes =
            self.file
                .writes_to(end.module.as_str(), end.record.as_str(), operation.seq)?;
        writes.extend(
            self.file
                .writes_to(of_former.as_str(), former.as_str(), operation.seq)?,
        );
        let done = writes.iter().filter(|write| write.state == State::Ok);
        Ok(done
            .filter_map(|write| write.change.as_ref())
            .any(|change| match change {
                Change::Delete { record, .. } => record == former,
                _ => end
                    .tied_by(change, &self.metadata)
                    .contains(&(former.clone(), Tied::Apart)),
            }))
    }
}

/// The id of the one that a record is bound to.
fn one(replaced: &Replaced) -> Option<RecordId> {
    match &replaced.former {
        Former::Linked(one) => Some(one.id.clone()),
        Former::Fields(fields) => {
            let ids = fields.iter().filter(|(name, _)| name.ends_with("id"));
            ids.filter_map(|(_, value)| value.as_str())
                .find(|id| !id.is_empty())
                .map(RecordId::new)
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
    let holds = |id: &RecordId| one(now).as_ref() == Some(id);
    match now.record == *record {
        true => targets.iter().any(|target| holds(&target.id)),
        false => holds(record),
    }
}
