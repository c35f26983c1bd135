//! From JSON in a body or a filter to the value of a column.
//!
//! Sugar is lax: numbers may come as strings and strings as numbers, dropdown values are not checked, text that is too
//! long is cut. What cannot be read as the field's kind at all is refused with 422 (a choice of the sandbox).

use rusqlite::types::Value as SqlValue;
use serde_json::Value;

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
        Kind::MultiEnum if text.is_empty() || text.starts_with('^') => Ok(SqlValue::Text(text)),
        Kind::MultiEnum => Ok(SqlValue::Text(format!("^{text}^"))),
        Kind::Bool => boolean(&text)
            .map(|flag| SqlValue::Integer(flag.into()))
            .ok_or_else(unreadable),
        Kind::Int => whole(&text).map(SqlValue::Integer).ok_or_else(unreadable),
        Kind::Decimal { places } => decimal(&text, places).ok_or_else(unreadable),
        Kind::Date => time::date(&text)
            .map(|date| SqlValue::Text(date.to_string()))
            .ok_or_else(unreadable),
        Kind::DateTime => zone.read(&text).map(SqlValue::Text).ok_or_else(unreadable),
    }
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

/// A decimal rounded to its places. Whole ones are kept as integers, so that they print without a point.
fn decimal(text: &str, places: u8) -> Option<SqlValue> {
    let text = text.trim();
    if let Ok(whole) = text.parse::<i64>() {
        return Some(SqlValue::Integer(whole));
    }
    let number: f64 = text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())?;
    let rounded = format!("{number:.*}", usize::from(places));
    let plain = rounded.trim_end_matches('0').trim_end_matches('.');
    let plain = if rounded.contains('.') {
        plain
    } else {
        &rounded
    };
    match plain.parse::<i64>() {
        Ok(whole) => Some(SqlValue::Integer(whole)),
        Err(_) => plain.parse().ok().map(SqlValue::Real),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_places_and_lose_their_zeros() {
        assert_eq!(decimal("100.00", 6), Some(SqlValue::Integer(100)));
        assert_eq!(decimal("25000", 6), Some(SqlValue::Integer(25000)));
        assert_eq!(decimal("3.225", 2), Some(SqlValue::Real(3.23)));
        assert_eq!(decimal("3.22", 6), Some(SqlValue::Real(3.22)));
        assert_eq!(decimal("100", 0), Some(SqlValue::Integer(100)));
        assert_eq!(decimal("much", 6), None);
    }

    #[test]
    fn text_is_cut_by_characters() {
        assert_eq!(cut("Müller".into(), Some(2)), "Mü");
        assert_eq!(cut("Müller".into(), Some(6)), "Müller");
        assert_eq!(cut("Müller".into(), None), "Müller");
    }
}
