//! Values that a step adds to a field and takes out of it at once, as they are written: which of the two holds nobody has
//! said. What is the same in another spelling the metadata tell, and what templates give is seen while planning.

use serde_json::Value as Json;

use super::CheckedAction;
use super::CheckedStep;
use super::CheckedWrite;
use super::Part;
use super::PartField;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;

const INVALID_PARAMETER: Code = Code("invalid_parameter");

pub(super) fn check(step: &CheckedStep, problems: &mut Problems) {
    let CheckedAction::Write(
        CheckedWrite::Update { parts, .. } | CheckedWrite::Upsert { parts, .. },
    ) = &step.action
    else {
        return;
    };
    for added in parts.iter().filter(|part| part.part == Part::Added) {
        let Some((removed, value)) = taken_out(added, parts) else {
            continue;
        };
        let name = &added.name.value;
        problems.push(
            Problem::error(
                INVALID_PARAMETER,
                format!("`{value}` is added to `{name}` and taken out of it at once"),
            )
            .at(added.value.span, "added here")
            .at(removed.value.span, "taken out here")
            .help("leave it out of `add` or of `remove`")
            .step(&step.id),
        );
    }
}

/// Where a value that is added is written once more to be taken out.
pub(in crate::check) fn taken_out<'a>(
    added: &PartField,
    parts: &'a [PartField],
) -> Option<(&'a PartField, String)> {
    let mut others = parts.iter();
    let removed =
        others.find(|part| part.part == Part::Removed && part.name.value == added.name.value)?;
    let gone = texts(removed);
    let mut both = texts(added).into_iter().filter(|text| gone.contains(text));
    Some((removed, both.next()?))
}

fn texts(part: &PartField) -> Vec<String> {
    let Some(value) = part.value.literal() else {
        return Vec::new();
    };
    let values = match value.as_ref() {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let texts = values.iter().filter_map(|value| match value {
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    });
    texts.filter(|text| !text.is_empty()).collect()
}
