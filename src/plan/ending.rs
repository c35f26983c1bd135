//! How an item ends that comes to nothing that is sent: deferred, skipped or failed, and why.

use std::collections::BTreeSet;

use serde_json::Map;

use super::expand::Item;
use super::expand::Planner;
use super::reads::ReadRefusal;
use super::values::Refusal;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::expr::EdgeKind;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Standing;
use crate::expr::Touched;
use crate::expr::Unknown;
use crate::operation::Action;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::operation::State;
use crate::playbook::OnErrorAction;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

/// Why an item ends here.
pub(super) enum Stop {
    Failure(Failure),
    Failed { label: Label, message: String },
    Skipped { label: LocalLabel, message: String },
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expression(failure) => Self::Failure(failure),
            Refusal::Value { label, message } => Self::Failed { label, message },
        }
    }
}

impl From<ReadRefusal> for Stop {
    fn from(refusal: ReadRefusal) -> Self {
        match refusal {
            ReadRefusal::Expression(failure) => Self::Failure(failure),
            ReadRefusal::Invalid(message) => Self::invalid(message),
            ReadRefusal::Contradicted(problem) => Self::contradicted(&problem),
        }
    }
}

impl Stop {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Failed {
            label: LocalLabel::InvalidValue.into(),
            message: message.into(),
        }
    }

    /// What metadata say against a value that was rendered.
    pub(super) fn contradicted(problem: &Problem) -> Self {
        let label = SugarLabel::parse(problem.code.0).unwrap_or(SugarLabel::InvalidParameter);
        let message = match &problem.help {
            Some(help) => format!("{}; {help}", problem.said()),
            None => problem.said(),
        };
        Self::Failed {
            label: label.into(),
            message,
        }
    }
}

impl Planner<'_> {
    fn deferred(&self, base: Operation, touched: Touched) -> Operation {
        let mut needs = base.needs.clone();
        let mut waits_for = Vec::new();
        let mut steps = BTreeSet::new();
        for unknown in touched.unknown {
            let step = match unknown {
                Unknown::Operation(seq) => {
                    needs.push((seq, EdgeKind::Value));
                    seq.step()
                }
                Unknown::Step(step) => {
                    waits_for.push(step);
                    step
                }
            };
            steps.insert(self.checked.step(step).id.as_str());
        }
        let message = (!steps.is_empty()).then(|| format!("it needs what {} gives", all_of(steps)));
        Operation {
            state: State::Deferred,
            message,
            needs,
            waits_for,
            ..base
        }
    }

    pub(super) fn end(
        &self,
        step: &CheckedStep,
        item: &Item,
        key: Key,
        touched: Touched,
        stop: Stop,
    ) -> Operation {
        let stop = self.blamed(item, stop);
        let needs: Vec<_> = touched
            .operations
            .iter()
            .map(|(seq, kind)| (*seq, *kind))
            .collect();
        let base = Operation {
            needs,
            ..ended(step, item, key)
        };
        match stop {
            Stop::Failure(Failure::Unknown) => self.deferred(base, touched),
            Stop::Failure(Failure::Bad { operation, .. }) => {
                let name = format!("`{}`", self.checked.step(operation.step()).id);
                let mut needs = base.needs.clone();
                needs.push((operation, EdgeKind::Value));
                let message = format!(
                    "it is built on an operation of {name} that was skipped or did not succeed"
                );
                Operation {
                    needs,
                    ..finished(base, State::Skipped, LocalLabel::Dependency, message)
                }
            }
            Stop::Failure(failure @ Failure::MissingKey { .. }) => self.failed(
                step,
                base,
                LocalLabel::MissingKey.into(),
                failure.to_string(),
            ),
            Stop::Failure(failure @ (Failure::Template { .. } | Failure::Results(_))) => {
                self.failed(step, base, LocalLabel::Template.into(), failure.to_string())
            }
            Stop::Failure(Failure::Row(reason)) => {
                self.failed(step, base, LocalLabel::InvalidValue.into(), reason)
            }
            Stop::Failed { label, message } => self.failed(step, base, label, message),
            Stop::Skipped { label, message } => finished(base, State::Skipped, label, message),
        }
    }

    /// Whatever fails on an item whose own result is bad, fails because of that.
    fn blamed(&self, item: &Item, stop: Stop) -> Stop {
        let is_failure = !matches!(
            stop,
            Stop::Failure(Failure::Unknown | Failure::Bad { .. }) | Stop::Skipped { .. }
        );
        let ItemSource::Item { step, index } = item.source else {
            return stop;
        };
        let standing = self.world.results().item(step, index).ok().flatten();
        match standing.map(|result| result.standing) {
            Some(Standing::Bad { operation, label }) if is_failure => {
                Stop::Failure(Failure::Bad { operation, label })
            }
            _ => stop,
        }
    }

    /// A failure that the playbook tolerates without counting it is a skip with its label.
    pub fn failed(
        &self,
        step: &CheckedStep,
        base: Operation,
        label: Label,
        message: String,
    ) -> Operation {
        let state = match super::decide(&step.on_error, &self.checked.limits, &label) {
            OnErrorAction::Ignore => State::Skipped,
            OnErrorAction::Stop | OnErrorAction::Continue => State::Failed,
        };
        finished(base, state, label, message)
    }
}

/// An operation of which nothing is known but where it stands.
pub fn ended(step: &CheckedStep, item: &Item, key: Key) -> Operation {
    let action = match &step.action {
        CheckedAction::Read(_) => Action::Read,
        CheckedAction::Assert { .. } => Action::Assert,
        CheckedAction::Export { .. } => Action::Export,
        CheckedAction::Write(write) => match write {
            CheckedWrite::Create { .. } => Action::Create,
            CheckedWrite::Update { .. } => Action::Update,
            CheckedWrite::Upsert { .. } | CheckedWrite::UpsertByKey { .. } => Action::Upsert,
            CheckedWrite::Delete { .. } => Action::Delete,
            CheckedWrite::Link { .. } => Action::Link,
            CheckedWrite::Unlink { .. } => Action::Unlink,
            CheckedWrite::Favorite { .. } => Action::Favorite,
            CheckedWrite::Unfavorite { .. } => Action::Unfavorite,
            CheckedWrite::Call { .. } => Action::Call,
        },
    };
    let reversible = match &step.action {
        CheckedAction::Write(CheckedWrite::UpsertByKey { .. }) => Reversible::No,
        _ => action.reversible(),
    };
    Operation {
        seq: item.seq,
        key,
        action,
        change: None,
        about: None,
        state: State::Deferred,
        label: None,
        message: None,
        status: None,
        before: Map::new(),
        after: Map::new(),
        modified: None,
        reversible,
        row: item.row.clone(),
        needs: Vec::new(),
        waits_for: Vec::new(),
    }
}

fn finished(base: Operation, state: State, label: impl Into<Label>, message: String) -> Operation {
    Operation {
        state,
        label: Some(label.into()),
        message: Some(message),
        ..base
    }
}
