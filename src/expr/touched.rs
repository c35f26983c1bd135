//! What an evaluation read: the edges of the operation graph, and what is not known yet.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::results::Seq;
use super::results::StepNo;
use crate::text_enum::text_enum;
use crate::wire::Label;

/// Why a value cannot be known before something else is done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    Operation(Seq),
    Step(StepNo),
}

text_enum! {
    /// How strongly an operation leans on another.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EdgeKind {
        /// Both write the same record, and one comes first.
        Order => "order",
        /// It uses a value the plan knows for certain.
        Value => "value",
        /// It uses an id that the plan predicts; an instance may give another.
        PredictedId => "predicted_id",
    }
}

/// What was looked for among a step's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// By an item's key; an empty one is nobody's.
    Key(Option<String>),
    Record {
        field: String,
        value: String,
    },
}

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(Some(key)) => write!(f, "item with the key `{key}`"),
            Self::Key(None) => f.write_str("item with an empty key"),
            Self::Record { field, value } => write!(f, "record with the `{field}` `{value}`"),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touched {
    pub operations: BTreeMap<Seq, EdgeKind>,
    /// Steps of which a whole-step attribute was read.
    pub steps: BTreeSet<StepNo>,
    pub unknown: BTreeSet<Unknown>,
    /// The first failed, skipped or unknown operation that was read.
    pub bad: Option<(Seq, Option<Label>)>,
    /// The first that was looked for and not found, and in which step's results.
    pub missing: Option<(String, Sought)>,
    /// The first result that could not be read.
    pub broken: Option<String>,
}

impl Touched {
    pub fn merge(&mut self, other: Self) {
        for (seq, kind) in other.operations {
            self.edge(seq, kind);
        }
        self.steps.extend(other.steps);
        self.unknown.extend(other.unknown);
        self.bad = self.bad.take().or(other.bad);
        self.missing = self.missing.take().or(other.missing);
        self.broken = self.broken.take().or(other.broken);
    }

    pub fn edge(&mut self, seq: Seq, kind: EdgeKind) {
        let known = self.operations.entry(seq).or_insert(kind);
        *known = (*known).max(kind);
    }
}

/// Shared by the objects of one evaluation.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Touched>);

impl Recorder {
    pub(super) fn record(&self) -> MutexGuard<'_, Touched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Touched {
        std::mem::take(&mut self.record())
    }
}
