//! The names in templates: each must be declared, and each tells what a step needs.

use std::collections::BTreeSet;

use super::checked::CheckedStep;
use super::checked::Expectation;
use super::checked::Items;
use super::columns::UNKNOWN_COLUMN;
use super::known::Known;
use super::places::ItemIs;
use super::places::Place;
use super::shape::Shape;
use super::shape::UNKNOWN_RESULT;
use super::unknown::UNKNOWN_STEP;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::expr::Extent;
use crate::expr::Part;
use crate::expr::Path;
use crate::expr::Reads;
use crate::expr::Reference;
use crate::expr::Template;
use crate::expr::Tree;

pub(super) const UNKNOWN_NAME: Code = Code("unknown_name");

/// What the names of a step lead to.
#[derive(Debug, Default)]
pub(super) struct Used<'a> {
    /// Places of steps in the file.
    pub(super) steps: BTreeSet<usize>,
    pub(super) vars: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    /// Checks every template of a step: these.
    pub(super) fn check(
        &self,
        step: &CheckedStep,
        templates: &[Place<'_>],
        problems: &mut Problems,
    ) -> Used<'a> {
        let mut used = Used::default();
        for Place { template, item, .. } in templates.iter().copied() {
            let mut own = Used::default();
            for reference in template.references() {
                if reference.extent != Extent::Either {
                    self.reference(step, template, reference, item, &mut own, problems);
                    continue;
                }
                // Of several things that are meant by one name, the same is told once.
                let mut found = Problems::default();
                self.reference(step, template, reference, item, &mut own, &mut found);
                for problem in found {
                    let is_told = problems.iter().any(|told| {
                        told.message == problem.message && told.labels == problem.labels
                    });
                    if !is_told {
                        problems.push(problem);
                    }
                }
            }
            // What a step expects of its own result is asked when that is there.
            if is_expectation(step, template)
                && let Some(place) = self.place(&step.id)
            {
                own.steps.remove(&place);
            }
            used.steps.append(&mut own.steps);
            used.vars.append(&mut own.vars);
        }
        if let Some(Items::Path {
            path,
            reads,
            step: read,
            span,
        }) = &step.items
            && let Err(problem) = self.path(path, reads, read.as_deref(), &mut used)
        {
            problems.push(problem.at(*span, "used here").step(&step.id));
        }
        self.wanted(step, templates, problems);
        used
    }

    /// The names a JSONPath of `for_each` begins with.
    fn path(
        &self,
        path: &Path,
        reads: &Reads,
        read: Option<&str>,
        used: &mut Used<'a>,
    ) -> Result<(), Problem> {
        let names = path.leading_names();
        match (read, names.as_slice()) {
            (Some(id), _) => {
                self.step_named(id)?;
                used.steps.extend(self.place(id));
                let own = self.own(id);
                let levels = own.matches('.').count();
                // What a JSONPath finds is a copy, which would not remember whose result it is.
                let help = format!(
                    "write `$.steps.{own}.records[*]`, with a filter where you need one: `[?@.status == 'New']`"
                );
                match names.get(levels + 2) {
                    Some(&"items") => Err(Problem::error(
                        UNKNOWN_RESULT,
                        "a JSONPath reads `records`, `ids` or `selected`",
                    )
                    .help(format!(
                        "go through `items` with a template, `\"{{{{ steps.{own}.items }}}}\"`, and choose with `when`"
                    ))),
                    Some(attribute) => {
                        let part = Part::Name((*attribute).to_owned());
                        match self.outline(id) {
                            Some(step) => Shape::Step(step).follow(&part, own).map(|_| ())?,
                            None => return Ok(()),
                        }
                        reads
                            .references
                            .iter()
                            .chain(&reads.gives)
                            .try_for_each(|reference| self.shape_of(reference).map(|_| ()))
                    }
                    None => Err(Problem::error(
                        UNKNOWN_RESULT,
                        "this JSONPath does not say which part of the result it reads",
                    )
                    .help(help)),
                }
            }
            (None, ["vars", name, ..]) => {
                used.vars.extend(self.vars.get(*name));
                self.var_named(name, "list")
            }
            _ => Err(Problem::error(
                UNKNOWN_NAME,
                "a JSONPath of `for_each` begins with a result or a variable",
            )
            .help("write `$.steps.NAME.records[*]`, with a filter where you need one")),
        }
    }

    /// Checks a value outside any step, such as an output.
    pub(super) fn check_tree(&self, tree: &Tree, owner: &str, problems: &mut Problems) -> Used<'a> {
        let mut used = Used::default();
        for template in tree.templates() {
            let Used { steps, vars } = self.check_template(template, owner, problems);
            used.steps.extend(steps);
            used.vars.extend(vars);
        }
        used
    }

    /// The same for one template.
    pub(super) fn check_template(
        &self,
        template: &Template,
        owner: &str,
        problems: &mut Problems,
    ) -> Used<'a> {
        let mut used = Used::default();
        for reference in template.references() {
            if let Err(problem) = self.name(template, reference, &mut used) {
                problems.push_once(if owner.is_empty() {
                    problem
                } else {
                    problem.step(owner)
                });
            }
        }
        used
    }

    fn reference(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
        item: ItemIs,
        used: &mut Used<'a>,
        problems: &mut Problems,
    ) {
        if reference.root == step.item_name && item == ItemIs::There {
            let found = self
                .column(step, template, reference)
                .and_then(|()| self.part_of_item(step, template, reference));
            if let Err(problem) = found {
                let problem = problem.step(&step.id);
                // Of a wrong delimiter each use of an item would tell.
                let is_told = problem.code == UNKNOWN_COLUMN
                    && problems.iter().any(|known| *known == problem);
                if !is_told {
                    problems.push_once(problem);
                }
            }
            return;
        }
        if is_own_result(step, template, reference) {
            let own = self.own(&step.id);
            // Until the order is known, a step's number is its place in the file.
            let outline = self.steps.outlines[step.number.0 as usize];
            let shape = match &step.items {
                Some(_) => Shape::Item(outline),
                None => Shape::Step(outline),
            };
            let mut behind = reference.parts.iter().skip(1);
            if let Err(problem) = behind.try_fold(shape, |shape, part| shape.follow(part, own)) {
                let span = template.span_of(&reference.range);
                problems.push_once(problem.at(span, "used here").step(&step.id));
            }
            return;
        }
        if self.ends_a_column(step, template, reference) {
            return;
        }
        if let Err(problem) = self.name(template, reference, used) {
            let problem = match reference.root.as_ref() {
                root if root == step.item_name => {
                    problem.help("an item is there only in a step with `for_each`")
                }
                "item" | "row" | "record" if step.items.is_some() && item == ItemIs::There => {
                    problem.help(format!("an item is called `{}` here", step.item_name))
                }
                _ => problem,
            };
            problems.push_once(problem.step(&step.id));
        }
    }

    fn name(
        &self,
        template: &Template,
        reference: &Reference,
        used: &mut Used<'a>,
    ) -> Result<(), Problem> {
        let span = template.span_of(&reference.range);
        match reference.root.as_ref() {
            "vars" => {
                let Some(name) = reference.name(0) else {
                    // Which one is meant cannot be seen, so it may be any.
                    used.vars.extend(&self.vars);
                    return Ok(());
                };
                used.vars.extend(self.vars.get(name));
                self.var_named(name, "string")
                    .map_err(|problem| problem.at(span, "used here"))
            }
            "steps" => {
                let Some(name) = reference.name(0) else {
                    return Err(
                        Problem::error(UNKNOWN_STEP, "which step is meant cannot be seen")
                            .at(span, "name the step itself, such as `steps.owner`"),
                    );
                };
                match self.place(name) {
                    Some(place) => drop(used.steps.insert(place)),
                    None => self
                        .step_named(name)
                        .map_err(|problem| problem.at(span, "used here"))?,
                }
                self.shape_of(reference)
                    .map(|_| ())
                    .map_err(|problem| problem.at(span, "used here"))
            }
            other => Err(
                Problem::error(UNKNOWN_NAME, format!("`{other}` is not known here"))
                    .at(span, "used here")
                    .help(self.meant_by(other)),
            ),
        }
    }
}

fn is_expectation(step: &CheckedStep, template: &Template) -> bool {
    step.expect.iter().any(
        |expectation| matches!(expectation, Expectation::Holds(own) if std::ptr::eq(own, template)),
    )
}

/// In what a step expects, its own name is its result, and with `for_each` that of the item; it needs no other for it.
fn is_own_result(step: &CheckedStep, template: &Template, reference: &Reference) -> bool {
    let is_this = |expected: &Expectation| match expected {
        Expectation::Holds(own) => std::ptr::eq(own, template),
        Expectation::Count { .. } => false,
    };
    reference.root == "steps"
        && reference.name(0) == Some(step.id.as_str())
        && step.expect.iter().any(is_this)
}
