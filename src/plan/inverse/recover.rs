//! What takes something back, compared with what the instance has now.

use serde::Deserialize;
use serde::Serialize;

use super::recovery::Recovery;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::finish;
use crate::plan::links::links;
use crate::wire::LocalLabel;

/// What undo does with a record that somebody changed after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drifted {
    LeftAlone,
    /// `--force`.
    TakenBack,
}

/// Who saved a record last, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastSaved {
    /// This undo itself.
    ByUs,
    ByAnybody,
}

/// Works out what a recovery changes now. `base` is the operation as far as it is known without the instance.
pub fn recover(
    base: Operation,
    recovery: &Recovery,
    current: Current,
    saved: LastSaved,
    drifted: Drifted,
    metadata: &Metadata,
) -> Operation {
    let changed = recovery.drift(&current, saved, metadata);
    let change = recovery.change.clone();
    if !changed.is_empty() && drifted == Drifted::LeftAlone {
        let message = format!(
            "somebody changed {} after the run; it is left as it is",
            changed.join(", ")
        );
        return Operation {
            change: Some(change),
            state: State::Failed,
            label: Some(LocalLabel::Drift.into()),
            message: Some(message),
            ..base
        };
    }
    match (change, current) {
        (
            Change::Update {
                module,
                record,
                fields,
            },
            current,
        ) => finish::update(base, module, record, fields, current, metadata),
        (Change::Delete { module, record }, current) => {
            finish::delete(base, module, record, current)
        }
        (change @ (Change::Favorite { .. } | Change::Unfavorite { .. }), current) => {
            finish::mark(base, change, current, metadata)
        }
        // Where the record is gone, so are its links.
        (change @ Change::Unlink { .. }, Current::Missing) => Operation {
            change: Some(change),
            state: State::Unchanged,
            message: Some("the record is gone, and its links with it".into()),
            ..base
        },
        (change @ (Change::Link { .. } | Change::Unlink { .. }), current) => {
            links(base, change, current)
        }
        // No inverse creates or calls.
        (
            change @ (Change::Create { .. } | Change::UpsertByKey { .. } | Change::Call { .. }),
            _,
        ) => Operation {
            change: Some(change),
            ..base
        },
    }
}
