//! An answer into an outcome.

use serde_json::Map;
use serde_json::Value as Json;

use super::deliver::Doubt;
use super::deliver::Said;
use super::deliver::Told;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::State;
use crate::playbook::VerifyMode;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Reaction;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// What an answer comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Judged {
    Settled(Box<Settlement>),
    /// The answer does not say it; the instance has to be asked what it holds.
    LookUp {
        fault: Option<Fault>,
        doubt: Doubt,
    },
    /// Nothing can have been done: it may go again.
    Again,
    /// The same, once the metadata of now were looked at.
    Outdated,
}

fn settled(settlement: Settlement) -> Judged {
    Judged::Settled(Box::new(settlement))
}

/// Judges all answers to one operation's requests.
pub(super) fn judge(
    operation: &StoredOperation,
    step: &CheckedStep,
    metadata: &Metadata,
    told: Vec<Told>,
) -> Judged {
    let mut last = Judged::Again;
    let mut seen = Vec::new();
    for told in told {
        let judged = one(operation, step, metadata, told);
        match judged {
            Judged::Settled(mut settlement) if settlement.state.is_good() => {
                seen.append(&mut settlement.seen);
                last = Judged::Settled(settlement);
            }
            Judged::Settled(settlement) => {
                return settled(super::seen::completed(*settlement, operation, metadata));
            }
            worse => return worse,
        }
    }
    match last {
        Judged::Settled(mut settlement) => {
            settlement.seen = seen;
            settled(super::seen::completed(*settlement, operation, metadata))
        }
        again => again,
    }
}

fn one(operation: &StoredOperation, step: &CheckedStep, metadata: &Metadata, told: Told) -> Judged {
    match told.said {
        Said::Answer(answer) => {
            let below = operation.change.as_ref().and_then(Change::parent).is_some();
            let body = match below {
                true => answer.body.get("related_record"),
                false => Some(&answer.body),
            };
            match body {
                Some(body) => {
                    let mut settlement = done(operation, step, metadata, body, answer.status);
                    if let Some(change) = &operation.change {
                        settlement.seen = super::seen::in_answer(change, &answer.body, metadata);
                    }
                    settled(settlement)
                }
                // What a related create answers is not documented (fact sheet, Unknown): look at the record itself.
                None => Judged::LookUp {
                    fault: None,
                    doubt: Doubt::PerhapsDone,
                },
            }
        }
        Said::Nothing if told.doubt == Doubt::None => Judged::Again,
        Said::Nothing => Judged::LookUp {
            fault: None,
            doubt: Doubt::PerhapsDone,
        },
        Said::Fault(fault) => refused(operation, fault, told.doubt),
    }
}

fn refused(operation: &StoredOperation, fault: Fault, doubt: Doubt) -> Judged {
    let not_found = fault.label() == Label::Sugar(SugarLabel::NotFound);
    match (&operation.change, fault.reaction()) {
        // Gone is what was wanted.
        (Some(Change::Delete { .. } | Change::Unlink { .. }), _) if not_found => {
            let state = if doubt == Doubt::None {
                State::Unchanged
            } else {
                State::Ok
            };
            settled(Settlement::new(state).status(fault.status()))
        }
        // The id may be taken: by this very create, whose first answer was lost, or by another.
        (Some(Change::Create { .. }), Reaction::Fail) => Judged::LookUp {
            fault: Some(fault),
            doubt,
        },
        (_, Reaction::Reread) => Judged::LookUp {
            fault: Some(fault),
            doubt,
        },
        (_, Reaction::Repeat | Reaction::Metadata) if doubt == Doubt::PerhapsDone => {
            Judged::LookUp {
                fault: Some(fault),
                doubt,
            }
        }
        (_, Reaction::Metadata) => Judged::Outdated,
        _ => settled(failed(&fault)),
    }
}

pub(super) fn failed(fault: &Fault) -> Settlement {
    Settlement::new(State::Failed)
        .label(fault.label(), fault.to_string())
        .status(fault.status())
}

/// The instance says it is done; what it holds now is compared with what was sent, since it drops what it does not know.
fn done(
    operation: &StoredOperation,
    step: &CheckedStep,
    metadata: &Metadata,
    body: &Json,
    status: u16,
) -> Settlement {
    let settlement = Settlement::new(State::Ok).status(Some(status));
    let Some(change) = &operation.change else {
        return settlement;
    };
    if let Change::Delete { .. } | Change::Link { .. } | Change::Unlink { .. } = change {
        return settlement;
    }
    let (module, fields) = (change.module(), change.fields());
    let Json::Object(record) = body else {
        return settlement.label(
            LocalLabel::NotStored,
            "the answer shows no record to compare with",
        );
    };
    let mut settlement = settlement;
    settlement.change = other_id(change, record);
    settlement.result = Some(kept(step, &fields, record));
    let lost = not_stored(step, module, &fields, record, metadata);
    let (failing, warned): (Vec<_>, Vec<_>) = lost
        .into_iter()
        .partition(|lost| lost.mode == VerifyMode::Fail);
    let told = |lost: &[Lost]| {
        let list: Vec<String> = lost.iter().map(Lost::sentence).collect();
        format!(
            "{}; a logic hook or a formula may have changed it",
            list.join(", ")
        )
    };
    if !failing.is_empty() {
        let message = told(&failing);
        settlement.state = State::Failed;
        return settlement.label(LocalLabel::NotStored, message);
    }
    if !warned.is_empty() {
        settlement.message = Some(told(&warned));
    }
    settlement
}

/// The change as it was done, where the instance gave another id than the one that was sent.
fn other_id(change: &Change, record: &Map<String, Json>) -> Option<Change> {
    let Change::Create { id, .. } = change else {
        return None;
    };
    let given = record.get("id")?.as_str()?;
    (given != id.as_str()).then(|| change.with_id(RecordId::new(given)))
}

/// What an answer to a create says of the instance.
pub(super) fn client_ids(settlement: &Settlement) -> ClientIds {
    match settlement.change {
        Some(_) => ClientIds::Ignored,
        None => ClientIds::Honoured,
    }
}

/// The fields somebody may use later: those that were set, and those that later steps read.
pub(super) fn kept(
    step: &CheckedStep,
    sent: &Map<String, Json>,
    record: &Map<String, Json>,
) -> Map<String, Json> {
    let wanted = |name: &str| match &step.projection {
        Projection::All => name != "_acl",
        Projection::Fields(fields) => {
            name == "id" || fields.contains(name) || sent.contains_key(name)
        }
    };
    record
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

struct Lost {
    field: String,
    sent: Json,
    got: Json,
    mode: VerifyMode,
}

impl Lost {
    fn sentence(&self) -> String {
        format!(
            "`{}` was sent as {} and is {}",
            self.field, self.sent, self.got
        )
    }
}

fn not_stored(
    step: &CheckedStep,
    module: &ModuleName,
    sent: &Map<String, Json>,
    record: &Map<String, Json>,
    metadata: &Metadata,
) -> Vec<Lost> {
    sent.iter()
        .filter_map(|(name, value)| {
            let named = step
                .verify
                .by_field
                .iter()
                .find(|(field, _)| field.value == *name);
            let mode = named.map_or(step.verify.otherwise, |(_, mode)| *mode);
            let field = metadata.field(module.as_str(), name);
            let differs = mode != VerifyMode::Off
                && same(field, value, record.get(name)) == Verdict::Different;
            differs.then(|| Lost {
                field: name.clone(),
                sent: value.clone(),
                got: record.get(name).cloned().unwrap_or_default(),
                mode,
            })
        })
        .collect()
}
