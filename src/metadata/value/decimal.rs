//! Decimal numbers by their digits, so that nothing is lost in a float: Sugar gives and takes them as text.

use std::fmt;

use serde_json::Value as Json;

/// The longest exponent and number of digits taken; beyond it a text is no number of a CRM.
const LONGEST: usize = 400;

/// Normalised: no leading zeros before, no trailing zeros behind the point, no minus zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    whole: String,
    behind: String,
}

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let shift = usize::try_from(exponent.unsigned_abs()).ok()?;
        if whole.is_empty() && behind.is_empty()
            || !all_digits(whole)
            || !all_digits(behind)
            || whole.len() + behind.len() + shift > LONGEST
        {
            return None;
        }
        let (whole, behind) = shifted(whole, behind, exponent >= 0, shift);
        Some(Self::normalised(negative, &whole, &behind))
    }

    /// Of a JSON number, or of text that reads as one.
    pub(super) fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Number(number) => Self::parse(&number.to_string()),
            Json::String(text) => Self::parse(text),
            _ => None,
        }
    }

    fn normalised(negative: bool, whole: &str, behind: &str) -> Self {
        let whole = whole.trim_start_matches('0').to_owned();
        let behind = behind.trim_end_matches('0').to_owned();
        Self {
            negative: negative && !(whole.is_empty() && behind.is_empty()),
            whole,
            behind,
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.behind.is_empty()
    }

    pub(super) fn digits_before_the_point(&self) -> usize {
        self.whole.len()
    }

    /// Half away from zero, as databases round.
    pub(super) fn rounded(&self, precision: u32) -> Self {
        let keep = usize::try_from(precision).unwrap_or(usize::MAX);
        if self.behind.len() <= keep {
            return self.clone();
        }
        let up = self.behind.as_bytes()[keep] >= b'5';
        let mut digits: Vec<u8> = self
            .whole
            .bytes()
            .chain(self.behind.bytes().take(keep))
            .collect();
        if up {
            let mut at = digits.len();
            loop {
                if at == 0 {
                    digits.insert(0, b'1');
                    break;
                }
                at -= 1;
                if digits[at] == b'9' {
                    digits[at] = b'0';
                } else {
                    digits[at] += 1;
                    break;
                }
            }
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        let (whole, behind) = digits.split_at(digits.len() - keep);
        Self::normalised(self.negative, whole, behind)
    }

    /// Whether both are the same as far as a binary float of a database can tell.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        let float = |decimal: &Self| decimal.to_string().parse::<f64>().unwrap_or(f64::NAN);
        let (left, right) = (float(self), float(other));
        (left - right).abs() <= 1e-9 * left.abs().max(right.abs())
    }
}

/// Moves the point by the exponent.
fn shifted(whole: &str, behind: &str, right: bool, shift: usize) -> (String, String) {
    if right {
        let taken = shift.min(behind.len());
        let whole = format!("{whole}{}{}", &behind[..taken], "0".repeat(shift - taken));
        (whole, behind[taken..].to_owned())
    } else {
        let given = shift.min(whole.len());
        let at = whole.len() - given;
        let behind = format!("{}{}{behind}", "0".repeat(shift - given), &whole[at..]);
        (whole[..at].to_owned(), behind)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let whole = if self.whole.is_empty() {
            "0"
        } else {
            &self.whole
        };
        let point = if self.behind.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{}", self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Decimal::parse(text).map_or_else(|| "none".into(), |decimal| decimal.to_string())
    }

    #[test]
    fn numbers_are_normalised() {
        for (text, expected) in [
            ("25000", "25000"),
            ("0025.500", "25.5"),
            ("-0.00", "0"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+1", "1"),
            (" 1.10 ", "1.1"),
            ("1e3", "1000"),
            ("1.25e1", "12.5"),
            ("125e-4", "0.0125"),
            ("1,5", "none"),
            ("1 000", "none"),
            ("", "none"),
            ("-", "none"),
            (".", "none"),
            ("1e999999999", "none"),
            ("NaN", "none"),
            ("0x1", "none"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (text, precision, expected) in [
            ("12.345", 2, "12.35"),
            ("-12.345", 2, "-12.35"),
            ("12.344", 2, "12.34"),
            ("99.995", 2, "100"),
            ("0.5", 0, "1"),
            ("0.04", 1, "0"),
            ("-0.04", 1, "0"),
            ("1.5", 6, "1.5"),
        ] {
            let rounded = Decimal::parse(text).unwrap().rounded(precision);
            assert_eq!(rounded.to_string(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_number_or_not(text in "\\PC{0,20}") {
            let _ = Decimal::parse(&text);
        }

        #[test]
        fn whole_numbers_keep_their_digits(number: i64) {
            proptest::prop_assert_eq!(read(&number.to_string()), number.to_string());
        }

        #[test]
        fn rounding_once_or_twice_is_the_same(text in "-?[0-9]{1,6}\\.[0-9]{0,8}", precision in 0u32..8) {
            let once = Decimal::parse(&text).unwrap().rounded(precision);
            proptest::prop_assert_eq!(once.rounded(precision), once);
        }
    }
}
