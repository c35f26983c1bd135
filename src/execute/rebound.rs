//! Before a record that has one at most is linked to another: whether it is still bound as the plan saw it. And whether
//! what was linked then is linked still, with the columns that the plan saw.

use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::held::Bound;
use super::meanwhile::linked_before;
use crate::expr::Seq;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Omissions;
use crate::operation::Relations;
use crate::operation::Replaced;
use crate::operation::State;
use crate::operation::Why;
use crate::plan::Current;
use crate::plan::End;
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

    /// The records of a link whose own link is not as the plan saw it: somebody took it away, or set what this one would
    /// write over. Those that nothing has to be sent for are among them: they are to be linked all the same.
    pub(super) fn recast(
        &self,
        operation: &StoredOperation,
        asked: &[RecordId],
        linked: &Linked,
    ) -> Result<Omissions, ExecuteError> {
        let mut recast = Omissions::new();
        let Some(Change::Link { targets, .. }) = &operation.change else {
            return Ok(recast);
        };
        let planned = Relations::from_map(&operation.before);
        let before = linked_before(operation);
        let all = targets.iter().chain(&before);
        for target in all.filter(|target| asked.contains(&target.id)) {
            let was_linked = planned.to.contains(&target.id);
            let Some(now) = linked.present.get(&target.id) else {
                if was_linked && !self.is_parted_here(operation, &target.id)? {
                    recast.insert(target.id.clone(), Why::Freed);
                }
                continue;
            };
            let then = planned.columns.get(&target.id);
            // A plan that saw the link and not its columns can tell nothing.
            if then.is_none() && was_linked {
                continue;
            }
            let differs =
                |value: &Json, name: &str| same(None, value, now.get(name)) == Verdict::Different;
            let names = target.columns.iter().filter(|(name, wanted)| {
                let seen = then.and_then(|then| then.get(*name)).unwrap_or(&Json::Null);
                differs(wanted, name) && differs(seen, name)
            });
            let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            let is_theirs = !names.is_empty()
                && (then.is_some() || !self.is_tied_here(operation, &target.id)?);
            if is_theirs {
                recast.insert(target.id.clone(), Why::Changed(names));
            }
        }
        Ok(recast)
    }

    /// Whether it was this run that linked a record which a link names.
    fn is_tied_here(
        &self,
        operation: &StoredOperation,
        other: &RecordId,
    ) -> Result<bool, ExecuteError> {
        self.was_done_here(operation, other, |end, change| {
            let mut tied = end.tied_by(change, &self.metadata).into_iter();
            tied.any(|(id, tied)| id == *other && matches!(tied, Tied::Together(_)))
        })
    }

    /// Whether it was this run that took a record which a link names from the one it was linked to, or deleted either.
    fn is_parted_here(
        &self,
        operation: &StoredOperation,
        other: &RecordId,
    ) -> Result<bool, ExecuteError> {
        self.was_done_here(operation, other, |end, change| match change {
            Change::Delete { .. } => true,
            _ => end
                .tied_by(change, &self.metadata)
                .contains(&(other.clone(), Tied::Apart)),
        })
    }

    /// Whether this run did something to one of the two records that a link names.
    fn was_done_here(
        &self,
        operation: &StoredOperation,
        other: &RecordId,
        is_it: impl Fn(&End, &Change) -> bool,
    ) -> Result<bool, ExecuteError> {
        let Some((end, _)) = operation.change.as_ref().and_then(End::of) else {
            return Ok(false);
        };
        let (module, record) = (end.module.as_str(), end.record.as_str());
        // The other operation may stand behind this one.
        let last = Seq(i64::MAX);
        let mut writes = self.file.writes_to(module, record, last)?;
        if let Some(far) = self.metadata.far_module(module, end.link.as_str()) {
            writes.extend(self.file.writes_to(far, other.as_str(), last)?);
        }
        let done = writes.iter().filter(|write| write.state == State::Ok);
        Ok(done
            .filter_map(|write| write.change.as_ref())
            .any(|change| is_it(&end, change)))
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
