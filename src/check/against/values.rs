//! A literal value against its field.

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::warned;
use crate::diag::Problem;
use crate::expr::Tree;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::value;
use crate::metadata::value::Context;
use crate::metadata::value::Rejected;
use crate::playbook::VarKind;

/// What the value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Stored,
    Compared,
    /// Only whether it is more or less.
    Ordered,
}

impl<'a> Examiner<'a> {
    /// Judges a value that is written out; what a template gives is judged while planning.
    pub(super) fn literal(
        &mut self,
        described: Described<'a>,
        field: &Field,
        name: &str,
        tree: &Tree,
        ask: Ask,
    ) {
        let Some(json) = tree.literal() else {
            if ask == Ask::Stored {
                self.secret(described, field, name, tree);
                self.given(described, field, name, tree);
                self.whole(described, field, name, tree);
            }
            return;
        };
        if ask == Ask::Stored {
            self.number_as_text(described, field, name, tree, &json);
        }
        if let Err(rejected) = self.accept(described, field, &json, ask) {
            let problem = does_not_take(described, name)
                .because(tree.span, rejected.to_string())
                .help_if(rejected.help());
            self.push_of(name, problem);
        }
    }

    /// `1.10` in a field of text, of which YAML reads a number: `1.1`.
    fn number_as_text(
        &mut self,
        described: Described<'a>,
        field: &Field,
        name: &str,
        tree: &Tree,
        json: &Json,
    ) {
        if !json.is_number() || is_strict(&field.kind) || tree.scalar().is_none() {
            return;
        }
        let context = Context::default();
        let Ok(Json::String(sent)) = value::accept(field, json, context) else {
            return;
        };
        // What is written is not at hand here, but how long it is.
        if sent.len() == tree.span.range().len() {
            return;
        }
        let problem = invalid(format!(
            "`{name}` of `{}` holds text, and this number loses its form",
            described.name
        ))
        .at(tree.span, format!("is sent as `{sent}`"))
        .help("put it into quotes to send it as it is written");
        self.push_of(name, warned(problem));
    }

    /// Texts that are written out in a template, of which it gives one as it is: `'New' if item.is_new else 'Dead'`.
    fn given(&mut self, described: Described<'a>, field: &Field, name: &str, tree: &Tree) {
        let Some(template) = tree.template().filter(|_| is_strict(&field.kind)) else {
            return;
        };
        for written in template.texts() {
            let text = Json::from(written.text);
            if let Err(rejected) = self.accept(described, field, &text, Ask::Stored) {
                let problem = does_not_take(described, name)
                    .because(template.span_of(&written.range), rejected.to_string())
                    .help_if(rejected.help());
                self.push_of(name, problem);
            }
        }
    }

    /// A record, a list or a result, where the field takes one value.
    fn whole(&mut self, described: Described<'a>, field: &Field, name: &str, tree: &Tree) {
        let Some(whole) = self.meanings.whole(self.step, tree) else {
            return;
        };
        let Err(rejected) = self.accept(described, field, &whole.sample, Ask::Stored) else {
            return;
        };
        let reason = match rejected {
            Rejected::Shape { wanted, .. } => format!("{}, where {wanted} is wanted", whole.found),
            // Of a list that the field takes, its parts are judged while planning.
            _ if value::has_parts(field) => return,
            _ => format!("{}, where one value is wanted", whole.found),
        };
        let problem = does_not_take(described, name)
            .because(tree.span, reason)
            .help(whole.help);
        self.push_of(name, problem);
    }

    /// A secret is a text that no dropdown has and no date is.
    fn secret(&mut self, described: Described<'a>, field: &Field, name: &str, tree: &Tree) {
        const TEXT: &str = "a secret";
        let is_secret = tree.template().is_some_and(|template| {
            let mut references = template.references().iter();
            references.any(|reference| {
                let var = (reference.root == "vars")
                    .then(|| reference.name(0))
                    .flatten();
                var.is_some_and(|var| self.is_secret(var))
            })
        });
        if is_secret
            && self
                .accept(described, field, &Json::from(TEXT), Ask::Stored)
                .is_err()
        {
            let problem = invalid(format!(
                "`{name}` of `{}` does not take a secret",
                described.name
            ))
            .at(tree.span, format!("a text, for a field of type `{}`", field.kind.as_str()))
            .help("set a field of text, or declare the variable with another `type`, if it is no secret");
            self.push_of(name, problem);
        }
    }

    fn is_secret(&self, var: &str) -> bool {
        let vars = match self.step.included {
            Some(number) => &self.declared.included[number.0].vars,
            None => self.declared.vars,
        };
        vars.iter()
            .any(|declared| declared.kind == VarKind::Secret && declared.name.value == var)
    }

    fn accept(
        &self,
        described: Described<'a>,
        field: &Field,
        json: &Json,
        ask: Ask,
    ) -> Result<(), Rejected> {
        if ask != Ask::Stored && is_compared_loosely(&field.kind) {
            return Ok(());
        }
        // Only whether there is a zone matters here: the value that comes out is thrown away.
        let any_zone = TimeZone::UTC;
        let context = Context {
            dropdown: self.metadata.dropdown(described.name, &field.name),
            zone: self.declared.has_zone.then_some(&any_zone),
        };
        let wider = match (ask, &field.kind) {
            // An instant may be compared with a whole day.
            (Ask::Compared | Ask::Ordered, FieldKind::DateTime) => Some(FieldKind::Date),
            // Whole numbers lie on either side of 5.5.
            (Ask::Ordered, kind) if kind.is_whole_number() => Some(FieldKind::Float),
            _ => None,
        };
        let taken = value::accept(field, json, context);
        // What is stored is brought into form; what is asked for goes as it is written.
        if let (Ask::Compared, Ok(taken), Some(list)) = (ask, &taken, context.dropdown)
            && let Some(text) = json.as_str()
            && taken != text
            && field.kind == FieldKind::Enum
        {
            return Err(value::not_an_option(text, list));
        }
        taken.map(|_| ()).or_else(|rejected| {
            let wider = Field::new(field.name.clone(), wider.ok_or(rejected.clone())?);
            value::accept(&wider, json, context)
                .map(|_| ())
                .map_err(|_| rejected)
        })
    }
}

fn does_not_take(described: Described<'_>, name: &str) -> Problem {
    invalid(format!(
        "`{name}` of `{}` does not take this",
        described.name
    ))
}

/// Whether there are texts that a field of the kind does not take.
fn is_strict(kind: &FieldKind) -> bool {
    kind.has_dropdown()
        || kind.is_decimal()
        || kind.is_whole_number()
        || matches!(
            kind,
            FieldKind::Bool | FieldKind::Date | FieldKind::DateTime | FieldKind::Time
        )
}

/// Collections are compared by a part of one of their members.
fn is_compared_loosely(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Email | FieldKind::Tag | FieldKind::TeamSet | FieldKind::Collection
    )
}
