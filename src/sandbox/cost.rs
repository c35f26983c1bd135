//! What requests cost in time, so that a client's scheduling can be measured against something like a real instance.

use std::str::FromStr;
use std::time::Duration;

use super::config::UnknownChoice;
use super::endpoint::Work;

/// Times for a request and for each record in it, and how many requests are worked on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostModel {
    /// Once for each HTTP request, a bulk counting as one.
    pub request: Duration,
    pub create: Duration,
    pub update: Duration,
    pub delete: Duration,
    /// For each record that an answer holds, and for a count.
    pub read: Duration,
    /// Requests worked on at the same time; the others wait.
    pub workers: usize,
}

impl CostModel {
    /// After the one published measurement of an instance (w-systems.com, "Working with Large Sets of Records in Sugar Bulk
    /// API", 2016-10-27): what a record took in bulks of 100, and for a request what single ones took longer than that, a
    /// round number. It gives no number of workers; eight is the sandbox's choice.
    pub const SUGAR_2016: Self = Self {
        request: Duration::from_millis(450),
        create: Duration::from_millis(112),
        update: Duration::from_millis(76),
        delete: Duration::from_millis(91),
        read: Duration::from_millis(31),
        workers: 8,
    };

    /// No time at all, and the same number of workers.
    pub(crate) const NOTHING: Self = Self {
        request: Duration::ZERO,
        create: Duration::ZERO,
        update: Duration::ZERO,
        delete: Duration::ZERO,
        read: Duration::ZERO,
        workers: Self::SUGAR_2016.workers,
    };

    pub(crate) fn of(&self, work: Work, records: usize) -> Duration {
        let records = u32::try_from(records.max(1)).unwrap_or(u32::MAX);
        match work {
            Work::Create => self.create,
            Work::Update => self.update * records,
            Work::Delete => self.delete,
            Work::Read => self.read * records,
            Work::Nothing => Duration::ZERO,
        }
    }
}

impl FromStr for CostModel {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "sugar-2016" => Ok(Self::SUGAR_2016),
            _ => Err(UnknownChoice {
                given: text.to_owned(),
                choices: &["sugar-2016"],
            }),
        }
    }
}
