//! Words for text that is no YAML. The parser says what it stumbled over; a reader wants to know what to write.

use super::super::code;
use crate::diag::Problem;
use crate::diag::Span;

pub(super) fn limit(span: Span) -> Problem {
    Problem::error(
        code::YAML_LIMIT,
        "the text is nested too deeply, or aliases make it too large",
    )
    .at(span, "reading stopped here")
    .help("put rows into a data file, and write out what aliases copy many times")
}

pub(super) fn two_documents(span: Span) -> Problem {
    Problem::error(
        code::YAML_SYNTAX,
        "a file holds one playbook, here a second document begins",
    )
    .at(span, "the second document")
    .help("remove the `---`, or put the second playbook into a file of its own")
}

pub(super) fn unknown_anchor(text: &str, span: Span) -> Problem {
    let span = to_end_of_word(text, span);
    let written = &text[span.start..span.end];
    let problem = Problem::error(code::YAML_SYNTAX, format!("no anchor is named `{written}`"))
        .at(span, "an alias of nothing");
    match written.strip_prefix('*') {
        Some(name) => problem.help(format!(
            "write `&{name}` before the value it stands for, or quotes around text: `\"{written}\"`"
        )),
        None => problem,
    }
}

/// A fault of the text itself, in the parser's words and then in ours.
pub(super) fn syntax(text: &str, span: Span, said: &str) -> Problem {
    if said.contains("recursion limit") {
        return limit(span);
    }
    let line = line_around(text, span.start);
    let indentation = line.len() - line.trim_start().len();
    let begins = line_start(text, span.start);
    if let Some(tab) = line[..indentation].find('\t') {
        let start = begins + tab;
        let tab = Span {
            start,
            end: start + 1,
            ..span
        };
        return Problem::error(code::YAML_SYNTAX, "a tab cannot indent a line")
            .at(tab, "a tab")
            .help("indent with spaces, two for each level");
    }
    FAULTS
        .iter()
        .find(|fault| said.contains(fault.said))
        .map_or_else(
            || {
                Problem::error(code::YAML_SYNTAX, format!("this is not YAML: {said}"))
                    .at(span, "here")
            },
            |fault| {
                Problem::error(code::YAML_SYNTAX, fault.message)
                    .at(to_end_of_word(text, span), fault.label)
                    .help(fault.help)
            },
        )
}

/// One kind of fault: what the parser's message contains, and what a reader is told.
struct Fault {
    said: &'static str,
    message: &'static str,
    label: &'static str,
    help: &'static str,
}

const FAULTS: &[Fault] = &[];

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn line_around(text: &str, at: usize) -> &str {
    let start = line_start(text, at);
    text[start..].split('\n').next().unwrap_or_default()
}

/// A place without extent, up to the end of the word that begins there.
fn to_end_of_word(text: &str, span: Span) -> Span {
    if span.end > span.start + 1 {
        return span;
    }
    let word = text[span.start..]
        .find(|character: char| character.is_whitespace() || ",]}".contains(character))
        .unwrap_or(text.len() - span.start);
    Span {
        end: (span.start + word).max(span.end),
        ..span
    }
}
