//! What a run may change at most.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::diag::Located;
use crate::diag::Span;

/// `limits`. Absent numbers have defaults: no bound, but no deletes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    pub max_changes: Option<u64>,
    pub max_deletes: Option<u64>,
    pub max_failures: Option<Tolerance>,
    pub max_calls: Option<u64>,
}

/// Where limits are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LimitPlaces {
    /// The key `limits`.
    pub key: Option<Span>,
    /// Each limit by its name.
    pub each: Vec<Located<String>>,
}

impl LimitPlaces {
    /// Of a limit, or where it would stand.
    pub fn of(&self, name: &str) -> Option<Span> {
        let written = self.each.iter().find(|limit| limit.value == name);
        written.map(|limit| limit.span).or(self.key)
    }
}

impl Limits {
    /// These, and where they say nothing, others.
    #[must_use]
    pub fn over(&self, others: &Self) -> Self {
        Self {
            max_changes: self.max_changes.or(others.max_changes),
            max_deletes: self.max_deletes.or(others.max_deletes),
            max_failures: self.max_failures.or(others.max_failures),
            max_calls: self.max_calls.or(others.max_calls),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that are set, by their names and as they are written.
    pub fn listed(&self) -> impl Iterator<Item = (&'static str, String)> {
        let numbers = [
            ("max_changes", self.max_changes),
            ("max_deletes", self.max_deletes),
            ("max_calls", self.max_calls),
        ];
        let failures = self
            .max_failures
            .map(|limit| ("max_failures", limit.to_string()));
        let numbers = numbers
            .into_iter()
            .filter_map(|(name, limit)| Some((name, limit?.to_string())));
        numbers.chain(failures)
    }
}

/// How many failures are borne: a number, or a percentage of the write operations known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tolerance {
    Count(u64),
    Percent(f64),
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Tolerance {
    type Err = ();

    /// `20`, or `5%`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| ());
        };
        let percent = percent.trim().parse().ok();
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(Self::Percent).ok_or(())
    }
}
