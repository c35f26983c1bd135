//! Which steps' operations may become one request: those that are judged alike and between which nobody reads.

use std::collections::BTreeSet;

use crate::batch::MergeKey;
use crate::check::Checked;
use crate::check::CheckedStep;
use crate::expr::StepNo;
use crate::playbook::OnErrorAction;
use crate::playbook::Retry;
use crate::playbook::VerifyMode;

/// For each step of a playbook the key of those it may merge with.
#[derive(Debug)]
pub(super) struct Kinship(Vec<MergeKey>);

#[derive(PartialEq)]
struct Manners<'a> {
    on_error: (Option<OnErrorAction>, Vec<(&'a str, OnErrorAction)>),
    retry: &'a Retry,
    verify: (VerifyMode, Vec<(&'a str, VerifyMode)>),
    read_by: BTreeSet<StepNo>,
}

impl Kinship {
    pub(super) fn of(checked: &Checked) -> Self {
        let mut known: Vec<Manners<'_>> = Vec::new();
        let keys = checked.steps.iter().map(|step| {
            let manners = Manners::of(step, checked);
            let key = known.iter().position(|one| *one == manners);
            MergeKey(key.unwrap_or_else(|| {
                known.push(manners);
                known.len() - 1
            }))
        });
        Self(keys.collect())
    }

    /// Steps are numbered by their places.
    pub(super) fn key(&self, step: StepNo) -> Option<MergeKey> {
        self.0.get(step.0 as usize).copied()
    }
}

impl<'a> Manners<'a> {
    fn of(step: &'a CheckedStep, checked: &Checked) -> Self {
        let labels = step.on_error.by_label.iter();
        let fields = step.verify.by_field.iter();
        Self {
            on_error: (
                step.on_error.otherwise,
                labels
                    .map(|(label, action)| (label.value.as_str(), *action))
                    .collect(),
            ),
            retry: &step.retry,
            verify: (
                step.verify.otherwise,
                fields
                    .map(|(field, mode)| (field.value.as_str(), *mode))
                    .collect(),
            ),
            read_by: readers(step.number, checked),
        }
    }
}

/// The reads that come after a step, through other steps as well.
fn readers(of: StepNo, checked: &Checked) -> BTreeSet<StepNo> {
    let mut below = BTreeSet::from([of]);
    let mut readers = BTreeSet::new();
    // Steps stand in topological order.
    for step in &checked.steps {
        if step.upstream.iter().any(|up| below.contains(up)) {
            below.insert(step.number);
            if !step.is_write() {
                readers.insert(step.number);
            }
        }
    }
    readers
}
