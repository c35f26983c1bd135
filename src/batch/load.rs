//! A batch while it is filled: what may join a request that is in it already, and what is one of its own.

use std::sync::Arc;

use super::ready::Batch;
use super::ready::Budget;
use super::ready::Carried;
use super::ready::Entry;
use super::ready::MergeKey;
use super::ready::Ready;
use super::size::Weighed;
use super::touch::Place;
use super::touch::Touch;
use crate::check::Sharing;
use crate::expr::Seq;
use crate::wire::LINKED_AT_ONCE;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;
use crate::wire::Write;

#[derive(Debug, Default)]
pub(super) struct Load {
    loaded: Vec<Loaded>,
    bytes: usize,
    seconds: f64,
    alone: bool,
}

/// An entry with what decides whether others may join or pass it.
#[derive(Debug)]
struct Loaded {
    entry: Entry,
    touches: Vec<Touch>,
    behind: Vec<Seq>,
    merge: Option<MergeKey>,
}

impl Load {
    pub(super) fn is_empty(&self) -> bool {
        self.loaded.is_empty()
    }

    /// Takes an operation if there is room for it.
    pub(super) fn take(&mut self, weighed: Weighed<'_>, most: usize, budget: &Budget) -> bool {
        let operation = weighed.operation;
        let alone = operation.sharing == Sharing::Alone;
        if !self.is_empty() && (alone || self.alone) {
            return false;
        }
        // Whatever is too much by itself goes by itself.
        let weighs_too_much = self.bytes + weighed.bytes > budget.bytes
            || self.seconds + weighed.seconds > budget.seconds;
        if !self.is_empty() && weighs_too_much {
            return false;
        }
        if !self.join(operation) {
            let entries = self.loaded.len() + operation.requests.len();
            if !self.is_empty() && entries > most {
                return false;
            }
            self.push(operation);
        }
        self.alone = alone;
        self.bytes += weighed.bytes;
        self.seconds += weighed.seconds;
        true
    }

    /// Whether operations that belong together find room for certain.
    pub(super) fn has_room_for(
        &self,
        family: &[Weighed<'_>],
        most: usize,
        budget: &Budget,
    ) -> bool {
        let entries: usize = family
            .iter()
            .map(|weighed| weighed.operation.requests.len())
            .sum();
        let bytes: usize = family.iter().map(|weighed| weighed.bytes).sum();
        let seconds: f64 = family.iter().map(|weighed| weighed.seconds).sum();
        !self.alone
            && self.loaded.len() + entries <= most
            && self.bytes + bytes <= budget.bytes
            && self.seconds + seconds <= budget.seconds
    }

    pub(super) fn close(self) -> Batch {
        Batch {
            entries: self.loaded.into_iter().map(|loaded| loaded.entry).collect(),
        }
    }

    fn push(&mut self, operation: &Ready) {
        for request in &operation.requests {
            self.loaded.push(Loaded {
                entry: Entry {
                    request: Arc::clone(request),
                    members: vec![operation.seq],
                    carried: Carried::Alone,
                },
                touches: operation.touches.clone(),
                behind: operation.behind.clone(),
                merge: operation.merge.filter(|_| operation.requests.len() == 1),
            });
        }
    }

    /// Makes the operation part of a request that is here already, if what both do stays the same.
    fn join(&mut self, operation: &Ready) -> bool {
        let [request] = operation.requests.as_slice() else {
            return false;
        };
        // Whatever else is a request of its own for certain need not be held against all the others.
        let may_join = matches!(**request, Write::Update { .. } | Write::Link { .. });
        if operation.merge.is_none() || !may_join {
            return false;
        }
        let alike = |loaded: &&Loaded| loaded.merge == operation.merge;
        let places = self.loaded.iter().enumerate();
        let found = places
            .filter(|(_, loaded)| alike(loaded))
            .filter_map(|(at, loaded)| Some((at, joined(loaded, request, operation)?)))
            .min_by_key(|(_, (joined, carried))| rank(joined, *carried, request));
        let Some((at, (request, carried))) = found else {
            return false;
        };
        // What the operation needs must come before, and what it must not pass must not stand between.
        let in_place = self.loaded[at + 1..]
            .iter()
            .all(|later| !later.must_precede(operation));
        if !in_place {
            let may_move = self.loaded[at + 1..]
                .iter()
                .all(|later| !later.must_follow(&self.loaded[at]));
            if !may_move {
                return false;
            }
            let moved = self.loaded.remove(at);
            self.loaded.push(moved);
        }
        let place = if in_place { at } else { self.loaded.len() - 1 };
        let loaded = &mut self.loaded[place];
        loaded.entry.request = Arc::new(request);
        loaded.entry.carried = carried;
        loaded.entry.members.push(operation.seq);
        loaded.touches.extend(operation.touches.iter().cloned());
        loaded.behind.extend(operation.behind.iter().copied());
        true
    }
}

impl Loaded {
    fn must_precede(&self, operation: &Ready) -> bool {
        let needed = |seq: &Seq| self.entry.members.contains(seq);
        operation.behind.iter().any(needed) || conflict(&self.touches, &operation.touches)
    }

    fn must_follow(&self, earlier: &Self) -> bool {
        let needs = |seq: &Seq| earlier.entry.members.contains(seq);
        self.behind.iter().any(needs) || conflict(&self.touches, &earlier.touches)
    }
}

fn conflict(some: &[Touch], others: &[Touch]) -> bool {
    some.iter()
        .any(|one| others.iter().any(|other| one.conflicts_with(other)))
}

/// To create below is best, since it saves the link; and below the record whose link it is.
fn rank(joined: &Write, carried: Carried, asked: &Write) -> u8 {
    match (joined, asked, carried) {
        (Write::CreateRelated { parent, .. }, Write::Link { record, .. }, Carried::Below) => {
            u8::from(parent.record != *record)
        }
        _ => 2,
    }
}

/// The one request that does what is loaded and the operation as well, if there is one.
fn joined(loaded: &Loaded, request: &Write, operation: &Ready) -> Option<(Write, Carried)> {
    match (loaded.entry.request.as_ref(), request) {
        (
            Write::Update {
                module,
                record,
                fields,
                expected: None,
            },
            Write::Update {
                module: same_module,
                record: same_record,
                fields: more,
                expected: None,
            },
        ) if module == same_module && record == same_record => {
            // Each is judged by its own fields, so none may hide another's.
            let agree = more
                .iter()
                .all(|(name, value)| fields.get(name).is_none_or(|known| known == value));
            let mut fields = fields.clone();
            fields.extend(more.clone());
            let update = Write::Update {
                module: module.clone(),
                record: record.clone(),
                fields,
                expected: None,
            };
            agree.then_some((update, Carried::Merged))
        }
        (
            Write::Link {
                module,
                record,
                link,
                targets,
            },
            Write::Link {
                module: same_module,
                record: same_record,
                link: same_link,
                targets: more,
            },
        ) if module == same_module && record == same_record && link == same_link => {
            let is_known = |id: &RecordId| targets.iter().any(|target| target.id == *id);
            let fits = targets.len() + more.len() <= LINKED_AT_ONCE
                && !more.iter().any(|target| is_known(&target.id));
            let targets = targets.iter().chain(more).cloned().collect();
            let link = Write::Link {
                module: module.clone(),
                record: record.clone(),
                link: link.clone(),
                targets,
            };
            fits.then_some((link, Carried::Merged))
        }
        (
            Write::Create { module, fields },
            Write::Link {
                module: near,
                record,
                link,
                targets,
            },
        ) => {
            let [target] = targets.as_slice() else {
                return None;
            };
            let id = RecordId::new(fields.get("id")?.as_str()?);
            let parent = parent_of(
                module,
                &id,
                (near, record, link),
                target,
                &operation.touches,
            )?;
            let fields = fields.clone();
            Some((Write::CreateRelated { parent, fields }, Carried::Below))
        }
        _ => None,
    }
}

/// The parent below which a record is created instead of being linked afterwards, seen from either end of the link.
fn parent_of(
    module: &ModuleName,
    id: &RecordId,
    (near, record, link): (&ModuleName, &RecordId, &LinkName),
    target: &LinkTarget,
    touches: &[Touch],
) -> Option<Parent> {
    // The columns of a relation are no fields of the record.
    if !target.columns.is_empty() {
        return None;
    }
    let touched = |place: &Place| touches.iter().any(|touch| touch.place == *place);
    if target.id == *id && touched(&Place::Record(module.clone(), id.clone())) {
        return Some(Parent {
            module: near.clone(),
            record: record.clone(),
            link: link.clone(),
        });
    }
    if near != module || record != id {
        return None;
    }
    touches.iter().find_map(|touch| match &touch.place {
        Place::Relation(far, other, back)
            if *other == target.id && (far, other, back) != (near, record, link) =>
        {
            Some(Parent {
                module: far.clone(),
                record: other.clone(),
                link: back.clone(),
            })
        }
        Place::Relation(..) | Place::Record(..) => None,
    })
}
