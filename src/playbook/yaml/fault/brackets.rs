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
    let key = before.rsplit([' ', '{', '[', ',']).next()?;
    let value = place.value_from(start, value_end(line, start));
    let written = place.text_of(value);
    // `status: New name: a`
    let (entry, second) = written.split_once(": ").unwrap_or((written, ""));
    if let Some((first, name)) = entry.trim().rsplit_once(' ') {
        let first = first.trim_end_matches([';', ' ']);
        let problem = fault(format!("a `,` is missing before `{name}`"))
            .at(value, "YAML reads a second key here")
            .help(format!("write `{key}: {first}, {name}: {second}`"));
        return Some(problem);
    }
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

/// `{ status: #5 }`: the bracket behind it is a part of the comment.
pub(super) fn comment_in_brackets(place: &Place<'_>) -> Option<Problem> {
    let (line, at) = [place.line_above(), Some(place.text_of_line())]
        .into_iter()
        .flatten()
        .find_map(|line| {
            let written = place.text_of(line);
            let at = written.find(" #")? + 1;
            let (before, behind) = written.split_at(at);
            let is_open = before.matches(['[', '{']).count() > before.matches([']', '}']).count();
            (is_open && behind.contains([']', '}'])).then_some((line, at))
        })?;
    let comment = line.at(line.start() + at..line.end());
    let problem = fault("a `#` with a blank before it begins a comment")
        .at(comment, "not read, and with it the bracket that closes")
        .help("put quotes around text with a `#` in it, or write the comment behind the bracket");
    (place.span().start() >= comment.start()).then_some(problem)
}

/// `[- a, - b]`.
pub(super) fn dash_in_brackets(place: &Place<'_>) -> Option<Problem> {
    let dash = place.character();
    let before = place.line()[..place.column()].trim_end();
    let is_item = place.text_of(place.rest_of_line()).starts_with("- ");
    (is_item && before.ends_with(['[', '{', ','])).then(|| {
        fault("a list in brackets has no dashes")
            .at(dash, "only where an item has a line of its own")
            .help("write `[a, b]`")
    })
}

/// `[a,, b]`.
pub(super) fn comma_of_nothing(place: &Place<'_>) -> Option<Problem> {
    let comma = place.character();
    let before = place.line()[..place.column()].trim_end();
    let is_second = place.text_of(comma) == "," && before.ends_with(['[', '{', ',']);
    is_second.then(|| {
        fault("nothing stands before this `,`")
            .at(comma, "separates nothing")
            .help("remove it, or write what is missing")
    })
}

/// An entry on a line of its own, in brackets, behind one without a comma.
pub(super) fn comma_missing_above(place: &Place<'_>) -> Option<Problem> {
    let begins_line = place.line()[..place.column()].trim().is_empty();
    let is_entry = place
        .text_of(place.rest_of_line())
        .starts_with(|first: char| first.is_alphanumeric() || matches!(first, '"' | '\'' | '$'));
    let above = place.line_above()?;
    let is_separated = place.text_of(above).ends_with([',', '[', '{', '(', ':']);
    let last = place.text_of(above).chars().next_back()?;
    let above = above.at(above.end() - last.len_utf8()..above.end());
    (begins_line && is_entry && !is_separated).then(|| {
        fault("a `,` is missing at the end of this line")
            .at(above, "write it here")
            .at(place.first_word(), "the next entry")
            .help("entries in brackets are separated by `,`; without brackets each has a line of its own")
    })
}
