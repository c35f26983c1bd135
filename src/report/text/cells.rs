//! Text in columns of a terminal: measured, cut, padded, wrapped, and made harmless.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

/// Stands for what was cut off.
pub(super) const CUT: char = '…';

/// Columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// One line without anything a terminal would obey: control characters as escapes, and marks that turn the direction
/// of writing too.
pub(in crate::report) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let turns = matches!(
            letter,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        );
        match letter {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            other if turns || other.is_control() => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(other));
            }
            other => shown.push(other),
        }
    }
    shown
}

/// The beginning of a text, in so many columns.
pub(in crate::report) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut taken = 0;
    let mut shown = String::new();
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken >= width {
            break;
        }
        shown.push(letter);
    }
    if width > 0 {
        shown.push(CUT);
    }
    shown
}

/// Filled up with blanks.
pub(in crate::report) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(blanks))
}

/// Broken between words into lines of so many columns; a word that is longer by itself is left whole, so that paths and
/// ids can be copied.
pub(in crate::report) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// "1 record", "1,200 records".
pub(in crate::report) fn counted(count: u64, singular: &str) -> String {
    match count {
        1 => format!("1 {singular}"),
        count => format!("{} {singular}s", grouped(count)),
    }
}

/// With commas between thousands: reports have numbers of seven digits.
pub(in crate::report) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_as_a_terminal_shows_them() {
        assert_eq!(cut("Müller", 6), "Müller");
        assert_eq!(cut("Müllers", 6), "Mülle…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(padded("漢", 4), "漢  ");
    }

    #[test]
    fn nothing_a_terminal_would_obey_is_left() {
        assert_eq!(
            visible("a\u{1b}[31m\r\n\tb\u{202e}\u{9b}"),
            "a\\u{1b}[31m\\r\\n\\tb\\u{202e}\\u{9b}"
        );
    }

    #[test]
    fn long_words_stay_whole() {
        assert_eq!(
            wrapped("see /a/very/long/path for it", 10),
            ["see", "/a/very/long/path", "for it"]
        );
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
