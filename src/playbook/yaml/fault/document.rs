//! What is wrong with the text as a whole, and with aliases of its parts.

use super::super::super::code;
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

pub(in super::super) fn two_documents(span: Span) -> Problem {
    fault("a file holds one playbook, here a second document begins")
        .at(span, "the second document")
        .help("remove the `---`, or put the second playbook into a file of its own")
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
