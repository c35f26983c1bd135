//! Records that values name by their ids: who is responsible, what a note belongs to. Sugar stores any id, so whether a
//! record has it is asked while the rest is looked up, once for each. One that is not there may be hidden from this user:
//! it is a warning.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::needs::Absence;
use super::needs::Known;
use crate::check::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::all_of;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::metadata::value::Edit;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Expanded;
use crate::plan::Fields;
use crate::plan::Need;
use crate::playbook::Assume;
use crate::wire::ModuleName;
use crate::wire::RecordId;

const NOT_FOUND: Code = Code("not_found");

/// Ids kept in mind before all are forgotten, and asked for again.
const KEPT: usize = 20_000;

/// Ids that a warning names.
const TOLD: usize = 10;

/// The module of teams (fact sheet 4.1).
const TEAMS: &str = "Teams";

/// What is known of the records that values name: whether they are there.
pub(super) type Named = BTreeMap<(ModuleName, RecordId), bool>;

/// Ids that lead nowhere, by the field that has them and the module it leads to.
#[derive(Debug, Default)]
pub(super) struct Dangling(BTreeMap<(String, ModuleName), BTreeSet<RecordId>>);

impl Engine<'_> {
    /// The records that the values of a page name and of which nothing is known yet; this run's own are not among them.
    pub(super) fn named(
        &mut self,
        page: &[Expanded],
    ) -> Result<Vec<(ModuleName, RecordId)>, ExecuteError> {
        if self.memory.named.len() > KEPT {
            self.memory.named.clear();
        }
        let mut asked = BTreeSet::new();
        for expanded in page {
            let Expanded::Write(draft) = expanded else {
                continue;
            };
            let Some(module) = draft.change.module() else {
                continue;
            };
            if draft.assume == Assume::New {
                continue;
            }
            let fields = draft.change.fields();
            let added = added(&draft.edits);
            let set = ids_in(module, &fields, &self.metadata);
            for (_, far, id) in set
                .into_iter()
                .chain(ids_in(module, &added, &self.metadata))
            {
                let one = (far, id);
                if !self.memory.named.contains_key(&one)
                    && !asked.contains(&one)
                    && !self.is_made_here(one.0.as_str(), &one.1, draft.seq)?
                {
                    asked.insert(one);
                }
            }
        }
        Ok(asked.into_iter().collect())
    }

    /// Keeps in mind which of them are there. Of what could not be asked nothing is said.
    pub(super) fn keep_named(&mut self, asked: Vec<(ModuleName, RecordId)>, known: Vec<Known>) {
        for (one, known) in asked.into_iter().zip(known) {
            if let Ok(current) = known {
                self.memory.named.insert(one, current != Current::Missing);
            }
        }
    }

    /// Notes what an operation is about to point to nothing.
    pub(super) fn note_dangling(
        &self,
        operation: &Operation,
        dangling: &mut Dangling,
    ) -> Result<(), ExecuteError> {
        let (State::Planned, Some(change)) = (operation.state, &operation.change) else {
            return Ok(());
        };
        let Some(module) = change.module() else {
            return Ok(());
        };
        for (field, far, id) in ids_in(module, &change.fields(), &self.metadata) {
            let had = operation.before.get(&field);
            let one = (far, id);
            if !had.is_some_and(|had| ids_of(had).contains(&one.1.as_str()))
                && self.memory.named.get(&one) == Some(&false)
                // A step in between may make it.
                && !self.is_made_here(one.0.as_str(), &one.1, operation.seq)?
            {
                let (far, id) = one;
                dangling.0.entry((field, far)).or_default().insert(id);
            }
        }
        Ok(())
    }

    pub(super) fn warn_of_dangling(
        &self,
        step: &CheckedStep,
        dangling: Dangling,
    ) -> Result<(), ExecuteError> {
        for ((field, module), ids) in dangling.0 {
            let named = all_of(ids.iter().take(TOLD).map(RecordId::as_str));
            let more = match ids.len().saturating_sub(TOLD) {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let (record, them) = match ids.len() {
                1 => ("record", "it"),
                _ => ("records", "them"),
            };
            let message = format!(
                "`{field}` is set to {named}{more}: {module} has no such {record}, or this user does not see {them}"
            );
            let help = match module.as_str() {
                TEAMS => "a team is named by its id: a step `filter: Teams` finds it by its name",
                _ => "Sugar stores an id whether or not it leads anywhere",
            };
            let problem = Problem::warning(NOT_FOUND, message)
                .help(help)
                .step(&step.id);
            self.file.add_problem(&problem, &Sources::default())?;
        }
        Ok(())
    }
}

/// What has to be known of records that values name.
pub(super) fn need((module, record): &(ModuleName, RecordId)) -> (Need, Absence) {
    let need = Need::Record {
        module: module.clone(),
        record: record.clone(),
        fields: Fields::These(BTreeSet::new()),
    };
    (need, Absence::Expected)
}

/// The ids among the fields of a record, with the module that each leads to, as far as metadata say which.
fn ids_in(
    module: &ModuleName,
    fields: &Map<String, Json>,
    metadata: &Metadata,
) -> Vec<(String, ModuleName, RecordId)> {
    let mut found = Vec::new();
    for (name, value) in fields {
        let ids = ids_of(value);
        if ids.is_empty() {
            continue;
        }
        let Some(far) = led_to(module.as_str(), name, fields, metadata) else {
            continue;
        };
        let ids = ids.into_iter();
        found.extend(ids.map(|id| (name.clone(), ModuleName::new(far), RecordId::new(id))));
    }
    found
}

/// The ids a value has: itself, or those of the teams in it.
fn ids_of(value: &Json) -> Vec<&str> {
    let members = match value {
        Json::Array(members) => members.as_slice(),
        one => std::slice::from_ref(one),
    };
    let ids = members
        .iter()
        .map(|member| member.get("id").unwrap_or(member));
    ids.filter_map(Json::as_str)
        .filter(|id| !id.is_empty())
        .collect()
}

/// What is added to fields, as far as it can be told without what is there.
fn added(edits: &[(String, Edit)]) -> Map<String, Json> {
    let added = edits.iter();
    added
        .map(|(name, edit)| (name.clone(), edit.added().into()))
        .collect()
}

/// The module whose ids a field takes. Currencies are none of it: the base currency is no record.
fn led_to<'a>(
    module: &str,
    name: &str,
    fields: &'a Map<String, Json>,
    metadata: &'a Metadata,
) -> Option<&'a str> {
    let described = metadata.module(module)?;
    if name == "id" || described.field(name)?.kind == FieldKind::CurrencyId {
        return None;
    }
    if described.field(name)?.kind == FieldKind::TeamSet {
        // That its records can be asked for is known where the instance lists the module.
        return metadata.has_module(TEAMS).then_some(TEAMS);
    }
    if let Some((_, kind)) = described.parents().find(|(id, _)| *id == name) {
        let kind = fields.get(kind)?.as_str();
        return kind.filter(|kind| !kind.is_empty());
    }
    let mut relates = described
        .fields
        .values()
        .filter(|field| matches!(field.kind, FieldKind::Relate | FieldKind::TeamSet))
        .filter(|field| field.id_name.as_deref() == Some(name));
    relates.find_map(|field| {
        let through = || metadata.far_module(module, field.link.as_deref()?);
        field.module.as_deref().or_else(through)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;

    #[test]
    fn the_ids_of_records_are_told_from_other_values() {
        let metadata = read(&json!({
            "full_module_list": ["Notes", "Teams"],
            "modules": {
                "Notes": { "fields": {
                    "id": { "type": "id" },
                    "name": { "type": "name" },
                    "parent_id": { "type": "id" },
                    "parent_type": { "type": "parent_type" },
                    "parent_name": { "type": "parent", "id_name": "parent_id", "type_name": "parent_type" },
                    "assigned_user_id": { "type": "id" },
                    "assigned_user_name": { "type": "relate", "id_name": "assigned_user_id", "module": "Users" },
                    "contact_id": { "type": "relate", "id_name": "contact_id", "link": "contact" },
                    "contact": { "type": "link", "relationship": "contact_notes", "module": "Contacts" },
                    "currency_id": { "type": "currency_id" },
                    "currency_name": { "type": "relate", "id_name": "currency_id", "module": "Users" },
                    "team_id": { "type": "team_list", "dbType": "id" },
                    "team_name": { "type": "team", "source": "non-db", "id_name": "team_id", "module": "Teams" },
                    "campaign_id": { "type": "id" },
                    "campaign_name": { "type": "relate", "id_name": "campaign_id", "module": "Campaigns" },
                } },
            },
        }))
        .metadata;
        let fields = json!({
            "id": "n", "name": "Note", "parent_type": "Accounts", "parent_id": "a", "assigned_user_id": "u",
            "contact_id": "c", "currency_id": "-99", "campaign_id": "x",
            "team_id": "West", "team_name": [{ "id": "East" }, { "id": "Global" }],
        });
        let found = ids_in(
            &ModuleName::new("Notes"),
            fields.as_object().unwrap(),
            &metadata,
        );
        let found: Vec<String> = found
            .iter()
            .map(|(field, module, id)| format!("{field} {module} {id}"))
            .collect();
        assert_eq!(
            found,
            [
                "assigned_user_id Users u",
                "campaign_id Campaigns x",
                "contact_id Contacts c",
                "parent_id Accounts a",
                "team_id Teams West",
                "team_name Teams East",
                "team_name Teams Global"
            ]
        );
        let empty = json!({ "parent_type": "", "parent_id": "", "assigned_user_id": null });
        let none = ids_in(
            &ModuleName::new("Notes"),
            empty.as_object().unwrap(),
            &metadata,
        );
        assert!(none.is_empty(), "{none:?}");
    }
}
