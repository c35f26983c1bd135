//! The order of steps: what a step reads or waits for comes before it, else they stand as written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Span;

const CYCLE: Code = Code("cycle");

/// For each place in the file the places it needs, each once. All in one list: they are walked more than once, and lists of
/// their own would lie scattered among all that was compiled.
#[derive(Debug, Default)]
pub(super) struct Needs {
    listed: Vec<usize>,
    /// Where what is of a place ends.
    ends: Vec<usize>,
}

impl Needs {
    /// Of the next place.
    pub(super) fn push(&mut self, needs: impl IntoIterator<Item = usize>) {
        self.listed.extend(needs);
        self.ends.push(self.listed.len());
    }

    pub(super) fn of(&self, place: usize) -> &[usize] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.listed[start..self.ends[place]]
    }

    fn all(&self) -> impl Iterator<Item = &[usize]> {
        (0..self.ends.len()).map(|place| self.of(place))
    }
}

/// Sorts places so that needs come first. A cycle is a problem that names the whole circle, and shows where the ids of its
/// steps stand.
pub(super) fn order(
    steps: &[CheckedStep],
    ids: &[Span],
    needs: &Needs,
) -> Result<Vec<usize>, Vec<Problem>> {
    let mut open: Vec<usize> = needs.all().map(<[usize]>::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); open.len()];
    for (step, on) in needs.all().enumerate() {
        for need in on {
            dependents[*need].push(step);
        }
    }
    let free = (0..open.len()).filter(|step| open[*step] == 0);
    let mut ready: BinaryHeap<Reverse<usize>> = free.map(Reverse).collect();
    let mut sorted = Vec::with_capacity(open.len());
    while let Some(Reverse(step)) = ready.pop() {
        sorted.push(step);
        for dependent in &dependents[step] {
            open[*dependent] -= 1;
            if open[*dependent] == 0 {
                ready.push(Reverse(*dependent));
            }
        }
    }
    if sorted.len() == open.len() {
        Ok(sorted)
    } else {
        Err(cycles(steps, ids, needs))
    }
}

fn cycles(steps: &[CheckedStep], ids: &[Span], needs: &Needs) -> Vec<Problem> {
    let mut graph = DiGraphMap::<usize, ()>::new();
    for (step, on) in needs.all().enumerate() {
        for need in on {
            graph.add_edge(step, *need, ());
        }
    }
    tarjan_scc(&graph)
        .into_iter()
        .filter(|circle| {
            circle.len() > 1
                || circle
                    .first()
                    .is_some_and(|step| graph.contains_edge(*step, *step))
        })
        .map(|mut circle| {
            circle.sort_unstable();
            let names: Vec<String> = circle
                .iter()
                .map(|step| format!("`{}`", steps[*step].id))
                .collect();
            let message = match names.as_slice() {
                [one] => format!("step {one} needs itself"),
                many => format!("steps {} need each other", many.join(", ")),
            };
            let mut problem = Problem::error(CYCLE, message)
                .help("a step can use only what steps before it give: break the circle")
                .step(&steps[circle[0]].id);
            for step in circle {
                problem = problem.at(ids[step], "in the circle");
            }
            problem
        })
        .collect()
}
