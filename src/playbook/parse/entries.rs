//! A map, taken apart key by key; what is left over is unknown.

use super::super::code;
use super::super::language::Key;
use super::super::language::OTHER_WORDS;
use super::super::node::Node;
use super::reader::Reader;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;
use crate::diag::all_of;
use crate::diag::nearest;

pub(super) struct Entries {
    pub(super) span: Span,
    entries: Vec<Option<Entry>>,
}

pub(super) type Entry = (Located<String>, Located<Node>);

impl Entries {
    /// The entries of a map; anything else is reported.
    pub(super) fn of(reader: &mut Reader<'_>, name: &str, node: Located<Node>) -> Option<Self> {
        let span = node.span;
        match node.value {
            Node::Map(entries) => Some(Self {
                span,
                entries: entries.into_iter().map(Some).collect(),
            }),
            value => {
                reader.wrong_kind(name, "a map", &Located::new(value, span));
                None
            }
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Located<Node>> {
        self.take_entry(name).map(|(_, value)| value)
    }

    pub(super) fn take_entry(&mut self, name: &str) -> Option<Entry> {
        self.entries
            .iter_mut()
            .find(|entry| matches!(entry, Some((key, _)) if key.value == name))
            .and_then(Option::take)
    }

    /// What has not been taken yet.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Located<String>> {
        self.entries.iter().flatten().map(|(key, _)| key)
    }

    /// Whether a key looks like this one. It will be reported as unknown, which is mistake enough.
    pub(super) fn has_misspelt(&self, name: &str) -> bool {
        self.keys().any(|key| {
            nearest(&key.value, [name]).is_some()
                || other_word(&key.value, [name].into_iter()).is_some()
        })
    }

    /// A key that must be there; if it is not, that is reported where the map begins.
    pub(super) fn require(
        &mut self,
        reader: &mut Reader<'_>,
        owner: &str,
        key: &Key,
    ) -> Option<Located<Node>> {
        let value = self.take(key.name);
        if value.is_none() && !self.has_misspelt(key.name) {
            reader.report(missing(owner, key, self.span));
        }
        value
    }

    /// Everything known has been taken: the rest are mistakes.
    pub(super) fn finish(self, reader: &mut Reader<'_>, owner: &str, known: &[Key]) {
        for (key, _) in self.entries.into_iter().flatten() {
            reader.report(unknown_key(&key, owner, known.iter().map(|key| key.name)));
        }
    }
}

pub(super) fn missing(owner: &str, key: &Key, span: Span) -> Problem {
    Problem::error(
        code::MISSING_PARAMETER,
        format!("{owner} wants `{}`", key.name),
    )
    .at(span, format!("no `{}` here", key.name))
    .help(format!("add `{}`: {}", key.name, key.help))
}

/// An unknown key, with the nearest real one, else all there are.
pub(super) fn unknown_key<'k>(
    key: &Located<String>,
    owner: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Problem {
    // What another tool calls it is more certain than what looks like it.
    let meant =
        other_word(&key.value, known.clone()).or_else(|| nearest(&key.value, known.clone()));
    let help = match meant {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("{owner} takes {}", all_of(known)),
    };
    Problem::error(code::UNKNOWN_KEY, format!("unknown key `{}`", key.value))
        .at(key.span, format!("not a key of {owner}"))
        .help(help)
}

/// What another tool calls one of the known keys.
fn other_word<'k>(written: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (_, ours) = OTHER_WORDS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(written))?;
    known.find(|name| name == ours)
}
