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
}

pub(super) fn parse(source: SourceId, text: &str) -> Result<Patched<'_>, Problems> {
    let mut text = Cow::Borrowed(text);
    let mut problems = Problems::default();
    let mut holes = HashSet::new();
    let mut parsed = source::parse(&text);
    loop {
        let refused = match parsed {
            Ok(piece) => {
                return Ok(Patched {
                    piece,
                    text,
                    problems,
                    holes,
                });
            }
            Err(refused) => refused,
        };
        let (problem, hole) = told(source, &text, &refused);
        let places = problem
            .labels
            .first()
            .map_or_else(Vec::new, |(place, _)| places(&text, *place, hole));
        problems.push(problem);
        let filled = places
            .into_iter()
            .filter(|_| problems.len() <= MOST)
            .find_map(|place| {
                let filled = filled(&text, place);
                let parsed = source::parse(&filled);
                let goes_on = match &parsed {
                    Ok(_) => true,
                    Err(next) => hole != Hole::Last && begins_behind(source, &filled, next, place),
                };
                goes_on.then_some((place.start(), filled, parsed))
            });
        let Some((start, filled, next)) = filled else {
            return Err(problems);
        };
        holes.insert(start);
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
fn places(text: &str, underlined: Span, hole: Hole) -> Vec<Span> {
    match hole {
        Hole::Nothing => Vec::new(),
        Hole::Value | Hole::Last => on_the_line(text, underlined),
        Hole::Brackets => {
            let mut places = in_brackets(text, underlined);
            places.extend(on_the_line(text, underlined));
            places
        }
    }
}

/// From each bracket of the line, the inmost first, to where the lines end that are indented deeper.
fn in_brackets(text: &str, underlined: Span) -> Vec<Span> {
    let begin = text[..underlined.start()]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let indented = |line: &str| line.len() - line.trim_start().len();
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

/// The text with null in a place, and all else where it was.
fn filled(text: &str, place: Span) -> String {
    let left_out = text[place.start()..place.end()].bytes().skip(1);
    let blanks: String = left_out
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    [&text[..place.start()], "~", &blanks, &text[place.end()..]].concat()
}
