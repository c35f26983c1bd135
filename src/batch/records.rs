//! The records that a request is about, as far as the request itself shows them.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::ready::Batch;
use crate::expr::Seq;
use crate::wire::RecordId;
use crate::wire::Write;

/// The ids a request names. Ids of different modules are taken for one another, which at worst is too careful.
fn ids(request: &Write) -> Vec<&str> {
    match request {
        Write::Create { fields, .. } => fields
            .get("id")
            .and_then(Json::as_str)
            .into_iter()
            .collect(),
        Write::CreateRelated { parent, fields } => {
            let made = fields.get("id").and_then(Json::as_str);
            made.into_iter().chain([parent.record.as_str()]).collect()
        }
        Write::Update { record, .. }
        | Write::Delete { record, .. }
        | Write::Favorite { record, .. }
        | Write::Unfavorite { record, .. } => vec![record.as_str()],
        Write::Link {
            record, targets, ..
        } => {
            let targets = targets.iter().map(|target| target.id.as_str());
            targets.chain([record.as_str()]).collect()
        }
        Write::Unlink { record, other, .. } => vec![record.as_str(), other.as_str()],
        // The record of a key only the instance knows, and those of a call nobody.
        Write::UpsertByKey { .. } | Write::Call { .. } => Vec::new(),
    }
}

/// Whether two requests name a record in common.
pub fn share_a_record(one: &Write, other: &Write) -> bool {
    let known = ids(one);
    ids(other).iter().any(|id| known.contains(id))
}

impl Batch {
    /// Says with each update how the record was seen last. After another write of the batch that is no longer so.
    pub fn stamp(&mut self, stamps: &BTreeMap<Seq, String>) {
        let mut written: HashSet<RecordId> = HashSet::new();
        for entry in &mut self.entries {
            let seen = entry.members.iter().find_map(|seq| stamps.get(seq));
            if let Write::Update { record, .. } = entry.request.as_ref()
                && !written.contains(record)
                && let Write::Update { expected, .. } = Arc::make_mut(&mut entry.request)
            {
                *expected = seen.cloned();
            }
            written.extend(ids(&entry.request).into_iter().map(RecordId::new));
        }
    }
}
