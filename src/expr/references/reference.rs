//! A reference, and how it names a step.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// A name with what follows it: `steps.accounts.by_key[row.code].id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub root: Cow<'static, str>,
    pub parts: Box<[Part]>,
    /// Bytes of the template's text.
    pub range: Range<usize>,
    pub extent: Extent,
}

/// How much is used of what a reference leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Of a list only what other references name: `{% for r in steps.stale.records %}{{ r.name }}`.
    Parts,
    /// All of it, where it is what is meant: one of several with the same range, of which a condition chooses.
    Either,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Name(String),
    /// A number, or a key that is computed: which one cannot be seen.
    Index,
    /// What `group` makes of a list: `{key, records}` for each value.
    Groups,
    /// What `batch` and `slice` make of a list: lists of its items.
    Batches,
}

/// How the templates of one playbook file name steps.
#[derive(Debug, Clone, Copy)]
pub struct StepNames<'a> {
    /// `load.` in an included playbook, before the ids of its own steps.
    pub prefix: &'a str,
    /// The full ids of all includes.
    pub includes: &'a BTreeSet<String>,
}

impl StepNames<'_> {
    /// The full id that names give, and how many of them it takes: `load`, `accounts`, `records` → `load.accounts`, 2.
    pub fn full<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<(String, usize)> {
        let mut names = names.into_iter();
        let mut id = format!("{}{}", self.prefix, names.next()?);
        let mut taken = 1;
        while self.includes.contains(&id) {
            let Some(name) = names.next() else { break };
            id.push('.');
            id.push_str(name);
            taken += 1;
        }
        Some((id, taken))
    }
}

impl Reference {
    /// Writes the step's full id where the template writes it in parts, so that `name(0)` is the step wherever it is.
    pub(in crate::expr) fn resolve(&mut self, names: StepNames<'_>) {
        // In a playbook that includes none, names are full.
        if self.root != "steps" || (names.prefix.is_empty() && names.includes.is_empty()) {
            return;
        }
        let written = self.parts.iter().map_while(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Index | Part::Groups | Part::Batches => None,
        });
        if let Some((id, taken)) = names.full(written) {
            let mut parts = std::mem::take(&mut self.parts).into_vec();
            parts.splice(..taken, [Part::Name(id)]);
            self.parts = parts.into();
        }
    }

    /// The name at a place behind the root, if it can be seen.
    pub fn name(&self, place: usize) -> Option<&str> {
        match self.parts.get(place) {
            Some(Part::Name(name)) => Some(name),
            Some(Part::Index | Part::Groups | Part::Batches) | None => None,
        }
    }
}

/// Nearly always one of two names, which are not kept ten thousand times.
pub(in crate::expr) fn root(name: &str) -> Cow<'static, str> {
    match name {
        "steps" => Cow::Borrowed("steps"),
        "vars" => Cow::Borrowed("vars"),
        other => Cow::Owned(other.to_owned()),
    }
}
