//! Which fields of a step's records are used anywhere, so that reads fetch those and no more.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::checked::CheckedAction;
use super::checked::CheckedStep;
use super::checked::Items;
use super::checked::Output;
use super::checked::Projection;
use super::included::CheckedInclude;
use super::places::ItemIs;
use super::places::Place;
use crate::expr::Extent;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::Template;

/// What is used of each step, over all steps and outputs. Steps are known by their places in the file.
pub(super) struct Uses<'a> {
    places: &'a HashMap<String, usize>,
    /// Of the steps seen so far.
    origins: Vec<Option<Origin>>,
    projections: Vec<Projection>,
    /// Parts behind the `source` of a step's items. Where that comes from is known when all steps are seen.
    of_sources: Vec<(usize, Vec<Part>)>,
}

/// What a step's items are, where they are what another step gave.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// Records of another step: `for_each: "{{ steps.X.records }}"`.
    Records(usize),
    /// Results of another step: `for_each: "{{ steps.X.items }}"`.
    Items(usize),
}

impl<'a> Uses<'a> {
    pub(super) fn new(places: &'a HashMap<String, usize>, steps: usize) -> Self {
        Self {
            places,
            origins: Vec::with_capacity(steps),
            projections: vec![Projection::Fields(BTreeSet::new()); steps],
            of_sources: Vec::new(),
        }
    }

    /// What the next step uses.
    pub(super) fn step(&mut self, step: &CheckedStep, templates: &[Place<'_>]) {
        let own = self.origins.len();
        let origin = origin(step, self.places);
        self.origins.push(origin);
        if let Some(Items::Path { reads, .. }) = &step.items {
            let whole = reads.gives.iter().filter(|_| origin.is_none());
            for reference in reads.references.iter().chain(whole) {
                self.of_reference(reference);
            }
        }
        // A row that is written as it is has all its fields.
        if let (
            CheckedAction::Export { columns: None, .. },
            Some(Origin::Records(place) | Origin::Items(place)),
        ) = (&step.action, origin)
        {
            self.all(place);
        }
        if step.select.is_some() {
            self.all(own);
        }
        for Place { template, item, .. } in templates.iter().copied() {
            let list = step.items.as_ref().and_then(Items::list);
            for reference in template.references() {
                // What a step uses of the list it goes through is seen where its items are used.
                if origin.is_some() && list.is_some_and(|list| std::ptr::eq(list, reference)) {
                    continue;
                }
                if reference.root != step.item_name || item == ItemIs::Absent {
                    self.of_reference(reference);
                    continue;
                }
                match (&step.items, origin) {
                    // The key of a read without for_each names fields of its own records.
                    (None, _) => self.of_record(own, &reference.parts),
                    (Some(_), Some(Origin::Records(place))) => {
                        self.of_record(place, &reference.parts);
                    }
                    (Some(_), Some(Origin::Items(place))) => {
                        self.of_result(place, &reference.parts);
                    }
                    (Some(_), None) => {}
                }
            }
        }
    }

    /// What is used outside of all steps, and with that what is used of each, by place.
    pub(super) fn close(
        mut self,
        outputs: &[Output],
        includes: &[CheckedInclude],
    ) -> Vec<Projection> {
        for reference in outputs.iter().flat_map(|output| output.value.references()) {
            self.of_reference(reference);
        }
        for include in includes {
            for reference in include.with.iter().flat_map(|(_, tree)| tree.references()) {
                self.handed_over(reference);
            }
            for reference in include.when.iter().flat_map(Template::references) {
                self.of_reference(reference);
            }
        }
        while let Some((place, parts)) = self.of_sources.pop() {
            match self.origins[place] {
                Some(Origin::Records(from)) => self.of_record(from, &parts),
                Some(Origin::Items(from)) => self.of_result(from, &parts),
                None => {}
            }
        }
        self.projections
    }

    fn of_reference(&mut self, reference: &Reference) {
        if reference.root != "steps" {
            return;
        }
        let Some(place) = reference
            .name(0)
            .and_then(|name| self.places.get(name))
            .copied()
        else {
            return;
        };
        let of_list = match reference.extent {
            Extent::Whole | Extent::Either => None,
            Extent::Parts => reference.parts.last(),
        };
        if !matches!(of_list, Some(Part::Name(list)) if list == "records" || list == "items") {
            self.of_result(place, &reference.parts[1..]);
        }
    }

    /// What an included playbook uses of a value it is given cannot be told apart by fields.
    fn handed_over(&mut self, reference: &Reference) {
        let step = reference.name(0).and_then(|name| self.places.get(name));
        match (reference.root.as_ref(), step, &*reference.parts) {
            ("steps", Some(place), [_, Part::Name(name)]) if !is_scalar(name) => self.all(*place),
            _ => self.of_reference(reference),
        }
    }

    /// `parts` follow a step's or an item's result.
    fn of_result(&mut self, place: usize, parts: &[Part]) {
        match parts {
            [Part::Name(name), ..] if is_scalar(name) => {}
            [Part::Name(name), rest @ ..] if name == "first" => self.of_record(place, rest),
            [Part::Name(name), _, rest @ ..] if name == "records" => self.of_record(place, rest),
            [Part::Name(name), _, rest @ ..] if name == "items" || name == "by_key" => {
                self.of_result(place, rest);
            }
            // The fields of a record stand straight on an item's result.
            [Part::Name(name), ..]
                if !matches!(name.as_str(), "records" | "items" | "by_key" | "source") =>
            {
                self.of_record(place, parts);
            }
            [Part::Name(name), rest @ ..] if name == "source" => {
                self.of_sources.push((place, rest.to_vec()));
            }
            _ => self.all(place),
        }
    }

    fn of_record(&mut self, place: usize, parts: &[Part]) {
        match parts.first() {
            Some(Part::Name(field)) => self.projections[place].add(field),
            Some(Part::Index | Part::Groups | Part::Batches) | None => self.all(place),
        }
    }

    fn all(&mut self, place: usize) {
        self.projections[place] = Projection::All;
    }
}

fn origin(step: &CheckedStep, places: &HashMap<String, usize>) -> Option<Origin> {
    let list = step.items.as_ref()?.list()?;
    if list.root != "steps" || list.parts.len() != 2 {
        return None;
    }
    let place = *places.get(list.name(0)?)?;
    match list.name(1)? {
        "records" => Some(Origin::Records(place)),
        "items" => Some(Origin::Items(place)),
        _ => None,
    }
}

fn is_scalar(name: &str) -> bool {
    matches!(
        name,
        "id" | "ids" | "count" | "selected" | "outcome" | "failed" | "labels" | "key"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::check::Headings;
    use crate::check::Projection;
    use crate::check::check;
    use crate::diag::Sources;
    use crate::playbook;

    /// What `read` fetches, if a step goes through a list and prints something.
    fn fetched(for_each: &str, name: &str) -> String {
        let mut sources = Sources::default();
        let text = format!(
            "version: 1\nname: t\nsteps:\n  - {{ id: read, list: Leads }}\n  - {{ id: next, for_each: \"{for_each}\", create: Notes, set: {{ name: \"{name}\" }} }}\n"
        );
        let source = sources.add("t.yaml", text);
        let playbook = playbook::parse(source, Path::new("."), &sources).unwrap();
        let (checked, problems) = check(playbook, &sources, &Headings::new());
        let checked = checked.unwrap_or_else(|| panic!("{problems:#?}"));
        match &checked.steps[0].projection {
            Projection::All => "everything".to_owned(),
            Projection::Fields(fields) => fields
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    #[test]
    fn what_is_used_is_fetched_and_no_more() {
        for (list, name, expected) in [
            ("{{ steps.read.records }}", "{{ item.a }}", "a"),
            (
                "$.steps.read.records[?@.a == 'x' && match(@.b.c, 'y')]",
                "{{ item.d }}",
                "a b d",
            ),
            (
                "$.steps.read.records[?!@.a || (@.b > 1)]",
                "{{ item }}",
                "everything",
            ),
            ("$.steps.read.records[*].a", "{{ item }}", "a"),
            ("$.steps.read.records[*]['a', 'b']", "{{ item }}", "a b"),
            ("$.steps.read.records[0, 1]", "{{ item.a }}", "a"),
            (
                "$.steps.read.records[?@['a'] == 1].b[?@.c]",
                "{{ item }}",
                "a b",
            ),
            ("$.steps.read.records[?@.*]", "{{ item.a }}", "everything"),
            ("$.steps.read.records..a", "{{ item }}", "everything"),
            (
                "{{ steps.read.records | selectattr('a', 'eq', 1) | sort(attribute='b,c.d') | list }}",
                "{{ item.e }}",
                "a b c e",
            ),
            (
                "{{ steps.read.records | map(attribute='a') }}",
                "{{ item }}",
                "a",
            ),
            (
                "{{ steps.read.records | selectattr(steps.read.first.z) }}",
                "{{ item.a }}",
                "everything",
            ),
            (
                "{{ steps.read.records | unique }}",
                "{{ item.a }}",
                "everything",
            ),
            (
                "{{ group(steps.read.records, 'a') }}",
                "{{ item.key }}",
                "everything",
            ),
            ("{{ steps.read.records[:3] }}", "{{ item.a }}", "a"),
            (
                "{{ steps.read.records | batch(2) }}",
                "{{ item[0].a }}",
                "everything",
            ),
            (
                "{{ [1] }}",
                "{{ (steps.read.first if item else steps.read.records[0]).a }}",
                "a",
            ),
            ("{{ [1] }}", "{{ (steps.read.records | first).a }}", "a"),
            ("{{ [1] }}", "{{ steps.read.records | length }}", ""),
            (
                "{{ [1] }}",
                "{% for r in steps.read.records if r.a %}{{ r.b }}{{ loop.previtem.c }}{% endfor %}",
                "a b c",
            ),
            (
                "{{ [1] }}",
                "{% for r in steps.read.records recursive %}{{ r.b }}{% endfor %}",
                "everything",
            ),
            (
                "{{ [1] }}",
                "{% for r in steps.read.records %}{{ r | items }}{% endfor %}",
                "everything",
            ),
            (
                "{{ [1] }}",
                "{% for r in steps.read.records %}{% if r.a %}{% set r = 1 %}{% endif %}{{ r.b }}{% endfor %}",
                "everything",
            ),
        ] {
            assert_eq!(fetched(list, name), expected, "{list} {name}");
        }
    }
}
