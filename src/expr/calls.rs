//! Filters, tests and functions that templates call: those there are, and what was meant by those there are not.

use std::ops::Range;

use minijinja::Value;

use super::elsewhere;
use super::functions::ENGINE;
use super::references::Called;
use super::references::Callee;
use super::signatures;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;

const UNKNOWN_FUNCTION: Code = Code("unknown_function");

/// What people reach for, to choose the nearest from; the engine has a few more names for the same.
const FILTERS: &[&str] = &[
    "abs",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "date",
    "default",
    "dictsort",
    "e164",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "jsonpath",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "parse_date",
    "pprint",
    "regex_replace",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "slug",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
    "zip",
];

const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
    "upper",
];

const FUNCTIONS: &[&str] = &[
    "days",
    "dict",
    "group",
    "hours",
    "lookup",
    "minutes",
    "months",
    "namespace",
    "now",
    "parse_date",
    "range",
    "seconds",
    "today",
    "uuid5",
    "weeks",
    "years",
];

/// The problem of a call, and where it is, within the template's text. Found only while evaluating, it would fail each item
/// of a run.
pub(super) fn wrong(call: &Called<'_>) -> Option<(Problem, Range<usize>, String)> {
    if let Some(unknown) = unknown(call) {
        return Some((unknown, call.range.clone(), "called here".to_owned()));
    }
    let misused = signatures::misused(call)?;
    let problem = Problem::error(misused.code, misused.message)
        .help(format!("write it like `{}`", misused.usage));
    Some((problem, misused.place, misused.label))
}

fn unknown(call: &Called<'_>) -> Option<Problem> {
    let name = call.name.as_ref();
    let (kind, known) = match call.callee {
        Callee::Filter => ("filter", FILTERS),
        Callee::Test => ("test", TESTS),
        Callee::Function => ("function", FUNCTIONS),
        Callee::Method => return Some(method(name)),
    };
    if exists(call.callee, name) {
        return None;
    }
    let other = match call.callee {
        Callee::Filter => {
            exists(Callee::Function, name).then(|| format!("it is a function: write `{name}(…)`"))
        }
        Callee::Function => {
            exists(Callee::Filter, name).then(|| format!("it is a filter: write `… | {name}`"))
        }
        Callee::Test | Callee::Method => None,
    };
    let listed = || {
        match call.callee {
        Callee::Filter => "for text there are `lower`, `trim`, `replace` and `regex_replace`, for lists `map`, `selectattr`, `sort` and `join`, for dates `date`; most of Jinja2's are there".to_owned(),
        Callee::Test => "there are `defined`, `none`, `string`, `number`, `in`, `startingwith` and `endingwith`, and most others of Jinja2's".to_owned(),
        _ => format!("there are {}", all_of(known.iter().copied())),
    }
    };
    Some(
        Problem::error(UNKNOWN_FUNCTION, format!("there is no {kind} `{name}`")).help(
            other
                .or_else(|| elsewhere::meant(call.callee, name).map(str::to_owned))
                .or_else(|| did_you_mean(name, known.iter().copied()))
                .unwrap_or_else(listed),
        ),
    )
}

pub(super) fn exists(callee: Callee, name: &str) -> bool {
    let is = |kind| {
        ENGINE
            .empty_state()
            .perform_test(kind, &[Value::from(name)])
            .unwrap_or(false)
    };
    match callee {
        Callee::Filter => is("filter"),
        Callee::Test => is("test"),
        Callee::Function => ENGINE.globals().any(|(global, _)| global == name),
        Callee::Method => false,
    }
}

fn method(name: &str) -> Problem {
    let filter = match name {
        "strip" => Some("trim"),
        "startswith" | "endswith" => None,
        other => exists(Callee::Filter, other).then_some(other),
    };
    let help = match (name, filter) {
        (_, Some(filter)) => format!("it is a filter: write `… | {filter}`"),
        ("startswith", _) => "write the test `… is startingwith(\"x\")`".to_owned(),
        ("endswith", _) => "write the test `… is endingwith(\"x\")`".to_owned(),
        _ => "values have no methods; filters do such things: `… | lower`".to_owned(),
    };
    Problem::error(UNKNOWN_FUNCTION, format!("there is no method `{name}`")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_exists() {
        for (callee, names) in [
            (Callee::Filter, FILTERS),
            (Callee::Test, TESTS),
            (Callee::Function, FUNCTIONS),
        ] {
            for name in names {
                assert!(exists(callee, name), "{callee:?} {name}");
            }
        }
        assert!(!exists(Callee::Function, "lower"));
    }
}
