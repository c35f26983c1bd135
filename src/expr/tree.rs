//! A value of a playbook in which templates may stand at any depth.

use serde_json::Map;
use serde_json::Value as Json;

use super::references::Reference;
use super::references::StepNames;
use super::scope::Failure;
use super::scope::Scope;
use super::template::Rendered;
use super::template::Template;
use crate::diag::Located;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::playbook::Node;

#[derive(Debug, Clone)]
pub struct Tree {
    shape: Shape,
    /// The whole value where no template stands in it or below it, so that it is made once and not for each item.
    literal: Option<Json>,
    pub span: Span,
}

#[derive(Debug, Clone)]
enum Shape {
    /// A number, a boolean, null or text without a template.
    Scalar,
    Template(Box<Template>),
    List(Vec<Tree>),
    Map(Vec<(Located<String>, Tree)>),
}

impl Tree {
    pub fn compile(node: &Located<Node>, sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let tree = build(node, sources, &mut problems);
        if problems.is_empty() {
            Ok(tree)
        } else {
            Err(problems)
        }
    }

    /// As [`Template::within`], for every template in it.
    #[must_use]
    pub fn within(mut self, names: StepNames<'_>) -> Self {
        self.shape = match self.shape {
            Shape::Scalar => Shape::Scalar,
            Shape::Template(template) => Shape::Template(Box::new(template.within(names))),
            Shape::List(items) => {
                Shape::List(items.into_iter().map(|item| item.within(names)).collect())
            }
            Shape::Map(entries) => Shape::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, value.within(names)))
                    .collect(),
            ),
        };
        self
    }

    /// The value, if no template stands in it.
    pub fn literal(&self) -> Option<&Json> {
        self.literal.as_ref()
    }

    /// The parts of a list, each with its place.
    pub fn list(&self) -> Option<&[Self]> {
        match &self.shape {
            Shape::List(items) => Some(items),
            Shape::Scalar | Shape::Template(_) | Shape::Map(_) => None,
        }
    }

    /// The entries of a map, each with its place.
    pub fn map(&self) -> Option<&[(Located<String>, Self)]> {
        match &self.shape {
            Shape::Map(entries) => Some(entries),
            Shape::Scalar | Shape::Template(_) | Shape::List(_) => None,
        }
    }

    /// The template, if the value is exactly one text with templates.
    pub fn template(&self) -> Option<&Template> {
        match &self.shape {
            Shape::Template(template) => Some(template),
            Shape::Scalar | Shape::List(_) | Shape::Map(_) => None,
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
            Shape::Scalar => {}
            Shape::Template(template) => all.push(template),
            Shape::List(items) => items.iter().for_each(|item| item.gather(all)),
            Shape::Map(entries) => entries.iter().for_each(|(_, value)| value.gather(all)),
        }
    }

    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.templates().into_iter().flat_map(Template::references)
    }

    /// Renders the value; parts that say `omit` are left out of their map or list.
    pub fn eval(&self, scope: &Scope) -> Result<Rendered, Failure> {
        if let Some(value) = &self.literal {
            return Ok(Rendered::Value(value.clone()));
        }
        Ok(Rendered::Value(match &self.shape {
            Shape::Scalar => Json::Null,
            Shape::Template(template) => return template.eval(scope),
            Shape::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    if let Rendered::Value(value) = item.eval(scope)? {
                        list.push(value);
                    }
                }
                Json::Array(list)
            }
            Shape::Map(entries) => {
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

fn build(node: &Located<Node>, sources: &Sources, problems: &mut Problems) -> Tree {
    let shape = match &node.value {
        Node::Text(text) => {
            match Template::compile(&Located::new(text.clone(), node.span), sources) {
                Ok(template) if template.is_plain() => Shape::Scalar,
                Ok(template) => Shape::Template(Box::new(template)),
                Err(problem) => {
                    problems.push(problem);
                    Shape::Scalar
                }
            }
        }
        Node::List(items) => Shape::List(
            items
                .iter()
                .map(|item| build(item, sources, problems))
                .collect(),
        ),
        Node::Map(entries) => Shape::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), build(value, sources, problems)))
                .collect(),
        ),
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => Shape::Scalar,
    };
    let is_literal = match &shape {
        Shape::Scalar => true,
        Shape::Template(_) => false,
        Shape::List(items) => items.iter().all(|item| item.literal.is_some()),
        Shape::Map(entries) => entries.iter().all(|(_, value)| value.literal.is_some()),
    };
    Tree {
        shape,
        literal: is_literal.then(|| node.value.to_json()),
        span: node.span,
    }
}
