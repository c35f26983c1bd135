//! Lines on their way out, with or without colour.

use std::io;
use std::io::Write;

use super::cells;
use crate::diag::Colour;
use crate::diag::Style;
use crate::report::privacy::HIDDEN;

/// What a piece of text means. Colour repeats what the words say and never says anything alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Ink {
    Plain,
    Strong,
    Good,
    Warn,
    Bad,
    Faint,
}

pub(super) struct Sheet<'a> {
    out: &'a mut dyn Write,
    style: Style,
    /// Whether a list on it is not whole.
    is_cut: bool,
    /// Whether something on it is hidden.
    hides: bool,
}

/// Narrower terminals get lines that break by themselves.
const NARROWEST: usize = 40;

impl<'a> Sheet<'a> {
    pub(super) fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Self {
            out,
            style,
            is_cut: false,
            hides: false,
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn hides(&self) -> bool {
        self.hides
    }

    /// Says of a list how many are not on it, if any: "… and 187 more".
    pub(super) fn more(&mut self, count: u64, shown: u64) -> io::Result<()> {
        let rest = count.saturating_sub(shown);
        if rest == 0 {
            return Ok(());
        }
        self.is_cut = true;
        let text = self.painted(Ink::Faint, &format!("… and {} more", cells::grouped(rest)));
        self.line(&text)
    }

    pub(super) fn width(&self) -> usize {
        self.style.width.max(NARROWEST)
    }

    pub(super) fn painted(&self, ink: Ink, text: &str) -> String {
        let code = match (self.style.colour, ink) {
            (Colour::None, _) | (_, Ink::Plain) => return text.to_owned(),
            (Colour::Ansi, Ink::Strong) => "1",
            (Colour::Ansi, Ink::Good) => "32",
            (Colour::Ansi, Ink::Warn) => "33",
            (Colour::Ansi, Ink::Bad) => "31",
            (Colour::Ansi, Ink::Faint) => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A line; blanks at its end are of no use to anybody.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.hides |= text.contains(HIDDEN);
        writeln!(self.out, "{}", text.trim_end())
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A heading with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        let text = self.painted(Ink::Strong, text);
        self.line(&text)
    }

    /// A text broken into lines, all but the first behind as many blanks as `start` takes.
    pub(super) fn wrapped(&mut self, start: &str, ink: Ink, text: &str) -> io::Result<()> {
        let indent = cells::columns(start);
        let room = self.width().saturating_sub(indent).max(NARROWEST / 2);
        let lines = cells::wrapped(text, room);
        for (index, line) in lines.iter().enumerate() {
            let before = if index == 0 {
                start.to_owned()
            } else {
                " ".repeat(indent)
            };
            let line = format!("{before}{}", self.painted(ink, line));
            self.line(&line)?;
        }
        Ok(())
    }

    /// Pieces side by side, as many as fit on a line; the others below, behind `indent` blanks.
    pub(super) fn flow(&mut self, indent: usize, pieces: &[(Ink, String)]) -> io::Result<()> {
        let mut line = String::new();
        let mut used = 0;
        for (ink, piece) in pieces {
            let columns = cells::columns(piece);
            if used > 0 && used + 2 + columns > self.width() {
                self.line(&line)?;
                line = " ".repeat(indent);
                used = indent;
            } else if used > 0 {
                line.push_str("  ");
                used += 2;
            }
            line.push_str(&self.painted(*ink, piece));
            used += columns;
        }
        self.line(&line)
    }
}
