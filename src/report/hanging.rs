//! What hangs on records that are deleted, in words.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::OperationReport;
use super::text::cells;

/// `also unlinked: contacts (5), opportunities (1)`, under a delete.
pub(super) fn said(operation: &OperationReport) -> Option<String> {
    let hanging = &operation.aside.hanging;
    (!hanging.is_empty()).then(|| format!("also unlinked: {}", counted(hanging)))
}

/// `contacts (5), opportunities (1)`: the names are those of links, which are in the plural or no nouns at all.
pub(super) fn counted(by_link: &BTreeMap<String, u64>) -> String {
    let counted = by_link
        .iter()
        .map(|(link, count)| format!("{} ({})", cells::visible(link), cells::grouped(*count)));
    counted.collect::<Vec<_>>().join(", ")
}

/// The record's own fields as they were found.
pub(super) fn own_fields(operation: &OperationReport) -> Map<String, Json> {
    let own = operation.before.iter();
    own.filter(|(name, _)| !operation.aside.hanging.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
