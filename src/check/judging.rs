//! The steps of a playbook against metadata, each as soon as all is known that it names.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::CheckedStep;
use super::Output;
use super::against::Judge;
use super::against::Known;
use crate::diag::Problems;

/// What metadata contradict, as far as the playbook has been walked. Without metadata that is nothing.
pub(super) struct Judging<'a> {
    judge: Option<Judge<'a>>,
    unjudged: Unjudged,
    found: Problems,
}

impl<'a> Judging<'a> {
    pub(super) fn by(judge: Option<Judge<'a>>) -> Self {
        Self {
            judge,
            unjudged: Unjudged::default(),
            found: Problems::default(),
        }
    }

    /// Judges the last of the steps, if all those that it names are known.
    pub(super) fn last(
        &mut self,
        steps: &[CheckedStep],
        places: &HashMap<String, usize>,
        named: &BTreeSet<usize>,
    ) {
        if let (Some(judge), [before @ .., last]) = (self.judge, steps)
            && self.unjudged.goes_on_with(before.len(), named)
        {
            judge.step(last, Known { steps, places }, &mut self.found);
        }
    }

    /// Judges what had to wait for all steps, and gives everything that was found.
    pub(super) fn finish(
        mut self,
        steps: &[CheckedStep],
        places: &HashMap<String, usize>,
        outputs: &[Output],
    ) -> Problems {
        if let Some(judge) = self.judge {
            let known = Known { steps, places };
            for place in self.unjudged.0 {
                judge.step(&steps[place], known, &mut self.found);
            }
            judge.outputs(outputs, known, &mut self.found);
        }
        self.found
    }
}

/// Steps that cannot be held against metadata yet, because they name steps that stand below or that wait themselves.
#[derive(Debug, Default)]
struct Unjudged(Vec<usize>);

impl Unjudged {
    /// Whether the step at a place, behind all that were asked about before, can be judged; if not, it waits.
    fn goes_on_with(&mut self, place: usize, named: &BTreeSet<usize>) -> bool {
        let is_known = |named: &usize| *named <= place && self.0.binary_search(named).is_err();
        let goes_on = named.iter().all(is_known);
        if !goes_on {
            self.0.push(place);
        }
        goes_on
    }
}
