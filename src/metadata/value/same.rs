//! Whether what came back is what was sent.

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

/// The same of what a field holds: a multi-select in which nothing is chosen comes as `[""]` too.
pub(super) fn is_unset(field: &Field, value: &Json) -> bool {
    is_empty(value)
        || (field.kind == FieldKind::MultiEnum && keys(value).is_ok_and(|keys| keys.is_empty()))
}

/// A value as it was shown, as it is sent to bring it back. A multi-select in which nothing is chosen is emptied: sent
/// as `[""]`, it would be given an empty key.
pub fn to_bring_back(field: Option<&Field>, shown: Json) -> Json {
    match field {
        Some(field) if field.kind == FieldKind::MultiEnum && is_unset(field, &shown) => {
            Json::Array(Vec::new())
        }
        Some(_) | None => shown,
    }
}

/// Compares by the field's kind; where the field is not known, by what the values look like.
pub fn same(field: Option<&Field>, sent: &Json, got: Option<&Json>) -> Verdict {
    if field.is_some_and(|field| matches!(field.kind, FieldKind::Link | FieldKind::Password)) {
        return Verdict::NotVerified;
    }
    let Some(got) = got else {
        let is_unset = field.map_or(is_empty(sent), |field| is_unset(field, sent));
        return if is_unset {
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

/// A tag or team is sent as its name or id and comes back as a map; an address the same. What else was sent of it is
/// compared where the answer has it.
fn same_member(kind: &FieldKind, sent: &Json, got: &Json) -> bool {
    let key = match kind {
        FieldKind::Tag => "name",
        FieldKind::TeamSet => "id",
        _ => "email_address",
    };
    let identity = |value: &Json| {
        let text = match value {
            Json::Object(map) => map.get(key).and_then(plain_text),
            other => plain_text(other),
        };
        match kind {
            // A tag that is there already keeps the case it has.
            FieldKind::Tag => text.map(|text| text.to_lowercase()),
            _ => text,
        }
    };
    let (Some(left), Some(right)) = (identity(sent), identity(got)) else {
        return false;
    };
    let rest_agrees = match (sent, got) {
        (Json::Object(sent), Json::Object(got)) => sent
            .iter()
            .all(|(key, sent)| got.get(key).is_none_or(|got| alike(sent, got))),
        _ => true,
    };
    left == right && rest_agrees
}

fn members(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(list) => list.iter().collect(),
        value if is_empty(value) => Vec::new(),
        one => vec![one],
    }
}

/// Empty counts as false: PHP prints false as empty text, and Sugar's forms show an unset box as one that is off.
/// As Sugar writes flags: booleans, `1`, `"0"`, `""` or null.
pub fn flag(value: &Json) -> Option<bool> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::value::Context;
    use crate::metadata::value::accept;

    fn judge(kind: &str, sent: &Json, got: &Json) -> Verdict {
        let mut field = Field::new("f", kind);
        field.precision = matches!(kind, "currency" | "decimal").then_some(2);
        same(Some(&field), sent, Some(got))
    }

    #[test]
    fn equal_are() {
        for (kind, sent, got) in [
            ("varchar", json!(null), json!("")),
            ("varchar", json!("49"), json!(49)),
            ("email", json!(null), json!([])),
            ("multienum", json!([]), json!("")),
            ("multienum", json!([]), json!([""])),
            ("multienum", json!([""]), json!(null)),
            ("multienum", json!("^^"), json!([])),
            ("multienum", json!(["a"]), json!(["a", ""])),
            ("json", json!({}), json!([])),
            ("currency", json!("25000"), json!("25000.000000")),
            ("currency", json!("12.345"), json!("12.35")),
            ("decimal", json!(0.1), json!("0.10")),
            (
                "float",
                json!("0.3333333333333333"),
                json!(0.333_333_333_333),
            ),
            ("int", json!(90), json!("90")),
            ("bool", json!(true), json!("1")),
            ("bool", json!(false), json!("")),
            ("bool", json!(null), json!(false)),
            ("date", json!("2026-01-31"), json!("2026-01-31")),
            (
                "date",
                json!("2026-01-31"),
                json!("2026-01-31T00:00:00+00:00"),
            ),
            (
                "datetime",
                json!("2016-04-06T13:07:41-04:00"),
                json!("2016-04-06T17:07:41+00:00"),
            ),
            (
                "datetime",
                json!("2016-04-06T17:07:41.5Z"),
                json!("2016-04-06T17:07:41+00:00"),
            ),
            ("multienum", json!(["a", "b"]), json!(["b", "a"])),
            ("multienum", json!(["a", "b"]), json!("^b^,^a^")),
            (
                "tag",
                json!(["Mutants"]),
                json!([{ "id": "t1", "name": "Mutants", "tags__name_lower": "mutants" }]),
            ),
            (
                "tag",
                json!(["vip"]),
                json!([{ "id": "t1", "name": "VIP", "tags__name_lower": "vip" }]),
            ),
            (
                "teamset",
                json!([{ "id": "East", "primary": true }]),
                json!([{ "id": "East", "primary": "1", "name": "East" }]),
            ),
            (
                "email",
                json!([{ "email_address": "a@example.com", "primary_address": true }]),
                json!([{ "email_address": "a@example.com", "primary_address": "1", "opt_out": "0" }]),
            ),
            (
                "teamset",
                json!([{ "id": "East", "selected": true }]),
                json!([{ "id": "East", "name": "East" }]),
            ),
        ] {
            assert_eq!(
                judge(kind, &sent, &got),
                Verdict::Same,
                "{kind} {sent} {got}"
            );
        }
    }

    #[test]
    fn different_are() {
        for (kind, sent, got) in [
            ("varchar", json!("007"), json!("7")),
            ("varchar", json!("a"), json!("A")),
            ("varchar", json!("a"), json!(null)),
            ("varchar", json!(""), json!("a")),
            ("int", json!(0), json!("")),
            ("currency", json!("12.34"), json!("12.35")),
            ("currency", json!("12.34"), json!("n/a")),
            ("bool", json!(true), json!(false)),
            ("bool", json!(true), json!("")),
            ("date", json!("2026-01-31"), json!("2026-02-01")),
            (
                "datetime",
                json!("2016-04-06T13:07:41-04:00"),
                json!("2016-04-06T13:07:41+00:00"),
            ),
            ("multienum", json!(["a"]), json!(["a", "b"])),
            ("multienum", json!(["a"]), json!([""])),
            ("multienum", json!([""]), json!(["a"])),
            ("multienum", json!(["0"]), json!([])),
            ("multienum", json!(["a", "b"]), json!(["a"])),
            ("tag", json!(["A"]), json!([{ "name": "B" }])),
            (
                "email",
                json!([{ "email_address": "a@example.com", "primary_address": true }]),
                json!([{ "email_address": "a@example.com", "primary_address": false }]),
            ),
            ("id", json!("a"), json!("b")),
        ] {
            assert_eq!(
                judge(kind, &sent, &got),
                Verdict::Different,
                "{kind} {sent} {got}"
            );
        }
    }

    #[test]
    fn an_absent_field_is_not_verified_unless_it_was_cleared() {
        assert_eq!(same(None, &json!("a"), None), Verdict::NotVerified);
        assert_eq!(same(None, &json!(null), None), Verdict::Same);
        let contacts = Field::new("contacts", "link");
        let actions = json!({ "add": ["a"] });
        assert_eq!(
            same(Some(&contacts), &actions, Some(&json!(""))),
            Verdict::NotVerified
        );
    }

    #[test]
    fn values_of_unknown_fields_are_compared_by_their_looks() {
        let judge = |sent: Json, got: Json| same(None, &sent, Some(&got));
        assert_eq!(judge(json!(90), json!("90.0")), Verdict::Same);
        assert_eq!(judge(json!("007"), json!("7")), Verdict::Different);
        assert_eq!(judge(json!(true), json!("1")), Verdict::Same);
        assert_eq!(
            judge(
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T01:00:00+01:00")
            ),
            Verdict::Same
        );
        assert_eq!(
            judge(json!({ "a": 1 }), json!({ "a": "1", "b": 2 })),
            Verdict::Same
        );
        assert_eq!(
            judge(json!({ "a": 1, "b": 2 }), json!({ "a": 1 })),
            Verdict::Different
        );
        assert_eq!(
            judge(json!(["a", ["b"]]), json!([["b"], "a"])),
            Verdict::Same
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_accepted_is_the_same_as_itself_and_accepted_again(
            kind in proptest::sample::select(crate::metadata::kind::NAMES),
            text in "(\\PC{0,12}|-?[0-9]{1,9}(\\.[0-9]{1,4})?|[01]|true|2026-0[1-9]-1[0-9]|[a-z]{1,3}@[a-z]{1,3})",
        ) {
            let field = Field::new("f", kind);
            if let Ok(value) = accept(&field, &json!(text), Context::default()) {
                let verdict = same(Some(&field), &value, Some(&value));
                proptest::prop_assert_ne!(verdict, Verdict::Different);
                proptest::prop_assert_eq!(accept(&field, &value, Context::default()), Ok(value));
            }
        }

        #[test]
        fn numbers_are_the_same_in_either_form(number: i64) {
            let verdict = judge("int", &json!(number), &json!(number.to_string()));
            proptest::prop_assert_eq!(verdict, Verdict::Same);
        }

        #[test]
        fn instants_are_the_same_in_every_offset(second in 0i64..4_000_000_000, hours in -12i8..=14) {
            let instant = jiff::Timestamp::from_second(second).unwrap();
            let there = instant.display_with_offset(jiff::tz::Offset::constant(hours)).to_string();
            let verdict = judge("datetime", &json!(instant.to_string()), &json!(there));
            proptest::prop_assert_eq!(verdict, Verdict::Same);
        }
    }
}
