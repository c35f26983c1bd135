//! The few lines around a place, cut out of a text so that drawing a problem costs the same in a large file as in a
//! small one, and made harmless for a terminal.

use std::borrow::Cow;
use std::ops::Range;

use super::Source;
use super::SourceId;
use super::Sources;
use super::Span;

/// Characters an underlined place may have; what is longer is shown by its beginning.
const LONGEST_PLACE: usize = 120;

/// Bytes shown around a place in a line too long for a screen.
const AROUND: usize = 60;

/// Bytes beyond which whole lines are not shown.
const LARGEST_WINDOW: usize = 2_000;

/// All texts of a command, each with its lines found once.
#[derive(Debug)]
pub(super) struct Excerpts<'a>(Vec<Lines<'a>>);

/// One text, its control characters replaced by visible ones of the same length, so that places stay true.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    source: &'a Source,
    text: Cow<'a, str>,
}

/// Consecutive bytes of a text, and where they stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
    /// Both from 0.
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) line_count: usize,
}

impl<'a> Excerpts<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self(sources.all().iter().map(Lines::new).collect())
    }

    pub(super) fn of(&self, source: SourceId) -> &Lines<'a> {
        &self.0[source.index()]
    }
}

impl<'a> Lines<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            text: harmless(&source.text),
        }
    }

    pub(super) fn name(&self) -> &'a str {
        &self.source.name
    }

    /// The part of a span that is underlined: its first line, not too much of it, on whole characters.
    pub(super) fn drawable(&self, span: Span) -> Range<usize> {
        let mut start = self.source.boundary(span.start());
        if start == self.text.len() {
            // Behind the last line break there is no line to draw.
            start = self.text.trim_end_matches(['\n', '\r']).len();
        }
        let end = self.source.boundary(span.end()).max(start);
        let place = &self.text[start..end];
        let line = place.split('\n').next().unwrap_or_default();
        let shown = line
            .char_indices()
            .nth(LONGEST_PLACE)
            .map_or(line, |(at, _)| &line[..at]);
        start..start + shown.trim_end().len()
    }

    /// The place with some whole lines around it, or less where lines are very long. `None` where even that is too much.
    pub(super) fn window(
        &self,
        place: &Range<usize>,
        before: usize,
        after: usize,
    ) -> Option<Window<'_>> {
        if place.start > place.end || place.end > self.text.len() {
            return None;
        }
        let first = self.source.line_of(place.start);
        let last = self.source.line_of(place.end);
        if before == 0 && after == 0 {
            return Some(self.slice(place.clone()));
        }
        let start = self.source.line_starts()[first.saturating_sub(before)];
        let end = self.end_of(last + after);
        if end - start <= LARGEST_WINDOW {
            return Some(self.slice(start..end));
        }
        if place.len() > LARGEST_WINDOW {
            return None;
        }
        let start = self.source.line_starts()[first]
            .max(self.source.boundary(place.start.saturating_sub(AROUND)));
        let end = self
            .end_of(last)
            .min(self.source.boundary(place.end + AROUND));
        Some(self.slice(start..end))
    }

    fn slice(&self, range: Range<usize>) -> Window<'_> {
        let line = self.source.line_of(range.start);
        Window {
            text: &self.text[range.clone()],
            offset: range.start,
            line,
            column: self.source.column_of(range.start),
            line_count: self.source.line_of(range.end) - line + 1,
        }
    }

    /// Behind the last character of a line, before its break.
    fn end_of(&self, line: usize) -> usize {
        match self.source.line_starts().get(line + 1) {
            Some(next) => next - 1,
            None => self.text.len(),
        }
    }
}

/// A message without anything that a terminal would obey.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' => '\n',
            other if is_harmful(other) => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect()
}

/// The same text, byte for byte as long, without anything that a terminal would obey.
fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(
            |character| match (is_harmful(character), character.len_utf8()) {
                (false, _) => character,
                (true, 1) if character == '\r' => ' ',
                (true, 1) => '?',
                (true, 2) => '·',
                (true, _) => char::REPLACEMENT_CHARACTER,
            },
        )
        .collect()
}

/// Control characters, and marks that turn the direction of writing so that a line reads other than it is.
fn is_harmful(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    turns || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> (Sources, SourceId) {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", text);
        (sources, id)
    }

    #[test]
    fn a_window_is_whole_lines_with_their_number() {
        let (sources, id) = sources("eins\nzwei\ndrei\nvier\n");
        let excerpts = Excerpts::new(&sources);
        let window = excerpts.of(id).window(&(10..14), 1, 1).unwrap();
        assert_eq!(window.text, "zwei\ndrei\nvier");
        assert_eq!((window.line, window.column, window.line_count), (1, 0, 3));
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let (sources, id) = sources(&"ä".repeat(100_000));
        let excerpts = Excerpts::new(&sources);
        let window = excerpts.of(id).window(&(100_000..100_010), 1, 1).unwrap();
        assert!(window.text.len() <= 2 * AROUND + 10);
        assert_eq!(window.column, 50_000 - AROUND / 2);
        assert_eq!(excerpts.of(id).window(&(0..100_000), 1, 1), None);
    }

    #[test]
    fn places_are_cut_to_what_can_be_underlined() {
        let (sources, id) = sources("one: ä\r\ntwo\n");
        let excerpts = Excerpts::new(&sources);
        let place = |start, end| excerpts.of(id).drawable(Span::new(id, start..end));
        assert_eq!(place(0, 12), 0..7);
        assert_eq!(place(6, 6), 5..5);
        assert_eq!(place(99, 120), 12..12);
        assert_eq!(place(13, 13), 12..12);
    }

    #[test]
    fn nothing_a_terminal_would_obey_is_left() {
        assert_eq!(
            harmless("a\u{1b}[31m\r\n\u{9b}\u{202e}b"),
            "a?[31m \n·\u{fffd}b"
        );
        assert_eq!(visible("a\u{1b}b\nc"), "a\u{fffd}b\nc");
    }
}
