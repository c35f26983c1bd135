//! Reads relationships and gives each of their modules its link field.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use super::JoinTable;
use super::Relationship;
use super::Role;
use super::Shape;
use super::Side;
use super::definition::field;
use super::load::Draft;
use super::load::SchemaError;
use super::load::identifier;

#[derive(Deserialize)]
struct RelationshipFile {
    lhs_module: String,
    rhs_module: String,
    relationship_type: String,
    true_relationship_type: Option<String>,
    join_table: Option<String>,
    join_key_lhs: Option<String>,
    join_key_rhs: Option<String>,
    rhs_key: Option<String>,
    relationship_role_column: Option<String>,
    relationship_role_column_value: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
    lhs_link: Option<String>,
    rhs_link: Option<String>,
}

/// Reads the relationships and gives each side its link field.
pub(super) fn join(
    drafts: &mut BTreeMap<String, Draft>,
    definitions: Map<String, Value>,
) -> Result<BTreeMap<String, Relationship>, SchemaError> {
    let mut relationships = BTreeMap::new();
    for (name, mut definition) in definitions {
        let file: RelationshipFile =
            serde_json::from_value(definition.clone()).map_err(|source| SchemaError::Json {
                file: format!("(relationship {name})"),
                source,
            })?;
        let ends = [
            (&file.lhs_link, &file.lhs_module, &file.rhs_module, "left"),
            (&file.rhs_link, &file.rhs_module, &file.lhs_module, "right"),
        ];
        for (link, near, far, side) in ends {
            let bean_name = drafts.get(far).map(|draft| draft.bean_name.clone());
            let unknown = |module: &String| SchemaError::Unknown {
                user: name.clone(),
                what: "module",
                name: module.clone(),
            };
            let bean_name = bean_name.ok_or_else(|| unknown(far))?;
            let draft = drafts.get_mut(near).ok_or_else(|| unknown(near))?;
            if let Some(link) = link {
                let field = serde_json::json!({
                    "name": link, "vname": format!("LBL_{}", link.to_ascii_uppercase()), "type": "link",
                    "relationship": name, "source": "non-db", "module": far, "bean_name": bean_name,
                    "side": side, "link_type": link_type(&file, side),
                });
                draft.definitions.insert(link.clone(), field);
            }
        }
        if let Value::Object(map) = &mut definition {
            map.insert("name".into(), name.clone().into());
            map.insert(
                "lhs_table".into(),
                drafts[&file.lhs_module].table.clone().into(),
            );
            map.insert("lhs_key".into(), "id".into());
            map.insert(
                "rhs_table".into(),
                drafts[&file.rhs_module].table.clone().into(),
            );
            map.entry("rhs_key").or_insert_with(|| "id".into());
            map.remove("lhs_link");
            map.remove("rhs_link");
        }
        let Value::Object(definition) = definition else {
            continue;
        };
        let relationship = relationship(&name, file, definition)?;
        relationships.insert(name, relationship);
    }
    Ok(relationships)
}

fn link_type(file: &RelationshipFile, side: &str) -> &'static str {
    let kind = file
        .true_relationship_type
        .as_deref()
        .unwrap_or(&file.relationship_type);
    match (kind, side) {
        ("one-to-many", "right") | ("many-to-one", "left") | ("one-to-one", _) => "one",
        _ => "many",
    }
}

fn relationship(
    name: &str,
    file: RelationshipFile,
    definition: Map<String, Value>,
) -> Result<Relationship, SchemaError> {
    let role = match (
        file.relationship_role_column,
        file.relationship_role_column_value,
    ) {
        (Some(column), Some(value)) => Some(Role {
            column: identifier(column)?,
            value,
        }),
        _ => None,
    };
    let shape = match (file.join_table, file.rhs_key) {
        (Some(table), _) => {
            let kind = file
                .true_relationship_type
                .as_deref()
                .unwrap_or(&file.relationship_type);
            let single = match kind {
                "one-to-many" => Some(Side::Lhs),
                "many-to-one" => Some(Side::Rhs),
                _ => None,
            };
            let mut columns = BTreeMap::new();
            for (column, definition) in file.fields {
                columns.insert(identifier(column.clone())?, field(column, definition));
            }
            let key =
                |key: Option<String>, fallback: &str| identifier(key.unwrap_or(fallback.into()));
            Shape::Join(JoinTable {
                table: identifier(table)?,
                lhs_key: key(file.join_key_lhs, "lhs_id")?,
                rhs_key: key(file.join_key_rhs, "rhs_id")?,
                role,
                columns,
                single,
            })
        }
        (None, Some(column)) => Shape::Column {
            column: identifier(column)?,
            role,
        },
        (None, None) => {
            return Err(SchemaError::Unknown {
                user: name.to_owned(),
                what: "place (neither `join_table` nor `rhs_key`) of relationship",
                name: name.to_owned(),
            });
        }
    };
    Ok(Relationship {
        lhs_module: file.lhs_module,
        rhs_module: file.rhs_module,
        shape,
        definition,
    })
}
