//! How an operation ended, with everything that is written down of it.

use serde_json::Map;
use serde_json::Value as Json;

use super::Seen;
use crate::operation::Change;
use crate::operation::Omissions;
use crate::operation::State;
use crate::operation::Written;
use crate::wire::Label;

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    pub state: State,
    pub label: Option<Label>,
    pub message: Option<String>,
    pub status: Option<u16>,
    /// What was done in truth, where that is not what was planned: a create that was given another id.
    pub change: Option<Change>,
    /// Records that it was not done to.
    pub omitted: Omissions,
    /// Of one that did not go well: what was written all the same.
    pub written: Option<Written>,
    /// Fields of the record that others may use; of a call all records in its answer.
    pub records: Vec<Map<String, Json>>,
    /// What `select` found in the answer.
    pub selected: Option<Vec<Json>>,
    /// Records it wrote or touched, as the answer shows them.
    pub seen: Vec<Seen>,
    /// Field → `{before, after}` of what changed besides what was sent.
    pub side_effects: Map<String, Json>,
}

impl Settlement {
    pub fn new(state: State) -> Self {
        Self {
            state,
            label: None,
            message: None,
            status: None,
            change: None,
            omitted: Omissions::new(),
            written: None,
            records: Vec::new(),
            selected: None,
            seen: Vec::new(),
            side_effects: Map::new(),
        }
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<Label>, message: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self.message = Some(message.into());
        self
    }

    #[must_use]
    pub fn status(mut self, status: Option<u16>) -> Self {
        self.status = status;
        self
    }

    /// Whether the rows of both operations say the same of how they ended.
    pub(super) fn ends_like(&self, other: &Self) -> bool {
        self.state == other.state
            && self.status == other.status
            && self.label == other.label
            && self.message == other.message
    }
}
