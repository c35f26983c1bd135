//! Which fields of a step's records are used anywhere, so that reads fetch those and no more.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::checked::CheckedAction;
use super::checked::CheckedStep;
use super::checked::Items;
use super::checked::Output;
use super::checked::Projection;
use super::included::CheckedInclude;
use super::places;
use super::places::ItemIs;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::StepNo;
use crate::expr::Template;

/// What is used of each step, over all steps and outputs.
pub(super) fn of(
    steps: &[CheckedStep],
    outputs: &[Output],
    includes: &[CheckedInclude],
) -> HashMap<StepNo, Projection> {
    let numbers: HashMap<&str, StepNo> = steps
        .iter()
        .map(|step| (step.id.as_str(), step.number))
        .collect();
    let origins = steps
        .iter()
        .filter_map(|step| Some((step.number, origin(step, &numbers)?)))
        .collect();
    let mut uses = Uses {
        numbers,
        origins,
        projections: HashMap::new(),
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
    numbers: HashMap<&'a str, StepNo>,
    origins: HashMap<StepNo, Origin>,
    projections: HashMap<StepNo, Projection>,
}

/// What a step's items are, where they are what another step gave.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// Records of another step: `for_each: "{{ steps.X.records }}"`.
    Records(StepNo),
    /// Results of another step: `for_each: "{{ steps.X.items }}"`.
    Items(StepNo),
}

impl Uses<'_> {
    fn step(&mut self, step: &CheckedStep) {
        let origin = self.origins.get(&step.number).copied();
        if let Some(Items::Path { step: Some(id), .. }) = &step.items
            && let Some(number) = self.numbers.get(id.as_str())
        {
            // What a JSONPath compares and what its items are used for cannot be told apart here.
            self.all(*number);
        }
        // A row that is written as it is has all its fields.
        if let (
            CheckedAction::Export { columns: None, .. },
            Some(Origin::Records(number) | Origin::Items(number)),
        ) = (&step.action, origin)
        {
            self.all(number);
        }
        if step.select.is_some() {
            self.all(step.number);
        }
        for places::Place { template, item, .. } in places::templates(step) {
            // The plain list a step goes through: what it uses of it is seen where its items are used.
            if origin.is_some()
                && matches!(&step.items, Some(Items::Template(list)) if std::ptr::eq(list, template))
            {
                continue;
            }
            for reference in template.references() {
                if reference.root != step.item_name || item == ItemIs::Absent {
                    self.of_reference(reference);
                    continue;
                }
                match (&step.items, origin) {
                    // The key of a read without for_each names fields of its own records.
                    (None, _) => self.of_record(step.number, &reference.parts),
                    (Some(_), Some(Origin::Records(number))) => {
                        self.of_record(number, &reference.parts);
                    }
                    (Some(_), Some(Origin::Items(number))) => {
                        self.of_result(number, &reference.parts);
                    }
                    (Some(_), None) => {}
                }
            }
        }
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
            [Part::Name(name), rest @ ..] if name == "source" => match self.origins.get(&number) {
                Some(Origin::Records(from)) => self.of_record(*from, rest),
                Some(Origin::Items(from)) => self.of_result(*from, rest),
                None => {}
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

fn origin(step: &CheckedStep, numbers: &HashMap<&str, StepNo>) -> Option<Origin> {
    let Some(Items::Template(template)) = &step.items else {
        return None;
    };
    // Only the plain list: a filter behind it may look at any field.
    let [reference] = template.references() else {
        return None;
    };
    if reference.root != "steps" || reference.parts.len() != 2 || !is_plain(template.text()) {
        return None;
    }
    let number = *numbers.get(reference.name(0)?)?;
    match reference.name(1)? {
        "records" => Some(Origin::Records(number)),
        "items" => Some(Origin::Items(number)),
        _ => None,
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
