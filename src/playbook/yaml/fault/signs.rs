//! Characters with which text cannot begin, or that cannot stand in it at all.

use super::super::place::Place;
use super::words::fault;
use super::words::named;
use super::words::quoted;
use super::words::template_without_quotes;
use super::words::value_end;
use crate::diag::Problem;

/// `name: {{ item.name }} again`: YAML sees a map and then something else.
pub(super) fn unquoted_template(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    let opened = ["{{", "{%"];
    let at = opened.iter().filter_map(|open| line.find(open)).min()?;
    let before = line[..at].trim_end();
    let start = if before.ends_with([':', '-', '[', ',']) {
        at
    } else {
        text_with_template(before)?
    };
    let value = place.value_from(start, value_end(line, start));
    Some(template_without_quotes(place.text_of(value), value))
}

/// Where `a {{ b }}` begins in brackets, in which no brace can stand without quotes.
fn text_with_template(before: &str) -> Option<usize> {
    let is_in_brackets = before.matches(['[', '{']).count() > before.matches([']', '}']).count();
    let is_quoted = ['"', '\'']
        .iter()
        .any(|quote| before.matches(*quote).count() % 2 == 1);
    let begin = [": ", ", ", "[", "{ "]
        .iter()
        .filter_map(|sign| Some(before.rfind(sign)? + sign.len()));
    begin.max().filter(|_| is_in_brackets && !is_quoted)
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
        .at(blank, named(odd))
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

/// `name: @sales`, or what begins with another sign that means something else there.
pub(super) fn odd_character(place: &Place<'_>) -> Option<Problem> {
    let line = place.line();
    // A second anchor: `&a &b c`.
    let anchor = line[..place.column()]
        .trim_end()
        .rfind(" &")
        .map(|at| at + 1);
    let anchor = anchor.filter(|at| !line[*at..place.column()].trim_end().contains(' '));
    let start = anchor.unwrap_or(place.column());
    let before = line[..start].trim_end();
    let stands_for_a_value = before.is_empty() || before.ends_with([':', '-', '[', '{', ',', '?']);
    let value = place.value_from(start, value_end(line, start));
    let written = place.text_of(value);
    let first = written
        .chars()
        .next()
        .filter(|first| stands_for_a_value && "@`%&*|>,]}?:".contains(*first))?;
    let problem = fault(format!("text cannot begin with {}", ticked(first)))
        .at(value, "needs quotes")
        .help(format!("write {}", quoted(written)));
    Some(problem)
}

/// A backtick in backticks would be none.
fn ticked(letter: char) -> String {
    match letter {
        '`' => "a backtick".to_owned(),
        letter => format!("`{letter}`"),
    }
}

/// What marks the byte order at the beginning of a file, and is not seen anywhere else.
pub(super) fn mark_inside(place: &Place<'_>) -> Option<Problem> {
    let mark = place.character();
    let letter = place
        .text_of(mark)
        .chars()
        .next()
        .filter(|letter| *letter == '\u{feff}')?;
    let problem = fault("a character that cannot be seen stands here")
        .at(mark, named(letter))
        .help("remove it: it is the byte-order mark of a text that was pasted");
    Some(problem)
}

pub(super) fn tag(place: &Place<'_>) -> Option<Problem> {
    let before = &place.line()[..place.column()];
    let value = match before.rfind('!') {
        Some(start) => place.value_from(start, value_end(place.line(), start)),
        // `!vault |`: the place is that of the text below.
        None => {
            let above = place.line_above()?;
            let at = place.text_of(above).rfind(" !")? + 1;
            above.at(above.start() + at..above.end())
        }
    };
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
