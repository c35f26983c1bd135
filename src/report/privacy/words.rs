//! The words of templates. Plain text is no template, and its words say what they say.

use std::collections::BTreeSet;

use crate::playbook::Node;

/// The words of all templates in a value.
pub(super) fn words_of(node: &Node) -> BTreeSet<String> {
    match node {
        Node::Text(text) if is_template(text) => words(text),
        Node::List(items) => items
            .iter()
            .flat_map(|item| words_of(&item.value))
            .collect(),
        Node::Map(entries) => entries
            .iter()
            .flat_map(|(_, value)| words_of(&value.value))
            .collect(),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::Text(_)
        | Node::Unread => BTreeSet::new(),
    }
}

pub(super) fn words(text: &str) -> BTreeSet<String> {
    each(text).map(str::to_owned).collect()
}

/// The columns of an item that a template uses: the words right behind its name.
pub(super) fn columns(node: &Node, item: &str) -> BTreeSet<String> {
    let Node::Text(text) = node else {
        return BTreeSet::new();
    };
    if !is_template(text) {
        return BTreeSet::new();
    }
    let words: Vec<&str> = each(text).collect();
    words
        .windows(2)
        .filter(|pair| pair[0] == item)
        .map(|pair| pair[1].to_owned())
        .collect()
}

fn each(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.starts_with('$')
}
