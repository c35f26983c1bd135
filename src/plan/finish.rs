//! A draft and what the instance has now, into an operation.

use serde_json::Map;
use serde_json::Value as Json;

use super::addresses;
use super::addresses::ADDRESSES;
use super::draft::Current;
use super::draft::Draft;
use super::earlier::Earlier;
use super::earlier::InTurn;
use super::links::links;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::metadata::value::Edit;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::SYNC_KEY;
use crate::operation::State;
use crate::wire::ModuleName;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// Works out what an operation changes. `earlier` are this run's writes to the record, oldest first; what they will do
/// is laid over what the instance has.
pub fn finish(
    draft: Draft,
    current: Current,
    earlier: &[Earlier],
    metadata: &Metadata,
) -> Operation {
    let InTurn {
        current,
        modified,
        needs,
    } = InTurn::of(&draft, current, earlier, metadata);
    let base = Operation {
        seq: draft.seq,
        key: draft.key,
        action: draft.change.action(),
        change: None,
        about: None,
        state: State::Planned,
        label: None,
        message: None,
        status: None,
        before: Map::new(),
        after: Map::new(),
        modified,
        reversible: draft.change.reversible(),
        row: draft.row,
        needs,
        waits_for: Vec::new(),
    };
    match draft.change {
        Change::Create {
            module,
            id,
            fields,
            under,
            unless,
        } => {
            let fields = merged(&module, fields, &draft.edits, &current, metadata);
            let change = Change::Create {
                module: module.clone(),
                id,
                fields,
                under,
                unless,
            };
            create(base, &module, change, &current, metadata)
        }
        Change::Update {
            module,
            record,
            fields,
        } => {
            let fields = merged(&module, fields, &draft.edits, &current, metadata);
            let chosen_by = chosen_by(&draft.found_by, &current);
            let mut operation = update(base, module, record, fields, current, metadata);
            if operation.state == State::Planned {
                // What chose the record must still be so when it is written.
                operation.before.extend(chosen_by);
            }
            operation
        }
        Change::Delete { module, record } => delete(base, module, record, current),
        change @ (Change::Favorite { .. } | Change::Unfavorite { .. }) => {
            mark(base, change, current, metadata)
        }
        change @ (Change::Link { .. } | Change::Unlink { .. }) => links(base, change, current),
        change @ Change::UpsertByKey { .. } => by_key(base, change, current, metadata),
        change @ Change::Call { .. } => Operation {
            after: change.told(),
            change: Some(change),
            ..base
        },
    }
}

/// An upsert by key, with what the record that has the key is known to hold.
fn by_key(base: Operation, change: Change, current: Current, metadata: &Metadata) -> Operation {
    let fields = change.fields();
    let (state, before) = match (current, change.module()) {
        (Current::Record(mut known), Some(module)) => {
            let key = change.sync_key().map(Json::from);
            known.insert(SYNC_KEY.into(), key.unwrap_or_default());
            let state = match differing(module, &fields, &known, metadata).is_empty() {
                true => State::Unchanged,
                false => State::Planned,
            };
            (state, of_fields(&change.told(), &known))
        }
        _ => (State::Planned, Map::new()),
    };
    Operation {
        after: change.told(),
        change: Some(change),
        state,
        before,
        ..base
    }
}

fn chosen_by(names: &[String], current: &Current) -> Map<String, Json> {
    let Current::Record(record) = current else {
        return Map::new();
    };
    let value = |name: &String| record.get(name).cloned().unwrap_or_default();
    names
        .iter()
        .map(|name| (name.clone(), value(name)))
        .collect()
}

/// The fields of `wanted` that `record` does not hold already.
fn differing(
    module: &ModuleName,
    wanted: &Map<String, Json>,
    record: &Map<String, Json>,
    metadata: &Metadata,
) -> Vec<String> {
    wanted
        .iter()
        .filter(|(name, value)| {
            let field = metadata.field(module.as_str(), name);
            // A field that is not shown may hold anything, also where it is to be emptied.
            let got = record.get(*name);
            got.is_none() || same(field, value, got) != Verdict::Same
        })
        .map(|(name, _)| name.clone())
        .collect()
}

fn create(
    base: Operation,
    module: &ModuleName,
    change: Change,
    current: &Current,
    metadata: &Metadata,
) -> Operation {
    let fields = change.fields().into_owned();
    let (record, apart) = match current {
        Current::Record(record) => (record, None),
        Current::Detached(record) => (record, below(&change)),
        Current::NoParent => return no_parent(base, &change),
        Current::Missing | Current::Links(_) => {
            return Operation {
                change: Some(change),
                after: fields,
                ..base
            };
        }
    };
    // What links of a record that is there hold is not looked at.
    let compared: Map<String, Json> = fields
        .into_iter()
        .filter(|(name, _)| !is_link(module, name, metadata))
        .collect();
    let differing = differing(module, &compared, record, metadata);
    let before = of_fields(&compared, record);
    let names: Vec<String> = differing.iter().map(|name| format!("`{name}`")).collect();
    let differs = (!names.is_empty()).then(|| format!("differs in {}", names.join(", ")));
    let apart = apart.map(|parent| format!("is not linked to {parent}"));
    let odd: Vec<String> = differs.into_iter().chain(apart).collect();
    let message = (!odd.is_empty()).then(|| {
        format!(
            "the record exists already and {}; a create never overwrites",
            odd.join(" and ")
        )
    });
    Operation {
        change: Some(change),
        state: State::Unchanged,
        after: before.clone(),
        before,
        message,
        ..base
    }
}

fn below(change: &Change) -> Option<String> {
    let parent = change.parent()?;
    Some(format!(
        "{} `{}` through `{}`",
        parent.module, parent.record, parent.link
    ))
}

fn no_parent(base: Operation, change: &Change) -> Operation {
    let base = Operation {
        about: cloned(change.about()),
        ..base
    };
    let parent = change
        .parent()
        .map(|parent| (&parent.module, &parent.record));
    match parent {
        Some(parent) => not_found(base, Some(parent)),
        None => not_found(base, change.about()),
    }
}

fn is_link(module: &ModuleName, name: &str, metadata: &Metadata) -> bool {
    metadata
        .field(module.as_str(), name)
        .is_some_and(|field| field.kind == FieldKind::Link)
}

/// The fields to send, parts merged into what the record has. A field that stays as it is is left out.
fn merged(
    module: &ModuleName,
    mut fields: Map<String, Json>,
    edits: &[(String, Edit)],
    current: &Current,
    metadata: &Metadata,
) -> Map<String, Json> {
    let known = match current {
        Current::Record(record) => Some(record),
        _ => None,
    };
    for (name, edit) in edits {
        let Some(field) = metadata.field(module.as_str(), name) else {
            continue;
        };
        let made = match (known, name.as_str()) {
            (None, ADDRESSES) => addresses::made(&fields),
            _ => None,
        };
        let present = known.and_then(|record| record.get(name)).or(made.as_ref());
        let value = edit.applied_to(field, present);
        if same(Some(field), &value, Some(present.unwrap_or(&Json::Null))) != Verdict::Same {
            fields.insert(name.clone(), value);
        }
    }
    fields
}

pub(super) fn update(
    base: Operation,
    module: ModuleName,
    record: RecordId,
    fields: Map<String, Json>,
    current: Current,
    metadata: &Metadata,
) -> Operation {
    let Current::Record(known) = current else {
        return not_found(base, Some((&module, &record)));
    };
    let state = match differing(&module, &fields, &known, metadata).is_empty() {
        true => State::Unchanged,
        false => State::Planned,
    };
    let mut before = of_fields(&fields, &known);
    before.extend(companions(&module, &fields, &known, metadata));
    let change = Change::Update {
        module,
        record,
        fields: fields.clone(),
    };
    Operation {
        change: Some(change),
        state,
        before,
        after: fields,
        ..base
    }
}

/// What undo must know beside the fields that are set: the other half of a pair, the currency of an amount.
fn companions(
    module: &ModuleName,
    fields: &Map<String, Json>,
    known: &Map<String, Json>,
    metadata: &Metadata,
) -> Map<String, Json> {
    metadata
        .companions(module.as_str(), fields.keys())
        .into_iter()
        .filter_map(|name| Some((name.clone(), known.get(&name)?.clone())))
        .collect()
}

/// A favorite, set or taken away. A record that does not say whether it is one is none.
pub(super) fn mark(
    base: Operation,
    change: Change,
    current: Current,
    metadata: &Metadata,
) -> Operation {
    let Current::Record(known) = current else {
        return not_found(base, change.about());
    };
    let wanted = change.fields().into_owned();
    let before: Map<String, Json> = wanted
        .keys()
        .map(|name| {
            let held = known.get(name).filter(|held| !held.is_null());
            (name.clone(), held.cloned().unwrap_or(Json::Bool(false)))
        })
        .collect();
    let is_so = wanted.iter().all(|(name, value)| {
        let field = change
            .module()
            .and_then(|module| metadata.field(module.as_str(), name));
        same(field, value, before.get(name)) == Verdict::Same
    });
    let state = match is_so {
        true => State::Unchanged,
        false => State::Planned,
    };
    Operation {
        change: Some(change),
        state,
        before,
        after: wanted,
        ..base
    }
}

pub(super) fn delete(
    base: Operation,
    module: ModuleName,
    record: RecordId,
    current: Current,
) -> Operation {
    let change = Some(Change::Delete { module, record });
    match current {
        Current::Record(before) => Operation {
            change,
            before,
            ..base
        },
        _ => Operation {
            change,
            state: State::Unchanged,
            message: Some("there is no such record".into()),
            ..base
        },
    }
}

pub(super) fn not_found(base: Operation, about: Option<(&ModuleName, &RecordId)>) -> Operation {
    let message = match about {
        Some((module, record)) => {
            format!("{module} has no record `{record}`, or this user does not see it")
        }
        None => "there is no such record, or this user does not see it".to_owned(),
    };
    Operation {
        state: State::Failed,
        label: Some(SugarLabel::NotFound.into()),
        message: Some(message),
        // Of a link to a record that is not there, it is the left one.
        about: base.about.or_else(|| cloned(about)),
        ..base
    }
}

pub(super) fn cloned(about: Option<(&ModuleName, &RecordId)>) -> Option<(ModuleName, RecordId)> {
    about.map(|(module, record)| (module.clone(), record.clone()))
}

fn of_fields(fields: &Map<String, Json>, record: &Map<String, Json>) -> Map<String, Json> {
    fields
        .keys()
        .map(|name| (name.clone(), record.get(name).cloned().unwrap_or_default()))
        .collect()
}
