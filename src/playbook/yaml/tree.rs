//! Pieces to nodes: extents, merged and duplicate keys, keys that are no text, numbers that cannot be kept.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;

use super::super::code;
use super::super::node::Node;
use super::extent::Extent;
use super::extent::Placed;
use super::fault;
use super::patch;
use super::patch::Patched;
use super::source::Piece;
use super::source::Raw;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Span;

/// A document, and what of it could not be read.
#[derive(Debug)]
pub struct Document {
    pub root: Located<Node>,
    /// Each at its place. Keys that stand in a map twice are both there.
    pub problems: Problems,
    /// Where [`Node::Unread`] stands.
    pub unread: HashSet<Span>,
    /// Where lines stood that were left out.
    pub lines: Vec<Span>,
}

pub(super) fn tree(source: SourceId, text: &str) -> Result<Document, Problems> {
    let Patched {
        piece,
        text,
        problems,
        holes,
        lines,
    } = patch::parse(source, text)?;
    let mut reader = Reader {
        source,
        text: &text,
        problems,
        holes,
        lines,
        unread: HashSet::new(),
    };
    let root = reader.node(piece).located();
    Ok(Document {
        root,
        problems: each_once(reader.problems),
        unread: reader.unread,
        lines: reader.lines,
    })
}

/// A mistake in an anchored value is met again at every alias.
fn each_once(problems: Problems) -> Problems {
    let mut seen = HashSet::new();
    problems
        .into_iter()
        .filter(|problem| {
            let place = problem.labels.first().map(|(span, _)| *span);
            seen.insert((problem.code, place))
        })
        .collect()
}

/// Characters that are drawn as nothing.
const UNSEEN: [char; 6] = [
    '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}',
];

type Entry = (Located<String>, Located<Node>);

struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    problems: Problems,
    /// Where something begins that was left out.
    holes: HashSet<usize>,
    /// Where lines stood that were left out, or keys that could not be read.
    lines: Vec<Span>,
    unread: HashSet<Span>,
}

impl Reader<'_> {
    fn node(&mut self, piece: Piece) -> Placed {
        let own_use = self.span(&piece.used);
        let own = self.span(&piece.written);
        let aliased = own_use != own;
        match piece.raw {
            Raw::List(items) => {
                let mut extent = Extent::new(own_use, own);
                let items = items.into_iter().map(|item| {
                    let item = self.node(item);
                    extent.take(&item);
                    item.located()
                });
                let list = items.collect();
                extent.close(self.text, aliased, Node::List(list))
            }
            Raw::Map(entries) => {
                let mut extent = Extent::new(own_use, own);
                let mut is_read = true;
                let entries = entries.into_iter().filter_map(|(key, value)| {
                    is_read &= !matches!(key.raw, Raw::Map(_));
                    let key = self.key(key);
                    extent.take(&key);
                    let value = self.node(value);
                    extent.take(&value);
                    match key.node {
                        Node::Text(name) => {
                            Some((Located::new(name, key.written), value.located()))
                        }
                        _ => None,
                    }
                });
                let map: Vec<Entry> = entries.collect();
                if !is_read {
                    let placed = extent.close(self.text, aliased, Node::Unread);
                    self.unread.insert(placed.written);
                    return placed;
                }
                let map = self.unique(map);
                extent.close(self.text, aliased, Node::Map(map))
            }
            scalar => Placed {
                node: self.scalar(scalar, own),
                written: own,
                used: own_use,
            },
        }
    }

    fn scalar(&mut self, raw: Raw, span: Span) -> Node {
        let written = self.text.get(span.range()).unwrap_or_default();
        let stood_behind = |lines: &Span| {
            let between = self.text.get(span.end()..lines.start());
            between.is_some_and(|between| between.trim_start_matches(':').trim().is_empty())
        };
        let is_left_out = written.is_empty() && self.lines.iter().any(stood_behind);
        if is_left_out || self.holes.contains(&span.start()) {
            self.unread.insert(span);
            return Node::Unread;
        }
        match raw {
            Raw::Null | Raw::List(_) | Raw::Map(_) => Node::Null,
            Raw::Bool(value) => Node::Bool(value),
            Raw::Text(value) => Node::Text(value),
            // A number would lose the sign, and with it what makes a telephone number one.
            Raw::Int(_) if written.starts_with('+') => Node::Text(written.to_owned()),
            Raw::Int(value) => Node::Int(value),
            Raw::Large => self.bad_number(span, "this integer does not fit into 64 bits"),
            Raw::Float(value) if !value.is_finite() => {
                self.bad_number(span, "JSON has no such number")
            }
            Raw::Float(_) if is_integer(written) => {
                self.bad_number(span, "this integer does not fit into 64 bits")
            }
            Raw::Float(value) => Node::Float(value),
        }
    }

    fn bad_number(&mut self, span: Span, why: &str) -> Node {
        let written = self.text.get(span.range()).unwrap_or_default();
        let problem = Problem::error(code::YAML_NUMBER, format!("{why}: `{written}`"))
            .at(span, "cannot be kept as a number")
            .help("put it in quotes if text is meant");
        self.problems.push(problem);
        self.unread.insert(span);
        Node::Unread
    }

    /// A key as text: plain `2024` and `true` are the text they are written as. Anything else is a problem, and null here.
    fn key(&mut self, piece: Piece) -> Placed {
        let used = self.span(&piece.used);
        let span = self.span(&piece.written);
        let node = match piece.raw {
            Raw::Text(name) => Node::Text(self.plain_key(name, span)),
            Raw::Null if self.holes.contains(&span.start()) => Node::Null,
            Raw::Null => {
                let problem = Problem::error(code::YAML_SYNTAX, "a key is missing before the `:`")
                    .at(span, "expected a name here");
                self.problems.push(problem);
                Node::Null
            }
            raw @ (Raw::List(_) | Raw::Map(_)) => {
                let is_list = matches!(raw, Raw::List(_));
                let span = self.node(Piece { raw, ..piece }).written;
                self.unquoted_or_complex(span);
                if is_list {
                    self.lines.push(span);
                }
                return Placed {
                    node: Node::Null,
                    written: span,
                    used: span,
                };
            }
            Raw::Bool(_) | Raw::Int(_) | Raw::Large | Raw::Float(_) => {
                Node::Text(self.text.get(span.range()).unwrap_or_default().to_owned())
            }
        };
        Placed {
            node,
            written: span,
            used,
        }
    }

    /// A key without characters that nobody sees, which make another of it.
    fn plain_key(&mut self, name: String, span: Span) -> String {
        let is_unseen =
            |letter: char| letter.is_whitespace() && !letter.is_ascii() || UNSEEN.contains(&letter);
        let Some(unseen) = name.chars().find(|letter| is_unseen(*letter)) else {
            return name;
        };
        if self.is_quoted(span) {
            return name;
        }
        let name = name.replace(is_unseen, "");
        let problem = Problem::error(
            code::YAML_SYNTAX,
            format!("the key `{name}` has a character in it that cannot be seen"),
        )
        .at(span, fault::named(unseen))
        .help("write the key anew; text that is copied from a page or a letter may bring such characters");
        self.problems.push(problem);
        name
    }

    /// A map as a key is nearly always `{{ … }}` without quotes, which YAML reads as a map in a map.
    fn unquoted_or_complex(&mut self, inner: Span) {
        let before = self.text[..inner.start()].trim_end();
        let template = before.ends_with('{') && self.text[inner.start()..].starts_with('{');
        let problem = if template {
            let start = before.len() - 1;
            let rest = &self.text[start..];
            let end = rest.find("}}").map_or(inner.end(), |at| start + at + 2);
            let span = inner.at(start..end);
            fault::template_without_quotes(&self.text[start..end], span)
        } else {
            Problem::error(code::YAML_SYNTAX, "a key must be text")
                .at(inner, "this is a list or a map")
        };
        self.problems.push(problem);
    }

    /// Merges `<<`, and finds keys that stand twice. What a map says itself wins over what it merges.
    fn unique(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut names: Vec<&str> = entries.iter().map(|(key, _)| key.value.as_str()).collect();
        names.sort_unstable();
        // Nearly every map is as it should be.
        if names.binary_search(&"<<").is_err() && names.is_sorted_by(|name, next| name < next) {
            return entries;
        }
        let mut seen: HashMap<String, Span> = HashMap::with_capacity(entries.len());
        let mut own = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for (key, value) in entries {
            if key.value == "<<" && !self.is_quoted(key.span) {
                self.merge(value, &mut merged);
                continue;
            }
            if let Some(first) = seen.get(&key.value) {
                let message = format!("the key `{}` stands here twice", key.value);
                let problem = Problem::error(code::DUPLICATE_KEY, message)
                    .at(key.span, "the second")
                    .at(*first, "the first")
                    .help("keep one of them");
                self.problems.push(problem);
                own.push((key, value));
                continue;
            }
            seen.insert(key.value.clone(), key.span);
            own.push((key, value));
        }
        for (key, value) in merged {
            if !seen.contains_key(&key.value) {
                seen.insert(key.value.clone(), key.span);
                own.push((key, value));
            }
        }
        own
    }

    fn merge(&mut self, value: Located<Node>, merged: &mut Vec<Entry>) {
        match value.value {
            Node::Map(entries) => merged.extend(entries),
            Node::List(maps) => {
                for map in maps {
                    self.merge(map, merged);
                }
            }
            Node::Unread => {}
            other => {
                let message = format!("`<<` wants a map to merge, found {}", other.kind());
                let problem = Problem::error(code::YAML_SYNTAX, message)
                    .at(value.span, "not a map")
                    .help("write the alias of a map: `<<: *defaults`");
                self.problems.push(problem);
            }
        }
    }

    fn is_quoted(&self, span: Span) -> bool {
        self.text[span.start()..].starts_with(['"', '\''])
    }

    /// Inside the text and on whole characters, whatever the crate said.
    fn span(&self, place: &Range<u32>) -> Span {
        let place = place.start as usize..place.end as usize;
        on_characters(self.source, self.text, &place)
    }
}

pub(super) fn on_characters(source: SourceId, text: &str, place: &Range<usize>) -> Span {
    let floor = |mut offset: usize| {
        offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = floor(place.start);
    Span::new(source, start..floor(place.end).max(start))
}

/// Whether it is an integer as people write them; such a float has lost digits.
fn is_integer(written: &str) -> bool {
    let digits = written.trim_start_matches(['-', '+']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
