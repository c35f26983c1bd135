//! Whether what came back is what was sent (design, section 8: "Equal are: …").

use serde_json::Map;
use serde_json::Value as Json;

use super::decimal::Decimal;
use super::list::keys;
use super::time;
use crate::metadata::Field;
use crate::metadata::FieldKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Same,
    Different,
    /// The answer does not have the field, or cannot show what was done to it.
    NotVerified,
}

impl Verdict {
    fn of(same: bool) -> Self {
        if same { Self::Same } else { Self::Different }
    }
}

/// Null, `""`, `[]` and `{}`: PHP writes an empty map as an empty list.
pub fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Compares by the field's kind; where the field is not known, by what the values look like.
pub fn same(field: Option<&Field>, sent: &Json, got: Option<&Json>) -> Verdict {
    if field.is_some_and(|field| matches!(field.kind, FieldKind::Link | FieldKind::Password)) {
        return Verdict::NotVerified;
    }
    let Some(got) = got else {
        return if is_empty(sent) {
            Verdict::Same
        } else {
            Verdict::NotVerified
        };
    };
    Verdict::of(match field {
        Some(field) => same_for(field, sent, got),
        None => alike(sent, got),
    })
}

fn same_for(field: &Field, sent: &Json, got: &Json) -> bool {
    if sent == got || (is_empty(sent) && is_empty(got)) {
        return true;
    }
    match &field.kind {
        FieldKind::Bool => flag(sent).is_some() && flag(sent) == flag(got),
        kind if kind.is_whole_number() => Decimal::of(sent)
            .zip(Decimal::of(got))
            .is_some_and(|(sent, got)| sent == got),
        kind if kind.is_decimal() => same_decimal(field, sent, got),
        FieldKind::Date => same_date(sent, got),
        FieldKind::DateTime => same_instant(sent, got),
        FieldKind::MultiEnum => match (keys(sent), keys(got)) {
            (Ok(sent), Ok(got)) => same_set(&sent, &got, |sent, got| sent == got),
            _ => false,
        },
        FieldKind::Tag | FieldKind::TeamSet | FieldKind::Email => {
            same_set(&members(sent), &members(got), |sent, got| {
                same_member(&field.kind, sent, got)
            })
        }
        FieldKind::Collection
        | FieldKind::File
        | FieldKind::Image
        | FieldKind::Json
        | FieldKind::Other(_) => alike(sent, got),
        _ => match (plain_text(sent), plain_text(got)) {
            (Some(sent), Some(got)) => sent == got,
            _ => alike(sent, got),
        },
    }
}

/// Values of a field nobody has described. Text is compared as text: `007` is not `7`.
fn alike(sent: &Json, got: &Json) -> bool {
    if sent == got || (is_empty(sent) && is_empty(got)) {
        return true;
    }
    match (sent, got) {
        (Json::Bool(_), _) | (_, Json::Bool(_)) => flag(sent).is_some() && flag(sent) == flag(got),
        (Json::Number(_), Json::Number(_) | Json::String(_))
        | (Json::String(_), Json::Number(_)) => Decimal::of(sent)
            .zip(Decimal::of(got))
            .is_some_and(|(sent, got)| sent == got),
        (Json::String(_), Json::String(_)) => same_instant(sent, got),
        (Json::Array(sent), Json::Array(got)) => {
            let sent: Vec<&Json> = sent.iter().collect();
            let got: Vec<&Json> = got.iter().collect();
            same_set(&sent, &got, |sent, got| alike(sent, got))
        }
        (Json::Object(sent), Json::Object(got)) => by_keys_sent(sent, got),
        _ => false,
    }
}

fn by_keys_sent(sent: &Map<String, Json>, got: &Map<String, Json>) -> bool {
    sent.iter().all(|(key, sent)| match got.get(key) {
        Some(got) => alike(sent, got),
        None => is_empty(sent),
    })
}

/// Each of one has its like in the other, and the other way round; how often does not count.
fn same_set<T>(sent: &[T], got: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    sent.iter()
        .all(|sent| got.iter().any(|got| same(sent, got)))
        && got
            .iter()
            .all(|got| sent.iter().any(|sent| same(sent, got)))
}

/// A tag or team is sent as its name or id and comes back as a map; an address the same.
fn same_member(kind: &FieldKind, sent: &Json, got: &Json) -> bool {
    let key = match kind {
        FieldKind::Tag => "name",
        FieldKind::TeamSet => "id",
        _ => "email_address",
    };
    match (sent, got) {
        (Json::Object(_), Json::Object(_)) => alike(sent, got),
        (Json::Object(sent), got) => sent.get(key).is_some_and(|sent| alike(sent, got)),
        (sent, Json::Object(got)) => got.get(key).is_some_and(|got| alike(sent, got)),
        _ => alike(sent, got),
    }
}

fn members(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(list) => list.iter().collect(),
        value if is_empty(value) => Vec::new(),
        one => vec![one],
    }
}

/// Empty counts as false: PHP prints false as empty text, and Sugar's forms show an unset box as one that is off.
fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::Null => Some(false),
        Json::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Json::String(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Some(true),
            "" | "0" | "false" => Some(false),
            _ => None,
        },
        Json::Array(_) | Json::Object(_) => None,
    }
}

fn same_decimal(field: &Field, sent: &Json, got: &Json) -> bool {
    let Some((sent, got)) = Decimal::of(sent).zip(Decimal::of(got)) else {
        return false;
    };
    match field.precision {
        Some(precision) => sent.rounded(precision) == got.rounded(precision),
        None => sent == got || (field.kind == FieldKind::Float && sent.is_near(&got)),
    }
}

fn same_instant(sent: &Json, got: &Json) -> bool {
    let instant = |value: &Json| value.as_str().and_then(time::instant);
    instant(sent).is_some() && instant(sent) == instant(got)
}

/// A date may come back with a time behind it.
fn same_date(sent: &Json, got: &Json) -> bool {
    let date = |value: &Json| {
        let text = value.as_str()?;
        time::date(text.get(..10)?)
    };
    date(sent).is_some() && date(sent) == date(got)
}

fn plain_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        Json::Null => Some(String::new()),
        Json::Array(_) | Json::Object(_) => None,
    }
}
