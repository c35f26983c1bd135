//! One text of a playbook that may hold templates: compiled once, evaluated for each item.

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::AutoEscape;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::machinery;
use minijinja::machinery::CodeGenerator;
use serde_json::Value as Json;

use super::calls;
use super::depth;
use super::depth::Reading;
use super::functions::ENGINE;
use super::functions::GLOBALS;
use super::origin::Origin;
use super::references;
use super::references::Comparison;
use super::references::Gives;
use super::references::Part;
use super::references::Reference;
use super::references::StepNames;
use super::references::Written;
use super::scope::Failure;
use super::scope::Scope;
use super::slips;
use super::syntax;
use super::syntax::Asked;
use super::syntax::Parsed;
use super::truth;
use super::value;
use super::value::Omit;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::wire::excerpt;

pub const SYNTAX: Code = Code("template_syntax");

/// What form a text has; decided once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// No template in it.
    Plain,
    /// One `{{ … }}` and nothing else: the value keeps its type.
    Lone,
    /// An expression without braces.
    Bare,
    /// Templates among other text: the result is text.
    Mixed,
}

#[derive(Debug, Clone)]
pub struct Template {
    text: Box<str>,
    form: Form,
    references: Box<[Reference]>,
    gives: Gives,
    span: Span,
    origin: Origin,
}

/// What a template gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Rendered {
    Value(Json),
    /// `{{ omit }}`: leave the field out.
    Omit,
}

/// What a reference of a template is.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The reference, as the template has it.
    pub written: String,
    /// The field it ends at.
    pub field: String,
    pub value: Json,
}

impl Template {
    /// Compiles text in which templates may stand.
    pub fn compile(text: &Located<String>, sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let template = Self::read(text.clone(), sources, &mut problems);
        problems.or(template)
    }

    /// The same, as far as it can be read: of the rest nothing is known, and so nothing more is said of it.
    pub fn read(text: Located<String>, sources: &Sources, problems: &mut Problems) -> Self {
        let form = if syntax::has_template(&text.value) {
            Form::Mixed
        } else {
            Form::Plain
        };
        Self::build(text, form, sources, problems)
    }

    /// Compiles an expression (`when`, `assert`, `expect`), written with or without braces.
    pub fn compile_expression(text: &Located<String>, sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let template = Self::read_expression(text.clone(), sources, &mut problems);
        problems.or(template)
    }

    /// The same, as far as it can be read.
    pub fn read_expression(
        text: Located<String>,
        sources: &Sources,
        problems: &mut Problems,
    ) -> Self {
        let form = if text.value.contains("{{") {
            Form::Mixed
        } else {
            Form::Bare
        };
        let template = Self::build(text, form, sources, problems);
        if template.form == Form::Mixed {
            problems.push(
                Problem::error(SYNTAX, "this is text, not a condition")
                    .at(template.span, "would always hold")
                    .help("write one expression, without braces: `steps.X.count > 3`"),
            );
        }
        template
    }

    /// What stands for a text that could not be read: it may give anything.
    pub fn unread(span: Span) -> Self {
        Self {
            text: Box::default(),
            form: Form::Lone,
            references: Box::default(),
            gives: Gives::Other,
            span,
            origin: Origin::Words(Box::default()),
        }
    }

    fn build(
        text: Located<String>,
        form: Form,
        sources: &Sources,
        problems: &mut Problems,
    ) -> Self {
        let origin = Origin::of(&text.value, text.span, sources);
        let mut template = Self {
            text: text.value.into(),
            form,
            references: Box::default(),
            gives: Gives::Other,
            span: text.span,
            origin,
        };
        if form == Form::Plain {
            return template;
        }
        let (form, references, gives) = {
            let parsed = match template.parse_first(form) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let span = error
                        .range()
                        .and_then(|range| template.place(range))
                        .unwrap_or(template.span);
                    problems.push(
                        Problem::error(SYNTAX, "this template cannot be read")
                            .because(span, detail(&error))
                            .help_if(slips::meant(
                                &template.text,
                                error.range().map_or(0, |range| range.start),
                                &detail(&error),
                            )),
                    );
                    return Self::unread(template.span);
                }
            };
            let form = match (&parsed, form) {
                (Parsed::Value(_), Form::Mixed) => Form::Lone,
                (_, form) => form,
            };
            let named = references::of(&parsed, &template.text);
            for (slip, place) in &named.slips {
                problems.push(slip.problem(template.span_of(place)));
            }
            for call in &named.calls {
                if let Some((problem, place, label)) = calls::wrong(call) {
                    problems.push(problem.at(template.span_of(&place), label));
                }
            }
            (form, named.references, named.gives)
        };
        template.form = form;
        template.gives = gives;
        template.references = references
            .into_iter()
            .filter(|reference| !GLOBALS.contains(&&*reference.root))
            .collect();
        template
    }

    /// Before anything walks the tree for the first time, it is known not to be too deep.
    fn parse_first(&self, form: Form) -> Result<Parsed<'_>, Error> {
        let reading = match form {
            Form::Bare => Reading::Expression,
            Form::Plain | Form::Lone | Form::Mixed => Reading::Text,
        };
        depth::limit(&self.text, reading)?;
        self.parse(form, Asked::Value)
    }

    fn parse(&self, form: Form, asked: Asked) -> Result<Parsed<'_>, Error> {
        match form {
            Form::Bare => syntax::bare_expression(&self.text, asked),
            Form::Plain | Form::Lone | Form::Mixed => syntax::template(&self.text, asked),
        }
    }

    /// Takes the names of steps as the playbook file means them that the template stands in.
    #[must_use]
    pub fn within(mut self, names: StepNames<'_>) -> Self {
        self.resolve(names);
        self
    }

    pub(super) fn resolve(&mut self, names: StepNames<'_>) {
        for reference in &mut self.references {
            reference.resolve(names);
        }
    }

    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// What it compares with texts that are written out. They are looked for only when they are asked for, and not kept.
    pub fn comparisons(&self) -> Vec<Comparison> {
        if self.references.is_empty() || !self.text.contains(['"', '\'']) {
            return Vec::new();
        }
        let parsed = self.parse(self.form, Asked::Value);
        parsed.map_or_else(
            |_| Vec::new(),
            |parsed| references::of(&parsed, &self.text).comparisons,
        )
    }

    /// The one reference at a place, where it is one and not a choice among several.
    pub fn reference_at(&self, range: &Range<usize>) -> Option<&Reference> {
        let mut at = self
            .references
            .iter()
            .filter(|reference| reference.range == *range);
        at.next().filter(|_| at.next().is_none())
    }

    pub fn span(&self) -> Span {
        self.span
    }

    /// The place of a part of the text, or of the whole where the text was quoted in another form.
    pub fn span_of(&self, range: &Range<usize>) -> Span {
        self.place(range.clone()).unwrap_or(self.span)
    }

    fn place(&self, range: Range<usize>) -> Option<Span> {
        let start = self.origin.place(&self.text, range.start)?;
        let end = self.origin.place(&self.text, range.end)?;
        Some(self.span.at(start..end))
    }

    /// Whether a part of the text is all there is between `{{` and `}}`: printed, not worked with.
    pub fn prints(&self, range: &Range<usize>) -> bool {
        let (Some(before), Some(behind)) =
            (self.text.get(..range.start), self.text.get(range.end..))
        else {
            return false;
        };
        let (before, behind) = (before.trim_end(), behind.trim_start());
        let opens = ["{{", "{{-", "{{+"]
            .iter()
            .any(|open| before.ends_with(open));
        let closes = ["}}", "-}}", "+}}"]
            .iter()
            .any(|close| behind.starts_with(close));
        self.form != Form::Bare && opens && closes
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the value is exactly one template, so that it keeps its type and an empty cell can be told.
    pub fn is_lone(&self) -> bool {
        self.form == Form::Lone
    }

    /// The reference, if the template is one expression that gives what that leads to, or of that list some items.
    pub fn gives(&self) -> Option<&Reference> {
        let is_lone = self.form == Form::Lone && self.gives == Gives::Referred;
        self.references.last().filter(|_| is_lone)
    }

    /// Whether it is one expression that gives the same whenever it is evaluated.
    pub fn is_constant(&self) -> bool {
        self.gives == Gives::Constant
    }

    /// The texts that are written out and that it may give as they are: `'New' if item.is_new else 'Dead'`.
    pub fn texts(&self) -> Vec<Written> {
        if self.form != Form::Lone || !self.text.contains(['"', '\'']) {
            return Vec::new();
        }
        match self.parse(self.form, Asked::Value) {
            Ok(Parsed::Value(expr)) => references::given(&expr),
            Ok(Parsed::Text(_)) | Err(_) => Vec::new(),
        }
    }

    /// Whether the value is text, whatever its templates give.
    pub fn is_text(&self) -> bool {
        self.form == Form::Mixed
    }

    pub fn eval(&self, scope: &Scope) -> Result<Rendered, Failure> {
        if self.form == Form::Plain {
            return Ok(Rendered::Value(Json::from(&*self.text)));
        }
        let value = self.value(scope)?;
        if value.downcast_object_ref::<Omit>().is_some() {
            return Ok(Rendered::Omit);
        }
        let json = value::to_json(&value).map_err(|error| self.failed(scope, &error))?;
        if scope.is_unknown() {
            return Err(Failure::Unknown);
        }
        Ok(Rendered::Value(json))
    }

    /// Evaluates a condition.
    pub fn holds(&self, scope: &Scope) -> Result<bool, Failure> {
        let value = self.run(scope, Asked::Truth)?;
        if scope.is_unknown() {
            return Err(Failure::Unknown);
        }
        // Text around templates (`{{ a }} == {{ b }}`) would always hold.
        if self.form == Form::Mixed {
            return Err(scope.failure(
                "this is text, not a condition: write one expression, without braces".into(),
                Some(self.span),
            ));
        }
        truth::of(&value).map_err(|error| self.failed(scope, &error))
    }

    /// The fields of a step that the template reads, as it writes them, and their values. Lists and maps are left out, and
    /// so is what is not there.
    pub fn seen_of(&self, step: &str, scope: &Scope) -> Vec<Seen> {
        let mut found: Vec<Seen> = Vec::new();
        for reference in &self.references {
            let (Some(Part::Name(of)), Some(Part::Name(field))) = (
                reference.parts.first(),
                reference.parts.get(1..).and_then(<[Part]>::last),
            ) else {
                continue;
            };
            let Some(written) = self.text.get(reference.range.clone()) else {
                continue;
            };
            let is_known = found.iter().any(|seen| seen.written == written);
            if reference.root != "steps" || of != step || is_known {
                continue;
            }
            if let Some(value) = self.alone(written, scope)
                && !(value.is_array() || value.is_object())
            {
                found.push(Seen {
                    written: written.to_owned(),
                    field: field.clone(),
                    value,
                });
            }
        }
        found
    }

    /// The references that lead to nothing: null, empty text.
    pub fn empty_references(&self, scope: &Scope) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for reference in &self.references {
            let Some(written) = self.text.get(reference.range.clone()) else {
                continue;
            };
            let value = self.alone(written, scope);
            if value.is_some_and(|value| value.is_null() || value == "")
                && !found.contains(&written)
            {
                found.push(written);
            }
        }
        found
    }

    /// What a part of the template gives by itself.
    fn alone(&self, written: &str, scope: &Scope) -> Option<Json> {
        let alone = Self {
            text: written.into(),
            form: Form::Bare,
            references: Box::default(),
            gives: Gives::Other,
            span: self.span,
            origin: Origin::Words(Box::default()),
        };
        let value = alone.value(scope).ok()?;
        match value.is_undefined() {
            true => None,
            false => value::to_json(&value).ok(),
        }
    }

    /// Evaluates to whatever the engine gives, for lists that are walked without being copied.
    pub(super) fn value(&self, scope: &Scope) -> Result<Value, Failure> {
        self.run(scope, Asked::Value)
    }

    fn run(&self, scope: &Scope, asked: Asked) -> Result<Value, Failure> {
        let run = || {
            let parsed = self.parse(self.form, asked)?;
            let mut generator = CodeGenerator::new("playbook", &self.text);
            let mut text = String::new();
            let is_value = match parsed {
                Parsed::Value(expr) => {
                    generator.compile_expr(&expr);
                    true
                }
                Parsed::Text(statements) => {
                    generator.compile_stmt(&syntax::root(statements));
                    false
                }
            };
            let instructions = generator.finish().0;
            let blocks = BTreeMap::new();
            let mut output = machinery::make_string_output(&mut text);
            let (value, _state) = machinery::eval(
                &ENGINE,
                &instructions,
                scope.context.clone(),
                &blocks,
                &mut output,
                AutoEscape::None,
            )?;
            Ok(match value {
                Some(value) if is_value => value,
                _ => Value::from(text),
            })
        };
        run().map_err(|error| self.failed(scope, &error))
    }

    /// Variables are all declared, so that one that is not there was given no value.
    fn var_without_value(&self, scope: &Scope) -> Option<&str> {
        let vars = scope.context.get_attr("vars").ok()?;
        self.references
            .iter()
            .filter(|reference| reference.root == "vars")
            .filter_map(|reference| reference.name(0))
            .find(|name| vars.get_attr(name).is_ok_and(|value| value.is_undefined()))
    }

    fn failed(&self, scope: &Scope, error: &Error) -> Failure {
        let span = error
            .range()
            .and_then(|range| self.place(range))
            .unwrap_or(self.span);
        // Of several templates in one text the message alone would not say which.
        let message = match error.kind() {
            ErrorKind::OutOfFuel => {
                "this takes too many steps: go through the list with `for_each`, or choose from it with `where`".to_owned()
            }
            ErrorKind::UndefinedError => match self.var_without_value(scope) {
                Some(name) => format!(
                    "the variable `{name}` has no value: give it one, as by `--var {name}=…`, or say what holds without: `vars.{name} | default(…)`"
                ),
                None => format!("{}: `{}`", detail(error), excerpt(self.text.trim())),
            },
            _ => detail(error),
        };
        scope.failure(message, Some(span))
    }
}

/// The engine's message without its own drawing of the place. What it calls an object is a date here, or a length of time.
fn detail(error: &Error) -> String {
    match error.detail() {
        Some(detail) => detail.replace("plain object", "date or length of time"),
        None => error.kind().to_string(),
    }
}
