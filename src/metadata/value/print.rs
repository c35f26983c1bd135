//! What a record's own fields held when it was last seen, small enough to be kept for each of a million records.
//!
//! It tells that a field was changed, and not from what. Before a record is deleted that somebody may have worked on
//! meanwhile, that is enough.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use serde_json::Map;
use serde_json::Value as Json;

use super::canonical;
use super::same::is_unset;
use super::time;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Mark;
use crate::metadata::Module;
use crate::wire::Fields;

/// Field → the beginning of a hash of its value. Fields that hold nothing are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Print(BTreeMap<String, Beginning>);

/// So much is kept of each hash, written as eight digits: one change in four thousand million goes unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beginning(u32);

impl Beginning {
    fn of(text: &str) -> Self {
        let [a, b, c, d, ..] = *blake3::hash(text.as_bytes()).as_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

impl Serialize for Beginning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:08x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Beginning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let number = u32::from_str_radix(&digits, 16);
        number.map(Self).map_err(D::Error::custom)
    }
}

impl Print {
    /// Of the fields of `record` that people fill. What Sugar works out by itself, and what belongs to other records,
    /// changes without anybody having touched this one.
    pub fn of(module: &Module, record: &Map<String, Json>) -> Self {
        Self(
            record
                .iter()
                .filter_map(|(name, value)| {
                    let field = module.field(name).filter(|field| is_own(field))?;
                    Some((name.clone(), hash(field, value)?))
                })
                .collect(),
        )
    }

    /// The same of a record in an answer.
    pub fn of_shown(module: &Module, record: &Fields<'_>) -> Self {
        Self(
            record
                .iter()
                .filter(|(_, shown)| !shown.is_bare())
                .filter_map(|(name, shown)| {
                    let field = module.field(name).filter(|field| is_own(field))?;
                    let hash = match shown.plain() {
                        Some(text) if field.kind != FieldKind::DateTime => {
                            Some(Beginning::of(text))
                        }
                        _ => hash(field, &shown.json()?),
                    };
                    Some((name.to_owned(), hash?))
                })
                .collect(),
        )
    }

    /// The fields that hold something else in `other`.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let names = self.0.keys().chain(other.0.keys());
        let mut names: Vec<&String> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .collect();
        names.sort();
        names.dedup();
        names.into_iter().cloned().collect()
    }
}

/// Whether it says something of the record itself that somebody can have set, and nothing of its saving.
pub fn is_own(field: &Field) -> bool {
    let collection = matches!(
        field.kind,
        FieldKind::Email | FieldKind::Tag | FieldKind::TeamSet
    );
    let stamp = matches!(
        field.name.as_str(),
        "date_modified" | "modified_user_id" | "deleted"
    );
    let beside = matches!(
        field.kind,
        FieldKind::Link | FieldKind::Collection | FieldKind::AutoIncrement
    );
    (collection || !field.is(Mark::NonDb))
        && !stamp
        && !beside
        && !field.is(Mark::Readonly)
        && !field.is(Mark::Calculated)
}

fn hash(field: &Field, value: &Json) -> Option<Beginning> {
    if is_unset(field, value) {
        return None;
    }
    let text = match (&field.kind, value) {
        // Sugar writes it in the offset of whoever asks.
        (FieldKind::DateTime, Json::String(text)) => {
            time::instant(text).map_or_else(|| canonical(value), |instant| instant.to_string())
        }
        _ => canonical(value),
    };
    Some(Beginning::of(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;
    use crate::wire::BulkAnswer;

    #[test]
    fn a_change_of_what_people_fill_is_seen_and_nothing_else_is() {
        let reading = read(&json!({ "modules": { "Contacts": { "fields": {
            "last_name": { "type": "varchar" },
            "title": { "type": "varchar" },
            "email": { "type": "email", "source": "non-db" },
            "birthday": { "type": "datetime" },
            "account_name": { "type": "relate", "source": "non-db" },
            "score": { "type": "int", "calculated": true },
            "date_modified": { "type": "datetime" },
        } } } }));
        let module = reading.metadata.module("Contacts").unwrap();
        // However an answer writes it, it is the same record.
        let print = |record: Json| {
            let print = Print::of(module, record.as_object().unwrap());
            let escaped = record
                .to_string()
                .replace('/', "\\/")
                .replace('ü', "\\u00fc");
            for text in [record.to_string(), escaped] {
                let bulk = format!(r#"[{{ "contents": {text}, "status": 200 }}]"#);
                let bulk = BulkAnswer::read(bulk).unwrap().judge(1).unwrap();
                let body = bulk.into_iter().next().unwrap().unwrap().body;
                let shown = body.shown().fields().unwrap();
                assert_eq!(Print::of_shown(module, &shown), print, "{text}");
            }
            print
        };
        let before = print(json!({
            "last_name": "Müller/Doe", "title": "", "email": [{ "email_address": "a@b.c", "primary_address": true }],
            "birthday": "2026-01-01T12:00:00+00:00", "account_name": "Acme", "score": 1, "date_modified": "1",
            "unknown": 1,
        }));
        let same = print(json!({
            "last_name": "Müller/Doe", "email": [{ "primary_address": true, "email_address": "a@b.c" }],
            "birthday": "2026-01-01T13:00:00+01:00", "account_name": "Bolt", "score": 2, "date_modified": "2",
        }));
        assert_eq!(before.differing(&same), Vec::<String>::new());
        let other = print(json!({ "last_name": "Müller/Doe", "title": "Boss", "email": [] }));
        assert_eq!(before.differing(&other), ["birthday", "email", "title"]);
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Print>(&text).unwrap(), before);
    }
}
