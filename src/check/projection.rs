//! Which fields of a step's records are used anywhere, so that reads fetch those and no more.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::checked::CheckedAction;
use super::checked::CheckedStep;
use super::checked::Items;
use super::checked::Output;
use super::checked::Projection;
use super::included::CheckedInclude;
use super::names;
use super::names::ItemIs;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::StepNo;
use crate::expr::Template;

/// What is used of each step, over all steps and outputs.
pub(super) fn of(
    steps: &[CheckedStep],
    outputs: &[Output],
    includes: &[CheckedInclude],
) -> BTreeMap<StepNo, Projection> {
    let numbers: BTreeMap<&str, StepNo> = steps
        .iter()
        .map(|step| (step.id.as_str(), step.number))
        .collect();
    let origins = steps
        .iter()
        .map(|step| (step.number, origin(step, &numbers)))
        .collect();
    let mut uses = Uses {
        numbers,
        origins,
        projections: BTreeMap::new(),
    };
    for step in steps {
        uses.step(step);
    }
    for reference in outputs.iter().flat_map(|output| output.value.references()) {
        uses.of_reference(reference);
    }
    for include in includes {
        for reference in include.with.iter().flat_map(|(_, tree)| tree.references()) {
            uses.handed_over(reference);
        }
        for reference in include.when.iter().flat_map(Template::references) {
            uses.of_reference(reference);
        }
    }
    uses.projections
}

struct Uses<'a> {
    numbers: BTreeMap<&'a str, StepNo>,
    origins: BTreeMap<StepNo, Origin>,
    projections: BTreeMap<StepNo, Projection>,
}

/// What a step's items are.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// Records of another step: `for_each: "{{ steps.X.records }}"`.
    Records(StepNo),
    /// Results of another step: `for_each: "{{ steps.X.items }}"`.
    Items(StepNo),
    Elsewhere,
}

impl Uses<'_> {
    fn step(&mut self, step: &CheckedStep) {
        let origin = self.origin_of(step.number);
        if let Some(Items::Path { step: Some(id), .. }) = &step.items
            && let Some(number) = self.numbers.get(id.as_str())
        {
            // What a JSONPath compares and what its items are used for cannot be told apart here.
            self.all(*number);
        }
        // A row that is written as it is has all its fields.
        if let (
            CheckedAction::Export { columns: None, .. },
            Origin::Records(number) | Origin::Items(number),
        ) = (&step.action, &origin)
        {
            self.all(*number);
        }
        if step.select.is_some() {
            self.all(step.number);
        }
        for names::Place { template, item, .. } in names::templates(step) {
            // The plain list a step goes through: what it uses of it is seen where its items are used.
            if matches!(origin, Origin::Records(_) | Origin::Items(_))
                && matches!(&step.items, Some(Items::Template(list)) if std::ptr::eq(list, template))
            {
                continue;
            }
            for reference in template.references() {
                if reference.root != step.item_name || item == ItemIs::Absent {
                    self.of_reference(reference);
                    continue;
                }
                match (&step.items, &origin) {
                    // The key of a read without for_each names fields of its own records.
                    (None, _) => self.of_record(step.number, &reference.parts),
                    (Some(_), Origin::Records(number)) => self.of_record(*number, &reference.parts),
                    (Some(_), Origin::Items(number)) => self.of_result(*number, &reference.parts),
                    (Some(_), Origin::Elsewhere) => {}
                }
            }
        }
    }

    fn origin_of(&self, number: StepNo) -> Origin {
        let known = self.origins.get(&number).copied();
        known.unwrap_or(Origin::Elsewhere)
    }

    fn of_reference(&mut self, reference: &Reference) {
        if reference.root != "steps" {
            return;
        }
        let Some(number) = reference
            .name(0)
            .and_then(|name| self.numbers.get(name))
            .copied()
        else {
            return;
        };
        self.of_result(number, &reference.parts[1..]);
    }

    /// What an included playbook uses of a value it is given cannot be told apart by fields.
    fn handed_over(&mut self, reference: &Reference) {
        let step = reference.name(0).and_then(|name| self.numbers.get(name));
        match (reference.root.as_str(), step, reference.parts.as_slice()) {
            ("steps", Some(number), [_, Part::Name(name)]) if !is_scalar(name) => self.all(*number),
            _ => self.of_reference(reference),
        }
    }

    /// `parts` follow a step's or an item's result.
    fn of_result(&mut self, number: StepNo, parts: &[Part]) {
        match parts {
            [Part::Name(name), ..] if is_scalar(name) => {}
            [Part::Name(name), rest @ ..] if name == "first" => self.of_record(number, rest),
            [Part::Name(name), _, rest @ ..] if name == "records" => self.of_record(number, rest),
            [Part::Name(name), _, rest @ ..] if name == "items" || name == "by_key" => {
                self.of_result(number, rest);
            }
            // The fields of a record stand straight on an item's result.
            [Part::Name(name), ..]
                if !matches!(name.as_str(), "records" | "items" | "by_key" | "source") =>
            {
                self.of_record(number, parts);
            }
            [Part::Name(name), rest @ ..] if name == "source" => match self.origin_of(number) {
                Origin::Records(from) => self.of_record(from, rest),
                Origin::Items(from) => self.of_result(from, rest),
                Origin::Elsewhere => {}
            },
            _ => self.all(number),
        }
    }

    fn of_record(&mut self, number: StepNo, parts: &[Part]) {
        match parts.first() {
            Some(Part::Name(field)) => self
                .projections
                .entry(number)
                .or_insert_with(|| Projection::Fields(BTreeSet::new()))
                .add(field),
            Some(Part::Index) | None => self.all(number),
        }
    }

    fn all(&mut self, number: StepNo) {
        self.projections.insert(number, Projection::All);
    }
}

fn origin(step: &CheckedStep, numbers: &BTreeMap<&str, StepNo>) -> Origin {
    let Some(Items::Template(template)) = &step.items else {
        return Origin::Elsewhere;
    };
    // Only the plain list: a filter behind it may look at any field.
    let [reference] = template.references() else {
        return Origin::Elsewhere;
    };
    if reference.root != "steps" || reference.parts.len() != 2 || !is_plain(template.text()) {
        return Origin::Elsewhere;
    }
    let number = reference.name(0).and_then(|name| numbers.get(name));
    match (number, reference.name(1)) {
        (Some(number), Some("records")) => Origin::Records(*number),
        (Some(number), Some("items")) => Origin::Items(*number),
        _ => Origin::Elsewhere,
    }
}

fn is_scalar(name: &str) -> bool {
    matches!(
        name,
        "id" | "ids" | "count" | "selected" | "outcome" | "failed" | "labels" | "key"
    )
}

/// Whether a template is one path and nothing else.
fn is_plain(text: &str) -> bool {
    let inner = text
        .trim()
        .trim_start_matches("{{")
        .trim_end_matches("}}")
        .trim();
    inner
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.'))
}
