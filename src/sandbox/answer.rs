//! What goes back: a status, a body, and seldom a header.

use std::fmt;

use axum::body::Bytes;
use serde_json::Value;

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The number of records in it, for what it costs.
    pub(crate) records: usize,
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

/// Records as JSON texts, and where the next page begins.
#[derive(Debug)]
pub(crate) struct Records {
    /// -1 at the end.
    pub(crate) next_offset: i64,
    pub(crate) records: Vec<String>,
}

impl Records {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.to_string()).expect("records are printed as JSON")
    }
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"next_offset\":{},\"records\":[", self.next_offset)?;
        for (index, record) in self.records.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(record)?;
        }
        f.write_str("]}")
    }
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self::json(200, value)
    }
}

/// JSON that is text already.
impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Records> for Answer {
    fn from(page: Records) -> Self {
        Self {
            records: page.records.len(),
            ..Self::text(page.to_string())
        }
    }
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
            records: 1,
        }
    }

    pub(crate) fn text(text: String) -> Self {
        Self {
            status: 200,
            body: Body::Text(text),
            headers: Vec::new(),
            records: 1,
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
