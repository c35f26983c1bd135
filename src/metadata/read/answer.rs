//! The answer as a whole, section by section.

use serde_json::Value as Json;

use super::Note;
use super::definition::fields;
use super::definition::relationship;
use super::lenient::entries;
use super::lenient::map;
use super::lenient::text;
use super::note::Notes;
use super::rights::acl;
use crate::metadata::Dropdown;
use crate::metadata::Metadata;
use crate::metadata::Module;
use crate::metadata::Server;

/// Metadata, and what of it was not understood and so will not be checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    pub metadata: Metadata,
    pub notes: Vec<Note>,
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
