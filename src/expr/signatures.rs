//! What filters, tests and functions take: how many arguments, and which of those that are written out can be right.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::Value;
use regex::Regex;

use super::path::Path;
use super::references::Argument;
use super::references::Called;
use super::references::Callee;
use crate::diag::Code;
use crate::diag::counted;

const MISSING: Code = Code("missing_parameter");
const INVALID: Code = Code("invalid_parameter");
const JSONPATH: Code = Code("jsonpath");

/// What is wrong with a call, and where it is written.
pub(super) struct Misused {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) place: std::ops::Range<usize>,
    pub(super) label: String,
    /// How it is written.
    pub(super) usage: &'static str,
}

struct Signature {
    name: &'static str,
    /// Positional arguments, without the value that a filter or test is put behind.
    least: usize,
    most: usize,
    naming: Naming,
    kinds: &'static [Kind],
    /// Such as a person would write it.
    usage: &'static str,
}

/// Whether arguments may be given by name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Named,
    InOrder,
}

/// What an argument is, as far as it can be seen where it is written out.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Text,
    Whole,
    Pattern,
    Path,
    /// How a date is printed or read: the signs are the same.
    Format,
}

const ANY_NUMBER: usize = usize::MAX;

const fn takes(
    name: &'static str,
    least: usize,
    most: usize,
    kinds: &'static [Kind],
    usage: &'static str,
) -> Signature {
    Signature {
        name,
        least,
        most,
        naming: Naming::InOrder,
        kinds,
        usage,
    }
}

const fn takes_named(
    name: &'static str,
    least: usize,
    most: usize,
    usage: &'static str,
) -> Signature {
    Signature {
        name,
        least,
        most,
        naming: Naming::Named,
        kinds: &[],
        usage,
    }
}

const FUNCTIONS: &[Signature] = &[
    takes("now", 0, 0, &[], "now()"),
    takes("today", 0, 0, &[], "today()"),
    takes("seconds", 1, 1, &[Kind::Whole], "seconds(30)"),
    takes("minutes", 1, 1, &[Kind::Whole], "minutes(30)"),
    takes("hours", 1, 1, &[Kind::Whole], "hours(12)"),
    takes("days", 1, 1, &[Kind::Whole], "days(90)"),
    takes("weeks", 1, 1, &[Kind::Whole], "weeks(2)"),
    takes("months", 1, 1, &[Kind::Whole], "months(6)"),
    takes("years", 1, 1, &[Kind::Whole], "years(1)"),
    takes(
        "parse_date",
        2,
        2,
        &[Kind::Any, Kind::Format],
        "parse_date(item.day, '%d.%m.%Y')",
    ),
    takes(
        "uuid5",
        2,
        2,
        &[Kind::Text, Kind::Any],
        "uuid5('customers', item.code)",
    ),
    takes(
        "lookup",
        3,
        4,
        &[Kind::Any, Kind::Text],
        "lookup(steps.X, 'name', item.name)",
    ),
    takes(
        "group",
        2,
        2,
        &[Kind::Any, Kind::Text],
        "group(steps.X.records, 'account_id')",
    ),
    takes("range", 1, 3, &[], "range(10)"),
];

const FILTERS: &[Signature] = &[
    takes(
        "parse_date",
        1,
        1,
        &[Kind::Format],
        "item.day | parse_date('%d.%m.%Y')",
    ),
    takes("date", 1, 1, &[Kind::Format], "now() | date('%d.%m.%Y')"),
    takes("slug", 0, 0, &[], "item.name | slug"),
    takes(
        "regex_replace",
        2,
        2,
        &[Kind::Pattern, Kind::Text],
        "item.phone | regex_replace('[^0-9]', '')",
    ),
    takes(
        "jsonpath",
        1,
        1,
        &[Kind::Path],
        "steps.X.records | jsonpath('$[*].id')",
    ),
    takes("e164", 0, 1, &[Kind::Text], "item.phone | e164('49')"),
    takes("upper", 0, 0, &[], "item.name | upper"),
    takes("lower", 0, 0, &[], "item.name | lower"),
    takes("title", 0, 0, &[], "item.name | title"),
    takes("capitalize", 0, 0, &[], "item.name | capitalize"),
    takes_named("replace", 2, 3, "item.name | replace('old', 'new')"),
    takes("length", 0, 0, &[], "steps.X.ids | length"),
    takes("count", 0, 0, &[], "steps.X.ids | count"),
    takes_named("dictsort", 0, 0, "steps.X.labels | dictsort"),
    takes("items", 0, 0, &[], "steps.X.labels | items"),
    takes("reverse", 0, 0, &[], "steps.X.ids | reverse"),
    takes("trim", 0, 1, &[], "item.name | trim"),
    takes_named("join", 0, 2, "steps.X.ids | join(', ')"),
    takes("split", 0, 2, &[], "item.tags | split(',')"),
    takes("lines", 0, 0, &[], "item.description | lines"),
    takes("abs", 0, 0, &[], "item.amount | abs"),
    takes_named("int", 0, 2, "item.count | int"),
    takes_named("float", 0, 1, "item.amount | float"),
    takes_named("sum", 0, 2, "steps.X.records | sum(attribute='amount')"),
    takes_named("round", 0, 2, "item.amount | round(2)"),
    takes("first", 0, 0, &[], "steps.X.ids | first"),
    takes("last", 0, 0, &[], "steps.X.ids | last"),
    takes_named("min", 0, 0, "steps.X.records | min(attribute='amount')"),
    takes_named("max", 0, 0, "steps.X.records | max(attribute='amount')"),
    takes_named("sort", 0, 0, "steps.X.records | sort(attribute='name')"),
    takes_named("unique", 0, 0, "steps.X.records | unique(attribute='name')"),
    takes("list", 0, 0, &[], "steps.X.ids | list"),
    takes("string", 0, 0, &[], "item.amount | string"),
    takes("bool", 0, 0, &[], "item.active | bool"),
    takes("slice", 1, 2, &[], "steps.X.ids | slice(3)"),
    takes("batch", 1, 2, &[], "steps.X.ids | batch(200)"),
    takes_named("tojson", 0, 1, "item | tojson"),
    takes_named("indent", 0, 3, "item.description | indent(2)"),
    takes_named("select", 0, ANY_NUMBER, "steps.X.ids | select('defined')"),
    takes_named("reject", 0, ANY_NUMBER, "steps.X.ids | reject('none')"),
    takes_named(
        "selectattr",
        1,
        ANY_NUMBER,
        "steps.X.records | selectattr('status', 'eq', 'New')",
    ),
    takes_named(
        "rejectattr",
        1,
        ANY_NUMBER,
        "steps.X.records | rejectattr('status', 'eq', 'New')",
    ),
    takes_named("groupby", 1, 1, "steps.X.records | groupby('account_id')"),
    takes("pprint", 0, 0, &[], "item | pprint"),
];

const TESTS: &[Signature] = &[
    takes("defined", 0, 0, &[], "item.name is defined"),
    takes("undefined", 0, 0, &[], "item.name is undefined"),
    takes("none", 0, 0, &[], "item.name is none"),
    takes("boolean", 0, 0, &[], "item.active is boolean"),
    takes("even", 0, 0, &[], "item.count is even"),
    takes("odd", 0, 0, &[], "item.count is odd"),
    takes("number", 0, 0, &[], "item.count is number"),
    takes("integer", 0, 0, &[], "item.count is integer"),
    takes("float", 0, 0, &[], "item.count is float"),
    takes("string", 0, 0, &[], "item.name is string"),
    takes("divisibleby", 1, 1, &[], "item.count is divisibleby(3)"),
    takes("startingwith", 1, 1, &[], "item.name is startingwith('A')"),
    takes("endingwith", 1, 1, &[], "item.name is endingwith('GmbH')"),
    takes("in", 1, 1, &[], "item.name is in(vars.names)"),
    takes("eq", 1, 1, &[], "item.name is eq('Acme')"),
    takes("ne", 1, 1, &[], "item.name is ne('Acme')"),
    takes("lt", 1, 1, &[], "item.count is lt(3)"),
    takes("le", 1, 1, &[], "item.count is le(3)"),
    takes("gt", 1, 1, &[], "item.count is gt(3)"),
    takes("ge", 1, 1, &[], "item.count is ge(3)"),
];

/// What is wrong with the arguments of something that exists.
pub(super) fn misused(call: &Called<'_>) -> Option<Misused> {
    let signature = signatures(call.callee)
        .iter()
        .find(|signature| signature.name == call.name)?;
    let arguments = &call.arguments;
    let misused = |code, message, place: &std::ops::Range<usize>, label: String| Misused {
        code,
        message,
        place: place.clone(),
        label,
        usage: signature.usage,
    };
    let name = signature.name;
    let mut given = 0;
    for argument in arguments {
        match argument {
            Argument::Spread => return None,
            Argument::Named(named) if signature.naming == Naming::InOrder => {
                let message = format!("`{name}` takes its arguments in order, without names");
                return Some(misused(
                    INVALID,
                    message,
                    &call.range,
                    format!("`{named}=` is given"),
                ));
            }
            // Which of the others a name stands for the engine knows.
            Argument::Named(_) => return None,
            Argument::Value(..) => given += 1,
        }
    }
    if given < signature.least || given > signature.most {
        let bound = if given < signature.least {
            signature.least
        } else {
            signature.most
        };
        let bound = match bound {
            0 => "no argument".to_owned(),
            bound => counted(bound, "argument"),
        };
        let (code, message) = if given < signature.least {
            (MISSING, format!("`{name}` wants {bound}"))
        } else {
            (INVALID, format!("`{name}` takes {bound}"))
        };
        let label = match given {
            0 => "none is given".to_owned(),
            1 => "1 is given".to_owned(),
            given => format!("{given} are given"),
        };
        return Some(misused(code, message, &call.range, label));
    }
    arguments
        .iter()
        .zip(signature.kinds)
        .find_map(|(argument, kind)| {
            let Argument::Value(Some(literal), place) = argument else {
                return None;
            };
            let (code, label) = wrong(*kind, literal)?;
            let message = match literal.as_str() {
                Some(text) => format!("`{name}` cannot use `'{text}'`"),
                None => format!("`{name}` cannot use `{literal}`"),
            };
            Some(misused(code, message, place, label))
        })
}

fn signatures(callee: Callee) -> &'static [Signature] {
    match callee {
        Callee::Function => FUNCTIONS,
        Callee::Filter => FILTERS,
        Callee::Test => TESTS,
        Callee::Method => &[],
    }
}

/// What is wrong with a value that is written out.
fn wrong(kind: Kind, literal: &Value) -> Option<(Code, String)> {
    let text = literal.as_str();
    match (kind, text) {
        (Kind::Any, _) | (Kind::Text, Some(_)) => None,
        (Kind::Text | Kind::Pattern | Kind::Path | Kind::Format, None) => {
            Some((INVALID, "not a text".to_owned()))
        }
        (Kind::Whole, _) => literal
            .as_i64()
            .is_none()
            .then(|| (INVALID, "not a whole number".to_owned())),
        (Kind::Pattern, Some(text)) => Regex::new(text).err().map(|error| {
            (
                INVALID,
                format!("no regular expression: {}", last_line(&error.to_string())),
            )
        }),
        (Kind::Path, Some(text)) => Path::parse(text)
            .err()
            .map(|error| (JSONPATH, error.to_string())),
        (Kind::Format, Some(text)) => strtime::format(
            text,
            &Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC),
        )
        .err()
        .map(|error| (INVALID, format!("no format of a date: {error}"))),
    }
}

/// The library draws several lines; its last says what is wrong.
pub(super) fn last_line(text: &str) -> &str {
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.unwrap_or_default()
        .trim()
        .trim_start_matches("error: ")
}

#[cfg(test)]
mod tests {
    use minijinja::ErrorKind;

    use super::super::functions::ENGINE;
    use super::super::syntax::Asked;
    use super::*;

    /// What the engine says of a number of arguments, of whatever kinds they are.
    fn said(callee: Callee, name: &str, count: usize) -> Vec<Option<ErrorKind>> {
        let values = [
            Value::from("a"),
            Value::from(1),
            Value::from(vec![Value::from("a")]),
            Value::from_pairs([("a", 1)]),
        ];
        let count = match callee {
            Callee::Filter | Callee::Test => count + 1,
            Callee::Function | Callee::Method => count,
        };
        let choices = values.len().pow(u32::try_from(count).unwrap());
        (0..choices)
            .map(|choice| {
                let digits = std::iter::successors(Some(choice), |rest| Some(rest / values.len()));
                let arguments: Vec<Value> = digits
                    .take(count)
                    .map(|digit| values[digit % values.len()].clone())
                    .collect();
                let mut state = ENGINE.empty_state();
                let ended = match callee {
                    Callee::Filter => state.apply_filter(name, &arguments).map(drop),
                    Callee::Test => state.perform_test(name, &arguments).map(drop),
                    Callee::Function | Callee::Method => {
                        let mut globals = ENGINE.globals();
                        let function = globals.find(|(global, _)| *global == name).unwrap().1;
                        function.call(&mut state, &arguments).map(drop)
                    }
                };
                ended.err().map(|error| error.kind())
            })
            .collect()
    }

    #[test]
    fn as_many_arguments_are_asked_for_as_the_engine_takes() {
        for callee in [Callee::Function, Callee::Filter, Callee::Test] {
            for Signature {
                name,
                least,
                most,
                naming,
                ..
            } in signatures(callee)
            {
                if let Some(few) = least.checked_sub(1) {
                    let said = said(callee, name, few);
                    assert!(
                        said.contains(&Some(ErrorKind::MissingArgument)),
                        "{name} {few}"
                    );
                }
                let enough = said(callee, name, *least);
                assert!(
                    !enough.contains(&Some(ErrorKind::MissingArgument)),
                    "{name}"
                );
                if *most == ANY_NUMBER {
                    continue;
                }
                let enough = said(callee, name, *most);
                assert!(
                    !enough.contains(&Some(ErrorKind::TooManyArguments)),
                    "{name}"
                );
                if *naming == Naming::InOrder {
                    let said = said(callee, name, most + 1);
                    assert!(said.contains(&Some(ErrorKind::TooManyArguments)), "{name}");
                }
            }
        }
    }

    /// docs/language.md has them all.
    #[test]
    fn the_page_of_the_language_names_every_function_and_filter() {
        let page = include_str!("../../docs/language.md");
        for signature in FUNCTIONS.iter().chain(FILTERS) {
            let name = signature.name;
            let shown = [
                format!("`{name}`"),
                format!("`{name}("),
                format!(" {name}("),
                format!("| {name}`"),
            ];
            let is_there = shown.iter().any(|form| page.contains(form));
            assert!(is_there, "docs/language.md lacks `{name}`");
        }
    }

    #[test]
    fn what_is_shown_as_usage_can_be_read() {
        for callee in [Callee::Function, Callee::Filter, Callee::Test] {
            for signature in signatures(callee) {
                let parsed =
                    super::super::syntax::bare_expression(signature.usage, Asked::Value).unwrap();
                let named = super::super::references::of(&parsed, signature.usage);
                assert!(
                    named.calls.iter().any(|call| call.name == signature.name),
                    "{}",
                    signature.usage
                );
                assert!(
                    named.calls.iter().all(|call| misused(call).is_none()),
                    "{}",
                    signature.usage
                );
            }
        }
    }
}
