//! What goes back: a status, a body, and seldom a header.

use axum::body::Bytes;
use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(&'static str, String)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(Value),
    /// JSON that is text already, where the order of its keys matters.
    Text(String),
    /// The content of an uploaded file, or what is no JSON for another reason.
    File {
        content: Bytes,
        mime: String,
    },
}

impl Answer {
    pub(crate) fn ok(value: Value) -> Self {
        Self::json(200, value)
    }

    pub(crate) fn json(status: u16, value: Value) -> Self {
        Self {
            status,
            body: Body::Json(value),
            headers: Vec::new(),
        }
    }

    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            body: Body::Text(text),
            headers: Vec::new(),
        }
    }

    /// The number of records in the body: those of a list, else one.
    pub(crate) fn records(&self) -> usize {
        match &self.body {
            Body::Json(value) => value
                .get("records")
                .or_else(|| value.get("related_records"))
                .and_then(Value::as_array)
                .map_or(1, Vec::len),
            Body::Text(_) | Body::File { .. } => 1,
        }
    }

    /// The body as JSON text; a file is an empty string within a bulk.
    pub(crate) fn into_json(self) -> String {
        match self.body {
            Body::Json(value) => value.to_string(),
            Body::Text(text) => text,
            Body::File { .. } => "\"\"".to_owned(),
        }
    }
}
