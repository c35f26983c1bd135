//! Text over several lines, behind `|` or `>`.

use super::super::place::Place;
use super::words::fault;
use crate::diag::Problem;

/// Text below `key: >` that is not indented deeper than the key.
pub(super) fn text_too_far_left(place: &Place<'_>) -> Option<Problem> {
    let key = place.block_above()?;
    if place.column_of(key) < place.column_of(place.text_of_line()) {
        return None;
    }
    let name = place.text_of(key).split(':').next()?;
    let problem = fault("this text is not indented as text of its key")
        .at(place.text_of_line(), "too far to the left")
        .at(key, "its text stands deeper")
        .help(format!(
            "indent every line of the text deeper than `{}`",
            name.trim_start_matches("- ")
        ));
    Some(problem)
}

/// A line of a text that is less indented than its first.
pub(super) fn less_than_its_text(place: &Place<'_>) -> Option<Problem> {
    let key = place.block_above()?;
    if place.column_of(key) >= place.column_of(place.text_of_line()) {
        return None;
    }
    let problem = fault("this line of a text is indented less than the first")
        .at(place.text_of_line(), "too far to the left")
        .at(key, "the text of this key")
        .help("indent it as far as the first line of the text");
    Some(problem)
}

/// `description: | text`, or `|x`, with text below it.
pub(super) fn mark_of_a_block(place: &Place<'_>) -> Option<Problem> {
    let rest = place.rest_of_line();
    let written = place.text_of(rest);
    let mark = written.chars().next().filter(|mark| "|>".contains(*mark))?;
    if !place.is_deeper_below() {
        return None;
    }
    let problem = fault(format!(
        "a text that `{mark}` begins starts on the next line"
    ))
    .at(rest, "more than the sign of such a text")
    .help(format!(
        "write `{mark}` alone here, and all of the text below it"
    ));
    Some(problem)
}

/// A blank line with more blanks than the text below it is indented.
pub(super) fn blanks_before_a_block(place: &Place<'_>) -> Option<Problem> {
    let key = place.block_above()?;
    let mark = place.text_of(key).rfind(['|', '>'])?;
    let key = key.at(key.start() + mark..key.end());
    let problem = fault("the blank line that begins this text has more blanks than the text")
        .at(key, "the text of this")
        .at(place.first_word(), "less than the blank line above")
        .help("remove the blanks of the empty line");
    Some(problem)
}
