//! Upserts: each is an update of the one record that matches, or a create where none does.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::needs::not_a_list;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::diag::Row;
use crate::diag::all_of;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Change;
use crate::operation::Likeness;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Draft;
use crate::plan::Expanded;
use crate::plan::Item;
use crate::plan::ended;
use crate::runfile::Settlement;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;

/// Records that match, asked for and named at most.
const NAMED: u32 = 5;

impl Engine<'_> {
    /// Finds out which upserts of a page are updates. Those that are neither end here.
    pub(super) async fn with_matches(
        &self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<Expanded>, ExecuteError> {
        let mut reads = Vec::new();
        for expanded in &expanded {
            if let Expanded::Write(draft) = expanded
                && let (Some(module), Some(conditions)) =
                    (draft.change.module(), draft.change.unless())
            {
                reads.push(matching(module, conditions));
            }
        }
        if reads.is_empty() {
            return Ok(expanded);
        }
        let mut answers = self.asker.all(reads).await?.into_iter();
        let before = self.awaited_by(step);
        let mut creating = HashMap::new();
        // Records that items of this page lead to.
        let mut taken: BTreeMap<RecordId, String> = BTreeMap::new();
        let mut resolved = Vec::with_capacity(expanded.len());
        for (expanded, item) in expanded.into_iter().zip(items) {
            let draft = match expanded {
                Expanded::Write(draft) if draft.change.unless().is_some() => draft,
                other => {
                    resolved.push(other);
                    continue;
                }
            };
            let answer = answers.next().unwrap_or_else(|| Err(not_a_list()));
            let key = draft.key.clone();
            let refused = match answer.and_then(ids) {
                Err(fault) => Err((fault.label(), fault.to_string())),
                Ok(found) => decided(draft, &found),
            };
            let refused = match refused {
                Ok(draft) => match self.also_meant(&draft, &mut taken)? {
                    None => match self.creates_alike(step, &draft, &before, &mut creating)? {
                        None => {
                            resolved.push(Expanded::Write(draft));
                            continue;
                        }
                        Some(other) if other.step() != step.number => {
                            (LocalLabel::Conflict.into(), self.made_twice(step, other))
                        }
                        Some(other) => {
                            let row = self.file.item(other)?.and_then(|(_, row, _)| row);
                            let of_page = items.iter().find(|item| item.seq == other);
                            let row = row.or_else(|| of_page.and_then(|item| item.row.clone()));
                            let message = format!(
                                "it would create what {} creates but for upper and lower case, which Sugar's databases do \
                                 not tell apart; `match` must tell all items apart",
                                place(other, row.as_ref())
                            );
                            (LocalLabel::Ambiguous.into(), message)
                        }
                    },
                    Some(message) => (LocalLabel::Ambiguous.into(), message),
                },
                Err(refused) => refused,
            };
            let (label, message) = refused;
            let base = ended(step, item, key);
            let operation: Operation = self.planner().failed(step, base, label, message);
            resolved.push(Expanded::Ended(Box::new(operation)));
        }
        Ok(resolved)
    }

    /// Another operation that creates what a draft would create but for upper and lower case, if there is one: of this
    /// step, or of one beside it. What the step waits for is done before it looks for its records. `here` are those of the
    /// page, which the run file does not know yet.
    fn creates_alike(
        &self,
        step: &CheckedStep,
        draft: &Draft,
        before: &BTreeSet<StepNo>,
        here: &mut HashMap<Likeness, Seq>,
    ) -> Result<Option<Seq>, ExecuteError> {
        let Some(likeness) = Likeness::of(&draft.change) else {
            return Ok(None);
        };
        let known = self.file.creates_alike(likeness, draft.seq)?;
        let own = known.iter().find(|seq| seq.step() == step.number);
        let beside = known.iter().find(|seq| !before.contains(&seq.step()));
        if let Some(other) = own.or(beside) {
            return Ok(Some(*other));
        }
        let first = *here.entry(likeness).or_insert(draft.seq);
        Ok((first != draft.seq).then_some(first))
    }

    /// What is wrong with an item that would create what one of another step creates.
    fn made_twice(&self, step: &CheckedStep, other: Seq) -> String {
        let (here, there) = (&step.id, &self.checked.step(other.step()).id);
        let module = upserted(step).map_or("the module", ModuleName::as_str);
        format!(
            "no record of {module} matches yet, and steps `{there}` and `{here}` would each create the one that does; leave \
             it out of one of the two, or let `{here}` depend on `{there}`, which then finds it"
        )
    }

    /// Another item of the step that leads to the same record. Of two that would be created for the same match the ids
    /// are the same too.
    fn also_meant(
        &self,
        draft: &Draft,
        taken: &mut BTreeMap<RecordId, String>,
    ) -> Result<Option<String>, ExecuteError> {
        let Some((module, record)) = draft.change.about() else {
            return Ok(None);
        };
        let other = match taken.get(record) {
            Some(place) => Some(place.clone()),
            None => {
                let other =
                    self.file
                        .other_with_record(draft.seq, module.as_str(), record.as_str())?;
                match other {
                    Some(other) => {
                        let row = self.file.item(other)?.and_then(|(_, row, _)| row);
                        Some(place(other, row.as_ref()))
                    }
                    None => None,
                }
            }
        };
        if other.is_none() {
            taken.insert(record.clone(), place(draft.seq, draft.row.as_ref()));
        }
        Ok(other.map(|other| {
            format!("it matches the same record as {other}; `match` must tell all items apart")
        }))
    }
}

/// The module of an upsert that looks for its record.
fn upserted(step: &CheckedStep) -> Option<&ModuleName> {
    match &step.action {
        CheckedAction::Write(CheckedWrite::Upsert { module, .. }) => Some(&module.value),
        _ => None,
    }
}

/// What becomes of the create of an upsert for which, just before it is sent, a record matches after all.
pub(super) fn overtaken(change: &Change, answer: Result<Answer, Fault>) -> Option<Settlement> {
    match answer.and_then(ids) {
        Err(fault) => Some(super::judge::failed(&fault)),
        // What this run made itself, and whose answer was lost, is no other record.
        Ok(found) => found
            .iter()
            .find(|id| Some(*id) != change.record())
            .map(|id| {
                let message = format!(
                    "the record `{id}` matches now, and did not when it was planned; plan again"
                );
                Settlement::new(State::Failed).label(LocalLabel::Drift, message)
            }),
    }
}

/// What the records found make of an upsert.
fn decided(mut draft: Draft, found: &[RecordId]) -> Result<Draft, (Label, String)> {
    let Some(upsert) = draft.upsert.take() else {
        return Ok(draft);
    };
    match found {
        [] => match upsert.lacking {
            Some(lacking) => Err(lacking),
            None => Ok(draft),
        },
        [record] => {
            if let Change::Create { module, unless, .. } = &draft.change {
                let conditions = unless.iter().flatten();
                draft.found_by = conditions.map(|(name, _)| name.clone()).collect();
                draft.change = Change::Update {
                    module: module.clone(),
                    record: record.clone(),
                    fields: upsert.set,
                };
            }
            Ok(draft)
        }
        several => {
            let ids = all_of(several.iter().map(RecordId::as_str));
            let more = several.len() >= NAMED as usize;
            let more = if more { " and perhaps more" } else { "" };
            let module = draft
                .change
                .module()
                .map_or("the module", ModuleName::as_str);
            let message = format!("several records of {module} match: {ids}{more}");
            Err((LocalLabel::Ambiguous.into(), message))
        }
    }
}

pub(super) fn matching(module: &ModuleName, conditions: &Map<String, Json>) -> Read {
    let conditions = conditions
        .iter()
        .map(|(name, value)| Json::Object(Map::from_iter([(name.clone(), value.clone())])))
        .collect();
    Read::Filter {
        module: module.clone(),
        filter: Filter::new(conditions),
        saved_filter: None,
        form: FilterForm::Post,
        page: Page {
            fields: Some(vec!["id".into()]),
            order_by: Some("id:ASC".into()),
            max_num: NAMED,
            offset: 0,
        },
    }
}

fn ids(answer: Answer) -> Result<Vec<RecordId>, Fault> {
    let page = answer.records().ok_or_else(not_a_list)?;
    let found: BTreeSet<RecordId> = page
        .records
        .iter()
        .filter_map(|record| record.get("id")?.as_str().map(RecordId::new))
        .collect();
    Ok(found.into_iter().collect())
}

/// Where an item came from, as messages name it.
pub(super) fn place(seq: Seq, row: Option<&Row>) -> String {
    match row {
        Some(row) => format!("{}:{}", row.file, row.line),
        None => format!("item {}", seq.index()),
    }
}
