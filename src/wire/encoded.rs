//! A request as it travels: method, path, query, body, headers; and as an entry of `/bulk`.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::PercentEncode;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;

use super::path::RestPath;

/// What RFC 3986 lets stand unescaped in a path segment or a query value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What stands around a body in `/bulk`.
const AROUND: usize = 64;

pub(super) fn escaped(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request, ready to send. Only `Read` and `Write` make one.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    method: Method,
    /// Begins with a slash and follows the version: `/Accounts/filter?max_num=20`, escaped.
    path: String,
    /// JSON.
    body: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Encoded {
    pub(super) fn new(method: Method, segments: &[&str]) -> Self {
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            path.extend(escaped(segment));
        }
        Self {
            method,
            path,
            body: None,
            headers: Vec::new(),
        }
    }

    /// A path written by somebody else.
    pub(super) fn of_path(method: Method, path: &RestPath, query: &[(String, String)]) -> Self {
        let parts: Vec<&str> = path.parts().collect();
        query
            .iter()
            .fold(Self::new(method, &parts), |encoded, (name, value)| {
                encoded.query(name, value)
            })
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        self.path
            .push(if self.path.contains('?') { '&' } else { '?' });
        self.path.extend(escaped(name));
        self.path.push('=');
        self.path.extend(escaped(value));
        self
    }

    pub(super) fn with(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_string(body).expect("names are texts and values are JSON"));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn method(&self) -> Method {
        self.method
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same request with another body. The address stays: nothing that is secret stands in one.
    #[must_use]
    pub fn with_body(mut self, body: String) -> Self {
        self.body = Some(body);
        self
    }

    /// JSON.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// About how long it is as an entry of `/bulk`, where its body is a string in a string.
    pub fn bytes(&self) -> usize {
        let body = self.body().unwrap_or_default();
        let escaped = body
            .bytes()
            .filter(|byte| matches!(byte, b'"' | b'\\'))
            .count();
        AROUND + self.path.len() + body.len() + escaped
    }

    /// The body of a `/bulk` with these entries. `data` is sent as a JSON string and `headers` as a list of
    /// `Name: value`, the forms the guide documents (fact sheet 2).
    pub fn bulk(version: &str, requests: &[&Self]) -> String {
        let header = |(name, value): &(_, String)| format!("{name}: {value}");
        let entries = requests.iter().map(|request| BulkEntry {
            data: request.body(),
            headers: request.headers.iter().map(header).collect(),
            method: request.method,
            url: format!("/{version}{}", request.path),
        });
        let bulk = Bulk {
            requests: entries.collect(),
        };
        // Taken at once: what a large text grows through stays with the allocator for a while.
        let bytes = requests.iter().map(|request| request.bytes()).sum();
        let mut text = Vec::with_capacity(bytes);
        serde_json::to_writer(&mut text, &bulk).expect("it is made of texts");
        String::from_utf8(text).expect("JSON is written as UTF-8")
    }
}

#[derive(Serialize)]
struct Bulk<'a> {
    requests: Vec<BulkEntry<'a>>,
}

#[derive(Serialize)]
struct BulkEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<String>,
    method: Method,
    url: String,
}
