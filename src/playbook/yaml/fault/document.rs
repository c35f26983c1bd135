//! What is wrong with the text as a whole, and with aliases of its parts.

use super::super::super::code;
use super::super::hole::Hole;
use super::super::place::Place;
use super::words::fault;
use crate::diag::Problem;
use crate::diag::Span;

pub(in super::super) fn limit(span: Span) -> Problem {
    let message = "the text is nested too deeply, or aliases make it too large";
    Problem::error(code::YAML_LIMIT, message)
        .at(span, "reading stopped here")
        .help("put rows into a data file, and write out what aliases copy many times")
}

pub(in super::super) fn two_documents(text: &str, span: Span) -> (Problem, Hole) {
    let place = Place::new(text, span);
    let mark = place
        .lines_above()
        .find(|line| {
            ["---", "..."]
                .iter()
                .any(|mark| place.text_of(*line).starts_with(mark))
        })
        .unwrap_or(span);
    let is_another = text[mark.end()..]
        .lines()
        .any(|line| line.starts_with("version:"));
    let problem = fault("a file holds one playbook, here a second document begins")
        .at(mark, "the second document");
    if is_another {
        let help = "put the second playbook into a file of its own";
        (problem.help(help), Hole::Rest)
    } else {
        let help = format!("remove the `{}`", place.text_of(mark));
        (problem.help(help), Hole::Mark)
    }
}

pub(in super::super) fn unknown_anchor(text: &str, span: Span) -> Problem {
    let place = Place::new(text, span);
    let alias = place.word();
    let written = place.text_of(alias);
    let name = written.trim_start_matches('*');
    fault(format!("no anchor is called `{name}`"))
        .at(alias, "an alias of nothing")
        .help(format!(
            "put quotes around text that begins with `*`: `\"{written}\"`; an alias needs `&{name}` before its value"
        ))
}

pub(super) fn endless_alias(place: &Place<'_>) -> Problem {
    fault("an alias cannot stand inside what it is an alias of")
        .at(place.word(), "would never end")
        .help("write the value out")
}

/// What a merge left for somebody to decide.
pub(super) fn conflict(place: &Place<'_>) -> Option<Problem> {
    let line = place.text_of_line();
    let is_mark = ["<<<<<<<", ">>>>>>>", "|||||||"]
        .iter()
        .any(|mark| place.line().starts_with(mark))
        || place.text_of(line) == "=======";
    is_mark.then(|| {
        fault("a merge left a conflict here")
            .at(line, "written by git")
            .help("keep one of the two sides, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`")
    })
}

/// `// why`.
pub(super) fn foreign_comment(place: &Place<'_>) -> Option<Problem> {
    let line = place.text_of_line();
    let written = place.text_of(line);
    let sign = ["//", "/*", "<!--"]
        .into_iter()
        .find(|sign| written.starts_with(sign))?;
    let said = written[sign.len()..]
        .trim_end_matches("*/")
        .trim_end_matches("-->")
        .trim();
    let problem = fault("a comment begins with `#`")
        .at(line, "a comment of another language")
        .help(format!("write `# {said}`"));
    Some(problem)
}

/// What is left of a page that the text was copied from.
pub(super) fn fence(place: &Place<'_>) -> Option<Problem> {
    let line = place.text_of_line();
    place.text_of(line).starts_with("```").then(|| {
        fault("this line is none of the playbook")
            .at(line, "left of the page it was copied from")
            .help("remove it")
    })
}

/// `%VERSION 1` above all.
pub(super) fn directive(place: &Place<'_>) -> Option<Problem> {
    let line = [Some(place.text_of_line()), place.line_above()]
        .into_iter()
        .flatten()
        .find(|line| place.text_of(*line).starts_with('%'))?;
    let problem = fault("a line that begins with `%` is for the reader of YAML")
        .at(line, "not understood")
        .help("remove it, or begin it with `#` to make a comment of it");
    Some(problem)
}
