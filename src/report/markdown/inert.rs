//! Text that nobody wrote as Markdown, put so that it stays what it is: no markup, no mention, no link.
//!
//! Values come from customers and can be anything. What stands in code is taken literally by everything that reads
//! Markdown, and GitHub and GitLab look there neither for `@name` nor for `#123`.

use serde_json::Value as Json;

use crate::report::text::cells;
use crate::report::text::cells::visible;
use crate::report::text::value;

/// Characters of a value that are shown.
const SHOWN: usize = 120;

/// Text as code, on one line, in any place of a document.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    // Blanks at an end would be taken away, and a span of nothing is none.
    let is_plain =
        !text.is_empty() && text.trim() == text && !text.contains(['`', '|', '\\', '<', '>']);
    match is_plain {
        true => format!("`{text}`"),
        false => format!("<code>{}</code>", entities(&text)),
    }
}

/// The same where HTML is written rather than Markdown: in a `<summary>`.
pub(super) fn code_in_html(text: &str) -> String {
    let text = visible(text);
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<code>{}</code>", text.replace('>', "&gt;"))
}

/// The beginning of a text, as code.
pub(super) fn short_code(text: &str, most: usize) -> String {
    code(&cells::cut(&visible(text), most))
}

/// A field's value.
pub(super) fn shown(value: &Json) -> String {
    match value::shown(value, SHOWN) {
        empty if empty == "(empty)" => "*(empty)*".to_owned(),
        shown => code(&shown),
    }
}

/// A sentence of ours or of Sugar's: what it has in backticks, and every word that could be anything but a word, is
/// code.
pub(super) fn prose(text: &str) -> String {
    let text = cells::cut(&visible(text), 600);
    let pieces = text.split('`').enumerate();
    let shown = pieces.map(|(index, piece)| match index % 2 {
        1 if !piece.is_empty() => code(piece),
        _ => {
            let words = piece.split(' ').map(|word| match is_a_word(word) {
                true => word.to_owned(),
                false => code(word),
            });
            words.collect::<Vec<_>>().join(" ")
        }
    });
    // Two pieces of code without a blank between them would run into each other.
    shown.collect::<String>().replace("``", "`\u{200b}`")
}

/// Letters, digits and what stands between sentences; nothing that somebody links, or Markdown obeys.
fn is_a_word(word: &str) -> bool {
    let is_calm =
        |letter: char| letter.is_alphanumeric() || ".,;:()'\"/?=→…•–✓✗-_".contains(letter);
    let is_reference = || {
        let mut letters = word.chars().zip(word.chars().skip(1));
        letters.any(|(letter, next)| letter == '-' && next.is_ascii_digit())
    };
    let is_sign = |word: &str| word.matches(':').count() > 1;
    // Within a name it is a letter, at its ends emphasis.
    let is_emphasis = |word: &str| {
        let mut parts = word.split('_').collect::<Vec<_>>();
        let last = parts.pop().unwrap_or_default();
        !parts.is_empty()
            && (!last.starts_with(char::is_alphanumeric)
                || !parts
                    .iter()
                    .all(|part| part.ends_with(char::is_alphanumeric)))
    };
    let lower = word.to_lowercase();
    word.trim_end_matches('%').chars().all(is_calm)
        && !is_sign(word)
        && !is_emphasis(word)
        && !lower.contains("://")
        && !lower.contains("www.")
        && !lower.starts_with('/')
        && !is_reference()
}

/// Every sign that could mean something, as a number.
fn entities(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() * 2);
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            shown.push_str(&format!("&#{};", u32::from(letter)));
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_code_in_one_way_or_the_other() {
        for (text, expected) in [
            ("A-001", "`A-001`"),
            ("a|b", "<code>a&#124;b</code>"),
            ("`", "<code>&#96;</code>"),
            ("", "<code></code>"),
            (" a", "<code> a</code>"),
            ("a\nb", "<code>a&#92;nb</code>"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(shown(&serde_json::json!("New")), "`\"New\"`");
        assert_eq!(shown(&Json::Null), "*(empty)*");
    }

    #[test]
    fn sentences_stay_sentences() {
        for (text, expected) in [
            (
                "`birthdate`: `31.02` is not a date; write `2026-01-31`, or not",
                "`birthdate`: `31.02` is not a date; write `2026-01-31`, or not",
            ),
            (
                "ask @everyone in #12, or GH-7 at http://evil!",
                "ask `@everyone` in `#12,` or `GH-7` at `http://evil!`",
            ),
            (
                "**not** <b>bold</b>",
                "`**not**` <code>&#60;b&#62;bold&#60;&#47;b&#62;</code>",
            ),
            ("an odd ` one", "an odd <code> one</code>"),
            (":tada: 5% %1", "`:tada:` 5% `%1`"),
            (
                "(local:missing_key) _a_ a__b",
                "(local:missing_key) `_a_` `a__b`",
            ),
        ] {
            assert_eq!(prose(text), expected);
        }
    }
}
