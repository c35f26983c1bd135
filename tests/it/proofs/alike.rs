//! Whether two values mean the same to Sugar, told without the code that is on trial.

use serde_json::Value;

/// Empty is unset, numbers are numbers however they are written, times are instants, lists are sets, and of a map what
/// is wanted counts.
pub(super) fn alike(wanted: &Value, held: &Value) -> bool {
    if is_unset(wanted) || is_unset(held) {
        return is_unset(wanted) == is_unset(held);
    }
    if let (Some(wanted), Some(held)) = (number(wanted), number(held)) {
        return (wanted - held).abs() < 1e-6;
    }
    match (wanted, held) {
        (Value::Array(wanted), Value::Array(held)) => {
            wanted.len() == held.len()
                && wanted
                    .iter()
                    .all(|one| held.iter().any(|other| named_alike(one, other)))
        }
        (Value::Object(wanted), Value::Object(held)) => wanted
            .iter()
            .all(|(name, value)| alike(value, held.get(name).unwrap_or(&Value::Null))),
        (Value::String(wanted), Value::String(held)) => {
            let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
            wanted == held || (time(wanted).is_some() && time(wanted) == time(held))
        }
        _ => false,
    }
}

/// A tag is sent as its name and comes back as a record.
fn named_alike(wanted: &Value, held: &Value) -> bool {
    match (wanted, held) {
        (Value::String(_), Value::Object(record)) => alike(wanted, &record["name"]),
        _ => alike(wanted, held),
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
