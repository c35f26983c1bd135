//! Text in columns of a terminal: measured, cut, padded, wrapped, and made harmless.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;
use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

pub(in crate::report) use crate::diag::grouped;

/// Stands for what was cut off.
pub(super) const CUT: char = '…';

/// Columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// One line without anything a terminal would obey, or nobody would see: control characters and those that only steer
/// how text is set, as escapes.
pub(in crate::report) fn visible(text: &str) -> String {
    static UNSEEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]").expect("it is written here"));
    escaped(text, &UNSEEN)
}

/// The same so that no two texts look alike: what begins an escape is one, and a blank that is not the usual one.
pub(in crate::report) fn exact(text: &str) -> String {
    static UNCLEAR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}--[ \u{3000}]]").expect("it is written here")
    });
    escaped(text, &UNCLEAR)
}

/// A value between quotes, in so many columns.
pub(in crate::report) fn in_quotes(text: &str, room: usize) -> String {
    let text = exact(text).replace('"', "\\\"");
    format!("\"{}\"", cut(&text, room.saturating_sub(2)))
}

fn escaped(text: &str, what: &Regex) -> String {
    let escape = |found: &Captures<'_>| match &found[0] {
        "\\" => "\\\\".to_owned(),
        "\n" => "\\n".to_owned(),
        "\r" => "\\r".to_owned(),
        "\t" => "\\t".to_owned(),
        other => other.chars().fold(String::new(), |escape, letter| {
            format!("{escape}\\u{{{:x}}}", u32::from(letter))
        }),
    };
    what.replace_all(text, escape).into_owned()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        assert_eq!(
            visible("zero\u{200b}width\u{ad}"),
            "zero\\u{200b}width\\u{ad}"
        );
    }

    #[test]
    fn no_two_values_look_alike() {
        let texts = [
            "a\nb",
            "a\\nb",
            "a\\\\nb",
            "a\rb",
            "a b",
            "a\u{a0}b",
            "a\u{200b}b",
            "a\\u{200b}b",
            "ab",
            "a\"b",
            "a\\\"b",
        ];
        let shown: BTreeSet<String> = texts.iter().map(|text| in_quotes(text, 99)).collect();
        assert_eq!(shown.len(), texts.len(), "{shown:?}");
        assert_eq!(in_quotes("say \"hi\"", 99), r#""say \"hi\"""#);
        assert_eq!(in_quotes(r"C:\new", 99), r#""C:\\new""#);
        assert_eq!(in_quotes("漢字\u{3000}かな", 99), "\"漢字\u{3000}かな\"");
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
