//! Functions and filters of playbooks beside the engine's own. None touches files, the network or the environment.

use std::sync::LazyLock;

use minijinja::Environment;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::UndefinedBehavior;
use minijinja::Value;
use minijinja::value::ValueKind;
use regex::Regex;
use uuid::Uuid;

use super::compare;
use super::dates;
use super::path::Path;
use super::phone;
use super::search;
use super::signatures::last_line;
use super::slug;
use super::truth;
use super::value;
use super::value::Omit;

/// Instructions an evaluation may take before it is called a mistake.
const FUEL: u64 = 2_000_000;

/// The engine with everything a playbook may call. It holds no state, so all evaluations share it.
pub(super) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_formatter(|out, _state, value| print(out, value));
    // It prints what the engine holds.
    engine.remove_global("debug");
    engine.add_global("omit", Value::from_object(Omit));
    engine.add_function("now", dates::now);
    engine.add_function("today", dates::today);
    engine.add_function("seconds", dates::seconds);
    engine.add_function("minutes", dates::minutes);
    engine.add_function("hours", dates::hours);
    engine.add_function("days", dates::days);
    engine.add_function("weeks", dates::weeks);
    engine.add_function("months", dates::months);
    engine.add_function("years", dates::years);
    engine.add_function("parse_date", dates::parse_date);
    engine.add_filter("parse_date", dates::parse_date);
    engine.add_filter("date", dates::date);
    engine.add_function("_plus", dates::plus);
    engine.add_function("_minus", dates::minus);
    engine.add_function("_negate", dates::negate);
    compare::add_to(&mut engine);
    truth::add_to(&mut engine);
    engine.add_function("uuid5", uuid5);
    engine.add_filter("slug", |text: &str| slug::slug(text));
    engine.add_filter("regex_replace", regex_replace);
    engine.add_filter("jsonpath", jsonpath);
    engine.add_filter("e164", phone::e164);
    engine.add_function(search::LOOKUP, search::lookup);
    engine.add_function(search::GROUP, search::group);
    engine
});

/// Names that stand in every template without being declared.
pub(super) const GLOBALS: &[&str] = &["omit"];

/// Text of values inside other text: booleans as YAML writes them, and nothing printed for nothing by mistake.
fn print(out: &mut minijinja::Output<'_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(
            ErrorKind::UndefinedError,
            "an undefined value cannot be printed",
        ));
    }
    if value.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "the value is empty (null) and cannot be printed; give it a default: `| default('', true)`",
        ));
    }
    if value.downcast_object_ref::<Omit>().is_some() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "`omit` must stand alone as a field's value",
        ));
    }
    let written = match value.as_str() {
        Some(text) => out.write_str(text),
        None if value.kind() == ValueKind::Bool => {
            out.write_str(if value.is_true() { "true" } else { "false" })
        }
        // As JSON has them: `[null]`, and not `[None]`.
        None if matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::Iterable | ValueKind::Map
        ) =>
        {
            write!(out, "{}", value::to_json(value)?)
        }
        None => write!(out, "{value}"),
    };
    written.map_err(Error::from)
}

fn uuid5(namespace: &str, name: &str) -> String {
    let namespace = Uuid::parse_str(namespace)
        .unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_URL, namespace.as_bytes()));
    Uuid::new_v5(&namespace, name.as_bytes()).to_string()
}

fn regex_replace(text: &str, pattern: &str, replacement: &str) -> Result<String, Error> {
    let pattern = Regex::new(pattern).map_err(|error| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "`{pattern}` is no regular expression: {}",
                last_line(&error.to_string())
            ),
        )
    })?;
    if let Some(group) = missing_group(&pattern, replacement) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "`{replacement}` asks for a group `{group}` that `{pattern}` has not; where text follows a group, write `${{1}}x`, and `$$` for a dollar"
            ),
        ));
    }
    Ok(pattern.replace_all(text, replacement).into_owned())
}

/// A group that a replacement names and a pattern has not: nothing would stand in its place.
fn missing_group<'r>(pattern: &Regex, replacement: &'r str) -> Option<&'r str> {
    static GROUP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\$(?:\$|\{([^}]*)\}|([0-9A-Za-z_]+))").expect("it is written here")
    });
    GROUP
        .captures_iter(replacement)
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .map(|name| name.as_str())
        .find(|name| match name.parse::<usize>() {
            Ok(number) => number >= pattern.captures_len(),
            Err(_) => !pattern
                .capture_names()
                .flatten()
                .any(|known| known == *name),
        })
}

/// `value | jsonpath("$..id")`: always a list.
fn jsonpath(value: &Value, path: &str) -> Result<Value, Error> {
    let path = Path::parse(path)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    let found = path.find(&value::to_json(value)?);
    Ok(found.iter().map(value::from_json).collect())
}
