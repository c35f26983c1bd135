//! The way through the steps of a playbook: what is said of each, and what is gathered of it for the whole.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use super::CheckedStep;
use super::advice;
use super::arrange::number;
use super::beside;
use super::braces;
use super::calls;
use super::compile::Compiler;
use super::contradicted;
use super::exports;
use super::graph::Needs;
use super::in_vain;
use super::included;
use super::judging::Judging;
use super::known::Known;
use super::places;
use super::projection::Uses;
use crate::diag::Problems;
use crate::diag::Span;
use crate::metadata::Metadata;
use crate::playbook::Limits;
use crate::playbook::Step;

/// What is known before the first step.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) places: &'a HashMap<String, usize>,
    /// Of each of the playbook's files.
    pub(super) known: &'a [Known<'a>],
    /// What is given to each included playbook.
    pub(super) given: &'a [included::Needs<'a>],
    pub(super) limits: &'a Limits,
    /// Where the verbs of steps stand of which some part could not be read.
    pub(super) lacking: &'a HashSet<Span>,
    pub(super) metadata: Option<&'a Metadata>,
}

/// What is known of the steps so far, by their places in the file.
pub(super) struct Walk<'a> {
    ground: Ground<'a>,
    pub(super) compiler: Compiler<'a>,
    pub(super) steps: Vec<CheckedStep>,
    /// Where their ids stand.
    pub(super) ids: Vec<Span>,
    pub(super) needs: Needs,
    pub(super) uses: Uses<'a>,
    /// Of each of the playbook's files.
    pub(super) vars_used: Vec<BTreeSet<&'a str>>,
    pub(super) is_any_idle: bool,
    pub(super) modules: beside::Modules,
    files: exports::Files,
    pub(super) judging: Judging<'a>,
    pub(super) problems: Problems,
}

impl<'a> Walk<'a> {
    /// Before the first of so many steps.
    pub(super) fn new(
        ground: Ground<'a>,
        steps: usize,
        compiler: Compiler<'a>,
        vars_used: Vec<BTreeSet<&'a str>>,
        judging: Judging<'a>,
        problems: Problems,
    ) -> Self {
        Self {
            ground,
            compiler,
            steps: Vec::with_capacity(steps),
            ids: Vec::with_capacity(steps),
            needs: Needs::default(),
            uses: Uses::new(ground.places, steps),
            vars_used,
            is_any_idle: false,
            modules: beside::Modules::default(),
            files: exports::Files::default(),
            judging,
            problems,
        }
    }

    /// The next step.
    pub(super) fn step(&mut self, written: Step) {
        let home = included::place(written.included);
        let known = &self.ground.known[home];
        let mut needs = depends_on(&written, known, &mut self.problems);
        self.as_written(&written);
        let mut step = self.compile(written, known);
        contradicted::check(&step, &mut self.problems);
        let named = self.named_by(&step, home);
        needs.extend(&named);
        step.reads = named.iter().copied().map(number).collect();
        step.upstream = needs.iter().copied().map(number).collect();
        self.needs.push(needs);
        self.is_any_idle |= advice::is_idle(&step);
        self.steps.push(step);
        self.judging.last(&self.steps, self.ground.places, &named);
    }

    /// What can be said of a step before its templates are compiled.
    fn as_written(&mut self, step: &Step) {
        calls::check(self.ground.limits, step, &mut self.problems);
        let headings = self.ground.known[included::place(step.included)].headings;
        advice::create_without_key(step, headings, &mut self.problems);
        advice::labels(step, &mut self.problems);
        if !self.ground.lacking.contains(&step.verb_span) {
            in_vain::check(step, self.ground.metadata, &mut self.problems);
        }
        self.files.step(step, &mut self.problems);
        self.modules.step(self.steps.len(), step);
        self.ids.push(step.id.span);
    }

    fn compile(&mut self, written: Step, known: &Known<'a>) -> CheckedStep {
        let (place, places) = (self.steps.len(), self.ground.places);
        let Self {
            compiler, problems, ..
        } = self;
        compiler.prefix.clone_from(&known.prefix);
        let is_keyed = written.for_each.is_some() || !written.action.is_write();
        let (step, found) = compiler.apart(|compiler| compiler.step(written, place, places));
        compiler.blame(&step.id, found);
        let item = is_keyed.then_some(step.item_name.as_str());
        let bare = compiler.bare.drain(..);
        braces::warn(bare, item, known, Some(&step.id), problems);
        step
    }

    /// The steps that a step's templates lead to, by themselves or through what is given to its playbook.
    fn named_by(&mut self, step: &CheckedStep, home: usize) -> BTreeSet<usize> {
        let known = &self.ground.known[home];
        let templates = places::templates(step);
        self.uses.step(step, &templates);
        let mut used = known.check(step, &templates, &mut self.problems);
        if let Some(number) = step.included {
            let given = &self.ground.given[number.0];
            used.steps.extend(&given.when);
            for var in &used.vars {
                used.steps.extend(given.vars.get(var).into_iter().flatten());
            }
        }
        let exports = used
            .steps
            .iter()
            .filter_map(|read| known.steps.export(*read));
        for export in exports {
            let problem = exports::needed(export, step.verb_span);
            self.problems.push(problem.step(&step.id));
        }
        self.vars_used[home].extend(used.vars);
        used.steps
    }
}

/// The places of the steps that a step says it waits for.
fn depends_on(step: &Step, known: &Known<'_>, problems: &mut Problems) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    for on in &step.depends_on {
        match known.place(&on.step.value) {
            Some(place) => {
                places.insert(place);
                if let Some(export) = known.steps.export(place) {
                    problems.push(exports::needed(export, on.step.span).step(&step.id.value));
                }
            }
            None => {
                if let Err(problem) = known.step_named(&on.step.value) {
                    problems.push(problem.at(on.step.span, "named here").step(&step.id.value));
                }
            }
        }
    }
    places
}
