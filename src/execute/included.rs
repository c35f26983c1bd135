//! Included playbooks while planning and applying: their conditions, and their own limits.

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedStep;
use crate::expr::Failure;
use crate::expr::StepNo;
use crate::plan::Guard;
use crate::plan::GuardError;
use crate::playbook::IncludedNo;
use crate::runfile::ExceededLimit;
use crate::runfile::ExceededLimits;

/// Whether the includes around a step let it do anything.
pub(super) enum Included {
    Yes,
    /// The `when` of one does not hold.
    No(String),
}

/// What a guard refused by, as the run file keeps it.
pub(super) fn exceeded(error: &GuardError) -> ExceededLimits {
    let limits = error.limits().map(|(name, include)| ExceededLimit {
        name: name.to_owned(),
        include: include.map(str::to_owned),
    });
    ExceededLimits(limits.collect())
}

impl Engine<'_> {
    /// The conditions of the includes around a step, from the outermost.
    pub(super) fn included(&self, step: &CheckedStep) -> Result<Included, Failure> {
        let mut around: Vec<_> = std::iter::successors(step.included, |number| {
            self.checked.included[number.0].within
        })
        .collect();
        around.reverse();
        for number in around {
            let include = &self.checked.included[number.0];
            if let Some(when) = &include.when
                && !when.holds(&self.world.scope_in(include.within))?
            {
                let (id, text) = (&include.id, when.text());
                return Ok(Included::No(format!(
                    "`when: {text}` of the include `{id}` does not hold"
                )));
            }
        }
        Ok(Included::Yes)
    }

    /// All limits: the playbook's own over everything, those of included playbooks over their own steps.
    pub(super) fn check_limits(&self) -> Result<(), ExecuteError> {
        let mut exceeded = self.guard.check(self.file.progress()?.totals()).err();
        for (number, include) in self.checked.included.iter().enumerate() {
            let guard = Guard::of_include(&include.limits);
            let totals = self
                .file
                .progress_of(&self.steps_of(IncludedNo(number)))?
                .totals();
            if let Err(error) = guard.check(totals) {
                let error = error.of_include(&include.id);
                exceeded = Some(match exceeded {
                    Some(before) => before.and(error),
                    None => error,
                });
            }
        }
        match exceeded {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }

    /// Why too much failed, if it did.
    pub(super) fn too_many_failures(&self) -> Result<Option<String>, ExecuteError> {
        if let Some(message) = self.guard.too_many_failures(self.file.progress()?.totals()) {
            return Ok(Some(message));
        }
        for (number, include) in self.checked.included.iter().enumerate() {
            let totals = self
                .file
                .progress_of(&self.steps_of(IncludedNo(number)))?
                .totals();
            if let Some(message) = Guard::of_include(&include.limits).too_many_failures(totals) {
                return Ok(Some(format!("in the include `{}`: {message}", include.id)));
            }
        }
        Ok(None)
    }

    /// The steps of an included playbook and of those it includes.
    fn steps_of(&self, number: IncludedNo) -> Vec<StepNo> {
        let prefix = format!("{}.", self.checked.included[number.0].id);
        let steps = self.checked.steps.iter();
        steps
            .filter(|step| step.id.starts_with(&prefix))
            .map(|step| step.number)
            .collect()
    }
}
