//! Lists where one thing is wanted, and one thing where a list is wanted: told by what stands behind a step's name.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::CheckedAction;
use super::CheckedRead;
use super::CheckedStep;
use super::CheckedWrite;
use super::Items;
use super::answers;
use super::known::Known;
use super::places::ItemIs;
use super::places::Place;
use super::shape::KEYED_BY_NUMBER;
use super::shape::Shape;
use super::shape::give_key;
use super::vars::before_any_step;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::Rendered;
use crate::expr::Template;
use crate::expr::Tree;
use crate::playbook::OnDuplicate;
use crate::playbook::VarKind;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

const DUPLICATE_KEY: Code = Code(LocalLabel::DuplicateKey.as_str());
const NO_EFFECT: Code = Code("no_effect");
const CONSTANT_KEY: Code = Code("constant_key");
const INVALID_PARAMETER: Code = Code(SugarLabel::InvalidParameter.as_str());

impl Known<'_> {
    pub(super) fn wanted(
        &self,
        step: &CheckedStep,
        templates: &[Place<'_>],
        problems: &mut Problems,
    ) {
        let mut found: Vec<Problem> = Vec::new();
        if let Some(Items::Template(template)) = &step.items {
            let walker = match step.action {
                CheckedAction::Export { .. } => "export",
                _ => "for_each",
            };
            found.extend(self.list(walker, template));
        }
        if let Some(record) = record(step) {
            found.extend(self.one_id("record", step, record));
        }
        if let CheckedAction::Write(
            CheckedWrite::Link { to, .. } | CheckedWrite::Unlink { to, .. },
        ) = &step.action
        {
            found.extend(self.ids(step, to));
        }
        found.extend(key(step));
        found.extend(no_change(step));
        found.extend(self.keyed_by_number(templates));
        found.extend(self.outcomes(step, templates));
        found.extend(answers::check(step));
        found.extend(equal_keys(step));
        for problem in found {
            problems.push(problem.step(&step.id));
        }
    }

    fn list(&self, walker: &str, template: &Template) -> Option<Problem> {
        let (found, help) = if template.is_text() {
            (
                "text",
                "write one template and nothing else: `\"{{ steps.X.records }}\"`".to_owned(),
            )
        } else {
            let path = template.gives()?;
            if let Some(problem) = self.text_for_list(walker, template, path) {
                return Some(problem);
            }
            let shape = self.shape_of(path).ok()?;
            let own = self.own(path.name(0).unwrap_or("X"));
            (
                shape.not_a_list()?,
                format!("write `\"{{{{ steps.{own}.records }}}}\"`, or another list of it"),
            )
        };
        Some(
            Problem::error(INVALID_PARAMETER, format!("`{walker}` wants a list"))
                .at(template.span(), format!("this gives {found}"))
                .help(help),
        )
    }

    /// A variable that is declared as one value.
    fn text_for_list(
        &self,
        walker: &str,
        template: &Template,
        path: &Reference,
    ) -> Option<Problem> {
        let name = path.name(0).filter(|_| path.root == "vars")?;
        let var = self.declared.iter().find(|var| var.name.value == name)?;
        // Of a secret another thing is to be said.
        if path.parts.len() > 1 || matches!(var.kind, VarKind::List | VarKind::Secret) {
            return None;
        }
        Some(
            Problem::error(INVALID_PARAMETER, format!("`{walker}` wants a list"))
                .at(template.span(), "this gives one value")
                .at(var.name.span, "declared as one value")
                .help(format!("declare it as a list: `{name}: {{ type: list }}`")),
        )
    }

    fn one_id(&self, argument: &str, step: &CheckedStep, tree: &Tree) -> Option<Problem> {
        let (found, help) = self.shape(step, tree)?.not_one_id()?;
        Some(
            Problem::error(
                INVALID_PARAMETER,
                format!("`{argument}` wants the id of one record"),
            )
            .at(tree.span, format!("this gives {found}"))
            .help(help),
        )
    }

    fn ids(&self, step: &CheckedStep, tree: &Tree) -> Option<Problem> {
        let (found, help) = self.shape(step, tree)?.not_ids()?;
        Some(
            Problem::error(INVALID_PARAMETER, "`to` wants an id, or a list of them")
                .at(tree.span, format!("this gives {found}"))
                .help(help),
        )
    }

    /// What a value is that is one path.
    fn shape(&self, step: &CheckedStep, tree: &Tree) -> Option<Shape> {
        let item = match step.items {
            Some(_) => ItemIs::There,
            None => ItemIs::Absent,
        };
        self.led_to(step, item, tree.template()?.gives()?)
    }

    /// What a reference leads to that stands in a step.
    pub(super) fn led_to(
        &self,
        step: &CheckedStep,
        item: ItemIs,
        reference: &Reference,
    ) -> Option<Shape> {
        if item == ItemIs::There && reference.root == step.item_name {
            let mut parts = reference.parts.iter();
            let item = self.item_of(step);
            return parts
                .try_fold(item, |shape, part| shape.follow(part, ""))
                .ok();
        }
        self.shape_of(reference).ok()
    }

    /// Items that are looked for by what some text says, and have only numbers.
    fn keyed_by_number(&self, templates: &[Place<'_>]) -> Vec<Problem> {
        let mut found = Vec::new();
        for Place { template, .. } in templates.iter().copied() {
            for reference in template.references() {
                let Some(id) = reference.name(0).filter(|_| reference.root == "steps") else {
                    continue;
                };
                let Some(of) = self.outline(id) else {
                    continue;
                };
                let is_by_key = matches!(
                    &*reference.parts,
                    [_, Part::Name(name), Part::Index, ..] if name == "by_key"
                );
                if !is_by_key
                    || !of.has_items
                    || of.has_key
                    || is_number(template, &reference.range)
                {
                    continue;
                }
                let own = self.own(id);
                found.push(
                    Problem::warning(
                        KEYED_BY_NUMBER,
                        format!("`{own}` has no `key`, so its items are found only by their number from 0"),
                    )
                    .at(template.span_of(&reference.range), "looked for here")
                    .help(give_key(own)),
                );
            }
        }
        found
    }
}

/// `by_key[0]`: the number itself.
fn is_number(template: &Template, range: &std::ops::Range<usize>) -> bool {
    let text = template.text().get(range.clone()).unwrap_or_default();
    let behind = text.split_once("by_key[").map(|(_, behind)| behind);
    behind.is_some_and(|behind| {
        behind
            .trim_start()
            .starts_with(|first: char| first.is_ascii_digit())
    })
}

fn no_change(step: &CheckedStep) -> Option<Problem> {
    match &step.action {
        CheckedAction::Write(CheckedWrite::Update { set, parts, .. })
            if set.is_empty() && parts.is_empty() =>
        {
            Some(
                Problem::error(INVALID_PARAMETER, "this update changes nothing")
                    .at(step.verb_span, "sets no field")
                    .help("name fields and their values in `set`"),
            )
        }
        CheckedAction::Write(CheckedWrite::Update { set, parts, .. })
            if parts.is_empty() && set.iter().all(|field| is_omitted(&field.value)) =>
        {
            Some(
                Problem::warning(NO_EFFECT, "this update changes nothing")
                    .at(step.verb_span, "leaves out every field that it names")
                    .help("give a field a value, or remove the step"),
            )
        }
        _ => None,
    }
}

/// `{{ omit }}`, whatever the item is.
fn is_omitted(tree: &Tree) -> bool {
    tree.template().is_some_and(|template| {
        template.references().is_empty()
            && template.text().contains("omit")
            && template.eval(&before_any_step(None)) == Ok(Rendered::Omit)
    })
}

/// Items that are written out, of which two have the same key.
fn equal_keys(step: &CheckedStep) -> Option<Problem> {
    let (Some(Items::Literal(items)), Some(key)) = (&step.items, &step.key) else {
        return None;
    };
    // Where some are left out, so may be those.
    if step.when.is_some() || step.on_duplicate != OnDuplicate::Error {
        return None;
    }
    let is_item = |reference: &Reference| {
        reference.root == step.item_name && reference.parts.is_empty() && key.is_lone()
    };
    let [reference] = key.references() else {
        return None;
    };
    if !is_item(reference) || key.gives().is_none() {
        return None;
    }
    let mut seen: HashMap<&str, &Tree> = HashMap::new();
    for item in items {
        let Some(text) = item.scalar().and_then(Json::as_str) else {
            continue;
        };
        if let Some(first) = seen.insert(text, item) {
            return Some(
                Problem::error(DUPLICATE_KEY, format!("two items have the key `{text}`"))
                    .at(item.span, "the second")
                    .at(first.span, "the first")
                    .help("leave one of them out, or say which one counts: `on_duplicate: first`"),
            );
        }
    }
    None
}

/// A key that is no key.
fn key(step: &CheckedStep) -> Option<Problem> {
    let key = step.key.as_ref()?;
    if key.text().trim().is_empty() {
        return Some(
            Problem::error(INVALID_PARAMETER, "`key` is empty")
                .at(key.span(), "names nothing")
                .help("write what tells one record from all others, such as `\"{{ item.code }}\"`"),
        );
    }
    // One item may be all there is, and then any key will do.
    let is_one = match &step.items {
        None => !matches!(step.action, CheckedAction::Read(_)),
        Some(Items::Literal(items)) => items.len() < 2,
        Some(Items::Template(_) | Items::Path { .. } | Items::File(_) | Items::Searched { .. }) => {
            false
        }
    };
    let is_constant = key
        .references()
        .iter()
        .all(|reference| reference.root != step.item_name);
    (is_constant && !is_one && step.on_duplicate == OnDuplicate::Error).then(|| {
        let (what, item) = match step.items {
            None => ("record", "item"),
            Some(_) => ("item", step.item_name.as_str()),
        };
        Problem::warning(CONSTANT_KEY, format!("every {what} gets the same `key`"))
            .at(key.span(), format!("does not depend on the {what}"))
            .help(format!("equal keys are refused: build it from the {what}, such as `\"{{{{ {item}.id }}}}\"`"))
    })
}

fn record(step: &CheckedStep) -> Option<&Tree> {
    match &step.action {
        CheckedAction::Read(
            CheckedRead::Get { record, .. } | CheckedRead::Related { record, .. },
        )
        | CheckedAction::Write(
            CheckedWrite::Update { record, .. }
            | CheckedWrite::Delete { record, .. }
            | CheckedWrite::Link { record, .. }
            | CheckedWrite::Unlink { record, .. }
            | CheckedWrite::Favorite { record, .. }
            | CheckedWrite::Unfavorite { record, .. },
        ) => Some(record),
        CheckedAction::Write(CheckedWrite::Create {
            under: Some(under), ..
        }) => Some(&under.record),
        CheckedAction::Read(_)
        | CheckedAction::Write(_)
        | CheckedAction::Assert { .. }
        | CheckedAction::Export { .. } => None,
    }
}
