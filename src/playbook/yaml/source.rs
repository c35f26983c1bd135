//! The YAML crate, and nothing of it outside: text in, pieces with byte places or one fault out. The one file that names
//! it.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde_yaml::Location;
use serde_yaml::Spanned;

use super::LARGEST_TEXT;

/// Sugar's filters nest a few levels. The parser recurses, and a thread of a debug build has little stack.
const DEEPEST: usize = 32;
const MOST_NODES: usize = 2_000_000;
const MOST_COPIED: usize = 200_000;

/// One value with the bytes where it is written, and those where it is used: the `*alias`, or the same.
///
/// The place of a list or map is only where it begins. A piece is as large as the located node that is made of it, so that
/// lists and maps become those where they stand.
pub(super) struct Piece {
    pub(super) raw: Raw,
    pub(super) written: Range<u32>,
    pub(super) used: Range<u32>,
}

/// A value as the crate hands it over.
pub(super) enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer past `i64`.
    Large,
    Float(f64),
    Text(String),
    List(Vec<Piece>),
    Map(Vec<(Piece, Piece)>),
}

/// Why a text was not read.
pub(super) struct Refused {
    pub(super) why: Why,
    pub(super) place: Range<usize>,
}

pub(super) enum Why {
    /// Too deep, too large, or copied too often.
    Limit,
    TwoDocuments,
    UnknownAnchor,
    /// In the parser's words.
    Syntax(String),
}

pub(super) fn parse(text: &str) -> Result<Piece, Refused> {
    serde_yaml::from_str_with_options(text, options()).map_err(|error| Refused {
        place: error
            .location()
            .map_or(0..0, |location| place_of_error(text, location)),
        why: why(&error),
    })
}

fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        with_snippet: false,
        strict_booleans: true,
        reject_unsupported_tags: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        // Both are done by `tree`, which knows both places and finds all duplicates at once.
        duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: serde_yaml::options::NonFiniteFloatPolicy::PassThrough,
        budget: serde_yaml::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST_NODES,
            max_events: 3 * MOST_NODES,
            max_total_scalar_bytes: 2 * LARGEST_TEXT,
            max_aliases: 20_000,
            max_anchors: 1_000,
            // The second is refused with words of its own.
            max_documents: 2,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MOST_COPIED,
            max_replay_stack_depth: 8,
        },
    }
}

/// What went wrong, without the alias through which it was reached.
fn why(error: &serde_yaml::Error) -> Why {
    match error.without_snippet() {
        serde_yaml::Error::AliasError { error, .. } => why(error),
        serde_yaml::Error::Budget { .. }
        | serde_yaml::Error::AliasReplayLimitExceeded { .. }
        | serde_yaml::Error::AliasReplayStackDepthExceeded { .. }
        | serde_yaml::Error::AliasExpansionLimitExceeded { .. } => Why::Limit,
        serde_yaml::Error::MultipleDocuments { .. } => Why::TwoDocuments,
        serde_yaml::Error::UnknownAnchor { .. } => Why::UnknownAnchor,
        serde_yaml::Error::ExternalMessage { msg, .. } | serde_yaml::Error::Message { msg, .. } => {
            Why::Syntax(msg.clone())
        }
        other => {
            let said = other.to_string();
            Why::Syntax(
                said.split(" at line ")
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            )
        }
    }
}

/// Values always have bytes. The scanner's errors may have a line and a column only.
fn place_of_error(text: &str, location: Location) -> Range<usize> {
    bytes(location).unwrap_or_else(|| {
        let at = offset(text, location.line(), location.column());
        at..at
    })
}

fn bytes(location: Location) -> Option<Range<usize>> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    Some(start..start.checked_add(length)?)
}

/// The same of a value; no text that is read is longer than such a number can say.
fn short(location: Location) -> Range<u32> {
    let bytes = bytes(location).unwrap_or_default();
    let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    short(bytes.start)..short(bytes.end)
}

/// Line and column from 1, the column in characters, as a place in the text.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let line = text[start..].split('\n').next().unwrap_or_default();
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    line.char_indices()
        .nth(column)
        .map_or(start + line.len(), |(at, _)| start + at)
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Raw>::deserialize(deserializer)?;
        Ok(Self {
            raw: spanned.value,
            written: short(spanned.defined),
            used: short(spanned.referenced),
        })
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> de::Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Large, Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
