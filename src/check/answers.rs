//! The answers of reads, whose shape is known of most: what a step's `select` looks for in one.

use super::checked::CheckedAction;
use super::checked::CheckedRead;
use super::checked::CheckedStep;
use super::shape::UNKNOWN_RESULT;
use crate::diag::Problem;
use crate::diag::did_you_mean;

/// A name at the beginning of the JSONPath that no such answer has.
pub(super) fn check(step: &CheckedStep) -> Option<Problem> {
    let select = step.select.as_ref()?;
    let CheckedAction::Read(read) = &step.action else {
        return None;
    };
    let top = match read {
        CheckedRead::List { .. } | CheckedRead::Filter { .. } | CheckedRead::Related { .. } => {
            "records"
        }
        CheckedRead::Count { .. } => "record_count",
        CheckedRead::Me => "current_user",
        CheckedRead::Get { .. }
        | CheckedRead::Search { .. }
        | CheckedRead::Enum { .. }
        | CheckedRead::Metadata { .. }
        | CheckedRead::Ping
        | CheckedRead::Call(_) => return None,
    };
    let names = select.value.leading_names();
    let name = names.first().filter(|name| **name != top)?;
    let verb = step.verb;
    Some(
        Problem::error(
            UNKNOWN_RESULT,
            format!("the answer of `{verb}` has no `{name}`"),
        )
        .at(select.span, "would find nothing")
        .help(did_you_mean(name, [top]).unwrap_or_else(|| match top {
            "records" => {
                format!("it is `{{\"records\": […]}}`: write `$.records[*].{name}`")
            }
            top => format!("begin with `$.{top}`"),
        })),
    )
}
