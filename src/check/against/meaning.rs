//! What a reference of a template stands for: a step's result, a record of it, one field.
//!
//! Only what can be seen without running is followed; everything else means nothing here and is not judged.

use std::collections::HashMap;

use serde_json::Value as Json;
use serde_json::json;

use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::Items;
use crate::check::places::ItemIs;
use crate::check::shape::gives_one_record;
use crate::expr::ITEM_ATTRIBUTES;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::Template;
use crate::expr::Tree;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::playbook::DataFormat;

/// The module whose fields the user has that `me` tells of.
const USERS: &str = "Users";

#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning<'a> {
    Step(&'a CheckedStep),
    Items(&'a CheckedStep),
    Keyed(&'a CheckedStep),
    Item(&'a CheckedStep),
    Records(&'a CheckedStep),
    Record(&'a CheckedStep),
    /// What `group` makes of records.
    Groups(&'a CheckedStep),
    Group(&'a CheckedStep),
    /// Lists of records.
    Batches(&'a CheckedStep),
    /// The id, or ids, of a step's records.
    Id(&'a CheckedStep),
    Field(&'a CheckedStep, &'a str),
    Unseen,
}

/// The steps that references may name.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Known<'a> {
    pub(in crate::check) steps: &'a [CheckedStep],
    /// Where each stands among them, by its id.
    pub(in crate::check) places: &'a HashMap<String, usize>,
}

/// More than one value.
pub(super) struct Whole {
    /// In words.
    pub(super) found: &'static str,
    pub(super) help: &'static str,
    /// What is like it.
    pub(super) sample: Json,
}

pub(super) struct Meanings<'a> {
    metadata: &'a Metadata,
    /// None for values in which no reference stands.
    known: Option<Known<'a>>,
}

impl<'a> Meanings<'a> {
    pub(super) fn of(known: Known<'a>, metadata: &'a Metadata) -> Self {
        Self {
            metadata,
            known: Some(known),
        }
    }

    /// For values in which no reference stands.
    pub(super) fn of_values(metadata: &'a Metadata) -> Self {
        Self {
            metadata,
            known: None,
        }
    }

    fn step_named(&self, id: &str) -> Option<&'a CheckedStep> {
        let known = self.known?;
        known.steps.get(*known.places.get(id)?)
    }

    /// `step` is the one the reference stands in; an output stands in none.
    pub(super) fn of_reference(
        &self,
        step: Option<&'a CheckedStep>,
        item: ItemIs,
        reference: &'a Reference,
    ) -> Meaning<'a> {
        let (start, parts) = match step {
            Some(step) if item == ItemIs::There && reference.root == step.item_name => {
                (self.item_of(step), &*reference.parts)
            }
            _ if reference.root == "steps" => {
                let named = reference.name(0).and_then(|name| self.step_named(name));
                match named {
                    Some(step) => (Meaning::Step(step), &reference.parts[1..]),
                    None => return Meaning::Unseen,
                }
            }
            _ => return Meaning::Unseen,
        };
        parts
            .iter()
            .fold(start, |meaning, part| self.follow(meaning, part))
    }

    /// What an item of a step is: of a read without `for_each`, a record that it found.
    fn item_of(&self, step: &'a CheckedStep) -> Meaning<'a> {
        let Some(items) = &step.items else {
            return Meaning::Record(step);
        };
        let list = items
            .list()
            .map(|list| self.of_reference(Some(step), ItemIs::Absent, list));
        match list {
            Some(Meaning::Records(step)) => Meaning::Record(step),
            Some(Meaning::Items(step)) => Meaning::Item(step),
            Some(Meaning::Groups(step)) => Meaning::Group(step),
            Some(Meaning::Batches(step)) => Meaning::Records(step),
            _ => Meaning::Unseen,
        }
    }

    /// What a template is that is one path and nothing else.
    fn of_template(
        &self,
        step: &'a CheckedStep,
        item: ItemIs,
        template: &'a Template,
    ) -> Meaning<'a> {
        match template.gives() {
            Some(reference) => self.of_reference(Some(step), item, reference),
            None => Meaning::Unseen,
        }
    }

    /// What a value is that is one template and gives more than one value.
    pub(super) fn whole(&self, step: &'a CheckedStep, tree: &'a Tree) -> Option<Whole> {
        const OF_LIST: &str = "take what is meant of one of them, such as `.first.name`, or join them: `… | map(attribute='name') | \
                               join(', ')`";
        let reference = tree.template()?.gives()?;
        let item = match step.items {
            Some(_) => ItemIs::There,
            None => ItemIs::Absent,
        };
        let (found, help) = match self.of_reference(Some(step), item, reference) {
            Meaning::Step(_) => (
                "the whole result of a step",
                "say what of it is meant, such as `.count` or `.first.name`",
            ),
            Meaning::Item(_) => (
                "the whole result of an item",
                "say what of it is meant, such as `.id`",
            ),
            Meaning::Record(_) => (
                "a whole record",
                "write one of its fields behind it, such as `.id` or `.name`",
            ),
            Meaning::Group(_) => (
                "a whole group",
                "say what of it is meant: its `.key`, or something of its `.records`",
            ),
            Meaning::Items(_) | Meaning::Records(_) => ("a list of records", OF_LIST),
            Meaning::Groups(_) => ("a list of groups", OF_LIST),
            Meaning::Batches(_) => ("a list of lists", OF_LIST),
            Meaning::Unseen if is_row(step, reference) => (
                "a whole row",
                "write one of its columns behind it, such as `.name`",
            ),
            Meaning::Keyed(_) | Meaning::Id(_) | Meaning::Field(..) | Meaning::Unseen => {
                return None;
            }
        };
        let one = json!({ "id": "" });
        Some(Whole {
            found,
            help,
            sample: match found.starts_with("a list") {
                true => json!([one]),
                false => one,
            },
        })
    }

    fn follow(&self, meaning: Meaning<'a>, part: &'a Part) -> Meaning<'a> {
        let name = match (part, meaning) {
            (Part::Name(name), _) => Some(name.as_str()),
            (Part::Index, _) => None,
            (Part::Groups, Meaning::Records(step)) => return Meaning::Groups(step),
            (Part::Batches, Meaning::Records(step)) => return Meaning::Batches(step),
            (Part::Groups | Part::Batches, _) => return Meaning::Unseen,
        };
        match meaning {
            Meaning::Step(step) => match name {
                Some("items") => Meaning::Items(step),
                Some("by_key") => Meaning::Keyed(step),
                name => of_result(step, name),
            },
            Meaning::Item(step) => match name {
                Some("source") => self.item_of(step),
                Some(name) if gives_one_record(step.verb) && !ITEM_ATTRIBUTES.contains(&name) => {
                    Meaning::Field(step, name)
                }
                name => of_result(step, name),
            },
            Meaning::Items(step) => Meaning::Item(step),
            // The key of a read without `for_each` finds one of its records.
            Meaning::Keyed(step) => match &step.action {
                CheckedAction::Read(_) if step.items.is_none() => Meaning::Record(step),
                _ => Meaning::Item(step),
            },
            Meaning::Records(step) => Meaning::Record(step),
            Meaning::Record(step) => match name {
                Some("id") => Meaning::Id(step),
                Some(name) => Meaning::Field(step, name),
                None => Meaning::Unseen,
            },
            Meaning::Groups(step) => Meaning::Group(step),
            Meaning::Group(step) => match name {
                Some("records") => Meaning::Records(step),
                _ => Meaning::Unseen,
            },
            Meaning::Batches(step) => Meaning::Records(step),
            // What stands inside a field's value, such as the first of its e-mail addresses.
            Meaning::Field(step, field) => Meaning::Field(step, field),
            Meaning::Id(_) | Meaning::Unseen => Meaning::Unseen,
        }
    }

    /// The module that a step's records are of.
    pub(super) fn module_of(&self, step: &'a CheckedStep) -> Option<&'a str> {
        match &step.action {
            CheckedAction::Read(read) => match read {
                CheckedRead::List { module, .. }
                | CheckedRead::Filter { module, .. }
                | CheckedRead::Get { module, .. } => Some(module.value.as_str()),
                CheckedRead::Related { module, link, .. } => self
                    .metadata
                    .far_module(module.value.as_str(), link.value.as_str()),
                CheckedRead::Count { .. }
                | CheckedRead::Search { .. }
                | CheckedRead::Enum { .. }
                | CheckedRead::Metadata { .. }
                | CheckedRead::Ping
                | CheckedRead::Call(_) => None,
                CheckedRead::Me => Some(USERS),
            },
            CheckedAction::Write(
                CheckedWrite::Create { module, .. }
                | CheckedWrite::Update { module, .. }
                | CheckedWrite::Upsert { module, .. }
                | CheckedWrite::UpsertByKey { module, .. }
                | CheckedWrite::Delete { module, .. }
                | CheckedWrite::Favorite { module, .. }
                | CheckedWrite::Unfavorite { module, .. },
            ) => Some(module.value.as_str()),
            CheckedAction::Write(
                CheckedWrite::Link { .. } | CheckedWrite::Unlink { .. } | CheckedWrite::Call { .. },
            )
            | CheckedAction::Assert { .. }
            | CheckedAction::Export { .. } => None,
        }
    }

    /// Whether a name is a column of the relation through which a step reads: the records it finds have it beside their fields.
    pub(super) fn is_of_relation(&self, step: &CheckedStep, name: &str) -> bool {
        match &step.action {
            CheckedAction::Read(CheckedRead::Related { module, link, .. }) => self
                .metadata
                .columns(module.value.as_str(), link.value.as_str())
                .is_some_and(|columns| columns.contains(name)),
            _ => false,
        }
    }

    /// The module whose id a value is, where it is one template that says so.
    pub(super) fn module_of_id(&self, step: &'a CheckedStep, tree: &'a Tree) -> Option<&'a str> {
        let item = match step.items {
            Some(_) => ItemIs::There,
            None => ItemIs::Absent,
        };
        match self.of_template(step, item, tree.template()?) {
            Meaning::Id(step) => self.module_of(step),
            Meaning::Field(step, field) => self.module_behind(self.module_of(step)?, field),
            _ => None,
        }
    }

    /// The module that an id field leads to: Accounts for `account_id` of Contacts.
    pub(super) fn module_behind(&self, module: &str, id_field: &str) -> Option<&'a str> {
        self.metadata
            .module(module)?
            .fields
            .values()
            .find(|field| {
                field.kind == FieldKind::Relate && field.id_name.as_deref() == Some(id_field)
            })?
            .module
            .as_deref()
    }
}

/// A row of a file whose rows are all maps.
fn is_row(step: &CheckedStep, reference: &Reference) -> bool {
    let is_item = reference.root == step.item_name && reference.parts.is_empty();
    match &step.items {
        Some(Items::File(file)) => {
            let format = &file.format;
            is_item && matches!(format, DataFormat::Csv { .. } | DataFormat::Xlsx { .. })
        }
        _ => false,
    }
}

/// What the result of a step and that of an item have in common.
fn of_result<'a>(step: &'a CheckedStep, name: Option<&str>) -> Meaning<'a> {
    match name {
        Some("first") => Meaning::Record(step),
        Some("records") => Meaning::Records(step),
        Some("id" | "ids") => Meaning::Id(step),
        _ => Meaning::Unseen,
    }
}
