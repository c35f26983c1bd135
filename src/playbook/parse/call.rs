//! `call`: any other endpoint, by method and path.

use super::super::ast::CallArgs;
use super::super::ast::CallMethod;
use super::super::ast::Fields;
use super::super::code;
use super::super::node::Node;
use super::arguments::Arguments;
use super::reader::is_template;
use super::reader::wants;
use crate::diag::Located;
use crate::diag::Problem;
use crate::wire::RestPath;
use crate::wire::WriteMethod;

const METHODS: [(&str, CallMethod); 5] = [
    ("get", CallMethod::Get),
    ("post", CallMethod::Changing(WriteMethod::Post)),
    ("put", CallMethod::Changing(WriteMethod::Put)),
    ("patch", CallMethod::Changing(WriteMethod::Patch)),
    ("delete", CallMethod::Changing(WriteMethod::Delete)),
];

impl Arguments<'_, '_> {
    pub(super) fn call(&mut self, subject: &Located<Node>) -> Option<CallArgs> {
        let nothing = self.nothing(subject);
        let (method, path) = (self.call_method(), self.path());
        let (query, body) = (self.query(), self.body());
        if let (Some(CallMethod::Get), Ok(Some(body))) = (method, &body) {
            let problem = Problem::error(code::MISPLACED_KEY, "`body` does not go with `get`")
                .at(body.span, "is never sent")
                .help("a `get` asks by its path and its `query`");
            self.reader.report(problem);
        }
        nothing?;
        let (path, sweeping) = path?;
        Some(CallArgs {
            method: method?,
            path,
            sweeping,
            query: query?,
            body: body.ok()?,
        })
    }

    /// As people write methods: `GET` as well as `get`.
    fn call_method(&mut self) -> Option<CallMethod> {
        let mut node = self.take("method")?;
        if let Node::Text(text) = &mut node.value
            && !is_template(text)
            && text.chars().all(|letter| letter.is_ascii_uppercase())
        {
            text.make_ascii_lowercase();
        }
        self.reader.choice("method", &node, &METHODS)
    }

    /// What can be seen to be wrong is said now; what templates make of it is judged when they are evaluated.
    fn path(&mut self) -> Option<(Located<Node>, Option<&'static str>)> {
        let node = self.take("path")?;
        let seen = match &node.value {
            Node::Text(text) => match seen(text) {
                Some(text) => RestPath::parse(&text),
                None => return Some((node, None)),
            },
            Node::List(parts) => match parts.iter().map(part).collect() {
                Some(parts) => RestPath::of_parts(parts),
                None => return self.not_a_path(&node),
            },
            _ => return self.not_a_path(&node),
        };
        match seen {
            Ok(path) => Some((node, path.sweeping())),
            Err(error) => {
                let problem = Problem::error(code::INVALID_PARAMETER, error.to_string())
                    .at(node.span, "cannot be called")
                    .help(error.help());
                self.reader.report(problem);
                None
            }
        }
    }

    fn not_a_path<T>(&mut self, node: &Located<Node>) -> Option<T> {
        let problem = wants("path", "a path, or a list of its parts", node).help(
            "such as `/Accounts/duplicateCheck` or `[Accounts, sync_key, \"{{ item.code }}\"]`",
        );
        self.reader.report(problem);
        None
    }

    fn query(&mut self) -> Option<Fields> {
        match self.take("query") {
            None => Some(Fields::new()),
            Some(Located {
                value: Node::Map(entries),
                ..
            }) => Some(entries),
            Some(node) => {
                let problem = wants("query", "a map of names and values", &node)
                    .help("such as `{ max_num: 5, fields: name }`");
                self.reader.report(problem);
                None
            }
        }
    }

    /// None is fine; one that cannot be sent is not, and is reported.
    fn body(&mut self) -> Result<Option<Located<Node>>, ()> {
        let Some(node) = self.take("body") else {
            return Ok(None);
        };
        match &node.value {
            Node::Map(_) | Node::List(_) => Ok(Some(node)),
            Node::Text(text) if is_template(text) => Ok(Some(node)),
            _ => {
                let problem = wants("body", "a map or a list", &node)
                    .help("such as `{ name: \"{{ item.name }}\" }`; it is sent as JSON");
                self.reader.report(problem);
                Err(())
            }
        }
    }
}

/// A path with something in the place of each template; nothing where not even its parts can be seen.
fn seen(text: &str) -> Option<String> {
    const ANYTHING: &str = "x";
    if text.contains("{%") || text.contains("{#") {
        return None;
    }
    let mut seen = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (_, after) = behind.split_once("}}")?;
        seen.push_str(before);
        seen.push_str(ANYTHING);
        rest = after;
    }
    seen.push_str(rest);
    Some(seen)
}

fn part(node: &Located<Node>) -> Option<String> {
    match &node.value {
        Node::Text(text) => seen(text).or_else(|| Some("x".to_owned())),
        Node::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
