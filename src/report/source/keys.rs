//! What is hidden once for a whole step: keys made of personal values, and labels that only the instance knows.

use super::Source;
use crate::report::ReportError;
use crate::report::privacy::Of;
use crate::report::privacy::Personal;
use crate::runfile::OperationView;
use crate::runfile::Which;

/// Operations of a step looked at to see whether its keys are personal: one template makes them all.
const KEYS_LOOKED_AT: u32 = 200;

impl Source<'_> {
    /// An unknown label is a text of the instance, and may hold anything.
    pub(super) fn label(&self, label: &str) -> String {
        self.curtain.text(label, &Personal::default())
    }

    pub(super) fn hide_in_labels(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        for step in &mut steps {
            step.labels = step
                .labels
                .iter()
                .map(|(label, count)| (self.label(label), *count))
                .collect();
            step.labelled = step
                .labelled
                .iter()
                .map(|((state, label), count)| ((*state, self.label(label)), *count))
                .collect();
        }
        self.steps = steps;
    }

    /// A step has personal keys where one of them holds a personal value of its operation, or the key of an operation
    /// it needs whose step has such keys. Steps come in the order of their needs, so one walk finds them all.
    pub(super) fn find_personal_keys(&mut self) -> Result<(), ReportError> {
        for step in &self.steps {
            let looked_at = self.operations(step, Which::All, None, KEYS_LOOKED_AT)?;
            let is_personal = |found: &OperationView| {
                let of = Of {
                    step: Some(&step.id),
                    module: found.module.as_deref().or(step.module.as_deref()),
                };
                let personal = self.curtain.personal(of, [&found.before, &found.after]);
                let of_another = |name: &String| {
                    let (up, key) = name.strip_suffix(']')?.split_once('[')?;
                    Some(self.curtain.hides_keys_of(up) && found.key.contains(key))
                };
                self.curtain.text(&found.key, &personal) != found.key
                    || found.depends_on.iter().filter_map(of_another).any(|is| is)
            };
            if looked_at.iter().any(is_personal) {
                self.curtain.hide_keys_of(&step.id);
            }
        }
        Ok(())
    }
}
