//! Reading `GET /metadata` as it comes.
//!
//! Real answers are untidy: `"isnull": "true"` beside `false`, `_hash` among the fields, `[]` for an empty map, and
//! attributes nobody has described (fact sheet 7). Nothing here fails; what is not understood is left out and noted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Acl;
use super::Dropdown;
use super::Field;
use super::FieldKind;
use super::Mark;
use super::Metadata;
use super::Module;
use super::Relationship;
use super::Server;

/// Metadata, and what of it was not understood and so will not be checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub metadata: Metadata,
    pub notes: Vec<Note>,
}

/// One oddity; one that is met many times is noted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub what: String,
    pub first_place: String,
    pub times: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at `{}`", self.what, self.first_place)?;
        match self.times {
            1 => Ok(()),
            times => write!(f, " and {} more", times - 1),
        }
    }
}

pub fn read(body: &Json) -> Reading {
    let mut notes = Notes::default();
    let mut metadata = Metadata {
        hash: text(body.get("_hash")),
        server: Server {
            flavor: text(body.pointer("/server_info/flavor")),
            version: text(body.pointer("/server_info/version")),
        },
        ..Metadata::default()
    };
    for (name, value) in entries(body.get("full_module_list"), "full_module_list", &mut notes) {
        // A map from module to module; a list of names where the keys are numbers.
        let name = if name.bytes().all(|b| b.is_ascii_digit()) {
            value.as_str().unwrap_or(&name).to_owned()
        } else {
            name
        };
        metadata.module_list.insert(name);
    }
    for (name, value) in entries(body.get("modules"), "modules", &mut notes) {
        let place = format!("modules.{name}");
        let Some(definition) = map(value, &place, &mut notes) else {
            continue;
        };
        let module = Module {
            fields: fields(definition.get("fields"), &place, &mut notes),
            acl: definition
                .get("acl")
                .map(|value| acl(value, &place, &mut notes))
                .unwrap_or_default(),
        };
        metadata.modules.insert(name, module);
    }
    for (name, value) in entries(body.get("acl"), "acl", &mut notes) {
        if let Some(module) = metadata.modules.get_mut(&name) {
            let more = acl(value, &format!("acl.{name}"), &mut notes);
            module.acl.denied.extend(more.denied);
            module.acl.fields.extend(more.fields);
        }
    }
    for (name, value) in entries(body.get("relationships"), "relationships", &mut notes) {
        let place = format!("relationships.{name}");
        if let Some(definition) = map(value, &place, &mut notes) {
            metadata
                .relationships
                .insert(name, relationship(definition, &place, &mut notes));
        }
    }
    Reading {
        metadata,
        notes: notes.finish(),
    }
}

/// Reads the answer of `/<module>/enum/<field>`: key → label. PHP prints a list whose keys are 0, 1, 2, … as an array.
pub fn read_dropdown(body: &Json) -> Option<Dropdown> {
    let label = |value: &Json| text(Some(value)).unwrap_or_default();
    match body {
        Json::Object(map) => Some(
            map.iter()
                .filter(|(key, _)| *key != "_hash")
                .map(|(key, value)| (key.clone(), label(value)))
                .collect(),
        ),
        Json::Array(list) => Some(
            list.iter()
                .enumerate()
                .map(|(index, value)| (index.to_string(), label(value)))
                .collect(),
        ),
        _ => None,
    }
}

fn fields(value: Option<&Json>, module: &str, notes: &mut Notes) -> BTreeMap<String, Field> {
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

/// What every join table has beside the columns that somebody fills.
const BOOKKEEPING: [&str; 3] = ["id", "date_modified", "deleted"];

fn relationship(definition: &Map<String, Json>, place: &str, notes: &mut Notes) -> Relationship {
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

/// What a record says in its own `_acl` (fact sheet 4.1).
pub fn record_acl(value: &Json) -> Acl {
    acl(value, "_acl", &mut Notes::default())
}

/// Refusals only: `"no"`, or a false in any spelling.
fn acl(value: &Json, place: &str, notes: &mut Notes) -> Acl {
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

/// The entries of a map, without `_hash`; those of a list under their numbers.
fn entries<'a>(value: Option<&'a Json>, place: &str, notes: &mut Notes) -> Vec<(String, &'a Json)> {
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

fn map<'a>(value: &'a Json, place: &str, notes: &mut Notes) -> Option<&'a Map<String, Json>> {
    let map = value.as_object();
    let empty = value.as_array().is_some_and(Vec::is_empty);
    if map.is_none() && !empty {
        notes.add("a definition that is not a map", place);
    }
    map
}

fn text(value: Option<&Json>) -> Option<String> {
    match value? {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A name, or nothing where PHP writes `""`, `false` or `[]` for none.
fn name_of(
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

fn number(
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

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Bool(true) | Json::Number(_) | Json::Object(_) => false,
    }
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

/// `true` and `"true"` occur (fact sheet 7); `1` and `"1"` are taken too.
fn flag(value: Option<&Json>, place: &str, notes: &mut Notes) -> Option<bool> {
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

/// What was met, where first, and how often.
#[derive(Default)]
struct Notes(BTreeMap<String, (String, usize)>);

impl Notes {
    fn add(&mut self, what: impl Into<String>, place: &str) {
        self.0
            .entry(what.into())
            .or_insert_with(|| (place.to_owned(), 0))
            .1 += 1;
    }

    fn finish(self) -> Vec<Note> {
        self.0
            .into_iter()
            .map(|(what, (first_place, times))| Note {
                what,
                first_place,
                times,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_whose_definition_is_none_is_there_and_of_no_known_kind() {
        let module = |fields: Json| {
            let body = json!({ "modules": { "Accounts": { "fields": fields } } });
            read(&body).metadata.module("Accounts").unwrap().clone()
        };
        let odd = module(json!({ "_hash": "x", "a": [], "b": "text", "c": null, "d": 7 }));
        for name in ["a", "b", "c", "d"] {
            let kind = &odd.field(name).unwrap().kind;
            assert_eq!(*kind, FieldKind::Other(String::new()), "{name}");
        }
        let listed = module(json!([{ "name": "website", "type": "url" }, { "type": "int" }]));
        let names: Vec<&String> = listed.fields.keys().collect();
        assert_eq!(names, ["website"]);
    }

    #[test]
    fn untidy_metadata_is_read_as_far_as_it_goes() {
        let reading = read(&json!({
            "_hash": "9ab3",
            "server_info": { "flavor": "ENT", "version": 14.0 },
            "full_module_list": { "Accounts": "Accounts", "_hash": "5f1c" },
            "modules": {
                "_hash": "x",
                "Accounts": {
                    "_hash": "y",
                    "fields": {
                        "_hash": "z",
                        "name": { "type": "name", "len": "150", "required": "true" },
                        "amount": { "type": "currency", "len": "26,6", "required": 0 },
                        "odd": { "type": "hologram", "required": "perhaps", "len": "long" },
                        "odder": { "type": "hologram" },
                        "pointer": { "type": "assigned_user_name", "dbType": "id" },
                        "bare": {},
                        "broken": 7,
                        "empty": [],
                    },
                },
                "Empty": { "fields": [] },
                "Nothing": "soon",
            },
            "relationships": [],
        }));
        let metadata = &reading.metadata;
        assert_eq!(metadata.hash.as_deref(), Some("9ab3"));
        assert_eq!(metadata.server.version.as_deref(), Some("14.0"));
        let names: Vec<&String> = metadata.modules.keys().collect();
        assert_eq!(names, ["Accounts", "Empty"]);
        let name = metadata.field("Accounts", "name").unwrap();
        assert_eq!((name.length, name.is(Mark::Required)), (Some(150), true));
        let amount = metadata.field("Accounts", "amount").unwrap();
        assert_eq!((amount.length, amount.precision), (Some(26), Some(6)));
        assert!(!amount.is(Mark::Required));
        assert!(
            metadata.field("Accounts", "broken").is_some(),
            "it is there"
        );
        let pointer = metadata.field("Accounts", "pointer").unwrap();
        assert_eq!(pointer.kind, FieldKind::Id);
        let notes: Vec<String> = reading.notes.iter().map(Note::to_string).collect();
        assert_eq!(
            notes,
            [
                "`perhaps` in place of true or false, at `modules.Accounts.fields.odd`",
                "a `len` that is not a number, at `modules.Accounts.fields.odd`",
                "a definition that is not a map, at `modules.Accounts.fields.broken` and 1 more",
                "a field without `type`, at `modules.Accounts.fields.bare`",
                "the type `hologram` is not known, at `modules.Accounts.fields.odd` and 1 more",
            ]
        );
    }

    #[test]
    fn refusals_are_read_from_either_place() {
        let reading = read(&json!({
            "modules": { "Bugs": { "fields": {}, "acl": { "delete": "no", "admin": "no", "fields": [] } } },
            "acl": { "Bugs": { "edit": "no", "view": "yes", "fields": { "name": { "write": "no", "create": "yes" } } } },
        }));
        let acl = &reading.metadata.modules["Bugs"].acl;
        assert!(acl.denies("delete") && acl.denies("edit") && !acl.denies("view"));
        assert!(!acl.denies("admin"));
        assert!(acl.denies_field("name", "write") && !acl.denies_field("name", "create"));
    }

    #[test]
    fn dropdowns_come_as_maps_or_lists() {
        let list = read_dropdown(&json!({ "": "", "P1": "High", "_hash": "x" })).unwrap();
        assert_eq!(list.keys().collect::<Vec<_>>(), ["", "P1"]);
        let list = read_dropdown(&json!(["no", "yes"])).unwrap();
        assert_eq!(list.label("1"), Some("yes"));
        assert!(read_dropdown(&json!("soon")).is_none());
    }

    fn valid() -> Json {
        let field = |kind: &str| {
            json!({ "name": "f", "type": kind, "dbType": "varchar", "len": "20", "precision": 2, "required": true,
                "readonly": false, "pii": "0", "calculated": false, "enforced": true, "auto_increment": false,
                "source": "custom_fields", "link_type": "one", "options": "list", "module": "Users", "id_name": "x_id",
                "type_name": "x_type", "rname": "name", "link": "users", "relationship": "bugs_users", "default": "A",
                "custom_type": "", "default_value": "A", "vname": "LBL" })
        };
        json!({
            "_hash": "1",
            "server_info": { "flavor": "ENT", "version": "14.0.0" },
            "full_module_list": { "Bugs": "Bugs", "Users": "Users" },
            "modules": {
                "Bugs": { "fields": { "f": field("enum"), "whole": field("varchar") },
                    "acl": { "edit": "yes", "fields": { "f": { "write": "yes" } } } },
                "Users": { "fields": { "whole": field("relate") }, "acl": [] },
            },
            "relationships": { "bugs_users": { "lhs_module": "Bugs", "lhs_key": "id", "rhs_module": "Users", "rhs_key": "id",
                "relationship_type": "many-to-many", "join_table": "t", "join_key_lhs": "a", "join_key_rhs": "b",
                "true_relationship_type": "one-to-many", "relationship_role_column": "r", "fields": { "role": { "name": "role" } } } },
            "acl": { "Bugs": { "edit": "yes", "fields": {} } },
        })
    }

    /// Every place of a document, but those in which what is left whole stands.
    fn places(value: &Json, path: &str, found: &mut Vec<String>) {
        if let Some(map) = value.as_object() {
            for (name, value) in map.iter().filter(|(name, _)| *name != "whole") {
                let path = format!("{path}/{name}");
                places(value, &path, found);
                found.push(path);
            }
        }
    }

    fn anything() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<i32>().prop_map(|number| Json::from(f64::from(number) / 4.0)),
            prop_oneof![
                "\\PC{0,8}",
                "true|false|yes|no|0|1|26,6|-1|, ,|id|link|enum"
            ]
            .prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let key = prop_oneof!["[a-z_]{0,6}", "fields|name|type|_hash|edit"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map(key, inner, 0..4)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever stands in the place of an attribute, reading does not fail, and the fields beside it are as they were.
        #[test]
        fn one_odd_attribute_spoils_nothing_else(place in any::<prop::sample::Index>(), odd in anything()) {
            let mut all = vec![String::new()];
            places(&valid(), "", &mut all);
            let place = &all[place.index(all.len())];
            let mut document = valid();
            *document.pointer_mut(place).unwrap() = odd;
            let read_now = read(&document);
            let before = read(&valid()).metadata;
            let above = |inner: &str| inner.starts_with(place.as_str());
            for (module, path) in [("Bugs", "/modules/Bugs/fields/whole"), ("Users", "/modules/Users/fields/whole")] {
                if !above(path) {
                    prop_assert_eq!(read_now.metadata.field(module, "whole"), before.field(module, "whole"), "{}", place);
                }
            }
            // What is left can be kept and read again.
            let text = crate::metadata::to_text(&read_now.metadata);
            prop_assert_eq!(crate::metadata::from_text(&text).unwrap().metadata, read_now.metadata);
        }

        /// Of an attribute that means something, a list with something in it never does: it is noted.
        #[test]
        fn what_is_not_understood_is_noted(name in prop::sample::select(vec![
            "type", "len", "precision", "required", "readonly", "pii", "options", "module", "id_name", "type_name", "rname",
            "link", "relationship", "auto_increment", "calculated",
        ])) {
            let mut document = valid();
            document["modules"]["Bugs"]["fields"]["f"][name] = json!([["odd"]]);
            let reading = read(&document);
            let place = "modules.Bugs.fields.f";
            prop_assert!(reading.notes.iter().any(|note| note.first_place == place), "{}: {:?}", name, reading.notes);
            prop_assert!(reading.metadata.field("Bugs", "f").is_some());
        }
    }
}
