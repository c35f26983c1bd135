//! Numbers of JSON files that no number here can hold, as the text they are written as: nothing is rounded in silence.

use std::borrow::Cow;

/// Digits that a float always gives back.
const SAFE: usize = 15;

/// JSON text with quotes around the numbers that would come back as others. What is given is known to be JSON.
pub(super) fn exact(text: &[u8]) -> Cow<'_, [u8]> {
    let mut quoted: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = behind_text(text, at),
            b'-' | b'0'..=b'9' => {
                let from = at;
                while text.get(at).is_some_and(|byte| is_of_number(*byte)) {
                    at += 1;
                }
                let number = &text[from..at];
                if number.len() > SAFE && !is_held(number) {
                    quoted.extend_from_slice(&text[copied..from]);
                    quoted.push(b'"');
                    quoted.extend_from_slice(number);
                    quoted.push(b'"');
                    copied = at;
                }
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    quoted.extend_from_slice(&text[copied..]);
    Cow::Owned(quoted)
}

/// The place behind a quoted text that begins here.
pub(super) fn behind_text(text: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

pub(super) fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether a number comes back with the digits it is written with.
fn is_held(number: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(number) else {
        return true;
    };
    if text.parse::<i64>().is_ok() {
        return true;
    }
    let is_whole = !text.contains(['.', 'e', 'E']);
    text.parse::<f64>()
        .is_ok_and(|float| !is_whole && digits(text) == digits(&format!("{float:e}")))
}

/// The digits that count.
fn digits(number: &str) -> String {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    all.trim_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        String::from_utf8(exact(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn numbers_that_come_back_stay_numbers() {
        for text in [
            r#"{"a": 1, "b": -2.50, "c": [1e3, 0.1]}"#,
            "9223372036854775807",
            "-9223372036854775808",
            "0.30000000000000004",
            "10000000000000000.0",
            r#"{"12345678901234567890123": "\"12345678901234567890123"}"#,
        ] {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn numbers_that_would_come_back_as_others_are_text() {
        for (text, expected) in [
            (
                r#"{"id": 12345678901234567890123, "n": 1}"#,
                r#"{"id": "12345678901234567890123", "n": 1}"#,
            ),
            ("[18446744073709551615,2]", r#"["18446744073709551615",2]"#),
            ("-9223372036854775809", r#""-9223372036854775809""#),
            ("1234567890123456789.55", r#""1234567890123456789.55""#),
            ("9007199254740993.0", r#""9007199254740993.0""#),
        ] {
            assert_eq!(read(text), expected);
        }
    }
}
