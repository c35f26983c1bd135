//! From JSON in a body or a filter to the value of a column.
//!
//! Sugar is lax: numbers may come as strings and strings as numbers, dropdown values are not checked, text that is too
//! long is cut. What cannot be read as the field's kind at all is refused with 422 (a choice of the sandbox).

use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::decimal::canonical;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::time;
use crate::sandbox::time::Zone;

pub(crate) fn encode(field: &Field, value: &Value, zone: &Zone) -> Result<SqlValue, Failure> {
    let unreadable =
        || Failure::invalid(format!("Invalid value for field {}: {value}", field.name));
    if value.is_null() {
        return Ok(SqlValue::Null);
    }
    if let (Kind::MultiEnum, Value::Array(keys)) = (field.kind, value) {
        let keys: Option<Vec<String>> = keys
            .iter()
            .map(|key| text_of(key).map(|key| format!("^{key}^")))
            .collect();
        return Ok(SqlValue::Text(keys.ok_or_else(unreadable)?.join(",")));
    }
    let text = text_of(value).ok_or_else(unreadable)?;
    if text.is_empty() && field.kind != Kind::Text && field.kind != Kind::MultiEnum {
        return Ok(SqlValue::Null);
    }
    match field.kind {
        Kind::Id => Ok(SqlValue::Text(text)),
        Kind::Text => Ok(SqlValue::Text(cut(text, field.length))),
        Kind::MultiEnum if text.is_empty() || is_list_of_keys(&text) => Ok(SqlValue::Text(text)),
        Kind::MultiEnum => Ok(SqlValue::Text(format!("^{text}^"))),
        Kind::Bool => boolean(&text)
            .map(|flag| SqlValue::Integer(flag.into()))
            .ok_or_else(unreadable),
        Kind::Int => whole(&text).map(SqlValue::Integer).ok_or_else(unreadable),
        Kind::Decimal { places } => canonical(&text, places)
            .map(SqlValue::Text)
            .ok_or_else(unreadable),
        Kind::Date => time::date(&text)
            .map(|date| SqlValue::Text(date.to_string()))
            .ok_or_else(unreadable),
        Kind::DateTime => zone.read(&text).map(SqlValue::Text).ok_or_else(unreadable),
    }
}

/// Whether text is in the form in which the keys of a multi-select are kept: `^a^,^b^`.
fn is_list_of_keys(text: &str) -> bool {
    text.len() > 1 && text.starts_with('^') && text.ends_with('^')
}

/// The text of a scalar, booleans as PHP casts them; nothing for lists and maps.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if *flag { "1" } else { "0" }.to_owned()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn cut(mut text: String, length: Option<usize>) -> String {
    if let Some((end, _)) = length.and_then(|length| text.char_indices().nth(length)) {
        text.truncate(end);
    }
    text
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        format!("{number:.0}").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_characters() {
        assert_eq!(cut("Müller".into(), Some(2)), "Mü");
        assert_eq!(cut("Müller".into(), Some(6)), "Müller");
        assert_eq!(cut("Müller".into(), None), "Müller");
    }
}
