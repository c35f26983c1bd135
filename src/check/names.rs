//! The names in templates: each must be declared, and each tells what a step needs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::checked::CheckedAction;
use super::checked::CheckedRead;
use super::checked::CheckedStep;
use super::checked::CheckedWrite;
use super::checked::Expectation;
use super::checked::Items;
use super::checked::Part;
use super::checked::PartField;
use super::checked::SetField;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::ITEM_ATTRIBUTES;
use crate::expr::Reference;
use crate::expr::STEP_ATTRIBUTES;
use crate::expr::Template;
use crate::expr::Tree;

const UNKNOWN_NAME: Code = Code("unknown_name");
const UNKNOWN_STEP: Code = Code("unknown_step");
const UNKNOWN_VAR: Code = Code("unknown_var");
const UNKNOWN_RESULT: Code = Code("unknown_result");
const UNKNOWN_COLUMN: Code = Code("unknown_column");

/// The key under which the fields that are sent stand.
pub(super) const SET: &str = "set";

/// Everything a name can be looked up in.
pub(super) struct Known<'a> {
    pub(super) steps: BTreeSet<&'a str>,
    pub(super) vars: BTreeSet<&'a str>,
    /// First lines of the CSV files that steps read, by step.
    pub(super) headings: &'a BTreeMap<String, Vec<String>>,
    /// Of the playbook whose names are looked up, before the ids of its steps.
    pub(super) prefix: String,
    pub(super) includes: &'a BTreeSet<String>,
}

/// What the names of a step lead to.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) steps: BTreeSet<String>,
    pub(super) vars: BTreeSet<String>,
}

impl Known<'_> {
    /// Checks every template of a step.
    pub(super) fn check(&self, step: &CheckedStep, problems: &mut Problems) -> Used {
        let mut used = Used::default();
        for Place { template, item, .. } in templates(step) {
            for reference in template.references() {
                self.reference(step, template, reference, item, &mut used, problems);
            }
        }
        if let Some(Items::Path {
            path,
            step: read,
            span,
        }) = &step.items
        {
            match (read, path.leading_names().as_slice()) {
                (Some(id), _) => match self.step_named(id) {
                    Ok(()) => {
                        used.steps.insert(id.clone());
                    }
                    Err(problem) => problems.push(problem.at(*span, "used here").step(&step.id)),
                },
                (None, ["vars", name, ..]) => {
                    used.vars.insert((*name).to_owned());
                }
                _ => problems.push(
                    Problem::error(
                        UNKNOWN_NAME,
                        "a JSONPath of `for_each` begins with a result or a variable",
                    )
                    .at(*span, "begins with neither")
                    .help("write `$.steps.NAME.records[*]`, with a filter where you need one")
                    .step(&step.id),
                ),
            }
        }
        used
    }

    /// Checks a value outside any step, such as an output.
    pub(super) fn check_tree(&self, tree: &Tree, owner: &str, problems: &mut Problems) -> Used {
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
    ) -> Used {
        let mut used = Used::default();
        for reference in template.references() {
            if let Err(problem) = self.name(template, reference, &mut used) {
                problems.push(if owner.is_empty() {
                    problem
                } else {
                    problem.step(owner)
                });
            }
        }
        used
    }

    /// Whether there is such a step, by its full id. Messages call it as the playbook does.
    pub(super) fn step_named(&self, id: &str) -> Result<(), Problem> {
        if self.steps.contains(id) {
            return Ok(());
        }
        let own = |id: &'_ str| id.strip_prefix(self.prefix.as_str()).map(str::to_owned);
        let name = own(id).unwrap_or_else(|| id.to_owned());
        if self.includes.contains(id) {
            let first = self
                .steps
                .iter()
                .find(|step| step.starts_with(&format!("{id}.")));
            return Err(Problem::error(
                UNKNOWN_STEP,
                format!("`{name}` is an include, not a step"),
            )
            .help_if(
                first
                    .and_then(|step| own(step))
                    .map(|step| format!("name one of its steps, such as `steps.{step}`")),
            ));
        }
        let known: Vec<String> = self.steps.iter().filter_map(|step| own(step)).collect();
        let include = id
            .rsplit_once('.')
            .map(|(include, _)| format!("{include}."));
        let inside: Vec<&str> = known
            .iter()
            .map(String::as_str)
            .filter(|step| {
                include.as_ref().is_some_and(|include| {
                    format!("{}{step}", self.prefix).starts_with(include.as_str())
                })
            })
            .filter(|_| include.as_deref() != Some(self.prefix.as_str()))
            .collect();
        Err(
            Problem::error(UNKNOWN_STEP, format!("there is no step `{name}`")).help_if(
                did_you_mean(&name, known.iter().map(String::as_str)).or_else(|| {
                    (!inside.is_empty()).then(|| format!("the include has {}", all_of(inside)))
                }),
            ),
        )
    }

    fn reference(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
        item: ItemIs,
        used: &mut Used,
        problems: &mut Problems,
    ) {
        if reference.root == step.item_name && item == ItemIs::There {
            if let Err(problem) = self.column(step, template, reference) {
                problems.push(problem.step(&step.id));
            }
            return;
        }
        if let Err(problem) = self.name(template, reference, used) {
            let problem = if reference.root == step.item_name {
                problem.help("an item is there only in a step with `for_each`")
            } else {
                problem
            };
            problems.push(problem.step(&step.id));
        }
    }

    fn name(
        &self,
        template: &Template,
        reference: &Reference,
        used: &mut Used,
    ) -> Result<(), Problem> {
        let span = template.span_of(&reference.range);
        match reference.root.as_str() {
            "vars" => {
                let Some(name) = reference.name(0) else {
                    // Which one is meant cannot be seen, so it may be any.
                    used.vars
                        .extend(self.vars.iter().map(|name| (*name).to_owned()));
                    return Ok(());
                };
                used.vars.insert(name.to_owned());
                if self.vars.contains(name) {
                    return Ok(());
                }
                Err(
                    Problem::error(UNKNOWN_VAR, format!("there is no variable `{name}`"))
                        .at(span, "used here")
                        .help(
                            did_you_mean(name, self.vars.iter().copied()).unwrap_or_else(|| {
                                format!("declare it: `vars: {{ {name}: {{ type: string }} }}`")
                            }),
                        ),
                )
            }
            "steps" => {
                let Some(name) = reference.name(0) else {
                    return Err(
                        Problem::error(UNKNOWN_STEP, "which step is meant cannot be seen")
                            .at(span, "name the step itself, such as `steps.owner`"),
                    );
                };
                self.step_named(name)
                    .map_err(|problem| problem.at(span, "used here"))?;
                used.steps.insert(name.to_owned());
                match reference.name(1) {
                    Some(attribute) if !STEP_ATTRIBUTES.contains(&attribute) => {
                        let own = name.strip_prefix(self.prefix.as_str()).unwrap_or(name);
                        Err(unknown_result(own, attribute).at(span, "used here"))
                    }
                    _ => Ok(()),
                }
            }
            other => Err(
                Problem::error(UNKNOWN_NAME, format!("`{other}` is not known here"))
                    .at(span, "used here")
                    .help(did_you_mean(other, ["vars", "steps"]).unwrap_or_else(|| {
                        "a name is `vars.…`, `steps.…` or an item's (`as`)".into()
                    })),
            ),
        }
    }

    /// A column of a CSV file is known before a row is read.
    fn column(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> Result<(), Problem> {
        let (Some(heading), Some(Items::File(file)), Some(name)) =
            (self.headings.get(&step.id), &step.items, reference.name(0))
        else {
            return Ok(());
        };
        if heading.iter().any(|column| column == name) {
            return Ok(());
        }
        let columns = all_of(heading.iter().map(String::as_str));
        Err(Problem::error(
            UNKNOWN_COLUMN,
            format!("`{}` has no column `{name}`", file.name()),
        )
        .at(template.span_of(&reference.range), "used here")
        .help(
            did_you_mean(name, heading.iter().map(String::as_str))
                .unwrap_or_else(|| format!("its columns are {columns}")),
        ))
    }
}

fn unknown_result(step: &str, attribute: &str) -> Problem {
    let help = if ITEM_ATTRIBUTES.contains(&attribute) {
        format!(
            "`{attribute}` is of one item: write `steps.{step}.items[0].{attribute}` or use `for_each`"
        )
    } else {
        did_you_mean(attribute, STEP_ATTRIBUTES.iter().copied()).unwrap_or_else(|| {
            format!(
                "a step has {}; a field is of a record: `steps.{step}.first.{attribute}`",
                all_of(STEP_ATTRIBUTES.iter().copied())
            )
        })
    };
    Problem::error(
        UNKNOWN_RESULT,
        format!("a step's result has no `{attribute}`"),
    )
    .help(help)
}

/// Whether a template stands where an item's name means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemIs {
    There,
    Absent,
}

/// A template of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) template: &'a Template,
    pub(super) item: ItemIs,
    /// The key it stands under.
    pub(super) key: &'static str,
}

/// Every template of a step.
pub(super) fn templates(step: &CheckedStep) -> Vec<Place<'_>> {
    let inside = if step.items.is_some() {
        ItemIs::There
    } else {
        ItemIs::Absent
    };
    // The key of a read without for_each indexes its records, one after the other.
    let keyed = if matches!(step.action, CheckedAction::Read(_)) {
        ItemIs::There
    } else {
        inside
    };
    let mut all: Vec<Place<'_>> = Vec::new();
    let mut add = |template, item, key| {
        all.push(Place {
            template,
            item,
            key,
        });
    };
    match &step.items {
        Some(Items::Template(template)) => add(template, ItemIs::Absent, "for_each"),
        Some(Items::Literal(trees)) => {
            for template in trees.iter().flat_map(Tree::templates) {
                add(template, ItemIs::Absent, "for_each");
            }
        }
        Some(Items::Path { .. } | Items::File(_) | Items::Searched { .. }) | None => {}
    }
    if let Some(template) = &step.key {
        add(template, keyed, "key");
    }
    if let Some(template) = &step.when {
        add(template, inside, "when");
    }
    for expectation in &step.expect {
        if let Expectation::Holds(template) = expectation {
            add(template, inside, "expect");
        }
    }
    let mut trees: Vec<(&Tree, &'static str)> = Vec::new();
    match &step.action {
        CheckedAction::Read(read) => match read {
            CheckedRead::Filter {
                condition,
                saved_filter,
                ..
            } => {
                trees.extend(condition.iter().map(|tree| (tree, "where")));
                if let Some(template) = saved_filter {
                    add(template, inside, "saved_filter");
                }
            }
            CheckedRead::Count { condition, .. } => {
                trees.extend(condition.iter().map(|tree| (tree, "where")));
            }
            CheckedRead::Get { record, .. } => trees.push((record, "record")),
            CheckedRead::Related {
                record, condition, ..
            } => {
                trees.push((record, "record"));
                trees.extend(condition.iter().map(|tree| (tree, "where")));
            }
            CheckedRead::Search { text, .. } => trees.push((text, "search")),
            CheckedRead::List { .. }
            | CheckedRead::Enum { .. }
            | CheckedRead::Metadata { .. }
            | CheckedRead::Me
            | CheckedRead::Ping => {}
        },
        CheckedAction::Write(write) => {
            let (set, parts): (&[SetField], &[PartField]) = match write {
                CheckedWrite::Create { set, under, .. } => {
                    trees.extend(under.iter().map(|under| (&under.record, "under")));
                    (set, &[])
                }
                CheckedWrite::Update {
                    record, set, parts, ..
                } => {
                    trees.push((record, "record"));
                    (set, parts)
                }
                CheckedWrite::Upsert {
                    matching,
                    set,
                    parts,
                    ..
                } => {
                    trees.extend(matching.iter().map(|field| (&field.value, "match")));
                    (set, parts)
                }
                CheckedWrite::Delete { record, .. }
                | CheckedWrite::Favorite { record, .. }
                | CheckedWrite::Unfavorite { record, .. } => {
                    trees.push((record, "record"));
                    (&[], &[])
                }
                CheckedWrite::Link { record, to, .. } | CheckedWrite::Unlink { record, to, .. } => {
                    trees.extend([(record, "record"), (to, "to")]);
                    (&[], &[])
                }
            };
            trees.extend(set.iter().map(|field| (&field.value, SET)));
            trees.extend(parts.iter().map(|field| match field.part {
                Part::Added => (&field.value, "add"),
                Part::Removed => (&field.value, "remove"),
            }));
        }
        CheckedAction::Export { to, columns, .. } => {
            add(to, ItemIs::Absent, "to");
            let columns = columns.iter().flatten();
            trees.extend(columns.map(|column| (&column.value, "columns")));
        }
        CheckedAction::Assert {
            conditions,
            message,
        } => {
            for template in conditions {
                add(template, inside, "assert");
            }
            if let Some(template) = message {
                add(template, inside, "message");
            }
        }
    }
    for (tree, key) in trees {
        for template in tree.templates() {
            add(template, inside, key);
        }
    }
    all
}
