//! Operations that contradict a link: a link counts as setting the id field that it belongs to.

use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use crate::expr::Seq;
use crate::operation::Change;
use crate::plan::Binding;
use crate::plan::Draft;
use crate::plan::bindings;

/// A field of a record that two operations would set differently.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clash {
    pub(super) other: Seq,
    pub(super) field: String,
    /// The record it is about, in words.
    pub(super) about: String,
}

impl Engine<'_> {
    /// The first earlier operation that binds a record otherwise than a draft does. `here` are the bindings of the
    /// page, which the run file does not know yet.
    pub(super) fn bound_otherwise(
        &self,
        draft: &Draft,
        here: &[(Seq, Binding)],
    ) -> Result<Option<Clash>, ExecuteError> {
        let own = bindings(&draft.change, &self.metadata);
        for binding in &own {
            let wanted = Json::from(binding.to.as_str());
            let clash = |other| Clash {
                other,
                field: binding.field.clone(),
                about: format!("{} `{}`", binding.module, binding.record),
            };
            let of_page = here.iter().find(|(_, other)| {
                other.module == binding.module
                    && other.record == binding.record
                    && other.field == binding.field
                    && other.to != binding.to
            });
            if let Some((seq, _)) = of_page {
                return Ok(Some(clash(*seq)));
            }
            let (module, record) = (binding.module.as_str(), binding.record.as_str());
            let bound =
                self.file
                    .bound_otherwise(module, record, &binding.field, &wanted, draft.seq)?;
            if let Some(seq) = bound {
                return Ok(Some(clash(seq)));
            }
            // By name: another operation sets the field itself.
            let writes = self.file.writes_to(module, record, draft.seq)?;
            let set = writes.iter().find(|write| {
                write.change.as_ref().is_some_and(|change| {
                    change
                        .fields()
                        .get(&binding.field)
                        .is_some_and(|value| *value != wanted)
                })
            });
            if let Some(write) = set {
                return Ok(Some(clash(write.seq)));
            }
        }
        let Change::Update { module, record, .. } = &draft.change else {
            return Ok(None);
        };
        for (field, value) in draft.change.fields().iter() {
            let (module, record) = (module.as_str(), record.as_str());
            let bound = self
                .file
                .bound_otherwise(module, record, field, value, draft.seq)?;
            if let Some(other) = bound {
                return Ok(Some(Clash {
                    other,
                    field: field.clone(),
                    about: format!("{module} `{record}`"),
                }));
            }
        }
        Ok(None)
    }
}
