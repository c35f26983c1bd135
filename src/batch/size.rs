//! How much of a budget a request takes.

use super::ready::Class;
use super::ready::Ready;
use crate::wire::Write;

/// An operation with what it weighs, which is worked out once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed<'a> {
    pub(super) operation: &'a Ready,
    pub(super) bytes: usize,
    pub(super) seconds: f64,
}

impl<'a> Weighed<'a> {
    pub(super) fn new(operation: &'a Ready, seconds_per: &[f64; Class::COUNT]) -> Self {
        let requests = || operation.requests.iter().map(AsRef::as_ref);
        Self {
            operation,
            bytes: requests().map(bytes).sum(),
            seconds: requests()
                .map(|request| seconds(request, seconds_per))
                .sum(),
        }
    }
}

/// About how long an entry will be in the body of `/bulk`.
pub fn bytes(request: &Write) -> usize {
    request.encode().bytes()
}

/// How many records requests write, by class.
pub fn records_by_class<'a>(requests: impl Iterator<Item = &'a Write>) -> [u32; Class::COUNT] {
    let mut records = [0; Class::COUNT];
    for request in requests {
        records[Class::of(request).index()] += records_of(request);
    }
    records
}

fn records_of(request: &Write) -> u32 {
    match request {
        Write::Link { targets, .. } => u32::try_from(targets.len()).unwrap_or(u32::MAX),
        _ => 1,
    }
}

/// What it will take at the instance. A link takes its time for each record it leads to.
fn seconds(request: &Write, seconds_per: &[f64; Class::COUNT]) -> f64 {
    seconds_per[Class::of(request).index()] * f64::from(records_of(request))
}
