//! A link or an unlink and what is linked now, into an operation on what is left to do.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::draft::Current;
use super::draft::Linked;
use super::finish::cloned;
use super::finish::not_found;
use crate::diag::all_of;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::Relations;
use crate::operation::State;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Missing records that are named; what is wrong with a list shows in the first of them.
const NAMED: usize = 10;

pub(super) fn links(base: Operation, change: Change, current: Current) -> Operation {
    let linked = match current {
        Current::Links(linked) => linked,
        Current::Missing | Current::NoParent => {
            return not_found(base, change.about());
        }
        // Nothing had to be asked: one side is not there before this run.
        Current::Record(_) | Current::Detached(_) => Linked::default(),
    };
    if !linked.missing.is_empty() {
        let base = Operation {
            about: cloned(change.about()),
            ..base
        };
        return none_such(base, &linked.missing);
    }
    let set = set_of_relation(&change);
    let (change, all) = still_to_do(change, &linked);
    let weight = change.weight();
    let present = |id: &&RecordId| linked.contains(id);
    let columns = |id: &RecordId| {
        let columns = linked.present.get(id).filter(|columns| !columns.is_empty());
        columns.map(|columns| (id.clone(), columns.clone()))
    };
    let is_link = matches!(change, Change::Link { .. });
    let before = Relations {
        to: all.iter().filter(present).cloned().collect(),
        columns: all.iter().filter_map(columns).collect(),
        replaces: match weight {
            0 => Vec::new(),
            _ => linked.held.clone(),
        },
    };
    let after = Relations {
        to: if is_link { all } else { Vec::new() },
        columns: set,
        ..Relations::default()
    };
    let state = match weight {
        0 => State::Unchanged,
        _ => State::Planned,
    };
    Operation {
        change: Some(change),
        state,
        before: before.to_map(),
        after: after.to_map(),
        ..base
    }
}

/// Sugar would link the others, and refuse these.
fn none_such(base: Operation, missing: &[(ModuleName, RecordId)]) -> Operation {
    let several = match missing {
        [(module, one)] => return not_found(base, Some((module, one))),
        several => several,
    };
    let module = &several[0].0;
    let named = all_of(several.iter().take(NAMED).map(|(_, id)| id.as_str()));
    let more = match several.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Operation {
        message: Some(format!(
            "{module} has no records {named}{more}, or this user does not see them"
        )),
        ..not_found(base, None)
    }
}

/// The columns of the relation that a link sets.
fn set_of_relation(change: &Change) -> BTreeMap<RecordId, Map<String, Json>> {
    let targets: &[LinkTarget] = match change {
        Change::Link { targets, .. } => targets,
        _ => &[],
    };
    let set = targets.iter().filter(|target| !target.columns.is_empty());
    set.map(|target| (target.id.clone(), target.columns.clone()))
        .collect()
}

/// A link or unlink without what is so already, and all the records it names.
fn still_to_do(change: Change, linked: &Linked) -> (Change, Vec<RecordId>) {
    match change {
        Change::Link {
            module,
            record,
            link,
            targets,
        } => {
            let all = targets.iter().map(|target| target.id.clone()).collect();
            let targets = targets
                .into_iter()
                .filter(|target| !is_linked_so(target, linked))
                .collect();
            let change = Change::Link {
                module,
                record,
                link,
                targets,
            };
            (change, all)
        }
        Change::Unlink {
            module,
            record,
            link,
            others: all,
        } => {
            let others = all
                .iter()
                .filter(|other| linked.contains(other))
                .cloned()
                .collect();
            let change = Change::Unlink {
                module,
                record,
                link,
                others,
            };
            (change, all)
        }
        other => (other, Vec::new()),
    }
}

/// Whether a record is linked, with these columns. One whose columns nobody can see is linked anew.
fn is_linked_so(target: &LinkTarget, linked: &Linked) -> bool {
    linked.present.get(&target.id).is_some_and(|held| {
        let mut columns = target.columns.iter();
        columns.all(|(name, value)| {
            held.contains_key(name) && same(None, value, held.get(name)) == Verdict::Same
        })
    })
}
