//! What this run does to a record before a draft has its turn, what therefore need not be asked, and what of it was not
//! done when the turn comes.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::needs::Absence;
use crate::metadata::FieldKind;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Action;
use crate::operation::Change;
use crate::plan::Draft;
use crate::plan::Earlier;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::StoredOperation;

impl Engine<'_> {
    /// This run's earlier writes to the record of a draft.
    pub(super) fn earlier(&self, draft: &Draft) -> Result<Vec<Earlier>, ExecuteError> {
        let Some((module, record)) = draft.change.about() else {
            return Ok(Vec::new());
        };
        let writes = self
            .file
            .writes_to(module.as_str(), record.as_str(), draft.seq)?;
        Ok(writes
            .into_iter()
            .filter(|write| {
                matches!(
                    write.action,
                    Action::Create
                        | Action::Update
                        | Action::Upsert
                        | Action::Favorite
                        | Action::Unfavorite
                )
            })
            .map(|write| Earlier {
                seq: write.seq,
                state: write.state,
                creates: write.action == Action::Create,
                sets: write
                    .change
                    .as_ref()
                    .map(|change| change.fields().into_owned())
                    .unwrap_or_default(),
                before: write.before,
                after: write.after,
            })
            .collect())
    }

    /// Nothing is asked of a record that only this run will create.
    pub(super) fn need(
        &self,
        draft: &Draft,
        earlier: &[Earlier],
        used: &BTreeSet<String>,
    ) -> Result<(Need, Absence), ExecuteError> {
        let not_there_yet = |writes: &[Earlier]| {
            writes
                .iter()
                .any(|write| write.creates && !write.state.is_settled())
        };
        let absence = match draft.change {
            Change::Create { .. } | Change::Delete { .. } => Absence::Expected,
            _ => Absence::Odd,
        };
        if not_there_yet(earlier) {
            return Ok((Need::Absent, absence));
        }
        let mut need = draft.need(used);
        // What a link leads to is no field of the record.
        if let Need::Record {
            module,
            fields: Fields::These(fields),
            ..
        } = &mut need
        {
            fields.retain(|name| {
                let field = self.metadata.field(module.as_str(), name);
                field.is_none_or(|field| field.kind != FieldKind::Link)
            });
            let companions = self.metadata.companions(module.as_str(), fields.iter());
            fields.extend(companions);
        }
        if let Need::Links {
            module,
            link,
            columns,
            ..
        } = &mut need
        {
            *columns = self.columns(module, link);
        }
        // A record that will be created cannot be linked yet either.
        if let Need::Links {
            module,
            link,
            others,
            ..
        } = &mut need
            && let Some(far) = self.metadata.far_module(module.as_str(), link.as_str())
        {
            let mut kept = Vec::with_capacity(others.len());
            for other in others.drain(..) {
                let writes = self.file.writes_to(far, other.as_str(), draft.seq)?;
                let new = writes
                    .iter()
                    .any(|write| write.action == Action::Create && !write.state.is_settled());
                if !new {
                    kept.push(other);
                }
            }
            *others = kept;
            if others.is_empty() {
                return Ok((Need::Nothing, absence));
            }
        }
        Ok((need, absence))
    }

    /// That what an operation was worked out over is not there, since the step that was to write it did not.
    pub(super) fn not_done_before(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Result<Option<String>, ExecuteError> {
        let Some(module) = operation.change.as_ref().and_then(Change::module) else {
            return Ok(None);
        };
        for write in self.file.not_done_before(operation.seq)? {
            let missing = write.after.iter().find(|(name, value)| {
                let field = self.metadata.field(module.as_str(), name);
                operation.before.get(*name) == Some(*value)
                    && same(field, value, record.get(*name)) == Verdict::Different
            });
            if let Some((name, _)) = missing {
                let step = &self.checked.step(write.seq.step()).id;
                return Ok(Some(format!(
                    "step `{step}` was to write `{name}` before it, and did not; `--retry-failed` tries both again"
                )));
            }
        }
        Ok(None)
    }
}
