//! What several of these mistakes are told with.

use super::super::super::code;
use crate::diag::Problem;
use crate::diag::Span;

pub(super) fn fault(message: impl Into<String>) -> Problem {
    Problem::error(code::YAML_SYNTAX, message)
}

/// The same text with quotes that suit it.
pub(super) fn quoted(written: &str) -> String {
    if written.contains('"') || written.contains('\\') {
        format!("`'{}'`", written.replace('\'', "''"))
    } else {
        format!("`\"{written}\"`")
    }
}

/// Where a value ends: inside brackets, at the comma or bracket behind it.
pub(super) fn value_end(line: &str, start: usize) -> usize {
    let opened = line[..start].matches(['[', '{']).count();
    let closed = line[..start].matches([']', '}']).count();
    let mut depth = 0_usize;
    let end = line[start..].char_indices().find(|(_, letter)| {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' if depth > 0 => depth -= 1,
            ']' | '}' | ',' => return depth == 0,
            _ => {}
        }
        false
    });
    match end {
        Some((at, _)) if opened > closed => start + line[start..start + at].trim_end().len(),
        _ => line.trim_end().len(),
    }
}

pub(in super::super) fn template_without_quotes(written: &str, span: Span) -> Problem {
    Problem::error(code::UNQUOTED_TEMPLATE, "a template needs quotes around it")
        .at(span, "YAML reads these braces as a map")
        .help(format!("write {}", quoted(&closed(written))))
}

/// The same template, with the braces at its end.
fn closed(written: &str) -> String {
    let is_open = written.matches("{{").count() > written.matches("}}").count();
    match written.trim_end_matches('}').trim_end() {
        text if is_open => format!("{text} }}}}"),
        _ => written.to_owned(),
    }
}

/// A character that is hard to tell from another.
pub(in super::super) fn named(letter: char) -> String {
    format!("the character U+{:04X}", u32::from(letter))
}
