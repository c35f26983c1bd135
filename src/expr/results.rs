//! What expressions may ask about earlier steps. The run file answers; a test may answer from memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde_json::Map;
use serde_json::Value as Json;

use crate::text_enum::text_enum;
use crate::wire::Label;

/// A step's place in the topological order, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepNo(pub u32);

/// An operation's number: by step, then by item, never by completion.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Seq(pub i64);

impl Seq {
    const ITEM_BITS: u32 = 40;

    pub fn new(step: StepNo, index: u64) -> Self {
        let index = i64::try_from(index).expect("an item's index is below 2^40");
        Self(i64::from(step.0) << Self::ITEM_BITS | index)
    }

    pub fn step(self) -> StepNo {
        StepNo(u32::try_from(self.0 >> Self::ITEM_BITS).expect("made from a step's number"))
    }

    pub fn index(self) -> u64 {
        (self.0 & ((1 << Self::ITEM_BITS) - 1)).unsigned_abs()
    }

    /// Whether nothing can be between the two.
    pub fn is_followed_by(self, next: Self) -> bool {
        self.0.checked_add(1) == Some(next.0)
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its items are not known yet.
    Pending,
    /// Its items are known; some operations are not final.
    Open,
    Settled,
}

text_enum! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Effect {
        Reads => "reads",
        /// One record for each item, of which the plan may know something.
        Writes => "writes",
        /// Whatever an endpoint answers, of which nothing is known before.
        Calls => "calls",
    }
}

text_enum! {
    /// Whether a step has one item of its own or one for each of a list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Repeat {
        Once => "once",
        ForEach => "for_each",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    pub number: StepNo,
    pub effect: Effect,
    pub repeat: Repeat,
    pub phase: Phase,
    pub items: u64,
    /// Records of all items that are ok or unchanged.
    pub records: u64,
    /// What `count` gave; absent for other verbs.
    pub count: Option<u64>,
    /// Of a step without `for_each` that is settled: its one item did not go well.
    pub bad: Option<(Seq, Option<Label>)>,
}

/// What became of a step's operations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// The worst of them, in the words of the reports.
    pub outcome: &'static str,
    pub failed: u64,
    pub labels: BTreeMap<String, u64>,
}

/// How much is known of an item's result.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Final, and well.
    Known,
    /// Planned: `record` holds what the plan knows of it, and more may come.
    Predicted(Seq),
    /// Nothing is known before this operation is planned or done.
    Waiting(Seq),
    /// Failed, skipped or unknown: nothing can be built on it.
    Bad {
        operation: Seq,
        label: Option<Label>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct ItemResult {
    pub standing: Standing,
    pub key: Option<String>,
    pub record: Map<String, Json>,
    pub records: u64,
    /// What `count` gave; absent for other verbs.
    pub count: Option<u64>,
    pub outcome: &'static str,
    pub label: Option<Label>,
    pub source: ItemSource,
}

/// What an item was made from.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemSource {
    Value(Json),
    /// The result of an item of another step, read when it is asked for.
    Item {
        step: StepNo,
        index: u64,
    },
}

/// Where a key leads.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyHit {
    Item(u64),
    Record(Map<String, Json>),
}

/// What a search for one record found.
#[derive(Debug, Clone, PartialEq)]
pub enum Hit {
    None,
    One(Map<String, Json>),
    Several,
}

/// A result could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ResultsError(pub String);

pub trait Results: Send + Sync + fmt::Debug {
    fn step(&self, name: &str) -> Result<Option<StepResult>, ResultsError>;

    fn item(&self, step: StepNo, index: u64) -> Result<Option<ItemResult>, ResultsError>;

    /// The item with a key; one without has its index from 0 for one.
    fn by_key(&self, step: StepNo, key: &str) -> Result<Option<KeyHit>, ResultsError>;

    /// Records of all good items, joined in item order; `range` counts among them.
    fn records(
        &self,
        step: StepNo,
        range: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError>;

    /// Records of one item.
    fn item_records(
        &self,
        step: StepNo,
        index: u64,
        range: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError>;

    /// What `select` found for one item, or for all items that went well.
    fn selected(&self, step: StepNo, item: Option<u64>) -> Result<Option<Json>, ResultsError>;

    /// The one record of a step whose field has this value, as text.
    fn find(&self, step: StepNo, field: &str, value: &str) -> Result<Hit, ResultsError>;

    fn tally(&self, step: StepNo) -> Result<Tally, ResultsError>;
}
