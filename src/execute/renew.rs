//! Metadata that changed while a run goes on: fetched anew, and what is left checked by them before it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedStep;
use crate::check::WriteAccess;
use crate::check::against_with;
use crate::client;
use crate::client::Wanted;
use crate::client::Writer;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::metadata::Metadata;
use crate::metadata::value;
use crate::operation::Change;
use crate::operation::State;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::ModuleName;
use crate::wire::SugarLabel;

/// Fetched more often in one apply, they would hardly stay the same for the next batch.
const RENEWALS: u32 = 20;

/// What an apply knows of changes of the metadata.
#[derive(Debug, Default)]
pub struct Renewal {
    is_wanted: bool,
    times: u32,
    /// Those of the plan, once there are others.
    planned_with: Option<Arc<Metadata>>,
    /// Steps that no longer fit, and why.
    unfit: BTreeMap<StepNo, String>,
}

impl Renewal {
    pub(super) fn want(&mut self) {
        self.is_wanted = true;
    }

    pub(super) fn may_help(&self) -> bool {
        self.times < RENEWALS
    }
}

impl Engine<'_> {
    /// Fetches metadata anew where the instance said that there are newer ones.
    pub(super) async fn renewed(&mut self, writer: &Writer) -> Result<(), ExecuteError> {
        if !self.renewal.is_wanted {
            return Ok(());
        }
        self.renewal.is_wanted = false;
        self.renewal.times += 1;
        let modules: Vec<ModuleName> = self.metadata.modules.keys().map(ModuleName::new).collect();
        // The hash first: a change in between makes it the older one, which is refused again.
        let hash = client::fetch_metadata_hash(&self.asker).await?;
        let fetched = client::fetch_metadata(&self.asker, Wanted::Modules(&modules)).await?;
        // Where the hash is the one that was refused, or none is given, nothing is gained by sending it again.
        let is_other = hash != writer.expected_metadata();
        writer.expect_metadata(hash.filter(|_| is_other));
        let metadata = Arc::new(fetched.metadata);
        let before = std::mem::replace(&mut self.metadata, Arc::clone(&metadata));
        self.renewal.planned_with.get_or_insert(before);
        self.renewal.unfit = self.misfits(&metadata);
        tracing::warn!(
            "the metadata of the instance changed; what is left was checked by them again"
        );
        Ok(())
    }

    /// Steps that the playbook could not be planned with any more. What takes a run back is no playbook of its own.
    fn misfits(&self, metadata: &Metadata) -> BTreeMap<StepNo, String> {
        let mut unfit = BTreeMap::new();
        if self.recovering.is_some() {
            return unfit;
        }
        let problems = against_with(self.checked, metadata, WriteAccess::Required);
        for problem in problems.iter().filter(|problem| problem.is_error()) {
            let step = self
                .checked
                .steps
                .iter()
                .find(|step| problem.step.as_deref() == Some(step.id.as_str()));
            if let Some(step) = step {
                unfit.entry(step.number).or_insert_with(|| problem.said());
            }
        }
        unfit
    }

    /// Operations about to be sent that the metadata of now speak against, and what becomes of them.
    pub(super) fn unfit<'a>(
        &self,
        window: impl Iterator<Item = &'a StoredOperation>,
    ) -> Vec<(Seq, Settlement)> {
        let Some(before) = &self.renewal.planned_with else {
            return Vec::new();
        };
        window
            .filter_map(|operation| {
                let step = self.checked.step(operation.seq.step());
                let reason = match self.renewal.unfit.get(&step.number) {
                    Some(reason) => reason.clone(),
                    None => self.misfit(step, operation.change.as_ref()?, before)?,
                };
                let settlement = Settlement::new(State::Failed).label(
                    SugarLabel::MetadataOutOfDate,
                    format!(
                        "the metadata changed since it was planned: {reason}; nothing was sent"
                    ),
                );
                Some((operation.seq, self.tolerated(operation.seq, settlement)))
            })
            .collect()
    }

    /// What of a change was right by the metadata it was planned with and is not by those of now.
    fn misfit(&self, step: &CheckedStep, change: &Change, before: &Metadata) -> Option<String> {
        let module = change.module()?.as_str();
        if before.has_module(module) && !self.metadata.has_module(module) {
            return Some(format!("there is no module `{module}` any more"));
        }
        let gone = |name: &str| {
            let is_gone =
                before.field(module, name).is_some() && self.metadata.field(module, name).is_none();
            is_gone.then(|| format!("{module} has no `{name}` any more"))
        };
        if let Change::Link { link, .. } | Change::Unlink { link, .. } = change {
            return gone(link.as_str());
        }
        let fields = change.fields();
        let mut fields = fields
            .iter()
            .filter(|(name, _)| !step.unchecked.contains(*name));
        fields.find_map(|(name, value)| {
            gone(name).or_else(|| {
                let mut sent = value.clone();
                self.vault.open_in(&mut sent);
                let was_right = self.accepts(before, module, name, &sent);
                (was_right && !self.accepts(&self.metadata, module, name, &sent))
                    .then(|| format!("`{name}` of {module} does not take its value any more"))
            })
        })
    }

    fn accepts(&self, metadata: &Metadata, module: &str, name: &str, sent: &Json) -> bool {
        let context = value::Context {
            dropdown: metadata.dropdown(module, name),
            zone: self.zone.as_ref(),
        };
        metadata
            .field(module, name)
            .is_none_or(|field| value::accept(field, sent, context).is_ok())
    }
}
