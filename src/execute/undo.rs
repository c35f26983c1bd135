//! A run file into the plan that takes it back, and what of such a plan is to be worked out again.

use std::collections::BTreeSet;

use super::Engine;
use super::ExecuteError;
use super::PlanEnd;
use super::Refusal;
use super::digest;
use super::recovered::Task;
use crate::check::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::Repeat;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::operation::State;
use crate::plan::Drifted;
use crate::plan::Irreversible;
use crate::plan::LimitMet;
use crate::plan::Recovery;
use crate::plan::inverse;
use crate::runfile::Advice;
use crate::runfile::ClientIds;
use crate::runfile::Digest;
use crate::runfile::DoneOperation;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::ItemOutcome;
use crate::runfile::PlannedItem;
use crate::runfile::RunFileError;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::wire::LocalLabel;
use crate::wire::RecordId;

/// Operations worked on at once.
const PAGE: u32 = 500;

const ID_TAKEN: Code = Code("local:id_taken");

/// Finds out what became of operations that were sent and never answered, without sending anything else.
pub async fn settle_open(engine: &mut Engine<'_>) -> Result<(), ExecuteError> {
    engine.reconcile().await.map(drop)
}

/// Makes the plan that takes back what `run` holds, in an engine's empty run file. The engine's steps are those of
/// [`crate::check::Checked::undone`].
pub async fn plan_undo(engine: &mut Engine<'_>, run: &RunView) -> Result<PlanEnd, ExecuteError> {
    let checked = engine.checked;
    for step in &checked.steps {
        let module = step.module().map(|module| module.value.as_str());
        engine.file.add_step(
            step.number,
            &step.id,
            step.verb,
            module,
            Effect::Writes,
            Repeat::ForEach,
        )?;
    }
    for step in &checked.steps {
        match engine.invert_step(step, run).await {
            Ok(()) if !engine.stop_wished() => {}
            Ok(()) | Err(ExecuteError::Interrupted) => {
                return engine.break_off();
            }
            Err(error) => return Err(error),
        }
    }
    // Where the instance gives ids of its own, those computed from keys are not taken by anything.
    if run.client_ids()? != ClientIds::Ignored {
        engine.advise_generation()?;
    }
    engine
        .file
        .put(&Digest(digest::digest(&engine.file.view()?)?))?;
    engine.file.put(&Finished(super::timestamp()))?;
    match engine.guard.check(engine.file.progress()?.totals()) {
        Ok(()) => Ok(PlanEnd::Planned),
        Err(error) => {
            engine.file.put(&Stage::Refused)?;
            engine.file.put(&Ending::Refused(error.to_string()))?;
            engine.file.put(&Advice(error.help(LimitMet::TakingBack)))?;
            Ok(PlanEnd::Refused(Refusal::Guard(error)))
        }
    }
}

impl Engine<'_> {
    /// Everything a step of the run did, newest first, into what takes it back.
    async fn invert_step(&mut self, step: &CheckedStep, run: &RunView) -> Result<(), ExecuteError> {
        let of_run = run.steps()?.into_iter().find(|known| known.id == step.id);
        let Some(of_run) = of_run else {
            return Err(RunFileError::Inconsistent(format!("it has no step `{}`", step.id)).into());
        };
        // What an earlier version applied does not say who did.
        let marks_are_ours = match run.applied_by()?.0.as_slice() {
            [] => run.header()?.instance.user_id == self.user_id,
            by => by.iter().all(|user| user.id == self.user_id),
        };
        let drifted = self.recovering.unwrap_or(Drifted::LeftAlone);
        let deleted = run.deleted()?;
        let is_moved =
            self.checked.moved_before_deletes.contains(&step.number) && !deleted.is_empty();
        let mut before = None;
        let mut index = 0;
        loop {
            let page = run.done(of_run.number, before, PAGE)?;
            before = page.last().map(|last| last.seq);
            let is_last = page.len() < PAGE as usize;
            let mut tasks = Vec::new();
            let mut lost = Vec::new();
            for found in page {
                let inverse = match (found.state, &found.done.change) {
                    (State::Unknown, _) => Err(Irreversible(
                        "nobody can tell whether it was done; look for it, and take it back by hand if it was",
                    )),
                    (_, Change::Favorite { .. } | Change::Unfavorite { .. }) if !marks_are_ours => {
                        Err(Irreversible(
                            "the mark is of the user who ran it, and only that user sees it",
                        ))
                    }
                    (_, _) => inverse(&found.done, &self.metadata),
                };
                let inverse = inverse.and_then(|recoveries| {
                    match beyond_reach(&recoveries, &deleted, is_moved) {
                        Some(why) => Err(why),
                        None => Ok(recoveries),
                    }
                });
                match inverse {
                    Ok(recoveries) => {
                        for recovery in recoveries {
                            tasks.push(Task {
                                seq: Seq::new(step.number, index),
                                key: found.key.clone(),
                                row: found.row.clone(),
                                recovery,
                            });
                            index += 1;
                        }
                    }
                    Err(why) => {
                        lost.push(lost_for_good(Seq::new(step.number, index), found, why));
                        index += 1;
                    }
                }
            }
            let operations = self.recovered(step, &tasks, drifted).await?;
            let mut items: Vec<PlannedItem> = tasks
                .into_iter()
                .zip(operations)
                .map(|(task, operation)| item(task, operation))
                .collect::<Result<_, _>>()?;
            items.extend(lost);
            items.sort_by_key(|item| item.index);
            self.file.add_items(step.number, &items)?;
            let bound: Vec<_> = items
                .iter()
                .filter_map(PlannedItem::operation)
                .filter_map(|operation| {
                    Some((
                        operation.seq,
                        self.bound_or_freed(operation.change.as_ref()?),
                    ))
                })
                .filter(|(_, bindings)| !bindings.is_empty())
                .collect();
            self.file.bind(&bound)?;
            let planned = items.iter().filter_map(PlannedItem::operation);
            self.lead(planned.filter_map(led).collect())?;
            kill::passes(kill::Point::InExpansion);
            if is_last {
                break;
            }
        }
        self.file.expanded(step.number)?;
        Ok(())
    }

    /// Plans what is tried again: it is compared anew with what the instance has now.
    pub(super) async fn recover_deferred(&mut self, drifted: Drifted) -> Result<(), ExecuteError> {
        let checked = self.checked;
        for step in &checked.steps {
            let mut after = None;
            loop {
                let page = self.file.plannable(step.number, after, PAGE)?;
                let Some(last) = page.last() else { break };
                after = Some(*last);
                let mut tasks = Vec::with_capacity(page.len());
                for seq in page {
                    tasks.extend(self.task(seq)?);
                }
                let operations = self.recovered(step, &tasks, drifted).await?;
                self.lead(operations.iter().filter_map(led).collect())?;
                let outcomes: Vec<_> = operations
                    .into_iter()
                    .map(|operation| (operation.seq, outcome(operation)))
                    .collect();
                self.file.replace(&outcomes)?;
            }
        }
        Ok(())
    }

    fn task(&self, seq: Seq) -> Result<Option<Task>, ExecuteError> {
        let (Some(operation), Some((_, row, ItemSource::Value(source)))) =
            (self.file.operation(seq)?, self.file.item(seq)?)
        else {
            return Ok(None);
        };
        let recovery = serde_json::from_value(source).map_err(|error| {
            RunFileError::Inconsistent(format!(
                "what takes an operation back does not read: {error}"
            ))
        })?;
        Ok(Some(Task {
            seq,
            key: operation.key,
            row,
            recovery,
        }))
    }

    /// A deleted record keeps its id for ever, and a create with a key computes the same one again.
    fn advise_generation(&self) -> Result<(), ExecuteError> {
        let mut deletes = 0;
        for step in self.checked.steps.iter().filter(|step| step.key.is_some()) {
            deletes += self.file.planned_deletes(step.number)?;
        }
        if deletes == 0 {
            return Ok(());
        }
        let message = "the ids of the records deleted here stay taken, so the playbook cannot create them again as it is";
        let help =
            "raise `generation` in the playbook before you run it again, or give `--generation N`";
        let problem = Problem::warning(ID_TAKEN, message).help(help);
        Ok(self.file.add_problem(&problem, &Sources::default())?)
    }
}

/// Why what would take something back cannot, for what the run deleted after it. `is_moved` tells of a step that may have
/// moved something away from that.
fn beyond_reach(
    recoveries: &[Recovery],
    deleted: &BTreeSet<RecordId>,
    is_moved: bool,
) -> Option<Irreversible> {
    let any = |is_it: &dyn Fn(&Recovery) -> bool| recoveries.iter().any(is_it);
    let why = if any(&|one| one.changes(deleted)) {
        "this run deleted the record after it, which cannot be brought back"
    } else if any(&|one| one.leads_to(deleted)) {
        "it led to a record that this run deleted, which cannot be brought back"
    } else if is_moved && any(&Recovery::unlinks) {
        "what it linked may have belonged to a record that the run deleted after it, which cannot be brought back"
    } else {
        return None;
    };
    Some(Irreversible(why))
}

/// What an operation links, if it links anything.
fn led(operation: &Operation) -> Option<(Seq, Change)> {
    Some((operation.seq, operation.change.clone()?))
}

fn item(task: Task, operation: Operation) -> Result<PlannedItem, RunFileError> {
    let source = serde_json::to_value(&task.recovery)
        .map_err(|error| RunFileError::Inconsistent(error.to_string()))?;
    Ok(PlannedItem {
        index: task.seq.index(),
        key: None,
        row: task.row,
        source: ItemSource::Value(source),
        outcome: outcome(operation),
    })
}

/// Something that stays as it is, by the name of what would have to take it back.
fn lost_for_good(seq: Seq, found: DoneOperation, why: Irreversible) -> PlannedItem {
    let change = found.done.change;
    let operation = Operation {
        seq,
        key: found.key,
        action: change.action().taken_back_by(),
        change: Some(change),
        about: None,
        state: State::Failed,
        label: Some(LocalLabel::Irreversible.into()),
        message: Some(why.0.to_owned()),
        status: None,
        before: serde_json::Map::new(),
        after: serde_json::Map::new(),
        modified: None,
        reversible: Reversible::No,
        row: found.row.clone(),
        needs: Vec::new(),
        waits_for: Vec::new(),
    };
    PlannedItem {
        index: seq.index(),
        key: None,
        row: found.row,
        source: ItemSource::Value(serde_json::Value::Null),
        outcome: outcome(operation),
    }
}

fn outcome(operation: Operation) -> ItemOutcome {
    ItemOutcome::Operation {
        result: recovered_record(&operation),
        operation: Box::new(operation),
    }
}

/// The record it takes something back of, which counts among those of its step as it did in the run.
fn recovered_record(operation: &Operation) -> Option<serde_json::Map<String, serde_json::Value>> {
    if !matches!(operation.state, State::Planned | State::Unchanged) {
        return None;
    }
    let record = operation.change.as_ref()?.record()?;
    Some(std::iter::once(("id".to_owned(), record.as_str().into())).collect())
}
