//! Names that templates can write: step ids, vars, items.

use super::super::code;
use super::super::language::STEP;
use super::super::language::find;
use super::super::node::Node;
use super::entries::empty;
use super::reader::Reader;
use crate::diag::Located;
use crate::diag::Problem;

/// Names that mean something else in a template. Step ids and vars stand behind a dot (`steps.x`, `vars.x`), so that only
/// the name of an item can collide with them.
const TAKEN: &[&str] = &[
    "and", "days", "e164", "else", "false", "for", "group", "hours", "if", "in", "is", "jsonpath",
    "loop", "lookup", "minutes", "none", "not", "now", "null", "omit", "or", "self", "seconds",
    "slug", "steps", "super", "today", "true", "uuid5", "vars", "weeks",
];

impl Reader<'_> {
    pub(super) fn step_id(&mut self, node: Located<Node>) -> Option<Located<String>> {
        if node.value == Node::Null
            && let Some(key) = find(STEP, "id")
        {
            empty(self, key, node.span);
            return None;
        }
        let id = self.text("id", node)?;
        self.named("a step", &id);
        Some(id)
    }

    /// `[a-z][a-z0-9_]*`. Another name is reported, and is one all the same for those that use it.
    pub(super) fn named(&mut self, what: &str, name: &Located<String>) {
        if is_name(&name.value) {
            return;
        }
        let message = format!("`{}` cannot be the name of {what}", name.value);
        let help = match as_name(&name.value) {
            Some(suggestion) => format!("templates could not write it; `{suggestion}` would do"),
            None => "a name begins with a letter".to_owned(),
        };
        let problem = Problem::error(code::INVALID_NAME, message)
            .at(name.span, "wants small letters, digits and `_`")
            .help(help);
        self.report(problem);
    }

    /// The name of an item, which stands alone in templates.
    pub(super) fn item_name(&mut self, node: Located<Node>) -> Option<Located<String>> {
        let name = self.text("as", node)?;
        self.named("an item", &name);
        if !TAKEN.contains(&name.value.as_str()) {
            return Some(name);
        }
        let message = format!("`{}` means something else in templates", name.value);
        let problem = Problem::error(code::INVALID_NAME, message)
            .at(name.span, "cannot be the name of an item")
            .help("choose another name, such as `item` or `row`");
        self.report(problem);
        None
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The nearest text that is a name.
fn as_name(text: &str) -> Option<String> {
    let mut name = String::new();
    for character in text.trim().chars() {
        match character.to_ascii_lowercase() {
            kept if kept.is_ascii_lowercase() || kept.is_ascii_digit() => name.push(kept),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_matches('_');
    is_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_templates_can_write() {
        assert!(is_name("a"));
        assert!(is_name("owner_2"));
        for text in ["", "2nd", "_x", "Owner", "hand-over", "ä", "a b"] {
            assert!(!is_name(text), "{text}");
        }
        assert_eq!(as_name("Hand-over (1)"), Some("hand_over_1".into()));
        assert_eq!(as_name("2nd"), None);
    }
}
