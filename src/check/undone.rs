//! The steps that take back what a playbook's steps did.
//!
//! Nothing is evaluated any more when a run is taken back: its run file knows what was done to which record. So of a step
//! only its name, its verb and how it is sent are left, and the order is turned round.

use std::collections::BTreeSet;

use super::checked::Checked;
use super::checked::CheckedAction;
use super::checked::CheckedStep;
use super::checked::CheckedWrite;
use super::checked::Items;
use super::checked::Projection;
use crate::expr::StepNo;
use crate::playbook::Limits;
use crate::playbook::OnError;
use crate::playbook::OnErrorAction;
use crate::playbook::Wait;

impl Checked {
    /// What takes a run of this playbook back, or that again, and so on. Newest first: each step waits until all before
    /// it are done. Nothing stops it, since what cannot be taken back is no reason to leave the rest as it is.
    #[must_use]
    pub fn undone(mut self, times: u32, limits: Limits) -> Self {
        let moved: BTreeSet<String> = self.moved().map(|step| step.id.clone()).collect();
        self.steps.retain(CheckedStep::is_write);
        let turned_round = times % 2 == 1;
        if turned_round {
            self.steps.reverse();
        }
        for (number, step) in (0..).zip(&mut self.steps) {
            step.strip(StepNo(number));
            if moved.contains(&step.id) {
                self.moved_before_deletes.insert(step.number);
            }
            if turned_round && let CheckedAction::Write(write) = &step.action {
                step.verb = taken_back_by(write, step.verb);
            }
        }
        self.limits = limits;
        self.outputs.clear();
        self
    }

    /// Steps that link records of a module, of which a step that waits for them deletes some: the merging of doubles.
    fn moved(&self) -> impl Iterator<Item = &CheckedStep> {
        let deletes = |step: &&CheckedStep| {
            matches!(
                &step.action,
                CheckedAction::Write(CheckedWrite::Delete { .. })
            )
        };
        let of_deletes = self.steps.iter().filter(deletes).flat_map(move |delete| {
            let waited_for = delete.depends_on.iter();
            waited_for.map(move |(on, _)| (delete, self.step(*on)))
        });
        let module = |step: &CheckedStep| step.module().map(|module| module.value.clone());
        of_deletes
            .filter(move |(delete, step)| {
                let links = matches!(
                    &step.action,
                    CheckedAction::Write(CheckedWrite::Link { .. })
                );
                links && module(delete) == module(step)
            })
            .map(|(_, step)| step)
    }
}

impl CheckedStep {
    /// Leaves of a step what says how its operations are sent and judged.
    fn strip(&mut self, number: StepNo) {
        self.number = number;
        self.items = Some(Items::Literal(Vec::new()));
        self.when = None;
        self.select = None;
        self.expect.clear();
        self.max = None;
        self.fields = None;
        self.projection = Projection::Fields(BTreeSet::new());
        self.on_error = OnError {
            otherwise: Some(OnErrorAction::Continue),
            by_label: Vec::new(),
        };
        self.depends_on = (0..number.0)
            .map(|earlier| (StepNo(earlier), Wait::Finished))
            .collect();
        // Its templates are evaluated no more.
        self.reads.clear();
        // The one before it says enough of the order to whoever draws it.
        self.upstream = number.0.checked_sub(1).map(StepNo).into_iter().collect();
    }
}

/// The verb that takes a step's operations back, as far as there is one: that a deleted record is not made again, its
/// operations say themselves. What an upsert or a call did is different for each item, so these keep their own.
fn taken_back_by(write: &CheckedWrite, own: &'static str) -> &'static str {
    match write {
        CheckedWrite::Create { .. } => "delete",
        CheckedWrite::Delete { .. } => "create",
        CheckedWrite::Link { .. } => "unlink",
        CheckedWrite::Unlink { .. } => "link",
        CheckedWrite::Favorite { .. } => "unfavorite",
        CheckedWrite::Unfavorite { .. } => "favorite",
        CheckedWrite::Update { .. }
        | CheckedWrite::Upsert { .. }
        | CheckedWrite::UpsertByKey { .. }
        | CheckedWrite::Call { .. } => own,
    }
}
