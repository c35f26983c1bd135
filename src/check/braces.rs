//! Text that is the name of a value without the braces of a template: it would be sent as it stands. A warning.

use super::known::Known;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::playbook::Node;

const NO_BRACES: Code = Code("no_braces");

/// Gathers the texts in a value that are nothing but a path, such as `item.name`, in braces of another language or in none.
pub(super) fn gather(node: &Located<Node>, found: &mut Vec<Located<String>>) {
    match &node.value {
        Node::Text(text) => {
            found.extend(path(text).map(|path| Located::new(path.to_owned(), node.span)));
        }
        Node::List(items) => items.iter().for_each(|item| gather(item, found)),
        Node::Map(entries) => entries.iter().for_each(|(_, value)| gather(value, found)),
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Unread => {}
    }
}

/// What people write in place of two braces, in other languages too.
const BRACES: &[(&str, &str)] = &[
    ("${", "}"),
    ("%{", "}"),
    ("<%=", "%>"),
    ("{ {", "} }"),
    ("{", "}"),
    ("[[", "]]"),
];

/// The path that a text is, if it is one.
pub(super) fn path(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = BRACES
        .iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .map_or(text, str::trim);
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    (inner.contains('.') && inner.split('.').all(is_name)).then_some(inner)
}

/// Warns of those that would lead to something if they stood in braces. `item` is what an item is called there, if there is
/// any.
pub(super) fn warn(
    texts: impl IntoIterator<Item = Located<String>>,
    item: Option<&str>,
    known: &Known<'_>,
    id: Option<&str>,
    problems: &mut Problems,
) {
    for text in texts {
        let Some((root, behind)) = text.value.split_once('.') else {
            continue;
        };
        let name = behind.split('.').next().unwrap_or_default();
        let leads_somewhere = match root {
            "steps" => known.has_step(name),
            "vars" => known.vars.contains(name),
            root => item == Some(root),
        };
        if leads_somewhere {
            let problem =
                Problem::warning(NO_BRACES, format!("`{}` is taken as text here", text.value))
                    .at(text.span, "no template without braces")
                    .help(format!(
                        "for what it leads to, write `\"{{{{ {} }}}}\"`",
                        text.value
                    ));
            problems.push(match id {
                Some(id) => problem.step(id),
                None => problem,
            });
        }
    }
}
