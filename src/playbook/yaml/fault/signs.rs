//! Characters with which text cannot begin, or that cannot stand in it at all.

use super::super::place::Place;
use super::words::fault;
use super::words::quoted;
use super::words::template_without_quotes;
use super::words::value_end;
use crate::diag::Problem;

/// `name: {{ item.name }} again`: YAML sees a map and then something else.
pub(super) fn unquoted_template(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let start = line.find("{{").filter(|start| {
        let before = line[..*start].trim_end();
        before.ends_with([':', '-', '[', ','])
    })?;
    let value = place.value_from(start, value_end(line, start));
    Some(template_without_quotes(place.text_of(value), value))
}

/// A blank that looks like one and is none for YAML, where one has to stand.
pub(super) fn odd_blank(place: &Place<'_>) -> Option<Problem> {
    let is_odd = |letter: char| letter.is_whitespace() && !letter.is_ascii();
    let own = place.on_line(0, place.line().len());
    let (line, at) = [place.line_above(), Some(own)]
        .into_iter()
        .flatten()
        .find_map(|line| {
            let written = place.text_of(line);
            let at = written.find(is_odd)?;
            let before = written[..at].trim_end();
            let matters = before.is_empty() || before.ends_with([':', '-']);
            matters.then_some((line, at))
        })?;
    let odd = place.text_of(line)[at..].chars().next()?;
    let start = line.start() + at;
    let blank = line.at(start..start + odd.len_utf8());
    let problem = fault("this blank is none that YAML knows")
        .at(blank, format!("the character U+{:04X}", u32::from(odd)))
        .help("write plain spaces; text that is copied from a page or a letter may bring others");
    Some(problem)
}

pub(super) fn control_character(place: &Place<'_>) -> Option<Problem> {
    let span = place.control_character()?;
    let number = u32::from(place.text_of(span).chars().next()?);
    let message = format!("the control character U+{number:04X} cannot stand in YAML");
    let problem = fault(message)
        .at(span, "not a character of text")
        .help(format!("remove it, or write it as `\"\\u{number:04x}\"`"));
    Some(problem)
}

pub(super) fn odd_character(place: &Place<'_>) -> Option<Problem> {
    let start = place.column();
    let value = place.value_from(start, value_end(place.line(), start));
    let written = place.text_of(value);
    let first = written.chars().next()?;
    let problem = fault(format!("text cannot begin with `{first}`"))
        .at(value, "needs quotes")
        .help(format!("write {}", quoted(written)));
    Some(problem)
}

pub(super) fn tag(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let start = line[..place.column()].rfind('!')?;
    let value = place.on_line(start, line.trim_end().len());
    let written = place.text_of(value);
    let name = written.split_whitespace().next()?;
    let problem = fault(format!("`{name}` is a tag, and playbooks have none"))
        .at(value, "not text for YAML")
        .help(format!(
            "put quotes around text that begins with `!`: {}",
            quoted(written)
        ));
    Some(problem)
}
