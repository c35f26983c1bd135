//! How a record stands to what was planned for it, by the values that it holds now.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::needs::Known;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::is_own;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::plan::Current;
use crate::runfile::Stamp;
use crate::runfile::StoredOperation;
use crate::wire::Fault;
use crate::wire::ModuleName;

/// What a record's present values mean for an operation on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// As the plan saw it, with the stamp it has now.
    AsPlanned {
        modified: Option<String>,
        record: Map<String, Json>,
    },
    /// As it shall be already.
    Done,
    Gone,
    /// Somebody changed what would be overwritten.
    Drifted {
        message: String,
        modified: Option<String>,
        record: Map<String, Json>,
    },
    Unreadable(Fault),
}

impl Engine<'_> {
    /// How the record of an update or a delete stands to what was planned.
    /// `ahead` are fields that will have been written before it is its turn.
    pub(super) fn standing(
        &self,
        operation: &StoredOperation,
        known: Known,
        ahead: &BTreeSet<String>,
    ) -> Result<Standing, ExecuteError> {
        let last_was_us = match &known {
            Ok(Current::Record(record)) => self.was_us(operation, record)?,
            _ => false,
        };
        Ok(match standing(operation, known, ahead, &self.metadata) {
            Standing::Drifted {
                modified,
                record,
                message,
            } if !deletes(operation) => Standing::Drifted {
                message: self.not_done_before(operation, &record)?.unwrap_or(message),
                modified,
                record,
            },
            // What a write brings along, such as the name beside an id, no plan can know. What is done already is no
            // reason to stop before a delete.
            Standing::Drifted {
                modified, record, ..
            } if last_was_us && deletes(operation) => Standing::AsPlanned { modified, record },
            standing => standing,
        })
    }

    /// Whether the last who saved the record of an operation was this run.
    fn was_us(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Result<bool, ExecuteError> {
        let Some(change) = &operation.change else {
            return Ok(false);
        };
        let stamp = match change.about() {
            Some((module, record)) => self.file.stamp(module, record)?,
            None => None,
        };
        let says = |name: &str| record.get(name).and_then(Json::as_str);
        Ok(match stamp {
            None => false,
            Some(Stamp { at: Some(at), .. }) => says("date_modified") == Some(at.as_str()),
            // A write of ours moved it, and no answer showed to when.
            Some(Stamp { at: None, .. }) => says("modified_user_id") == Some(self.user_id.as_str()),
        })
    }
}

pub(super) fn deletes(operation: &StoredOperation) -> bool {
    matches!(operation.change, Some(Change::Delete { .. }))
}

fn standing(
    operation: &StoredOperation,
    known: Known,
    ahead: &BTreeSet<String>,
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
    let Some(change) = &operation.change else {
        return Standing::AsPlanned { modified, record };
    };
    let field = |name: &str| metadata.field(change.module().map_or("", ModuleName::as_str), name);
    let differs =
        |name: &str, value: &Json| same(field(name), value, record.get(name)) == Verdict::Different;
    let links = match change {
        Change::Delete { module, .. } => metadata.hanging_links(module.as_str()),
        _ => Vec::new(),
    };
    let differing = |wanted: &Map<String, Json>| -> Vec<String> {
        wanted
            .iter()
            .filter(|(name, _)| !is_stamp(name) && !ahead.contains(*name))
            // What hangs on it is no field of the record.
            .filter(|(name, _)| !links.contains(&name.as_str()))
            .filter(|(name, value)| differs(name, value))
            .map(|(name, _)| name.clone())
            .collect()
    };
    // A field that the answer does not have, or whose value nobody is shown, is not known to be as it shall be.
    let is_there = |(name, value): (&String, &Json)| {
        is_stamp(name)
            || record
                .get(name)
                .is_some_and(|got| same(field(name), value, Some(got)) == Verdict::Same)
    };
    if !deletes(operation) && ahead.is_empty() && operation.after.iter().all(is_there) {
        return Standing::Done;
    }
    let mut moved = differing(&operation.before);
    // An equal stamp says that nobody came after that second, and not that nobody came in it.
    if deletes(operation) && modified.is_some() && modified == operation.modified {
        moved.retain(|name| field(name).is_some_and(is_own));
    }
    if operation.attempts > 0 {
        // An attempt that failed may have stored a part.
        moved.retain(|name| match operation.after.get(name) {
            Some(after) => differs(name, after),
            None => deletes(operation),
        });
    }
    if moved.is_empty() {
        return Standing::AsPlanned { modified, record };
    }
    let names: Vec<String> = moved.iter().map(|name| format!("`{name}`")).collect();
    Standing::Drifted {
        message: format!("somebody changed {} since it was planned", names.join(", ")),
        modified,
        record,
    }
}

/// Fields that change with every save and say nothing of what somebody did.
pub(super) fn is_stamp(name: &str) -> bool {
    name.starts_with('_')
        || matches!(
            name,
            "date_modified" | "modified_user_id" | "modified_by_name" | "modified_user_link"
        )
}
