//! When an answer does not say what happened, it is judged by what the instance holds.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::deliver::Doubt;
use super::ids::OtherIds;
use super::inquiry::Moment;
use super::inquiry::Question;
use super::judge;
use super::looking::record_need;
use super::meanwhile::Meanwhile;
use super::meanwhile::meanwhile;
use super::needs::Absence;
use super::needs::Known;
use super::partly::partly;
use super::seen;
use super::standing::Standing;
use crate::metadata::value::Print;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::Seen;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::runfile::Why;
use crate::wire::Fault;
use crate::wire::LocalLabel;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// Times an operation may be sent before it is called failed, unless `retry` says otherwise.
const MOST_ATTEMPTS: u32 = 5;

/// What the instance says of a question.
pub(super) enum Told {
    Settled(Settlement),
    /// The record of a create is not there, and may be under another id.
    NotThere,
    /// It does not say it.
    Unsure(Settlement),
}

impl Engine<'_> {
    /// What has to be asked to know what became of an operation, and the other ids that its record may have.
    pub(super) fn need_of_question(
        &mut self,
        operation: &StoredOperation,
        moment: Moment,
    ) -> Result<(Need, OtherIds), ExecuteError> {
        let Some(change) = &operation.change else {
            return Ok((Need::Nothing, OtherIds::new()));
        };
        let need = match (change, moment) {
            (Change::Create { .. }, _) => return self.need_of_create(operation),
            (Change::Update { .. } | Change::Delete { .. }, _) => {
                record_need(operation, change, &self.metadata)
            }
            // Linking twice is linking once, and so is marking: while it may be under way it is simply sent again.
            (
                Change::Link { .. }
                | Change::Unlink { .. }
                | Change::Favorite { .. }
                | Change::Unfavorite { .. },
                Moment::Late,
            ) => self.whole_need_of_links(change).unwrap_or(Need::Nothing),
            (
                Change::Link { .. }
                | Change::Unlink { .. }
                | Change::Favorite { .. }
                | Change::Unfavorite { .. },
                Moment::AtOnce,
            )
            | (Change::UpsertByKey { .. } | Change::Call { .. }, _) => Need::Nothing,
        };
        Ok((need, OtherIds::new()))
    }

    /// What the ids of creates lead to, asked for all operations in one go. Others have nothing here.
    pub(super) async fn held_ids(
        &mut self,
        operations: impl Iterator<Item = &StoredOperation>,
    ) -> Result<Vec<Known>, ExecuteError> {
        let mut asked = Vec::new();
        let mut others = Vec::new();
        for operation in operations {
            let (need, other_ids) = self.need_of_create(operation)?;
            asked.push((need, Absence::Odd));
            others.push(other_ids);
        }
        self.know_by_any_id(&mut asked, &others).await
    }

    /// Judges by what the instance holds: `known` is what it answered to [`Engine::need_of_question`].
    pub(super) fn judged_by(
        &self,
        question: &Question,
        known: Known,
        moment: Moment,
    ) -> Result<Told, ExecuteError> {
        let Question {
            operation,
            fault,
            doubt,
        } = question;
        let settlement = match &operation.change {
            Some(Change::Create { .. }) => {
                match self.created(operation, fault.as_ref(), *doubt, known) {
                    Told::Settled(settlement) => settlement,
                    other => return Ok(other),
                }
            }
            Some(Change::Update { .. } | Change::Delete { .. }) => {
                self.overwritten(operation, fault.as_ref(), *doubt, known)?
            }
            Some(
                Change::Link { .. }
                | Change::Unlink { .. }
                | Change::Favorite { .. }
                | Change::Unfavorite { .. },
            ) => match moment {
                // What is found done is ours; an undo, which repeats nothing, has to take it back.
                Moment::Late if self.is_so_already(operation, known) => {
                    partly(operation, Settlement::new(State::Ok))
                }
                // Linking twice is linking once, and so is marking.
                Moment::Late | Moment::AtOnce => self.again(operation, fault.as_ref()),
            },
            // An upsert by key finds what it made itself.
            Some(Change::UpsertByKey { .. }) | None => self.again(operation, fault.as_ref()),
            Some(Change::Call { .. }) => call_without_answer(fault.as_ref()),
        };
        Ok(Told::Settled(self.ended_so(operation, settlement)))
    }

    /// With what it touched, and as the playbook takes it.
    pub(super) fn ended_so(
        &self,
        operation: &StoredOperation,
        settlement: Settlement,
    ) -> Settlement {
        let settlement = seen::completed(settlement, operation, &self.metadata);
        self.tolerated(operation.seq, settlement)
    }

    /// Back to be sent once more, unless that was tried often enough.
    pub(super) fn again(&self, operation: &StoredOperation, fault: Option<&Fault>) -> Settlement {
        let retry = &self.checked.step(operation.seq.step()).retry;
        let most = retry.attempts.unwrap_or(MOST_ATTEMPTS);
        match fault {
            Some(fault) if operation.attempts >= most => judge::failed(fault),
            _ => Settlement::new(State::Planned),
        }
    }

    /// Of anything but a create there is nothing to be known.
    fn need_of_create(
        &mut self,
        operation: &StoredOperation,
    ) -> Result<(Need, OtherIds), ExecuteError> {
        let Some(Change::Create { module, id, .. }) = &operation.change else {
            return Ok((Need::Nothing, OtherIds::new()));
        };
        let need = Need::Record {
            module: module.clone(),
            record: id.clone(),
            // So that an undo can tell later what somebody changed of it.
            fields: Fields::All,
        };
        // First by the id that it carried, unless the ledger knows that this was replaced.
        let mut given = self.given(operation.seq, &operation.key, id)?.into_iter();
        Ok(match given.next() {
            Some(last) => (need.of_record(&last), given.chain([id.clone()]).collect()),
            None => (need, OtherIds::new()),
        })
    }

    fn created(
        &self,
        operation: &StoredOperation,
        fault: Option<&Fault>,
        doubt: Doubt,
        known: Known,
    ) -> Told {
        let settlement = match (known, doubt) {
            (Ok(Current::Record(record)), _) => {
                let mut settlement = self.found_made(operation, &record);
                if doubt == Doubt::PerhapsDone {
                    settlement.state = State::Ok;
                    settlement.seen.extend(self.seen_late(operation, &record));
                }
                settlement
            }
            (Err(unread), Doubt::PerhapsDone) => return Told::Unsure(untold(&unread, doubt)),
            (Err(unread), Doubt::None) => untold(&unread, doubt),
            (Ok(_), Doubt::PerhapsDone) => return Told::NotThere,
            (Ok(_), Doubt::None) => match fault {
                // A parent that is gone has nothing to do with the id.
                Some(fault) if fault.label() == SugarLabel::NotFound.into() => judge::failed(fault),
                Some(fault) => refused_create(fault),
                None => Settlement::new(State::Planned),
            },
        };
        Told::Settled(settlement)
    }

    /// A record of ours as it is read for want of an answer. Where somebody else saved it by then, nobody knows what we
    /// made of it: all that it holds is theirs to an undo.
    fn seen_late(&self, operation: &StoredOperation, record: &Map<String, Json>) -> Option<Seen> {
        let text = |name: &str| record.get(name).and_then(Json::as_str);
        let module = operation.change.as_ref().and_then(Change::module)?;
        let id = text("id")?;
        let by_us = text("modified_user_id").is_none_or(|user| user == self.user_id);
        let print = self
            .metadata
            .module(module.as_str())
            .map(|known| match by_us {
                true => Print::of(known, record),
                false => Print::default(),
            });
        Some(Seen {
            module: module.clone(),
            record: RecordId::new(id),
            why: Why::Made,
            at: text("date_modified").map(str::to_owned),
            print,
        })
    }

    /// The record of a create is there already.
    pub(super) fn found_made(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Settlement {
        let mut settlement = Settlement::new(State::Unchanged);
        let Some(change @ Change::Create { module, fields, .. }) = &operation.change else {
            return settlement;
        };
        let differing: Vec<String> = fields
            .iter()
            .filter(|(name, value)| {
                let field = self.metadata.field(module.as_str(), name);
                same(field, value, record.get(*name)) == Verdict::Different
            })
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let step = self.checked.step(operation.seq.step());
        settlement.records = vec![judge::kept(step, fields, record)];
        settlement.change = judge::other_id(change, record);
        if !differing.is_empty() {
            let names = differing.join(", ");
            settlement.message = Some(format!(
                "the record exists already and differs in {names}; a create never overwrites"
            ));
        }
        settlement
    }

    /// Whether the links or the favorite of an operation are as it makes them.
    fn is_so_already(&self, operation: &StoredOperation, known: Known) -> bool {
        let current = known.ok();
        current
            .is_some_and(|current| meanwhile(operation, current, &self.metadata) == Meanwhile::Done)
    }

    fn overwritten(
        &self,
        operation: &StoredOperation,
        fault: Option<&Fault>,
        doubt: Doubt,
        known: Known,
    ) -> Result<Settlement, ExecuteError> {
        let done = match doubt {
            Doubt::PerhapsDone => State::Ok,
            Doubt::None => State::Unchanged,
        };
        let deletes = matches!(operation.change, Some(Change::Delete { .. }));
        Ok(match self.standing(operation, known, &BTreeSet::new())? {
            Standing::Done => Settlement::new(done),
            Standing::Gone if deletes => Settlement::new(done),
            Standing::Drifted { message, .. } => {
                Settlement::new(State::Failed).label(LocalLabel::Drift, message)
            }
            Standing::Unreadable(fault) => untold(&fault, doubt),
            Standing::Gone => {
                Settlement::new(State::Failed).label(SugarLabel::NotFound, "the record is gone")
            }
            Standing::AsPlanned { .. } => self.again(operation, fault),
        })
    }
}

/// What cannot be found out: failed, unless it may have been done all the same.
fn untold(fault: &Fault, doubt: Doubt) -> Settlement {
    match doubt {
        Doubt::None => judge::failed(fault),
        Doubt::PerhapsDone => Settlement::new(State::Unknown)
            .label(
                fault.label(),
                format!(
                    "{fault}; it may have been done all the same, and the next `apply` asks again"
                ),
            )
            .status(fault.status()),
    }
}

/// Nobody but the endpoint knows what a call did, and it is not asked.
fn call_without_answer(fault: Option<&Fault>) -> Settlement {
    let (label, why) = match fault {
        Some(fault) => (fault.label(), fault.to_string()),
        None => (LocalLabel::Network.into(), "its answer was lost".to_owned()),
    };
    let status = fault.and_then(Fault::status);
    let message = format!(
        "{why}; nobody can tell whether the call was done: look for what it does, and if it was not, \
         `apply --retry-unknown`"
    );
    Settlement::new(State::Unknown)
        .label(label, message)
        .status(status)
}

/// Sugar says `invalid_parameter` both of a bad value and of an id that a deleted record holds; only its words tell.
fn refused_create(fault: &Fault) -> Settlement {
    let text = fault.to_string().to_lowercase();
    let about_id = text
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "id" || word == "duplicate");
    // What lacks an id is another record than the one that is made, which has one.
    let lacks_one = fault.label() == SugarLabel::MissingParameter.into();
    if about_id && !lacks_one {
        let message = format!(
            "{fault}; a deleted record, or one this user does not see, seems to hold the id: raise `generation`, or give `--generation N`, to create anew"
        );
        return Settlement::new(State::Failed)
            .label(LocalLabel::IdTaken, message)
            .status(fault.status());
    }
    judge::failed(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_that_speaks_of_the_id_says_that_it_is_taken() {
        let label = |label: SugarLabel, message: &str| {
            let fault = Fault::Refused {
                status: 422,
                label: label.into(),
                message: message.into(),
                retry_after: None,
            };
            refused_create(&fault).label.expect("it failed").to_string()
        };
        let taken = label(SugarLabel::InvalidParameter, "Duplicate id");
        assert_eq!(taken, "local:id_taken");
        let lacking = label(SugarLabel::MissingParameter, "Missing parameter: id");
        assert_eq!(lacking, "missing_parameter");
        let bad = label(SugarLabel::InvalidParameter, "no such field");
        assert_eq!(bad, "invalid_parameter");
    }
}
