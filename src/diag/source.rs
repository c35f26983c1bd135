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
    /// Where another text says to read this one.
    included_from: Option<Span>,
    /// Where each line begins, found once: a file of 10,000 mistakes asks for 10,000 positions.
    line_starts: Arc<[usize]>,
}

impl Source {
    fn new(name: String, text: Arc<str>, included_from: Option<Span>) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            name,
            text,
            included_from,
            line_starts,
        }
    }

    pub(super) fn line_starts(&self) -> &[usize] {
        &self.line_starts
    }

    /// The line a byte is on, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }

    /// The nearest beginning of a character at or before a byte.
    pub(super) fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
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
        self.push(Source::new(name.into(), text.into(), None))
    }

    /// A text that another one includes. Problems in it say from where.
    pub fn add_included(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
        from: Span,
    ) -> SourceId {
        self.push(Source::new(name.into(), text.into(), Some(from)))
    }

    fn push(&mut self, source: Source) -> SourceId {
        let id =
            SourceId(u16::try_from(self.0.len()).expect("a command reads fewer than 65,536 texts"));
        self.0.push(source);
        id
    }

    /// From where a text is included, from there outwards.
    pub fn included_from(&self, id: SourceId) -> Vec<Span> {
        std::iter::successors(self.get(id).included_from, |span| {
            self.get(span.source).included_from
        })
        .collect()
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
        let source = self.get(span.source);
        let start = source.boundary(span.start);
        let line = source.line_of(start);
        let before = &source.text[source.line_starts[line]..start];
        Position {
            line: line + 1,
            column: before.chars().count() + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_in_characters() {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml", "aä€b\r\n\nc");
        let position = |start| {
            let span = Span {
                source,
                start,
                end: start,
            };
            let position = sources.position(span);
            (position.line, position.column)
        };
        assert_eq!(position(0), (1, 1));
        assert_eq!(position(2), (1, 2));
        assert_eq!(position(6), (1, 4));
        assert_eq!(position(9), (2, 1));
        assert_eq!(position(10), (3, 1));
        assert_eq!(position(99), (3, 2));
    }
}
