//! The order of steps: what a step reads or waits for comes before it, else they stand as written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::diag::Code;
use crate::diag::Problem;
use crate::playbook::Step;

const CYCLE: Code = Code("cycle");

/// For each place in the file the places it needs, each once.
pub(super) type Needs = Vec<Vec<usize>>;

/// Sorts places so that needs come first. A cycle is a problem that names the whole circle.
pub(super) fn order(steps: &[Step], needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<Problem>> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut dependents: Needs = vec![Vec::new(); needs.len()];
    for (step, on) in needs.iter().enumerate() {
        for need in on {
            dependents[*need].push(step);
        }
    }
    let free = (0..needs.len()).filter(|step| open[*step] == 0);
    let mut ready: BinaryHeap<Reverse<usize>> = free.map(Reverse).collect();
    let mut sorted = Vec::with_capacity(needs.len());
    while let Some(Reverse(step)) = ready.pop() {
        sorted.push(step);
        for dependent in &dependents[step] {
            open[*dependent] -= 1;
            if open[*dependent] == 0 {
                ready.push(Reverse(*dependent));
            }
        }
    }
    if sorted.len() == needs.len() {
        Ok(sorted)
    } else {
        Err(cycles(steps, needs))
    }
}

fn cycles(steps: &[Step], needs: &[Vec<usize>]) -> Vec<Problem> {
    let mut graph = DiGraphMap::<usize, ()>::new();
    for (step, on) in needs.iter().enumerate() {
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
                .map(|step| format!("`{}`", steps[*step].id.value))
                .collect();
            let message = match names.as_slice() {
                [one] => format!("step {one} needs itself"),
                many => format!("steps {} need each other", many.join(", ")),
            };
            let mut problem = Problem::error(CYCLE, message)
                .help("a step can use only what steps before it give: break the circle")
                .step(steps[circle[0]].id.value.clone());
            for step in circle {
                problem = problem.at(steps[step].id.span, "in the circle");
            }
            problem
        })
        .collect()
}
