//! Creates below another record: whether that record is there, and whether what was created before is linked to it.

use super::Engine;
use super::ExecuteError;
use super::needs::Absence;
use super::needs::Known;
use crate::operation::Change;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::Fields;
use crate::plan::Need;
use crate::wire::Parent;

impl Engine<'_> {
    /// Asks about the parents of creates, once it is known which of the new records are there already.
    pub(super) async fn with_parents(
        &self,
        drafts: &[&Draft],
        mut known: Vec<Known>,
    ) -> Result<Vec<Known>, ExecuteError> {
        let mut needs: Vec<(Need, Absence)> = Vec::new();
        let mut asking = Vec::new();
        for (place, (draft, current)) in drafts.iter().zip(&known).enumerate() {
            let (Some(parent), Ok(current)) = (draft.change.parent(), current) else {
                continue;
            };
            if let Some(need) = self.need_of_parent(draft, parent, current)? {
                needs.push((need, Absence::Odd));
                asking.push(place);
            }
        }
        for (place, answer) in asking.into_iter().zip(self.asker.know(&needs).await?) {
            let taken = std::mem::replace(&mut known[place], Ok(Current::Missing));
            known[place] = judged(&drafts[place].change, taken, answer);
        }
        Ok(known)
    }

    fn need_of_parent(
        &self,
        draft: &Draft,
        parent: &Parent,
        current: &Current,
    ) -> Result<Option<Need>, ExecuteError> {
        let record = parent.record.clone();
        let Some(made) = draft.change.record() else {
            return Ok(None);
        };
        Ok(match current {
            Current::Record(_) => Some(Need::Links {
                module: parent.module.clone(),
                record,
                link: parent.link.clone(),
                others: vec![made.clone()],
                columns: Vec::new(),
            }),
            // A parent that this run creates is not there yet, and need not be.
            Current::Missing => {
                let module = parent.module.as_str();
                let is_new = self
                    .file
                    .writes_to(module, record.as_str(), draft.seq)?
                    .iter()
                    .any(|write| {
                        matches!(write.change, Some(Change::Create { .. }))
                            && !write.state.is_settled()
                    });
                (!is_new).then(|| Need::Record {
                    module: parent.module.clone(),
                    record,
                    fields: Fields::These(std::collections::BTreeSet::new()),
                })
            }
            _ => None,
        })
    }
}

/// What is known of a new record, with what is known of its parent.
fn judged(change: &Change, known: Known, parent: Known) -> Known {
    match (known?, parent?) {
        (Current::Record(record), Current::Links(linked)) => Ok(
            match change.record().is_some_and(|made| linked.contains(made)) {
                true => Current::Record(record),
                false => Current::Detached(record),
            },
        ),
        // What was created before stays what it is, wherever its parent went.
        (Current::Record(record), Current::Missing) => Ok(Current::Detached(record)),
        (Current::Missing, Current::Missing) => Ok(Current::NoParent),
        (known, _) => Ok(known),
    }
}
