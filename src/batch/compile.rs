//! Packing: what belongs together stays together, what must wait waits, and the rest fills the batches.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use petgraph::unionfind::UnionFind;

use super::load::Load;
use super::ready::Batch;
use super::ready::Budget;
use super::ready::Ready;
use super::size::Weighed;
use super::touch::Manner;
use super::touch::Place;
use super::touch::Touched;
use crate::check::Sharing;
use crate::expr::Seq;

/// Packs operations, which come in their order, into at most one batch for each free slot. `busy` is touched by what is
/// under way. What does not fit, or has to wait, is left for the next call.
///
/// Operations of different steps share a batch. An operation's requests are never spread over two batches; writes to one
/// record keep their order; what needs another stands behind it in the same batch.
pub fn compile<'a>(ready: &'a [Ready], busy: &Touched<'a>, budget: Budget) -> Vec<Batch> {
    let mut packing = Packing {
        budget,
        most: budget.entries.min(budget.share).max(1),
        loads: Vec::new(),
        placed: BTreeMap::new(),
    };
    for family in families(&going(ready, busy)) {
        let family: Vec<Weighed<'_>> = family
            .into_iter()
            .map(|operation| Weighed::new(operation, &budget.seconds_per))
            .collect();
        packing.place(&family);
    }
    packing
        .loads
        .into_iter()
        .filter(|load| !load.is_empty())
        .map(Load::close)
        .collect()
}

/// The operations that nothing under way and nothing left behind has to come before.
fn going<'a>(ready: &'a [Ready], busy: &Touched<'a>) -> Vec<&'a Ready> {
    let mut left = Touched::default();
    let mut kept = BTreeSet::new();
    let mut going = Vec::with_capacity(ready.len());
    for operation in ready {
        let is_held = !operation.behind.iter().all(|seq| kept.contains(seq))
            || (operation.sharing == Sharing::Alone && !operation.behind.is_empty());
        let touches = &operation.touches;
        if is_held || busy.conflicts_with(touches) || left.conflicts_with(touches) {
            left.add(&operation.touches);
        } else {
            kept.insert(operation.seq);
            going.push(operation);
        }
    }
    going
}

/// Operations that need each other's order, together; each family in its order, the families by their first members.
fn families<'a>(going: &[&'a Ready]) -> Vec<Vec<&'a Ready>> {
    let mut union = UnionFind::<usize>::new(going.len());
    let numbers: HashMap<Seq, usize> = going
        .iter()
        .enumerate()
        .map(|(number, operation)| (operation.seq, number))
        .collect();
    let mut touched: HashMap<&Place, Vec<(Manner, Vec<usize>)>> = HashMap::new();
    for (number, operation) in going.iter().enumerate() {
        for seq in &operation.behind {
            if let Some(before) = numbers.get(seq) {
                union.union(*before, number);
            }
        }
        for touch in &operation.touches {
            let manners = touched.entry(&touch.place).or_default();
            for (manner, before) in manners.iter() {
                if !manner.goes_with(touch.manner) {
                    for before in before {
                        union.union(*before, number);
                    }
                }
            }
            match manners
                .iter_mut()
                .find(|(manner, _)| *manner == touch.manner)
            {
                Some((_, before)) => before.push(number),
                None => manners.push((touch.manner, vec![number])),
            }
        }
    }
    let mut families: Vec<Vec<&Ready>> = Vec::new();
    let mut of_root: HashMap<usize, usize> = HashMap::new();
    for (number, operation) in going.iter().enumerate() {
        let family = *of_root.entry(union.find(number)).or_insert_with(|| {
            families.push(Vec::new());
            families.len() - 1
        });
        families[family].push(operation);
    }
    families
}

struct Packing {
    budget: Budget,
    /// Entries of a batch at most, now.
    most: usize,
    loads: Vec<Load>,
    /// In which load each operation is.
    placed: BTreeMap<Seq, usize>,
}

impl Packing {
    fn place(&mut self, family: &[Weighed<'_>]) {
        match family {
            [one] => {
                self.put(*one, None);
            }
            several => match self.room_for_all(several) {
                Some(load) => {
                    for weighed in several {
                        self.put(*weighed, Some(load));
                    }
                }
                None => self.place_in_parts(several),
            },
        }
    }

    /// The first load that has room for all of them, a new one at last.
    fn room_for_all(&mut self, family: &[Weighed<'_>]) -> Option<usize> {
        let alone = |weighed: &Weighed<'_>| weighed.operation.sharing == Sharing::Alone;
        if family.iter().any(alone) {
            return None;
        }
        let has_room = |load: &Load| load.has_room_for(family, self.most, &self.budget);
        let found = self.loads.iter().position(has_room);
        let may_open = self.loads.len() < self.budget.slots && has_room(&Load::default());
        found.or_else(|| may_open.then(|| self.open()))
    }

    /// What is too much for one batch goes as far as its order allows.
    fn place_in_parts(&mut self, family: &[Weighed<'_>]) {
        let mut left = Touched::default();
        let mut here: BTreeMap<usize, Touched<'_>> = BTreeMap::new();
        for weighed in family {
            let operation = weighed.operation;
            let is_needed = |touched: &Touched<'_>| touched.conflicts_with(&operation.touches);
            let ahead: Vec<Option<usize>> = operation
                .behind
                .iter()
                .map(|seq| self.placed.get(seq).copied())
                .collect();
            let is_left = is_needed(&left) || ahead.contains(&None);
            let conflicting = here.iter().filter(|(_, touched)| is_needed(touched));
            let homes: BTreeSet<usize> = conflicting
                .map(|(load, _)| *load)
                .chain(ahead.into_iter().flatten())
                .collect();
            let placed = match (is_left, homes.len()) {
                (false, 0) => self.put(*weighed, None),
                (false, 1) => self.put(*weighed, homes.first().copied()),
                _ => None,
            };
            match placed {
                Some(load) => here.entry(load).or_default().add(&operation.touches),
                None => left.add(&operation.touches),
            }
        }
    }

    /// Puts an operation into the load named, or the first that takes it. Gives which.
    fn put(&mut self, weighed: Weighed<'_>, home: Option<usize>) -> Option<usize> {
        let (most, budget) = (self.most, self.budget);
        let mut takes = |load: &mut Load| load.take(weighed, most, &budget);
        let taken = match home {
            Some(home) => takes(&mut self.loads[home]).then_some(home),
            None => self.loads.iter_mut().position(&mut takes),
        };
        let taken = taken.or_else(|| {
            let may_open = home.is_none() && self.loads.len() < budget.slots;
            may_open.then(|| {
                let load = self.open();
                takes(&mut self.loads[load]);
                load
            })
        });
        if let Some(load) = taken {
            self.placed.insert(weighed.operation.seq, load);
        }
        taken
    }

    fn open(&mut self) -> usize {
        self.loads.push(Load::default());
        self.loads.len() - 1
    }
}
