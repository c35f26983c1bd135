//! YAML with places: what every part of a playbook is read from.

use serde_json::Value as Json;

use crate::diag::Located;

/// One YAML value. Keys of maps are text; the reader refuses others.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Located<Self>>),
    Map(Vec<(Located<String>, Located<Self>)>),
    /// Something that could not be read. That is told, and nothing more is said of it.
    Unread,
}

impl Node {
    /// What a message calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Unread => "nothing that can be read",
        }
    }

    /// The same value as JSON, templates as the text they are.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null | Self::Unread => Json::Null,
            Self::Bool(value) => Json::from(*value),
            Self::Int(value) => Json::from(*value),
            Self::Float(value) => Json::from(*value),
            Self::Text(value) => Json::from(value.as_str()),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.value.clone(), value.value.to_json()))
                .collect(),
        }
    }
}
