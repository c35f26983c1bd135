//! The states of an operation and the only ways between them.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::text_enum::text_enum;

text_enum! {
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// What it would do is not known before something else is done.
        Deferred => "deferred",
        Planned => "planned",
        /// On its way: committed before the request leaves, so that a killed run knows what to ask about.
        Sent => "sent",
        Ok => "ok",
        /// Everything it would do is so already.
        Unchanged => "unchanged",
        Failed => "failed",
        Skipped => "skipped",
        /// Sent, and whether it happened cannot be told.
        Unknown => "unknown",
    }
}

impl State {
    /// What a report calls it. Nobody can tell what became of what was sent and never answered.
    pub fn outcome(self) -> &'static str {
        match self {
            Self::Sent => Self::Unknown.as_str(),
            state => state.as_str(),
        }
    }

    /// Nothing more happens to it by itself.
    pub fn is_settled(self) -> bool {
        match self {
            Self::Deferred | Self::Planned | Self::Sent => false,
            Self::Ok | Self::Unchanged | Self::Failed | Self::Skipped | Self::Unknown => true,
        }
    }

    /// It ended so that others can be built on it.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Unchanged)
    }

    /// The first present of failed, unknown, deferred, planned, ok, unchanged, skipped.
    pub fn worst(states: impl IntoIterator<Item = Self>) -> Option<Self> {
        let rank = |state: &Self| match state {
            Self::Failed => 0,
            Self::Unknown | Self::Sent => 1,
            Self::Deferred => 2,
            Self::Planned => 3,
            Self::Ok => 4,
            Self::Unchanged => 5,
            Self::Skipped => 6,
        };
        states.into_iter().min_by_key(rank)
    }

    /// The states it may go to. There is no other table of this.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Deferred => &[Self::Planned, Self::Unchanged, Self::Skipped, Self::Failed],
            Self::Planned => &[
                Self::Sent,
                Self::Unchanged,
                Self::Skipped,
                Self::Failed,
                Self::Deferred,
            ],
            // Skipped is what failed and is to be ignored.
            Self::Sent => &[
                Self::Ok,
                Self::Unchanged,
                Self::Skipped,
                Self::Failed,
                Self::Unknown,
                Self::Planned,
            ],
            Self::Unknown => &[
                Self::Ok,
                Self::Unchanged,
                Self::Skipped,
                Self::Failed,
                // By `--retry-unknown`.
                Self::Planned,
            ],
            // Only by `--retry-failed`, which brings back what was skipped for it as well, and by `undo --force`.
            Self::Failed | Self::Skipped => &[Self::Planned, Self::Deferred],
            Self::Ok | Self::Unchanged => &[],
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_as_themselves() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(*state));
        }
    }

    #[test]
    fn what_went_well_is_never_left() {
        for good in State::ALL.iter().filter(|state| state.is_good()) {
            assert!(good.next().is_empty());
        }
        assert!(
            !State::Planned.next().contains(&State::Ok),
            "nothing is ok that was not sent"
        );
    }
}
