//! What became of an operation, a step and a run, in the words of reports.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::ReportError;
use crate::operation::State;
use crate::runfile::AppliedBy;
use crate::runfile::Ending;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::StepView;
use crate::runfile::Undoes;
use crate::runfile::Which;
use crate::wire::LocalLabel;

/// `plan` until the first apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Plan,
    Run,
    Undo,
}

/// Where several hold: running, refused, interrupted, planned, failed, succeeded, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// An apply is at it at this moment.
    Running,
    /// Nothing was sent yet, and it can be, though some of it may have failed while planning.
    Planned,
    Succeeded,
    /// Something failed or is unknown, or the run was stopped.
    Failed,
    /// Cut off by a signal, a kill or an outage: it can be applied again.
    Interrupted,
    /// A guard said no, or the plan has mistakes.
    Refused,
}

/// Worst first: a step's outcome is the first that is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Failed,
    Unknown,
    Deferred,
    Planned,
    Ok,
    Unchanged,
    Skipped,
}

impl Outcome {
    /// As people read counts: what went well first.
    pub(super) const IN_COUNTS: [Self; 7] = [
        Self::Ok,
        Self::Planned,
        Self::Deferred,
        Self::Unchanged,
        Self::Failed,
        Self::Unknown,
        Self::Skipped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Deferred => "deferred",
            Self::Planned => "planned",
            Self::Ok => "ok",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
        }
    }
}

impl From<State> for Outcome {
    fn from(state: State) -> Self {
        match state {
            State::Failed => Self::Failed,
            // Nobody can tell what became of what was sent and never answered.
            State::Unknown | State::Sent => Self::Unknown,
            State::Deferred => Self::Deferred,
            State::Planned => Self::Planned,
            State::Ok => Self::Ok,
            State::Unchanged => Self::Unchanged,
            State::Skipped => Self::Skipped,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Undo => "undo",
        }
    }
}

impl RunResult {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Planned => "planned",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
        }
    }
}

/// How far a run is: all that decides its result.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) stage: Stage,
    pub(super) ending: Option<Ending>,
    /// Who applied it, the last one at the end; nobody before an apply.
    pub(super) applied_by: Vec<String>,
    /// Who is sending it at this moment.
    pub(super) writer: Option<String>,
    /// What it takes back, if it is an undo.
    pub(super) undoes: Option<Undoes>,
    /// Whether the ending is that of a command which came to nothing.
    pub(super) is_hindered: bool,
    /// What write steps expected and did not get, by step, once something was sent.
    pub(super) unexpected: BTreeMap<String, u64>,
}

impl Standing {
    pub(super) fn of(view: &RunView) -> Result<Self, ReportError> {
        let stage = view.stage()?;
        let mut unexpected = BTreeMap::new();
        if stage == Stage::Run {
            for problem in view.problems()? {
                if problem.code == LocalLabel::Expect.as_str()
                    && let Some(step) = problem.step
                {
                    *unexpected.entry(step).or_default() += 1;
                }
            }
        }
        let ending = view.ending()?;
        let writer = match (stage, &ending) {
            (Stage::Run, None) => view.writer(),
            _ => None,
        };
        Ok(Self {
            stage,
            unexpected,
            ending,
            writer,
            undoes: view.undoes()?,
            applied_by: match stage {
                Stage::Run => names(view.applied_by()?),
                Stage::Plan | Stage::Refused => Vec::new(),
            },
            is_hindered: view
                .hindrance()
                .is_some_and(|by| !matches!(by.ending, Ending::Interrupted | Ending::Halted(_))),
        })
    }

    /// What has no answer is still waited for while somebody is at it; afterwards nobody can tell what became of it.
    pub(super) fn outcome(&self, state: State) -> Outcome {
        match (state, &self.writer) {
            (State::Sent, Some(_)) => Outcome::Planned,
            (state, _) => state.into(),
        }
    }

    /// The steps, with their operations counted as they are to be told.
    pub(super) fn steps(&self, view: &RunView) -> Result<Vec<StepView>, ReportError> {
        let mut steps = view.steps()?;
        if self.writer.is_some() {
            for step in &mut steps {
                let under_way = step.counts.remove(&State::Sent).unwrap_or(0);
                *step.counts.entry(State::Planned).or_default() += under_way;
            }
        }
        Ok(steps)
    }

    /// Operations of which there is to be said that they went wrong.
    pub(super) fn wrong(&self) -> Which {
        match self.writer {
            Some(_) => Which::BadSoFar,
            None => Which::Bad,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match (self.stage, &self.undoes) {
            (_, Some(_)) => Kind::Undo,
            (Stage::Plan | Stage::Refused, None) => Kind::Plan,
            (Stage::Run, None) => Kind::Run,
        }
    }

    /// Whether nothing of it was sent; an undo is planned like anything else.
    pub(super) fn is_plan(&self) -> bool {
        matches!(self.stage, Stage::Plan | Stage::Refused)
    }

    /// Of a plan with which nothing else is wrong.
    pub(super) fn passes_a_limit(&self) -> bool {
        self.stage == Stage::Plan
            && !self.is_hindered
            && matches!(self.ending, Some(Ending::Refused(_)))
    }

    pub(super) fn result(&self, steps: &[StepView]) -> RunResult {
        let any = |states: &[State]| {
            let mut counts = steps.iter().flat_map(|step| &step.counts);
            counts.any(|(state, count)| *count > 0 && states.contains(state))
        };
        let is_open = || {
            any(&[State::Planned, State::Deferred, State::Sent])
                || steps.iter().any(|step| !step.expanded)
        };
        match (self.stage, &self.ending) {
            // Half a plan, which cannot be applied, or an outage, which is no failure of the playbook.
            (_, Some(ending)) if ending.may_go_on() => RunResult::Interrupted,
            (Stage::Run, None) if self.writer.is_some() => RunResult::Running,
            // Where nobody is at it and there is no word of an end, it was killed.
            (Stage::Run, None) => RunResult::Interrupted,
            (Stage::Refused, _) | (_, Some(Ending::Refused(_))) => RunResult::Refused,
            (_, Some(Ending::Stopped(_))) => RunResult::Failed,
            // What failed while planning is tolerated, or the plan would have been refused.
            (Stage::Plan, _) => RunResult::Planned,
            _ if !self.unexpected.is_empty() => RunResult::Failed,
            _ if any(&[State::Failed, State::Unknown, State::Sent]) => RunResult::Failed,
            (Stage::Run, _) if is_open() => RunResult::Interrupted,
            (Stage::Run, _) => RunResult::Succeeded,
        }
    }
}

fn names(applied_by: AppliedBy) -> Vec<String> {
    applied_by.0.into_iter().map(|user| user.name).collect()
}

/// A step's outcome. Reads leave no operation when all is well, so that they ran is seen from their items.
pub(super) fn of_step(step: &StepView) -> Outcome {
    let operations: u64 = step.counts.values().sum();
    let ran = step.expanded && (step.items > operations || step.counts.is_empty());
    let open = (!step.expanded).then_some(Outcome::Deferred);
    step.counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, _)| Outcome::from(*state))
        .chain(open)
        .chain(ran.then_some(Outcome::Ok))
        .min()
        .unwrap_or(Outcome::Ok)
}

/// Operations of a step that went wrong, by outcome and label.
pub(super) fn wrong(step: &StepView) -> impl Iterator<Item = (Outcome, Option<String>, u64)> {
    let is_wrong =
        |state: &State| matches!(Outcome::from(*state), Outcome::Failed | Outcome::Unknown);
    let labelled = step
        .labelled
        .iter()
        .filter(move |((state, _), _)| is_wrong(state))
        .map(|((state, label), count)| (Outcome::from(*state), Some(label.clone()), *count));
    let bare = step
        .counts
        .iter()
        .filter(move |(state, _)| is_wrong(state))
        .map(|(state, count)| {
            let with_label = step.labelled.iter().filter(|((of, _), _)| of == state);
            let with_label: u64 = with_label.map(|(_, count)| count).sum();
            (
                Outcome::from(*state),
                None,
                count.saturating_sub(with_label),
            )
        });
    labelled.chain(bare).filter(|(_, _, count)| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::StepNo;

    fn step(counts: &[(State, u64)]) -> StepView {
        StepView {
            number: StepNo(0),
            id: "s".into(),
            verb: "update".into(),
            module: None,
            writes: true,
            expanded: true,
            items: counts.iter().map(|(_, count)| count).sum(),
            records: 0,
            count: None,
            reason: None,
            counts: counts.iter().copied().collect(),
            labels: BTreeMap::new(),
            labelled: BTreeMap::new(),
        }
    }

    #[test]
    fn the_ending_outweighs_the_counts() {
        use RunResult::{Failed, Interrupted, Planned, Refused, Succeeded};
        let finished = || Some(Ending::Finished);
        let failed = [(State::Ok, 1), (State::Failed, 1)];
        for (stage, ending, counts, expected) in [
            (Stage::Plan, None, &[(State::Planned, 2)][..], Planned),
            (Stage::Plan, finished(), &[(State::Unchanged, 2)], Planned),
            (Stage::Plan, None, &failed, Planned),
            (Stage::Refused, finished(), &failed, Refused),
            (Stage::Run, finished(), &[(State::Ok, 2)], Succeeded),
            (Stage::Run, finished(), &failed, Failed),
            (Stage::Run, None, &[(State::Ok, 2)], Interrupted),
            (Stage::Run, finished(), &[(State::Planned, 1)], Interrupted),
            (Stage::Run, finished(), &[(State::Sent, 1)], Failed),
            (Stage::Run, Some(Ending::Interrupted), &failed, Interrupted),
            (
                Stage::Run,
                Some(Ending::Lost("x".into())),
                &failed,
                Interrupted,
            ),
            (
                Stage::Run,
                Some(Ending::Halted("x".into())),
                &failed,
                Interrupted,
            ),
            (
                Stage::Run,
                Some(Ending::Stopped("x".into())),
                &failed,
                Failed,
            ),
            (
                Stage::Run,
                Some(Ending::Refused("x".into())),
                &failed,
                Refused,
            ),
        ] {
            let standing = Standing {
                stage,
                ending,
                writer: None,
                undoes: None,
                applied_by: Vec::new(),
                is_hindered: false,
                unexpected: BTreeMap::new(),
            };
            assert_eq!(
                standing.result(&[step(counts)]),
                expected,
                "{standing:?} {counts:?}"
            );
        }
    }

    #[test]
    fn a_read_that_ran_is_ok() {
        let read = |items, counts: &[(State, u64)]| StepView {
            items,
            writes: false,
            ..step(counts)
        };
        assert_eq!(of_step(&read(1, &[])), Outcome::Ok);
        assert_eq!(of_step(&read(2, &[(State::Skipped, 1)])), Outcome::Ok);
        assert_eq!(of_step(&read(1, &[(State::Skipped, 1)])), Outcome::Skipped);
        assert_eq!(of_step(&read(2, &[(State::Failed, 1)])), Outcome::Failed);
        let open = StepView {
            expanded: false,
            ..read(0, &[])
        };
        assert_eq!(of_step(&open), Outcome::Deferred);
    }
}
