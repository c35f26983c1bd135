//! Access rights: what is refused.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::lenient::is_nothing;
use super::note::Notes;
use crate::metadata::Acl;

/// What a record says in its own `_acl` (fact sheet 4.1).
pub fn record_acl(value: &Json) -> Acl {
    acl(value, "_acl", &mut Notes::default())
}

/// Refusals only: `"no"`, or a false in any spelling.
pub(super) fn acl(value: &Json, place: &str, notes: &mut Notes) -> Acl {
    let refused = |value: &Json| {
        matches!(value.as_str(), Some("no" | "false" | "0"))
            || value.as_bool() == Some(false)
            || value.as_i64() == Some(0)
    };
    let denied = |map: &Map<String, Json>| -> BTreeSet<String> {
        map.iter()
            // `admin` and `developer` say what the user is, not what is forbidden.
            .filter(|(name, value)| {
                refused(value) && !matches!(name.as_str(), "admin" | "developer" | "_hash")
            })
            .map(|(name, _)| name.clone())
            .collect()
    };
    let Some(map) = value.as_object() else {
        if !is_nothing(value) {
            notes.add("access rights that are not a map", place);
        }
        return Acl::default();
    };
    let fields = map.get("fields").and_then(Json::as_object);
    if fields.is_none() && !map.get("fields").is_none_or(is_nothing) {
        notes.add("access rights of fields that are not a map", place);
    }
    Acl {
        denied: denied(map),
        fields: fields
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), denied(value.as_object()?))))
            .filter(|(_, denied)| !denied.is_empty())
            .collect(),
    }
}
