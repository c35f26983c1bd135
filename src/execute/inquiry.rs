//! Operations in doubt: the instance is asked about all of them at once, and each is settled by what it holds.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Engine;
use super::ExecuteError;
use super::deliver::Doubt;
use super::lookup::Told;
use super::needs::Absence;
use super::partly::partly;
use crate::kill;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::State;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;

/// How far the instance's clock may be from ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// An operation whose answer does not settle it.
pub(super) struct Question {
    pub(super) operation: StoredOperation,
    pub(super) fault: Option<Fault>,
    pub(super) doubt: Doubt,
}

impl Question {
    /// Of an operation that was sent, and of which nothing more is known.
    pub(super) fn unanswered(operation: StoredOperation) -> Self {
        Self {
            operation,
            fault: None,
            doubt: Doubt::PerhapsDone,
        }
    }
}

/// When it is asked what became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Its batch just came back; it may be under way still.
    AtOnce,
    /// It cannot be under way any more.
    Late,
}

impl Engine<'_> {
    /// Asks what became of operations and writes it down, one after the other: those that a kill leaves over are asked
    /// about again. True where something is known now that was not.
    pub(super) async fn clear_up(
        &mut self,
        questions: Vec<Question>,
        moment: Moment,
    ) -> Result<bool, ExecuteError> {
        let mut needs = Vec::with_capacity(questions.len());
        let mut others = Vec::with_capacity(questions.len());
        for question in &questions {
            let (need, other_ids) = self.need_of_question(&question.operation, moment)?;
            needs.push((need, Absence::Odd));
            others.push(other_ids);
        }
        let known = self.know_by_any_id(&mut needs, &others).await?;
        let mut clears_up = false;
        let mut not_there = Vec::new();
        let mut unsure = Vec::new();
        for (question, known) in questions.into_iter().zip(known) {
            match self.judged_by(&question, known, moment)? {
                Told::Settled(settlement) => {
                    clears_up |= self.conclude(&question.operation, settlement, moment)?;
                }
                Told::NotThere => not_there.push(question),
                Told::Unsure(settlement) => unsure.push((question.operation, settlement)),
            }
        }
        // Those that were found show whether the instance keeps ids.
        if self.file.get::<ClientIds>()? == Some(ClientIds::Honoured) {
            for Question {
                operation, fault, ..
            } in not_there
            {
                let settlement = self.again(&operation, fault.as_ref());
                clears_up |= self.conclude(&operation, settlement, moment)?;
            }
        } else {
            let found = self.made_by_us(&not_there).await?;
            for (Question { operation, .. }, found) in not_there.into_iter().zip(found) {
                match self.made_as(&operation, found)? {
                    Some(settlement) => {
                        clears_up |= self.conclude(&operation, settlement, moment)?;
                    }
                    None => unsure.push((operation, lost())),
                }
            }
        }
        if moment == Moment::Late {
            self.plan_what_was_not_done(&mut unsure).await?;
        }
        for (operation, settlement) in unsure {
            clears_up |= self.conclude(&operation, settlement, moment)?;
        }
        Ok(clears_up)
    }

    /// Writes down what became of an operation. True where it was not known before.
    fn conclude(
        &mut self,
        operation: &StoredOperation,
        settlement: Settlement,
        moment: Moment,
    ) -> Result<bool, ExecuteError> {
        match moment {
            Moment::AtOnce => {
                let settlement = partly(operation, settlement);
                // Perhaps it is under way still; it is asked about again when nothing else is.
                let may_clear_up =
                    settlement.state == State::Unknown && operation.action == Action::Create;
                if may_clear_up && self.memory.doubt(operation.seq) {
                    return Ok(false);
                }
                self.settle_asked(operation, settlement)?;
                kill::passes(kill::Point::AfterQuestion);
                Ok(false)
            }
            Moment::Late => {
                let was_unknown = operation.state == State::Unknown;
                if was_unknown && settlement.state == State::Unknown {
                    return Ok(false);
                }
                self.settle_asked(operation, settlement)?;
                kill::passes(kill::Point::InReconcile);
                Ok(was_unknown)
            }
        }
    }

    /// For each create the one record with its values that this user made since it was sent.
    async fn made_by_us(
        &self,
        questions: &[Question],
    ) -> Result<Vec<Option<RecordId>>, ExecuteError> {
        let mut reads = Vec::new();
        let mut is_asked = Vec::with_capacity(questions.len());
        for Question { operation, .. } in questions {
            let sent_at = self.file.sent_at(operation.seq)?;
            let read = sent_at.and_then(|sent_at| self.like_it(operation, &sent_at));
            is_asked.push(read.is_some());
            reads.extend(read);
        }
        let mut answers = self.asker.all(reads).await?.into_iter();
        let found = is_asked.into_iter().map(|is_asked| {
            let answer = if is_asked {
                answers.next()?
            } else {
                return None;
            };
            match records(answer).as_deref() {
                Some([one]) => one.get("id").and_then(Json::as_str).map(RecordId::new),
                _ => None,
            }
        });
        Ok(found.collect())
    }

    fn like_it(&self, operation: &StoredOperation, sent_at: &str) -> Option<Read> {
        let Some(Change::Create { module, fields, .. }) = &operation.change else {
            return None;
        };
        let values = fields
            .iter()
            .filter(|(_, value)| matches!(value, Json::String(text) if !text.is_empty()))
            .filter(|(name, _)| self.metadata.field(module.as_str(), name).is_some())
            .map(|(name, value)| json!({ name.clone(): value }));
        Some(self.made_since(module, sent_at, values))
    }

    /// How a create ends that made this record. Of several creates alike it was one alone.
    fn made_as(
        &self,
        operation: &StoredOperation,
        found: Option<RecordId>,
    ) -> Result<Option<Settlement>, ExecuteError> {
        let (Some(id), Some(change @ Change::Create { module, fields, .. })) =
            (found, &operation.change)
        else {
            return Ok(None);
        };
        if self.file.works_on(module.as_str(), id.as_str())? {
            return Ok(None);
        }
        let mut settlement = Settlement::new(State::Ok);
        let mut result = fields.clone();
        result.insert("id".into(), id.as_str().into());
        settlement.records = vec![result];
        settlement.change = Some(change.with_id(id));
        Ok(Some(self.ended_so(operation, settlement)))
    }

    /// Creates were not done, whatever ids the instance gives, where this user has made no record of their module since
    /// well before they were sent.
    async fn plan_what_was_not_done(
        &self,
        unsure: &mut [(StoredOperation, Settlement)],
    ) -> Result<(), ExecuteError> {
        let mut asked: BTreeMap<(ModuleName, Timestamp), Vec<usize>> = BTreeMap::new();
        for (place, (operation, _)) in unsure.iter().enumerate() {
            let sent_at = self.file.sent_at(operation.seq)?;
            let sent_at = sent_at.and_then(|at| at.parse::<Timestamp>().ok());
            if let (Some(Change::Create { module, .. }), Some(sent_at)) =
                (&operation.change, sent_at)
            {
                let from = sent_at.checked_sub(CLOCKS_APART).unwrap_or(Timestamp::MIN);
                let places = asked.entry((module.clone(), from)).or_default();
                places.push(place);
            }
        }
        let reads = asked.keys();
        let reads = reads
            .map(|(module, from)| self.made_since(module, &from.to_string(), std::iter::empty()))
            .collect();
        for (places, answer) in asked.into_values().zip(self.asker.all(reads).await?) {
            if records(answer).is_some_and(|records| records.is_empty()) {
                for place in places {
                    unsure[place].1 = Settlement::new(State::Planned);
                }
            }
        }
        Ok(())
    }

    /// The first two records that this user made since then and that meet the conditions.
    fn made_since(
        &self,
        module: &ModuleName,
        when: &str,
        conditions: impl Iterator<Item = Json>,
    ) -> Read {
        let made = [
            json!({ "created_by": self.user_id }),
            json!({ "date_entered": { "$gte": when } }),
        ];
        Read::Filter {
            module: module.clone(),
            filter: Filter::new(made.into_iter().chain(conditions).collect()),
            saved_filter: None,
            form: FilterForm::Post,
            page: Page {
                fields: Some(vec!["id".into()]),
                order_by: None,
                max_num: 2,
                offset: 0,
            },
        }
    }
}

/// Nothing where the instance does not answer that.
fn records(answer: Result<Answer, Fault>) -> Option<Vec<Map<String, Json>>> {
    answer.ok()?.records().map(|page| page.records)
}

fn lost() -> Settlement {
    let message = "its answer was lost, and no single record can be told to be it; look for it, then \
                   `apply --retry-unknown`";
    Settlement::new(State::Unknown).label(LocalLabel::Network, message)
}
