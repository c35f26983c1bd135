//! One call as a handler sees it, decoded with all the tolerance that real clients rely on (fact sheet 0).

use std::fmt;

use axum::body::Bytes;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_encode;
use serde_json::Map;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::multipart;
use super::multipart::Part;
use super::query;
use super::query::Plus;
use crate::wire::SugarLabel;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
    Patch,
}

impl Method {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "PATCH" => Self::Patch,
            _ => return None,
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
        })
    }
}

/// The headers that mean something to Sugar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) token: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) metadata_hash: Option<String>,
    pub(crate) accept: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) file_name: Option<String>,
}

impl Headers {
    /// Takes one header in, whatever the case of its name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "oauth-token" => self.token = Some(value.to_owned()),
            "authorization" => {
                if let Some(token) = value
                    .get(..7)
                    .filter(|word| word.eq_ignore_ascii_case("bearer "))
                {
                    self.token = Some(value[token.len()..].trim().to_owned());
                }
            }
            "x-timestamp" => self.timestamp = Some(value.to_owned()),
            "x-metadata-hash" => self.metadata_hash = Some(value.to_owned()),
            "accept" => self.accept = Some(value.to_owned()),
            "content-type" => self.content_type = Some(value.to_owned()),
            "filename" | "x-file-name" => self.file_name = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// What follows the version, without empty segments.
    pub(crate) segments: Vec<String>,
    /// Query parameters; a form body's fields too.
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Value,
    pub(crate) headers: Headers,
    /// The body as it came, for uploads.
    pub(crate) raw: Bytes,
}

/// The newest version the sandbox speaks: 11.24 (fact sheet 0).
const NEWEST: (u32, u32) = (11, 24);
const OLDEST_MAJOR: u32 = 10;

impl Call {
    /// Decodes a request whose path may begin before `/rest`.
    pub(crate) fn read(
        method: Method,
        target: &str,
        headers: Headers,
        raw: Bytes,
    ) -> Result<Self, Failure> {
        let mut call = Self::without_body(method, target, headers)?;
        let takes = match Endpoint::of(method, &call.segments) {
            Some(Endpoint::Upload { .. } | Endpoint::TemporaryFile { .. }) => Takes::File,
            _ => Takes::Fields,
        };
        call.body = body(&call.headers, &raw, takes, &mut call.query)?;
        call.raw = raw;
        Ok(call)
    }

    pub(crate) fn without_body(
        method: Method,
        target: &str,
        headers: Headers,
    ) -> Result<Self, Failure> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| query::decode(segment, Plus::Itself))
            .collect();
        // The entries of a bulk begin at the version. What comes behind it may be called `rest` as well.
        let begins_at_version = segments
            .first()
            .is_some_and(|segment| path_version(segment).is_some());
        let rest = segments.iter().position(|segment| segment == "rest");
        if let Some(rest) = rest.filter(|_| !begins_at_version) {
            segments.drain(..=rest);
        }
        check_version(&mut segments, headers.accept.as_deref())?;
        let query = query::parse(query);
        Ok(Self {
            method,
            segments,
            query,
            body: Value::Null,
            headers,
            raw: Bytes::new(),
        })
    }

    /// The body as a map of fields; `[]` is PHP's empty map.
    pub(crate) fn fields(&self) -> Result<&Map<String, Value>, Failure> {
        match &self.body {
            Value::Object(map) => Ok(map),
            Value::Array(items) if items.is_empty() => Ok(empty()),
            Value::Null => Ok(empty()),
            _ => Err(Failure::invalid("The body must be a map of fields.")),
        }
    }

    /// An argument from body or query. Null means not given, as some clients send every parameter.
    pub(crate) fn argument(&self, name: &str) -> Option<&Value> {
        self.body
            .get(name)
            .filter(|value| !value.is_null())
            .or_else(|| self.query.get(name).filter(|value| !value.is_null()))
    }

    /// An argument that must be text where it is given.
    pub(crate) fn words(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.argument(name) {
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(Failure::invalid(format!(
                "Invalid value for {name}: {other}"
            ))),
            None => Ok(None),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.argument(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// An argument that is a flag in any of PHP's spellings.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.argument(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            Some(Value::String(text)) => !matches!(text.as_str(), "" | "0" | "false"),
            _ => false,
        }
    }

    /// An argument that is a whole number, in a string or not.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let unreadable =
            |value: &Value| Failure::invalid(format!("Invalid value for {name}: {value}"));
        match self.argument(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value @ Value::String(text)) => {
                text.trim().parse().map(Some).map_err(|_| unreadable(value))
            }
            Some(value) => value.as_i64().map(Some).ok_or_else(|| unreadable(value)),
        }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.headers
            .token
            .as_deref()
            .or_else(|| self.query.get("oauth_token").and_then(Value::as_str))
            .filter(|token| !token.is_empty())
    }
}

fn empty() -> &'static Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    &EMPTY
}

/// Takes the version off the path, or finds it in `Accept`: one place or the other, never both.
fn check_version(segments: &mut Vec<String>, accept: Option<&str>) -> Result<(), Failure> {
    let in_path = segments.first().and_then(|segment| path_version(segment));
    if in_path.is_some() {
        segments.remove(0);
    }
    let version = match (in_path, accept.and_then(accept_version)) {
        (Some(_), Some(_)) => None,
        (in_path, in_accept) => in_path.or(in_accept),
    };
    match version {
        Some((major, minor)) if major >= OLDEST_MAJOR && (major, minor) <= NEWEST => Ok(()),
        // Version 10 never had minors beyond those of 11, and clients do not mind: v10 is served whatever follows.
        Some((OLDEST_MAJOR, _)) => Ok(()),
        _ => Err(Failure::new(
            SugarLabel::IncorrectVersion,
            "The version of the API requested is incorrect for this server.",
        )),
    }
}

/// `v11`, `v11_5` and `v11.17`.
fn path_version(segment: &str) -> Option<(u32, u32)> {
    let number = segment.strip_prefix(['v', 'V'])?;
    version_number(number, &['_', '.'])
}

/// `application/vnd.sugarcrm.core+json; version=11.1`.
fn accept_version(accept: &str) -> Option<(u32, u32)> {
    if !accept.contains("vnd.sugarcrm") {
        return None;
    }
    let (_, version) = accept.split_once("version=")?;
    version_number(version.split([',', ';']).next()?.trim(), &['.', '_'])
}

fn version_number(text: &str, separators: &[char]) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once(separators).unwrap_or((text, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What a body may be by the path that it is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Fields,
    /// A file's content as it is, or in a form.
    File,
}

/// Reads the body by its declared type, or by its looks where none is declared.
fn body(
    headers: &Headers,
    raw: &Bytes,
    takes: Takes,
    query: &mut Map<String, Value>,
) -> Result<Value, Failure> {
    let kind = headers.content_type.as_deref().unwrap_or_default();
    let first = raw.iter().find(|byte| !byte.is_ascii_whitespace());
    let Some(first) = first else {
        return Ok(Value::Null);
    };
    let looks_like_json = matches!(first, b'{' | b'[' | b'"');
    let form = if multipart::is_declared(kind) {
        fields_of(&multipart::parts(kind, raw))
    } else if takes == Takes::File {
        return Ok(Value::Null);
    } else if is_plain_form(kind) && !looks_like_json {
        // curl declares a form by itself, whatever it sends.
        query::parse(&String::from_utf8_lossy(raw))
    } else {
        return serde_json::from_slice(raw)
            .map_err(|error| Failure::invalid(format!("The body is not JSON: {error}")));
    };
    query.extend(form.clone());
    Ok(match takes {
        Takes::Fields => Value::Object(form),
        Takes::File => Value::Null,
    })
}

fn is_plain_form(kind: &str) -> bool {
    kind.to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
}

/// The fields of a form that are no files, brackets included.
fn fields_of(parts: &[Part]) -> Map<String, Value> {
    let encoded = |bytes: &[u8]| percent_encode(bytes, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = parts
        .iter()
        .filter(|part| part.file_name.is_none())
        .map(|part| {
            format!(
                "{}={}",
                encoded(part.name.as_bytes()),
                encoded(&part.content)
            )
        })
        .collect();
    query::parse(&pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(target: &str) -> Result<Vec<String>, Failure> {
        Call::read(Method::Get, target, Headers::default(), Bytes::new()).map(|call| call.segments)
    }

    #[test]
    fn every_spelling_of_a_version_is_taken() {
        for target in [
            "/rest/v10/Accounts",
            "/rest/v11_5/Accounts/",
            "//rest/v11.17//Accounts",
            "v11/Accounts",
            "/crm/rest/v11_24/Accounts?x=1",
        ] {
            assert_eq!(segments(target).unwrap(), ["Accounts"], "{target}");
        }
        for target in [
            "/rest/v4/Accounts",
            "/rest/v11_25/Accounts",
            "/rest/v12/Accounts",
            "/rest/Accounts",
            "/",
        ] {
            assert!(segments(target).is_err(), "{target}");
        }
    }

    #[test]
    fn the_version_may_stand_in_accept() {
        let mut headers = Headers::default();
        headers.set("ACCEPT", "application/vnd.sugarcrm.core+json; version=11.1");
        let call = Call::read(Method::Get, "/rest/me", headers, Bytes::new()).unwrap();
        assert_eq!(call.segments, ["me"]);
    }

    #[test]
    fn bodies_are_read_by_type_or_by_looks() {
        let read = |kind: Option<&str>, body: &'static str| {
            let mut headers = Headers::default();
            if let Some(kind) = kind {
                headers.set("Content-Type", kind);
            }
            Call::read(
                Method::Post,
                "/rest/v10/oauth2/token/",
                headers,
                Bytes::from(body),
            )
        };
        let json = read(None, r#"{"grant_type":"password"}"#).unwrap();
        assert_eq!(json.text("grant_type"), Some("password"));
        let form = read(
            Some("application/x-www-form-urlencoded"),
            "grant_type=password&x=a+b",
        )
        .unwrap();
        assert_eq!(form.text("grant_type"), Some("password"));
        assert_eq!(form.text("x"), Some("a b"));
        assert!(
            read(Some("application/json"), "[]")
                .unwrap()
                .fields()
                .unwrap()
                .is_empty()
        );
        assert!(read(Some("application/json"), "{broken").is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_a_client_sends_is_fatal(target: String, kind: String, body: Vec<u8>) {
            let mut headers = Headers::default();
            headers.set("Content-Type", &kind);
            headers.set("Authorization", &kind);
            let _ = Call::read(Method::Post, &target, headers, Bytes::from(body));
        }
    }
}
