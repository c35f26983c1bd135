//! When an answer does not say what happened, the instance is asked what it holds.

use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Engine;
use super::ExecuteError;
use super::deliver::Doubt;
use super::judge;
use super::needs::Absence;
use super::needs::Known;
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
use crate::runfile::ClientIds;
use crate::runfile::Seen;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::runfile::Why;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// Times an operation may be sent before it is called failed, unless `retry` says otherwise.
const MOST_ATTEMPTS: u32 = 5;

/// How far the instance's clock may be from ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// An operation whose answer does not settle it.
pub(super) struct Question {
    pub(super) operation: StoredOperation,
    pub(super) fault: Option<Fault>,
    pub(super) doubt: Doubt,
}

impl Engine<'_> {
    /// What the ids of creates lead to, asked for all operations in one go: of a load that assumes that everything is
    /// new, a whole batch may be refused. Others have nothing here.
    pub(super) async fn held_ids(
        &mut self,
        operations: impl Iterator<Item = &StoredOperation> + Clone,
    ) -> Result<Vec<Option<Known>>, ExecuteError> {
        let mut asked = Vec::new();
        let mut others = Vec::new();
        let mut is_asked = Vec::new();
        for operation in operations {
            let need = Self::need_of_create(operation);
            is_asked.push(need.is_some());
            let Some(need) = need else { continue };
            // First by the id that it carried, unless the ledger knows that this was replaced.
            let own = operation.change.as_ref().and_then(Change::record).cloned();
            let given = own
                .as_ref()
                .map(|own| self.given(operation.seq, &operation.key, own));
            let mut given = given.transpose()?.unwrap_or_default().into_iter();
            match given.next() {
                Some(last) => {
                    asked.push((need.of_record(&last), Absence::Odd));
                    others.push(given.chain(own).collect());
                }
                None => {
                    asked.push((need, Absence::Odd));
                    others.push(Vec::new());
                }
            }
        }
        let mut known = self.know_by_any_id(&mut asked, &others).await?.into_iter();
        Ok(is_asked
            .into_iter()
            .map(|is_asked| is_asked.then(|| known.next()).flatten())
            .collect())
    }

    /// Judges by what the instance holds. `held` is what [`Engine::held_ids`] gave for the question.
    pub(super) async fn look_up(
        &self,
        question: Question,
        held: Option<Known>,
    ) -> Result<Settlement, ExecuteError> {
        let Question {
            operation,
            fault,
            doubt,
        } = question;
        let settlement = match &operation.change {
            Some(Change::Create { .. }) => self.created(&operation, fault, doubt, held).await?,
            Some(Change::Update { .. } | Change::Delete { .. }) => {
                self.overwritten(&operation, fault, doubt).await?
            }
            // Linking twice is linking once, and so is marking.
            // An upsert by key finds what it made itself.
            Some(
                Change::Link { .. }
                | Change::Unlink { .. }
                | Change::Favorite { .. }
                | Change::Unfavorite { .. }
                | Change::UpsertByKey { .. },
            )
            | None => self.again(&operation, fault),
            Some(Change::Call { .. }) => call_without_answer(fault.as_ref()),
        };
        let settlement = seen::completed(settlement, &operation, &self.metadata);
        Ok(self.tolerated(operation.seq, settlement))
    }

    /// Back to be sent once more, unless that was tried often enough.
    fn again(&self, operation: &StoredOperation, fault: Option<Fault>) -> Settlement {
        let retry = &self.checked.step(operation.seq.step()).retry;
        let most = retry.attempts.unwrap_or(MOST_ATTEMPTS);
        match fault {
            Some(fault) if operation.attempts >= most => judge::failed(&fault),
            _ => Settlement::new(State::Planned),
        }
    }

    fn need_of_create(operation: &StoredOperation) -> Option<Need> {
        let Some(Change::Create { module, id, .. }) = &operation.change else {
            return None;
        };
        Some(Need::Record {
            module: module.clone(),
            record: id.clone(),
            // So that an undo can tell later what somebody changed of it.
            fields: Fields::All,
        })
    }

    async fn created(
        &self,
        operation: &StoredOperation,
        fault: Option<Fault>,
        doubt: Doubt,
        held: Option<Known>,
    ) -> Result<Settlement, ExecuteError> {
        let record = match held {
            Some(Ok(Current::Record(record))) => record,
            Some(Err(fault)) => return Ok(untold(&fault, doubt)),
            _ => return self.not_there(operation, fault, doubt).await,
        };
        let mut settlement = self.found_made(operation, &record);
        if doubt == Doubt::PerhapsDone {
            settlement.state = State::Ok;
            settlement.seen.extend(self.seen_late(operation, &record)?);
        }
        Ok(settlement)
    }

    /// A record of ours as it is read for want of an answer. Where somebody else saved it by then, nobody knows what we
    /// made of it: all that it holds is theirs to an undo.
    fn seen_late(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Result<Option<Seen>, ExecuteError> {
        let text = |name: &str| record.get(name).and_then(Json::as_str);
        let (Some(module), Some(id)) = (
            operation.change.as_ref().and_then(Change::module),
            text("id"),
        ) else {
            return Ok(None);
        };
        let ours = self.file.header()?.instance.user_id;
        let by_us = text("modified_user_id").is_none_or(|user| user == ours);
        let print = self
            .metadata
            .module(module.as_str())
            .map(|known| match by_us {
                true => Print::of(known, record),
                false => Print::default(),
            });
        Ok(Some(Seen {
            module: module.clone(),
            record: RecordId::new(id),
            why: Why::Made,
            at: text("date_modified").map(str::to_owned),
            print,
        }))
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

    /// A create was refused or its answer lost, and its id leads nowhere.
    async fn not_there(
        &self,
        operation: &StoredOperation,
        fault: Option<Fault>,
        doubt: Doubt,
    ) -> Result<Settlement, ExecuteError> {
        if doubt == Doubt::None {
            return Ok(match fault {
                // A parent that is gone has nothing to do with the id.
                Some(fault) if fault.label() == SugarLabel::NotFound.into() => {
                    judge::failed(&fault)
                }
                Some(fault) => refused_create(&fault),
                None => Settlement::new(State::Planned),
            });
        }
        if self.file.get::<ClientIds>()? == Some(ClientIds::Honoured) {
            return Ok(self.again(operation, fault));
        }
        match self.made_by_us(operation).await? {
            Some(id) => {
                let mut settlement = Settlement::new(State::Ok);
                if let Some(change @ Change::Create { fields, .. }) = &operation.change {
                    let mut result = fields.clone();
                    result.insert("id".into(), id.as_str().into());
                    settlement.records = vec![result];
                    settlement.change = Some(change.with_id(id));
                }
                Ok(settlement)
            }
            None => {
                let message = "its answer was lost, and no single record can be told to be it; look for it, then \
                               `apply --retry-unknown`";
                Ok(Settlement::new(State::Unknown).label(LocalLabel::Network, message))
            }
        }
    }

    /// The one record with the values of a create that this user made since it was sent.
    async fn made_by_us(
        &self,
        operation: &StoredOperation,
    ) -> Result<Option<RecordId>, ExecuteError> {
        let (Some(Change::Create { module, fields, .. }), Some(sent_at)) =
            (&operation.change, self.file.sent_at(operation.seq)?)
        else {
            return Ok(None);
        };
        let mut conditions = self.made_since(&sent_at)?;
        conditions.extend(
            fields
                .iter()
                .filter(|(_, value)| matches!(value, Json::String(text) if !text.is_empty()))
                .filter(|(name, _)| self.metadata.field(module.as_str(), name).is_some())
                .map(|(name, value)| json!({ name.clone(): value })),
        );
        Ok(
            match self.at_most_two(module, conditions).await?.as_deref() {
                Some([one]) => one.get("id").and_then(Json::as_str).map(RecordId::new),
                _ => None,
            },
        )
    }

    /// Whether this user has made no record of the module since well before a create was sent: then it was not done,
    /// whatever ids the instance gives. To be asked only when the request cannot be under way any more.
    pub(super) async fn nothing_was_made(
        &self,
        operation: &StoredOperation,
    ) -> Result<bool, ExecuteError> {
        let sent_at = self.file.sent_at(operation.seq)?;
        let sent_at = sent_at.and_then(|at| at.parse::<Timestamp>().ok());
        let (Some(Change::Create { module, .. }), Some(sent_at)) = (&operation.change, sent_at)
        else {
            return Ok(false);
        };
        let from = sent_at.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
        let conditions = self.made_since(&from.to_string())?;
        let found = self.at_most_two(module, conditions).await?;
        Ok(found.is_some_and(|records| records.is_empty()))
    }

    fn made_since(&self, when: &str) -> Result<Vec<Json>, ExecuteError> {
        let user = self.file.header()?.instance.user_id;
        Ok(vec![
            json!({ "created_by": user }),
            json!({ "date_entered": { "$gte": when } }),
        ])
    }

    /// The first two records that meet the conditions; nothing where the instance does not answer that.
    async fn at_most_two(
        &self,
        module: &ModuleName,
        conditions: Vec<Json>,
    ) -> Result<Option<Vec<Map<String, Json>>>, ExecuteError> {
        let page = Page {
            fields: Some(vec!["id".into()]),
            order_by: None,
            max_num: 2,
            offset: 0,
        };
        let read = Read::Filter {
            module: module.clone(),
            filter: Filter::new(conditions),
            saved_filter: None,
            form: FilterForm::Post,
            page,
        };
        let found = self.asker.one(read).await?.ok().and_then(Answer::records);
        Ok(found.map(|page| page.records))
    }

    async fn overwritten(
        &self,
        operation: &StoredOperation,
        fault: Option<Fault>,
        doubt: Doubt,
    ) -> Result<Settlement, ExecuteError> {
        let done = if doubt == Doubt::PerhapsDone {
            State::Ok
        } else {
            State::Unchanged
        };
        let deletes = matches!(operation.change, Some(Change::Delete { .. }));
        let standing = self.standings(&[operation]).await?.pop();
        Ok(match standing {
            Some(Standing::Done) => Settlement::new(done),
            Some(Standing::Gone) if deletes => Settlement::new(done),
            Some(Standing::Drifted { message, .. }) => {
                Settlement::new(State::Failed).label(LocalLabel::Drift, message)
            }
            Some(Standing::Unreadable(fault)) => untold(&fault, doubt),
            Some(Standing::Gone) => {
                Settlement::new(State::Failed).label(SugarLabel::NotFound, "the record is gone")
            }
            Some(Standing::AsPlanned { .. }) | None => self.again(operation, fault),
        })
    }
}

/// Nobody but the endpoint knows what a call did, and it is not asked.
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
