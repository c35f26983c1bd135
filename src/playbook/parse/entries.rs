//! A map, taken apart key by key; what is left over is unknown.

use std::collections::HashMap;
use std::ops::Range;

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
    /// Of keys that stand twice, what only one of the two can be.
    twice: Vec<Entry>,
}

pub(super) type Entry = (Located<String>, Located<Node>);

impl Entries {
    /// The entries of a map; anything else is reported.
    pub(super) fn of(reader: &mut Reader<'_>, name: &str, node: Located<Node>) -> Option<Self> {
        let span = node.span;
        match node.value {
            Node::Map(entries) => {
                let (entries, twice) = if reader.is_whole() {
                    (entries, Vec::new())
                } else {
                    joined(entries)
                };
                Some(Self {
                    span,
                    entries: entries.into_iter().map(Some).collect(),
                    twice,
                })
            }
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

    /// From a key that has not been taken yet to the next one.
    pub(super) fn extent(&self, name: &str) -> Option<Range<usize>> {
        let begins = || self.keys().map(|key| key.span.start());
        let start = self.keys().find(|key| key.value == name)?.span.start();
        let end = begins().filter(|begin| *begin > start).min();
        Some(start..end.unwrap_or(usize::MAX))
    }

    /// What has not been taken yet.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Located<String>> {
        self.entries.iter().flatten().map(|(key, _)| key)
    }

    /// Keys that stand twice, with the second of what only one of the two can be.
    pub(super) fn twice(&self) -> impl Iterator<Item = &Entry> {
        self.twice.iter()
    }

    /// Reports misspelt keys, and takes each for the one that was meant, so that what stands behind it is judged too.
    pub(super) fn mend<'k>(
        &mut self,
        reader: &mut Reader<'_>,
        owner: &str,
        known: &(impl Iterator<Item = &'k str> + Clone),
    ) {
        self.mend_all_but(|_| false, reader, owner, known);
    }

    /// The same, but for keys that are meant as they are.
    pub(super) fn mend_all_but<'k>(
        &mut self,
        is_meant: impl Fn(&str) -> bool,
        reader: &mut Reader<'_>,
        owner: &str,
        known: &(impl Iterator<Item = &'k str> + Clone),
    ) {
        for place in 0..self.entries.len() {
            let Some((key, value)) = &self.entries[place] else {
                continue;
            };
            if known.clone().any(|name| name == key.value) || is_meant(&key.value) {
                continue;
            }
            if let Some(name) = meant(&key.value, known.clone())
                && !self.keys().any(|key| key.value == name)
            {
                reader.report(unknown_key(key, owner, known.clone()));
                // If something else was meant, it is no wonder that the value does not suit.
                reader.say_no_more_of(value.span);
                self.rename(place, name);
            }
        }
    }

    /// The texts that stand behind keys.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let values = self.entries.iter().flatten().map(|(_, value)| &value.value);
        values.filter_map(|value| match value {
            Node::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Adds a key that stands under another name, unless it is there.
    pub(super) fn add(&mut self, entry: Entry) {
        if !self.keys().any(|key| key.value == entry.0.value) {
            self.entries.push(Some(entry));
        }
    }

    /// Takes a key for another.
    pub(super) fn read_as(&mut self, written: &str, name: &str) {
        let place = self
            .entries
            .iter()
            .position(|entry| matches!(entry, Some((key, _)) if key.value == written));
        if let Some(place) = place {
            self.rename(place, name);
        }
    }

    fn rename(&mut self, place: usize, name: &str) {
        if let Some((key, _)) = &mut self.entries[place] {
            name.clone_into(&mut key.value);
        }
    }

    /// A key that must be there; if it is not, that is reported where the map begins.
    pub(super) fn require(
        &mut self,
        reader: &mut Reader<'_>,
        owner: &str,
        key: &Key,
    ) -> Option<Located<Node>> {
        let value = self.take(key.name);
        match &value {
            None => reader.report(missing(owner, key, self.span)),
            Some(node) if node.value == Node::Null => empty(reader, key, node.span),
            Some(_) => {}
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

/// A key that must be there, with nothing behind it.
pub(super) fn empty(reader: &mut Reader<'_>, key: &Key, place: Span) {
    let problem = Problem::error(
        code::INVALID_PARAMETER,
        format!("`{}` has no value", key.name),
    )
    .at(place, "there is nothing here")
    .help(format!("write a value: {}", key.help));
    reader.report(problem);
    reader.say_no_more_of(place);
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
    let help = match meant(&key.value, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("{owner} takes {}", all_of(known)),
    };
    Problem::error(code::UNKNOWN_KEY, format!("unknown key `{}`", key.value))
        .at(key.span, format!("not a key of {owner}"))
        .help(help)
}

/// The key that was meant. What another tool calls it is more certain than what looks like it.
fn meant<'k>(written: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    other_word(written, known.clone()).or_else(|| nearest(written, known))
}

/// Keys that stand twice become one, where their lists or maps can be joined.
fn joined(entries: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(entries.len());
    let (mut once, mut twice): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    for (key, value) in entries {
        let Some(place) = places.get(&key.value) else {
            places.insert(key.value.clone(), once.len());
            once.push((key, value));
            continue;
        };
        match (&mut once[*place].1.value, value) {
            (
                Node::Map(first),
                Located {
                    value: Node::Map(second),
                    ..
                },
            ) => first.extend(second),
            (
                Node::List(first),
                Located {
                    value: Node::List(second),
                    ..
                },
            ) => first.extend(second),
            (_, value) => twice.push((key, value)),
        }
    }
    (once, twice)
}

/// What another tool calls one of the known keys.
fn other_word<'k>(written: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (_, ours) = OTHER_WORDS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(written))?;
    known.find(|name| name == ours)
}
