//! The rules of equality as properties, held against whatever values there may be.

use proptest::prelude::*;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Verdict;
use super::same;
use crate::metadata::Field;
use crate::metadata::kind::NAMES;

fn field(kind: &str, precision: Option<u32>) -> Field {
    let mut field = Field::new("f", kind);
    field.precision = precision;
    field
}

fn verdict(kind: &str, sent: &Json, got: &Json) -> Verdict {
    same(Some(&field(kind, None)), sent, Some(got))
}

/// Kinds whose value an answer shows.
fn shown() -> impl Strategy<Value = &'static str> {
    let shown = |kind: &&str| !matches!(*kind, "link" | "password");
    prop::sample::select(
        NAMES
            .iter()
            .copied()
            .filter(|kind| shown(kind))
            .collect::<Vec<_>>(),
    )
}

/// Any JSON, and much of it such as Sugar gives.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
        "[-+]?[0-9]{0,12}(\\.[0-9]{0,8})?([eE]-?[0-9]{1,12})?".prop_map(Json::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?"
            .prop_map(Json::from),
        "\\^[a-zé]{0,3}\\^(,\\^[a-z]{0,3}\\^){0,2}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let named = prop::sample::select(vec!["id", "name", "email_address", "primary", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((named, inner), 0..4).prop_map(|pairs| {
                let pairs = pairs
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Json::Object(pairs.collect())
            }),
        ]
    })
}

/// The values that stand for nothing.
fn nothing() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![json!(null), json!(""), json!([]), json!({})])
}

/// A list in another order, with some of it twice.
fn mixed<T: Clone>(list: &[T], turn: usize) -> Vec<T> {
    let mut mixed = list.to_vec();
    if !mixed.is_empty() {
        let turn = turn % list.len();
        mixed.rotate_left(turn);
        mixed.push(list[turn].clone());
    }
    mixed
}

proptest! {
    #[test]
    fn nothing_panics_and_everything_is_itself(kind in shown(), value in anything(), other in anything()) {
        prop_assert_eq!(verdict(kind, &value, &value), Verdict::Same);
        prop_assert_eq!(same(None, &value, Some(&value)), Verdict::Same);
        verdict(kind, &value, &other);
        same(None, &value, Some(&other));
    }

    #[test]
    fn all_that_stands_for_nothing_is_the_same(kind in shown(), sent in nothing(), got in nothing()) {
        prop_assert_eq!(verdict(kind, &sent, &got), Verdict::Same);
        prop_assert_eq!(same(None, &sent, Some(&got)), Verdict::Same);
        prop_assert_eq!(same(Some(&field(kind, None)), &sent, None), Verdict::Same);
    }

    #[test]
    fn something_is_not_nothing(kind in shown(), text in "[a-z][a-z0-9]{0,8}", got in nothing()) {
        // A box that is off is as good as none.
        prop_assume!(text != "false");
        prop_assert_eq!(verdict(kind, &json!(text), &got), Verdict::Different);
        prop_assert_eq!(verdict(kind, &got, &json!(text)), Verdict::Different);
        // What the answer does not have cannot be said to be lost.
        prop_assert_eq!(same(Some(&field(kind, None)), &json!(text), None), Verdict::NotVerified);
    }

    #[test]
    fn texts_are_the_same_only_letter_by_letter(
        kind in prop::sample::select(vec!["varchar", "name", "text", "enum", "phone", "url", "id"]),
        left in "\\PC{1,10}",
        right in "\\PC{1,10}",
    ) {
        let expected = if left == right { Verdict::Same } else { Verdict::Different };
        prop_assert_eq!(verdict(kind, &json!(left), &json!(right)), expected);
    }

    #[test]
    fn decimals_are_the_same_at_their_precision_and_not_beyond(
        number in -999_999_999_i64..1_000_000_000,
        precision in 0_u32..7,
        zeros in 0_usize..4,
        kind in prop::sample::select(vec!["currency", "decimal", "float"]),
    ) {
        let field = field(kind, Some(precision));
        let text = |number: i64| {
            let digits = format!("{:0width$}", number.unsigned_abs(), width = precision as usize + 1);
            let (whole, behind) = digits.split_at(digits.len() - precision as usize);
            let point = if precision > 0 { "." } else { "" };
            format!("{}{whole}{point}{behind}", if number < 0 { "-" } else { "" })
        };
        let point = if precision > 0 { "" } else { "." };
        let longer = format!("{}{point}{}", text(number), "0".repeat(zeros));
        let same_at = |got: &str| same(Some(&field), &json!(text(number)), Some(&json!(got)));
        prop_assert_eq!(same_at(&longer), Verdict::Same);
        prop_assert_eq!(same_at(&format!("{longer}4")), if zeros > 0 { Verdict::Same } else { same_at(&format!("{longer}1")) });
        prop_assert_eq!(same_at(&text(number + 1)), Verdict::Different);
        prop_assert_eq!(same_at(&text(-number)), if number == 0 { Verdict::Same } else { Verdict::Different });
    }

    #[test]
    fn instants_are_points_in_time(second in 0_i64..4_000_000_000, apart in 1_i64..100_000, hours in -12_i8..=14) {
        let there = jiff::tz::Offset::constant(hours);
        let instant = |second: i64| jiff::Timestamp::from_second(second).unwrap();
        let here = json!(instant(second).to_string());
        let shown = |second: i64| json!(instant(second).display_with_offset(there).to_string());
        for kind in ["datetime", "datetimecombo", "timestamp"] {
            prop_assert_eq!(verdict(kind, &here, &shown(second)), Verdict::Same);
            prop_assert_eq!(verdict(kind, &here, &shown(second + apart)), Verdict::Different);
        }
    }

    #[test]
    fn lists_are_sets(words in prop::collection::btree_set("[a-z]{1,4}", 1..6), turn in 0_usize..6) {
        let words: Vec<String> = words.into_iter().collect();
        let less = &words[1..];
        let encoded = |words: &[String]| json!(words.iter().map(|word| format!("^{word}^")).collect::<Vec<_>>().join(","));
        let maps = |key: &str, words: &[String]| {
            let map = |word: &String| json!({ key: word, "beside": 1 });
            Json::from(words.iter().map(map).collect::<Vec<_>>())
        };
        let turned = mixed(&words, turn);
        for (kind, got) in [
            ("multienum", json!(turned)),
            ("multienum", encoded(&turned)),
            ("tag", maps("name", &turned)),
            ("teamset", maps("id", &turned)),
            ("email", maps("email_address", &turned)),
        ] {
            prop_assert_eq!(verdict(kind, &json!(words), &got), Verdict::Same, "{} {}", kind, got);
        }
        for (kind, got) in [
            ("multienum", json!(less)),
            ("multienum", encoded(less)),
            ("tag", maps("name", less)),
            ("teamset", maps("id", less)),
            ("email", maps("email_address", less)),
        ] {
            prop_assert_eq!(verdict(kind, &json!(words), &got), Verdict::Different, "{} {}", kind, got);
            prop_assert_eq!(verdict(kind, &got, &json!(words)), Verdict::Different, "{} {}", kind, got);
        }
    }

    #[test]
    fn maps_are_compared_by_the_keys_sent(
        sent in prop::collection::btree_map("[a-c]", "[x-z]{1,3}", 1..4),
        more in prop::collection::btree_map("[d-f]", "[x-z]{1,3}", 0..3),
    ) {
        let map = |pairs: &std::collections::BTreeMap<String, String>| -> Map<String, Json> {
            pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect()
        };
        let mut got = map(&sent);
        got.extend(map(&more));
        let wanted = Json::Object(map(&sent));
        prop_assert_eq!(verdict("json", &wanted, &Json::Object(got.clone())), Verdict::Same);
        let first = sent.keys().next().unwrap();
        got.insert(first.clone(), json!("other"));
        prop_assert_eq!(verdict("json", &wanted, &Json::Object(got.clone())), Verdict::Different);
        got.remove(first);
        prop_assert_eq!(verdict("json", &wanted, &Json::Object(got)), Verdict::Different);
    }
}
