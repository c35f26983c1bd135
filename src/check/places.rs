//! Where a step's templates stand, and what their names may mean there.

use super::checked::Call;
use super::checked::CheckedAction;
use super::checked::CheckedRead;
use super::checked::CheckedStep;
use super::checked::CheckedWrite;
use super::checked::Expectation;
use super::checked::Items;
use super::checked::Part;
use super::checked::PartField;
use super::checked::SetField;
use crate::expr::Template;
use crate::expr::Tree;

/// The key under which the fields that are sent stand.
pub(super) const SET: &str = "set";

/// Whether a template stands where an item's name means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemIs {
    There,
    Absent,
}

/// A template of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) template: &'a Template,
    pub(super) item: ItemIs,
    /// The key it stands under.
    pub(super) key: &'static str,
}

/// Every template of a step.
pub(super) fn templates(step: &CheckedStep) -> Vec<Place<'_>> {
    let inside = if step.items.is_some() {
        ItemIs::There
    } else {
        ItemIs::Absent
    };
    // The key of a read without for_each indexes its records, one after the other.
    let keyed = if matches!(step.action, CheckedAction::Read(_)) {
        ItemIs::There
    } else {
        inside
    };
    let mut all: Vec<Place<'_>> = Vec::new();
    let mut add = |template, item, key| {
        all.push(Place {
            template,
            item,
            key,
        });
    };
    match &step.items {
        Some(Items::Template(template)) => add(template, ItemIs::Absent, "for_each"),
        Some(Items::Literal(trees)) => {
            for template in trees.iter().flat_map(Tree::templates) {
                add(template, ItemIs::Absent, "for_each");
            }
        }
        Some(Items::Path { .. } | Items::File(_) | Items::Searched { .. }) | None => {}
    }
    if let Some(template) = &step.key {
        add(template, keyed, "key");
    }
    if let Some(template) = &step.when {
        add(template, inside, "when");
    }
    for expectation in &step.expect {
        if let Expectation::Holds(template) = expectation {
            add(template, inside, "expect");
        }
    }
    let mut trees: Vec<(&Tree, &'static str)> = Vec::new();
    match &step.action {
        CheckedAction::Read(read) => match read {
            CheckedRead::Filter {
                condition,
                saved_filter,
                ..
            } => {
                trees.extend(condition.iter().map(|tree| (tree, "where")));
                if let Some(template) = saved_filter {
                    add(template, inside, "saved_filter");
                }
            }
            CheckedRead::Count { condition, .. } => {
                trees.extend(condition.iter().map(|tree| (tree, "where")));
            }
            CheckedRead::Get { record, .. } => trees.push((record, "record")),
            CheckedRead::Related {
                record, condition, ..
            } => {
                trees.push((record, "record"));
                trees.extend(condition.iter().map(|tree| (tree, "where")));
            }
            CheckedRead::Search { text, .. } => trees.push((text, "search")),
            CheckedRead::List { .. }
            | CheckedRead::Enum { .. }
            | CheckedRead::Metadata { .. }
            | CheckedRead::Me
            | CheckedRead::Ping => {}
            CheckedRead::Call(call) => trees.extend(of_call(call)),
        },
        CheckedAction::Write(write) => {
            let (set, parts): (&[SetField], &[PartField]) = match write {
                CheckedWrite::Create { set, under, .. } => {
                    trees.extend(under.iter().map(|under| (&under.record, "under")));
                    (set, &[])
                }
                CheckedWrite::Update {
                    record, set, parts, ..
                } => {
                    trees.push((record, "record"));
                    (set, parts)
                }
                CheckedWrite::Upsert {
                    matching,
                    set,
                    parts,
                    ..
                } => {
                    trees.extend(matching.iter().map(|field| (&field.value, "match")));
                    (set, parts)
                }
                CheckedWrite::Delete { record, .. }
                | CheckedWrite::Favorite { record, .. }
                | CheckedWrite::Unfavorite { record, .. } => {
                    trees.push((record, "record"));
                    (&[], &[])
                }
                CheckedWrite::Link { record, to, .. } | CheckedWrite::Unlink { record, to, .. } => {
                    trees.extend([(record, "record"), (to, "to")]);
                    (&[], &[])
                }
                CheckedWrite::UpsertByKey { sync_key, set, .. } => {
                    add(sync_key, inside, "sync_key");
                    (set, &[])
                }
                CheckedWrite::Call { call, body, .. } => {
                    trees.extend(of_call(call));
                    // What is sent, as that of `set` is.
                    trees.extend(body.iter().map(|tree| (tree, SET)));
                    (&[], &[])
                }
            };
            trees.extend(set.iter().map(|field| (&field.value, SET)));
            trees.extend(parts.iter().map(|field| match field.part {
                Part::Added => (&field.value, "add"),
                Part::Removed => (&field.value, "remove"),
            }));
        }
        CheckedAction::Export { to, columns, .. } => {
            add(to, ItemIs::Absent, "to");
            let columns = columns.iter().flatten();
            trees.extend(columns.map(|column| (&column.value, "columns")));
        }
        CheckedAction::Assert {
            conditions,
            message,
        } => {
            for template in conditions {
                add(template, inside, "assert");
            }
            if let Some(template) = message {
                add(template, inside, "message");
            }
        }
    }
    for (tree, key) in trees {
        for template in tree.templates() {
            add(template, inside, key);
        }
    }
    all
}

fn of_call(call: &Call) -> impl Iterator<Item = (&Tree, &'static str)> {
    let query = call.query.iter().map(|field| (&field.value, "query"));
    std::iter::once((&call.path, "path")).chain(query)
}
