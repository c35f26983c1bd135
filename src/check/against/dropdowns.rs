//! What conditions of templates compare fields of dropdowns with: a value that one does not have is nearly always a slip, and
//! the condition then holds for no record, or for all. A warning only, since Sugar stores any value and a record may have an
//! old one.

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::warned;
use super::meaning::Meaning;
use crate::check::CheckedStep;
use crate::check::Items;
use crate::check::included;
use crate::check::places;
use crate::check::places::ItemIs;
use crate::diag::Problem;
use crate::diag::Span;
use crate::expr::Sign;
use crate::expr::Template;
use crate::metadata::Dropdown;
use crate::metadata::FieldKind;
use crate::metadata::value;

/// A field whose values are known.
struct Listed<'a> {
    of: &'a CheckedStep,
    described: Described<'a>,
    name: &'a str,
    kind: &'a FieldKind,
    values: &'a Dropdown,
}

impl<'a> Examiner<'a> {
    pub(super) fn comparisons(&mut self, templates: &[places::Place<'a>]) {
        let step = self.step;
        for places::Place { template, item, .. } in templates {
            self.compared_in(template, *item);
        }
        let Some(Items::Path {
            path,
            reads,
            step: Some(_),
            span,
        }) = &step.items
        else {
            return;
        };
        if reads.references.is_empty() {
            return;
        }
        let prefix = step.included.map_or_else(String::new, |number| {
            format!("{}.", self.declared.included[number.0].id)
        });
        let includes = self.declared.included.iter();
        let includes = includes.map(|include| include.id.clone()).collect();
        for (reference, text) in path.comparisons(included::names(&prefix, &includes)) {
            // The field is looked for among the references that the playbook keeps.
            let mut known = reads.references.iter();
            let meaning = known
                .find(|known| known.parts == reference.parts)
                .map(|known| self.meanings.of_reference(None, ItemIs::Absent, known));
            if let Some(listed) = meaning.and_then(|meaning| self.listed_field(meaning))
                && *listed.kind == FieldKind::Enum
            {
                self.compared_with(&listed, &text, *span);
            }
        }
    }

    /// A filter of `select` over a step's own records.
    pub(super) fn compared_in_select(&mut self, field: &str, text: &str, span: Span) {
        let step = self.step;
        let known = self.meanings.module_of(step).and_then(|name| {
            let described = self.described(name)?;
            let (name, _) = described.module.fields.get_key_value(field)?;
            self.listed_field(Meaning::Field(step, name))
        });
        if let Some(listed) = known
            && *listed.kind == FieldKind::Enum
        {
            self.compared_with(&listed, text, span);
        }
    }

    fn compared_in(&mut self, template: &'a Template, item: ItemIs) {
        let step = self.step;
        if !template.text().contains(['"', '\'']) {
            return;
        }
        let meaning = |reference| self.meanings.of_reference(Some(step), item, reference);
        // Few templates name such a field, and to find what they compare is to read them again.
        let is_any_listed = template
            .references()
            .iter()
            .any(|reference| self.listed_field(meaning(reference)).is_some());
        if !is_any_listed {
            return;
        }
        for comparison in template.comparisons() {
            let reference = template.reference_at(&comparison.of);
            let meaning =
                reference.map(|reference| self.meanings.of_reference(Some(step), item, reference));
            let Some(listed) = meaning.and_then(|meaning| self.listed_field(meaning)) else {
                continue;
            };
            let holds_one = matches!(comparison.sign, Sign::Is | Sign::IsNot);
            let suits = match listed.kind {
                FieldKind::Enum => holds_one,
                _ => !holds_one,
            };
            for written in comparison.texts.iter().filter(|_| suits) {
                let span = template.span_of(&written.range);
                self.compared_with(&listed, &written.text, span);
            }
        }
    }

    fn listed_field(&self, meaning: Meaning<'a>) -> Option<Listed<'a>> {
        let Meaning::Field(of, name) = meaning else {
            return None;
        };
        let described = self.described(self.meanings.module_of(of)?)?;
        let kind = &described.module.field(name)?.kind;
        if !matches!(kind, FieldKind::Enum | FieldKind::MultiEnum) {
            return None;
        }
        Some(Listed {
            of,
            described,
            name,
            kind,
            values: self.metadata.dropdown(described.name, name)?,
        })
    }

    fn compared_with(&mut self, listed: &Listed<'a>, text: &str, span: Span) {
        let name = listed.name;
        let is_vouched_for =
            self.step.unchecked.contains(name) || listed.of.unchecked.contains(name);
        if text.is_empty() || is_vouched_for || listed.values.contains(text) {
            return;
        }
        let rejected = value::not_an_option(text, listed.values);
        let message = format!(
            "this compares `{name}` of `{}` with a value that it does not have",
            listed.described.name
        );
        let vouch = format!("if old records hold it, write `unchecked: [{name}]`");
        let help = match rejected.help() {
            Some(help) if help.ends_with('?') => format!("{help} {vouch}"),
            Some(help) => format!("{help}; {vouch}"),
            None => vouch,
        };
        let problem: Problem = invalid(message)
            .because(span, rejected.to_string())
            .help(help);
        self.push(warned(problem));
    }
}
