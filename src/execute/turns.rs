//! Whose turn it is: what a step waits for, through steps as well that had nothing to do.

use std::collections::BTreeSet;

use super::Engine;
use crate::check::CheckedStep;
use crate::expr::StepNo;
use crate::playbook::Wait;
use crate::runfile::RunFileError;

/// Where a barrier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Barrier {
    Open,
    Closed,
    /// A step it waits for did not go well.
    Broken(StepNo),
}

impl Engine<'_> {
    /// Whether a step's `depends_on` lets it go on. A step with nothing left to do, because it changes nothing or has no
    /// items, has had its turn only when those that it waits for itself have had theirs.
    pub(super) fn barrier(&self, step: &CheckedStep) -> Result<Barrier, RunFileError> {
        let mut barrier = Barrier::Open;
        let mut seen = BTreeSet::new();
        let mut open = step.depends_on.clone();
        while let Some((on, wait)) = open.pop() {
            if !seen.insert((on, wait == Wait::Succeeded)) {
                continue;
            }
            let row = self.file.step(on)?;
            if !row.is_settled() {
                barrier = Barrier::Closed;
                continue;
            }
            if row.bad > 0 && wait == Wait::Succeeded {
                return Ok(Barrier::Broken(on));
            }
            let on = self.checked.step(on);
            let further = on.depends_on.iter().map(|(on, further)| match wait {
                Wait::Succeeded => (*on, *further),
                Wait::Finished => (*on, Wait::Finished),
            });
            open.extend(further);
            open.extend(on.reads.iter().map(|on| (*on, Wait::Finished)));
        }
        Ok(barrier)
    }

    /// Whether a step is done, and all that it had to wait for.
    pub(super) fn has_had_its_turn(&self, step: &CheckedStep) -> Result<bool, RunFileError> {
        Ok(self.file.step(step.number)?.is_settled() && self.waits_for(step)?.is_empty())
    }

    /// The steps that a step waits for by `depends_on`, through others as well.
    pub(super) fn awaited_by(&self, step: &CheckedStep) -> BTreeSet<StepNo> {
        let mut found = BTreeSet::new();
        let mut open = step.depends_on.clone();
        while let Some((on, _)) = open.pop() {
            if found.insert(on) {
                open.extend(&self.checked.step(on).depends_on);
            }
        }
        found
    }

    /// The steps that a step has to wait for still, the nearest ones: those that it reads or depends on, and behind a
    /// settled one those that this one waits for.
    pub(super) fn waits_for(&self, step: &CheckedStep) -> Result<BTreeSet<StepNo>, RunFileError> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<StepNo> = step.upstream.iter().copied().collect();
        while let Some(on) = open.pop() {
            if !seen.insert(on) {
                continue;
            }
            match self.file.step(on)?.is_settled() {
                true => open.extend(&self.checked.step(on).upstream),
                false => drop(found.insert(on)),
            }
        }
        Ok(found)
    }
}
