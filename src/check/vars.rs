//! The values of a playbook's variables: given, or by default, and of the type that is declared.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Map;
use serde_json::Value as Json;

use super::Checked;
use super::CheckedInclude;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::nearest_and_all;
use crate::expr::Hit;
use crate::expr::IncludedNames;
use crate::expr::IncludedVar;
use crate::expr::ItemResult;
use crate::expr::KeyHit;
use crate::expr::LateVar;
use crate::expr::Rendered;
use crate::expr::Results;
use crate::expr::ResultsError;
use crate::expr::Scope;
use crate::expr::StepNo;
use crate::expr::StepResult;
use crate::expr::Tally;
use crate::expr::Tree;
use crate::expr::World;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::value;
use crate::metadata::value::Context;
use crate::playbook::VarDecl;
use crate::playbook::VarKind;

const UNKNOWN_VAR: Code = Code("unknown_var");
const MISSING_VAR: Code = Code("missing_var");
const INVALID_VAR: Code = Code("invalid_var");

/// A value from outside the playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    pub value: Json,
    pub origin: Origin,
}

/// Where a value comes from; later ones win.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `SUGARMILL_VAR_NAME`.
    Environment,
    /// `--vars-file`.
    File(String),
    /// `--var`.
    Flag,
}

impl Origin {
    pub(super) fn describe(&self, name: &str) -> String {
        match self {
            Self::Environment => format!("`SUGARMILL_VAR_{}`", name.to_uppercase()),
            Self::File(file) => format!("`{file}`"),
            Self::Flag => format!("`--var {name}=…`"),
        }
    }
}

/// Values by name. What is given in more than one way is already decided.
pub type GivenVars = BTreeMap<String, Given>;

/// The values of included playbooks' variables by the full id of the include. Those that come from results are missing:
/// nobody knows them before the steps ran.
pub type IncludedVars = BTreeMap<String, Map<String, Json>>;

/// Works out the variables of included playbooks, as far as they do not come from results.
pub fn resolve_included(
    checked: &Checked,
    vars: &Map<String, Json>,
    now: &ZonedDateTime,
    zone: Option<&TimeZone>,
    sources: &Sources,
) -> Result<IncludedVars, Problems> {
    let mut problems = Problems::default();
    let mut resolved = IncludedVars::new();
    for include in &checked.included {
        let world = World::new(Arc::new(NoResults), vars, now.clone())
            .in_zone(zone.cloned())
            .including(included_names(checked, &resolved));
        let outer = include.within.map(|within| &checked.included[within.0]);
        let mut values = Map::new();
        for var in &include.vars {
            let name = &var.name.value;
            let given = include.with.iter().find(|(given, _)| given.value == *name);
            let value = match given {
                Some((_, tree)) if is_late(tree, outer, &resolved) => continue,
                Some((_, tree)) => handed_over(var, tree, &world.scope_in(include.within)),
                None => own_value(var, None, &world, sources),
            };
            match value {
                Ok(value) => values.extend(value.map(|value| (name.clone(), value))),
                Err(problem) => problems.push((*problem).step(&include.id)),
            }
        }
        resolved.insert(include.id.clone(), values);
    }
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(resolved)
    }
}

/// Whether a value comes from results, its own or those that a variable of the including playbook comes from.
fn is_late(tree: &Tree, outer: Option<&CheckedInclude>, resolved: &IncludedVars) -> bool {
    tree.references()
        .any(|reference| match (reference.root.as_ref(), outer) {
            ("steps", _) => true,
            ("vars", Some(outer)) => {
                let known = resolved.get(&outer.id);
                reference
                    .name(0)
                    .is_none_or(|name| !known.is_some_and(|known| known.contains_key(name)))
            }
            _ => false,
        })
}

fn handed_over(var: &VarDecl, tree: &Tree, scope: &Scope) -> Result<Option<Json>, Box<Problem>> {
    let name = &var.name.value;
    let invalid = |message: String| {
        Box::new(
            Problem::error(INVALID_VAR, message)
                .at(tree.span, "given here")
                .at(var.name.span, "declared here"),
        )
    };
    match tree.eval(scope) {
        Ok(Rendered::Value(value)) => typed(var.kind, &value, scope.zone())
            .map(Some)
            .map_err(|wanted| invalid(format!("`{name}` is not {wanted}"))),
        Ok(Rendered::Omit) => Ok(None),
        Err(failure) => Err(invalid(format!("`{name}` cannot be worked out: {failure}"))),
    }
}

/// What templates of included playbooks may name, by the numbers of the includes.
pub fn included_names(checked: &Checked, resolved: &IncludedVars) -> Vec<IncludedNames> {
    let late = |tree: &Tree, kind| {
        IncludedVar::Late(LateVar {
            value: tree.clone(),
            kind,
            read: typed,
        })
    };
    let names = |include: &CheckedInclude| {
        let known = resolved.get(&include.id);
        let vars = include.vars.iter().filter_map(|var| {
            let name = &var.name.value;
            let value = match known.and_then(|known| known.get(name)) {
                Some(value) => IncludedVar::Known(value.clone()),
                None => {
                    let (_, tree) = include
                        .with
                        .iter()
                        .find(|(given, _)| given.value == *name)?;
                    late(tree, var.kind)
                }
            };
            Some((name.clone(), value))
        });
        IncludedNames {
            id: include.id.clone(),
            within: include.within,
            vars: vars.collect(),
        }
    };
    checked.included.iter().map(names).collect()
}

/// Works out all variables, or says everything that is wrong with them.
pub fn resolve_vars(
    declared: &[VarDecl],
    given: &GivenVars,
    now: &ZonedDateTime,
    zone: Option<&TimeZone>,
    sources: &Sources,
) -> Result<Map<String, Json>, Problems> {
    let mut problems = Problems::default();
    for (name, value) in given {
        if value.origin != Origin::Environment
            && !declared.iter().any(|var| var.name.value == *name)
        {
            let origin = value.origin.describe(name);
            problems.push(
                Problem::error(
                    UNKNOWN_VAR,
                    format!("{origin} sets `{name}`, and the playbook has no such variable"),
                )
                .help(nearest_and_all(
                    name,
                    "variable",
                    declared.iter().map(|var| var.name.value.as_str()),
                )),
            );
        }
    }
    let world = World::new(Arc::new(NoResults), &Map::new(), now.clone()).in_zone(zone.cloned());
    let mut values = Map::new();
    for var in declared {
        match own_value(var, given.get(&var.name.value), &world, sources) {
            Ok(value) => values.extend(value.map(|value| (var.name.value.clone(), value))),
            Err(problem) => problems.push(*problem),
        }
    }
    problems.sort();
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(values)
    }
}

/// A variable that gets no value is undefined: as null it would be a value that finds and empties things.
fn own_value(
    var: &VarDecl,
    given: Option<&Given>,
    world: &World,
    sources: &Sources,
) -> Result<Option<Json>, Box<Problem>> {
    let name = &var.name.value;
    let scope = world.scope();
    if let Some(given) = given {
        let value = typed(var.kind, &given.value, scope.zone());
        return value.map(Some).map_err(|wanted| {
            let origin = given.origin.describe(name);
            Box::new(
                Problem::error(
                    INVALID_VAR,
                    format!(
                        "{origin} gives `{}`, which is not {wanted}",
                        shown(&given.value)
                    ),
                )
                .at(var.name.span, format!("declared as {wanted}")),
            )
        });
    }
    let Some(default) = &var.default else {
        if !var.required {
            return Ok(None);
        }
        let flag = match var.kind {
            VarKind::Secret => String::new(),
            _ => format!("`--var {name}=…`, "),
        };
        let help = format!(
            "give it: {flag}`SUGARMILL_VAR_{}` or a line in a `--vars-file`{}",
            name.to_uppercase(),
            var.description
                .as_ref()
                .map(|text| format!(" ({text})"))
                .unwrap_or_default()
        );
        return Err(Box::new(
            Problem::error(MISSING_VAR, format!("the variable `{name}` has no value"))
                .at(var.name.span, "required")
                .help(help),
        ));
    };
    let invalid = |message: String| {
        Box::new(Problem::error(INVALID_VAR, message).at(default.span, "the default"))
    };
    let tree = Tree::compile(default, sources).map_err(|problems| {
        Box::new(
            problems
                .into_iter()
                .next()
                .unwrap_or_else(|| *invalid("the default cannot be read".into())),
        )
    })?;
    match tree.eval(&scope) {
        Ok(Rendered::Value(value)) => typed(var.kind, &value, scope.zone())
            .map(Some)
            .map_err(|wanted| invalid(format!("the default of `{name}` is not {wanted}"))),
        Ok(Rendered::Omit) => Ok(None),
        Err(failure) => Err(invalid(format!(
            "the default of `{name}` cannot be worked out: {failure}"
        ))),
    }
}

fn shown(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Reads a value as a type; text from a command line reads as what it looks like. Fails with what is wanted.
pub(super) fn typed(
    kind: VarKind,
    value: &Json,
    zone: Option<&TimeZone>,
) -> Result<Json, &'static str> {
    let text = value.as_str();
    match kind {
        VarKind::String | VarKind::Secret => match value {
            Json::String(_) => Ok(value.clone()),
            Json::Number(_) | Json::Bool(_) => Ok(Json::from(value.to_string())),
            _ => Err("text"),
        },
        VarKind::Integer => value
            .as_i64()
            .or_else(|| text?.trim().parse().ok())
            .map(Json::from)
            .ok_or("a whole number"),
        VarKind::Number => match (value, text) {
            (Json::Number(_), _) => Ok(value.clone()),
            (_, Some(text)) => text
                .trim()
                .parse::<f64>()
                .ok()
                .and_then(|number| {
                    serde_json::from_str(text.trim())
                        .ok()
                        .or_else(|| serde_json::Number::from_f64(number).map(Json::Number))
                })
                .ok_or("a number"),
            _ => Err("a number"),
        },
        VarKind::Boolean => match (value, text.map(str::trim)) {
            (Json::Bool(_), _) => Ok(value.clone()),
            (_, Some("true" | "1")) => Ok(Json::Bool(true)),
            (_, Some("false" | "0")) => Ok(Json::Bool(false)),
            _ => Err("true or false"),
        },
        VarKind::Date => text
            .filter(|text| text.len() == 10 && text.parse::<Date>().is_ok())
            .map(Json::from)
            .ok_or("a date like 2026-01-31"),
        VarKind::Datetime => text
            .and_then(|text| instant(text, zone))
            .ok_or("a date and time with an offset, like 2026-01-31T10:00:00+01:00"),
        VarKind::List => match (value, text) {
            (Json::Array(_), _) => Ok(value.clone()),
            (_, Some(text)) if text.trim_start().starts_with('[') => serde_json::from_str(text)
                .ok()
                .filter(Json::is_array)
                .ok_or("a list: `[\"a\",\"b\"]` or `a,b`"),
            (_, Some("")) => Ok(Json::Array(Vec::new())),
            (_, Some(text)) => Ok(text
                .split(',')
                .map(|part| Json::from(part.trim()))
                .collect()),
            _ => Err("a list"),
        },
    }
}

/// Text with an offset stays as it is; without one it is of the zone that the playbook sets, and then says so.
fn instant(text: &str, zone: Option<&TimeZone>) -> Option<Json> {
    if text.parse::<Timestamp>().is_ok() {
        return Some(Json::from(text));
    }
    let field = Field::new("datetime".to_owned(), FieldKind::DateTime);
    let context = Context {
        dropdown: None,
        zone: Some(zone?),
    };
    value::accept(&field, &Json::from(text), context)
        .ok()
        .filter(Json::is_string)
}

/// For what names nothing, at some time.
pub(super) fn before_any_step(zone: Option<&TimeZone>) -> Scope {
    let now = Timestamp::UNIX_EPOCH.to_zoned_datetime(zone.cloned().unwrap_or(TimeZone::UTC));
    World::new(Arc::new(NoResults), &Map::new(), now)
        .in_zone(zone.cloned())
        .scope()
}

/// Before any step ran, no result is known.
#[derive(Debug)]
struct NoResults;

impl Results for NoResults {
    fn selected(&self, _: StepNo, _: Option<u64>) -> Result<Option<Json>, ResultsError> {
        Ok(None)
    }

    fn step(&self, _: &str) -> Result<Option<StepResult>, ResultsError> {
        Ok(None)
    }

    fn item(&self, _: StepNo, _: u64) -> Result<Option<ItemResult>, ResultsError> {
        Ok(None)
    }

    fn by_key(&self, _: StepNo, _: &str) -> Result<Option<KeyHit>, ResultsError> {
        Ok(None)
    }

    fn records(&self, _: StepNo, _: Range<u64>) -> Result<Vec<Map<String, Json>>, ResultsError> {
        Ok(Vec::new())
    }

    fn item_records(
        &self,
        _: StepNo,
        _: u64,
        _: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError> {
        Ok(Vec::new())
    }

    fn find(&self, _: StepNo, _: &str, _: &str) -> Result<Hit, ResultsError> {
        Ok(Hit::None)
    }

    fn tally(&self, _: StepNo) -> Result<Tally, ResultsError> {
        Ok(Tally::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_reads_as_the_declared_type() {
        assert_eq!(typed(VarKind::Integer, &json!("12"), None), Ok(json!(12)));
        assert_eq!(typed(VarKind::Integer, &json!(12), None), Ok(json!(12)));
        assert!(typed(VarKind::Integer, &json!("12.5"), None).is_err());
        assert_eq!(
            typed(VarKind::Number, &json!("12.50"), None),
            Ok(json!(12.50))
        );
        assert!(typed(VarKind::Number, &json!("NaN"), None).is_err());
        assert_eq!(typed(VarKind::Boolean, &json!("1"), None), Ok(json!(true)));
        assert!(typed(VarKind::Boolean, &json!("yes"), None).is_err());
        assert_eq!(typed(VarKind::String, &json!(7), None), Ok(json!("7")));
        assert_eq!(
            typed(VarKind::List, &json!("a, b"), None),
            Ok(json!(["a", "b"]))
        );
        assert_eq!(typed(VarKind::List, &json!("[1]"), None), Ok(json!([1])));
        assert!(typed(VarKind::Date, &json!("2026-02-30"), None).is_err());
        assert!(typed(VarKind::Datetime, &json!("2026-02-03T10:00:00"), None).is_err());
        assert!(typed(VarKind::Datetime, &json!("2026-02-03T10:00:00Z"), None).is_ok());
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (given, expected) in [
            ("2026-07-01T10:00:00", "2026-07-01T10:00:00+02:00"),
            ("2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z"),
        ] {
            assert_eq!(
                typed(VarKind::Datetime, &json!(given), Some(&zone)),
                Ok(json!(expected))
            );
        }
        assert!(typed(VarKind::Datetime, &json!(""), Some(&zone)).is_err());
    }
}
