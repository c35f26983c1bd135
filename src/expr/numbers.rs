//! Numbers that are written as text, as cells of a data file are, and amounts of Sugar.

use std::cmp::Ordering;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Kwargs;
use minijinja::value::ValueKind;

use crate::wire::excerpt;

/// A number, or text that reads as one.
pub(super) fn read(value: &Value) -> Option<Value> {
    if value.kind() == ValueKind::Number {
        return Some(value.clone());
    }
    let text = value.as_str()?.trim();
    // Of words, `inf` and `nan` would be numbers too.
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<i64>() {
        Ok(whole) => Some(Value::from(whole)),
        Err(_) if is_plain => text.parse::<f64>().ok().map(Value::from),
        Err(_) => None,
    }
}

/// The order of two values of which one is a number, or of two texts that both read as numbers. What is no number is neither
/// more nor less than one.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Error> {
    if let (Some(left), Some(right)) = (read(left), read(right)) {
        return Ok(Some(left.cmp(&right)));
    }
    let is_number = |value: &Value| value.kind() == ValueKind::Number;
    let other = match (is_number(left), is_number(right)) {
        (true, false) => right,
        (false, true) => left,
        _ => return Ok(None),
    };
    let what = match other.as_str() {
        None if other.is_none() => "nothing".to_owned(),
        Some(text) if text.trim().is_empty() => "nothing".to_owned(),
        Some(text) => format!("`{}`, which is no number", excerpt(text.trim())),
        None => format!("a {}", other.kind()),
    };
    Err(Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "a number is compared with {what}; ask first whether there is one: `item.amount and item.amount > 5`"
        ),
    ))
}

/// Whether one is a number and the other text that reads as the same. Two texts are equal only as text: `007` is not `7`.
pub(super) fn are_equal(left: &Value, right: &Value) -> bool {
    let is_number = |value: &Value| value.kind() == ValueKind::Number;
    (is_number(left) || is_number(right))
        && matches!((read(left), read(right)), (Some(left), Some(right)) if left == right)
}

/// What `sort`, `min` and `max` give of a list whose values, or their attributes, are all written numbers; of any other list
/// nothing.
pub(super) fn in_order(
    filter: &str,
    list: &Value,
    options: &Kwargs,
) -> Result<Option<Value>, Error> {
    if filter == "unique" || list.as_str().is_some() {
        return Ok(None);
    }
    let attribute: Option<String> = match options.has("attribute") {
        true => Some(options.get("attribute")?),
        false => None,
    };
    let Ok(items) = list.try_iter() else {
        return Ok(None);
    };
    let mut numbered: Vec<(Value, Value)> = Vec::new();
    for item in items {
        let value = match &attribute {
            None => Some(item.clone()),
            Some(path) => path
                .split('.')
                .try_fold(item.clone(), |value, name| value.get_attr(name).ok()),
        };
        let Some(number) = value.as_ref().and_then(read) else {
            return Ok(None);
        };
        numbered.push((number, item));
    }
    // What is a number already, the engine puts into order.
    if numbered.iter().all(|(number, item)| number == item) {
        return Ok(None);
    }
    let is_reversed = filter == "sort" && options.get::<Option<bool>>("reverse")? == Some(true);
    // Numbers have no case; what the engine would refuse is refused here too.
    options.get::<Option<bool>>("case_sensitive")?;
    options.assert_all_used()?;
    numbered.sort_by(|(left, _), (right, _)| match is_reversed {
        true => right.cmp(left),
        false => left.cmp(right),
    });
    let mut ordered = numbered.into_iter().map(|(_, item)| item);
    Ok(Some(match filter {
        "min" => ordered.next().unwrap_or_default(),
        "max" => ordered.next_back().unwrap_or_default(),
        _ => ordered.collect(),
    }))
}
