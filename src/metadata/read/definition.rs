//! Definitions of fields and relationships.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::lenient::entries;
use super::lenient::flag;
use super::lenient::is_nothing;
use super::lenient::map;
use super::lenient::name_of;
use super::lenient::number;
use super::lenient::text;
use super::note::Notes;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Mark;
use crate::metadata::Relationship;

pub(super) fn fields(
    value: Option<&Json>,
    module: &str,
    notes: &mut Notes,
) -> BTreeMap<String, Field> {
    let place = format!("{module}.fields");
    let mut fields = BTreeMap::new();
    let is_list = value.is_some_and(Json::is_array);
    for (key, value) in entries(value, &place, notes) {
        let place = format!("{place}.{key}");
        // In a list each definition says whose it is.
        let name = match is_list {
            true => name_in(value),
            false => Some(key),
        };
        let Some(name) = name else {
            notes.add("a field without a name", &place);
            continue;
        };
        let read = match map(value, &place, notes) {
            Some(definition) => field(name.clone(), definition, &place, notes),
            // It is there, and that is all that is known of it.
            None => Field::new(name.clone(), ""),
        };
        fields.insert(name, read);
    }
    fields
}

fn name_in(definition: &Json) -> Option<String> {
    let name = definition.get("name").and_then(Json::as_str)?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn field(name: String, definition: &Map<String, Json>, place: &str, notes: &mut Notes) -> Field {
    let mut kind = FieldKind::from(text(definition.get("type")).unwrap_or_default());
    // `team_id` is of the type `team_list` and holds one id.
    if matches!(kind, FieldKind::Other(_) | FieldKind::TeamSet)
        && definition.get("dbType").and_then(Json::as_str) == Some("id")
    {
        kind = FieldKind::Id;
    }
    // Sugar describes the set of teams as a relate of its own kind. Which word it uses for that is not documented, what the
    // field holds is (fact sheet 4.1).
    let custom = definition.get("custom_type").and_then(Json::as_str);
    let is_open = matches!(kind, FieldKind::Relate | FieldKind::Other(_));
    if custom == Some("teamset") || (name == "team_name" && is_open) {
        kind = FieldKind::TeamSet;
    }
    match &kind {
        FieldKind::Other(none) if none.is_empty() => notes.add("a field without `type`", place),
        FieldKind::Other(kind) => notes.add(format!("the type `{kind}` is not known"), place),
        _ => {}
    }
    if flag(definition.get("auto_increment"), place, notes) == Some(true) {
        kind = FieldKind::AutoIncrement;
    }
    let mut field = Field::new(name, kind);
    for (attribute, mark) in [
        ("required", Mark::Required),
        ("readonly", Mark::Readonly),
        ("pii", Mark::Pii),
    ] {
        if flag(definition.get(attribute), place, notes) == Some(true) {
            field.marks.insert(mark);
        }
    }
    // A formula that is not enforced only suggests a value.
    if flag(definition.get("calculated"), place, notes) == Some(true)
        && flag(definition.get("enforced"), place, notes) != Some(false)
    {
        field.marks.insert(Mark::Calculated);
    }
    if definition.get("source").and_then(Json::as_str) == Some("non-db") {
        field.marks.insert(Mark::NonDb);
    }
    if definition.get("link_type").and_then(Json::as_str) == Some("one") {
        field.marks.insert(Mark::Single);
    }
    let (length, behind) = length(definition.get("len"), place, notes);
    field.length = length;
    field.precision = number(definition, "precision", place, notes).or(behind);
    field.options = name_of(definition, "options", place, notes);
    field.module = name_of(definition, "module", place, notes);
    field.id_name = name_of(definition, "id_name", place, notes);
    field.type_name = name_of(definition, "type_name", place, notes);
    field.rname = name_of(definition, "rname", place, notes);
    field.link = name_of(definition, "link", place, notes);
    field.relationship = name_of(definition, "relationship", place, notes);
    field.default = definition
        .get("default")
        .filter(|value| !value.is_null() && !value.is_object() && !value.is_array())
        .cloned();
    field
}

/// `len` is a number, the same as text, or `digits,digits behind the point`.
fn length(value: Option<&Json>, place: &str, notes: &mut Notes) -> (Option<u32>, Option<u32>) {
    let Some(text) = text(value).filter(|text| !text.trim().is_empty()) else {
        if !value.is_none_or(is_nothing) {
            notes.add("a `len` that is not a number", place);
        }
        return (None, None);
    };
    let (whole, behind) = match text.split_once(',') {
        Some((whole, behind)) => (whole, behind.trim().parse().ok()),
        None => (text.as_str(), None),
    };
    let whole = whole.trim().parse().ok().filter(|length| *length > 0);
    if whole.is_none() {
        notes.add("a `len` that is not a number", place);
    }
    (whole, behind)
}

/// What every join table has beside the columns that somebody fills.
const BOOKKEEPING: [&str; 3] = ["id", "date_modified", "deleted"];

pub(super) fn relationship(
    definition: &Map<String, Json>,
    place: &str,
    notes: &mut Notes,
) -> Relationship {
    let keys = ["join_key_lhs", "join_key_rhs", "relationship_role_column"];
    let keys = keys.map(|key| name_of(definition, key, place, notes));
    let of_fields = format!("{place}.fields");
    let columns = entries(definition.get("fields"), &of_fields, notes)
        .into_iter()
        .map(|(name, field)| text(field.get("name")).unwrap_or(name))
        .filter(|name| !BOOKKEEPING.contains(&name.as_str()))
        .filter(|name| !keys.iter().flatten().any(|key| key == name))
        .collect();
    Relationship {
        lhs_module: name_of(definition, "lhs_module", place, notes),
        lhs_key: name_of(definition, "lhs_key", place, notes),
        rhs_module: name_of(definition, "rhs_module", place, notes),
        rhs_key: name_of(definition, "rhs_key", place, notes),
        kind: name_of(definition, "relationship_type", place, notes),
        true_kind: name_of(definition, "true_relationship_type", place, notes),
        join_table: name_of(definition, "join_table", place, notes),
        columns,
    }
}
