//! Operations: one record-level action each, with its identity, its states and its requests.

mod change;
mod hanging;
mod ids;
mod key;
mod likeness;
mod parts;
mod relations;
mod state;

use serde_json::Map;
use serde_json::Value as Json;

pub use change::Action;
pub use change::Change;
pub use change::SYNC_KEY;
pub use hanging::Hanging;
pub use hanging::Hung;
pub use ids::Origin;
pub use ids::Stability;
pub use key::Key;
pub use key::KeyError;
pub use likeness::Likeness;
pub use parts::Omissions;
pub use parts::Omitted;
pub use parts::Parts;
pub use parts::Why;
pub use parts::Written;
pub use parts::label_of;
pub use parts::told;
pub use relations::Former;
pub use relations::Relations;
pub use relations::Replaced;
pub use state::State;

use crate::diag::Row;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::wire::Label;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Whether it can be taken back from what the run file knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversible {
    Yes,
    No,
}

/// What a plan says of one item of a write step.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub seq: Seq,
    pub key: Key,
    pub action: Action,
    /// Absent while it is deferred, and where it failed or was skipped before it was known.
    pub change: Option<Change>,
    /// The record it is about, where no change says it: it failed before there was one.
    pub about: Option<(ModuleName, RecordId)>,
    pub state: State,
    pub label: Option<Label>,
    pub message: Option<String>,
    /// The HTTP status of its answer.
    pub status: Option<u16>,
    /// The fields it sets, as they are and as they will be.
    pub before: Map<String, Json>,
    pub after: Map<String, Json>,
    /// The `date_modified` it was planned against.
    pub modified: Option<String>,
    pub reversible: Reversible,
    pub row: Option<Row>,
    /// Operations it needs, and what it takes from them.
    pub needs: Vec<(Seq, EdgeKind)>,
    /// Steps that must settle before it can be known.
    pub waits_for: Vec<StepNo>,
}
