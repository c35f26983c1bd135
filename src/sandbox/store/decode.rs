//! From a column's value to JSON as Sugar prints it (reference, section 4.1).

use rusqlite::types::ValueRef;
use serde_json::Value;
use serde_json::json;

use super::super::schema::EmailPart;
use super::super::schema::Field;
use super::super::schema::Kind;
use super::super::schema::Place;
use super::super::time::Zone;

/// How the value of one selected column becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decode {
    Text,
    MultiEnum,
    Bool,
    Int,
    Decimal,
    DateTime,
    Emails,
    Tags,
    Teams,
}

impl Decode {
    pub(crate) fn of(field: &Field) -> Self {
        match field.place {
            Place::Email(EmailPart::Collection) => return Self::Emails,
            Place::Email(EmailPart::OptOut | EmailPart::Invalid)
            | Place::Favorite
            | Place::Following => {
                return Self::Bool;
            }
            Place::Tags => return Self::Tags,
            Place::Teams => return Self::Teams,
            _ => {}
        }
        match field.kind {
            Kind::Id | Kind::Text | Kind::Date => Self::Text,
            Kind::MultiEnum => Self::MultiEnum,
            Kind::Bool => Self::Bool,
            Kind::Int => Self::Int,
            Kind::Decimal { .. } => Self::Decimal,
            Kind::DateTime => Self::DateTime,
        }
    }

    /// The value of an unset field. Text is `""`, never null (`annual_revenue` in the guide's samples).
    pub(crate) fn unset(self) -> Value {
        match self {
            Self::Text | Self::Decimal | Self::DateTime => Value::String(String::new()),
            Self::Bool => Value::Bool(false),
            Self::Int => Value::Null,
            Self::MultiEnum | Self::Emails | Self::Tags | Self::Teams => Value::Array(Vec::new()),
        }
    }

    pub(crate) fn value(self, value: ValueRef<'_>, zone: &Zone) -> Value {
        if value == ValueRef::Null {
            return self.unset();
        }
        match (self, value) {
            (Self::Bool, ValueRef::Integer(number)) => Value::Bool(number != 0),
            (Self::Int, ValueRef::Integer(number)) => Value::from(number),
            (_, ValueRef::Integer(number)) => Value::String(number.to_string()),
            (_, ValueRef::Real(number)) => Value::String(number.to_string()),
            (_, ValueRef::Text(bytes)) => self.text(&String::from_utf8_lossy(bytes), zone),
            _ => Value::Null,
        }
    }

    fn text(self, text: &str, zone: &Zone) -> Value {
        match self {
            Self::DateTime if !text.is_empty() => Value::String(zone.print(text)),
            Self::MultiEnum => text
                .split(',')
                .map(|key| key.trim_matches('^'))
                .filter(|key| !key.is_empty())
                .collect(),
            Self::Emails => rows(text, |row| {
                json!({
                    "email_address": row[0], "opt_out": is_set(&row[1]), "invalid_email": is_set(&row[2]),
                    "primary_address": is_set(&row[3]), "reply_to_address": is_set(&row[4]),
                })
            }),
            Self::Tags => rows(text, |row| {
                let lower = row[1].as_str().unwrap_or_default().to_lowercase();
                json!({ "id": row[0], "name": row[1], "tags__name_lower": lower })
            }),
            Self::Teams => serde_json::from_str(text).unwrap_or(Value::Array(Vec::new())),
            _ => Value::String(text.to_owned()),
        }
    }
}

fn is_set(value: &Value) -> bool {
    value.as_i64() == Some(1)
}

/// The rows that a sub-select collected as a JSON array of arrays.
fn rows(text: &str, read: impl Fn(&[Value]) -> Value) -> Value {
    if text == "[]" {
        return Value::Array(Vec::new());
    }
    let rows: Vec<Vec<Value>> = serde_json::from_str(text).unwrap_or_default();
    rows.iter().map(|row| read(row)).collect()
}
