//! One test of one SQL operand: operator, value, and the kind of field that says how to read the value.

use jiff::SignedDuration;
use jiff::Timestamp;
use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::Operator;
use super::Test;
use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::Place;
use crate::sandbox::store::Sql;
use crate::sandbox::store::encode;
use crate::sandbox::store::text_of;
use crate::sandbox::time;
use crate::sandbox::time::DateRange;

/// Appends the test of `operand`, in parentheses where it is more than one comparison.
pub(super) fn push(
    cx: &Context<'_>,
    sql: &mut Sql,
    operand: &str,
    field: &Field,
    test: &Test,
) -> Result<(), Failure> {
    if let Some(positive) = test.operator.denies() {
        // A comparison with NULL is NULL; the denial of Sugar's negative operators includes unset fields.
        sql.push("NOT coalesce(");
        let test = Test {
            operator: positive,
            value: test.value.clone(),
        };
        push(cx, sql, operand, field, &test)?;
        sql.push(", 0)");
        return Ok(());
    }
    let value = &test.value;
    let encoded = |value: &Value| encode(field, value, &cx.actor.zone);
    match test.operator {
        Operator::NotNull => {
            sql.push(&format!("{operand} IS NOT NULL"));
        }
        Operator::NotEmpty => {
            sql.push(&format!("({operand} IS NOT NULL AND {operand} <> '')"));
        }
        Operator::Equals => equals(sql, operand, encoded(value)?),
        Operator::In => any_of(sql, operand, &list(value), &encoded)?,
        Operator::Contains if field.kind == Kind::MultiEnum => contains_any(sql, operand, value)?,
        Operator::Contains => like(sql, operand, &format!("%{}%", escaped(&text(value)?))),
        Operator::Ends => like(sql, operand, &format!("%{}", escaped(&text(value)?))),
        Operator::Starts if field.kind == Kind::Text && matches!(field.place, Place::Column) => {
            starts(sql, operand, &text(value)?);
        }
        Operator::Starts => like(sql, operand, &format!("{}%", escaped(&text(value)?))),
        Operator::Less => compare(sql, operand, "<", encoded(value)?),
        Operator::LessOrEqual => compare(sql, operand, "<=", encoded(value)?),
        Operator::Greater => compare(sql, operand, ">", encoded(value)?),
        Operator::GreaterOrEqual => compare(sql, operand, ">=", encoded(value)?),
        Operator::Between => {
            let (low, high) = pair(value)?;
            sql.push(&format!("{operand} BETWEEN "));
            sql.bind(encoded(low)?).push(" AND ").bind(encoded(high)?);
        }
        Operator::DateBetween => {
            let (first, last) = pair(value)?;
            let day = |value: &Value| {
                value
                    .as_str()
                    .and_then(time::date)
                    .ok_or_else(|| unreadable(value))
            };
            days(cx, sql, operand, field, (day(first)?, day(last)?))?;
        }
        Operator::DateRange => {
            let range = value
                .as_str()
                .and_then(DateRange::parse)
                .ok_or_else(|| unreadable(value))?;
            let today = cx.actor.zone.today(cx.now);
            days(
                cx,
                sql,
                operand,
                field,
                range.days(today).ok_or_else(|| unreadable(value))?,
            )?;
        }
        Operator::NotEquals
        | Operator::NotContains
        | Operator::NotIn
        | Operator::IsNull
        | Operator::Empty => unreachable!("negative operators were turned into their positives"),
    }
    Ok(())
}

/// Equal to nothing means unset: an unset field prints as `""`, so a client that sends `""` asks for these.
fn equals(sql: &mut Sql, operand: &str, value: SqlValue) {
    if is_nothing(&value) {
        sql.push(&format!("({operand} IS NULL OR {operand} = '')"));
    } else {
        compare(sql, operand, "=", value);
    }
}

fn is_nothing(value: &SqlValue) -> bool {
    matches!(value, SqlValue::Null) || matches!(value, SqlValue::Text(text) if text.is_empty())
}

fn compare(sql: &mut Sql, operand: &str, operator: &str, value: SqlValue) {
    sql.push(&format!("{operand} {operator} ")).bind(value);
}

fn any_of(
    sql: &mut Sql,
    operand: &str,
    values: &[Value],
    encoded: &impl Fn(&Value) -> Result<SqlValue, Failure>,
) -> Result<(), Failure> {
    let mut present = Vec::new();
    let mut nothing = false;
    for value in values {
        let value = encoded(value)?;
        if is_nothing(&value) {
            nothing = true;
        } else {
            present.push(value);
        }
    }
    // One parameter for all of them: the database takes 32,766 at most, and lists of ids are longer.
    sql.push(&format!("({operand} IN (SELECT value FROM json_each("))
        .bind(json_list(present))
        .push("))");
    if nothing {
        sql.push(&format!(" OR {operand} IS NULL OR {operand} = ''"));
    }
    sql.push(")");
    Ok(())
}

/// Values of columns as a JSON list.
fn json_list(values: Vec<SqlValue>) -> String {
    let values = values.into_iter().map(|value| match value {
        SqlValue::Integer(number) => number.into(),
        SqlValue::Real(number) => number.into(),
        SqlValue::Text(text) => text.into(),
        SqlValue::Null | SqlValue::Blob(_) => Value::Null,
    });
    Value::Array(values.collect()).to_string()
}

/// Any of the keys of a multi-select, stored as `^a^,^b^`.
fn contains_any(sql: &mut Sql, operand: &str, value: &Value) -> Result<(), Failure> {
    let patterns = list(value)
        .iter()
        .map(|key| Ok(format!("%^{}^%", escaped(&text(key)?)).into()))
        .collect::<Result<Vec<SqlValue>, Failure>>()?;
    sql.push("EXISTS (SELECT 1 FROM json_each(")
        .bind(json_list(patterns))
        .push(&format!(") k WHERE {operand} LIKE k.value ESCAPE '\\')"));
    Ok(())
}

fn like(sql: &mut Sql, operand: &str, pattern: &str) {
    sql.push(&format!("{operand} LIKE "))
        .bind(pattern.to_owned())
        .push(" ESCAPE '\\'");
}

/// A prefix as a range, which an index can serve whatever the value contains.
fn starts(sql: &mut Sql, operand: &str, prefix: &str) {
    sql.push(&format!("({operand} >= ")).bind(prefix.to_owned());
    sql.push(&format!(" AND {operand} < "))
        .bind(format!("{prefix}\u{10FFFF}"))
        .push(")");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Whole days: exact for dates, from midnight to midnight in the user's zone for instants.
fn days(
    cx: &Context<'_>,
    sql: &mut Sql,
    operand: &str,
    field: &Field,
    (first, last): (jiff::civil::Date, jiff::civil::Date),
) -> Result<(), Failure> {
    if !matches!(field.kind, Kind::Date | Kind::DateTime) {
        return Err(Failure::invalid(format!(
            "Field: {} has no date",
            field.name
        )));
    }
    if field.kind == Kind::DateTime {
        let out_of_range = || Failure::invalid("The dates of the filter are out of range.");
        let end = last.tomorrow().map_err(|_| out_of_range())?;
        let from = cx.actor.zone.start_of(first).ok_or_else(out_of_range)?;
        let until = cx.actor.zone.start_of(end).ok_or_else(out_of_range)?;
        sql.push(&format!("({operand} >= ")).bind(from);
        sql.push(&format!(" AND {operand} < "))
            .bind(until)
            .push(")");
    } else {
        sql.push(&format!("{operand} BETWEEN "))
            .bind(first.to_string());
        sql.push(" AND ").bind(last.to_string());
    }
    Ok(())
}

/// The start of an interval such as `-7 DAY`; nothing given means a week.
pub(super) fn interval_start(interval: &str, now: Timestamp) -> Result<String, Failure> {
    let mut words = interval.split_whitespace();
    let (count, unit) = (words.next().unwrap_or("-7"), words.next().unwrap_or("DAY"));
    let hours = match unit
        .trim_end_matches(['S', 's'])
        .to_ascii_uppercase()
        .as_str()
    {
        "HOUR" => 1,
        "DAY" => 24,
        "WEEK" => 7 * 24,
        "MONTH" => 30 * 24,
        _ => return Err(Failure::invalid(format!("Unknown interval: {interval}"))),
    };
    let count: i64 = count
        .parse::<i32>()
        .map_err(|_| Failure::invalid(format!("Unknown interval: {interval}")))?
        .unsigned_abs()
        .into();
    let since = now
        .checked_sub(SignedDuration::from_hours(count * hours))
        .map_err(|_| Failure::invalid(format!("Unknown interval: {interval}")))?;
    Ok(time::stored(since))
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

fn pair(value: &Value) -> Result<(&Value, &Value), Failure> {
    match value.as_array().map(Vec::as_slice) {
        Some([low, high]) => Ok((low, high)),
        _ => Err(Failure::invalid(
            "A range of the filter must be a list of two values.",
        )),
    }
}

fn text(value: &Value) -> Result<String, Failure> {
    text_of(value).ok_or_else(|| unreadable(value))
}

fn unreadable(value: &Value) -> Failure {
    Failure::invalid(format!("Invalid value in the filter: {value}"))
}
