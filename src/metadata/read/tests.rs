//! Untidy answers, and what is left of them.

use proptest::prelude::*;
use serde_json::Value as Json;
use serde_json::json;

use super::*;
use crate::metadata::FieldKind;
use crate::metadata::Mark;
use crate::metadata::Right;

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
    assert!(acl.denies(Right::Delete) && acl.denies(Right::Edit) && !acl.denies(Right::View));
    assert!(!acl.denied.contains("admin"));
    assert!(acl.denies_field("name", Right::Write) && !acl.denies_field("name", Right::Create));
}

#[test]
fn dropdowns_come_as_maps_or_lists() {
    let list = read_dropdown(&json!({ "": "", "P1": "High", "_hash": "x" })).unwrap();
    assert_eq!(list.keys().collect::<Vec<_>>(), ["", "P1"]);
    let list = read_dropdown(&json!(["no", "yes"])).unwrap();
    assert_eq!(list.labels()["1"], "yes");
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
