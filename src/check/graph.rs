//! The order of steps: what a step reads or waits for comes before it, else they stand as written.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::diag::Code;
use crate::diag::Problem;
use crate::playbook::Step;

const CYCLE: Code = Code("cycle");

/// Steps by their place in the file, each with the places it needs.
pub(super) type Needs = BTreeMap<usize, BTreeSet<usize>>;

/// Sorts places so that needs come first. A cycle is a problem that names the whole circle.
pub(super) fn order(steps: &[Step], needs: &Needs) -> Result<Vec<usize>, Vec<Problem>> {
    let mut open: BTreeMap<usize, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (step, on) in needs {
        open.insert(*step, on.len());
        for need in on {
            dependents.entry(*need).or_default().push(*step);
        }
    }
    let mut ready: BTreeSet<usize> = open
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(step, _)| *step)
        .collect();
    let mut sorted = Vec::with_capacity(needs.len());
    while let Some(step) = ready.pop_first() {
        sorted.push(step);
        for dependent in dependents.get(&step).into_iter().flatten() {
            if let Some(count) = open.get_mut(dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*dependent);
                }
            }
        }
    }
    if sorted.len() == needs.len() {
        Ok(sorted)
    } else {
        Err(cycles(steps, needs))
    }
}

fn cycles(steps: &[Step], needs: &Needs) -> Vec<Problem> {
    let mut graph = DiGraphMap::<usize, ()>::new();
    for (step, on) in needs {
        for need in on {
            graph.add_edge(*step, *need, ());
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
