//! What this run's earlier writes to a record leave for a draft, and which of them have to be done before it.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::addresses;
use super::addresses::ADDRESSES;
use super::draft::Current;
use super::draft::Draft;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::operation::State;
use crate::wire::ModuleName;

/// An earlier write of this run to the same record.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    pub seq: Seq,
    pub state: State,
    pub creates: bool,
    /// The fields it sets.
    pub sets: Map<String, Json>,
    /// What the record had before it, as far as that was asked.
    pub before: Map<String, Json>,
    /// What the record has after it.
    pub after: Map<String, Json>,
}

/// A record as it will be when it is a draft's turn.
pub(super) struct InTurn {
    pub(super) current: Current,
    /// When it was last changed; nothing where a write is to come first, and what it leaves has no time yet.
    pub(super) modified: Option<String>,
    /// What has to be done before.
    pub(super) needs: Vec<(Seq, EdgeKind)>,
}

impl InTurn {
    pub(super) fn of(
        draft: &Draft,
        current: Current,
        earlier: &[Earlier],
        metadata: &Metadata,
    ) -> Self {
        let mut needs = draft.needs.clone();
        let open: Vec<&Earlier> = earlier
            .iter()
            .filter(|write| !write.state.is_settled())
            .collect();
        // Besides the last of all, for each field that the draft is worked out over the last that sets it.
        let fields = match open.is_empty() {
            true => BTreeSet::new(),
            false => seen_by(draft, metadata),
        };
        let newest_first = open.iter().rev().copied();
        let last_of_each = fields.iter().filter_map(|name| {
            newest_first
                .clone()
                .find(|write| write.sets.contains_key(name))
        });
        for write in newest_first.clone().take(1).chain(last_of_each) {
            if !needs.iter().any(|(seq, _)| *seq == write.seq) {
                needs.push((write.seq, EdgeKind::Order));
            }
        }
        let modified = match open.is_empty() {
            true => modified(&current),
            false => None,
        };
        let mut current = current;
        for write in open {
            current = match current {
                Current::Missing if write.creates => Current::Record(as_made(&write.after)),
                Current::Record(mut record) => {
                    record.extend(write.after.clone());
                    Current::Record(record)
                }
                other => other,
            };
        }
        Self {
            current,
            modified,
            needs,
        }
    }
}

/// The fields of the record that a draft sets, changes in part, or is compared by.
fn seen_by(draft: &Draft, metadata: &Metadata) -> BTreeSet<String> {
    let set = draft.change.fields();
    let edited = draft.edits.iter().map(|(name, _)| name);
    let named = set.keys().chain(edited).chain(&draft.found_by);
    let mut fields: BTreeSet<String> = named.cloned().collect();
    let module = draft.change.module().map_or("", ModuleName::as_str);
    fields.extend(metadata.companions(module, fields.iter()));
    fields
}

fn as_made(fields: &Map<String, Json>) -> Map<String, Json> {
    let mut record = fields.clone();
    if let Some(all) = addresses::made(fields) {
        record.insert(ADDRESSES.to_owned(), all);
    }
    record
}

fn modified(current: &Current) -> Option<String> {
    match current {
        Current::Record(record) | Current::Detached(record) => record
            .get("date_modified")
            .and_then(Json::as_str)
            .map(str::to_owned),
        Current::Missing | Current::NoParent | Current::Links(_) => None,
    }
}
