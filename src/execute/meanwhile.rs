//! Before links and favorites are set or taken away: what of it somebody did since it was planned. That is theirs, and
//! undo leaves it to them.

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Relations;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::Fields;
use crate::plan::Need;
use crate::plan::finish;
use crate::playbook::Assume;
use crate::runfile::StoredOperation;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::RecordId;

/// How an operation stands to what somebody did meanwhile.
#[derive(Debug, PartialEq)]
pub(super) enum Meanwhile {
    AsPlanned,
    /// A part is so already: what undo is to think was there before.
    Partly(Map<String, Json>),
    /// There is nothing left to do.
    Done,
}

impl Engine<'_> {
    /// What has to be known of an operation's links or favorite; nothing where nobody but this run can have made them.
    pub(super) fn need_of_links(
        &self,
        operation: &StoredOperation,
    ) -> Result<Option<Need>, ExecuteError> {
        let Some(change) = &operation.change else {
            return Ok(None);
        };
        let mut need = self.whole_need_of_links(change);
        match &mut need {
            Some(Need::Links { link, others, .. }) => {
                match operation.attempts {
                    0 => self.retain_theirs(operation, change, link, others)?,
                    _ => others.retain(|other| may_be_recast(operation, change, other)),
                }
                others.extend(linked_before(operation).into_iter().map(|one| one.id));
                if others.is_empty() {
                    return Ok(None);
                }
            }
            // An attempt that failed may have been done, and that is this run's.
            Some(_) if operation.attempts > 0 => return Ok(None),
            Some(Need::Record { module, record, .. })
                if self.is_made_here(module.as_str(), record, operation.seq)? =>
            {
                return Ok(None);
            }
            Some(_) | None => {}
        }
        Ok(need)
    }

    /// Leaves those of the records at the far end that somebody else may have linked, or taken away.
    fn retain_theirs(
        &self,
        operation: &StoredOperation,
        change: &Change,
        link: &LinkName,
        others: &mut Vec<RecordId>,
    ) -> Result<(), ExecuteError> {
        let Some((module, record)) = change.about() else {
            return Ok(());
        };
        let near_is_ours = self.is_made_here(module.as_str(), record, operation.seq)?;
        let far = self.metadata.far_module(module.as_str(), link.as_str());
        for other in std::mem::take(others) {
            let is_ours = near_is_ours
                || match far {
                    Some(far) => self.is_made_here(far, &other, operation.seq)?,
                    None => false,
                };
            // What an earlier apply made is known to others by now.
            let is_known = self.memory.goes_on && may_be_recast(operation, change, &other);
            if !is_ours || is_known {
                others.push(other);
            }
        }
        Ok(())
    }

    /// What shows whether links or a favorite are as a change makes them.
    pub(super) fn whole_need_of_links(&self, change: &Change) -> Option<Need> {
        let (module, record) = change.about()?;
        match change {
            Change::Favorite { .. } | Change::Unfavorite { .. } => Some(Need::Record {
                module: module.clone(),
                record: record.clone(),
                fields: Fields::These(change.fields().keys().cloned().collect()),
            }),
            Change::Link { link, .. } | Change::Unlink { link, .. } => Some(Need::Links {
                module: module.clone(),
                record: record.clone(),
                link: link.clone(),
                others: change.others().into_iter().cloned().collect(),
                columns: self.columns(module, link),
            }),
            _ => None,
        }
    }

    /// Whether this run makes the record.
    pub(super) fn is_made_here(
        &self,
        module: &str,
        record: &RecordId,
        before: Seq,
    ) -> Result<bool, ExecuteError> {
        let writes = self.file.writes_to(module, record.as_str(), before)?;
        Ok(writes.iter().any(|write| write.action == Action::Create))
    }
}

/// The records of a link that were linked when it was planned, as it was to link them. It names them, and nothing is sent
/// for them.
pub(super) fn linked_before(operation: &StoredOperation) -> Vec<LinkTarget> {
    let Some(change @ Change::Link { .. }) = &operation.change else {
        return Vec::new();
    };
    let open = change.others();
    let is_ours = |id: &RecordId| {
        let written = operation.written.as_ref();
        written.is_some_and(|written| written.holds(id))
    };
    let Relations { to, columns, .. } = Relations::from_map(&operation.after);
    let before = to
        .into_iter()
        .filter(|id| !open.contains(&id) && !is_ours(id));
    before
        .map(|id| LinkTarget {
            columns: columns.get(&id).cloned().unwrap_or_default(),
            id,
        })
        .collect()
}

/// Whether something of the link to a record can be written over: it was linked when that was planned, or is given
/// columns. Anything else that is found of what was sent before may be this run's own doing.
fn may_be_recast(operation: &StoredOperation, change: &Change, other: &RecordId) -> bool {
    let Change::Link { targets, .. } = change else {
        return false;
    };
    let mut targets = targets.iter();
    targets.any(|target| target.id == *other && !target.columns.is_empty())
        || Relations::from_map(&operation.before).to.contains(other)
}

/// Compares an operation on links or a favorite with what the instance has now.
pub(super) fn meanwhile(
    operation: &StoredOperation,
    current: Current,
    metadata: &Metadata,
) -> Meanwhile {
    let Some(change) = operation.change.clone() else {
        return Meanwhile::AsPlanned;
    };
    let draft = Draft {
        seq: operation.seq,
        key: operation.key.clone(),
        row: None,
        change: change.clone(),
        edits: Vec::new(),
        upsert: None,
        found_by: Vec::new(),
        assume: Assume::Nothing,
        needs: Vec::new(),
    };
    let as_of_now = finish(draft, current, &[], metadata);
    match as_of_now.state {
        State::Unchanged => return Meanwhile::Done,
        State::Planned => {}
        // A record that is gone is what the instance answers about.
        _ => return Meanwhile::AsPlanned,
    }
    let planned = Relations::from_map(&operation.before);
    let now = Relations::from_map(&as_of_now.before);
    let before = match &change {
        Change::Link {
            record, targets, ..
        } => linked(planned.clone(), now, record, |id| {
            targets.iter().any(|target| target.id == *id)
        }),
        Change::Unlink { .. } => now,
        _ => return Meanwhile::AsPlanned,
    };
    match before == planned {
        true => Meanwhile::AsPlanned,
        false => Meanwhile::Partly(before.to_map()),
    }
}

/// What was there before a link: of those that it is about what is there now, of the others what the plan saw.
fn linked(
    mut before: Relations,
    now: Relations,
    record: &RecordId,
    is_target: impl Fn(&RecordId) -> bool,
) -> Relations {
    // Whoever linked them also took them from those that they were linked to.
    before.replaces.retain(|replaced| {
        !now.to.contains(&replaced.record) && (replaced.record != *record || now.to.is_empty())
    });
    before.to.retain(|id| !is_target(id));
    before.columns.retain(|id, _| !is_target(id));
    before.to.extend(now.to);
    before.columns.extend(now.columns);
    before
}
