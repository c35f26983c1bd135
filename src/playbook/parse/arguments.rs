//! The arguments of a verb, taken out of its step one by one.

use super::super::ast::Assume;
use super::super::ast::FilterMethod;
use super::super::language::Verb;
use super::super::language::find;
use super::super::node::Node;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::is_template;
use super::reader::wants;
use super::verb::missing_argument;
use crate::diag::Located;
use crate::diag::Span;

const METHODS: [(&str, FilterMethod); 2] =
    [("get", FilterMethod::Get), ("post", FilterMethod::Post)];

pub(super) struct Arguments<'a, 's> {
    pub(super) reader: &'a mut Reader<'s>,
    pub(super) entries: &'a mut Entries,
    pub(super) verb: &'static Verb,
    pub(super) verb_span: Span,
    pub(super) are_below: bool,
}

impl Arguments<'_, '_> {
    /// An argument by its name; if the table calls it required and it is missing, that is reported.
    pub(super) fn take(&mut self, name: &str) -> Option<Located<Node>> {
        let key = find(self.verb.arguments, name)
            .expect("the table holds every argument the parser asks for");
        let value = self.entries.take(name);
        if value.is_none() && key.is_required() && !self.are_below {
            self.reader
                .report(missing_argument(self.verb, key, self.verb_span));
        }
        value
    }

    /// The module behind the verb.
    pub(super) fn module(&mut self, subject: Located<Node>) -> Option<Located<String>> {
        let verb = self.verb.name;
        let help = match &subject.value {
            Node::Text(_) => return self.reader.plain_text(verb, subject),
            Node::Map(entries) => {
                let module = entries.iter().find(|(key, _)| key.value == "module");
                let module = match module {
                    Some((_, module)) => self.reader.written(module.span),
                    None => "Accounts",
                };
                format!("write `{verb}: {module}`, and its arguments beside `{verb}`, not below it")
            }
            _ => format!("such as `{verb}: Accounts`"),
        };
        let problem = wants(verb, "the name of a module", &subject).help(help);
        self.reader.report(problem);
        None
    }

    pub(super) fn nothing(&mut self, subject: &Located<Node>) -> Option<()> {
        match &subject.value {
            Node::Null => return Some(()),
            Node::Map(entries) if entries.is_empty() => return Some(()),
            _ => {}
        }
        let verb = self.verb.name;
        let message = format!("`{verb}` takes no value");
        let help = match subject.value {
            Node::Map(_) if !self.verb.arguments.is_empty() => {
                format!("write `{verb}: {{}}`, and its arguments beside `{verb}`, not below it")
            }
            _ => format!("write `{verb}: {{}}`"),
        };
        self.reader
            .invalid(subject.span, message, "not wanted", help);
        None
    }

    pub(super) fn name(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.take(name)?;
        self.reader.plain_text(name, node)
    }

    pub(super) fn through(&mut self) -> Option<Located<String>> {
        self.name("through")
    }

    pub(super) fn names(&mut self, name: &'static str) -> Option<Vec<Located<String>>> {
        let node = self.take(name)?;
        let names = self.reader.plain_texts(name, node)?;
        if let Some(all) = names.iter().find(|name| name.value == "*") {
            let message = format!("`{name}` has no sign for all of them");
            let help = match name {
                "fields" => "leave `fields` out: all that later steps use are read".to_owned(),
                _ => format!("leave `{name}` out"),
            };
            self.reader
                .invalid(all.span, message, "a name is wanted", help);
            return None;
        }
        Some(names)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<Located<String>> {
        let node = self.take(name)?;
        self.reader.text(name, node)
    }

    pub(super) fn limit(&mut self) -> Option<Located<u64>> {
        let node = self.take("limit")?;
        self.reader.whole("limit", &node, 1)
    }

    pub(super) fn method(&mut self) -> FilterMethod {
        self.take("method")
            .and_then(|node| self.reader.choice("method", &node, &METHODS))
            .unwrap_or_default()
    }

    pub(super) fn assume(&mut self) -> Assume {
        self.take("assume")
            .and_then(|node| self.reader.choice("assume", &node, &[("new", Assume::New)]))
            .unwrap_or_default()
    }

    /// Of one that is missing it is told, and the rest of the step is judged as if it were there.
    pub(super) fn record(&mut self) -> Located<Node> {
        match self.take("record") {
            Some(node) => self.id("record", node),
            None => Located::new(Node::Unread, self.verb_span),
        }
    }

    /// An id is text, whatever YAML takes `1` for.
    pub(super) fn id(&mut self, name: &str, node: Located<Node>) -> Located<Node> {
        match node.value {
            Node::Text(ref text) if !text.trim().is_empty() => node,
            Node::Int(_) => {
                let written = self.reader.written(node.span).to_owned();
                Located::new(Node::Text(written), node.span)
            }
            _ => {
                let problem =
                    wants(name, "the id of a record", &node).help("such as `\"{{ item.id }}\"`");
                self.reader.report(problem);
                Located::new(Node::Unread, node.span)
            }
        }
    }

    pub(super) fn condition(&mut self) -> Option<Located<Node>> {
        let node = self.take("where")?;
        match &node.value {
            Node::Map(_) | Node::List(_) => Some(node),
            Node::Text(text) if is_template(text) => Some(node),
            _ => {
                let problem = wants("where", "a filter: a map, or a list of maps", &node)
                    .help("such as `{ status: New }` or `{ amount: { $gt: 1000 } }`");
                self.reader.report(problem);
                Some(Located::new(Node::Unread, node.span))
            }
        }
    }

    /// One expression, or a list of them.
    pub(super) fn conditions(&mut self, subject: Located<Node>) -> Option<Vec<Located<String>>> {
        let verb = self.verb.name;
        match subject.value {
            Node::List(items) if items.is_empty() => {
                let help = "such as `\"{{ steps.stale.count > 0 }}\"`".to_owned();
                let message = format!("`{verb}` asserts nothing");
                self.reader
                    .invalid(subject.span, message, "an empty list", help);
                None
            }
            Node::List(items) => Some(
                items
                    .into_iter()
                    .filter_map(|item| self.reader.expression(verb, item))
                    .collect(),
            ),
            _ => Some(self.reader.expression(verb, subject).into_iter().collect()),
        }
    }
}
