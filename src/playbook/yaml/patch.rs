//! A text that is no YAML because of some of its parts, read as if nothing stood in their place: the rest has mistakes of
//! its own, and whoever mends one wants to see them all.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fault;
use super::hole::Filling;
use super::hole::Hole;
use super::hole::Part;
use super::hole::larger_parts;
use super::hole::parts;
use super::source;
use super::source::Piece;
use super::source::Refused;
use super::source::Why;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Span;

/// Parts that are left out.
const MOST: usize = 20;

/// Times that the text is read to find them.
const MOST_READINGS: usize = 100;

/// A text as far as it is YAML.
pub(super) struct Patched<'t> {
    pub(super) piece: Piece,
    /// As long as the one that was written, and with the same places.
    pub(super) text: Cow<'t, str>,
    /// What is wrong with the parts that are left out.
    pub(super) problems: Problems,
    /// Where values begin that are left out.
    pub(super) holes: HashSet<usize>,
    /// Where lines are left out as a whole: whose they were is not known.
    pub(super) lines: Vec<Span>,
}

/// The text without a part.
struct Filled {
    part: Part,
    text: String,
    parsed: Result<Piece, Refused>,
}

pub(super) fn parse(source: SourceId, text: &str) -> Result<Patched<'_>, Problems> {
    let mut text = Cow::Borrowed(text);
    let mut problems = Problems::default();
    let mut holes = HashSet::new();
    let mut lines = Vec::new();
    let mut readings = MOST_READINGS;
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
        let place = problem.labels.first().map(|(place, _)| *place);
        problems.push(problem);
        let filled = place
            .filter(|_| hole != Hole::Nothing && problems.len() <= MOST)
            .and_then(|place| {
                let likely = parts(&text, place, hole);
                without_one(source, &text, likely, hole.is_of_lines(), &mut readings).or_else(
                    || {
                        let larger = larger_parts(&text, place, hole);
                        without_one(source, &text, larger, true, &mut readings)
                    },
                )
            });
        let Some(filled) = filled else {
            return Err(problems);
        };
        let left_out = filled.part.span;
        match filled.part.filling {
            Filling::Null => drop(holes.insert(left_out.start())),
            Filling::Blanks => {}
            Filling::Lines => lines.push(left_out),
        }
        text = Cow::Owned(filled.text);
        parsed = filled.parsed;
    }
}

/// The text without the first of these parts without which it is YAML, or something else is wrong with it, behind the part.
///
/// Of lines it shows only then where they end: what is wrong in the very next line is likely to belong to them.
fn without_one(
    source: SourceId,
    text: &str,
    parts: Vec<Part>,
    are_lines: bool,
    readings: &mut usize,
) -> Option<Filled> {
    let mut second_best = None;
    for part in parts {
        *readings = readings.checked_sub(1)?;
        let filled_text = filled(text, &part);
        let parsed = source::parse(&filled_text);
        let next = match &parsed {
            Ok(_) => None,
            Err(refused) => match begin(source, &filled_text, refused) {
                Some(begin) if begin > part.span.end() => Some(begin),
                _ => continue,
            },
        };
        let is_right_behind =
            next.is_some_and(|next| filled_text[part.span.end()..next].trim().is_empty());
        let filled = Filled {
            part,
            text: filled_text,
            parsed,
        };
        if !are_lines || !is_right_behind {
            return Some(filled);
        }
        second_best.get_or_insert(filled);
    }
    second_best
}

/// What is wrong, and what may be left out because of it.
fn told(source: SourceId, text: &str, refused: &Refused) -> (Problem, Hole) {
    let span = super::tree::on_characters(source, text, &refused.place);
    match &refused.why {
        Why::Limit => (fault::limit(span), Hole::Nothing),
        Why::TwoDocuments => fault::two_documents(text, span),
        Why::UnknownAnchor => (fault::unknown_anchor(text, span), Hole::Value),
        Why::Syntax(said) => fault::syntax(text, span, said),
    }
}

/// Where what is wrong begins.
fn begin(source: SourceId, text: &str, refused: &Refused) -> Option<usize> {
    let (problem, _) = told(source, text, refused);
    problem.labels.first().map(|(span, _)| span.start())
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
