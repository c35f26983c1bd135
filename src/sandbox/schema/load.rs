//! Reads the stock files and an optional extension file (`--schema FILE`) into a [`Schema`].
//!
//! An extension file has the same layout as the stock files under four keys: `modules` (new modules, or further
//! fields of existing ones), `relationships`, `dropdowns`, `roles`.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use super::Dropdown;
use super::Module;
use super::Place;
use super::Relationship;
use super::Schema;
use super::Through;
use super::definition::field;
use super::definition::place;
use super::identifier::is_identifier;
use super::join::join;
use super::stock;
use crate::sandbox::rights::RoleFile;

#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("cannot read the schema file `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the schema file {file} is not as expected")]
    Json {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{name}` cannot be the name of a table or a field")]
    Name { name: String },
    #[error("`{user}` names the unknown {what} `{name}`")]
    Unknown {
        user: String,
        what: &'static str,
        name: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleFile {
    table: Option<String>,
    bean_name: Option<String>,
    #[serde(default)]
    templates: Vec<String>,
    #[serde(default)]
    optimistic_locking: bool,
    #[serde(default)]
    admin_only: bool,
    #[serde(default, rename = "favorites")]
    _favorites: bool,
    #[serde(default)]
    indices: Vec<Vec<String>>,
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    indices: Vec<Vec<String>>,
    #[serde(default)]
    relationships: Map<String, Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Extension {
    #[serde(default)]
    modules: BTreeMap<String, ModuleFile>,
    #[serde(default)]
    relationships: Map<String, Value>,
    #[serde(default)]
    dropdowns: BTreeMap<String, Dropdown>,
    #[serde(default)]
    roles: Vec<RoleFile>,
}

/// A module while it is put together.
pub(super) struct Draft {
    pub(super) table: String,
    pub(super) bean_name: String,
    optimistic_locking: bool,
    admin_only: bool,
    indices: Vec<Vec<String>>,
    pub(super) definitions: Map<String, Value>,
}

pub(crate) fn load(extension: Option<&Path>) -> Result<(Schema, Vec<RoleFile>), SchemaError> {
    let mut roles: Vec<RoleFile> = read("roles.json", stock::ROLES)?;
    let templates: BTreeMap<String, Template> = read("templates.json", stock::TEMPLATES)?;
    let mut dropdowns: BTreeMap<String, Dropdown> = read("dropdowns.json", stock::DROPDOWNS)?;
    let mut relationships: Map<String, Value> = read("relationships.json", stock::RELATIONSHIPS)?;
    let mut drafts = BTreeMap::new();
    for (name, text) in stock::MODULES {
        let file: ModuleFile = read(&format!("{name}.json"), text)?;
        add_module(&mut drafts, &mut relationships, &templates, name, file)?;
    }
    if let Some(path) = extension {
        let text = fs_err::read_to_string(path).map_err(|source| SchemaError::Read {
            path: path.to_owned(),
            source,
        })?;
        let extension: Extension = read(&path.display().to_string(), &text)?;
        roles.extend(extension.roles);
        dropdowns.extend(extension.dropdowns);
        for (name, file) in extension.modules {
            add_module(&mut drafts, &mut relationships, &templates, &name, file)?;
        }
        relationships.extend(extension.relationships);
    }
    let relationships = join(&mut drafts, relationships)?;
    let mut modules = BTreeMap::new();
    for (name, draft) in drafts {
        modules.insert(name.clone(), finish(name, draft, &relationships)?);
    }
    let schema = Schema {
        modules,
        relationships,
        dropdowns,
    };
    check_relates(&schema)?;
    Ok((schema, roles))
}

fn read<T: for<'a> Deserialize<'a>>(file: &str, text: &str) -> Result<T, SchemaError> {
    serde_json::from_str(text).map_err(|source| SchemaError::Json {
        file: file.to_owned(),
        source,
    })
}

/// Adds a module, or further fields to one that is there.
fn add_module(
    drafts: &mut BTreeMap<String, Draft>,
    relationships: &mut Map<String, Value>,
    templates: &BTreeMap<String, Template>,
    name: &str,
    file: ModuleFile,
) -> Result<(), SchemaError> {
    if let Some(draft) = drafts.get_mut(name) {
        draft.definitions.extend(file.fields);
        draft.indices.extend(file.indices);
        return Ok(());
    }
    let table = file.table.unwrap_or_else(|| name.to_ascii_lowercase());
    let mut draft = Draft {
        bean_name: file.bean_name.unwrap_or_else(|| name.to_owned()),
        optimistic_locking: file.optimistic_locking,
        admin_only: file.admin_only,
        indices: Vec::new(),
        definitions: Map::new(),
        table,
    };
    let mut chosen = file.templates;
    if chosen.is_empty() {
        chosen = ["basic", "team_security", "assignable"]
            .map(str::to_owned)
            .to_vec();
    }
    for template in &chosen {
        let template = templates
            .get(template)
            .ok_or_else(|| SchemaError::Unknown {
                user: name.to_owned(),
                what: "template",
                name: template.clone(),
            })?;
        draft.definitions.extend(template.fields.clone());
        draft.indices.extend(template.indices.clone());
        for (relationship, definition) in &template.relationships {
            let fill = |text: &str| {
                text.replace("{module}", name)
                    .replace("{table}", &draft.table)
            };
            relationships.insert(fill(relationship), filled(definition, &fill));
        }
    }
    draft.definitions.extend(file.fields);
    draft.indices.extend(file.indices);
    drafts.insert(name.to_owned(), draft);
    Ok(())
}

/// A template's relationship with the module's names put in.
fn filled(definition: &Value, fill: &impl Fn(&str) -> String) -> Value {
    match definition {
        Value::String(text) => Value::String(fill(text)),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), filled(value, fill)))
            .collect(),
        other => other.clone(),
    }
}

pub(super) fn identifier(name: String) -> Result<String, SchemaError> {
    if is_identifier(&name) {
        Ok(name)
    } else {
        Err(SchemaError::Name { name })
    }
}

fn finish(
    name: String,
    draft: Draft,
    relationships: &BTreeMap<String, Relationship>,
) -> Result<Module, SchemaError> {
    let mut fields = BTreeMap::new();
    for (field_name, definition) in draft.definitions {
        let mut field = field(identifier(field_name)?, definition);
        place(&mut field, &name, relationships)?;
        fields.insert(field.name.clone(), field);
    }
    // A relate field shows its id's column where there is one, and follows its link where there is none.
    let columns: Vec<String> = fields
        .values()
        .filter(|field| matches!(field.place, Place::Column))
        .map(|field| field.name.clone())
        .collect();
    for field in fields.values_mut() {
        if let Place::Relate(relate) = &mut field.place
            && let Some(id_name) = field.definition.get("id_name").and_then(Value::as_str)
            && columns.iter().any(|column| column == id_name)
        {
            relate.through = Through::Column(id_name.to_owned());
        }
    }
    if columns.iter().any(|column| column == "document_name")
        && let Some(alias) = fields.get_mut("name")
    {
        alias.place = Place::Alias("document_name".to_owned());
    }
    let mut indices = draft.indices;
    indices.retain(|index| index.iter().all(|column| columns.contains(column)));
    indices.sort();
    indices.dedup();
    Ok(Module {
        name,
        table: identifier(draft.table)?,
        fields,
        indices,
        optimistic_locking: draft.optimistic_locking,
        admin_only: draft.admin_only,
    })
}

/// Every relate field must lead somewhere, so that the rest of the sandbox need not ask again.
fn check_relates(schema: &Schema) -> Result<(), SchemaError> {
    for module in schema.modules.values() {
        for field in module.fields.values() {
            let Place::Relate(relate) = &field.place else {
                continue;
            };
            let unknown = |what, name: &str| SchemaError::Unknown {
                user: format!("{}.{}", module.name, field.name),
                what,
                name: name.to_owned(),
            };
            let other = schema
                .module(&relate.module)
                .ok_or_else(|| unknown("module", &relate.module))?;
            other
                .field(&relate.shows)
                .ok_or_else(|| unknown("field", &relate.shows))?;
            if let Through::Link(link) = &relate.through {
                module.link(link).ok_or_else(|| unknown("link", link))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::schema::Side;

    #[test]
    fn the_stock_files_make_a_schema() {
        let schema = load(None).unwrap().0;
        let contacts = schema.module("Contacts").unwrap();
        let account_id = contacts.field("account_id").unwrap();
        let Place::Relate(relate) = &account_id.place else {
            panic!("{account_id:?}")
        };
        assert_eq!(relate.through, Through::Link("accounts".into()));
        assert!(contacts.has_person_name());
        let link = schema.module("Accounts").unwrap().link("members").unwrap();
        assert_eq!(link.near, Side::Lhs);
        for module in schema.modules.values() {
            for field in module.fields.values() {
                if let Some(options) = &field.options {
                    assert!(
                        schema.dropdowns.contains_key(options),
                        "{}.{options}",
                        module.name
                    );
                }
            }
        }
    }

    #[test]
    fn an_extension_adds_modules_fields_and_lists() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(
            &mut file,
            br#"{"modules":{"Accounts":{"fields":{"tier_c":{"type":"enum","options":"tier_list","len":20}}},
                "pr_Professors":{"templates":["basic","assignable","email_address","person"]}},
                "relationships":{"pr_professors_leads":{"lhs_module":"pr_Professors","rhs_module":"Leads",
                  "relationship_type":"many-to-many","join_table":"pr_professors_leads_c",
                  "lhs_link":"pr_professors_leads","rhs_link":"pr_professors_leads"}},
                "dropdowns":{"tier_list":[["gold","Gold"],["silver","Silver"]]}}"#,
        )
        .unwrap();
        let schema = load(Some(file.path())).unwrap().0;
        assert!(schema.module("Accounts").unwrap().field("tier_c").is_some());
        assert!(
            schema
                .module("pr_Professors")
                .unwrap()
                .link("pr_professors_leads")
                .is_some()
        );
        assert!(schema.dropdowns.contains_key("tier_list"));
    }
}
