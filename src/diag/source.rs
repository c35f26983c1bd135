//! Texts that problems point into: playbooks, includes, snapshots, variable files.

use std::ops::Range;
use std::sync::Arc;
use std::sync::OnceLock;

/// A text known to [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u16);

impl SourceId {
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A stretch of one text, in bytes. A playbook of 10,000 steps has half a million of them, so that each is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub source: SourceId,
    start: u32,
    end: u32,
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
}

impl Span {
    /// Where a text is larger than 4 GiB, all behind that is one place.
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            source,
            start: offset(range.start),
            end: offset(range.end),
        }
    }

    pub fn start(self) -> usize {
        self.start as usize
    }

    pub fn end(self) -> usize {
        self.end as usize
    }

    pub fn range(self) -> Range<usize> {
        self.start()..self.end()
    }

    /// Another stretch of the same text.
    #[must_use]
    pub fn at(self, range: Range<usize>) -> Self {
        Self::new(self.source, range)
    }

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
    /// Found once, when somebody asks: a text without mistakes needs none, one of 10,000 asks for 10,000 positions.
    lines: OnceLock<Arc<Lines>>,
}

/// Where positions are counted from.
#[derive(Debug)]
struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
    /// How many characters are before every so many bytes, for columns in a line of a million.
    milestones: Vec<usize>,
}

const BETWEEN_MILESTONES: usize = 1_024;

impl Lines {
    fn of(text: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        // One more than there are whole chunks, so that the end of the text has its milestone too.
        let mut milestones = vec![0];
        for chunk in text.as_bytes().chunks(BETWEEN_MILESTONES) {
            milestones.push(milestones[milestones.len() - 1] + characters(chunk));
        }
        Self { starts, milestones }
    }
}

impl Source {
    fn new(name: String, text: Arc<str>, included_from: Option<Span>) -> Self {
        Self {
            name,
            text,
            included_from,
            lines: OnceLock::new(),
        }
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Arc::new(Lines::of(&self.text)))
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, offset: usize) -> usize {
        let chunk = offset / BETWEEN_MILESTONES;
        let rest = &self.text.as_bytes()[chunk * BETWEEN_MILESTONES..offset];
        self.lines().milestones[chunk] + characters(rest)
    }

    /// The column of a byte, in characters from 0.
    pub(super) fn column_of(&self, offset: usize) -> usize {
        let line_start = self.line_starts()[self.line_of(offset)];
        self.characters_before(offset) - self.characters_before(line_start)
    }

    /// The place of a byte that somebody counted by line and column, both from 1, the column in bytes.
    pub fn span_at(&self, source: SourceId, line: usize, column: usize) -> Span {
        let line_start = line
            .checked_sub(1)
            .and_then(|line| self.line_starts().get(line))
            .copied()
            .unwrap_or(self.text.len());
        let start = self.boundary(line_start + column.saturating_sub(1));
        let end = self.boundary(start + 1).max(start);
        Span::new(source, start..end)
    }

    pub(super) fn line_starts(&self) -> &[usize] {
        &self.lines().starts
    }

    /// The line a byte is on, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts().partition_point(|start| *start <= offset) - 1
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

/// How many characters begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|byte| **byte & 0b1100_0000 != 0b1000_0000)
        .count()
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
            .get(span.range())
            .unwrap_or_default()
    }

    pub fn position(&self, span: Span) -> Position {
        self.position_of(span.source, span.start())
    }

    /// Behind the last character of a place.
    pub fn end(&self, span: Span) -> Position {
        self.position_of(span.source, span.end().max(span.start()))
    }

    fn position_of(&self, source: SourceId, offset: usize) -> Position {
        let source = self.get(source);
        let offset = source.boundary(offset);
        Position {
            line: source.line_of(offset) + 1,
            column: source.column_of(offset) + 1,
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
            let span = Span::new(source, start..start);
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

    #[test]
    fn columns_of_long_lines_are_those_of_short_ones() {
        for text in [
            "",
            "ä",
            &"ä€b".repeat(1_024),
            &format!("\n{}", "x€".repeat(3_000)),
        ] {
            let mut sources = Sources::default();
            let id = sources.add("a.yaml", text);
            let source = sources.get(id);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                assert_eq!(source.column_of(at), text[line..at].chars().count());
            }
        }
    }
}
