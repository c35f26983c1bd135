//! What of a text is left out for the rest to be YAML: a value, lines, a whole item of a list, or all that follows.

use super::place::indentation;
use crate::diag::Span;

/// What can be left out because of a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    /// Nothing is known of it, so that its line may go, or what its line is a part of.
    Unknown,
    /// Nothing can.
    Nothing,
    /// The value that is underlined.
    Value,
    /// The same, with the lines below that are indented deeper.
    Below,
    /// The value in quotes that goes on, or ends too late, where it is underlined.
    Quoted,
    /// The one character.
    Character,
    /// A comment, or what was meant as one.
    Comment,
    /// Its line alone, which belongs to nothing.
    Mark,
    /// Its line, and perhaps those below it that are indented deeper.
    Line,
    /// The same, and perhaps those that go on in its column.
    Lines,
    /// Its line and those below it that begin with a tab.
    Tabs,
    /// All to the line that ends a conflict.
    Conflict,
    /// The brackets around it, over as many lines as they have.
    Around,
    /// The brackets that are open there, up to the next line that is not indented deeper than theirs.
    Brackets,
    /// All that follows, which belongs to another file.
    Rest,
}

/// What begins an item of a list, or is meant to.
const DASHES: [char; 9] = ['-', '*', '+', '–', '—', '−', '‐', '‑', '•'];

impl Hole {
    /// Whether how many lines belong to it shows only in what is wrong without them.
    pub(super) fn is_of_lines(self) -> bool {
        matches!(self, Self::Line | Self::Lines | Self::Tabs)
    }
}

/// What may be left out.
pub(super) struct Part {
    pub(super) span: Span,
    pub(super) filling: Filling,
}

/// What stands in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    /// A value that is null.
    Null,
    /// Nothing but blanks.
    Blanks,
    /// The same, and what was there may have been a part of anything around it.
    Lines,
}

/// What may be left out, the likeliest first.
pub(super) fn parts(text: &str, underlined: Span, hole: Hole) -> Vec<Part> {
    let (spans, filling) = match hole {
        Hole::Nothing | Hole::Unknown => (Vec::new(), Filling::Null),
        Hole::Value => {
            let mut spans = on_the_line(text, underlined);
            spans.push(below(text, underlined));
            (spans, Filling::Null)
        }
        Hole::Below => (vec![below(text, underlined)], Filling::Null),
        Hole::Quoted => (from_its_quote(text, underlined), Filling::Null),
        Hole::Brackets => {
            let mut spans = in_brackets(text, underlined);
            spans.extend(on_the_line(text, underlined));
            (spans, Filling::Null)
        }
        Hole::Around => {
            let open = open_before(text, underlined);
            let spans = open.map_or_else(Vec::new, |open| in_brackets(text, open));
            (spans, Filling::Null)
        }
        Hole::Character => (vec![underlined], Filling::Blanks),
        Hole::Comment | Hole::Mark => {
            let start = match hole {
                Hole::Mark => line_of(text, underlined),
                _ => underlined.start(),
            };
            (vec![to_line_end(text, underlined, start)], Filling::Blanks)
        }
        Hole::Line => {
            let [alone, to_dash, deeper] = line_and_below(text, underlined);
            let all = vec![alone, to_dash, deeper];
            (without_dangling(text, all), Filling::Lines)
        }
        Hole::Lines => {
            let has_dash = |line: &str| line.trim_start().starts_with(DASHES);
            let is_item = has_dash(&text[line_of(text, underlined)..]);
            let goes_on =
                |deep: usize, begin: usize, line: &str| deep == begin && has_dash(line) == is_item;
            let beside = lines(text, underlined, |deep, begin, line| {
                deep > begin && !has_dash(line) || goes_on(deep, begin, line)
            });
            let all = lines(text, underlined, |deep, begin, line| {
                deep > begin || goes_on(deep, begin, line)
            });
            let [alone, to_dash, deeper] = line_and_below(text, underlined);
            let all = vec![alone, to_dash, beside, deeper, all];
            (without_dangling(text, all), Filling::Lines)
        }
        Hole::Tabs => {
            let run = lines(text, underlined, |_, _, line| {
                line[..indentation(line)].contains('\t')
            });
            let start = line_of(text, underlined);
            (vec![run.at(start..run.end())], Filling::Lines)
        }
        Hole::Conflict => (vec![conflict(text, underlined)], Filling::Lines),
        Hole::Rest => (vec![rest(text, underlined)], Filling::Blanks),
    };
    let part = |span| Part { span, filling };
    let is_any = |span: &Span| span.start() < span.end();
    spans.into_iter().filter(is_any).map(part).collect()
}

/// What may be left out where nothing of that helps: its line, the items of lists that it is in, all that follows.
pub(super) fn larger_parts(text: &str, underlined: Span, hole: Hole) -> Vec<Part> {
    let mut spans = match hole.is_of_lines() {
        true => Vec::new(),
        false => without_dangling(text, line_and_below(text, underlined).to_vec()),
    };
    spans.extend(items_around(text, underlined));
    spans.push(rest(text, underlined));
    let part = |span| Part {
        span,
        filling: Filling::Lines,
    };
    let is_any = |span: &Span| span.start() < span.end();
    spans.into_iter().filter(is_any).map(part).collect()
}

/// From the last quote before it that a value of the line begins with, to the end of the line.
fn from_its_quote(text: &str, underlined: Span) -> Vec<Span> {
    let begin = line_of(text, underlined);
    let line = &text[begin..underlined.start()];
    let mut opened = None;
    let mut open_quote = None;
    let mut before = ':';
    for (at, letter) in line.char_indices() {
        match open_quote {
            Some(quote) if letter == quote => open_quote = None,
            None if matches!(letter, '"' | '\'') && ":-,[{".contains(before) => {
                opened = Some(begin + at);
                open_quote = Some(letter);
            }
            _ => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    opened.map_or_else(Vec::new, |start| {
        on_the_line(text, underlined.at(start..underlined.end()))
    })
}

/// The line by itself, then with what is indented deeper below it, up to an item of a list or as far as that goes.
fn line_and_below(text: &str, underlined: Span) -> [Span; 3] {
    [
        lines(text, underlined, |_, _, _| false),
        lines(text, underlined, |deep, begin, line| {
            deep > begin && !line.trim_start().starts_with(DASHES)
        }),
        lines(text, underlined, |deep, begin, _| deep > begin),
    ]
}

/// Without the first, the line alone, where that begins an item: what is below it would become another's.
fn without_dangling(text: &str, mut spans: Vec<Span>) -> Vec<Span> {
    let begins_item = |span: &Span| {
        let first = text[span.start()..].chars().next();
        first.is_some_and(|first| !first.is_alphanumeric() && !matches!(first, '"' | '\''))
    };
    if spans.first().is_some_and(begins_item) {
        spans.remove(0);
    }
    spans
}

/// The line, and those behind it as long as they belong to it: by their own indentation and that of the first.
fn lines(text: &str, underlined: Span, belongs: impl Fn(usize, usize, &str) -> bool) -> Span {
    let begin = line_of(text, underlined);
    let first = indentation(&text[begin..]);
    let own = text[begin..]
        .split_inclusive('\n')
        .enumerate()
        .take_while(|(place, line)| {
            *place == 0 || line.trim().is_empty() || belongs(indentation(line), first, line)
        });
    let end = begin + own.map(|(_, line)| line.len()).sum::<usize>();
    let start = begin + first;
    let end = begin + text[begin..end].trim_end().len();
    underlined.at(start..end.max(start))
}

/// What is underlined, to the end of the lines that are indented deeper than its own.
fn below(text: &str, underlined: Span) -> Span {
    let [_, _, deeper] = line_and_below(text, underlined);
    underlined.at(underlined.start()..deeper.end().max(underlined.start()))
}

/// The items of lists that the line is in, the inmost first.
fn items_around(text: &str, underlined: Span) -> Vec<Span> {
    // How far such a line is indented says nothing.
    let says_nothing = |line: &str| {
        let own = indentation(line);
        line[..own].contains('\t') || line[own..].starts_with(['\r', '\n', ']', '}'])
    };
    let mut items = Vec::new();
    let mut begin = line_of(text, underlined);
    let mut least = usize::MAX;
    loop {
        let line = &text[begin..];
        let own = indentation(line);
        if own < least && line[own..].starts_with("- ") {
            let item = lines(text, underlined.at(begin..begin), |deep, begin, line| {
                deep > begin || says_nothing(line)
            });
            items.push(item);
        }
        if !says_nothing(line) {
            least = least.min(own);
        }
        if begin == 0 || least == 0 {
            return items;
        }
        begin = text[..begin - 1].rfind('\n').map_or(0, |at| at + 1);
    }
}

/// The line and all behind it.
fn rest(text: &str, underlined: Span) -> Span {
    let start = line_of(text, underlined);
    underlined.at(start..text.trim_end().len().max(start))
}

/// To the line that ends a conflict, or only the line where none does.
fn conflict(text: &str, underlined: Span) -> Span {
    let begin = line_of(text, underlined);
    let length = text[begin..].find("\n>>>>>>>").map_or(0, |at| at + 1);
    to_line_end(text, underlined.at(begin + length..begin + length), begin)
}

fn to_line_end(text: &str, place: Span, start: usize) -> Span {
    let line = text[place.start()..].split('\n').next().unwrap_or_default();
    place.at(start..place.start() + line.trim_end().len())
}

fn line_of(text: &str, place: Span) -> usize {
    text[..place.start()].rfind('\n').map_or(0, |at| at + 1)
}

/// From each bracket of the line, the inmost first, to where the lines end that are indented deeper, with the brackets that
/// close them on a line of their own.
fn in_brackets(text: &str, underlined: Span) -> Vec<Span> {
    let begin = line_of(text, underlined);
    let [_, _, deeper] = line_and_below(text, underlined);
    let behind = &text[deeper.end()..];
    let closing = behind.trim_start();
    let closing_length = closing.len() - closing.trim_start_matches([']', '}', ',']).len();
    let end = match closing_length {
        0 => deeper.end(),
        length => deeper.end() + (behind.len() - closing.len()) + length,
    };
    text[begin..underlined.end()]
        .rmatch_indices(['[', '{'])
        .flat_map(|(at, _)| [end, deeper.end()].map(|end| underlined.at(begin + at..end)))
        .collect()
}

/// The last bracket before a place that nothing closes.
fn open_before(text: &str, place: Span) -> Option<Span> {
    let mut closed = 0_usize;
    for (at, letter) in text[..place.start()].char_indices().rev() {
        match letter {
            ']' | '}' => closed += 1,
            '[' | '{' if closed > 0 => closed -= 1,
            '[' | '{' => return Some(place.at(at..at + 1)),
            _ => {}
        }
    }
    None
}

/// The rest of the line, but for brackets that are opened before it, or only what is underlined.
fn on_the_line(text: &str, underlined: Span) -> Vec<Span> {
    let rest = &text[underlined.start()..];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let mut depth = 0_usize;
    let closed = line.char_indices().find(|(_, letter)| match letter {
        '[' | '{' => {
            depth += 1;
            false
        }
        ']' | '}' if depth == 0 => true,
        ']' | '}' => {
            depth -= 1;
            false
        }
        _ => false,
    });
    let end = closed.map_or(line.trim_end().len(), |(at, _)| at);
    let is_quote = matches!(&text[underlined.range()], "\"" | "'");
    let underlined_only = underlined.end().min(underlined.start() + line.len());
    [
        Some(underlined.start() + end),
        (!is_quote).then_some(underlined_only),
    ]
    .into_iter()
    .flatten()
    .filter(|end| *end > underlined.start())
    .map(|end| underlined.at(underlined.start()..end))
    .collect()
}
