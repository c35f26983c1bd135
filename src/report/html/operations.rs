//! The operations a page holds: those that went wrong first, then some of every step.

use serde::Serialize;
use serde_json::Value as Json;

use super::diff;
use super::diff::Cell;
use crate::operation::Action;
use crate::report::OperationReport;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::linked;
use crate::report::record_link::record_link;
use crate::report::source::Source;
use crate::report::text;
use crate::report::text::cells;
use crate::report::went_wrong;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Operations on a page. Browsers stay quick with so many.
const MOST: u64 = 5_000;

/// Bytes of values on a page, about.
const MOST_BYTES: usize = 6_000_000;

/// Fields of one operation.
const FIELDS: usize = 40;

/// Records named that a link moves.
const MOVED: usize = 5;

/// Columns of what a closed operation says of itself.
const BRIEF: usize = 48;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Operation {
    key: String,
    action: &'static str,
    outcome: &'static str,
    mark: char,
    record: Option<String>,
    link: Option<String>,
    /// One change, or what it links.
    brief: Option<String>,
    fields: Vec<Field>,
    /// Fields that are not shown.
    more_fields: usize,
    /// Fields it sets to what they are.
    same: usize,
    /// Whether its fields have two sides.
    is_change: bool,
    label: Option<String>,
    message: Option<String>,
    /// Where it came from, how often it was tried, and the like.
    notes: Vec<String>,
    is_irreversible: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Field {
    name: String,
    before: Cell,
    after: Cell,
}

/// What is left of a page for operations.
#[derive(Debug)]
pub(super) struct Room {
    operations: u64,
    bytes: usize,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            operations: MOST,
            bytes: MOST_BYTES,
        }
    }

    fn take(&mut self, operation: &Operation) -> bool {
        let bytes = operation.len();
        if self.operations == 0 || self.bytes < bytes {
            return false;
        }
        self.operations -= 1;
        self.bytes -= bytes;
        true
    }
}

/// For each step the operations that are shown, those that went wrong before the others.
pub(super) fn chosen(
    source: &Source<'_>,
    room: &mut Room,
) -> Result<Vec<Vec<Operation>>, ReportError> {
    let mut chosen: Vec<Vec<Operation>> = Vec::new();
    for step in &source.steps {
        let mut bad = Vec::new();
        add(source, step, Which::Bad, room.operations, room, &mut bad)?;
        chosen.push(bad);
    }
    // The smallest steps first: what they do not use of their share goes to the larger ones.
    let mut open = Vec::new();
    for (index, step) in source.steps.iter().enumerate() {
        if step.writes {
            open.push((source.count(step, Which::Fine)?, index));
        }
    }
    open.sort_unstable();
    let mut left = open.len() as u64;
    for (_, index) in open {
        let share = room.operations / left;
        left -= 1;
        let step = &source.steps[index];
        add(source, step, Which::Fine, share, room, &mut chosen[index])?;
    }
    Ok(chosen)
}

fn add(
    source: &Source<'_>,
    step: &StepView,
    which: Which,
    share: u64,
    room: &mut Room,
    chosen: &mut Vec<Operation>,
) -> Result<(), ReportError> {
    let mut left = share;
    let mut after = None;
    while left > 0 {
        let limit = u32::try_from(left).unwrap_or(u32::MAX);
        let (page, more) = source.page(step, which, after, limit)?;
        for found in &page {
            let operation = Operation::of(source, found);
            if !room.take(&operation) {
                return Ok(());
            }
            chosen.push(operation);
        }
        left = left.saturating_sub(page.len() as u64);
        match more {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    Ok(())
}

impl Operation {
    pub(super) fn of(source: &Source<'_>, found: &OperationReport) -> Self {
        let (mark, _) = text::mark(found.outcome, Some(found.action));
        let (mut fields, is_change) = fields(found);
        let more_fields = fields.len().saturating_sub(FIELDS);
        fields.truncate(FIELDS);
        let same = match is_change {
            true => found.after.len().saturating_sub(found.aside.changed.len()),
            false => 0,
        };
        Self {
            key: cells::visible(&found.key),
            action: found.action.as_str(),
            outcome: found.outcome.as_str(),
            mark,
            link: link(source, found),
            record: found.record.as_deref().map(cells::visible),
            brief: brief(found),
            fields,
            more_fields,
            same,
            is_change,
            label: found.label.as_deref().map(cells::visible),
            message: message(found),
            notes: notes(found),
            is_irreversible: found.outcome != Outcome::Deferred && !found.reversible,
        }
    }

    fn len(&self) -> usize {
        let fields = self.fields.iter();
        let fields = fields.map(|field| field.name.len() + field.before.len() + field.after.len());
        let message = self.message.as_ref().map_or(0, String::len);
        fields.sum::<usize>() + self.key.len() + message + 400
    }
}

pub(super) fn link(source: &Source<'_>, found: &OperationReport) -> Option<String> {
    let module = found.aside.module.as_deref()?;
    record_link(source.site(), module, found.record.as_deref()?)
}

fn fields(found: &OperationReport) -> (Vec<Field>, bool) {
    let none = Json::Null;
    let whole = |fields: &serde_json::Map<String, Json>| {
        let filled = text::filled(fields).into_iter();
        filled
            .map(|(name, value)| Field {
                name: cells::visible(name),
                before: Cell::of(&none),
                after: Cell::of(value),
            })
            .collect()
    };
    match found.action {
        Action::Create | Action::Call => (whole(&found.after), false),
        Action::Delete => (whole(&found.before), false),
        Action::Update | Action::Upsert | Action::Favorite | Action::Unfavorite => {
            let changed = found.aside.changed.iter().map(|name| {
                let value = |of: &serde_json::Map<String, Json>| of.get(name).cloned();
                let before = value(&found.before).unwrap_or_default();
                let after = value(&found.after).unwrap_or_default();
                let (before, after) = diff::sides(&before, &after);
                Field {
                    name: cells::visible(name),
                    before,
                    after,
                }
            });
            (changed.collect(), true)
        }
        Action::Link | Action::Unlink | Action::Read | Action::Assert | Action::Export => {
            (Vec::new(), false)
        }
    }
}

fn brief(found: &OperationReport) -> Option<String> {
    let value = |value: Option<&Json>| text::value::shown(value.unwrap_or(&Json::Null), BRIEF);
    match found.action {
        Action::Link | Action::Unlink => {
            let moved = linked::moved(found, MOVED).into_iter();
            let pieces: Vec<String> = linked::summary(found).into_iter().chain(moved).collect();
            Some(pieces.join("; "))
        }
        Action::Update if found.aside.changed.len() == 1 => {
            let name = found.aside.changed.first()?;
            Some(format!(
                "{}: {} → {}",
                cells::visible(name),
                value(found.before.get(name)),
                value(found.after.get(name))
            ))
        }
        Action::Update if !found.aside.changed.is_empty() => {
            let names = found.aside.changed.iter().map(|name| cells::visible(name));
            Some(cells::cut(&names.collect::<Vec<_>>().join(", "), 2 * BRIEF))
        }
        Action::Create | Action::Delete => {
            let fields = match found.action {
                Action::Create => &found.after,
                _ => &found.before,
            };
            let first = text::filled(fields).into_iter().next()?;
            Some(value(Some(first.1)))
        }
        _ => None,
    }
}

fn message(found: &OperationReport) -> Option<String> {
    match found.outcome {
        Outcome::Deferred if !found.depends_on.is_empty() => {
            let needs: Vec<String> = found
                .depends_on
                .iter()
                .map(|need| cells::visible(need))
                .collect();
            Some(format!("not known before {} has run", needs.join(", ")))
        }
        _ => went_wrong::why(found),
    }
}

fn notes(found: &OperationReport) -> Vec<String> {
    let row = text::place(found);
    let status = found.status.map(|status| format!("HTTP {status}"));
    let batch = found
        .batch
        .map(|batch| format!("batch {}", text::grouped(batch)));
    let attempts = (found.attempts > 1).then(|| cells::counted(found.attempts, "attempt"));
    let below = found.aside.below.as_deref().map(cells::visible);
    [row, below, status, batch, attempts]
        .into_iter()
        .flatten()
        .collect()
}
