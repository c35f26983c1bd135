//! What the loop tells the world while it runs. Reports learn of a live run only through these and the run file.

use std::time::Duration;

use crate::expr::StepNo;
use crate::runfile::Progress;

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step's items are known.
    Expanded {
        step: StepNo,
        name: String,
        items: u64,
    },
    /// A read step has its records.
    Read {
        step: StepNo,
        name: String,
        records: u64,
    },
    Sent {
        batch: u64,
        entries: usize,
    },
    Answered {
        batch: u64,
        took: Duration,
    },
    Progress(Progress),
}

/// Whoever wants to know.
pub trait Listener {
    fn hear(&mut self, event: &Event);
}

/// Nobody does.
#[derive(Debug, Default)]
pub struct Deaf;

impl Listener for Deaf {
    fn hear(&mut self, _event: &Event) {}
}
