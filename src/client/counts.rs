//! How much was sent.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What was sent; repeated requests count each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All HTTP requests, those for a token included.
    pub http: u64,
    /// Those to `/bulk`.
    pub bulk: u64,
    /// Entries of `/bulk` and single requests; requests for a token are none.
    pub operations: u64,
    /// Entries and single requests that were sent again because no proper answer came.
    pub retries: u64,
    /// What HTTP requests took together, those at the same time one by one.
    pub took: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Counter {
    http: AtomicU64,
    bulk: AtomicU64,
    operations: AtomicU64,
    retries: AtomicU64,
    microseconds: AtomicU64,
}

impl Counter {
    pub(super) fn request(&self) {
        self.http.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(time, Ordering::Relaxed);
    }

    pub(super) fn single(&self) {
        self.operations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn bulk(&self, entries: usize) {
        self.bulk.fetch_add(1, Ordering::Relaxed);
        let entries = u64::try_from(entries).unwrap_or(u64::MAX);
        self.operations.fetch_add(entries, Ordering::Relaxed);
    }

    pub(super) fn retried(&self, entries: u64) {
        self.retries.fetch_add(entries, Ordering::Relaxed);
    }

    /// What was sent since this was asked last.
    pub(super) fn take(&self) -> Counts {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        Counts {
            http: take(&self.http),
            bulk: take(&self.bulk),
            operations: take(&self.operations),
            retries: take(&self.retries),
            took: Duration::from_micros(take(&self.microseconds)),
        }
    }
}
