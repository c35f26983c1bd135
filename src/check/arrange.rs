//! Compiled steps as they are handed on: with the fields they fetch, in their order, numbered by it.

use super::CheckedStep;
use super::Projection;
use crate::expr::StepNo;

/// Says of each step which fields of its records are fetched: those that the playbook names, or else those that are used.
pub(super) fn fetch(steps: &mut [CheckedStep], used: Vec<Projection>) {
    for (step, used) in steps.iter_mut().zip(used) {
        step.projection = match &step.fields {
            Some(fields) => {
                Projection::Fields(fields.iter().map(|field| field.value.clone()).collect())
            }
            None => used,
        };
    }
}

/// Puts steps into their order and numbers them by it. Most playbooks are written in that order.
pub(super) fn by(steps: &mut [CheckedStep], order: &[usize]) {
    if order.is_sorted() {
        return;
    }
    let mut final_number = vec![StepNo(0); order.len()];
    for (sorted, place) in order.iter().enumerate() {
        final_number[*place] = number(sorted);
    }
    let finally = |place: StepNo| final_number[place.0 as usize];
    for step in &mut *steps {
        step.number = finally(step.number);
        for (on, _) in &mut step.depends_on {
            *on = finally(*on);
        }
        step.upstream = step.upstream.iter().copied().map(finally).collect();
        step.reads = step.reads.iter().copied().map(finally).collect();
    }
    steps.sort_unstable_by_key(|step| step.number);
}

pub(super) fn number(place: usize) -> StepNo {
    StepNo(u32::try_from(place).expect("a playbook has fewer than 2^32 steps"))
}
