//! What the sandbox serves: modules, fields, relationships and dropdown lists, read from data files.

mod definition;
mod field;
mod identifier;
mod join;
mod load;
mod relationship;
mod stock;

pub(crate) use field::EmailPart;
pub(crate) use field::Field;
pub(crate) use field::Kind;
pub(crate) use field::Place;
pub(crate) use field::Relate;
pub(crate) use field::Through;
pub(crate) use identifier::quoted;
pub use load::SchemaError;
pub(crate) use load::load;
pub(crate) use relationship::JoinTable;
pub(crate) use relationship::Link;
pub(crate) use relationship::Relationship;
pub(crate) use relationship::Role;
pub(crate) use relationship::Shape;
pub(crate) use relationship::Side;

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use super::failure::Failure;

/// Keys and labels of one dropdown list, in the order in which Sugar shows them.
pub(crate) type Dropdown = Vec<(String, String)>;

/// Everything the sandbox knows of its modules. Immutable while the server runs.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) modules: BTreeMap<String, Module>,
    pub(crate) relationships: BTreeMap<String, Relationship>,
    pub(crate) dropdowns: BTreeMap<String, Dropdown>,
}

/// One module and the table behind it.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) indices: Vec<Vec<String>>,
    /// Whether a stale `X-Timestamp` is refused here (fact sheet 5).
    pub(crate) optimistic_locking: bool,
    /// Whether only administrators reach the module.
    pub(crate) admin_only: bool,
}

impl Schema {
    pub(crate) fn module(&self, name: &str) -> Option<&Module> {
        self.modules.get(name)
    }

    /// The relationship behind a link; the loader made sure that it exists.
    pub(crate) fn relationship(&self, link: &Link) -> &Relationship {
        &self.relationships[&link.relationship]
    }

    /// The module at the far end of a link; the loader made sure that it exists.
    pub(crate) fn far_module(&self, link: &Link) -> &Module {
        &self.modules[&link.module]
    }

    /// The module a relate field shows; the loader made sure that it exists.
    pub(crate) fn related_module(&self, relate: &Relate) -> &Module {
        &self.modules[&relate.module]
    }
}

impl Module {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    pub(crate) fn link(&self, name: &str) -> Option<&Link> {
        match &self.field(name)?.place {
            Place::Link(link) => Some(link),
            _ => None,
        }
    }

    /// The link, or the 404 that Sugar answers where there is none.
    pub(crate) fn require_link(&self, name: &str) -> Result<&Link, Failure> {
        self.link(name)
            .ok_or_else(|| Failure::no_link(&self.name, name))
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .values()
            .filter(|field| matches!(field.place, Place::Column))
    }

    /// The column in which a person or a record keeps what Sugar calls its name.
    pub(crate) fn has_person_name(&self) -> bool {
        matches!(
            self.field("full_name").map(|field| &field.place),
            Some(Place::FullName)
        )
    }

    /// The field definitions as `/metadata` prints them.
    pub(crate) fn definitions(&self) -> Map<String, Value> {
        self.fields
            .values()
            .map(|field| (field.name.clone(), Value::Object(field.definition.clone())))
            .collect()
    }
}
