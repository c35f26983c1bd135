//! Every operator on every type of field, against a model of the filter language that was written apart from it.
//!
//! The model works on typed cells in memory and knows nothing of SQL.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::Write;

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::column;
use crate::sandbox::Config;
use crate::sandbox::Demo;

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Unset,
    /// Compares without regard to case.
    Word(String),
    /// Compares as it is.
    Exact(String),
    Number(f64),
    Keys(Vec<String>),
}

/// A field, what its records hold and what it is asked for.
struct Subject {
    name: &'static str,
    definition: Value,
    cells: Vec<Value>,
    probes: Vec<Value>,
    read: fn(&Value) -> Cell,
    /// Whether whole days make sense of it, and whether it has a time.
    days: Option<Precision>,
}

#[derive(Clone, Copy, PartialEq)]
enum Precision {
    Day,
    Second,
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn word(value: &Value) -> Cell {
    if value.is_null() {
        Cell::Unset
    } else {
        Cell::Word(text(value))
    }
}

fn exact(value: &Value) -> Cell {
    match text(value) {
        empty if empty.is_empty() => Cell::Unset,
        other => Cell::Exact(other),
    }
}

fn number(value: &Value) -> Cell {
    text(value).parse().map_or(Cell::Unset, Cell::Number)
}

fn flag(value: &Value) -> Cell {
    // A flag is never unset.
    Cell::Number(if matches!(text(value).as_str(), "1" | "true") {
        1.0
    } else {
        0.0
    })
}

fn asked_flag(value: &Value) -> Cell {
    if text(value).is_empty() {
        Cell::Unset
    } else {
        flag(value)
    }
}

/// Instants are compared as the UTC text that Sugar stores.
fn instant(value: &Value) -> Cell {
    match text(value).parse::<Timestamp>() {
        Ok(timestamp) => Cell::Exact(timestamp.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        Err(_) => Cell::Unset,
    }
}

fn keys(value: &Value) -> Cell {
    match value {
        Value::Array(items) => Cell::Keys(items.iter().map(text).collect()),
        Value::Null => Cell::Unset,
        other => Cell::Keys(
            Some(text(other))
                .filter(|key| !key.is_empty())
                .into_iter()
                .collect(),
        ),
    }
}

/// What `$contains` and its like look at.
fn shown(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Unset => None,
        Cell::Word(text) | Cell::Exact(text) => Some(text.to_lowercase()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Keys(keys) => {
            let marked: Vec<String> = keys
                .iter()
                .map(|key| format!("^{}^", key.to_lowercase()))
                .collect();
            Some(marked.join(","))
        }
    }
}

fn compare(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Number(left), Cell::Number(right)) => left.partial_cmp(right),
        (Cell::Exact(left), Cell::Exact(right)) => Some(left.cmp(right)),
        (Cell::Unset, _) | (_, Cell::Unset) => None,
        _ => Some(shown(left)?.cmp(&shown(right)?)),
    }
}

fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Unset => true,
        Cell::Word(text) => text.is_empty(),
        Cell::Keys(keys) => keys.is_empty(),
        _ => false,
    }
}

fn equals(cell: &Cell, asked: &Cell) -> bool {
    if is_empty(asked) {
        is_empty(cell)
    } else {
        compare(cell, asked) == Some(Ordering::Equal)
    }
}

impl Subject {
    fn asked(&self, value: &Value) -> Cell {
        if self.definition["type"] == "bool" {
            asked_flag(value)
        } else {
            (self.read)(value)
        }
    }

    /// Whether a record is found.
    fn holds(&self, cell: &Cell, operator: &str, value: &Value) -> bool {
        let items = || {
            value
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![value.clone()])
        };
        let by = |wanted: &[Ordering]| {
            compare(cell, &self.asked(value)).is_some_and(|ordering| wanted.contains(&ordering))
        };
        let part = |test: fn(&str, &str) -> bool| {
            shown(cell).is_some_and(|shown| test(&shown, &text(value).to_lowercase()))
        };
        match operator {
            "$equals" => equals(cell, &self.asked(value)),
            "$not_equals" => !self.holds(cell, "$equals", value),
            "$in" => items().iter().any(|item| equals(cell, &self.asked(item))),
            "$not_in" => !self.holds(cell, "$in", value),
            "$contains" => match cell {
                Cell::Keys(keys) => items()
                    .iter()
                    .any(|item| keys.iter().any(|key| key.eq_ignore_ascii_case(&text(item)))),
                _ => part(|shown, asked| shown.contains(asked)),
            },
            "$not_contains" => !self.holds(cell, "$contains", value),
            "$starts" => part(|shown, asked| shown.starts_with(asked)),
            "$ends" => part(|shown, asked| shown.ends_with(asked)),
            "$is_null" => *cell == Cell::Unset,
            "$not_null" => *cell != Cell::Unset,
            "$empty" => is_empty(cell),
            "$not_empty" => !is_empty(cell),
            "$lt" => by(&[Ordering::Less]),
            "$lte" => by(&[Ordering::Less, Ordering::Equal]),
            "$gt" => by(&[Ordering::Greater]),
            "$gte" => by(&[Ordering::Greater, Ordering::Equal]),
            "$between" => {
                self.holds(cell, "$gte", &value[0]) && self.holds(cell, "$lte", &value[1])
            }
            "$dateBetween" => match cell {
                Cell::Exact(text) => {
                    (text[..10] >= *value[0].as_str().unwrap())
                        && (text[..10] <= *value[1].as_str().unwrap())
                }
                _ => false,
            },
            "$dateRange" => {
                let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
                let days = |days: i64| today.checked_add(days.days()).unwrap().to_string();
                let (first, last) = match value.as_str().unwrap() {
                    "yesterday" => (days(-1), days(-1)),
                    "today" => (days(0), days(0)),
                    "tomorrow" => (days(1), days(1)),
                    "last_7_days" => (days(-6), days(0)),
                    "next_30_days" => (days(0), days(29)),
                    "this_year" => (
                        format!("{}-01-01", today.year()),
                        format!("{}-12-31", today.year()),
                    ),
                    other => panic!("{other}"),
                };
                self.holds(cell, "$dateBetween", &json!([first, last]))
            }
            other => panic!("{other}"),
        }
    }

    /// Operators with the values they are tried with.
    fn questions(&self) -> Vec<(&'static str, Value)> {
        let mut questions = Vec::new();
        for operator in ["$is_null", "$not_null", "$empty", "$not_empty"] {
            questions.push((operator, json!("")));
        }
        for probe in &self.probes {
            for operator in ["$equals", "$not_equals", "$lt", "$lte", "$gt", "$gte"] {
                questions.push((operator, probe.clone()));
            }
            for operator in ["$starts", "$ends", "$contains", "$not_contains"] {
                let shown = text(probe);
                // A part of the value, for dates and instants as they are stored.
                let part = shown.get(..2.min(shown.len())).unwrap_or(&shown).to_owned();
                questions.push((operator, json!(part)));
            }
            for other in &self.probes {
                questions.push(("$in", json!([probe, other])));
                questions.push(("$not_in", json!([probe, other])));
                questions.push(("$between", json!([probe, other])));
            }
        }
        if self.definition["type"] == "multienum" {
            for value in [json!(["red"]), json!(["blue", "green"]), json!(["x"])] {
                questions.push(("$contains", value.clone()));
                questions.push(("$not_contains", value));
            }
        }
        if self.days.is_some() {
            questions.push(("$dateBetween", json!(["2026-01-05", "2026-01-31"])));
            questions.push(("$dateBetween", json!(["2025-12-31", "2025-12-31"])));
            for range in [
                "yesterday",
                "today",
                "tomorrow",
                "last_7_days",
                "next_30_days",
                "this_year",
            ] {
                questions.push(("$dateRange", json!(range)));
            }
        }
        questions
    }
}

fn subjects() -> Vec<Subject> {
    let now = Timestamp::now();
    let at = |hours: i64| {
        json!(
            now.checked_add(hours.hours())
                .unwrap()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        )
    };
    let day = |hours: i64| {
        json!(
            now.checked_add(hours.hours())
                .unwrap()
                .strftime("%Y-%m-%d")
                .to_string()
        )
    };
    let words = || {
        vec![
            json!("Alpha"),
            json!("alphabet"),
            json!("BETA"),
            json!("100%_x"),
            json!("1000 x"),
            json!(""),
            json!(null),
            json!("Ünal"),
        ]
    };
    let asked = || {
        vec![
            json!("alpha"),
            json!("Beta"),
            json!("100%_x"),
            json!("\\"),
            json!(""),
            json!("Ünal"),
        ]
    };
    let subject = |name, kind: &str, cells: Vec<Value>, probes: Vec<Value>, read, days| Subject {
        name,
        definition: json!({ "type": kind }),
        cells,
        probes,
        read,
        days,
    };
    let mut subjects = vec![
        subject("v_c", "varchar", words(), asked(), word, None),
        subject("t_c", "text", words(), asked(), word, None),
        subject("e_c", "enum", words(), asked(), word, None),
        subject("p_c", "phone", words(), asked(), word, None),
        subject("u_c", "url", words(), asked(), word, None),
        subject(
            "i_c",
            "id",
            vec![
                json!("a1"),
                json!("A1"),
                json!("b2"),
                json!(null),
                json!(""),
            ],
            vec![json!("a1"), json!("b"), json!("")],
            exact,
            None,
        ),
        subject(
            "m_c",
            "multienum",
            vec![
                json!(["red"]),
                json!(["red", "blue"]),
                json!(["green"]),
                json!([]),
                json!(null),
                json!(["darkred"]),
            ],
            vec![json!("red"), json!("green"), json!("")],
            keys,
            None,
        ),
        subject(
            "b_c",
            "bool",
            vec![json!(true), json!(false), json!("1"), json!(0), json!(null)],
            vec![json!(true), json!(false), json!("1"), json!("0")],
            flag,
            None,
        ),
        subject(
            "n_c",
            "int",
            vec![json!(1), json!("25"), json!(-3), json!(null), json!(0)],
            vec![json!(1), json!("25"), json!(0), json!("")],
            number,
            None,
        ),
        subject(
            "d_c",
            "decimal",
            vec![json!("25.50"), json!(100), json!("-0.5"), json!(null)],
            vec![json!("25.5"), json!(100), json!("99.99"), json!("")],
            number,
            None,
        ),
        subject(
            "c_c",
            "currency",
            vec![json!("25000"), json!(100.25), json!("9"), json!(null)],
            vec![json!("25000.00"), json!(100), json!("9")],
            number,
            None,
        ),
        subject(
            "f_c",
            "float",
            vec![json!(3.22), json!("1"), json!(null)],
            vec![json!(3.22), json!(2)],
            number,
            None,
        ),
        subject(
            "day_c",
            "date",
            vec![
                json!("2026-01-05"),
                json!("2026-01-31"),
                json!("2025-12-31"),
                json!(null),
                json!(""),
                day(0),
                day(-24),
                day(24),
                day(-24 * 6),
            ],
            vec![json!("2026-01-05"), json!("2026-01-15"), json!("")],
            exact,
            Some(Precision::Day),
        ),
    ];
    for (name, kind) in [("dt_c", "datetime"), ("dtc_c", "datetimecombo")] {
        let cells = vec![
            json!("2026-01-05T09:00:00Z"),
            json!("2026-01-31T23:59:59Z"),
            json!("2026-02-01T00:00:00Z"),
            json!("2025-12-31T23:30:00-05:00"),
            json!(null),
            at(0),
            at(-24),
            at(24),
            at(-24 * 7),
            at(24 * 30),
        ];
        let probes = vec![
            json!("2026-01-05T10:00:00+01:00"),
            json!("2026-01-31T23:59:59.000Z"),
            json!(""),
        ];
        subjects.push(subject(
            name,
            kind,
            cells,
            probes,
            instant,
            Some(Precision::Second),
        ));
    }
    subjects
}

#[tokio::test]
async fn every_operator_on_every_type_agrees_with_the_model() {
    let subjects = subjects();
    let fields: serde_json::Map<String, Value> = subjects
        .iter()
        .map(|subject| (subject.name.to_owned(), subject.definition.clone()))
        .collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let schema = json!({ "modules": { "qa_Types": { "templates": ["basic"], "fields": fields } } });
    file.write_all(schema.to_string().as_bytes()).unwrap();
    let site = Site::with(Config {
        demo: Demo::None,
        schema: Some(file.path().to_owned()),
        ..Config::default()
    })
    .await;
    let mut asked = 0;
    for subject in &subjects {
        let creates: Vec<Value> = subject
            .cells
            .iter()
            .enumerate()
            .map(|(row, cell)| {
                let id = format!("{}-{row:02}", subject.name);
                json!({ "url": "/v11/qa_Types", "method": "POST", "data": { "id": id, "name": subject.name, subject.name: cell } })
            })
            .collect();
        for answer in site
            .ok("POST", "bulk", json!({ "requests": creates }))
            .await
            .as_array()
            .unwrap()
        {
            assert_eq!(answer["status"], 200, "{answer}");
        }
        let questions = subject.questions();
        asked += questions.len();
        let requests: Vec<Value> = questions
            .iter()
            .map(|(operator, value)| {
                let filter =
                    json!([{ "name": subject.name }, { subject.name: { *operator: value } }]);
                let data = json!({ "filter": filter, "fields": "id", "max_num": 100 });
                json!({ "url": "/v11/qa_Types/filter", "method": "POST", "data": data })
            })
            .collect();
        let answers = site
            .ok("POST", "bulk", json!({ "requests": requests }))
            .await;
        for ((operator, value), answer) in questions.iter().zip(answers.as_array().unwrap()) {
            let question = format!("{} {operator} {value}", subject.definition["type"]);
            assert_eq!(answer["status"], 200, "{question}: {answer}");
            let found: BTreeSet<String> = column(&answer["contents"], "id").into_iter().collect();
            let expected: BTreeSet<String> = (0..subject.cells.len())
                .filter(|row| subject.holds(&(subject.read)(&subject.cells[*row]), operator, value))
                .map(|row| format!("{}-{row:02}", subject.name))
                .collect();
            assert_eq!(found, expected, "{question} over {:?}", subject.cells);
        }
        if subject.days.is_none() {
            for (operator, value) in [
                ("$dateBetween", json!(["2026-01-01", "2026-01-02"])),
                ("$dateRange", json!("today")),
            ] {
                let filter = json!({ "filter": [{ subject.name: { operator: value } }] });
                assert_eq!(
                    site.refused("POST", "qa_Types/filter", filter).await.0,
                    422,
                    "{}",
                    subject.name
                );
            }
        }
    }
    assert!(asked > 800, "{asked} questions");
}
