//! A plan from its first read to its digest.

use super::Engine;
use super::ExecuteError;
use super::digest;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::LeftOut;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::counted;
use crate::expr::Effect;
use crate::expr::Failure;
use crate::expr::Rendered;
use crate::operation::State;
use crate::plan::GuardError;
use crate::plan::LimitMet;
use crate::plan::decide;
use crate::playbook::OnErrorAction;
use crate::runfile::Advice;
use crate::runfile::Digest;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::Outputs;
use crate::runfile::RunFileError;
use crate::runfile::Stage;
use crate::wire::Label;
use crate::wire::LocalLabel;

const NO_OUTPUT: Code = Code("no_output");

/// Why a plan can be read but not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Rows that do not render or check, records that are not there.
    #[error("{0}")]
    Mistakes(String),
    /// An `expect` or `assert` does not hold.
    #[error("{0}")]
    Expectation(String),
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// A step's number of writes is known only while applying, and nothing bounds it.
    #[error(
        "how much step `{0}` will change is not known before it is applied; bound it with `max` or `max_changes`"
    )]
    Unbounded(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanEnd {
    Planned,
    Refused(Refusal),
    Interrupted,
}

/// Makes the plan in an engine's empty run file. Whatever happens, the file says how it ended.
pub async fn plan(engine: &mut Engine<'_>, left_out: &LeftOut) -> Result<PlanEnd, ExecuteError> {
    for step in &engine.checked.steps {
        let module = step.module().map(|module| module.value.as_str());
        engine.file.add_step(
            step.number,
            &step.id,
            step.verb,
            module,
            effect(step),
            repeat(step),
        )?;
    }
    for (number, reason) in left_out {
        let step = engine.checked.step(*number);
        let label = LocalLabel::LeftOut.into();
        engine.end_whole(step, State::Skipped, label, reason.clone())?;
        engine.file.explain_step(*number, Some(reason))?;
    }
    for step in engine.checked.steps.iter().filter(|step| step.is_export()) {
        if !left_out.contains_key(&step.number) {
            engine
                .file
                .explain_step(step.number, Some("written after all else is done"))?;
        }
    }
    match engine.drive().await {
        Ok(()) if !engine.stop_wished() => {}
        Ok(()) | Err(ExecuteError::Interrupted) => {
            return engine.break_off();
        }
        Err(error) => return Err(error),
    }
    engine.keep_rows()?;
    engine.judge_expectations()?;
    engine.write_exports()?;
    engine.write_outputs(false)?;
    engine.explain_waiting()?;
    let refusal = engine.refusal()?;
    engine
        .file
        .put(&Digest(digest::digest(&engine.file.view()?)?))?;
    engine.file.put(&Finished(super::timestamp()))?;
    match refusal {
        None => Ok(PlanEnd::Planned),
        Some(refusal) => {
            let met = match &refusal {
                Refusal::Guard(error) if error.can_be_lifted() && engine.unbounded()?.is_none() => {
                    LimitMet::Planning
                }
                _ => LimitMet::PlanningForGood,
            };
            // A plan that only passes a limit is whole: whoever applies it holds its limits against it again.
            if met == LimitMet::PlanningForGood {
                engine.file.put(&Stage::Refused)?;
            }
            let reason = refusal.to_string();
            engine.file.put(&match &refusal {
                // It failed as a run would have; nobody refused it.
                Refusal::Expectation(_) => Ending::Stopped(reason),
                Refusal::Mistakes(_) | Refusal::Guard(_) | Refusal::Unbounded(_) => {
                    Ending::Refused(reason)
                }
            })?;
            if let Refusal::Guard(error) = &refusal {
                engine.file.put(&Advice(error.help(met)))?;
                engine.file.put(&super::included::exceeded(error))?;
            }
            Ok(PlanEnd::Refused(refusal))
        }
    }
}

fn effect(step: &CheckedStep) -> Effect {
    match &step.action {
        CheckedAction::Write(CheckedWrite::Call { .. }) => Effect::Calls,
        CheckedAction::Write(_) => Effect::Writes,
        CheckedAction::Read(_) | CheckedAction::Assert { .. } | CheckedAction::Export { .. } => {
            Effect::Reads
        }
    }
}

fn repeat(step: &CheckedStep) -> crate::expr::Repeat {
    match step.items {
        Some(_) => crate::expr::Repeat::ForEach,
        None => crate::expr::Repeat::Once,
    }
}

impl Engine<'_> {
    fn refusal(&self) -> Result<Option<Refusal>, ExecuteError> {
        let failures = self.file.failures()?;
        let stopping: Vec<_> = failures
            .iter()
            .filter(|(step, label, _)| self.stops(self.checked.step(*step), label))
            .collect();
        let expected = Label::from(LocalLabel::Expect);
        let (unexpected, mistakes): (Vec<_>, Vec<_>) = stopping
            .into_iter()
            .partition(|(_, label, _)| *label == expected);
        if !mistakes.is_empty() {
            let count: u64 = mistakes.iter().map(|(_, _, count)| count).sum();
            let count = counted(count, "operation");
            return Ok(Some(Refusal::Mistakes(format!(
                "{count} failed while planning, and the playbook does not tolerate it"
            ))));
        }
        if let Some(message) = self.too_many_failures()? {
            return Ok(Some(Refusal::Mistakes(message)));
        }
        if let Some((step, ..)) = unexpected.first() {
            let step = &self.checked.step(*step).id;
            return Ok(Some(Refusal::Expectation(format!(
                "what step `{step}` expects does not hold"
            ))));
        }
        match self.check_limits() {
            Ok(()) => {}
            Err(ExecuteError::Guard(error)) => return Ok(Some(error.into())),
            Err(other) => return Err(other),
        }
        Ok(self.unbounded()?.map(Refusal::Unbounded))
    }

    /// A step whose number of writes nothing bounds before it is known.
    fn unbounded(&self) -> Result<Option<String>, ExecuteError> {
        for step in self.checked.steps.iter().filter(|step| step.is_write()) {
            let limits = self.guard.limits();
            let calls = effect(step) == Effect::Calls && limits.max_calls.is_some();
            let bounded = step.max.is_some() || limits.max_changes.is_some() || calls;
            if !bounded && !self.file.step(step.number)?.expanded {
                return Ok(Some(step.id.clone()));
            }
        }
        Ok(None)
    }

    /// Half a plan is for reading: nobody has held its limits against it. It says how far it came.
    pub(super) fn break_off(&self) -> Result<PlanEnd, ExecuteError> {
        for step in self.checked.steps.iter().filter(|step| !step.is_export()) {
            if !self.file.step(step.number)?.expanded {
                let reason = "the plan was interrupted before this was known";
                self.file.explain_step(step.number, Some(reason))?;
            }
        }
        self.file.put(&Stage::Refused)?;
        self.file.put(&Ending::Interrupted)?;
        self.file.put(&Finished(super::timestamp()))?;
        Ok(PlanEnd::Interrupted)
    }

    pub(super) fn stops(&self, step: &CheckedStep, label: &Label) -> bool {
        decide(&step.on_error, &self.checked.limits, label) == OnErrorAction::Stop
    }

    /// Of a step whose items are not known yet, which steps have to run before.
    fn explain_waiting(&self) -> Result<(), ExecuteError> {
        for step in self.checked.steps.iter().filter(|step| !step.is_export()) {
            if self.file.step(step.number)?.expanded {
                continue;
            }
            let waits_for: Vec<String> = self
                .waits_for(step)?
                .into_iter()
                .map(|from| format!("`{}`", self.checked.step(from).id))
                .collect();
            let have = if waits_for.len() == 1 { "has" } else { "have" };
            if !waits_for.is_empty() {
                let names = waits_for.join(", ");
                let reason = format!("not known before {names} {have} run");
                self.file.explain_step(step.number, Some(&reason))?;
            }
        }
        Ok(())
    }

    /// Outputs that can be known; the others stay out until they are. Of one that never will be, the run file says why.
    pub(super) fn write_outputs(&self, are_final: bool) -> Result<(), RunFileError> {
        self.file.forget_problems(NO_OUTPUT)?;
        let mut outputs = serde_json::Map::new();
        for output in &self.checked.outputs {
            let scope = self.world.scope_in(output.included);
            match output.value.eval(&scope) {
                Ok(Rendered::Value(value)) => {
                    outputs.insert(output.name.clone(), value);
                }
                Ok(Rendered::Omit) => {}
                Err(Failure::Unknown) if !are_final => {}
                Err(failure) => {
                    let message = format!("output `{}` has no value: {failure}", output.name);
                    let problem = Problem::warning(NO_OUTPUT, message);
                    self.file.add_problem(&problem, &Sources::default())?;
                }
            }
        }
        self.file.put(&Outputs(outputs))
    }
}
