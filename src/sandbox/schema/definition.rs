//! From a field's definition, as metadata shows it, to the field.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use super::EmailPart;
use super::Field;
use super::Kind;
use super::Link;
use super::Place;
use super::Relate;
use super::Relationship;
use super::Side;
use super::Through;
use super::field::Access;
use super::load::SchemaError;

/// Whether a definition's flag is set. Sugar writes flags as `true`, `"true"`, `1` or `"1"`.
fn flag(definition: &Map<String, Value>, key: &str) -> bool {
    match definition.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true" || text == "1",
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}

pub(super) fn text<'a>(definition: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    definition.get(key).and_then(Value::as_str)
}

/// Reads a definition; a field without `source` lives in a column.
pub(super) fn field(name: String, definition: Value) -> Field {
    let mut definition = match definition {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    definition
        .entry("name")
        .or_insert_with(|| name.clone().into());
    let type_name = text(&definition, "type").unwrap_or("varchar");
    let number = |key: &str| {
        definition.get(key).and_then(|value| {
            value
                .as_u64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        })
    };
    let places = number("precision").and_then(|places| u8::try_from(places).ok());
    let kind = Kind::parse(type_name, text(&definition, "dbType"), places);
    let place = match (type_name, text(&definition, "source")) {
        ("fullname", _) => Place::FullName,
        ("team", _) => Place::Teams,
        ("tag", _) => Place::Tags,
        ("email", _) => Place::Email(EmailPart::Collection),
        ("parent", _) => Place::ParentName,
        (_, Some("non-db")) => match name.as_str() {
            "my_favorite" => Place::Favorite,
            "following" => Place::Following,
            "email1" => Place::Email(EmailPart::Primary),
            "email2" => Place::Email(EmailPart::Second),
            "email_opt_out" => Place::Email(EmailPart::OptOut),
            "invalid_email" => Place::Email(EmailPart::Invalid),
            _ => Place::Nowhere,
        },
        _ => Place::Column,
    };
    Field {
        kind,
        place,
        length: number("len")
            .filter(|_| kind == Kind::Text)
            .and_then(|len| len.try_into().ok()),
        options: text(&definition, "options").map(str::to_owned),
        access: if flag(&definition, "readonly") {
            Access::ReadOnly
        } else {
            Access::Writable
        },
        default: definition.get("default").map(|default| match default {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
        counted: flag(&definition, "auto_increment"),
        audited: flag(&definition, "audited"),
        searched: flag(&definition, "unified_search"),
        definition,
        name,
    }
}

/// Places of fields that need more than their own definition: links and relates.
pub(super) fn place(
    field: &mut Field,
    module: &str,
    relationships: &BTreeMap<String, Relationship>,
) -> Result<(), SchemaError> {
    match text(&field.definition, "type") {
        Some("link") => {
            let name = text(&field.definition, "relationship").unwrap_or_default();
            let relationship = relationships
                .get(name)
                .ok_or_else(|| SchemaError::Unknown {
                    user: format!("{module}.{}", field.name),
                    what: "relationship",
                    name: name.to_owned(),
                })?;
            let near = match text(&field.definition, "side") {
                Some("right") => Side::Rhs,
                Some("left") => Side::Lhs,
                _ if relationship.lhs_module == module => Side::Lhs,
                _ => Side::Rhs,
            };
            let far = match near {
                Side::Lhs => &relationship.rhs_module,
                Side::Rhs => &relationship.lhs_module,
            };
            field.place = Place::Link(Link {
                relationship: name.to_owned(),
                near,
                module: far.clone(),
            });
        }
        Some("relate") if field.definition.contains_key("source") => {
            if let (Some(shows), Some(other)) = (
                text(&field.definition, "rname"),
                text(&field.definition, "module"),
            ) {
                let link = text(&field.definition, "link").unwrap_or_default();
                field.place = Place::Relate(Relate {
                    through: Through::Link(link.to_owned()),
                    module: other.to_owned(),
                    shows: shows.to_owned(),
                });
            }
        }
        _ => {}
    }
    Ok(())
}
