//! Between template values and JSON.

use std::fmt;
use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Object;
use minijinja::value::ObjectRepr;
use minijinja::value::Serde;
use minijinja::value::ValueKind;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value as Json;

use super::dates;
use super::dates::Moment;

/// How deep a value may nest; deeper ones come from a mistake.
const MAX_DEPTH: usize = 64;

/// What `{{ omit }}` gives: the field is left out.
#[derive(Debug)]
pub(super) struct Omit;

impl Object for Omit {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("omit")
    }
}

pub(super) fn from_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::String(text) => Value::from(text.as_str()),
        other => Value::from(Serde(other)),
    }
}

/// Reads a template's value as JSON. Undefined is an error at any depth, since the engine would make it null.
pub(super) fn to_json(value: &Value) -> Result<Json, Error> {
    at_depth(value, 0)
}

fn at_depth(value: &Value, depth: usize) -> Result<Json, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "the value is nested too deeply",
        ));
    }
    match value.kind() {
        ValueKind::Undefined => Err(Error::new(
            ErrorKind::UndefinedError,
            "the value is undefined",
        )),
        ValueKind::None => Ok(Json::Null),
        ValueKind::Bool => Ok(Json::Bool(value.is_true())),
        ValueKind::Number => number(value),
        ValueKind::String => Ok(Json::from(value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => value
            .try_iter()?
            .checked()
            .map(|item| at_depth(&item?, depth + 1))
            .collect(),
        ValueKind::Map => {
            let mut map = Map::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                map.insert(name, at_depth(&value.get_item(&key)?, depth + 1)?);
            }
            Ok(Json::Object(map))
        }
        ValueKind::Plain if value.downcast_object_ref::<Moment>().is_some() => {
            Ok(Json::from(value.to_string()))
        }
        ValueKind::Plain if value.downcast_object_ref::<Omit>().is_some() => Err(Error::new(
            ErrorKind::InvalidOperation,
            "`omit` must stand alone as a field's value",
        )),
        ValueKind::Plain if dates::is_date(value) => Err(Error::new(
            ErrorKind::InvalidOperation,
            "a length of time is not a value that can be sent; add it to a date: `today() + days(1)`",
        )),
        // An invalid value carries the error that made it.
        ValueKind::Invalid => Err(value.try_iter().err().unwrap_or_else(|| invalid(value))),
        kind => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a {kind} is not a value that can be sent"),
        )),
    }
}

fn invalid(value: &Value) -> Error {
    Error::new(ErrorKind::InvalidOperation, value.to_string())
}

fn number(value: &Value) -> Result<Json, Error> {
    if value.is_integer() {
        return value.as_i64().map(Json::from).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("`{value}` is too large a number"),
            )
        });
    }
    let float: f64 = value.clone().try_into()?;
    Number::from_f64(float).map(Json::Number).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{value}` is no number that can be sent"),
        )
    })
}
