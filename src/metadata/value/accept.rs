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
            // The empty form of their own shape: null there is seen in no client.
            FieldKind::MultiEnum | FieldKind::Tag | FieldKind::Email => Json::Array(Vec::new()),
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
    let given = Decimal::of(value).ok_or_else(|| Rejected::NotNumber {
        value: shown(value),
    })?;
    // A float is kept as it comes; of a decimal column only so many places are kept, and they are what a plan has to show.
    let number = match field.precision {
        Some(precision) if field.kind != FieldKind::Float => given.rounded(precision),
        _ => given.clone(),
    };
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
    let is_rounded = number != given;
    Ok(match value {
        Json::String(text) if is_rounded || !is_plain(text.trim()) => {
            Json::from(number.to_string())
        }
        Json::String(text) => Json::from(text.trim()),
        other if is_rounded => {
            let rounded = number.to_string().parse().map(Json::Number);
            rounded.unwrap_or_else(|_| other.clone())
        }
        other => other.clone(),
    })
}

/// Digits and a point, as Sugar writes numbers: no exponent, no plus.
fn is_plain(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && !digits.ends_with('.')
}

/// A key of the dropdown, without blanks around it that the key does not have; anything where the list is not known.
/// Empty clears.
pub(super) fn option(key: &str, dropdown: Option<&Dropdown>) -> Result<String, Rejected> {
    let Some(list) = dropdown else {
        return Ok(key.to_owned());
    };
    if key.is_empty() || list.contains(key) {
        return Ok(key.to_owned());
    }
    let bare = key.trim();
    if !bare.is_empty() && list.contains(bare) {
        return Ok(bare.to_owned());
    }
    Err(not_an_option(key, list))
}

/// Blanks are shown where they make the difference.
pub fn not_an_option(key: &str, list: &Dropdown) -> Rejected {
    let line = excerpt(key);
    let bare = key.trim();
    let is_only_blanks = list.contains(bare) || line.is_empty();
    Rejected::NotAnOption {
        value: if is_only_blanks {
            key.escape_debug().collect()
        } else {
            line
        },
        options: list.keys().map(str::to_owned).collect(),
        meant: list.meant(key).map(str::to_owned),
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

pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => excerpt(text),
        other => excerpt(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(kind: &str) -> Field {
        Field::new("f", kind)
    }

    fn taken(kind: &str, value: &Json) -> Result<Json, String> {
        accept(&field(kind), value, Context::default()).map_err(|rejected| rejected.to_string())
    }

    #[test]
    fn text_that_reads_as_the_type_is_sent_as_the_type() {
        for (kind, value, expected) in [
            ("bool", json!("TRUE"), json!(true)),
            ("bool", json!("0"), json!(false)),
            ("bool", json!(1), json!(true)),
            ("int", json!("42"), json!(42)),
            ("int", json!(" -7 "), json!(-7)),
            ("int", json!(3.0), json!(3)),
            ("currency", json!("1234.50"), json!("1234.50")),
            ("decimal", json!(0.1), json!(0.1)),
            ("float", json!(" 1e3 "), json!("1000")),
            ("float", json!("2.345"), json!("2.345")),
            ("decimal", json!("+12."), json!("12")),
            ("date", json!("2026-01-31"), json!("2026-01-31")),
            ("time", json!("09:30"), json!("09:30:00")),
            (
                "datetimecombo",
                json!("2026-01-31T10:00:00Z"),
                json!("2026-01-31T10:00:00+00:00"),
            ),
            ("varchar", json!(49), json!("49")),
            ("phone", json!(true), json!("true")),
            ("id", json!(1), json!("1")),
            ("enum", json!(100), json!("100")),
            ("multienum", json!("php"), json!(["php"])),
            ("multienum", json!("^php^,^java^"), json!(["php", "java"])),
            ("multienum", json!(["php", 7]), json!(["php", "7"])),
            ("tag", json!("Mutants"), json!(["Mutants"])),
            (
                "tag",
                json!([{ "id": "t1", "name": "Mutants" }]),
                json!(["Mutants"]),
            ),
            (
                "teamset",
                json!("East"),
                json!([{ "id": "East", "primary": true }]),
            ),
            ("link", json!({ "add": ["a"] }), json!({ "add": ["a"] })),
            ("json", json!({ "a": [1] }), json!({ "a": [1] })),
            ("hologram", json!([[]]), json!([[]])),
            (
                "email",
                json!(["a@example.com", " b@example.com"]),
                json!([
                    { "email_address": "a@example.com", "primary_address": true },
                    { "email_address": "b@example.com", "primary_address": false },
                ]),
            ),
            // What Sugar gave has more than is documented, and may be sent again.
            (
                "teamset",
                json!([{ "id": "1", "name": "Global", "primary": "1", "hologram": 1 }]),
                json!([{ "id": "1", "name": "Global", "primary": true, "hologram": 1 }]),
            ),
            (
                "email",
                json!([{ "email_address": "a@example.com", "opt_out": "1", "invalid_email": "0" }]),
                json!([{ "email_address": "a@example.com", "opt_out": true, "invalid_email": false }]),
            ),
        ] {
            assert_eq!(taken(kind, &value), Ok(expected), "{kind} {value}");
        }
    }

    #[test]
    fn what_does_not_suit_is_refused_with_a_reason() {
        for (kind, value, expected) in [
            ("bool", json!("yes"), "`yes` is not true or false"),
            ("bool", json!(2), "`2` is not true or false"),
            ("int", json!("3.5"), "`3.5` is not a whole number"),
            ("int", json!("1,000"), "`1,000` is not a whole number"),
            (
                "int",
                json!("99999999999999999999"),
                "`99999999999999999999` is not a whole number",
            ),
            ("currency", json!("1.234,50"), "`1.234,50` is not a number"),
            ("date", json!("31.01.2026"), "`31.01.2026` is not a date"),
            ("date", json!(20_260_131), "a number where a date is wanted"),
            (
                "datetime",
                json!("2026-01-31 10:00"),
                "`2026-01-31 10:00` has no offset, so its instant is not known",
            ),
            ("varchar", json!(["a"]), "a list where text is wanted"),
            ("id", json!({}), "a map where text is wanted"),
            (
                "email",
                json!("nobody"),
                "`nobody` is not an e-mail address",
            ),
            (
                "email",
                json!([7]),
                "a number where an e-mail address is wanted",
            ),
            (
                "email",
                json!([{ "opt_out": true }]),
                "a map without `email_address` where an e-mail address is wanted",
            ),
            (
                "email",
                json!([{ "email_address": "a@example.com", "opt_ot": true }]),
                "an e-mail address has no `opt_ot`",
            ),
            (
                "email",
                json!([{ "email_address": "a@example.com", "opt_out": "perhaps" }]),
                "`opt_out` of an e-mail address is true or false, not `perhaps`",
            ),
            (
                "email",
                json!([
                    { "email_address": "a@example.com", "primary_address": true },
                    { "email_address": "b@example.com", "primary_address": "1" },
                ]),
                "`primary_address` is set on 2, and only one can have it",
            ),
            (
                "teamset",
                json!([{ "id": "1" }, { "id": "East", "primry": true }]),
                "a team has no `primry`",
            ),
            (
                "teamset",
                json!([{ "name": "East" }]),
                "a map without `id` where a team is wanted",
            ),
            (
                "link",
                json!({ "remove": [] }),
                "unknown key `remove` in a link, which takes `add`, `create` and `delete`",
            ),
            (
                "link",
                json!(["a"]),
                "a list where a map with `add`, `create` or `delete` is wanted",
            ),
        ] {
            assert_eq!(
                taken(kind, &value),
                Err(expected.to_owned()),
                "{kind} {value}"
            );
        }
    }

    #[test]
    fn null_clears_and_so_does_empty_text_where_no_text_can_be() {
        for kind in crate::metadata::kind::NAMES {
            let cleared = taken(kind, &Json::Null).unwrap();
            let expected = match *kind {
                "multienum" | "tag" | "email" => json!([]),
                _ => Json::Null,
            };
            assert_eq!(cleared, expected, "{kind}");
        }
        for kind in ["int", "currency", "date", "datetime", "bool"] {
            assert_eq!(taken(kind, &json!(" ")), Ok(Json::Null), "{kind}");
        }
        assert_eq!(taken("multienum", &json!("")), Ok(json!([])));
        assert_eq!(taken("varchar", &json!("")), Ok(json!("")));
        assert_eq!(taken("enum", &json!("")), Ok(json!("")));
    }

    #[test]
    fn a_dropdown_that_is_known_is_held_to() {
        let list = [("", ""), ("P1", "High"), ("P2", "Medium")]
            .into_iter()
            .collect();
        let context = Context {
            dropdown: Some(&list),
            zone: None,
        };
        let judge = |kind: &str, value: Json| accept(&field(kind), &value, context);
        assert_eq!(judge("enum", json!("P1")), Ok(json!("P1")));
        assert_eq!(judge("enum", json!("")), Ok(json!("")));
        let refused = judge("enum", json!("High")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`High` is not one of the field's values"
        );
        assert_eq!(refused.help().unwrap(), "the key of that value is `P1`");
        assert_eq!(judge("enum", json!(" P1\n")), Ok(json!("P1")));
        assert_eq!(judge("multienum", json!(["P2 "])), Ok(json!(["P2"])));
        let refused = judge("enum", json!(" ")).unwrap_err();
        assert_eq!(refused.to_string(), "` ` is not one of the field's values");
        let refused = judge("multienum", json!(["P1", "P9"])).unwrap_err();
        assert_eq!(refused.help().unwrap(), "its values are `P1`, `P2`");
    }

    #[test]
    fn lengths_count_characters_and_digits() {
        let mut name = field("name");
        name.length = Some(5);
        assert!(accept(&name, &json!("Müßig"), Context::default()).is_ok());
        let refused = accept(&name, &json!("Müßiges"), Context::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "7 characters, the field holds 5: `Müßiges`"
        );

        let mut amount = field("currency");
        (amount.length, amount.precision) = (Some(8), Some(2));
        assert!(accept(&amount, &json!("999999.99"), Context::default()).is_ok());
        let refused = accept(&amount, &json!(1_000_000), Context::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`1000000` has 7 digits before the decimal point, the field holds 6"
        );
    }

    #[test]
    fn what_a_decimal_column_does_not_keep_is_not_promised() {
        for kind in ["decimal", "currency"] {
            let mut rate = field(kind);
            (rate.length, rate.precision) = (Some(6), Some(2));
            for (value, expected) in [
                (json!("2.345"), json!("2.35")),
                (json!(2.345), json!(2.35)),
                (json!("1.50"), json!("1.50")),
                (json!("-0.004"), json!("0")),
                (json!(0.1), json!(0.1)),
            ] {
                assert_eq!(
                    accept(&rate, &value, Context::default()),
                    Ok(expected),
                    "{kind} {value}"
                );
            }
            let refused = accept(&rate, &json!("9999.999"), Context::default());
            assert!(matches!(refused, Err(Rejected::TooLarge { digits: 5, .. })));
        }
    }

    #[test]
    fn email1_is_an_address_though_its_type_is_text() {
        let email1 = Field::new("email1", "varchar");
        assert!(accept(&email1, &json!("nobody"), Context::default()).is_err());
        assert_eq!(
            accept(&email1, &json!(" a@example.com "), Context::default()),
            Ok(json!("a@example.com"))
        );
    }
}
