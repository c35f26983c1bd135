//! Values in the spellings that occur: maps that are lists, numbers that are text, nothing as `false`.

use serde_json::Map;
use serde_json::Value as Json;

use super::note::Notes;

/// The entries of a map, without `_hash`; those of a list under their numbers.
pub(super) fn entries<'a>(
    value: Option<&'a Json>,
    place: &str,
    notes: &mut Notes,
) -> Vec<(String, &'a Json)> {
    match value {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Object(map)) => map
            .iter()
            .filter(|(name, _)| *name != "_hash")
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Some(Json::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        Some(_) => {
            notes.add("neither a map nor a list", place);
            Vec::new()
        }
    }
}

pub(super) fn map<'a>(
    value: &'a Json,
    place: &str,
    notes: &mut Notes,
) -> Option<&'a Map<String, Json>> {
    let map = value.as_object();
    let empty = value.as_array().is_some_and(Vec::is_empty);
    if map.is_none() && !empty {
        notes.add("a definition that is not a map", place);
    }
    map
}

pub(super) fn text(value: Option<&Json>) -> Option<String> {
    match value? {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A name, or nothing where PHP writes `""`, `false` or `[]` for none.
pub(super) fn name_of(
    definition: &Map<String, Json>,
    attribute: &str,
    place: &str,
    notes: &mut Notes,
) -> Option<String> {
    let value = definition.get(attribute)?;
    let name = text(Some(value));
    if name.is_none() && !is_nothing(value) {
        notes.add(format!("`{attribute}` is no name"), place);
    }
    name.filter(|name| !name.is_empty())
}

pub(super) fn number(
    definition: &Map<String, Json>,
    attribute: &str,
    place: &str,
    notes: &mut Notes,
) -> Option<u32> {
    let value = definition.get(attribute)?;
    let number = text(Some(value)).and_then(|text| text.trim().parse().ok());
    if number.is_none() && !is_nothing(value) {
        notes.add(format!("`{attribute}` is no number"), place);
    }
    number
}

/// `true` and `"true"` occur (fact sheet 7); `1` and `"1"` are taken too.
pub(super) fn flag(value: Option<&Json>, place: &str, notes: &mut Notes) -> Option<bool> {
    match value? {
        Json::Null => None,
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => Some(number.as_f64() != Some(0.0)),
        Json::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" | "" => Some(false),
            other => {
                notes.add(format!("`{other}` in place of true or false"), place);
                None
            }
        },
        Json::Array(_) | Json::Object(_) => {
            notes.add("a list in place of true or false", place);
            None
        }
    }
}

pub(super) fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Bool(true) | Json::Number(_) | Json::Object(_) => false,
    }
}
