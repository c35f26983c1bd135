//! A text that is no YAML because of some of its values, read as if nothing stood in their place: the rest has mistakes of
//! its own, and whoever mends one wants to see them all.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fault;
use super::fault::Hole;
use super::source;
use super::source::Piece;
use super::source::Refused;
use super::source::Why;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Span;

/// Values that are left out. Each costs another reading of the text.
const MOST: usize = 20;

/// A text as far as it is YAML.
pub(super) struct Patched<'t> {
    pub(super) piece: Piece,
    /// As long as the one that was written, and with the same places.
    pub(super) text: Cow<'t, str>,
    /// What is wrong with the values that are left out.
    pub(super) problems: Problems,
    /// Where they begin.
    pub(super) holes: HashSet<usize>,
    /// Where lines begin that are left out as a whole: whose they were is not known.
    pub(super) lines: Vec<usize>,
}

/// What may be left out.
struct Part {
    span: Span,
    filling: Filling,
}

/// What stands in its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filling {
    /// A value that is null.
    Null,
    /// Nothing but blanks.
    Blanks,
    /// The same, and what was there may have been a part of anything around it.
    Lines,
}

pub(super) fn parse(source: SourceId, text: &str) -> Result<Patched<'_>, Problems> {
    let mut text = Cow::Borrowed(text);
    let mut problems = Problems::default();
    let mut holes = HashSet::new();
    let mut lines = Vec::new();
    let mut parsed = source::parse(&text);
    loop {
        let refused = match parsed {
            Ok(piece) => {
                return Ok(Patched {
                    piece,
                    text,
                    problems,
                    holes,
                    lines,
                });
            }
            Err(refused) => refused,
        };
        let (problem, hole) = told(source, &text, &refused);
        let parts = problem
            .labels
            .first()
            .map_or_else(Vec::new, |(place, _)| parts(&text, *place, hole));
        problems.push(problem);
        let filled = parts
            .into_iter()
            .filter(|_| problems.len() <= MOST)
            .find_map(|part| {
                let filled = filled(&text, &part);
                let parsed = source::parse(&filled);
                let goes_on = match &parsed {
                    Ok(_) => true,
                    Err(next) => {
                        hole != Hole::Last && begins_behind(source, &filled, next, part.span)
                    }
                };
                goes_on.then_some((part, filled, parsed))
            });
        let Some((part, filled, next)) = filled else {
            return Err(problems);
        };
        match part.filling {
            Filling::Null => drop(holes.insert(part.span.start())),
            Filling::Blanks => {}
            Filling::Lines => lines.push(part.span.start()),
        }
        text = Cow::Owned(filled);
        parsed = next;
    }
}

/// What is wrong, and what may be left out because of it.
fn told(source: SourceId, text: &str, refused: &Refused) -> (Problem, Hole) {
    let span = super::tree::on_characters(source, text, &refused.place);
    match &refused.why {
        Why::Limit => (fault::limit(span), Hole::Nothing),
        Why::TwoDocuments => (fault::two_documents(span), Hole::Nothing),
        Why::UnknownAnchor => (fault::unknown_anchor(text, span), Hole::Value),
        Why::Syntax(said) => fault::syntax(text, span, said),
    }
}

/// Whether what is wrong next is so whatever stood in a place before it.
fn begins_behind(source: SourceId, text: &str, next: &Refused, place: Span) -> bool {
    let (problem, _) = told(source, text, next);
    let begin = problem.labels.first().map(|(span, _)| span.start());
    begin.is_some_and(|begin| begin > place.end())
}

/// What may be left out, the likeliest first.
fn parts(text: &str, underlined: Span, hole: Hole) -> Vec<Part> {
    let (spans, filling) = match hole {
        Hole::Nothing => (Vec::new(), Filling::Null),
        Hole::Value | Hole::Last => (on_the_line(text, underlined), Filling::Null),
        Hole::Quoted => (from_its_quote(text, underlined), Filling::Null),
        Hole::Brackets => {
            let mut spans = in_brackets(text, underlined);
            spans.extend(on_the_line(text, underlined));
            (spans, Filling::Null)
        }
        Hole::Character => (vec![underlined], Filling::Blanks),
        Hole::Line => (vec![lines(text, underlined, |_| false)], Filling::Lines),
        Hole::Lines => {
            let has_dash = |line: &str| line.trim_start().starts_with('-');
            let is_item = has_dash(&text[line_of(text, underlined)..]);
            let goes_on = |line: &str| has_dash(line) == is_item;
            (vec![lines(text, underlined, goes_on)], Filling::Lines)
        }
    };
    let part = |span| Part { span, filling };
    spans.into_iter().map(part).collect()
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

/// The line, and those behind it that are indented deeper, or as deep if they go on with it.
fn lines(text: &str, underlined: Span, goes_on: impl Fn(&str) -> bool) -> Span {
    let begin = line_of(text, underlined);
    let indentation = indented(&text[begin..]);
    let deep = text[begin..]
        .split_inclusive('\n')
        .enumerate()
        .take_while(|(place, line)| match indented(line) {
            _ if *place == 0 || line.trim().is_empty() => true,
            deep if deep == indentation => goes_on(line),
            deep => deep > indentation,
        });
    let end = begin + deep.map(|(_, line)| line.len()).sum::<usize>();
    let start = begin + indentation;
    let end = begin + text[begin..end].trim_end().len();
    underlined.at(start..end.max(start))
}

fn line_of(text: &str, place: Span) -> usize {
    text[..place.start()].rfind('\n').map_or(0, |at| at + 1)
}

/// How far the first line of a text is indented.
fn indented(text: &str) -> usize {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    line.len() - line.trim_start().len()
}

/// From each bracket of the line, the inmost first, to where the lines end that are indented deeper.
fn in_brackets(text: &str, underlined: Span) -> Vec<Span> {
    let begin = line_of(text, underlined);
    let indentation = indented(&text[begin..]);
    let mut end = begin;
    for line in text[begin..].split_inclusive('\n') {
        let is_deeper = indented(line) > indentation || line.trim().is_empty();
        if end > begin && !is_deeper {
            break;
        }
        end += line.len();
    }
    let end = begin + text[begin..end].trim_end().len();
    text[begin..underlined.end()]
        .rmatch_indices(['[', '{'])
        .map(|(at, _)| underlined.at(begin + at..end))
        .collect()
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
    [
        underlined.start() + end,
        underlined.end().min(underlined.start() + line.len()),
    ]
    .into_iter()
    .filter(|end| *end > underlined.start())
    .map(|end| underlined.at(underlined.start()..end))
    .collect()
}

/// The text with all but a part of it where it was.
fn filled(text: &str, part: &Part) -> String {
    let left_out = part.span.range();
    let mut filling: String = text[left_out.clone()]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    if part.filling == Filling::Null {
        filling.replace_range(..1, "~");
    }
    [&text[..left_out.start], &filling, &text[left_out.end..]].concat()
}
