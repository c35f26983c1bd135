//! What the compiler takes and gives.

use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use super::touch::Touch;
use crate::check::Sharing;
use crate::expr::Seq;
use crate::wire::Write;

/// An operation that may be sent now, with the requests that do it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ready {
    pub seq: Seq,
    pub requests: Vec<Arc<Write>>,
    pub touches: Vec<Touch>,
    /// Operations that must come before it in the same batch; none, where nothing holds it.
    pub behind: Vec<Seq>,
    /// Only operations with the same key become one request; without a key it is always a request of its own.
    pub merge: Option<MergeKey>,
    pub sharing: Sharing,
}

/// Stands for `on_error`, `retry`, `verify` and the reads that come after: what must be the same for operations to be
/// one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MergeKey(pub usize);

/// What a request costs the instance, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Create,
    Update,
    Delete,
    Relate,
}

impl Class {
    pub const COUNT: usize = 4;

    pub fn of(request: &Write) -> Self {
        match request {
            Write::Create { .. } | Write::CreateRelated { .. } => Self::Create,
            Write::Delete { .. } => Self::Delete,
            Write::Link { .. } | Write::Unlink { .. } => Self::Relate,
            Write::Update { .. }
            | Write::Favorite { .. }
            | Write::Unfavorite { .. }
            | Write::UpsertByKey { .. }
            | Write::Call { .. } => Self::Update,
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }
}

/// What one batch may hold, and how many may be on their way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Entries of one `/bulk` at most.
    pub entries: usize,
    /// Bytes of bodies in one `/bulk` at most.
    pub bytes: usize,
    /// Time at the instance that one `/bulk` may take.
    pub seconds: f64,
    /// What an entry of each [`Class`] takes, as far as it was measured.
    pub seconds_per: [f64; Class::COUNT],
    /// Entries of a batch while there are fewer operations than would fill all slots; at least one.
    pub share: usize,
    /// Batches that can go out at this moment.
    pub slots: usize,
}

/// One `/bulk` to be: everything that is needed to send it and to tell what became of whom.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Batch {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub request: Arc<Write>,
    /// The operations it does, in their order.
    pub members: Vec<Seq>,
    pub carried: Carried,
}

/// How a request carries its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carried {
    /// It does one operation, or part of one.
    Alone,
    /// It does several of a kind.
    Merged,
    /// It creates a record below another: a create, and the link that would have followed.
    Below,
}

impl Batch {
    /// The operations in it, each once, in their order.
    pub fn members(&self) -> Vec<Seq> {
        let mut members: Vec<Seq> = self
            .entries
            .iter()
            .flat_map(|entry| entry.members.iter().copied())
            .collect();
        members.sort_unstable();
        members.dedup();
        members
    }
}
