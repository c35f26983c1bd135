//! A field before and after, with what differs within a text marked.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value as Json;
use similar::ChangeTag;
use similar::TextDiff;

use crate::report::text::cells;
use crate::report::text::value;

/// Characters of a value that are shown.
const SHOWN: usize = 600;

/// A comparison that takes longer is not worth it.
const PATIENCE: Duration = Duration::from_millis(20);

/// Where less than this stays, marks would only be noise.
const ALIKE: f32 = 0.4;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Cell {
    pub(super) pieces: Vec<Piece>,
    pub(super) is_empty: bool,
    /// Characters that are not shown.
    pub(super) more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_changed: bool,
}

impl Cell {
    pub(super) fn of(value: &Json) -> Self {
        let text = text(value);
        let count = text.chars().count();
        let shown: String = text.chars().take(SHOWN).collect();
        Self {
            is_empty: text.is_empty(),
            more: count.saturating_sub(SHOWN),
            pieces: vec![Piece {
                text: shown,
                is_changed: false,
            }],
        }
    }

    fn text(&self) -> &str {
        self.pieces.first().map_or("", |piece| &piece.text)
    }

    /// About how long it is in the page.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.len() + 20).sum()
    }
}

/// Both sides of a change.
pub(super) fn sides(before: &Json, after: &Json) -> (Cell, Cell) {
    let (mut from, mut to) = (Cell::of(before), Cell::of(after));
    if from.is_empty || to.is_empty {
        return (from, to);
    }
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_words(from.text(), to.text());
    if diff.ratio() < ALIKE {
        return (from, to);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut left, text, false);
                push(&mut right, text, false);
            }
            ChangeTag::Delete => push(&mut left, text, true),
            ChangeTag::Insert => push(&mut right, text, true),
        }
    }
    (from.pieces, to.pieces) = (left, right);
    (from, to)
}

fn push(pieces: &mut Vec<Piece>, text: &str, is_changed: bool) {
    match pieces.last_mut() {
        Some(last) if last.is_changed == is_changed => last.text.push_str(text),
        _ => pieces.push(Piece {
            text: text.to_owned(),
            is_changed,
        }),
    }
}

/// Texts as they are, with their lines; anything else as the other reports have it.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let lines: Vec<String> = text.split('\n').map(cells::exact).collect();
            lines.join("\n")
        }
        other => match value::shown(other, usize::MAX) {
            empty if empty == "(empty)" => String::new(),
            shown => shown,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn marked(cell: &Cell) -> String {
        let pieces = cell.pieces.iter().map(|piece| match piece.is_changed {
            true => format!("[{}]", piece.text),
            false => piece.text.clone(),
        });
        pieces.collect()
    }

    #[test]
    fn what_differs_is_marked() {
        let (before, after) = sides(
            &json!("it ends badly, I fear"),
            &json!("it ends well, I fear"),
        );
        assert_eq!(marked(&before), "it ends [badly,] I fear");
        assert_eq!(marked(&after), "it ends [well,] I fear");
        let (before, after) = sides(&json!("New"), &json!("Recycled"));
        assert_eq!(
            (marked(&before), marked(&after)),
            ("New".into(), "Recycled".into())
        );
    }

    #[test]
    fn values_are_readable_and_bounded() {
        assert!(Cell::of(&Json::Null).is_empty);
        assert_eq!(marked(&Cell::of(&json!("a\nb\u{202e}"))), "a\nb\\u{202e}");
        assert_eq!(marked(&Cell::of(&json!(["a"]))), "\"a\"");
        let long = Cell::of(&json!("ü".repeat(1000)));
        assert_eq!(
            (long.text().chars().count(), long.more),
            (SHOWN, 1000 - SHOWN)
        );
    }
}
