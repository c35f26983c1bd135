//! Calls of endpoints that want leave: one of them can change any number of records, or end the session of a run.

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::playbook::Action;
use crate::playbook::Limits;
use crate::playbook::Step;

const INVALID_PARAMETER: Code = Code("invalid_parameter");

/// What a path that is not written out leads to is judged once it is known.
pub(super) fn check(limits: &Limits, step: &Step, problems: &mut Problems) {
    if let Action::Call(call) = &step.action
        && let Some(endpoint) = call.sweeping
        && limits.max_calls.is_none_or(|calls| calls == 0)
    {
        let message = format!("`{endpoint}` is called only where `limits` allows it");
        problems.push(
            Problem::error(INVALID_PARAMETER, message)
                .at(call.path.span, "can do more than anybody sees beforehand")
                .help("use the verbs instead, or add `limits: { max_calls: 1 }`")
                .step(&step.id.value),
        );
    }
}
