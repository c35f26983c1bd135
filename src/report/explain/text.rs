//! Explanations for people: one as a whole, all of them as a list.

use super::entry::Explanation;
use super::entry::Origin;
use crate::report::text::cells;

/// Columns before what is said of a label.
const NAMES: usize = 12;

/// Narrower terminals get lines that break by themselves.
const NARROWEST: usize = 24;

/// What there is to say of one.
pub fn explanation_text(found: &Explanation, width: usize) -> String {
    let from = match found.origin {
        Origin::Sugar => "a label of Sugar",
        Origin::Local => "a label of sugarmill, of an operation",
        Origin::Check => "a code of sugarmill",
    };
    let status = found
        .status
        .map_or(String::new(), |status| format!(", HTTP {status}"));
    let mut text = format!("{}: {from}{status}\n\n", found.label);
    for (name, said) in [
        ("means", found.meaning),
        ("do", found.advice),
        ("repeated", found.repeated),
    ] {
        entry(&mut text, &format!("  {name:<8}"), NAMES, said, width);
    }
    text
}

/// What each of them means.
pub fn explanations_text(all: &[Explanation], width: usize) -> String {
    let widest = all.iter().map(|known| known.label.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (origin, heading) in [
        (Origin::Sugar, "labels of Sugar"),
        (Origin::Local, "labels of sugarmill"),
        (
            Origin::Check,
            "codes of mistakes in playbooks, and of how a run ends",
        ),
    ] {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(heading);
        text.push('\n');
        for known in all.iter().filter(|known| known.origin == origin) {
            let name = format!("  {}", known.label);
            entry(&mut text, &name, widest + 4, known.meaning, width);
        }
    }
    text
}

/// A name, and behind `column` blanks what is said of it.
fn entry(text: &mut String, name: &str, column: usize, said: &str, width: usize) {
    let room = width.saturating_sub(column).max(NARROWEST);
    let mut before = cells::padded(name, column);
    for line in cells::wrapped(said, room) {
        text.push_str(&format!("{before}{line}\n"));
        before = " ".repeat(column);
    }
}
