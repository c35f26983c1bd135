//! Fields of results that templates use: there must be such fields, and the step must fetch them.

use std::collections::BTreeSet;

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::meant_field;
use super::examiner::not_authorized;
use super::examiner::unknown_field;
use super::examiner::warned;
use super::meaning::Meaning;
use super::meaning::Meanings;
use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::Items;
use crate::check::Output;
use crate::check::places;
use crate::check::places::ItemIs;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::expr::Extent;
use crate::expr::Part;
use crate::expr::Path;
use crate::expr::Reference;
use crate::expr::StepNames;
use crate::expr::Template;
use crate::metadata::Metadata;
use crate::metadata::Right;
use crate::metadata::value;
use crate::wire::ModuleName;

const NOT_FETCHED: Code = Code("not_fetched");

/// Fields that every answer holds, asked for or not (fact sheet 1.2).
const ALWAYS_THERE: &[&str] = &["id", "date_modified"];

impl Examiner<'_> {
    pub(super) fn uses(&mut self) {
        let step = self.step;
        if let Some(Items::Path { reads, span, .. }) = &step.items {
            for reference in &reads.references {
                let meaning = self.meanings.of_reference(None, ItemIs::Absent, reference);
                if let Some(problem) = problem(self.metadata, self.meanings, meaning, *span) {
                    self.push(problem);
                }
            }
        }
        let templates = places::templates(step);
        for places::Place { template, item, .. } in templates.iter().copied() {
            let found = of_template(self.metadata, self.meanings, Some(step), item, template);
            for problem in found {
                self.push(problem);
            }
        }
        self.comparisons(&templates);
        self.selected();
    }

    /// What `select` looks for in the records of an answer.
    fn selected(&mut self) {
        let step = self.step;
        let (Some(select), CheckedAction::Read(read)) = (&step.select, &step.action) else {
            return;
        };
        let nowhere = BTreeSet::new();
        let names = StepNames {
            prefix: "",
            includes: &nowhere,
        };
        let reads = select.value.reads(names);
        for reference in reads.references.iter().chain(&reads.gives) {
            let field = match (read, reference.root.as_ref(), &*reference.parts) {
                (CheckedRead::Get { .. }, field, _) => field,
                (CheckedRead::Me, "current_user", [Part::Name(field), ..])
                | (_, "records", [Part::Index, Part::Name(field), ..]) => field,
                _ => continue,
            };
            let meaning = Meaning::Field(step, field);
            if let Some(problem) = problem(self.metadata, self.meanings, meaning, select.span) {
                self.problems.push_once(problem.step(&step.id));
            }
        }
        for (reference, text) in select.value.comparisons(names) {
            if let ("records", [Part::Index, Part::Name(field)]) =
                (reference.root.as_ref(), &*reference.parts)
            {
                self.compared_in_select(field, &text, select.span);
            }
        }
        if let CheckedRead::Enum { module, field } = read {
            self.selected_value(module, field, select);
        }
    }

    /// A value that a list does not have.
    fn selected_value(
        &mut self,
        module: &Located<ModuleName>,
        field: &Located<String>,
        select: &Located<Path>,
    ) {
        let list = self.metadata.dropdown(module.value.as_str(), &field.value);
        let names = select.value.leading_names();
        if let (Some(list), Some(name)) = (list, names.first())
            && !list.contains(name)
        {
            let rejected = value::not_an_option(name, list);
            let message = format!("the list of `{}` has no `{name}`", field.value);
            let problem = invalid(message).at(select.span, "would find nothing");
            self.push(warned(problem.help_if(rejected.help())));
        }
    }
}

/// Outputs stand in no step.
pub(super) fn of_outputs(
    outputs: &[Output],
    metadata: &Metadata,
    meanings: &Meanings<'_>,
    problems: &mut Problems,
) {
    for template in outputs.iter().flat_map(|output| output.value.templates()) {
        problems.extend(of_template(
            metadata,
            meanings,
            None,
            ItemIs::Absent,
            template,
        ));
    }
}

/// Of several things that are meant by one name, one that has the field will do.
fn of_template<'a>(
    metadata: &'a Metadata,
    meanings: &Meanings<'a>,
    step: Option<&'a CheckedStep>,
    item: ItemIs,
    template: &'a Template,
) -> Vec<Problem> {
    let is_of_one = |one: &Reference, other: &Reference| {
        one.extent == Extent::Either && other.extent == Extent::Either && one.range == other.range
    };
    let mut found = Vec::new();
    for meant in template.references().chunk_by(is_of_one) {
        let problems = meant.iter().map(|reference| {
            let meaning = meanings.of_reference(step, item, reference);
            problem(
                metadata,
                meanings,
                meaning,
                template.span_of(&reference.range),
            )
        });
        let problems: Option<Vec<Problem>> = problems.collect();
        found.extend(problems.and_then(|problems| problems.into_iter().next()));
    }
    found
}

fn problem<'a>(
    metadata: &'a Metadata,
    meanings: &Meanings<'a>,
    meaning: Meaning<'a>,
    span: Span,
) -> Option<Problem> {
    let Meaning::Field(step, field) = meaning else {
        return None;
    };
    // What Sugar adds to each record of its own, such as `_module`.
    if field.starts_with('_') {
        return None;
    }
    let described = meanings.module_of(step).and_then(|name| {
        let module = metadata.module(name)?;
        (!module.fields.is_empty()).then_some(Described { name, module })
    });
    let described = described.filter(|_| !meanings.is_of_relation(step, field));
    let wrong = described.and_then(|described| match step.action {
        CheckedAction::Read(CheckedRead::Me) => of_user(described, field),
        _ => wrong(described, field),
    });
    wrong
        .or_else(|| not_fetched(step, field))
        .map(|problem| problem.at(span, format!("of the records of `{}`", step.id)))
}

fn wrong(described: Described<'_>, field: &str) -> Option<Problem> {
    if described.module.field(field).is_none() {
        return Some(unknown_field(described, field));
    }
    described
        .module
        .acl
        .denies_field(field, Right::Read)
        .then(|| {
            not_authorized(format!(
                "this user may not read `{field}` of `{}`",
                described.name
            ))
        })
}

/// What an instance tells a user of himself are more than the fields of the module, so that only what is nearly one of them is
/// warned of.
fn of_user(described: Described<'_>, field: &str) -> Option<Problem> {
    let is_field = described.module.field(field).is_some();
    meant_field(described, field)
        .filter(|_| !is_field)
        .map(|_| warned(unknown_field(described, field)))
}

fn not_fetched(step: &CheckedStep, field: &str) -> Option<Problem> {
    let fields = step.fields.as_ref()?;
    if ALWAYS_THERE.contains(&field) || fields.iter().any(|asked| asked.value == field) {
        return None;
    }
    Some(
        Problem::error(
            NOT_FETCHED,
            format!("`{}` does not fetch `{field}`", step.id),
        )
        .help("add it to the step's `fields`; without `fields` a step fetches what is used"),
    )
}
