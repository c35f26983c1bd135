//! Before a record is written, what it holds is compared with what the plan saw.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::judge;
use super::needs::Absence;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::Settlement;
use crate::runfile::Stamp;
use crate::runfile::StoredOperation;
use crate::wire::Fault;
use crate::wire::LocalLabel;

/// What a record's present values mean for an operation on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// As the plan saw it, with the stamp it has now.
    AsPlanned {
        modified: Option<String>,
    },
    /// As it shall be already.
    Done,
    Gone,
    /// Somebody changed what would be overwritten.
    Drifted {
        message: String,
        modified: Option<String>,
    },
    Unreadable(Fault),
}

/// Operations that may go, with the stamps to send along.
#[derive(Debug, Default)]
pub(super) struct Cleared {
    pub(super) stamps: BTreeMap<Seq, String>,
    pub(super) settled: Vec<(Seq, Settlement)>,
}

impl Engine<'_> {
    /// Looks at all records about to be written, in one go.
    pub(super) async fn preconditions(
        &self,
        operations: &[StoredOperation],
    ) -> Result<Cleared, ExecuteError> {
        let looked_at: Vec<&StoredOperation> = operations
            .iter()
            .filter(|operation| overwrites(operation))
            .collect();
        let mut cleared = Cleared {
            settled: self.overtaken(operations).await?,
            ..Cleared::default()
        };
        cleared.settled.extend(self.rebound(operations).await?);
        for (operation, standing) in looked_at.iter().zip(self.standings(&looked_at).await?) {
            let settlement = match standing {
                Standing::AsPlanned { modified } => {
                    cleared
                        .stamps
                        .extend(modified.map(|modified| (operation.seq, modified)));
                    continue;
                }
                Standing::Done => Settlement::new(State::Unchanged),
                Standing::Gone if deletes(operation) => Settlement::new(State::Unchanged),
                Standing::Gone => Settlement::new(State::Failed).label(
                    LocalLabel::Drift,
                    "somebody deleted the record since it was planned, or this user does not see it any more",
                ),
                Standing::Drifted { message, .. } => {
                    Settlement::new(State::Failed).label(LocalLabel::Drift, message)
                }
                Standing::Unreadable(fault) => judge::failed(&fault),
            };
            cleared
                .settled
                .push((operation.seq, self.tolerated(operation.seq, settlement)));
        }
        Ok(cleared)
    }

    /// How the records of updates and deletes stand to what was planned.
    pub(super) async fn standings(
        &self,
        operations: &[&StoredOperation],
    ) -> Result<Vec<Standing>, ExecuteError> {
        let needs: Vec<(Need, Absence)> = operations
            .iter()
            .map(|operation| match &operation.change {
                Some(change) => (record_need(operation, change), Absence::Odd),
                None => (Need::Nothing, Absence::Odd),
            })
            .collect();
        let known = self.asker.know(&needs).await?;
        let user = self.file.header()?.instance.user_id;
        let mut standings = Vec::with_capacity(operations.len());
        for (operation, known) in operations.iter().zip(known) {
            let last_was_us = match &known {
                Ok(Current::Record(record)) => self.was_us(operation, record, &user)?,
                _ => false,
            };
            standings.push(match standing(operation, known, self.metadata) {
                // What a write brings along, such as the name beside an id, no plan can know. What is done already is
                // no reason to stop before a delete.
                Standing::Drifted { modified, .. } if last_was_us && deletes(operation) => {
                    Standing::AsPlanned { modified }
                }
                standing => standing,
            });
        }
        Ok(standings)
    }

    /// Whether the last who saved the record of an operation was this run.
    fn was_us(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
        user: &str,
    ) -> Result<bool, ExecuteError> {
        let Some(change) = &operation.change else {
            return Ok(false);
        };
        let stamp = self.file.stamp(change.module(), change.record())?;
        let says = |name: &str| record.get(name).and_then(Json::as_str);
        Ok(match stamp {
            None => false,
            Some(Stamp { at: Some(at), .. }) => says("date_modified") == Some(at.as_str()),
            // A write of ours moved it, and no answer showed to when.
            Some(Stamp { at: None, .. }) => says("modified_user_id") == Some(user),
        })
    }
}

fn overwrites(operation: &StoredOperation) -> bool {
    matches!(
        operation.change,
        Some(Change::Update { .. } | Change::Delete { .. })
    )
}

fn deletes(operation: &StoredOperation) -> bool {
    matches!(operation.change, Some(Change::Delete { .. }))
}

fn record_need(operation: &StoredOperation, change: &Change) -> Need {
    let fields = match change {
        Change::Delete { .. } => Fields::All,
        _ => Fields::These(operation.after.keys().cloned().collect()),
    };
    Need::Record {
        module: change.module().clone(),
        record: change.record().clone(),
        fields,
    }
}

fn standing(
    operation: &StoredOperation,
    known: Result<Current, Fault>,
    metadata: &Metadata,
) -> Standing {
    let record = match known {
        Ok(Current::Record(record)) => record,
        Ok(_) => return Standing::Gone,
        Err(fault) => return Standing::Unreadable(fault),
    };
    let modified = record
        .get("date_modified")
        .and_then(Json::as_str)
        .map(str::to_owned);
    if modified.is_some() && modified == operation.modified {
        return Standing::AsPlanned { modified };
    }
    let Some(change) = &operation.change else {
        return Standing::AsPlanned { modified };
    };
    let differing = |wanted: &Map<String, Json>| -> Vec<String> {
        wanted
            .iter()
            .filter(|(name, _)| !is_stamp(name))
            .filter(|(name, value)| {
                let field = metadata.field(change.module().as_str(), name);
                same(field, value, record.get(*name)) == Verdict::Different
            })
            .map(|(name, _)| name.clone())
            .collect()
    };
    if !deletes(operation) && differing(&operation.after).is_empty() {
        return Standing::Done;
    }
    let moved = differing(&operation.before);
    if moved.is_empty() {
        return Standing::AsPlanned { modified };
    }
    let names: Vec<String> = moved.iter().map(|name| format!("`{name}`")).collect();
    Standing::Drifted {
        message: format!("somebody changed {} since it was planned", names.join(", ")),
        modified,
    }
}

/// Fields that change with every save and say nothing of what somebody did.
fn is_stamp(name: &str) -> bool {
    name.starts_with('_')
        || matches!(
            name,
            "date_modified" | "modified_user_id" | "modified_by_name" | "modified_user_link"
        )
}
