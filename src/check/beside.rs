//! Reads of a module that a step above them writes, and that do not wait for that: a warning.
//!
//! A read runs as soon as what it names is known: before the write that stands above it, if it does not say that it waits.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::playbook::Action;
use crate::playbook::Playbook;
use crate::playbook::Step;

const READ_BESIDE_WRITE: Code = Code("read_beside_write");

/// How many writes are followed through the graph at once.
const AT_ONCE: usize = 512;

/// Which writes of those at hand stand somewhere behind a step, one bit each.
type Behind = [u64; AT_ONCE / 64];

/// `order` has the places of steps, each behind those it needs.
pub(super) fn check(
    playbook: &Playbook,
    needs: &[Vec<usize>],
    order: &[usize],
    problems: &mut Problems,
) {
    let mut writes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut reads: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, step) in playbook.steps.iter().enumerate() {
        let Some(module) = step.action.module() else {
            continue;
        };
        // The user's own mark is nothing that reads find records by.
        if matches!(step.action, Action::Favorite(_) | Action::Unfavorite(_)) {
            continue;
        }
        let module = module.value.as_str();
        if step.action.is_write() {
            writes.entry(module).or_default().push(place);
        // A field's values do not come from records, and what `related` reads is of the module its link leads to.
        } else if !matches!(step.action, Action::Enum(_) | Action::Related(_)) {
            reads.entry(module).or_default().push(place);
        }
    }
    for (module, reads) in reads {
        let Some(writes) = writes.get(module) else {
            continue;
        };
        for (read, write) in unawaited(writes, &reads, needs, order) {
            let (read, write) = (&playbook.steps[read], &playbook.steps[write]);
            problems.push(problem(read, write, module));
        }
    }
}

/// For each read the last write above it that nothing makes it wait for.
///
/// A set of all that stands behind each step would grow with the square of the steps, and following the graph from each
/// read as well; so the writes go through the graph together, a handful at a time, from the last to the first.
fn unawaited(
    writes: &[usize],
    reads: &[usize],
    needs: &[Vec<usize>],
    order: &[usize],
) -> BTreeMap<usize, usize> {
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    let steps = order.len();
    let mut positions = vec![0; steps];
    for (position, place) in order.iter().enumerate() {
        positions[*place] = position;
    }
    for writes in writes.rchunks(AT_ONCE) {
        let mut bits: Vec<Behind> = vec![Behind::default(); steps];
        for place in order {
            let mut behind = Behind::default();
            for need in &needs[*place] {
                for (bits, more) in behind.iter_mut().zip(bits[*need]) {
                    *bits |= more;
                }
            }
            if let Ok(own) = writes.binary_search(place) {
                behind[own / 64] |= 1 << (own % 64);
            }
            bits[*place] = behind;
        }
        for read in reads {
            if found.contains_key(read) {
                continue;
            }
            let above = writes.partition_point(|write| write < read);
            let is_behind = |write: usize| bits[*read][write / 64] & (1 << (write % 64)) != 0;
            let unawaited = (0..above).rev().filter(|write| !is_behind(*write));
            // A write that is made of what is read cannot be waited for.
            if let Some(write) = unawaited
                .into_iter()
                .find(|write| !leads_to(*read, writes[*write], needs, &positions))
            {
                found.insert(*read, writes[write]);
            }
        }
    }
    found
}

/// Whether a step needs another, directly or not. Only what stands between the two in the order is looked at: nearly
/// always nothing, since the other stands below.
fn leads_to(needed: usize, step: usize, needs: &[Vec<usize>], positions: &[usize]) -> bool {
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut open = vec![step];
    while let Some(step) = open.pop() {
        if step == needed {
            return true;
        }
        if positions[step] > positions[needed] && seen.insert(step) {
            open.extend(&needs[step]);
        }
    }
    false
}

fn problem(read: &Step, write: &Step, module: &str) -> Problem {
    let id = &write.id.value;
    Problem::warning(
        READ_BESIDE_WRITE,
        format!("this reads {module} as they are before `{id}` writes them"),
    )
    .at(read.verb_span, "does not wait for it")
    .at(write.verb_span, "writes them")
    .help(format!(
        "to read what `{id}` leaves behind, add `depends_on: [{id}]`; to read what was there before, put this step \
         above it"
    ))
    .step(&read.id.value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything a step needs, directly or not.
    fn all_needs(needs: &[Vec<usize>], step: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            for need in &needs[step] {
                if found.insert(*need) {
                    open.push(*need);
                }
            }
        }
        found
    }

    proptest! {
        /// What the bits say is what following the graph from each read would say.
        #[test]
        fn the_last_write_above_that_is_not_waited_for_is_found(
            kinds in prop::collection::vec(any::<bool>(), 1_400..1_500),
            edges in prop::collection::vec((0_usize..1_500, 0_usize..1_500), 0..3_000),
        ) {
            let steps = kinds.len();
            let mut needs = vec![Vec::new(); steps];
            for (from, to) in edges {
                let (need, step) = (from.min(to), from.max(to));
                if need < step && step < steps {
                    needs[step].push(need);
                }
            }
            let order: Vec<usize> = (0..steps).collect();
            let of = |wanted| -> Vec<usize> { (0..steps).filter(|step| kinds[*step] == wanted).collect() };
            let (writes, reads) = (of(true), of(false));
            let found = unawaited(&writes, &reads, &needs, &order);
            for read in reads.into_iter().step_by(7) {
                let behind = all_needs(&needs, read);
                let expected = writes.iter().rev().find(|write| **write < read && !behind.contains(write));
                prop_assert_eq!(found.get(&read), expected);
            }
        }
    }
}
