//! A value of a playbook in which templates may stand at any depth.

use serde_json::Map;
use serde_json::Value as Json;

use super::references::Reference;
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
    pub span: Span,
}

#[derive(Debug, Clone)]
enum Shape {
    /// No template in it or below it.
    Literal(Json),
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

    /// The value, if no template stands in it.
    pub fn literal(&self) -> Option<&Json> {
        match &self.shape {
            Shape::Literal(value) => Some(value),
            Shape::Template(_) | Shape::List(_) | Shape::Map(_) => None,
        }
    }

    /// The template, if the value is exactly one text with templates.
    pub fn template(&self) -> Option<&Template> {
        match &self.shape {
            Shape::Template(template) => Some(template),
            Shape::Literal(_) | Shape::List(_) | Shape::Map(_) => None,
        }
    }

    pub fn templates(&self) -> Vec<&Template> {
        match &self.shape {
            Shape::Literal(_) => Vec::new(),
            Shape::Template(template) => vec![template],
            Shape::List(items) => items.iter().flat_map(Self::templates).collect(),
            Shape::Map(entries) => entries
                .iter()
                .flat_map(|(_, value)| value.templates())
                .collect(),
        }
    }

    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.templates().into_iter().flat_map(Template::references)
    }

    /// Renders the value; parts that say `omit` are left out of their map or list.
    pub fn eval(&self, scope: &Scope) -> Result<Rendered, Failure> {
        Ok(Rendered::Value(match &self.shape {
            Shape::Literal(value) => value.clone(),
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
                Ok(template) if template.is_plain() => Shape::Literal(Json::from(text.as_str())),
                Ok(template) => Shape::Template(Box::new(template)),
                Err(problem) => {
                    problems.push(problem);
                    Shape::Literal(Json::Null)
                }
            }
        }
        Node::List(items) => {
            let items: Vec<Tree> = items
                .iter()
                .map(|item| build(item, sources, problems))
                .collect();
            if items.iter().all(|item| item.literal().is_some()) {
                Shape::Literal(node.value.to_json())
            } else {
                Shape::List(items)
            }
        }
        Node::Map(entries) => {
            let entries: Vec<(Located<String>, Tree)> = entries
                .iter()
                .map(|(key, value)| (key.clone(), build(value, sources, problems)))
                .collect();
            if entries.iter().all(|(_, value)| value.literal().is_some()) {
                Shape::Literal(node.value.to_json())
            } else {
                Shape::Map(entries)
            }
        }
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {
            Shape::Literal(node.value.to_json())
        }
    };
    Tree {
        shape,
        span: node.span,
    }
}
