//! The files that a playbook is made of, the outer one and those it includes, and what each of them can name.

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::Headings;
use super::included;
use super::known::Known;
use super::known::Steps;
use super::shape::Outline;
use crate::playbook::IncludedNo;
use crate::playbook::Playbook;
use crate::playbook::Step;
use crate::playbook::Unread;
use crate::playbook::VarDecl;

/// What one playbook's file declares.
pub(super) struct PlaybookFile<'a> {
    pub(super) number: Option<IncludedNo>,
    pub(super) vars: &'a [VarDecl],
    pub(super) unread: &'a Unread,
}

/// The outer playbook and those it includes.
pub(super) fn files(playbook: &Playbook) -> impl Iterator<Item = PlaybookFile<'_>> {
    let outer = PlaybookFile {
        number: None,
        vars: &playbook.vars,
        unread: &playbook.unread,
    };
    let included = playbook.included.iter().enumerate();
    std::iter::once(outer).chain(included.map(|(number, included)| PlaybookFile {
        number: Some(IncludedNo(number)),
        vars: &included.vars,
        unread: &included.unread,
    }))
}

/// The ids of all files, and what can be seen of steps before the first of them is compiled.
pub(super) struct Ids {
    /// Where each step stands in the file.
    pub(super) places: HashMap<String, usize>,
    /// By places.
    outlines: Vec<Outline>,
    pub(super) includes: BTreeSet<String>,
    /// Of entries that could not be read.
    unread: Vec<String>,
}

impl Ids {
    pub(super) fn of(playbook: &Playbook, steps: &[Step]) -> Self {
        let mut places = HashMap::with_capacity(steps.len());
        let mut outlines = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            places.insert(step.id.value.clone(), place);
            outlines.push(Outline::of(step));
        }
        let includes = playbook.included.iter();
        let unread = files(playbook).flat_map(|file| {
            let prefix = included::prefix(playbook, file.number);
            let ids = file.unread.steps.iter();
            ids.map(move |id| format!("{prefix}{id}"))
        });
        Self {
            places,
            outlines,
            includes: includes.map(|included| included.id.value.clone()).collect(),
            unread: unread.collect(),
        }
    }

    /// The steps that names may lead to.
    pub(super) fn steps(&self, playbook: &Playbook) -> Steps<'_> {
        let hidden = files(playbook).filter(|file| file.unread.hides_steps);
        Steps {
            places: &self.places,
            outlines: &self.outlines,
            unread: self.unread.iter().map(String::as_str).collect(),
            hidden: hidden
                .map(|file| included::prefix(playbook, file.number))
                .collect(),
        }
    }

    /// What the names of each file may lead to, in the order of [`files`].
    pub(super) fn known<'a>(
        &'a self,
        playbook: &'a Playbook,
        steps: &'a Steps<'a>,
        headings: &'a Headings,
    ) -> Vec<Known<'a>> {
        let known = files(playbook).map(|file| {
            let vars = file.vars.iter().map(|var| var.name.value.as_str());
            let unread = file.unread.vars.iter().map(String::as_str);
            Known {
                steps,
                vars: vars.chain(unread).collect(),
                declared: file.vars,
                hides_vars: file.unread.hides_vars,
                headings,
                prefix: included::prefix(playbook, file.number),
                includes: &self.includes,
            }
        });
        known.collect()
    }
}
