//! Reads of a module that a step above them writes, and that do not wait for that: a warning.
//!
//! A read runs as soon as what it names is known: before the write that stands above it, if it does not say that it waits.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::CheckedStep;
use super::graph::Needs;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::playbook::Action;
use crate::playbook::Step;

const READ_BESIDE_WRITE: Code = Code("read_beside_write");

/// How many writes are followed through the graph at once.
const AT_ONCE: usize = 512;

/// Steps that read or write records, by the module these are of.
#[derive(Debug, Default)]
pub(super) struct Modules(BTreeMap<String, Places>);

/// In the file.
#[derive(Debug, Default)]
struct Places {
    reads: Vec<usize>,
    writes: Vec<usize>,
}

impl Modules {
    /// The step that stands at a place, behind all that were seen before.
    pub(super) fn step(&mut self, place: usize, step: &Step) {
        let is_write = match &step.action {
            // The user's own mark is nothing that reads find records by, a field's values do not come from records, and what
            // `related` reads is of the module its link leads to.
            Action::Favorite(_) | Action::Unfavorite(_) | Action::Enum(_) | Action::Related(_) => {
                return;
            }
            action => action.is_write(),
        };
        let Some(module) = step.action.module() else {
            return;
        };
        if !self.0.contains_key(&module.value) {
            self.0.insert(module.value.clone(), Places::default());
        }
        if let Some(places) = self.0.get_mut(&module.value) {
            let places = match is_write {
                true => &mut places.writes,
                false => &mut places.reads,
            };
            places.push(place);
        }
    }

    /// `order` has the places of steps, each behind those it needs.
    pub(super) fn check(
        &self,
        steps: &[CheckedStep],
        needs: &Needs,
        order: &[usize],
        problems: &mut Problems,
    ) {
        for (module, Places { reads, writes }) in &self.0 {
            if reads.is_empty() || writes.is_empty() {
                continue;
            }
            for (read, write) in unawaited(writes, reads, needs, order) {
                problems.push(problem(&steps[read], &steps[write], module));
            }
        }
    }
}

/// For each read the last write above it that nothing makes it wait for.
///
/// A set of all that stands behind each step would grow with the square of the steps. So each read is asked first whether
/// it surely waits for all writes above it.
fn unawaited(
    writes: &[usize],
    reads: &[usize],
    needs: &Needs,
    order: &[usize],
) -> BTreeMap<usize, usize> {
    let above = |step: usize| writes.partition_point(|write| *write < step);
    let graph = Behind::new(needs, order);
    let surely = graph.surely(writes);
    let mut open: Vec<usize> = reads
        .iter()
        .copied()
        .filter(|read| surely[graph.place[*read]].all < above(*read))
        .collect();
    let mut found = BTreeMap::new();
    // The others have to be held against all writes above them, a handful at a time, from the last to the first.
    let mut chunks = writes.rchunks(AT_ONCE);
    while let Some(chunk) = chunks.next().filter(|_| !open.is_empty()) {
        let bits = graph.bits(chunk);
        open.retain(|read| {
            let above = chunk.partition_point(|write| write < read);
            let behind = &bits[graph.place[*read]];
            let missed = (0..above)
                .rev()
                .filter(|write| !has(behind, *write))
                // A write that is made of what is read cannot be waited for.
                .find(|write| !graph.leads_to(*read, chunk[*write]));
            found.extend(missed.map(|write| (*read, chunk[write])));
            missed.is_none()
        });
    }
    found
}

/// Writes that surely stand somewhere behind a step, or are the step itself, by their numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Surely {
    /// How many, from the first on.
    all: usize,
    /// The last of them, counted from 1.
    last: usize,
    /// Which of the last and those before it, as far as there is room: it has the lowest bit.
    recent: u64,
}

impl Surely {
    fn and(self, other: Self) -> Self {
        let last = self.last.max(other.last);
        let recent = |of: Self| {
            let room = u32::try_from(last - of.last).ok();
            room.and_then(|room| of.recent.checked_shl(room))
                .unwrap_or(0)
        };
        Self {
            all: self.all.max(other.all),
            last,
            recent: recent(self) | recent(other),
        }
    }

    fn of(write: usize) -> Self {
        Self {
            all: 0,
            last: write + 1,
            recent: 1,
        }
    }

    /// Counts those of the recent ones in that follow on all from the first on.
    fn joined(self) -> Self {
        let Some(above) = u64::BITS
            .checked_sub(u32::try_from(self.last.saturating_sub(self.all)).unwrap_or(u32::MAX))
            .filter(|above| *above < u64::BITS)
        else {
            return self;
        };
        let run = (self.recent << above).leading_ones();
        Self {
            all: self.all + run as usize,
            ..self
        }
    }
}

/// Which writes of those at hand stand somewhere behind a step, one bit each.
type Bits = [u64; AT_ONCE / 64];

fn has(bits: &Bits, write: usize) -> bool {
    bits[write / 64] & (1 << (write % 64)) != 0
}

/// What stands behind what.
struct Behind<'a> {
    needs: &'a Needs,
    order: &'a [usize],
    /// Of each step, in the order.
    place: Vec<usize>,
}

impl<'a> Behind<'a> {
    fn new(needs: &'a Needs, order: &'a [usize]) -> Self {
        let mut place = vec![0; order.len()];
        for (sorted, step) in order.iter().enumerate() {
            place[*step] = sorted;
        }
        Self {
            needs,
            order,
            place,
        }
    }

    /// What surely stands behind each step, in the order. Where each write waits for those before, and so do the steps behind
    /// it, that is everything.
    fn surely(&self, writes: &[usize]) -> Vec<Surely> {
        let mut surely: Vec<Surely> = Vec::with_capacity(self.order.len());
        for step in self.order {
            let needs = self.needs.of(*step).iter();
            let needs = needs.filter_map(|need| surely.get(self.place[*need]));
            let own = writes.binary_search(step).ok().map(Surely::of);
            let behind = needs.copied().chain(own);
            surely.push(behind.fold(Surely::default(), Surely::and).joined());
        }
        surely
    }

    /// Whether a step needs another, directly or not. Only what stands between the two in the order is looked at: nearly
    /// always nothing, since the other stands below.
    fn leads_to(&self, needed: usize, step: usize) -> bool {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            if step == needed {
                return true;
            }
            if self.place[step] > self.place[needed] && seen.insert(step) {
                open.extend(self.needs.of(step));
            }
        }
        false
    }

    /// Which of these writes stand behind each step, in the order.
    fn bits(&self, writes: &[usize]) -> Vec<Bits> {
        let mut bits: Vec<Bits> = Vec::with_capacity(self.order.len());
        for step in self.order {
            let mut behind = Bits::default();
            for need in self.needs.of(*step) {
                let known = bits.get(self.place[*need]).copied();
                for (bits, more) in behind.iter_mut().zip(known.unwrap_or_default()) {
                    *bits |= more;
                }
            }
            if let Ok(own) = writes.binary_search(step) {
                behind[own / 64] |= 1 << (own % 64);
            }
            bits.push(behind);
        }
        bits
    }
}

fn problem(read: &CheckedStep, write: &CheckedStep, module: &str) -> Problem {
    let id = &write.id;
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
    .step(&read.id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// More than are followed at once.
    const STEPS: usize = 1_400;

    /// Everything a step needs, directly or not.
    fn all_needs(needs: &Needs, step: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(step) = open.pop() {
            for need in needs.of(step) {
                if found.insert(*need) {
                    open.push(*need);
                }
            }
        }
        found
    }

    proptest! {
        /// What is found is what following the graph from each read would find, in whatever order steps are written.
        #[test]
        fn the_last_write_above_that_is_not_waited_for_is_found(
            kinds in prop::collection::vec(any::<bool>(), STEPS),
            order in Just((0..STEPS).collect::<Vec<_>>()).prop_shuffle(),
            is_as_written in any::<bool>(),
            edges in prop::collection::vec((0..STEPS, 0..STEPS), 0..3_000),
        ) {
            let order = if is_as_written { (0..STEPS).collect() } else { order };
            let mut edges_of = vec![Vec::new(); STEPS];
            for (from, to) in edges {
                if from != to {
                    edges_of[order[from.max(to)]].push(order[from.min(to)]);
                }
            }
            let mut needs = Needs::default();
            for of_one in edges_of {
                needs.push(of_one);
            }
            let of = |wanted| -> Vec<usize> { (0..STEPS).filter(|step| kinds[*step] == wanted).collect() };
            let (writes, reads) = (of(true), of(false));
            let found = unawaited(&writes, &reads, &needs, &order);
            for read in reads.into_iter().step_by(7) {
                let behind = all_needs(&needs, read);
                let leads_here = |write: usize| all_needs(&needs, write).contains(&read);
                let mut above = writes.iter().rev().filter(|write| **write < read);
                let expected = above.find(|write| !behind.contains(write) && !leads_here(**write));
                prop_assert_eq!(found.get(&read), expected);
            }
        }
    }
}
