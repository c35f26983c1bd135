//! `on_error`: what a failure means for the run.

use crate::playbook::Limits;
use crate::playbook::OnError;
use crate::playbook::OnErrorAction;
use crate::playbook::Tolerance;
use crate::wire::Label;
use crate::wire::LocalLabel;

/// What the playbook says of a label; where it says nothing, `stop`, or `continue` where failures are tolerated.
/// A drifted record stops a run only where it is named; what a step expects is no failure that a playbook counts on, so
/// that only the step itself can say to go on without it.
pub fn decide(on_error: &OnError, limits: &Limits, label: &Label) -> OnErrorAction {
    let named = on_error
        .by_label
        .iter()
        .find(|(name, _)| name.value == label.as_str());
    if let Some((_, action)) = named {
        return *action;
    }
    if *label == Label::Local(LocalLabel::Drift) {
        return OnErrorAction::Continue;
    }
    on_error.otherwise.unwrap_or_else(|| {
        if tolerates(limits) && *label != Label::Local(LocalLabel::Expect) {
            OnErrorAction::Continue
        } else {
            OnErrorAction::Stop
        }
    })
}

fn tolerates(limits: &Limits) -> bool {
    match limits.max_failures {
        None => false,
        Some(Tolerance::Count(count)) => count > 0,
        Some(Tolerance::Percent(percent)) => percent > 0.0,
    }
}
