//! Metadata as a file that can be committed: sorted, one field a line, so that a diff reads like a change of a field.

use serde::Deserialize;
use serde_json::Value as Json;

use super::Metadata;
use super::Reading;
use super::read;

/// The version written. Readers take this and older ones; a newer one is refused, since what it adds may matter.
pub const FORMAT: u32 = 1;

/// The key that tells a snapshot from other JSON.
const FORMAT_KEY: &str = "sugarmill_metadata";

/// Objects down to this depth are spread over lines: the file, a section, a module, its fields.
const SPREAD: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("not JSON: {}", words(.0))]
    NotJson(serde_json::Error),
    #[error(
        "neither a metadata snapshot nor an answer of `/metadata`: it has no `{FORMAT_KEY}` and no `modules`"
    )]
    NotMetadata,
    #[error(
        "the snapshot has format {found}, this version reads up to {FORMAT}; a newer sugarmill wrote it"
    )]
    Newer { found: u64 },
    #[error("a damaged snapshot: {0}")]
    Damaged(serde_json::Error),
}

/// What the parser said, without the place: the problem has it.
fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl SnapshotError {
    /// Line and column from 1, the column in bytes, where the text itself is broken.
    pub fn position(&self) -> Option<(usize, usize)> {
        match self {
            Self::NotJson(error) => Some((error.line(), error.column())),
            Self::NotMetadata | Self::Newer { .. } | Self::Damaged(_) => None,
        }
    }
}

pub fn to_text(metadata: &Metadata) -> String {
    let mut whole = serde_json::to_value(metadata).expect("metadata has text keys only");
    whole[FORMAT_KEY] = FORMAT.into();
    let mut text = String::new();
    spread(&whole, 0, &mut text);
    text.push('\n');
    text
}

/// Reads a snapshot, or an answer of `/metadata` that somebody kept.
pub fn from_text(text: &str) -> Result<Reading, SnapshotError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole: Json = serde_json::from_str(text).map_err(SnapshotError::NotJson)?;
    match whole.get(FORMAT_KEY).map(Json::as_u64) {
        Some(Some(found)) if found > u64::from(FORMAT) => Err(SnapshotError::Newer { found }),
        Some(_) => {
            let metadata = Metadata::deserialize(whole).map_err(SnapshotError::Damaged)?;
            Ok(Reading {
                metadata,
                notes: Vec::new(),
            })
        }
        None if whole.get("modules").is_some() => Ok(read(&whole)),
        None => Err(SnapshotError::NotMetadata),
    }
}

/// Writes objects by sorted key: whatever map `serde_json` was built with, the text is the same.
fn spread(value: &Json, depth: usize, text: &mut String) {
    let Json::Object(map) = value else {
        text.push_str(&value.to_string());
        return;
    };
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_unstable();
    let lines = depth < SPREAD && !map.is_empty();
    text.push('{');
    for (index, key) in keys.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        if lines {
            text.push('\n');
            text.push_str(&"  ".repeat(depth + 1));
        } else if index > 0 {
            text.push(' ');
        }
        text.push_str(&Json::from(key.as_str()).to_string());
        text.push_str(": ");
        spread(&map[key], depth + 1, text);
    }
    if lines {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata() -> Metadata {
        let mut metadata = read(&json!({
            "_hash": "9ab3",
            "server_info": { "flavor": "ENT", "version": "14.0.0" },
            "full_module_list": { "Accounts": "Accounts", "Calls": "Calls" },
            "modules": { "Accounts": { "fields": {
                "name": { "type": "name", "len": 150, "required": true, "vname": "LBL_NAME" },
                "account_type": { "type": "enum", "options": "account_type_dom", "default": "Partner" },
                "hologram": { "type": "hologram" },
            } } },
            "relationships": { "accounts_calls": { "lhs_module": "Accounts", "rhs_module": "Calls" } },
        }))
        .metadata;
        let list = [("", ""), ("Partner", "Partner")].into_iter().collect();
        metadata.set_dropdown("Accounts", "account_type", list);
        metadata
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was() {
        let text = to_text(&metadata());
        let reading = from_text(&text).unwrap();
        assert_eq!(reading.metadata, metadata());
        assert_eq!(to_text(&reading.metadata), text);
    }

    #[test]
    fn a_field_is_a_line() {
        let text = to_text(&metadata());
        assert!(
            text.contains("\n        \"name\": {\"length\": 150, \"marks\": [\"required\"], \"type\": \"name\"}\n"),
            "{text}"
        );
    }

    #[test]
    fn a_kept_answer_serves_too() {
        let reading = from_text(r#"{"modules": {"Bugs": {"fields": {"a": 1}}}}"#).unwrap();
        assert!(reading.metadata.has_module("Bugs"));
        assert_eq!(reading.notes.len(), 1);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let said = |text: &str| from_text(text).unwrap_err().to_string();
        assert_eq!(said("{"), "not JSON: EOF while parsing an object");
        assert!(said("{}").starts_with("neither a metadata snapshot"));
        assert!(said("[]").starts_with("neither a metadata snapshot"));
        assert!(said(r#"{"sugarmill_metadata": 2}"#).contains("has format 2"));
        assert!(said(r#"{"sugarmill_metadata": 1, "modules": []}"#).starts_with("a damaged"));
    }
}
