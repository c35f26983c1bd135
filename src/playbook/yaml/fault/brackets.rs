//! Lists and maps in brackets.

use super::super::place::Place;
use super::words::fault;
use super::words::quoted;
use super::words::value_end;
use crate::diag::Problem;

/// `text: [a] b`.
pub(super) fn text_behind_bracket(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let (_, value) = line[..place.column()].split_once(": ")?;
    let is_closed = value.trim_end().ends_with([']', '}']);
    if !is_closed || !value.trim_start().starts_with(['[', '{']) {
        return None;
    }
    let start = place.column() - value.trim_start().len();
    let value = place.value_from(start, line.len());
    let problem = fault("text goes on behind the closing bracket")
        .at(value, "YAML reads a list or a map, and then something else")
        .help(format!(
            "put quotes around text: {}",
            quoted(place.text_of(value))
        ));
    Some(problem)
}

/// `{ $gt: amount: 5 }`.
pub(super) fn second_colon(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let column = place.column();
    if !line[column..].starts_with(':') {
        return None;
    }
    let (before, _) = line[..column].rsplit_once(": ")?;
    let start = before.len() + 2;
    let key = before.rsplit([' ', '{', ',']).next()?;
    let value = place.value_from(start, value_end(line, start));
    let written = place.text_of(value);
    let problem = fault(format!("two `:` stand in one entry, `{key}: {written}`"))
        .at(value, "YAML reads a second key here")
        .help(format!(
            "a map inside has braces of its own, `{key}: {{ {written} }}`, and text has quotes, {}",
            quoted(written)
        ));
    Some(problem)
}

pub(super) fn mixed_brackets(place: &Place<'_>) -> Problem {
    fault("this bracket is closed by one of the other kind")
        .at(place.character(), "opened here")
        .help("`[` wants `]`, `{` wants `}`")
}

pub(super) fn bracket_too_many(place: &Place<'_>) -> Problem {
    fault("this bracket closes nothing")
        .at(place.character(), "one too many")
        .help("remove it, or put quotes around it if it is text")
}

pub(super) fn bracket_not_closed(place: &Place<'_>) -> Option<Problem> {
    let open = place.open_bracket()?;
    let close = match place.text_of(open) {
        "[" => ']',
        _ => '}',
    };
    let problem = fault(format!("this bracket is not closed with `{close}`"))
        .at(open, "opened here")
        .help(format!("add `{close}` where the list or map ends"));
    Some(problem)
}
