//! What is ready into batches. Pure, and the same for the same input.

use crate::check::Sharing;
use crate::expr::Seq;
use crate::wire::Write;

/// An operation that may be sent now, with the requests that do it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ready {
    pub seq: Seq,
    pub requests: Vec<Write>,
    pub sharing: Sharing,
}

/// What one batch may hold, and how many may be on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Entries of one `/bulk` at most.
    pub entries: usize,
    /// Bytes of bodies in one `/bulk` at most.
    pub bytes: usize,
    /// Batches that can go out at this moment.
    pub slots: usize,
}

/// One `/bulk` to be. The operations whose requests it holds stand in the order of its entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub request: Write,
    pub member: Seq,
}

impl Batch {
    /// The operations in it, each once.
    pub fn members(&self) -> Vec<Seq> {
        let mut members: Vec<Seq> = self.entries.iter().map(|entry| entry.member).collect();
        members.dedup();
        members
    }
}

/// Packs operations in their order, at most one batch for each free slot. What does not fit is left for the next call.
///
/// Operations of different steps share a batch. Few operations are spread over all slots, since a slot that has nothing
/// to do saves nobody time; an operation's requests are never spread over two batches.
pub fn compile(ready: &[Ready], budget: Budget) -> Vec<Batch> {
    let total: usize = ready.iter().map(|operation| operation.requests.len()).sum();
    let target = total
        .div_ceil(budget.slots.max(1))
        .clamp(1, budget.entries.max(1));
    let mut batches: Vec<Batch> = Vec::new();
    let mut open = Open::default();
    for operation in ready {
        let bytes: usize = operation.requests.iter().map(size).sum();
        let alone = operation.sharing == Sharing::Alone;
        let full = open.entries.len() + operation.requests.len() > target
            || open.bytes + bytes > budget.bytes;
        if !open.entries.is_empty() && (full || alone || open.alone) {
            batches.push(open.close());
        }
        if batches.len() >= budget.slots {
            return batches;
        }
        open.alone = alone;
        open.bytes += bytes;
        open.entries
            .extend(operation.requests.iter().map(|request| Entry {
                request: request.clone(),
                member: operation.seq,
            }));
    }
    if !open.entries.is_empty() && batches.len() < budget.slots {
        batches.push(open.close());
    }
    batches
}

#[derive(Default)]
struct Open {
    entries: Vec<Entry>,
    bytes: usize,
    alone: bool,
}

impl Open {
    fn close(&mut self) -> Batch {
        let closed = std::mem::take(self);
        Batch {
            entries: closed.entries,
        }
    }
}

/// About how long the entry will be in the body of `/bulk`.
fn size(request: &Write) -> usize {
    const AROUND: usize = 64;
    let encoded = request.encode();
    AROUND + encoded.path().len() + encoded.json().map_or(0, |body| body.to_string().len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expr::StepNo;
    use crate::wire::ModuleName;
    use crate::wire::RecordId;

    fn ready(step: u32, index: u64, requests: usize, sharing: Sharing) -> Ready {
        let request = Write::Delete {
            module: ModuleName::new("Notes"),
            record: RecordId::new(format!("{index}")),
        };
        Ready {
            seq: Seq::new(StepNo(step), index),
            requests: vec![request; requests],
            sharing,
        }
    }

    #[test]
    fn few_operations_use_all_slots() {
        let ready: Vec<_> = (0..8)
            .map(|index| ready(0, index, 1, Sharing::Shared))
            .collect();
        let batches = compile(
            &ready,
            Budget {
                entries: 100,
                bytes: 1 << 20,
                slots: 4,
            },
        );
        assert_eq!(
            batches
                .iter()
                .map(|batch| batch.entries.len())
                .collect::<Vec<_>>(),
            [2, 2, 2, 2]
        );
    }

    #[test]
    fn an_operation_that_wants_to_be_alone_is() {
        let ready = [
            ready(0, 0, 1, Sharing::Shared),
            ready(1, 0, 1, Sharing::Alone),
            ready(2, 0, 1, Sharing::Shared),
            ready(2, 1, 1, Sharing::Shared),
        ];
        let batches = compile(
            &ready,
            Budget {
                entries: 100,
                bytes: 1 << 20,
                slots: 1,
            },
        );
        assert_eq!(batches.len(), 1);
        let batches = compile(
            &ready,
            Budget {
                entries: 2,
                bytes: 1 << 20,
                slots: 9,
            },
        );
        assert_eq!(
            batches
                .iter()
                .map(|batch| batch.entries.len())
                .collect::<Vec<_>>(),
            [1, 1, 1, 1]
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_is_twice_and_order_is_kept(
            sizes in proptest::collection::vec((1_usize..4, any::<bool>()), 0..200),
            entries in 1_usize..40,
            bytes in 1_usize..4000,
            slots in 1_usize..9,
        ) {
            let mut left: Vec<Ready> = (0..)
                .zip(&sizes)
                .map(|(index, (requests, alone))| {
                    ready(0, index, *requests, if *alone { Sharing::Alone } else { Sharing::Shared })
                })
                .collect();
            let expected: Vec<Seq> = left.iter().map(|operation| operation.seq).collect();
            let mut sent = Vec::new();
            while !left.is_empty() {
                let batches = compile(&left, Budget { entries, bytes, slots });
                prop_assert!(!batches.is_empty() && batches.len() <= slots);
                for batch in &batches {
                    let members = batch.members();
                    prop_assert!(!members.is_empty());
                    // More than the limit only where one operation is more by itself.
                    prop_assert!(batch.entries.len() <= entries || members.len() == 1);
                    sent.extend(members);
                }
                left.drain(..sent.len() - (expected.len() - left.len()));
            }
            prop_assert_eq!(sent, expected);
        }
    }
}
