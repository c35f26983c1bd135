//! Operations that contradict each other though they set no field of one record differently: a link counts as setting
//! the id field that it belongs to, and nothing can be done to a record that another step deletes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::touches::touches;
use crate::batch::Place;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::Change;
use crate::plan::Binding;
use crate::plan::Conflict;
use crate::plan::Draft;
use crate::plan::bindings;
use crate::plan::columns;
use crate::wire::RecordId;

/// What two operations of the run do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) other: Seq,
    pub(super) conflict: Conflict,
    /// The record it is about, in words.
    pub(super) about: String,
}

/// What operations of a page bind, by module, record and field: to what each.
pub(super) type Bound = BTreeMap<(String, RecordId, String), Vec<(Seq, String)>>;

pub(super) fn key(binding: &Binding) -> (String, RecordId, String) {
    let Binding {
        module,
        record,
        field,
        ..
    } = binding;
    (module.clone(), record.clone(), field.clone())
}

fn clash(other: Seq, binding: &Binding) -> Clash {
    let record = format!("{} `{}`", binding.module, binding.record);
    let (field, about) = match &binding.column {
        Some(column) => (
            &column.name,
            format!("the link between {record} and `{}`", column.other),
        ),
        None => (&binding.field, record),
    };
    Clash {
        other,
        conflict: Conflict::Values(field.clone()),
        about,
    }
}

/// What a delete of this run means to a draft.
pub(super) struct Deleted {
    pub(super) message: String,
    /// The record is gone by the time the draft has its turn.
    pub(super) is_gone: bool,
}

impl Engine<'_> {
    /// The records that a change binds, and what it sets of their relation.
    pub(super) fn binds(&self, change: &Change) -> Vec<Binding> {
        let mut binds = bindings(change, &self.metadata);
        binds.extend(columns(change, &self.metadata));
        binds
    }

    /// The first earlier operation that binds a record otherwise than a draft does. `here` are the bindings of the
    /// page, which the run file does not know yet.
    pub(super) fn bound_otherwise(
        &self,
        draft: &Draft,
        here: &Bound,
    ) -> Result<Option<Clash>, ExecuteError> {
        let own = self.binds(&draft.change);
        for binding in &own {
            let wanted = Json::from(binding.to.as_str());
            let clash = |other| clash(other, binding);
            let of_page = here.get(&key(binding)).into_iter().flatten();
            if let Some((seq, _)) = of_page.clone().find(|(_, to)| *to != binding.to) {
                return Ok(Some(clash(*seq)));
            }
            let (module, record) = (binding.module.as_str(), binding.record.as_str());
            let bound =
                self.file
                    .bound_otherwise(module, record, &binding.field, &wanted, draft.seq)?;
            if let Some(seq) = bound {
                return Ok(Some(clash(seq)));
            }
            if binding.column.is_some() {
                continue;
            }
            // By name: another operation sets the field itself.
            let writes = self.file.writes_to(module, record, draft.seq)?;
            let set = writes.iter().find(|write| {
                write.change.as_ref().is_some_and(|change| {
                    change
                        .fields()
                        .get(&binding.field)
                        .is_some_and(|value| *value != wanted)
                })
            });
            if let Some(write) = set {
                return Ok(Some(clash(write.seq)));
            }
        }
        let Change::Update { module, record, .. } = &draft.change else {
            return Ok(None);
        };
        for (field, value) in draft.change.fields().iter() {
            let (module, record) = (module.as_str(), record.as_str());
            let bound = self
                .file
                .bound_otherwise(module, record, field, value, draft.seq)?;
            if let Some(other) = bound {
                return Ok(Some(Clash {
                    other,
                    conflict: Conflict::Values(field.clone()),
                    about: format!("{module} `{record}`"),
                }));
            }
        }
        Ok(None)
    }

    /// What is wrong with a draft that needs a record which another step deletes before it, or that deletes a record
    /// which a step needs that it does not wait for.
    pub(super) fn deleted_besides(
        &self,
        step: &CheckedStep,
        draft: &Draft,
    ) -> Result<Option<Deleted>, ExecuteError> {
        let deleted = |deleting: Seq, other: Seq, module: &str, record: &str, is_gone: bool| {
            let deleting = &self.checked.step(deleting.step()).id;
            let other = &self.checked.step(other.step()).id;
            let advice = match is_gone {
                true => format!("`{other}` waits for `{deleting}`; turn that round"),
                false => format!("let `{deleting}` depend on `{other}`"),
            };
            let message = format!(
                "step `{deleting}` deletes {module} `{record}`, and step `{other}` writes to it; leave it out of one of \
                 the two, or {advice}"
            );
            Deleted { message, is_gone }
        };
        if let Change::Delete { module, record } = &draft.change {
            let (module, record) = (module.as_str(), record.as_str());
            let before = self.upstream_of(step);
            let writes = self.file.writes_to(module, record, draft.seq)?;
            let unordered = writes.iter().find(|write| {
                let other = write.seq.step();
                other != step.number
                    && !before.contains(&other)
                    && !matches!(write.action, Action::Delete | Action::Create)
            });
            return Ok(unordered.map(|write| deleted(draft.seq, write.seq, module, record, false)));
        }
        let deletes_before = self.checked.steps.iter().any(|earlier| {
            earlier.number < step.number
                && matches!(
                    earlier.action,
                    CheckedAction::Write(CheckedWrite::Delete { .. })
                )
        });
        if !deletes_before {
            return Ok(None);
        }
        for touch in touches(&draft.change, &self.metadata) {
            let Place::Record(module, record) = &touch.place else {
                continue;
            };
            let (module, record) = (module.as_str(), record.as_str());
            if let Some(delete) = self.file.deleted_before(module, record, draft.seq)? {
                let is_gone = self.upstream_of(step).contains(&delete.step());
                return Ok(Some(deleted(delete, draft.seq, module, record, is_gone)));
            }
        }
        Ok(None)
    }

    /// The steps that a step reads or waits for, through others as well.
    pub(super) fn upstream_of(&self, step: &CheckedStep) -> BTreeSet<StepNo> {
        let mut found = BTreeSet::new();
        let mut open: Vec<StepNo> = step.upstream.iter().copied().collect();
        while let Some(number) = open.pop() {
            if found.insert(number) {
                open.extend(&self.checked.step(number).upstream);
            }
        }
        found
    }
}
