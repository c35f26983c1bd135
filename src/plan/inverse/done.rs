//! An operation that was done, into what takes it back.

use serde_json::Map;
use serde_json::Value as Json;

use super::addresses::Addresses;
use super::recovery::Recovery;
use super::recovery::Values;
use crate::metadata::Metadata;
use crate::metadata::is_single_address;
use crate::metadata::value::Print;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::metadata::value::to_bring_back;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Relations;
use crate::operation::Replaced;
use crate::operation::Reversible;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// An operation that was really done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub change: Change,
    /// As the plan found it.
    pub before: Map<String, Json>,
    /// As it was stored, which is not always as it was sent.
    pub after: Map<String, Json>,
    /// Of a create: what became of the record in the rest of the run.
    pub later: Option<Later>,
}

/// What a run made of a record that it had made itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Later {
    /// Every value that the run gave a field, or found in it.
    pub values: Values,
    pub print: Option<Print>,
}

/// Nothing brings it back; the text says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Irreversible(pub &'static str);

/// The changes that take an operation back; none where it changed nothing.
pub fn inverse(done: &Done, metadata: &Metadata) -> Result<Vec<Recovery>, Irreversible> {
    Ok(match &done.change {
        Change::Delete { .. } => {
            return Err(Irreversible(
                "a deleted record cannot be brought back; what it held is in the run file",
            ));
        }
        change @ Change::Create {
            module, id, under, ..
        } => {
            if change.reversible() == Reversible::No {
                return Err(Irreversible(match change.makes_others() {
                    true => {
                        "records were made along with it, and no answer shows which: look for them, and delete them by hand"
                    }
                    false => {
                        "what was linked along with it may have been taken from another record, and the plan does not ask \
                         from which; a `link` step of its own is undone"
                    }
                }));
            }
            let later = done.later.clone().unwrap_or_default();
            vec![Recovery {
                left: later.values,
                print: later.print,
                below: under.clone(),
                ..Recovery::of(Change::Delete {
                    module: module.clone(),
                    record: id.clone(),
                })
            }]
        }
        Change::UpsertByKey { .. } => {
            return Err(Irreversible(
                "an upsert by `sync_key` is not taken back: nobody can tell whether it made the record or changed it",
            ));
        }
        Change::Call { .. } => {
            return Err(Irreversible(
                "a call is not taken back: what it did is known only to the endpoint",
            ));
        }
        Change::Update { module, record, .. } => updated(done, module, record, metadata),
        Change::Favorite { module, record } => vec![Recovery::of(Change::Unfavorite {
            module: module.clone(),
            record: record.clone(),
        })],
        Change::Unfavorite { module, record } => vec![Recovery::of(Change::Favorite {
            module: module.clone(),
            record: record.clone(),
        })],
        Change::Link {
            module,
            record,
            link,
            targets,
        } => linked(
            done,
            &Near {
                module,
                record,
                link,
            },
            targets,
            metadata,
        ),
        Change::Unlink {
            module,
            record,
            link,
            others,
        } => unlinked(
            done,
            &Near {
                module,
                record,
                link,
            },
            others,
            metadata,
        ),
    })
}

fn updated(
    done: &Done,
    module: &ModuleName,
    record: &RecordId,
    metadata: &Metadata,
) -> Vec<Recovery> {
    let mut fields = Map::new();
    let mut left = Values::new();
    let mut addresses: Option<Addresses> = None;
    for (name, after) in &done.after {
        let before = done.before.get(name).cloned().unwrap_or_default();
        let field = metadata.field(module.as_str(), name);
        if same(field, &before, Some(after)) == Verdict::Same {
            continue;
        }
        left.insert(name.clone(), vec![after.clone(), before.clone()]);
        // All addresses go back together, or the one that was put in front would stay behind.
        match done.before.get("email") {
            Some(whole) if is_single_address(name) => {
                fields.insert("email".into(), whole.clone());
                let addresses = addresses.get_or_insert_default();
                addresses.found.clone_from(whole);
                addresses.set.push(after.clone());
                addresses.replaced.push(before);
            }
            _ => {
                fields.insert(name.clone(), to_bring_back(field, before));
            }
        }
    }
    for name in metadata.companions(module.as_str(), fields.clone().keys()) {
        if let Some(value) = done.before.get(&name) {
            left.entry(name.clone())
                .or_insert_with(|| vec![value.clone()]);
            fields.insert(name, value.clone());
        }
    }
    if fields.is_empty() {
        return Vec::new();
    }
    vec![Recovery {
        left,
        addresses,
        ..Recovery::of(Change::Update {
            module: module.clone(),
            record: record.clone(),
            fields,
        })
    }]
}

/// The left end of a link, and the link.
struct Near<'a> {
    module: &'a ModuleName,
    record: &'a RecordId,
    link: &'a LinkName,
}

impl Near<'_> {
    fn link(&self, targets: Vec<LinkTarget>) -> Change {
        Change::Link {
            module: self.module.clone(),
            record: self.record.clone(),
            link: self.link.clone(),
            targets,
        }
    }

    /// Whether a record at either end has one at most.
    fn is_single(&self, metadata: &Metadata) -> bool {
        let (module, link) = (self.module.as_str(), self.link.as_str());
        let far = metadata.far_side(module, link);
        let back = far.and_then(|far| Some((far.module, far.link?)));
        metadata.leads_to_one(module, link)
            || back.is_some_and(|(far, back)| metadata.leads_to_one(far, back))
    }
}

/// A link is removed only if this run made it; what it took the place of comes back.
fn linked(
    done: &Done,
    near: &Near<'_>,
    targets: &[LinkTarget],
    metadata: &Metadata,
) -> Vec<Recovery> {
    let before = Relations::from_map(&done.before);
    let mut recoveries = Vec::new();
    let mut made = Vec::new();
    for target in targets {
        if before.to.contains(&target.id) {
            // It only got other columns.
            if let Some(columns) = before.columns.get(&target.id) {
                let target = LinkTarget {
                    id: target.id.clone(),
                    columns: columns.clone(),
                };
                recoveries.push(with_columns(near.link(vec![target]), targets));
            }
            continue;
        }
        made.push(target.id.clone());
    }
    // What is only about a record that was left out is nothing to take back.
    let is_about = |replaced: &&Replaced| {
        replaced.record == *near.record || targets.iter().any(|target| target.id == replaced.record)
    };
    for replaced in before.replaces.iter().filter(is_about) {
        let (change, bound_to) = match replaced.record == *near.record {
            // The left record has one at most: the last that it was linked to.
            true => (near_again(near, replaced), made.last().cloned()),
            false => (far_again(near, replaced), Some(near.record.clone())),
        };
        match &replaced.former {
            Former::Fields(fields) => {
                let key = bound_to.map(|id| Json::from(id.as_str()));
                recoveries.push(by_fields(replaced, fields, key, near, metadata));
            }
            Former::Linked(_) => recoveries.extend(change.map(|change| Recovery {
                from: bound_to,
                ..Recovery::of(change)
            })),
        }
        // Where the left record itself goes back to its one, none of the new ones stays.
        match replaced.record == *near.record {
            true => made.clear(),
            false => made.retain(|id| *id != replaced.record),
        }
    }
    if made.is_empty() {
        return recoveries;
    }
    // Each by itself whose columns somebody may have set meanwhile: the others go all the same.
    let has_columns = |id: &RecordId| {
        targets
            .iter()
            .any(|target| target.id == *id && !target.columns.is_empty())
    };
    let (singly, together): (Vec<RecordId>, Vec<RecordId>) =
        made.into_iter().partition(has_columns);
    let parts = singly.into_iter().map(|id| vec![id]).chain([together]);
    for others in parts.filter(|others| !others.is_empty()) {
        let unlink = Change::Unlink {
            module: near.module.clone(),
            record: near.record.clone(),
            link: near.link.clone(),
            others,
        };
        recoveries.push(with_columns(unlink, targets));
    }
    recoveries
}

/// What takes links back, as long as they have the columns that the run gave them.
fn with_columns(change: Change, targets: &[LinkTarget]) -> Recovery {
    let others = change.others();
    let ours = targets
        .iter()
        .filter(|target| !target.columns.is_empty() && others.contains(&&target.id));
    let columns = ours
        .map(|target| (target.id.clone(), target.columns.clone()))
        .collect();
    Recovery {
        columns,
        ..Recovery::of(change)
    }
}

fn near_again(near: &Near<'_>, replaced: &Replaced) -> Option<Change> {
    match &replaced.former {
        Former::Linked(one) => Some(near.link(vec![one.clone()])),
        Former::Fields(_) => None,
    }
}

/// The far record goes back to the record that had it, which is of the same module as the one that took it.
fn far_again(near: &Near<'_>, replaced: &Replaced) -> Option<Change> {
    match &replaced.former {
        Former::Linked(one) => Some(Change::Link {
            module: near.module.clone(),
            record: one.id.clone(),
            link: near.link.clone(),
            targets: vec![LinkTarget {
                id: replaced.record.clone(),
                columns: one.columns.clone(),
            }],
        }),
        Former::Fields(_) => None,
    }
}

/// A record that was bound by fields of its own gets them back: the key first, beside it the module where that varies.
fn by_fields(
    replaced: &Replaced,
    fields: &Map<String, Json>,
    key: Option<Json>,
    near: &Near<'_>,
    metadata: &Metadata,
) -> Recovery {
    // No id is a module's name, so it does no harm that each field is allowed either.
    let far = metadata.far_module(near.module.as_str(), near.link.as_str());
    let modules = [near.module.as_str()].into_iter().chain(far);
    let ours: Vec<Json> = modules.map(Json::from).chain(key).collect();
    let left = fields
        .iter()
        .map(|(name, value)| {
            let values = ours.iter().chain([value]).cloned();
            (name.clone(), values.collect())
        })
        .collect();
    Recovery {
        left,
        ..Recovery::of(Change::Update {
            module: replaced.module.clone(),
            record: replaced.record.clone(),
            fields: fields.clone(),
        })
    }
}

fn unlinked(
    done: &Done,
    near: &Near<'_>,
    others: &[RecordId],
    metadata: &Metadata,
) -> Vec<Recovery> {
    let before = Relations::from_map(&done.before);
    // What somebody else removed before this run did is not linked again.
    let removed = others.iter().filter(|id| before.to.contains(id));
    let targets: Vec<LinkTarget> = removed
        .map(|id| LinkTarget {
            id: id.clone(),
            columns: before.columns.get(id).cloned().unwrap_or_default(),
        })
        .collect();
    if targets.is_empty() {
        return Vec::new();
    }
    // Each by itself where somebody may have taken one of them meanwhile: the others come back all the same.
    match near.is_single(metadata) {
        true => targets
            .into_iter()
            .map(|target| Recovery::of(near.link(vec![target])))
            .collect(),
        false => vec![Recovery::of(near.link(targets))],
    }
}
