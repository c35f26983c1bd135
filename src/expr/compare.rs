//! Comparisons of dates and numbers: `item.date_closed < today()` compares days, where the engine alone would see a text and
//! an object, and `item.amount > 10000` numbers, though cells of a data file and amounts of Sugar are text (fact sheet 4.1).
//!
//! `syntax` turns comparisons into calls of these; all else is compared as the engine does.

use std::cmp::Ordering;

use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::State;
use minijinja::Value;
use minijinja::machinery::ast::BinOpKind;
use minijinja::machinery::ast::CompareOpKind;
use minijinja::value::Kwargs;
use minijinja::value::Rest;

use super::dates;
use super::numbers;
use super::truth;

/// The name under which templates call comparisons: `_compare(a, '<', b, '<=', c)`.
pub(super) const COMPARE: &str = "_compare";

/// The operators, and under which names tests know them.
const OPERATORS: &[(&str, &[&str])] = &[
    ("==", &["==", "eq", "equalto"]),
    ("!=", &["!=", "ne"]),
    ("<", &["<", "lt", "lessthan"]),
    ("<=", &["<=", "le"]),
    (">", &[">", "gt", "greaterthan"]),
    (">=", &[">=", "ge"]),
    ("in", &["in"]),
];

pub(super) fn sign(kind: CompareOpKind) -> &'static str {
    match kind {
        CompareOpKind::Eq => "==",
        CompareOpKind::Ne => "!=",
        CompareOpKind::Lt => "<",
        CompareOpKind::Lte => "<=",
        CompareOpKind::Gt => ">",
        CompareOpKind::Gte => ">=",
        CompareOpKind::In => "in",
        CompareOpKind::NotIn => "not in",
    }
}

/// The same for a comparison of two, which the parser takes for arithmetic.
pub(super) fn sign_of(kind: BinOpKind) -> Option<&'static str> {
    Some(sign(match kind {
        BinOpKind::Eq => CompareOpKind::Eq,
        BinOpKind::Ne => CompareOpKind::Ne,
        BinOpKind::Lt => CompareOpKind::Lt,
        BinOpKind::Lte => CompareOpKind::Lte,
        BinOpKind::Gt => CompareOpKind::Gt,
        BinOpKind::Gte => CompareOpKind::Gte,
        BinOpKind::In => CompareOpKind::In,
        _ => return None,
    }))
}

/// Filters of the engine that put values into an order.
const ORDERING: &[(&str, Filter)] = &[
    ("min", minijinja::filters::min),
    ("max", minijinja::filters::max),
    ("sort", minijinja::filters::sort),
    ("unique", minijinja::filters::unique),
];

type Filter = fn(&State<'_, '_>, Value, Kwargs) -> Result<Value, Error>;

pub(super) fn add_to(engine: &mut Environment<'_>) {
    engine.add_function(COMPARE, chain);
    for (operator, names) in OPERATORS {
        for name in *names {
            engine.add_test(
                *name,
                |state: &State<'_, '_>, left: &Value, right: &Value| {
                    holds(state, left, operator, right)
                },
            );
        }
    }
    for (name, filter) in ORDERING {
        engine.add_filter(
            *name,
            |state: &State<'_, '_>, list: Value, options: Kwargs| match numbers::in_order(
                name, &list, &options,
            )? {
                Some(ordered) => Ok(ordered),
                None => filter(state, alike(state, list, &options)?, options),
            },
        );
    }
}

fn chain(state: &State<'_, '_>, first: &Value, rest: Rest<Value>) -> Result<bool, Error> {
    let mut left = first.clone();
    let mut rest = rest.0.into_iter();
    while let (Some(operator), Some(right)) = (rest.next(), rest.next()) {
        if !holds(state, &left, operator.as_str().unwrap_or_default(), &right)? {
            return Ok(false);
        }
        left = right;
    }
    Ok(true)
}

fn holds(
    state: &State<'_, '_>,
    left: &Value,
    operator: &str,
    right: &Value,
) -> Result<bool, Error> {
    for value in [left, right] {
        if value.is_undefined() {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                "an undefined value is compared",
            ));
        }
    }
    match operator {
        "in" => within(state, left, right),
        "not in" => within(state, left, right).map(|found| !found),
        "==" => equal(state, left, right),
        "!=" => equal(state, left, right).map(|equal| !equal),
        _ => {
            let order = match dates::order(state, left, right)? {
                Some(order) => order,
                None => numbers::order(left, right)?.unwrap_or_else(|| left.cmp(right)),
            };
            Ok(match operator {
                "<" => order == Ordering::Less,
                "<=" => order != Ordering::Greater,
                ">" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })
        }
    }
}

/// A date that is not there is no other date; what is no date at all is a mistake.
fn equal(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<bool, Error> {
    let is_nothing = |value: &Value| value.is_none() || value.as_str().is_some_and(str::is_empty);
    if is_nothing(left) || is_nothing(right) {
        return Ok(left == right);
    }
    Ok(match dates::order(state, left, right)? {
        Some(order) => order == Ordering::Equal,
        None => left == right || numbers::are_equal(left, right) || truth::are_equal(left, right),
    })
}

fn within(state: &State<'_, '_>, wanted: &Value, list: &Value) -> Result<bool, Error> {
    if list.as_str().is_none()
        && (dates::is_date(wanted) || dates::moment(state, wanted).is_ok())
        && let Ok(items) = list.try_iter()
    {
        for item in items.checked() {
            let item = item?;
            // Among other values stand some that are no dates; they are not this one.
            if item == *wanted
                || dates::order(state, wanted, &item)
                    .is_ok_and(|order| order == Some(Ordering::Equal))
            {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if list.as_str().is_none()
        && numbers::read(wanted).is_some()
        && let Ok(mut items) = list.try_iter()
    {
        return Ok(items.any(|item| item == *wanted || numbers::are_equal(wanted, &item)));
    }
    minijinja::tests::is_in(state, wanted, list)
}

/// A list with a date in it, all of it as dates, so that it has an order. By an attribute, values of records are compared, which
/// are text.
fn alike(state: &State<'_, '_>, list: Value, options: &Kwargs) -> Result<Value, Error> {
    if options.has("attribute") || list.as_str().is_some() {
        return Ok(list);
    }
    let Ok(items) = list.try_iter() else {
        return Ok(list);
    };
    let mut items = items.checked().collect::<Result<Vec<Value>, _>>()?;
    if let Some(date) = items.iter().find(|item| dates::is_date(item)).cloned() {
        for item in &mut items {
            dates::order(state, &date, item)?;
            *item = Value::from_object(dates::moment(state, item)?);
        }
    }
    Ok(Value::from(items))
}
