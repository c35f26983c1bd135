//! What takes operations back, compared with what the instance has now and with what the undo does before it.

use std::collections::BTreeMap;

use super::Engine;
use super::ExecuteError;
use super::held::held;
use super::needs::Absence;
use super::needs::Known;
use super::ours::Beside;
use crate::check::CheckedStep;
use crate::diag::Row;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Binding;
use crate::plan::Current;
use crate::plan::Drifted;
use crate::plan::End;
use crate::plan::Fields;
use crate::plan::LastSaved;
use crate::plan::Need;
use crate::plan::Recovery;
use crate::plan::bindings;
use crate::plan::recover;
use crate::plan::released;
use crate::plan::with_newer;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Changes of one page of a step by the records they are about or bind.
type Here = BTreeMap<(ModuleName, RecordId), Vec<(Seq, Change)>>;

/// Something to be taken back, or to be left.
pub(super) struct Task {
    pub(super) seq: Seq,
    pub(super) key: Key,
    pub(super) row: Option<Row>,
    pub(super) recovery: Recovery,
}

impl Engine<'_> {
    /// Asks what the instance has now, and works out what each task changes.
    pub(super) async fn recovered(
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
        let changes = tasks.iter().map(|task| (task.seq, &task.recovery.change));
        let mut hanging = self.hanging_of(changes, &known).await?.into_iter();
        let mut beside = Beside::default();
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
            let hanging = hanging.next().unwrap_or_default();
            let recovery = &task.recovery;
            let operation =
                self.hang_recovered(operation, recovery, hanging, drifted, &mut beside)?;
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

    pub(super) fn bound_or_freed(&self, change: &Change) -> Vec<Binding> {
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
        about: None,
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
