//! A value of a playbook in which templates may stand at any depth.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::Map;
use serde_json::Value as Json;

use super::references::Reference;
use super::references::StepNames;
use super::scope::Failure;
use super::scope::Scope;
use super::syntax;
use super::template::Rendered;
use super::template::Template;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::playbook::Node;

const INVALID: Code = Code("invalid_parameter");
const CURLY_QUOTES: Code = Code("curly_quotes");

#[derive(Debug, Clone)]
pub struct Tree {
    shape: Shape,
    pub span: Span,
}

/// Whether a template stands in a value, at any depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literal,
    Rendered,
}

#[derive(Debug, Clone)]
enum Shape {
    /// A number, a boolean, null or text without a template.
    Scalar(Json),
    Template(Box<Template>),
    Parts(Box<Parts>),
}

/// A list or a map.
#[derive(Debug, Clone)]
struct Parts {
    listed: Listed,
    kind: Kind,
    /// The value of a list or map without templates, made when it is first rendered and not for each item.
    whole: OnceLock<Json>,
}

#[derive(Debug, Clone)]
enum Listed {
    List(Vec<Tree>),
    Map(Vec<(Located<String>, Tree)>),
}

impl Tree {
    pub fn compile(node: &Located<Node>, sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let tree = build(node.clone(), sources, &mut problems);
        if problems.has_errors() {
            return Err(problems);
        }
        Ok(tree)
    }

    /// The same, as far as it can be read, as [`Template::read`].
    pub fn read(node: Located<Node>, sources: &Sources, problems: &mut Problems) -> Self {
        build(node, sources, problems)
    }

    /// A value that is known, as if it had been written out at `span`.
    pub fn of_value(value: &Json, span: Span) -> Self {
        let shape = match value {
            Json::Array(items) => {
                let items = items.iter().map(|item| Self::of_value(item, span));
                Shape::of(Listed::List(items.collect()))
            }
            Json::Object(entries) => {
                let entries = entries.iter().map(|(key, item)| {
                    (Located::new(key.clone(), span), Self::of_value(item, span))
                });
                Shape::of(Listed::Map(entries.collect()))
            }
            scalar => Shape::Scalar(scalar.clone()),
        };
        Self { shape, span }
    }

    /// Names of fields and keys are taken as they are written.
    pub fn read_name(name: &Located<String>, problems: &mut Problems) {
        if syntax::has_template(&name.value) {
            problems.push(
                Problem::error(INVALID, "a name has to be written out")
                    .at(name.span, "a template is not evaluated in a name")
                    .help("make a step for each name, and choose between them with `when`"),
            );
        }
    }

    /// As [`Template::within`], for every template in it.
    #[must_use]
    pub fn within(mut self, names: StepNames<'_>) -> Self {
        self.resolve(names);
        self
    }

    fn resolve(&mut self, names: StepNames<'_>) {
        match &mut self.shape {
            Shape::Scalar(_) => {}
            Shape::Template(template) => template.resolve(names),
            Shape::Parts(parts) => match &mut parts.listed {
                Listed::List(items) => items.iter_mut().for_each(|item| item.resolve(names)),
                Listed::Map(entries) => {
                    for (_, value) in entries {
                        value.resolve(names);
                    }
                }
            },
        }
    }

    fn kind(&self) -> Kind {
        match &self.shape {
            Shape::Scalar(_) => Kind::Literal,
            Shape::Template(_) => Kind::Rendered,
            Shape::Parts(parts) => parts.kind,
        }
    }

    /// The value, if no template stands in it.
    pub fn literal(&self) -> Option<Cow<'_, Json>> {
        match (self.kind(), &self.shape) {
            (Kind::Rendered, _) => None,
            (Kind::Literal, Shape::Scalar(value)) => Some(Cow::Borrowed(value)),
            (Kind::Literal, _) => Some(Cow::Owned(self.written())),
        }
    }

    /// As it is written: of a template, nothing.
    fn written(&self) -> Json {
        match &self.shape {
            Shape::Scalar(value) => value.clone(),
            Shape::Template(_) => Json::Null,
            Shape::Parts(parts) => match &parts.listed {
                Listed::List(items) => items.iter().map(Self::written).collect(),
                Listed::Map(entries) => entries
                    .iter()
                    .map(|(key, item)| (key.value.clone(), item.written()))
                    .collect(),
            },
        }
    }

    /// The value, if it is one and no template: no list and no map.
    pub fn scalar(&self) -> Option<&Json> {
        match &self.shape {
            Shape::Scalar(value) => Some(value),
            Shape::Template(_) | Shape::Parts(_) => None,
        }
    }

    /// The parts of a list, each with its place.
    pub fn list(&self) -> Option<&[Self]> {
        match self.listed()? {
            Listed::List(items) => Some(items),
            Listed::Map(_) => None,
        }
    }

    /// The entries of a map, each with its place.
    pub fn map(&self) -> Option<&[(Located<String>, Self)]> {
        match self.listed()? {
            Listed::Map(entries) => Some(entries),
            Listed::List(_) => None,
        }
    }

    fn listed(&self) -> Option<&Listed> {
        match &self.shape {
            Shape::Parts(parts) => Some(&parts.listed),
            Shape::Scalar(_) | Shape::Template(_) => None,
        }
    }

    /// The template, if the value is exactly one text with templates.
    pub fn template(&self) -> Option<&Template> {
        match &self.shape {
            Shape::Template(template) => Some(template),
            Shape::Scalar(_) | Shape::Parts(_) => None,
        }
    }

    /// The templates in it, as they are written.
    pub fn templates(&self) -> Vec<&Template> {
        let mut all = Vec::new();
        self.gather(&mut all);
        all
    }

    fn gather<'a>(&'a self, all: &mut Vec<&'a Template>) {
        match &self.shape {
            Shape::Scalar(_) => {}
            Shape::Template(template) => all.push(template),
            Shape::Parts(parts) => match &parts.listed {
                Listed::List(items) => items.iter().for_each(|item| item.gather(all)),
                Listed::Map(entries) => entries.iter().for_each(|(_, value)| value.gather(all)),
            },
        }
    }

    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.templates().into_iter().flat_map(Template::references)
    }

    /// Renders the value; parts that say `omit` are left out of their map or list.
    pub fn eval(&self, scope: &Scope) -> Result<Rendered, Failure> {
        let parts = match &self.shape {
            Shape::Scalar(value) => return Ok(Rendered::Value(value.clone())),
            Shape::Template(template) => return template.eval(scope),
            Shape::Parts(parts) => parts,
        };
        if parts.kind == Kind::Literal {
            let whole = parts.whole.get_or_init(|| self.written());
            return Ok(Rendered::Value(whole.clone()));
        }
        Ok(Rendered::Value(match &parts.listed {
            Listed::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    if let Rendered::Value(value) = item.eval(scope)? {
                        list.push(value);
                    }
                }
                Json::Array(list)
            }
            Listed::Map(entries) => {
                let mut map = Map::new();
                for (key, item) in entries {
                    if let Rendered::Value(value) = item.eval(scope)? {
                        map.insert(key.value.clone(), value);
                    }
                }
                Json::Object(map)
            }
        }))
    }
}

fn build(node: Located<Node>, sources: &Sources, problems: &mut Problems) -> Tree {
    let span = node.span;
    let shape = match node.value {
        Node::Text(text) if syntax::has_template(&text) => {
            problems.extend(curly_quotes(&text, span, sources));
            let template = Template::read(Located::new(text, span), sources, problems);
            Shape::Template(Box::new(template))
        }
        Node::Text(text) => {
            problems.extend(curly_quotes(&text, span, sources));
            Shape::Scalar(Json::String(text))
        }
        Node::Unread => Shape::Template(Box::new(Template::unread(span))),
        Node::List(items) => Shape::of(Listed::List(
            items
                .into_iter()
                .map(|item| build(item, sources, problems))
                .collect(),
        )),
        Node::Map(entries) => Shape::of(Listed::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    Tree::read_name(&key, problems);
                    (key, build(value, sources, problems))
                })
                .collect(),
        )),
        scalar @ (Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_)) => {
            Shape::Scalar(scalar.to_json())
        }
    };
    Tree { shape, span }
}

/// `name: “Ann”`, as programs for letters write quotes: they would be sent. A warning.
fn curly_quotes(text: &str, span: Span, sources: &Sources) -> Option<Problem> {
    let inner = text.strip_prefix(['“', '„', '”', '‘', '‚', '’'])?;
    let inner = inner.strip_suffix(['”', '“', '’', '‘'])?;
    // In quotes of YAML they are meant.
    let is_plain = sources
        .text(span)
        .starts_with(|first: char| !first.is_ascii());
    is_plain.then(|| {
        Problem::warning(CURLY_QUOTES, "these quotes are a part of the text")
            .at(span, "none that YAML knows")
            .help(format!(
                "write plain ones, `\"{inner}\"`, or if they are meant, `'{text}'`"
            ))
    })
}

impl Shape {
    fn of(listed: Listed) -> Self {
        let is_literal = match &listed {
            Listed::List(items) => items.iter().all(|item| item.kind() == Kind::Literal),
            Listed::Map(entries) => entries.iter().all(|(_, item)| item.kind() == Kind::Literal),
        };
        Self::Parts(Box::new(Parts {
            listed,
            kind: if is_literal {
                Kind::Literal
            } else {
                Kind::Rendered
            },
            whole: OnceLock::new(),
        }))
    }
}
