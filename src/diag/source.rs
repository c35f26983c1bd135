//! Texts that problems point into: playbooks, includes, snapshots, variable files.

use std::sync::Arc;

/// A text known to [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u16);

impl SourceId {
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A stretch of one text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Located<T> {
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located {
            value: change(self.value),
            span: self.span,
        }
    }

    pub fn as_ref(&self) -> Located<&T> {
        Located {
            value: &self.value,
            span: self.span,
        }
    }
}

impl Span {
    /// From the beginning of one to the end of the other; both are of one text.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self {
            source: self.source,
            start: self.start.min(last.start),
            end: self.end.max(last.end),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Source {
    /// As a person would name it: a path relative to where they stand.
    pub name: String,
    pub text: Arc<str>,
}

/// All texts of a command, in the order they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

/// A place as editors count it: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let id =
            SourceId(u16::try_from(self.0.len()).expect("a command reads fewer than 65,536 texts"));
        self.0.push(Source {
            name: name.into(),
            text: text.into(),
        });
        id
    }

    pub(super) fn all(&self) -> &[Source] {
        &self.0
    }

    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.index()]
    }

    pub fn text(&self, span: Span) -> &str {
        self.get(span.source)
            .text
            .get(span.start..span.end)
            .unwrap_or_default()
    }

    pub fn position(&self, span: Span) -> Position {
        let text = &self.get(span.source).text;
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}
