//! What is said of a name that leads nowhere: what there is, and what was probably meant.

use std::collections::BTreeSet;

use super::known::Known;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::diag::nearest;
use crate::expr::foreign_name;

pub(super) const UNKNOWN_STEP: Code = Code("unknown_step");
const UNKNOWN_VAR: Code = Code("unknown_var");

/// Steps that a message lists.
const MOST_LISTED: usize = 12;

impl Known<'_> {
    /// Whether there is such a variable; `kind` is what it would be declared as.
    pub(super) fn var_named(&self, name: &str, kind: &str) -> Result<(), Problem> {
        if self.vars.contains(name) || self.hides_vars {
            return Ok(());
        }
        Err(
            Problem::error(UNKNOWN_VAR, format!("there is no variable `{name}`")).help(
                did_you_mean(name, self.vars.iter().copied()).unwrap_or_else(|| {
                    format!("declare it: `vars: {{ {name}: {{ type: {kind} }} }}`")
                }),
            ),
        )
    }

    /// Whether there is such a step, by its full id. Messages call it as the playbook does.
    pub(super) fn step_named(&self, id: &str) -> Result<(), Problem> {
        let playbook = id.rfind('.').map_or("", |dot| &id[..=dot]);
        if self.steps.has(id) || self.steps.hidden.contains(playbook) {
            return Ok(());
        }
        let own = |id: &str| id.strip_prefix(self.prefix.as_str()).map(str::to_owned);
        let name = own(id).unwrap_or_else(|| id.to_owned());
        if self.includes.contains(id) {
            let inside = format!("{id}.");
            let first = self
                .steps
                .ids()
                .filter(|step| step.starts_with(&inside))
                .min();
            return Err(Problem::error(
                UNKNOWN_STEP,
                format!("`{name}` is an include, not a step"),
            )
            .help_if(
                first
                    .and_then(own)
                    .map(|step| format!("name one of its steps, such as `steps.{step}`")),
            ));
        }
        let known: BTreeSet<String> = self.steps.ids().filter_map(own).collect();
        let include = id
            .rsplit_once('.')
            .map(|(include, _)| format!("{include}."));
        let inside: Vec<&str> = known
            .iter()
            .map(String::as_str)
            .filter(|step| {
                include.as_ref().is_some_and(|include| {
                    format!("{}{step}", self.prefix).starts_with(include.as_str())
                })
            })
            .filter(|_| include.as_deref() != Some(self.prefix.as_str()))
            .collect();
        Err(
            Problem::error(UNKNOWN_STEP, format!("there is no step `{name}`")).help_if(
                did_you_mean(&name, known.iter().map(String::as_str))
                    .or_else(|| {
                        (!inside.is_empty()).then(|| format!("the include has {}", all_of(inside)))
                    })
                    .or_else(|| {
                        let is_short = (1..=MOST_LISTED).contains(&known.len());
                        is_short.then(|| {
                            format!("the steps are {}", all_of(known.iter().map(String::as_str)))
                        })
                    }),
            ),
        )
    }

    /// What a name that stands alone was meant to be.
    pub(super) fn meant_by(&self, name: &str) -> String {
        if self.vars.contains(name) {
            return format!("write `vars.{name}`");
        }
        if self.has_step(name) {
            return format!("write `steps.{name}`");
        }
        if let Some(meant) = foreign_name(name) {
            return format!("did you mean `{meant}`?");
        }
        did_you_mean(name, ["vars", "steps"])
            .or_else(|| {
                Some(format!(
                    "did you mean `vars.{}`?",
                    nearest(name, self.vars.iter().copied())?
                ))
            })
            .unwrap_or_else(|| {
                "a name is `vars.…`, `steps.…` or an item's (`as`); text has quotes, `'…'`".into()
            })
    }
}
