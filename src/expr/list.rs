//! `for_each` over a template or a JSONPath: a list of items, walked without being copied where that can be.

use minijinja::Value;
use minijinja::value::ValueIter;
use minijinja::value::ValueKind;
use serde_json::Map;
use serde_json::Value as Json;

use super::objects::Item;
use super::objects::Steps;
use super::path::Path;
use super::results::ItemSource;
use super::scope::Failure;
use super::scope::Scope;
use super::template::Template;
use super::value;

/// Items in their order. Those of `.items` stay references; others are values.
pub struct ItemList<'a> {
    scope: &'a Scope,
    walk: ValueIter,
}

impl<'a> ItemList<'a> {
    /// Evaluates a template that must give a list.
    pub fn of_template(template: &Template, scope: &'a Scope) -> Result<Self, Failure> {
        let value = template.value(scope)?;
        // Asking for the length makes an invalid value speak.
        if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            let message = match value.kind() {
                ValueKind::Invalid | ValueKind::Undefined => "the value is undefined".to_owned(),
                kind => format!("`for_each` needs a list, and this is a {kind}"),
            };
            return Err(scope.failure(message, Some(template.span())));
        }
        Self::walk(&value, scope)
    }

    /// Runs a JSONPath over `{"steps": …, "vars": …}`, of which only what the path begins with is read.
    pub fn of_path(path: &Path, scope: &'a Scope) -> Result<Self, Failure> {
        let names = path.leading_names();
        let wanted = if names.first() == Some(&"steps") {
            3
        } else {
            1
        };
        let wanted = wanted + includes_named(&names, scope)?;
        if names.len() < wanted {
            let message = "a JSONPath of `for_each` begins with a result: `$.steps.NAME.records…`";
            return Err(scope.failure(message.into(), None));
        }
        // What a JSONPath finds is a copy: it would not remember whose result it is, and nobody would wait for it.
        if names.get(wanted - 1) == Some(&"items") {
            let message = "a JSONPath reads `records`, `ids` or `selected`; go through `items` with a template: \
                           `{{ steps.NAME.items }}`, and choose with `when`";
            return Err(scope.failure(message.into(), None));
        }
        let names = &names[..wanted];
        let mut inner = scope.context.clone();
        for name in names {
            inner = attribute(&inner, name, scope)?;
        }
        let json =
            value::to_json(&inner).map_err(|error| scope.failure(error.to_string(), None))?;
        let document = names.iter().rev().fold(json, |inner, name| {
            Json::Object(Map::from_iter([((*name).to_owned(), inner)]))
        });
        let found: Value = path.find(&document).iter().map(value::from_json).collect();
        Self::walk(&found, scope)
    }

    fn walk(value: &Value, scope: &'a Scope) -> Result<Self, Failure> {
        let walk = value
            .try_iter()
            .map_err(|error| scope.failure(error.to_string(), None))?;
        Ok(Self { scope, walk })
    }
}

/// How many of the names behind `steps` are includes, which stand before the step.
fn includes_named(names: &[&str], scope: &Scope) -> Result<usize, Failure> {
    let mut count = 0;
    let Some((&"steps", behind)) = names.split_first() else {
        return Ok(count);
    };
    let mut inner = attribute(&scope.context, "steps", scope)?;
    for name in behind {
        inner = attribute(&inner, name, scope)?;
        if inner.downcast_object_ref::<Steps>().is_none() {
            break;
        }
        count += 1;
    }
    Ok(count)
}

fn attribute(of: &Value, name: &str, scope: &Scope) -> Result<Value, Failure> {
    of.get_attr(name)
        .map_err(|error| scope.failure(error.to_string(), None))
}

impl Iterator for ItemList<'_> {
    type Item = Result<ItemSource, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = self.walk.next()?;
        if let Some(item) = value.downcast_object_ref::<Item>() {
            return Some(Ok(ItemSource::Item {
                step: item.step,
                index: item.index,
            }));
        }
        let json =
            value::to_json(&value).map_err(|error| self.scope.failure(error.to_string(), None));
        Some(json.map(ItemSource::Value))
    }
}
