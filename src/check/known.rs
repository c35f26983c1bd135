//! Everything a name can be looked up in, and what it leads to there.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use super::checked::CheckedStep;
use super::shape::Kind;
use super::shape::Outline;
use super::shape::Shape;
use crate::diag::Problem;
use crate::expr::Reference;
use crate::playbook::VarDecl;

/// What the names of one of a playbook's files may lead to.
pub(super) struct Known<'a> {
    pub(super) steps: &'a Steps<'a>,
    pub(super) vars: BTreeSet<&'a str>,
    /// The same, as far as they could be read.
    pub(super) declared: &'a [VarDecl],
    /// Whether there may be others.
    pub(super) hides_vars: bool,
    /// First lines of the CSV files that steps read, by step.
    pub(super) headings: &'a BTreeMap<String, Vec<String>>,
    /// Of the playbook whose names are looked up, before the ids of its steps.
    pub(super) prefix: String,
    pub(super) includes: &'a BTreeSet<String>,
}

/// What stands behind the ids of steps.
pub(super) struct Steps<'a> {
    /// In the file, by id.
    pub(super) places: &'a HashMap<String, usize>,
    /// By places.
    pub(super) outlines: &'a [Outline],
    /// The ids of entries that could not be read.
    pub(super) unread: HashSet<&'a str>,
    /// Beginnings of ids, of playbooks that may have steps besides whose names nobody knows.
    pub(super) hidden: BTreeSet<String>,
}

impl<'a> Steps<'a> {
    pub(super) fn has(&self, id: &str) -> bool {
        self.places.contains_key(id) || self.unread.contains(id)
    }

    /// The id of the export that stands at a place, if one does.
    pub(super) fn export(&self, place: usize) -> Option<&'a str> {
        if self.outlines[place].kind != Kind::Export {
            return None;
        }
        let mut places = self.places.iter();
        let (id, _) = places.find(|(_, known)| **known == place)?;
        Some(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &'a str> {
        let places = self.places.keys().map(String::as_str);
        places.chain(self.unread.iter().copied())
    }
}

impl Known<'_> {
    /// Whether there is a step that the playbook calls so.
    pub(super) fn has_step(&self, name: &str) -> bool {
        self.place(&format!("{}{name}", self.prefix)).is_some()
    }

    /// Where a step stands in the file.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.steps.places.get(id).copied()
    }

    pub(super) fn outline(&self, id: &str) -> Option<Outline> {
        self.steps.outlines.get(self.place(id)?).copied()
    }

    /// A step as the playbook calls it whose names are looked up.
    pub(super) fn own<'n>(&self, id: &'n str) -> &'n str {
        id.strip_prefix(self.prefix.as_str()).unwrap_or(id)
    }

    /// What a reference to a step's result leads to.
    pub(super) fn shape_of(&self, reference: &Reference) -> Result<Shape, Problem> {
        let step = reference.name(0).and_then(|id| self.outline(id));
        match (reference.root.as_ref(), reference.name(0), step) {
            ("steps", Some(id), Some(step)) => {
                let own = self.own(id);
                let behind = reference.parts.get(1..).unwrap_or_default();
                behind
                    .iter()
                    .try_fold(Shape::Step(step), |shape, part| shape.follow(part, own))
            }
            _ => Ok(Shape::Unseen),
        }
    }

    /// What an item of a step is.
    pub(super) fn item_of(&self, step: &CheckedStep) -> Shape {
        match &step.items {
            Some(items) => items
                .list()
                .and_then(|path| self.shape_of(path).ok())
                .map_or(Shape::Unseen, Shape::item),
            // The key of a read indexes its records.
            None => Shape::Record,
        }
    }
}
