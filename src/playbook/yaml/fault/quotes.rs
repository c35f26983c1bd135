//! Quotes that are not closed, or closed too early, and what a backslash does in them.

use super::super::place::Place;
use super::words::fault;
use crate::diag::Problem;

/// A quote that is left open goes on to the next one, which is another value's.
pub(super) fn quote_closed_by_another(place: &Place<'_>) -> Option<Problem> {
    let before = place.line()[..place.column()].trim_end();
    let quote = before.chars().next_back()?;
    let opens = before[..before.len() - quote.len_utf8()].trim_end();
    if !opens.ends_with([':', '-']) || opens.contains(quote) {
        return None;
    }
    let opened = place.open_above(quote)?;
    let closed = place.on_line(before.len() - quote.len_utf8(), before.len());
    let problem = fault("this quote is not closed where its text ends")
        .at(opened, "opened here")
        .at(closed, "closed only here")
        .help(format!("write `{quote}` at the end of the text"));
    Some(problem)
}

pub(super) fn quote_not_closed(place: &Place<'_>) -> Problem {
    fault("this quote is never closed")
        .at(place.character(), "opened here")
        .help("write the same quote again where the text ends")
}

pub(super) fn text_behind_quote(place: &Place<'_>) -> Problem {
    let line = place.line();
    let is_single = line[..place.column()].trim_end().ends_with('\'');
    let help = if is_single {
        "inside single quotes an apostrophe is written twice: `'O''Brien'`"
    } else if line[..place.column()].contains("{{") {
        "inside a template in double quotes write single ones: `\"{{ row['name'] }}\"`"
    } else {
        "inside double quotes a quote is written `\\\"`: `\"the \\\"best\\\" lead\"`"
    };
    fault("text goes on behind the closing quote")
        .at(place.rest_of_line(), "outside the quotes")
        .help(help)
}

pub(super) fn unknown_escape(place: &Place<'_>) -> Option<Problem> {
    let escape = place.unknown_escape()?;
    let written = place.text_of(escape);
    let problem = fault(format!("`{written}` is no escape"))
        .at(escape, "a backslash inside double quotes")
        .help(format!(
            "write `\\{written}` for a backslash, or put single quotes around the text"
        ));
    Some(problem)
}

/// `{ status: "New" name: a }`.
pub(super) fn comma_missing(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let before = &line[..place.column()];
    let is_in_brackets = before.matches(['[', '{']).count() > before.matches([']', '}']).count();
    let rest = line[place.column()..].trim_start();
    let (key, _) = rest.split_once(':')?;
    let is_key = !key.is_empty()
        && key
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_$".contains(letter));
    (is_in_brackets && is_key).then(|| {
        fault(format!("a `,` is missing before `{key}`"))
            .at(place.rest_of_line(), "outside the quotes")
            .help("entries in brackets are separated by `,`")
    })
}

/// `"a"# why`.
pub(super) fn comment_without_blank(place: &Place<'_>) -> Problem {
    fault("a comment needs a blank before its `#`")
        .at(place.rest_of_line(), "no blank before it")
        .help("write ` #`, or put the `#` inside the quotes")
}

/// `\u12`.
pub(super) fn unfinished_escape(place: &Place<'_>) -> Option<Problem> {
    let escape = place.unfinished_escape()?;
    let problem = fault(format!("`{}` is no character", place.text_of(escape)))
        .at(escape, "not all of its digits")
        .help(
            "`\\x` wants two hexadecimal digits, `\\u` four and `\\U` eight; a backslash is written `\\\\`, or as it is in single quotes",
        );
    Some(problem)
}
