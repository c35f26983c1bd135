//! What a field takes. Sugar stores nearly anything (fact sheet 4.2), so a wrong value has to be found here.

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::Rejected;
use super::decimal::Decimal;
use super::list;
use super::time;
use crate::metadata::Dropdown;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::wire::excerpt;

/// What is known beside the field itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The field's values, where they are known.
    pub dropdown: Option<&'a Dropdown>,
    /// The zone of datetimes that name none; without it they are refused.
    pub zone: Option<&'a TimeZone>,
}

/// The value as it is to be sent: text that reads as the field's type is sent as that type, null clears, and empty text
/// clears what cannot hold text.
pub fn accept(field: &Field, value: &Json, context: Context<'_>) -> Result<Json, Rejected> {
    let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    if value.is_null() || (blank && !holds_text(&field.kind)) {
        return Ok(match field.kind {
            FieldKind::MultiEnum | FieldKind::Tag if blank => Json::Array(Vec::new()),
            _ => Json::Null,
        });
    }
    match &field.kind {
        FieldKind::Bool => accept_bool(value),
        FieldKind::Int | FieldKind::AutoIncrement => accept_whole(value),
        FieldKind::Float | FieldKind::Decimal | FieldKind::Currency => accept_decimal(field, value),
        FieldKind::Date => time::accept_date(text_only(value, "a date")?).map(Json::from),
        FieldKind::DateTime => {
            time::accept_datetime(text_only(value, "a date and time")?, context.zone)
                .map(Json::from)
        }
        FieldKind::Time => time::accept_time(text_only(value, "a time of day")?).map(Json::from),
        FieldKind::Enum | FieldKind::ParentType => option(&scalar(value)?, context.dropdown)
            .and_then(|key| within_length(field, key))
            .map(Json::from),
        FieldKind::MultiEnum => list::accept_keys(value, context.dropdown),
        FieldKind::Tag => list::accept_tags(value),
        FieldKind::Email => list::accept_emails(value),
        FieldKind::TeamSet => list::accept_teams(value),
        FieldKind::Link => list::accept_link_actions(value),
        _ if field.name == "email1" => {
            list::address(&scalar(value)?).map(|address| Json::from(address.to_owned()))
        }
        FieldKind::Id
        | FieldKind::Name
        | FieldKind::FullName
        | FieldKind::Varchar
        | FieldKind::Text
        | FieldKind::Html
        | FieldKind::Url
        | FieldKind::Phone
        | FieldKind::Encrypted
        | FieldKind::Password
        | FieldKind::CurrencyId
        | FieldKind::Relate
        | FieldKind::Parent => within_length(field, scalar(value)?).map(Json::from),
        // What is not understood is not checked.
        FieldKind::Collection
        | FieldKind::File
        | FieldKind::Image
        | FieldKind::Json
        | FieldKind::Other(_) => Ok(value.clone()),
    }
}

/// Kinds for which empty text is a value like any other.
fn holds_text(kind: &FieldKind) -> bool {
    !(kind.is_whole_number()
        || kind.is_decimal()
        || matches!(
            kind,
            FieldKind::Bool
                | FieldKind::Date
                | FieldKind::Time
                | FieldKind::DateTime
                | FieldKind::MultiEnum
                | FieldKind::Tag
                | FieldKind::Email
                | FieldKind::TeamSet
        ))
}

fn accept_bool(value: &Json) -> Result<Json, Rejected> {
    let read = match value {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    read.map(Json::Bool).ok_or_else(|| Rejected::NotBool {
        value: shown(value),
    })
}

fn accept_whole(value: &Json) -> Result<Json, Rejected> {
    Decimal::of(value)
        .filter(Decimal::is_whole)
        .and_then(|number| number.to_string().parse::<i64>().ok())
        .map(Json::from)
        .ok_or_else(|| Rejected::NotWhole {
            value: shown(value),
        })
}

/// Text stays text, which keeps every digit and is the form Sugar itself gives; numbers stay numbers, which it takes.
fn accept_decimal(field: &Field, value: &Json) -> Result<Json, Rejected> {
    let number = Decimal::of(value).ok_or_else(|| Rejected::NotNumber {
        value: shown(value),
    })?;
    if let (Some(length), Some(precision)) = (field.length, field.precision)
        && let Some(most) = length.checked_sub(precision)
        && field.kind != FieldKind::Float
    {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let digits = number.digits_before_the_point();
        if digits > most {
            return Err(Rejected::TooLarge {
                value: shown(value),
                digits,
                most,
            });
        }
    }
    Ok(match value {
        Json::String(text) => Json::from(text.trim()),
        other => other.clone(),
    })
}

/// A key of the dropdown; anything where the list is not known. Empty clears.
pub(super) fn option(key: &str, dropdown: Option<&Dropdown>) -> Result<String, Rejected> {
    match dropdown {
        Some(list) if !key.is_empty() && !list.contains(key) => Err(Rejected::NotAnOption {
            value: excerpt(key),
            options: list.keys().map(str::to_owned).collect(),
            meant: list.meant(key).map(str::to_owned),
        }),
        _ => Ok(key.to_owned()),
    }
}

fn within_length(field: &Field, text: String) -> Result<String, Rejected> {
    let Some(most) = field.length else {
        return Ok(text);
    };
    let found = text.chars().count();
    if found > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Rejected::TooLong {
            value: excerpt(&text),
            found,
            most,
        });
    }
    Ok(text)
}

/// Text, or what has an obvious text: a number, true, false.
pub(super) fn scalar(value: &Json) -> Result<String, Rejected> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(Rejected::Shape {
            found: shape(value),
            wanted: "text",
        }),
    }
}

fn text_only<'a>(value: &'a Json, wanted: &'static str) -> Result<&'a str, Rejected> {
    value.as_str().ok_or(Rejected::Shape {
        found: shape(value),
        wanted,
    })
}

pub(super) fn shape(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => excerpt(text),
        other => excerpt(&other.to_string()),
    }
}
