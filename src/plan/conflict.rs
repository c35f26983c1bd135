//! Two operations of one plan that set a field of a record to different values.

use super::draft::Draft;
use super::finish::Earlier;
use crate::expr::Seq;
use crate::operation::Change;

/// The first earlier write that a draft contradicts, and the field they do not agree on.
///
/// Parts that are added to a field or taken out contradict nothing: they are merged into what earlier writes will leave.
pub fn conflict(draft: &Draft, earlier: &[Earlier]) -> Option<(Seq, String)> {
    // Two creates of one record are told apart by their keys.
    if matches!(draft.change, Change::Create { .. }) {
        return None;
    }
    let fields = draft.change.fields();
    earlier.iter().find_map(|write| {
        let (name, _) = fields
            .iter()
            .find(|(name, value)| write.sets.get(*name).is_some_and(|set| set != *value))?;
        Some((write.seq, name.clone()))
    })
}
