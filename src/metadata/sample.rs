//! A record that is made only to see what becomes of it.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Field;
use super::FieldKind;
use super::Metadata;

/// Fields that name a record, whether they are required or not.
const NAMES: [&str; 2] = ["name", "last_name"];

impl Metadata {
    /// Values for what a creator is expected to fill. What is no plain value, such as a record of another module, is left
    /// out: Sugar does not enforce it (fact sheet 4.2).
    pub fn sample(&self, module: &str, text: &str) -> Map<String, Json> {
        let fields = self.module(module).into_iter().flat_map(|module| {
            module.fields.values().filter(|field| {
                let is_written = module
                    .writable(&field.name)
                    .is_some_and(|writable| !writable.is_refused());
                is_written && (field.wants_a_value() || NAMES.contains(&field.name.as_str()))
            })
        });
        fields
            .filter_map(|field| Some((field.name.clone(), self.value(module, field, text)?)))
            .collect()
    }

    fn value(&self, module: &str, field: &Field, text: &str) -> Option<Json> {
        Some(match &field.kind {
            FieldKind::Name | FieldKind::Varchar | FieldKind::Text | FieldKind::Html => {
                let most = field.length.map_or(usize::MAX, |length| length as usize);
                text.chars().take(most).collect::<String>().into()
            }
            FieldKind::Bool => false.into(),
            kind if kind.is_whole_number() => 0.into(),
            kind if kind.is_decimal() => "0".into(),
            FieldKind::Date => "2000-01-01".into(),
            FieldKind::DateTime => "2000-01-01T00:00:00+00:00".into(),
            FieldKind::Enum => {
                let list = self.dropdown(module, &field.name)?;
                json!(list.keys().find(|key| !key.is_empty())?)
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::read;

    #[test]
    fn what_is_required_and_plain_is_filled() {
        let metadata = read(&json!({ "modules": { "Things": { "fields": {
            "id": { "type": "id", "required": true },
            "name": { "type": "name", "len": 5 },
            "amount": { "type": "currency", "required": true },
            "closed": { "type": "date", "required": true },
            "worked_out": { "type": "int", "required": true, "calculated": true },
            "account_id": { "type": "id", "required": true },
            "notes": { "type": "text" },
        } } } }))
        .metadata;
        assert_eq!(
            Json::Object(metadata.sample("Things", "tried out")),
            json!({ "name": "tried", "amount": "0", "closed": "2000-01-01" })
        );
    }
}
