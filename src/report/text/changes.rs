//! What changes, step by step: a sample of the operations with the fields they set.

use std::io;

use serde_json::Map;
use serde_json::Value as Json;

use super::cells;
use super::sheet::Ink;
use super::sheet::Sheet;
use super::steps;
use super::trouble;
use super::value;
use super::value::Change;
use crate::operation::Action;
use crate::report::OperationReport;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::SideEffect;
use crate::report::hanging;
use crate::report::linked;
use crate::report::source::Source;
use crate::runfile::Which;

/// Fields shown of a record that is made or deleted.
const FIELDS: usize = 12;

/// Records shown that a link moves.
const MOVED: usize = 3;

/// Columns a key or a field's name takes at most.
const WIDEST: usize = 30;

/// Columns of a value that changed besides.
const BESIDES: usize = 30;

/// Shown first, because people know records by them.
const NAMES: [&str; 4] = ["name", "first_name", "last_name", "full_name"];

/// What Sugar keeps of every record comes last: nobody knows one by it.
const KEPT_OF_ALL: [&str; 7] = [
    "created_by",
    "created_by_name",
    "date_entered",
    "date_modified",
    "deleted",
    "modified_by_name",
    "modified_user_id",
];

pub(super) fn draw<O>(
    sheet: &mut Sheet<'_>,
    source: &Source<'_>,
    report: &Report<O>,
    limit: u64,
) -> Result<(), ReportError> {
    if limit == 0 {
        return Ok(());
    }
    for (step, about) in source.steps.iter().zip(&report.steps) {
        if !step.writes {
            continue;
        }
        let count = source.count(step, Which::Changing)?;
        if count == 0 {
            continue;
        }
        let counts = [Outcome::Planned, Outcome::Deferred, Outcome::Ok];
        let counts: Vec<String> = counts
            .into_iter()
            .filter_map(|outcome| Some((about.counts.get(&outcome)?, outcome)))
            .map(|(count, outcome)| format!("{} {outcome}", cells::grouped(*count)))
            .collect();
        let action = steps::action(about);
        let title = steps::title(about);
        sheet.heading(&format!("{title}: {action}, {}", counts.join(", ")))?;
        source.first(step, Which::Changing, limit, |operation| {
            Ok(one(sheet, &about.aside.does, &operation)?)
        })?;
        sheet.more(count, limit)?;
    }
    Ok(())
}

/// `step[key]`, as operations are named everywhere.
pub(super) fn name(step: &str, key: &str) -> String {
    format!("{step}[{}]", cells::cut(&cells::visible(key), WIDEST))
}

fn one(sheet: &mut Sheet<'_>, verb: &str, operation: &OperationReport) -> io::Result<()> {
    let (mark, ink) = super::mark(operation.outcome, Some(operation.action));
    let key = cells::visible(&operation.key);
    let mut pieces = Vec::new();
    if operation.record.as_ref() == Some(&operation.key) {
        // Once, and whole, so that it can be copied.
        pieces.push((ink, format!("{mark} {key}")));
    } else {
        pieces.push((ink, format!("{mark} {}", cells::cut(&key, WIDEST))));
        let record = operation.record.as_deref().map(cells::visible);
        pieces.extend(record.map(|id| (Ink::Faint, id)));
    }
    let action = operation.action.as_str();
    // The heading says what most of a step's operations do.
    if action != verb {
        pieces.push((Ink::Plain, action.to_owned()));
    }
    pieces.extend(linked::summary(operation).map(|links| (Ink::Plain, links)));
    pieces.extend(called(operation).map(|called| (Ink::Plain, called)));
    pieces.extend(
        operation
            .aside
            .below
            .clone()
            .map(|below| (Ink::Plain, below)),
    );
    pieces.extend(trouble::place(operation).map(|place| (Ink::Faint, place)));
    if operation.outcome != Outcome::Deferred && !operation.reversible {
        pieces.push((Ink::Warn, "cannot be undone".to_owned()));
    }
    sheet.flow(4, &pieces)?;
    if operation.outcome == Outcome::Deferred {
        return deferred(sheet, operation);
    }
    match operation.action {
        Action::Update | Action::Favorite | Action::Unfavorite => updated(sheet, operation),
        // What the plan could see of a record that has the key.
        Action::Upsert if !operation.before.is_empty() => updated(sheet, operation),
        Action::Create | Action::Upsert => fields(sheet, &operation.after),
        Action::Call => sent(sheet, &operation.after),
        Action::Delete => deleted(sheet, operation),
        Action::Link | Action::Unlink => linked::moved(operation, MOVED)
            .iter()
            .try_for_each(|text| sheet.wrapped("    ", Ink::Plain, text)),
        Action::Read | Action::Assert | Action::Export => Ok(()),
    }
}

/// What hangs on it first: that is not of the record, and goes with it all the same.
fn deleted(sheet: &mut Sheet<'_>, operation: &OperationReport) -> io::Result<()> {
    if let Some(unlinked) = hanging::said(operation) {
        sheet.wrapped("    ", Ink::Warn, &unlinked)?;
    }
    fields(sheet, &hanging::own_fields(operation))
}

/// Of a call: `POST /Accounts/duplicateCheck`.
fn called(operation: &OperationReport) -> Option<String> {
    if operation.action != Action::Call {
        return None;
    }
    let text = |name: &str| operation.after.get(name).and_then(Json::as_str);
    let (method, path) = (text("method")?, text("path")?);
    Some(cells::visible(&format!("{method} {path}")))
}

/// What is sent along with a call: its query, and its body name by name.
fn sent(sheet: &mut Sheet<'_>, after: &Map<String, Json>) -> io::Result<()> {
    let mut sent = Map::new();
    for (part, value) in after {
        match value {
            Json::Object(map) => sent.extend(map.clone()),
            list @ Json::Array(_) => {
                sent.insert(part.clone(), list.clone());
            }
            _ => {}
        }
    }
    fields(sheet, &sent)
}

fn deferred(sheet: &mut Sheet<'_>, operation: &OperationReport) -> io::Result<()> {
    let needs: Vec<String> = operation
        .depends_on
        .iter()
        .map(|name| cells::visible(name))
        .collect();
    let text = if needs.is_empty() {
        "not known yet".to_owned()
    } else {
        format!("not known before {} has run", needs.join(", "))
    };
    sheet.wrapped("    ", Ink::Faint, &text)
}

/// Only what changes; what it sets to what is there already is counted.
fn updated(sheet: &mut Sheet<'_>, operation: &OperationReport) -> io::Result<()> {
    let changed = &operation.aside.changed;
    let column = column(changed.iter().map(String::as_str));
    for field in changed {
        let none = Json::Null;
        let before = operation.before.get(field).unwrap_or(&none);
        let after = operation.after.get(field).unwrap_or(&none);
        let room = sheet.width().saturating_sub(column);
        let start = start(field, column);
        match value::change(before, after, room) {
            Change::Inline(text) => sheet.line(&format!("{start}{text}"))?,
            Change::Stacked { from, to } => {
                sheet.line(&format!("{start}{from}"))?;
                sheet.line(&format!("{}→ {to}", " ".repeat(column)))?;
            }
        }
    }
    let same = operation.after.len() - changed.len();
    if same > 0 && !changed.is_empty() {
        let text = match same {
            1 => "(1 field stays as it is)".to_owned(),
            same => format!("({} fields stay as they are)", cells::grouped(same as u64)),
        };
        sheet.wrapped("    ", Ink::Faint, &text)?;
    }
    besides(sheet, operation)
}

/// What the instance changed besides.
fn besides(sheet: &mut Sheet<'_>, operation: &OperationReport) -> io::Result<()> {
    if operation.side_effects.is_empty() {
        return Ok(());
    }
    let one = |(name, effect): (&String, &SideEffect)| {
        let value = |value| value::shown(value, BESIDES);
        format!(
            "{} {} → {}",
            cells::visible(name),
            value(&effect.before),
            value(&effect.after)
        )
    };
    let all: Vec<String> = operation.side_effects.iter().map(one).collect();
    sheet.wrapped("    ", Ink::Warn, &format!("besides: {}", all.join(", ")))
}

/// The fields of a record that are not empty, its name first.
pub(in crate::report) fn filled(fields: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let is_filled = |value: &Json| match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
        Json::Bool(_) | Json::Number(_) => true,
    };
    let mut filled: Vec<(&String, &Json)> = fields
        .iter()
        // What begins with an underscore is of the answer and not of the record.
        .filter(|(name, value)| name.as_str() != "id" && !name.starts_with('_') && is_filled(value))
        .collect();
    let rank = |name: &str| {
        let others = NAMES.len() + usize::from(KEPT_OF_ALL.contains(&name));
        NAMES
            .iter()
            .position(|known| *known == name)
            .unwrap_or(others)
    };
    filled.sort_by_key(|(name, _)| (rank(name), *name));
    filled
}

/// The same where there is little room: the name of a person and not its parts as well.
pub(in crate::report) fn filled_once(fields: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let mut filled = filled(fields);
    if filled.first().is_some_and(|(name, _)| *name == NAMES[0]) {
        filled.retain(|(name, _)| !NAMES[1..].contains(&name.as_str()));
    }
    filled
}

fn fields(sheet: &mut Sheet<'_>, fields: &Map<String, Json>) -> io::Result<()> {
    let mut filled = filled_once(fields);
    let rest = filled.len().saturating_sub(FIELDS);
    filled.truncate(FIELDS);

    let column = column(filled.iter().map(|(name, _)| name.as_str()));
    for (name, value) in filled {
        let room = sheet.width().saturating_sub(column);
        let value = value::shown(value, room);
        sheet.line(&format!("{}{value}", start(name, column)))?;
    }
    if rest > 0 {
        let text = format!("… and {}", cells::counted(rest as u64, "other field"));
        sheet.wrapped("    ", Ink::Faint, &text)?;
    }
    Ok(())
}

/// Where values begin.
fn column<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    let widest = names.map(cells::columns).max().unwrap_or(0);
    4 + widest.min(WIDEST) + 2
}

fn start(name: &str, column: usize) -> String {
    let name = cells::cut(&cells::visible(name), column - 6);
    cells::padded(&format!("    {name}"), column)
}
