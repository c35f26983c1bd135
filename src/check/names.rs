//! The names in templates: each must be declared, and each tells what a step needs.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use super::checked::CheckedStep;
use super::checked::Expectation;
use super::checked::Items;
use super::places::ItemIs;
use super::places::Place;
use super::shape::Kind;
use super::shape::Outline;
use super::shape::Shape;
use super::shape::UNKNOWN_RESULT;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::diag::nearest;
use crate::expr::Extent;
use crate::expr::Part;
use crate::expr::Path;
use crate::expr::Reads;
use crate::expr::Reference;
use crate::expr::Template;
use crate::expr::Tree;
use crate::expr::foreign_name;
use crate::playbook::DataFile;
use crate::playbook::DataFormat;
use crate::playbook::VarDecl;

pub(super) const UNKNOWN_NAME: Code = Code("unknown_name");
/// Steps that a message lists.
const MOST_LISTED: usize = 12;

const UNKNOWN_STEP: Code = Code("unknown_step");
const UNKNOWN_VAR: Code = Code("unknown_var");
const UNKNOWN_COLUMN: Code = Code("unknown_column");

/// Everything a name can be looked up in.
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
    fn has(&self, id: &str) -> bool {
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

    fn ids(&self) -> impl Iterator<Item = &'a str> {
        let places = self.places.keys().map(String::as_str);
        places.chain(self.unread.iter().copied())
    }
}

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

    fn var_named(&self, name: &str, kind: &str) -> Result<(), Problem> {
        if self.vars.contains(name) || self.hides_vars {
            return Ok(());
        }
        Err(
            Problem::error(UNKNOWN_VAR, format!("there is no variable `{name}`")).help(
                did_you_mean(name, self.vars.iter().copied()).unwrap_or_else(|| {
                    format!("declare it: `vars: {{ {name}: {{ type: {kind} }} }}`")
                }),
            ),
        )
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

    /// Whether there is such a step, by its full id. Messages call it as the playbook does.
    pub(super) fn step_named(&self, id: &str) -> Result<(), Problem> {
        let playbook = id.rfind('.').map_or("", |dot| &id[..=dot]);
        if self.steps.has(id) || self.steps.hidden.contains(playbook) {
            return Ok(());
        }
        let own = |id: &str| id.strip_prefix(self.prefix.as_str()).map(str::to_owned);
        let name = own(id).unwrap_or_else(|| id.to_owned());
        if self.includes.contains(id) {
            let inside = format!("{id}.");
            let first = self
                .steps
                .ids()
                .filter(|step| step.starts_with(&inside))
                .min();
            return Err(Problem::error(
                UNKNOWN_STEP,
                format!("`{name}` is an include, not a step"),
            )
            .help_if(
                first
                    .and_then(own)
                    .map(|step| format!("name one of its steps, such as `steps.{step}`")),
            ));
        }
        let known: BTreeSet<String> = self.steps.ids().filter_map(own).collect();
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
                did_you_mean(&name, known.iter().map(String::as_str))
                    .or_else(|| {
                        (!inside.is_empty()).then(|| format!("the include has {}", all_of(inside)))
                    })
                    .or_else(|| {
                        let is_short = (1..=MOST_LISTED).contains(&known.len());
                        is_short.then(|| {
                            format!("the steps are {}", all_of(known.iter().map(String::as_str)))
                        })
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

    /// What an item is can often be seen: a record, the result of another step, one of the maps that are written out.
    fn part_of_item(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> Result<(), Problem> {
        let place = |problem: Problem| problem.at(template.span_of(&reference.range), "used here");
        if let (Some(Items::Literal(trees)), Some(name)) = (&step.items, reference.name(0)) {
            return written_out(trees, name).map_err(place);
        }
        let shape = self.item_of(step);
        let list = step.items.as_ref().and_then(Items::list);
        let through = list.and_then(|path| path.name(0));
        if let (Shape::Value("id"), Some(name)) = (shape, reference.name(0)) {
            return Err(place(
                Problem::error(
                    UNKNOWN_RESULT,
                    format!("an item is one id here, which has no `{name}`"),
                )
                .help(format!(
                    "write `{{{{ {item} }}}}` for the id, or go through the records: `for_each: \"{{{{ steps.{through}.records \
                     }}}}\"`",
                    item = step.item_name,
                    through = self.own(through.unwrap_or("X")),
                )),
            ));
        }
        let own = self.own(through.unwrap_or(&step.id));
        reference
            .parts
            .iter()
            .try_fold(shape, |shape, part| shape.follow(part, own))
            .map(|_| ())
            .map_err(place)
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

    /// What a name that stands alone was meant to be.
    fn meant_by(&self, name: &str) -> String {
        if self.vars.contains(name) {
            return format!("write `vars.{name}`");
        }
        if self.has_step(name) {
            return format!("write `steps.{name}`");
        }
        if let Some(meant) = foreign_name(name) {
            return format!("did you mean `{meant}`?");
        }
        did_you_mean(name, ["vars", "steps"])
            .or_else(|| {
                Some(format!(
                    "did you mean `vars.{}`?",
                    nearest(name, self.vars.iter().copied())?
                ))
            })
            .unwrap_or_else(|| {
                "a name is `vars.…`, `steps.…` or an item's (`as`); text has quotes, `'…'`".into()
            })
    }

    /// The `Mail` of `row.E-Mail`, where that is a column: of it is told already.
    fn ends_a_column(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> bool {
        let before = template.text().get(..reference.range.end);
        let mut columns = self.headings.get(&step.id).into_iter().flatten();
        columns.any(|column| {
            let written = format!("{}.{column}", step.item_name);
            !is_plain(column) && before.is_some_and(|before| before.ends_with(&written))
        })
    }

    /// A column of a CSV file is known before a row is read.
    fn column(
        &self,
        step: &CheckedStep,
        template: &Template,
        reference: &Reference,
    ) -> Result<(), Problem> {
        let Some(Items::File(file) | Items::Searched { file, .. }) = &step.items else {
            return Ok(());
        };
        let (Some(heading), Some(name)) = (self.headings.get(&step.id), reference.name(0)) else {
            return Ok(());
        };
        let is_json = matches!(file.format, DataFormat::Json { .. } | DataFormat::Jsonl);
        if heading.iter().any(|column| column == name) {
            return Ok(());
        }
        let is_behind_dot = |column: &&String| {
            let text = template.text().get(reference.range.start..);
            let written = format!("{}.{column}", reference.root);
            !is_plain(column) && text.is_some_and(|text| text.starts_with(&written))
        };
        let behind_dot = heading.iter().filter(is_behind_dot);
        if let Some(column) = behind_dot.max_by_key(|column| column.len()) {
            let start = reference.range.start;
            let end = start + reference.root.len() + 1 + column.len();
            let what = if is_json { "attribute" } else { "column" };
            let message = format!("the {what} `{column}` cannot be named behind a dot");
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(template.span_of(&(start..end)), "used here")
                .help(format!("write `{}['{column}']`", reference.root)));
        }
        if let Some((delimiter, written)) = other_delimiter(file, heading) {
            let path = &file.path;
            let message = format!("all of the heading of `{}` is one column", file.name());
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(
                    path.span,
                    format!("its columns are separated by {delimiter}"),
                )
                .help(format!(
                    "write `{{ csv: {}, delimiter: \"{written}\" }}`",
                    path.value
                )));
        }
        if let ([only], DataFormat::Xlsx { .. }) = (heading.as_slice(), &file.format)
            && nearest(name, [only.as_str()]).is_none()
        {
            let message = format!("the first row of `{}` has one cell, `{only}`", file.name());
            return Err(Problem::error(UNKNOWN_COLUMN, message)
                .at(file.path.span, "that row names the columns")
                .help("delete the rows above the one that names the columns"));
        }
        let columns = all_of(heading.iter().map(String::as_str));
        let problem = match is_json {
            true => {
                // Rows need not be all alike. But what each of them prints, each of them must have.
                let is_needed = step.when.is_none()
                    && template.prints(&reference.range)
                    && !template.text().contains("{%");
                let message = format!("no row of `{}` has `{name}`", file.name());
                match is_needed {
                    true => Problem::error(UNKNOWN_COLUMN, message),
                    false => Problem::warning(UNKNOWN_COLUMN, message),
                }
            }
            false => Problem::error(
                UNKNOWN_COLUMN,
                format!("`{}` has no column `{name}`", file.name()),
            ),
        };
        Err(problem
            .at(template.span_of(&reference.range), "used here")
            .help(match nearest(name, heading.iter().map(String::as_str)) {
                Some(meant) if is_plain(meant) || is_in_brackets(template, reference) => {
                    format!("did you mean `{meant}`?")
                }
                Some(meant) => format!("did you mean `{}['{meant}']`?", reference.root),
                None if is_json => format!("they have {columns}"),
                None => format!("its columns are {columns}"),
            }))
    }
}

/// Whether a name can stand behind a dot.
fn is_plain(name: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_of_name) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn is_in_brackets(template: &Template, reference: &Reference) -> bool {
    let written = template.text().get(reference.range.clone());
    written.is_some_and(|written| written.contains('['))
}

/// What seems to separate columns in a heading of one column, in words and as it is written.
fn other_delimiter(file: &DataFile, heading: &[String]) -> Option<(&'static str, &'static str)> {
    let ([only], DataFormat::Csv { .. }) = (heading, &file.format) else {
        return None;
    };
    [
        (';', "`;`", ";"),
        ('\t', "tabs", "\\t"),
        ('|', "`|`", "|"),
        (',', "`,`", ","),
    ]
    .into_iter()
    .find(|(letter, ..)| only.contains(*letter))
    .map(|(_, words, written)| (words, written))
}

/// Items that are written out: a name that none of them has is a slip.
fn written_out(items: &[Tree], name: &str) -> Result<(), Problem> {
    if !items.is_empty() && items.iter().all(|item| item.scalar().is_some()) {
        return Err(Problem::error(
            UNKNOWN_COLUMN,
            format!("an item of the list is one value, which has no `{name}`"),
        )
        .help(
            "write the item's name alone for the value, or make each item a map: `- { id: a }`",
        ));
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for item in items {
        match item.map() {
            Some(entries) => known.extend(entries.iter().map(|(key, _)| key.value.as_str())),
            // What a template gives may have any name; a text or number has none, and may be meant for another `when`.
            None => return Ok(()),
        }
    }
    if known.is_empty() || known.contains(name) {
        return Ok(());
    }
    Err(
        Problem::error(UNKNOWN_COLUMN, format!("no item of the list has `{name}`")).help(
            did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("they have {}", all_of(known.iter().copied()))),
        ),
    )
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
