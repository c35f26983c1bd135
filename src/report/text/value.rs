//! A field's value in few columns, and what becomes of it.

use serde_json::Value as Json;

use super::cells;
use super::cells::CUT;
use super::cells::columns;
use crate::metadata::value::is_empty;

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
        Json::String(text) => cells::in_quotes(text, room),
        Json::Array(list) => match parts(list) {
            parts if parts.is_empty() => "(empty)".to_owned(),
            parts => cells::cut(&parts.join(", "), room),
        },
        other => cells::cut(&cells::visible(&other.to_string()), room),
    }
}

/// What a list has, each drawn by itself: a field is read in one form and often written in another.
fn parts(list: &[Json]) -> Vec<String> {
    let filled = list.iter().filter(|part| !is_empty(part));
    let one = |part: &Json| match part {
        Json::String(text) => cells::in_quotes(text, usize::MAX),
        other => called(other).unwrap_or_else(|| cells::visible(&other.to_string())),
    };
    filled.map(one).collect()
}

/// An e-mail address, a tag, a team of Sugar's lists: by what people call it, with what holds of it, as
/// `"a@example.com" (primary_address)`. One that is new is known by its id alone.
fn called(part: &Json) -> Option<String> {
    let part = part.as_object()?;
    let name = ["email_address", "name", "id"]
        .into_iter()
        .find_map(|key| part.get(key)?.as_str().filter(|name| !name.is_empty()))?;
    let name = cells::in_quotes(name, usize::MAX);
    let marks: Vec<&str> = part
        .iter()
        .filter(|(_, value)| **value == Json::Bool(true))
        .map(|(name, _)| name.as_str())
        .collect();
    if marks.is_empty() {
        return Some(name);
    }
    Some(format!("{name} ({})", marks.join(", ")))
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
        (Json::Array(before), Json::Array(after)) => {
            let (from, to) = (parts(before), parts(after));
            Change::Stacked {
                from: without(&from, &to, room),
                to: without(&to, &from, room),
            }
        }
        _ => Change::Stacked {
            from: shown(before, room),
            to: shown(after, room),
        },
    }
}

/// A list in so many columns. Where it is longer, what the other has too is counted, for it would only push the change
/// out of sight.
fn without(list: &[String], other: &[String], room: usize) -> String {
    let whole = list.join(", ");
    if columns(&whole) <= room && !list.is_empty() {
        return whole;
    }
    let (same, own): (Vec<&String>, Vec<&String>) =
        list.iter().partition(|part| other.contains(part));
    let counted = (!same.is_empty()).then(|| format!("{} the same", same.len()));
    let pieces: Vec<&str> = counted.iter().chain(own).map(String::as_str).collect();
    match pieces.as_slice() {
        [] => "(empty)".to_owned(),
        pieces => cells::cut(&pieces.join(", "), room),
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
            (json!(["a", "b"]), "\"a\", \"b\""),
            (json!([""]), "(empty)"),
            (json!([1, [2]]), "1, [2]"),
            (json!("a\nb"), "\"a\\nb\""),
            (
                json!([{ "email_address": "a@b.c", "primary_address": true }, { "email_address": "d@e.f" }]),
                "\"a@b.c\" (primary_address), \"d@e.f\"",
            ),
            (
                json!([{ "id": "t1", "name": "Alpha" }, { "id": "t2", "name": "Beta" }]),
                "\"Alpha\", \"Beta\"",
            ),
            (
                json!([{ "id": "1", "name": "Global", "primary": true }, { "id": "West", "primary": false }]),
                "\"Global\" (primary), \"West\"",
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

    #[test]
    fn what_is_added_to_a_list_and_taken_out_is_seen_beside_what_stays() {
        let tag = |name: &str| json!({ "id": "t", "name": name });
        let before = json!([tag("Alpha"), tag("Beta")]);
        assert_eq!(
            change(&before, &json!(["Alpha", "Beta", "New"]), 60),
            Change::Inline("\"Alpha\", \"Beta\" → \"Alpha\", \"Beta\", \"New\"".into())
        );
        assert_eq!(
            change(&before, &json!(["Alpha", "Beta", "New"]), 22),
            Change::Stacked {
                from: "\"Alpha\", \"Beta\"".into(),
                to: "2 the same, \"New\"".into()
            }
        );
        let many: Vec<Json> = (0..20)
            .map(|number| tag(&format!("Tag {number}")))
            .collect();
        let fewer = many[1..].to_vec();
        assert_eq!(
            change(&many.into(), &fewer.into(), 40),
            Change::Stacked {
                from: "19 the same, \"Tag 0\"".into(),
                to: "19 the same".into()
            }
        );
    }
}
