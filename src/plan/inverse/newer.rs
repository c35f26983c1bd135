//! What an undo does to records before it comes to an older operation: that one is compared with what the newer ones
//! leave, and not with what the instance has now.

use serde_json::Map;
use serde_json::Value as Json;

use crate::metadata::Metadata;
use crate::metadata::value::flag;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Replaced;
use crate::plan::Binding;
use crate::plan::Current;
use crate::plan::Linked;
use crate::plan::bindings;
use crate::plan::released;
use crate::plan::ties::End;
use crate::plan::ties::Tied;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// What a change will find once `newer` ones are done, in their order.
pub fn with_newer(
    current: Current,
    change: &Change,
    newer: &[Change],
    metadata: &Metadata,
) -> Current {
    newer
        .iter()
        .fold(current, |current, newer| match (current, change.about()) {
            (Current::Record(record), Some(about)) => written(record, about, newer, metadata),
            (Current::Links(linked), _) => Current::Links(tied(linked, change, newer, metadata)),
            (other, _) => other,
        })
}

fn written(
    mut record: Map<String, Json>,
    about: (&ModuleName, &RecordId),
    newer: &Change,
    metadata: &Metadata,
) -> Current {
    if newer.about() == Some(about) {
        if let Change::Delete { .. } = newer {
            return Current::Missing;
        }
        let fields = newer.fields();
        if let Some(addresses) = fields.get("email") {
            record.extend(singled_out(addresses));
        }
        record.extend(fields.into_owned());
    }
    for freed in released(newer, metadata) {
        if is_of(&freed, about.0, about.1) && record.contains_key(&freed.field) {
            record.insert(freed.field, Json::default());
        }
    }
    for binding in bindings(newer, metadata) {
        if is_of(&binding, about.0, about.1) {
            record.insert(binding.field, binding.to.as_str().into());
        }
    }
    Current::Record(record)
}

/// The field that shows the first of several addresses.
fn singled_out(addresses: &Json) -> Option<(String, Json)> {
    let mut addresses = addresses.as_array()?.iter();
    let primary = addresses.find(|one| flag(&one["primary_address"]) == Some(true));
    let address = primary.map(|one| one["email_address"].clone());
    Some(("email1".to_owned(), address.unwrap_or_default()))
}

fn tied(mut linked: Linked, change: &Change, newer: &Change, metadata: &Metadata) -> Linked {
    if let Some((end, others)) = End::of(change) {
        for (other, tied) in end.tied_by(newer, metadata) {
            if !others.contains(&other) {
                continue;
            }
            match tied {
                Tied::Together(columns) => {
                    linked.present.entry(other).or_default().extend(columns);
                }
                Tied::Apart => drop(linked.present.remove(&other)),
            }
        }
    }
    for held in &mut linked.held {
        if let Former::Fields(fields) = &mut held.former
            && newer.about() == Some((&held.module, &held.record))
        {
            let set = newer.fields();
            let written = fields
                .iter_mut()
                .filter_map(|(name, value)| Some((value, set.get(name)?)));
            written.for_each(|(value, set)| value.clone_from(set));
        }
    }
    let newly = bindings(newer, metadata);
    let freed = released(newer, metadata);
    for own in bindings(change, metadata) {
        let module = ModuleName::new(own.module.clone());
        let is_freed = |held: &Replaced| {
            freed.iter().any(|freed| {
                freed.field == own.field
                    && is_of(freed, &module, &own.record)
                    && is_between(held, &own.record, &RecordId::new(freed.to.as_str()))
            })
        };
        linked.held.retain(|held| !is_freed(held));
        let bound = newly
            .iter()
            .find(|newly| newly.field == own.field && is_of(newly, &module, &own.record));
        if let Some(bound) = bound {
            linked.held.retain(|held| held.record != own.record);
            linked.held.push(Replaced {
                module,
                record: own.record,
                former: Former::Linked(LinkTarget::plain(RecordId::new(bound.to.as_str()))),
            });
        }
    }
    linked
}

fn is_of(binding: &Binding, module: &ModuleName, record: &RecordId) -> bool {
    binding.module == module.as_str() && binding.record == *record
}

/// Whether one of the two is bound to the other.
fn is_between(held: &Replaced, one: &RecordId, other: &RecordId) -> bool {
    let Former::Linked(to) = &held.former else {
        return false;
    };
    (held.record == *one && to.id == *other) || (held.record == *other && to.id == *one)
}
