//! Oddities: what was met and not understood.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// One oddity; one that is met many times is noted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub what: String,
    pub first_place: String,
    pub times: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at `{}`", self.what, self.first_place)?;
        match self.times {
            1 => Ok(()),
            times => write!(f, " and {} more", times - 1),
        }
    }
}

/// What was met, where first, and how often.
#[derive(Default)]
pub(super) struct Notes(BTreeMap<String, (String, usize)>);

impl Notes {
    pub(super) fn add(&mut self, what: impl Into<String>, place: &str) {
        self.0
            .entry(what.into())
            .or_insert_with(|| (place.to_owned(), 0))
            .1 += 1;
    }

    pub(super) fn finish(self) -> Vec<Note> {
        self.0
            .into_iter()
            .map(|(what, (first_place, times))| Note {
                what,
                first_place,
                times,
            })
            .collect()
    }
}
