//! The text around the place of a fault.

use crate::diag::Span;

pub(super) struct Place<'t> {
    text: &'t str,
    span: Span,
    line_start: usize,
}

/// What may follow a backslash inside double quotes.
const ESCAPES: &str = "0abt\tnvfre \"/\\N_LPxuU\r\n";

impl<'t> Place<'t> {
    pub(super) fn new(text: &'t str, span: Span) -> Self {
        Self {
            text,
            span,
            line_start: text[..span.start()].rfind('\n').map_or(0, |at| at + 1),
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span
    }

    pub(super) fn text_of(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    /// The line of the fault, without its break.
    pub(super) fn line(&self) -> &'t str {
        let line = self.text[self.line_start..].split('\n').next();
        line.unwrap_or_default().trim_end_matches('\r')
    }

    /// Where on the line the fault is, in bytes from 0.
    pub(super) fn column(&self) -> usize {
        (self.span.start() - self.line_start).min(self.line().len())
    }

    /// A part of the line.
    pub(super) fn on_line(&self, start: usize, end: usize) -> Span {
        self.span
            .at(self.line_start + start..self.line_start + end.max(start))
    }

    pub(super) fn rest_of_line(&self) -> Span {
        self.on_line(self.column(), self.line().trim_end().len())
    }

    /// A value of the line, without a comment behind it.
    pub(super) fn value_from(&self, start: usize, end: usize) -> Span {
        let written = self.line().get(start..end).unwrap_or_default();
        let value = written.split(" #").next().unwrap_or_default().trim_end();
        self.on_line(start, start + value.len())
    }

    /// Where the line begins that something stands in.
    pub(super) fn line_of(&self, span: Span) -> usize {
        self.text[..span.start()].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The line of the fault without its indentation.
    pub(super) fn text_of_line(&self) -> Span {
        let line = self.line();
        self.on_line(indentation(line), line.trim_end().len())
    }

    /// The last quote above the line of the fault, if it is the odd one of its line.
    pub(super) fn open_above(&self, quote: char) -> Option<Span> {
        let start = self.text[..self.line_start].rfind(quote)?;
        let span = self.span.at(start..start + quote.len_utf8());
        let line = &self.text[self.line_of(span)..span.end()];
        (line.matches(quote).count() % 2 == 1).then_some(span)
    }

    /// The first word of the line.
    pub(super) fn first_word(&self) -> Span {
        let line = self.line();
        let start = line.len() - line.trim_start().len();
        self.word_from(self.line_start + start)
    }

    /// The word that begins at the fault, or what the parser marked if that is more.
    pub(super) fn word(&self) -> Span {
        let word = self.word_from(self.span.start());
        if self.span.end() > word.end() {
            self.span
        } else {
            word
        }
    }

    fn word_from(&self, start: usize) -> Span {
        let rest = &self.text[start..];
        let length = rest
            .find(|character: char| character.is_whitespace() || ",]}".contains(character))
            .unwrap_or(rest.len());
        self.span.at(start..start + length)
    }

    /// The one character at the fault.
    pub(super) fn character(&self) -> Span {
        let length = self.text[self.span.start()..]
            .chars()
            .next()
            .map_or(0, char::len_utf8);
        let start = self.span.start();
        self.span.at(start..start + length)
    }

    /// The first control character from the fault to the end of its line.
    pub(super) fn control_character(&self) -> Option<Span> {
        let rest = &self.line()[self.column()..];
        let (at, character) = rest
            .char_indices()
            .find(|(_, character)| character.is_control() && *character != '\t')?;
        let start = self.column() + at;
        Some(self.on_line(start, start + character.len_utf8()))
    }

    /// The text of the nearest line above that is not empty.
    pub(super) fn line_above(&self) -> Option<Span> {
        let above = self.text[..self.line_start].trim_end();
        let start = above.rfind('\n').map_or(0, |at| at + 1);
        let line = &above[start..];
        let indentation = indentation(line);
        (!line.is_empty()).then_some(self.span.at(start + indentation..start + line.len()))
    }

    /// The texts of the lines above that are not empty, the nearest first.
    pub(super) fn lines_above(&self) -> impl Iterator<Item = Span> {
        let above = self.text[..self.line_start].trim_end();
        let mut end = above.len();
        std::iter::from_fn(move || {
            let above = self.text[..end].trim_end();
            let start = above.rfind('\n').map_or(0, |at| at + 1);
            let line = &above[start..];
            end = start;
            (!line.is_empty()).then(|| self.span.at(start + indentation(line)..above.len()))
        })
    }

    /// How far the line is indented that a text begins.
    pub(super) fn column_of(&self, text: Span) -> usize {
        text.start() - self.line_of(text)
    }

    /// The line of the key whose text over several lines this line ends, if it does.
    pub(super) fn block_above(&self) -> Option<Span> {
        let own = self.column_of(self.text_of_line());
        let begins_text = |line: Span| {
            let mark = self.text_of(line).rsplit([' ', ':']).next();
            mark.is_some_and(|mark| mark.starts_with(['>', '|']) && mark.len() <= 3)
        };
        for line in self.lines_above() {
            if begins_text(line) {
                return Some(line);
            }
            if self.column_of(line) <= own {
                return None;
            }
        }
        None
    }

    /// Whether the next line that is not empty is indented deeper than this one.
    pub(super) fn is_deeper_below(&self) -> bool {
        let own = indentation(self.line());
        let below = self.text[self.line_start..].lines().skip(1);
        let mut below = below.filter(|line| !line.trim().is_empty());
        below.next().is_some_and(|line| indentation(line) > own)
    }

    /// A tab before the text of this line or the next; the parser may stop at the end of the line above.
    pub(super) fn tab_in_indentation(&self) -> Option<Span> {
        let mut start = self.line_start;
        for line in self.text[self.line_start..].split('\n').take(2) {
            let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indentation].find('\t') {
                return Some(self.span.at(start + tab..start + tab + 1));
            }
            start += line.len() + 1;
        }
        None
    }

    /// The first escape behind the fault that YAML does not know.
    pub(super) fn unknown_escape(&self) -> Option<Span> {
        let mut characters = self.text[self.span.start()..].char_indices();
        while let Some((at, character)) = characters.next() {
            if character != '\\' {
                continue;
            }
            let (next_at, next) = characters.next()?;
            if !ESCAPES.contains(next) {
                let start = self.span.start();
                let end = start + next_at + next.len_utf8();
                return Some(self.span.at(start + at..end));
            }
        }
        None
    }

    /// The first `\x`, `\u` or `\U` behind the fault without all of its digits.
    pub(super) fn unfinished_escape(&self) -> Option<Span> {
        let text = &self.text[self.span.start()..];
        let mut at = 0;
        while let Some(found) = text[at..].find('\\') {
            let start = at + found;
            let mut behind = text[start + 1..].chars();
            let kind = behind.next()?;
            let wanted = match kind {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let digits = behind
                .take_while(char::is_ascii_hexdigit)
                .take(wanted)
                .count();
            let end = start + 1 + kind.len_utf8() + digits;
            if digits < wanted {
                return Some(
                    self.span
                        .at(self.span.start() + start..self.span.start() + end),
                );
            }
            at = end;
        }
        None
    }

    /// The bracket at the fault, or the last before it that nothing has closed. Quotes are not looked at, and far back nobody
    /// looks.
    pub(super) fn open_bracket(&self) -> Option<Span> {
        const FAR: usize = 2_000;
        let here = self.character();
        if matches!(self.text_of(here), "[" | "{") {
            return Some(here);
        }
        let mut closed = 0;
        for (at, byte) in self.text.as_bytes()[..self.span.end()]
            .iter()
            .enumerate()
            .rev()
            .take(FAR)
        {
            match byte {
                b']' | b'}' => closed += 1,
                b'[' | b'{' if closed > 0 => closed -= 1,
                b'[' | b'{' => {
                    return Some(self.span.at(at..at + 1));
                }
                _ => {}
            }
        }
        None
    }
}

/// How far a line is indented. Other blanks than these are none that YAML knows.
pub(super) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}
