//! `set` into the fields that are sent: rendered, judged against metadata, complete.

use jiff::tz::TimeZone;
use serde_json::Map;
use serde_json::Value as Json;

use crate::check::CheckedStep;
use crate::check::Part;
use crate::check::PartField;
use crate::check::SetField;
use crate::diag::Vault;
use crate::expr::Failure;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::metadata::Field;
use crate::metadata::Metadata;
use crate::metadata::value;
use crate::metadata::value::Edit;
use crate::metadata::value::Rejected;
use crate::playbook::Empty;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::SugarLabel;

/// Why an item has no fields to send.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Refusal {
    Expression(Failure),
    Value { label: Label, message: String },
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Expression(failure)
    }
}

/// Whether a record is made or changed: it decides what an empty cell and a missing field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
}

pub(super) struct Judge<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) zone: Option<&'a TimeZone>,
    pub(super) vault: &'a Vault,
}

impl Judge<'_> {
    pub(super) fn fields(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        set: &[SetField],
        purpose: Purpose,
        scope: &Scope,
    ) -> Result<Map<String, Json>, Refusal> {
        let mut fields = Map::new();
        let mut refused: Vec<String> = Vec::new();
        for field in set {
            let Rendered::Value(value) = field.value.eval(scope)? else {
                continue;
            };
            let from_cell = field
                .value
                .template()
                .is_some_and(crate::expr::Template::is_lone);
            let empty_cell = from_cell && value::is_empty(&value);
            if empty_cell && purpose == Purpose::Update && step.empty == Empty::Keep {
                continue;
            }
            let name = &field.name.value;
            if purpose == Purpose::Update
                && value::is_empty(&value)
                && !step.unchecked.contains(name)
                && self.is_required(module, name)
            {
                refused.push(format!("`{name}` is required, and this clears it"));
                continue;
            }
            match self.accept(module, name, &value) {
                Ok(accepted) => {
                    fields.insert(name.clone(), accepted);
                }
                Err(_) if step.unchecked.contains(name) => {
                    fields.insert(name.clone(), value);
                }
                Err(message) => refused.push(message),
            }
        }
        if !refused.is_empty() {
            return Err(Refusal::Value {
                label: SugarLabel::InvalidParameter.into(),
                message: refused.join("; "),
            });
        }
        if purpose == Purpose::Create {
            self.complete(step, module, &fields)?;
        }
        Ok(fields)
    }

    fn is_required(&self, module: &ModuleName, name: &str) -> bool {
        self.metadata
            .field(module.as_str(), name)
            .is_some_and(Field::wants_a_value)
    }

    /// The values that find the record of an upsert; an empty one would find any.
    pub(super) fn matched(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        matching: &[SetField],
        scope: &Scope,
    ) -> Result<Map<String, Json>, Refusal> {
        for field in matching {
            let is_empty = match field.value.eval(scope)? {
                Rendered::Value(Json::String(text)) => text.trim().is_empty(),
                Rendered::Value(value) => value::is_empty(&value),
                Rendered::Omit => true,
            };
            if is_empty {
                return Err(Refusal::Value {
                    label: LocalLabel::EmptyMatch.into(),
                    message: format!("`{}` of `match` is empty", field.name.value),
                });
            }
        }
        self.fields(step, module, matching, Purpose::Update, scope)
    }

    /// `add` and `remove`, by field.
    pub(super) fn edits(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        parts: &[PartField],
        scope: &Scope,
    ) -> Result<Vec<(String, Edit)>, Refusal> {
        let mut edits: Vec<(String, Edit)> = Vec::new();
        let mut refused: Vec<String> = Vec::new();
        for part in parts {
            let Rendered::Value(value) = part.value.eval(scope)? else {
                continue;
            };
            let name = &part.name.value;
            let Some(field) = self.metadata.field(module.as_str(), name) else {
                refused.push(format!(
                    "`{name}`: of a field that metadata does not describe, no part can be changed"
                ));
                continue;
            };
            let place = match edits.iter().position(|(known, _)| known == name) {
                Some(place) => place,
                None => {
                    edits.push((name.clone(), Edit::default()));
                    edits.len() - 1
                }
            };
            let edit = &mut edits[place].1;
            let context = value::Context {
                // A value that the playbook vouches for is not looked for in the list.
                dropdown: self
                    .metadata
                    .dropdown(module.as_str(), name)
                    .filter(|_| !step.unchecked.contains(name)),
                zone: self.zone,
            };
            let done = match part.part {
                Part::Added => edit.add(field, &value, context),
                Part::Removed => edit.remove(field, &value),
            };
            if let Err(rejected) = done {
                refused.push(told(name, &rejected));
            }
        }
        for (name, edit) in &edits {
            let field = self.metadata.field(module.as_str(), name);
            if let Some(Err(rejected)) = field.map(|field| edit.contradicted(field)) {
                refused.push(told(name, &rejected));
            }
        }
        match refused.is_empty() {
            true => Ok(edits),
            false => Err(Refusal::Value {
                label: SugarLabel::InvalidParameter.into(),
                message: refused.join("; "),
            }),
        }
    }

    fn accept(&self, module: &ModuleName, name: &str, value: &Json) -> Result<Json, String> {
        // What metadata does not describe cannot be judged; check has said so already.
        let Some(field) = self.metadata.field(module.as_str(), name) else {
            return Ok(value.clone());
        };
        let context = value::Context {
            dropdown: self.metadata.dropdown(module.as_str(), name),
            zone: self.zone,
        };
        if self.vault.is_in(value) {
            return self.accept_secret(field, value, context);
        }
        let mut accepted =
            value::accept(field, value, context).map_err(|rejected| told(name, &rejected))?;
        // What holds a secret by chance is compared with what comes back, which has its stand-in.
        self.vault.close_in(&mut accepted);
        Ok(accepted)
    }

    /// It is judged as what is sent, and kept as its stand-in. What is wrong with it is said without quoting it.
    fn accept_secret(
        &self,
        field: &Field,
        value: &Json,
        context: value::Context<'_>,
    ) -> Result<Json, String> {
        let name = &field.name;
        let mut sent = value.clone();
        self.vault.open_in(&mut sent);
        let mut accepted =
            value::accept(field, &sent, context).map_err(|rejected| match rejected {
                Rejected::TooLong { found, most, .. } => {
                    format!("`{name}`: with the secret in it, it has {found} characters, and the field holds {most}")
                }
                _ => format!("`{name}`: the secret is no value of this field"),
            })?;
        self.vault.close_in(&mut accepted);
        if self.vault.is_in(&accepted) {
            Ok(accepted)
        } else {
            Err(format!(
                "`{name}`: a secret can be kept only in a field of text"
            ))
        }
    }

    /// A flexible parent is its id and its module together. An empty cell may have taken one of them out of an item, and
    /// the other alone would point from the old module to the new id or to nothing.
    pub(super) fn whole_pairs(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        fields: &Map<String, Json>,
    ) -> Result<(), Refusal> {
        let Some(described) = self.metadata.module(module.as_str()) else {
            return Ok(());
        };
        let holds = |name: &str| {
            fields
                .get(name)
                .is_some_and(|value| !value::is_empty(value))
        };
        for (id, kind) in described.parents() {
            let is_vouched_for = [id, kind].iter().any(|name| step.unchecked.contains(*name));
            if is_vouched_for || holds(id) == holds(kind) {
                continue;
            }
            let (given, empty) = if holds(id) { (id, kind) } else { (kind, id) };
            return Err(Refusal::Value {
                label: SugarLabel::MissingParameter.into(),
                message: format!(
                    "`{given}` has a value and `{empty}` has none; they mean something only together"
                ),
            });
        }
        Ok(())
    }

    /// Sugar does not enforce required fields (fact sheet 4.2), so a record without them has to be stopped here.
    pub(super) fn complete(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        fields: &Map<String, Json>,
    ) -> Result<(), Refusal> {
        let Some(described) = self.metadata.module(module.as_str()) else {
            return Ok(());
        };
        let missing: Vec<String> = described
            .fields
            .values()
            .filter(|field| field.wants_a_value() && !step.unchecked.contains(&field.name))
            .filter(|field| fields.get(&field.name).is_none_or(value::is_empty))
            .map(|field| format!("`{}`", field.name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("{} must not be empty in {module}", missing.join(", "));
        Err(Refusal::Value {
            label: SugarLabel::MissingParameter.into(),
            message,
        })
    }
}

fn told(name: &str, rejected: &Rejected) -> String {
    match rejected.help() {
        Some(help) => format!("`{name}`: {rejected}; {help}"),
        None => format!("`{name}`: {rejected}"),
    }
}
