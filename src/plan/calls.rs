//! A call's path, query and body for one item. What check could not see is judged here again, when it is known.

use serde_json::Value as Json;

use super::reads::ReadRefusal;
use crate::check::Call;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Tree;
use crate::playbook::Limits;
use crate::wire::RestPath;

/// The path, which may be called with these limits.
pub(super) fn path(call: &Call, limits: &Limits, scope: &Scope) -> Result<RestPath, ReadRefusal> {
    let value = match call.path.eval(scope)? {
        Rendered::Value(value) => value,
        Rendered::Omit => Json::Null,
    };
    let path = RestPath::of_value(&value)
        .map_err(|error| ReadRefusal::Invalid(format!("{error}; {}", error.help())))?;
    match path.sweeping() {
        Some(endpoint) if limits.max_calls.unwrap_or(0) == 0 => Err(ReadRefusal::Invalid(format!(
            "`{endpoint}` can do more than anybody sees beforehand, and `limits` has no `max_calls` that allows it"
        ))),
        Some(_) | None => Ok(path),
    }
}

/// Names and values as text; lists and maps as JSON, the way Sugar takes a `filter` in a URL (fact sheet 0).
pub(super) fn query(call: &Call, scope: &Scope) -> Result<Vec<(String, String)>, ReadRefusal> {
    let mut query = Vec::with_capacity(call.query.len());
    for field in &call.query {
        let value = match field.value.eval(scope)? {
            Rendered::Omit | Rendered::Value(Json::Null) => continue,
            Rendered::Value(Json::String(text)) => text,
            Rendered::Value(other) => other.to_string(),
        };
        query.push((field.name.value.clone(), value));
    }
    Ok(query)
}

/// The body as it is sent.
pub(super) fn body(body: Option<&Tree>, scope: &Scope) -> Result<Option<Json>, ReadRefusal> {
    let Some(tree) = body else { return Ok(None) };
    match tree.eval(scope)? {
        Rendered::Omit | Rendered::Value(Json::Null) => Ok(None),
        Rendered::Value(body @ (Json::Object(_) | Json::Array(_))) => Ok(Some(body)),
        Rendered::Value(other) => Err(ReadRefusal::Invalid(format!(
            "`body` is neither a map nor a list: {other}"
        ))),
    }
}
