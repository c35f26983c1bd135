//! A run file into the plan that takes it back, and what of such a plan is to be worked out again.

use std::collections::BTreeMap;

use super::Engine;
use super::ExecuteError;
use super::PlanEnd;
use super::Refusal;
use super::digest;
use super::held::held;
use super::needs::Absence;
use super::needs::Known;
use crate::check::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Row;
use crate::diag::Sources;
use crate::expr::EdgeKind;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::Repeat;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::operation::State;
use crate::plan::Binding;
use crate::plan::Current;
use crate::plan::Drifted;
use crate::plan::End;
use crate::plan::Fields;
use crate::plan::Irreversible;
use crate::plan::LastSaved;
use crate::plan::LimitMet;
use crate::plan::Need;
use crate::plan::Recovery;
use crate::plan::bindings;
use crate::plan::inverse;
use crate::plan::recover;
use crate::plan::released;
use crate::plan::with_newer;
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
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Operations worked on at once.
const PAGE: u32 = 500;

const ID_TAKEN: Code = Code("local:id_taken");

/// Changes of one page of a step by the records they are about or bind.
type Here = BTreeMap<(ModuleName, RecordId), Vec<(Seq, Change)>>;

/// Something to be taken back, or to be left.
struct Task {
    seq: Seq,
    key: Key,
    row: Option<Row>,
    recovery: Recovery,
}

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
                engine.file.put(&Stage::Refused)?;
                engine.file.put(&Ending::Interrupted)?;
                engine.file.put(&Finished(super::timestamp()))?;
                return Ok(PlanEnd::Interrupted);
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
        let marks_are_ours = run.header()?.instance.user_id == self.file.header()?.instance.user_id;
        let drifted = self.recovering.unwrap_or(Drifted::LeftAlone);
        let deleted = run.deleted()?;
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
                match inverse {
                    Ok(recoveries) if recoveries.iter().any(|one| one.leads_to(&deleted)) => {
                        let why = "it led to a record that this run deleted, which cannot be brought back";
                        lost.push(lost_for_good(
                            Seq::new(step.number, index),
                            found,
                            Irreversible(why),
                        ));
                        index += 1;
                    }
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

    /// Asks what the instance has now, and works out what each task changes.
    async fn recovered(
        &self,
        step: &CheckedStep,
        tasks: &[Task],
        drifted: Drifted,
    ) -> Result<Vec<Operation>, ExecuteError> {
        let needs: Vec<(Need, Absence)> = tasks
            .iter()
            .map(|task| {
                (
                    self.need_of_recovery(&task.recovery),
                    absence(&task.recovery),
                )
            })
            .collect();
        let mut known = self.asker.know(&needs).await?;
        self.add_held(tasks, &mut known).await?;
        let mut behind = BTreeMap::new();
        let mut here = Here::new();
        let mut operations = Vec::with_capacity(tasks.len());
        for (task, known) in tasks.iter().zip(known) {
            let change = &task.recovery.change;
            let base = Operation {
                needs: self.behind(step, task, &mut behind)?,
                ..base(task)
            };
            let operation = match known {
                Ok(current) => {
                    let newer = self.newer(task, &here)?;
                    let current = with_newer(current, change, &newer, &self.metadata);
                    let saved = self.last_saved(change, &current)?;
                    recover(
                        base,
                        &task.recovery,
                        current,
                        saved,
                        drifted,
                        &self.metadata,
                    )
                }
                Err(fault) => Operation {
                    change: Some(change.clone()),
                    state: State::Failed,
                    label: Some(fault.label()),
                    message: Some(fault.to_string()),
                    status: fault.status(),
                    ..base
                },
            };
            if let (State::Planned, Some(change)) = (operation.state, &operation.change) {
                for record in self.touched(change) {
                    let changes = here.entry(record).or_default();
                    changes.push((task.seq, change.clone()));
                }
            }
            operations.push(operation);
        }
        Ok(operations)
    }

    /// What this undo does to the records of a task before it is its turn, and has not done yet.
    fn newer(&self, task: &Task, here: &Here) -> Result<Vec<Change>, ExecuteError> {
        let mut newer: BTreeMap<Seq, Change> = BTreeMap::new();
        for about in self.touched(&task.recovery.change) {
            let writes = self
                .file
                .writes_to(about.0.as_str(), about.1.as_str(), task.seq)?;
            let open = writes.into_iter().filter(|write| !write.state.is_settled());
            newer.extend(open.filter_map(|write| Some((write.seq, write.change?))));
            let bound = self.file.open_on(&about.0, &about.1, task.seq)?;
            newer.extend(
                bound
                    .into_iter()
                    .filter_map(|write| Some((write.seq, write.change?))),
            );
            newer.extend(here.get(&about).into_iter().flatten().cloned());
        }
        Ok(newer.into_values().collect())
    }

    fn bound_or_freed(&self, change: &Change) -> Vec<Binding> {
        let mut bindings = bindings(change, &self.metadata);
        bindings.extend(released(change, &self.metadata));
        bindings
    }

    /// The record that a change is about, and those that it links to it or takes from it.
    fn touched(&self, change: &Change) -> Vec<(ModuleName, RecordId)> {
        let about = change.about();
        let mut records: Vec<_> = about
            .map(|(module, record)| (module.clone(), record.clone()))
            .into_iter()
            .collect();
        if let Some((end, others)) = End::of(change)
            && let Some(far) = self
                .metadata
                .far_module(end.module.as_str(), end.link.as_str())
        {
            let far = |id| (ModuleName::new(far), id);
            records.extend(others.into_iter().map(far));
        }
        records
    }

    fn need_of_recovery(&self, recovery: &Recovery) -> Need {
        let mut need = recovery.need();
        match &mut need {
            // So that what takes this back again knows as much as any plan.
            Need::Record {
                module,
                fields: Fields::These(fields),
                ..
            } => {
                let companions = self.metadata.companions(module.as_str(), fields.iter());
                fields.extend(companions);
            }
            Need::Links {
                module,
                link,
                columns,
                ..
            } => *columns = self.columns(module, link),
            Need::Record { .. } | Need::Nothing | Need::Absent => {}
        }
        need
    }

    /// Whom the records that a link binds are bound to now.
    async fn add_held(&self, tasks: &[Task], known: &mut [Known]) -> Result<(), ExecuteError> {
        let mut asked = Vec::new();
        let mut places = Vec::new();
        for (place, (task, known)) in tasks.iter().zip(known.iter()).enumerate() {
            let Ok(current @ Current::Links(_)) = known else {
                continue;
            };
            for bound in self.bound(&task.recovery.change, Some(current)) {
                places.push(place);
                asked.push(bound);
            }
        }
        for (place, held) in places
            .into_iter()
            .zip(held(&self.asker, &self.metadata, &asked).await?)
        {
            if let (Some(held), Ok(Current::Links(linked))) = (held, &mut known[place]) {
                linked.held.push(held);
            }
        }
        Ok(())
    }

    /// The operation of the same step that has to be done before, since it is about the same record.
    fn behind(
        &self,
        step: &CheckedStep,
        task: &Task,
        here: &mut BTreeMap<(ModuleName, RecordId), Seq>,
    ) -> Result<Vec<(Seq, EdgeKind)>, ExecuteError> {
        let change = &task.recovery.change;
        let Some((module, record)) = change.about() else {
            return Ok(Vec::new());
        };
        let about = (module.clone(), record.clone());
        let of_page = here.insert(about, task.seq);
        let last = match of_page {
            Some(seq) => Some(seq),
            None => {
                let writes = self
                    .file
                    .writes_to(module.as_str(), record.as_str(), task.seq)?;
                let last = writes.last().map(|write| write.seq);
                last.filter(|seq| seq.step() == step.number)
            }
        };
        Ok(last.map(|seq| (seq, EdgeKind::Order)).into_iter().collect())
    }

    fn last_saved(&self, change: &Change, current: &Current) -> Result<LastSaved, ExecuteError> {
        let Current::Record(record) = current else {
            return Ok(LastSaved::ByAnybody);
        };
        let at = record
            .get("date_modified")
            .and_then(serde_json::Value::as_str);
        let stamp = match change.about() {
            Some((module, record)) => self.file.stamp(module, record)?,
            None => None,
        };
        Ok(match stamp.and_then(|stamp| stamp.at) {
            Some(ours) if at == Some(ours.as_str()) => LastSaved::ByUs,
            Some(_) | None => LastSaved::ByAnybody,
        })
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

fn absence(recovery: &Recovery) -> Absence {
    match recovery.change {
        Change::Delete { .. } => Absence::Expected,
        _ => Absence::Odd,
    }
}

fn base(task: &Task) -> Operation {
    let change = &task.recovery.change;
    Operation {
        seq: task.seq,
        key: task.key.clone(),
        action: change.action(),
        change: None,
        state: State::Planned,
        label: None,
        message: None,
        status: None,
        before: serde_json::Map::new(),
        after: serde_json::Map::new(),
        modified: None,
        reversible: change.reversible(),
        row: task.row.clone(),
        needs: Vec::new(),
        waits_for: Vec::new(),
    }
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
        operation: Box::new(operation),
        result: None,
    }
}
