//! What the loop tells the world while it runs. Reports learn of a live run only through these and the run file.

use std::time::Duration;

use crate::expr::StepNo;
use crate::plan::Totals;

#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step's items are known.
    Expanded {
        step: StepNo,
        id: String,
        name: Option<String>,
        items: u64,
    },
    /// A read step has its records.
    Read {
        step: StepNo,
        id: String,
        name: Option<String>,
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

/// Counts of writes by what became of them, over the whole file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub planned: u64,
    pub deferred: u64,
    pub sent: u64,
    pub ok: u64,
    pub unchanged: u64,
    pub failed: u64,
    pub skipped: u64,
    pub unknown: u64,
    /// What `max_changes` counts: done, under way and planned.
    pub changes: u64,
    /// What `max_deletes` counts.
    pub deletes: u64,
    /// What `max_calls` counts.
    pub calls: u64,
    /// Steps whose number of operations is not known yet.
    pub unexpanded: u64,
    /// Batches that may be under way, and entries of each; none while planning.
    pub slots: usize,
    pub batch_size: usize,
    pub activity: Activity,
}

/// What a run is doing right now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Activity {
    Planning,
    #[default]
    Running,
    /// The instance asks for fewer requests.
    Throttled,
    /// The instance does not answer; for how long.
    Paused(Duration),
    Stopping,
}

impl Progress {
    pub fn operations(&self) -> u64 {
        self.planned
            + self.deferred
            + self.sent
            + self.ok
            + self.unchanged
            + self.failed
            + self.skipped
            + self.unknown
    }

    pub fn settled(&self) -> u64 {
        self.ok + self.unchanged + self.failed + self.skipped + self.unknown
    }

    /// What limits are held against.
    pub fn totals(&self) -> Totals {
        Totals {
            changes: self.changes,
            deletes: self.deletes,
            calls: self.calls,
            failed: self.failed,
            operations: self.operations(),
        }
    }
}
