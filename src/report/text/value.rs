//! A field's value in few columns, and what becomes of it.

use serde_json::Value as Json;

use super::cells;
use super::cells::CUT;
use super::cells::columns;

/// Characters of what stays that are shown before what changes.
const BEFORE_A_CHANGE: usize = 8;

/// Narrower cells than this say nothing.
const NARROWEST: usize = 12;

/// What a field has, in so many columns.
pub(in crate::report) fn shown(value: &Json, room: usize) -> String {
    let room = room.max(NARROWEST);
    match value {
        Json::Null => "(empty)".to_owned(),
        Json::String(text) if text.is_empty() => "(empty)".to_owned(),
        Json::String(text) => format!("\"{}\"", cells::cut(&cells::visible(text), room - 2)),
        Json::Array(list) if list.is_empty() => "(empty)".to_owned(),
        Json::Array(list) => match called(list) {
            Some(listed) => cells::cut(&listed, room),
            None => cells::cut(&cells::visible(&value.to_string()), room),
        },
        other => cells::cut(&cells::visible(&other.to_string()), room),
    }
}

/// Sugar's lists of e-mail addresses, tags, teams: each by what people call it, with what holds of it, as
/// `"a@example.com" (primary_address)`.
fn called(list: &[Json]) -> Option<String> {
    let shown: Option<Vec<String>> = list.iter().map(one_called).collect();
    Some(shown?.join(", "))
}

fn one_called(item: &Json) -> Option<String> {
    let item = item.as_object()?;
    let name = item.get("email_address").or_else(|| item.get("name"))?;
    let name = cells::visible(name.as_str().filter(|name| !name.is_empty())?);
    let marks: Vec<&str> = item
        .iter()
        .filter(|(_, value)| **value == Json::Bool(true))
        .map(|(name, _)| name.as_str())
        .collect();
    if marks.is_empty() {
        return Some(format!("\"{name}\""));
    }
    Some(format!("\"{name}\" ({})", marks.join(", ")))
}

/// How a change is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `"A" → "B"`.
    Inline(String),
    /// Two lines, one below the other.
    Stacked { from: String, to: String },
}

pub(super) fn change(before: &Json, after: &Json, room: usize) -> Change {
    let (from, to) = (shown(before, usize::MAX), shown(after, usize::MAX));
    let inline = format!("{from} → {to}");
    if columns(&inline) <= room {
        return Change::Inline(inline);
    }
    // An arrow stands before the second line.
    let room = room.saturating_sub(2);
    match (before, after) {
        (Json::String(before), Json::String(after))
            if columns(&from) > room || columns(&to) > room =>
        {
            let skipped = skippable(before, after);
            Change::Stacked {
                from: shown(&behind(before, skipped), room),
                to: shown(&behind(after, skipped), room),
            }
        }
        _ => Change::Stacked {
            from: shown(before, room),
            to: shown(after, room),
        },
    }
}

/// Characters at the beginning that are the same and would only push the change out of sight.
fn skippable(before: &str, after: &str) -> usize {
    let same = before
        .chars()
        .zip(after.chars())
        .take_while(|(before, after)| before == after)
        .count();
    // A few are left, and the sign for what was cut takes one column.
    same.saturating_sub(BEFORE_A_CHANGE + 1)
}

fn behind(text: &str, skipped: usize) -> Json {
    if skipped == 0 {
        return text.into();
    }
    let rest = text.chars().skip(skipped);
    std::iter::once(CUT).chain(rest).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_say_what_they_are() {
        for (value, expected) in [
            (json!(null), "(empty)"),
            (json!(""), "(empty)"),
            (json!(true), "true"),
            (json!("true"), "\"true\""),
            (json!(["a", "b"]), "[\"a\",\"b\"]"),
            (json!("a\nb"), "\"a\\nb\""),
            (
                json!([{ "email_address": "a@b.c", "primary_address": true }, { "email_address": "d@e.f" }]),
                "\"a@b.c\" (primary_address), \"d@e.f\"",
            ),
            (
                json!([{ "id": "t1", "name": "Alpha" }, { "id": "t2", "name": "Beta" }]),
                "\"Alpha\", \"Beta\"",
            ),
        ] {
            assert_eq!(shown(&value, 60), expected);
        }
        assert_eq!(shown(&json!("a text too long"), 12), "\"a text to…\"");
    }

    #[test]
    fn a_change_far_behind_is_still_seen() {
        let text = "x".repeat(100);
        let (before, after) = (json!(format!("{text}A")), json!(format!("{text}B")));
        assert_eq!(
            change(&before, &after, 40),
            Change::Stacked {
                from: "\"…xxxxxxxxxA\"".into(),
                to: "\"…xxxxxxxxxB\"".into()
            }
        );
        assert_eq!(
            change(&json!(1), &json!(null), 40),
            Change::Inline("1 → (empty)".into())
        );
    }
}
