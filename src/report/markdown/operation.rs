//! One operation on a line: which record, and what becomes of its fields.

use std::borrow::Cow;

use serde_json::Map;
use serde_json::Value as Json;

use super::Told;
use super::inert;
use crate::operation::Action;
use crate::report::OperationReport;
use crate::report::Outcome;
use crate::report::hanging;
use crate::report::linked;
use crate::report::record_link::record_link;
use crate::report::text;
use crate::report::text::cells;

/// Fields of a record that are named.
pub(super) const FIELDS: usize = 5;

/// Records named that a link moves.
const MOVED: usize = 3;

/// Columns of a key.
const KEY: usize = 60;

/// How much is said of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Full,
    /// Its record by name.
    Named,
    /// Its key, which leads nowhere.
    Key,
}

impl Detail {
    pub(super) const ALL: [Self; 3] = [Self::Full, Self::Named, Self::Key];
}

/// Its key, which leads to the record.
pub(super) fn name(told: &Told<'_>, operation: &OperationReport) -> String {
    let key = inert::short_code(&operation.key, KEY);
    let Some(record) = operation.record.as_deref() else {
        return key;
    };
    let module = operation.aside.module.as_deref().unwrap_or_default();
    match record_link(&told.report.instance.url, module, record) {
        Some(link) => format!("[{key}]({link})"),
        None if operation.key == record => key,
        None => format!("{key} {}", inert::short_code(record, KEY)),
    }
}

/// The same with less of it. What all lines of a list have in common is left to its heading.
pub(super) fn line_with(told: &Told<'_>, operation: &OperationReport, detail: Detail) -> String {
    match detail {
        Detail::Full => line(told, operation),
        Detail::Named => {
            let name = name(told, operation);
            let fields = match operation.action {
                Action::Delete => Cow::Owned(hanging::own_fields(operation)),
                _ => Cow::Borrowed(&operation.after),
            };
            match text::filled(&fields).into_iter().next() {
                Some((_, value)) => format!("{name}: {}", inert::shown(value)),
                None => name,
            }
        }
        Detail::Key => inert::short_code(&operation.key, KEY),
    }
}

/// What it does, behind its name.
pub(super) fn line(told: &Told<'_>, operation: &OperationReport) -> String {
    let mut line = name(told, operation);
    line.push_str(&format!(", {}", operation.action.as_str()));
    if operation.outcome != Outcome::Planned {
        line.push_str(&format!(", {}", operation.outcome));
    }
    if let Some(place) = text::place(operation) {
        line.push_str(&format!(", {}", inert::short_code(&place, 120)));
    }
    if operation.outcome != Outcome::Deferred && !operation.reversible {
        line.push_str(", cannot be undone");
    }
    if operation.outcome == Outcome::Deferred {
        line.push_str(&format!(", {}", waits_for(operation)));
        return line;
    }
    let what = what(operation);
    if let Some(unlinked) = hanging::said(operation) {
        line.push_str(&format!(", {}", inert::prose(&unlinked)));
    }
    if !what.is_empty() {
        line.push_str(&format!(": {what}"));
    }
    line
}

pub(super) fn waits_for(operation: &OperationReport) -> String {
    let needs = operation.depends_on.iter().take(FIELDS);
    let needs: Vec<String> = needs.map(|need| inert::short_code(need, KEY)).collect();
    match needs.is_empty() {
        true => "not known yet".to_owned(),
        false => format!("not known before {} has run", needs.join(", ")),
    }
}

fn what(operation: &OperationReport) -> String {
    match operation.action {
        Action::Update | Action::Favorite | Action::Unfavorite | Action::Upsert => {
            let changed = operation.aside.changed.iter();
            let none = Json::Null;
            let value = |fields: &Map<String, Json>, name: &String| {
                inert::shown(fields.get(name).unwrap_or(&none))
            };
            listed(changed.map(|name| {
                let (before, after) = (&operation.before, &operation.after);
                let change = format!("{} → {}", value(before, name), value(after, name));
                format!("{} {change}", inert::short_code(name, KEY))
            }))
        }
        Action::Create | Action::Call => fields(&operation.after),
        Action::Delete => fields(&hanging::own_fields(operation)),
        Action::Link | Action::Unlink => {
            let summary = linked::summary(operation).unwrap_or_default();
            let moved = linked::moved(operation, MOVED);
            let moved: Vec<String> = moved.iter().map(|one| inert::prose(one)).collect();
            match moved.is_empty() {
                true => inert::prose(&summary),
                false => format!("{}: {}", inert::prose(&summary), moved.join("; ")),
            }
        }
        Action::Read | Action::Assert | Action::Export => String::new(),
    }
}

fn fields(fields: &Map<String, Json>) -> String {
    let filled = text::filled_once(fields).into_iter();
    listed(
        filled.map(|(name, value)| {
            format!("{} {}", inert::short_code(name, KEY), inert::shown(value))
        }),
    )
}

/// The first of them, and how many more there are.
fn listed(pieces: impl ExactSizeIterator<Item = String>) -> String {
    let rest = pieces.len().saturating_sub(FIELDS) as u64;
    let mut pieces: Vec<String> = pieces.take(FIELDS).collect();
    if rest > 0 {
        pieces.push(format!("and {}", cells::counted(rest, "other field")));
    }
    pieces.join(", ")
}
