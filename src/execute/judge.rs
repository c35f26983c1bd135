//! An answer into an outcome.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Map;
use serde_json::Value as Json;

use super::deliver::Doubt;
use super::deliver::Said;
use super::deliver::Told;
use crate::batch::Carried;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::diag::Located;
use crate::expr::Path;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::State;
use crate::operation::Why;
use crate::operation::Written;
use crate::playbook::VerifyMode;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::Fault;
use crate::wire::Fields;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Reaction;
use crate::wire::RecordId;
use crate::wire::Shown;
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
    /// The same, but the records named each by a request of its own: of which of them the refusal speaks is not said.
    Singly(Vec<RecordId>),
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
    let mut last: Option<Box<Settlement>> = None;
    let mut seen = Vec::new();
    let mut refused: Vec<(Arc<[RecordId]>, Box<Settlement>)> = Vec::new();
    let mut singly = Vec::new();
    for told in told {
        let others = Arc::clone(&told.others);
        match one(operation, step, metadata, told) {
            Judged::Settled(mut settlement) if settlement.state.is_good() => {
                seen.append(&mut settlement.seen);
                // One part that was so already does not mean that the others were.
                let is_less = settlement.state == State::Unchanged
                    && last.as_ref().is_some_and(|other| other.state == State::Ok);
                if !is_less {
                    last = Some(settlement);
                }
            }
            Judged::Settled(settlement) => refused.push((others, settlement)),
            Judged::Singly(ids) => singly.extend(ids),
            worse => return worse,
        }
    }
    if !singly.is_empty() {
        return Judged::Singly(singly);
    }
    let ended = match last {
        Some(mut settlement) => {
            settlement.seen = seen;
            for (others, refused) in refused {
                settlement.status = refused.status;
                let why = Why::Refused {
                    label: refused.label.unwrap_or_else(|| LocalLabel::Http.into()),
                    message: refused.message.unwrap_or_default(),
                };
                let omitted = others.iter().map(|id| (id.clone(), why.clone()));
                settlement.omitted.extend(omitted);
            }
            settlement
        }
        None => match refused.into_iter().next() {
            Some((_, settlement)) => settlement,
            None => return Judged::Again,
        },
    };
    settled(super::seen::completed(*ended, operation, metadata))
}

fn one(operation: &StoredOperation, step: &CheckedStep, metadata: &Metadata, told: Told) -> Judged {
    match told.said {
        Said::Answer(answer) => {
            let whole = answer.body.shown();
            let find = |path: &Located<Path>| path.value.find(&whole.json().unwrap_or_default());
            let selected = step.select.as_ref().map(find);
            let change = operation.change.as_ref();
            let creates = matches!(change, Some(Change::Create { .. }));
            let made_along = creates && told.carried == Carried::Below;
            let below = made_along || change.and_then(Change::parent).is_some();
            let fields = whole.fields();
            let part = |name: &str| fields.as_ref().and_then(|fields| fields.get(name));
            let part = match (change, below) {
                (_, true) => Some(part("related_record")),
                (Some(Change::UpsertByKey { .. }), _) => Some(part("record")),
                _ => None,
            };
            let body = part.unwrap_or(Some(whole));
            let fields_of_part = part.flatten().and_then(Shown::fields);
            let record = match part {
                Some(_) => fields_of_part.as_ref(),
                None => fields.as_ref(),
            };
            match body {
                Some(_)
                    if told.carried != Carried::Alone
                        && !shows_own_ids(change, fields.as_ref()) =>
                {
                    Judged::Again
                }
                Some(body) => {
                    let mut settlement = done(operation, step, metadata, body, record);
                    settlement.status = Some(answer.status);
                    settlement.selected = selected;
                    if let Some(change) = change {
                        let shown = if made_along { record } else { fields.as_ref() };
                        settlement.seen = super::seen::in_answer(change, shown, metadata);
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
        // Of which of its operations the refusal speaks is not said, so each goes by itself.
        Said::Fault(_) if told.carried != Carried::Alone && told.doubt == Doubt::None => {
            Judged::Again
        }
        Said::Fault(fault)
            if fault.label() == Label::Sugar(SugarLabel::NotFound) && told.others.len() > 1 =>
        {
            Judged::Singly(told.others.to_vec())
        }
        Said::Fault(fault) => refused(operation, fault, told.doubt),
    }
}

/// Whether an answer to the links of several operations shows those of this one. An answer that names no records at all
/// says nothing against it.
fn shows_own_ids(change: Option<&Change>, answer: Option<&Fields<'_>>) -> bool {
    let Some(Change::Link {
        record, targets, ..
    }) = change
    else {
        return true;
    };
    let Some(answer) = answer else {
        return true;
    };
    let id_of = |bean: Shown<'_>| Some(RecordId::new(bean.fields()?.text("id")?));
    let related = answer.get("related_records").and_then(Shown::items);
    if let Some(related) = related {
        let named: BTreeSet<RecordId> = related.into_iter().filter_map(id_of).collect();
        return targets.iter().all(|target| named.contains(&target.id));
    }
    // Of a record created below another the link may have been meant from either end.
    answer.get("related_record").is_none_or(|bean| {
        id_of(bean).is_some_and(|named| {
            named == *record || targets.iter().any(|target| target.id == named)
        })
    })
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
        // What it conflicts with is nothing that could be read again.
        (Some(Change::Call { .. }), Reaction::Reread) => settled(failed(&fault)),
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
    body: Shown<'_>,
    record: Option<&Fields<'_>>,
) -> Settlement {
    let mut settlement = Settlement::new(State::Ok);
    let Some(change) = &operation.change else {
        return settlement;
    };
    let (module, fields) = match change {
        Change::Delete { .. } | Change::Link { .. } | Change::Unlink { .. } => return settlement,
        Change::Call { .. } => {
            settlement.records = super::walk::records_in(&body.json().unwrap_or_default())
                .iter()
                .map(|record| kept(step, &Map::new(), record))
                .collect();
            return settlement;
        }
        Change::Create { module, fields, .. }
        | Change::Update { module, fields, .. }
        | Change::UpsertByKey { module, fields, .. } => (module, Cow::Borrowed(fields)),
        Change::Favorite { module, .. } | Change::Unfavorite { module, .. } => {
            (module, change.fields())
        }
    };
    // An instance that does not show the record it upserted shows its id; what was stored is not seen then.
    if let (Change::UpsertByKey { .. }, Some(id)) = (change, body.text()) {
        let mut record = fields.into_owned();
        record.insert("id".into(), id.as_ref().into());
        settlement.change = other_id(change, &record);
        settlement.records = vec![record];
        return settlement;
    }
    let Some(record) = record else {
        settlement.written = Some(Written::All);
        return settlement.label(
            LocalLabel::NotStored,
            "the answer shows no record to compare with",
        );
    };
    settlement.change = other_id(change, record);
    settlement.records = vec![kept(step, &fields, record)];
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
        settlement.written = Some(Written::All);
        return settlement.label(LocalLabel::NotStored, message);
    }
    if !warned.is_empty() {
        settlement.message = Some(told(&warned));
    }
    settlement
}

/// The change as it was done, where the instance gave another id than the one that was sent, or the first.
pub(super) fn other_id(change: &Change, record: &impl Record) -> Option<Change> {
    let (Change::Create { .. } | Change::UpsertByKey { .. }) = change else {
        return None;
    };
    let given = record.value("id")?;
    let given = given.as_str()?;
    let known = change.record().map(RecordId::as_str);
    (known != Some(given)).then(|| change.with_id(RecordId::new(given)))
}

/// What an answer to a create says of the instance.
pub(super) fn client_ids(settlement: &Settlement) -> ClientIds {
    match settlement.change {
        Some(_) => ClientIds::Ignored,
        None => ClientIds::Honoured,
    }
}

/// A record, read already or as an answer shows it.
pub(super) trait Record {
    fn value(&self, name: &str) -> Option<Json>;

    fn whole(&self) -> Map<String, Json>;
}

impl Record for Map<String, Json> {
    fn value(&self, name: &str) -> Option<Json> {
        self.get(name).cloned()
    }

    fn whole(&self) -> Map<String, Json> {
        self.clone()
    }
}

impl Record for Fields<'_> {
    fn value(&self, name: &str) -> Option<Json> {
        self.json(name)
    }

    fn whole(&self) -> Map<String, Json> {
        Fields::whole(self)
    }
}

/// The fields somebody may use later: those that were set, and those that later steps read.
pub(super) fn kept(
    step: &CheckedStep,
    sent: &Map<String, Json>,
    record: &impl Record,
) -> Map<String, Json> {
    match &step.projection {
        Projection::All => {
            let mut whole = record.whole();
            whole.remove("_acl");
            whole
        }
        Projection::Fields(fields) => {
            let names = fields.iter().chain(sent.keys()).map(String::as_str);
            std::iter::once("id")
                .chain(names)
                .filter_map(|name| Some((name.to_owned(), record.value(name)?)))
                .collect()
        }
    }
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
    record: &Fields<'_>,
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
            let got = record.json(name);
            let differs =
                mode != VerifyMode::Off && same(field, value, got.as_ref()) == Verdict::Different;
            differs.then(|| Lost {
                field: name.clone(),
                sent: value.clone(),
                got: got.unwrap_or_default(),
                mode,
            })
        })
        .collect()
}
