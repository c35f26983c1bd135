//! Telephone numbers in the one form that everybody reads alike: E.164, a plus sign and digits.

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;

/// Digits of a number with its country: the shortest in use, and the most that E.164 allows.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Countries whose numbers keep their leading zero when they are dialled from abroad.
const KEEP_ZERO: [&str; 3] = ["39", "378", "379"];

/// `{{ row.phone | e164('49') }}`: `030 / 12 34 56` → `+4930123456`. Empty stays empty.
pub(super) fn e164(value: &Value, country: Option<&str>) -> Result<String, Error> {
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_none() => String::new(),
        None => value.to_string(),
    };
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    normal(&text, country).map_err(|wrong| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{}` {wrong}", text.trim()),
        )
    })
}

fn normal(text: &str, country: Option<&str>) -> Result<String, String> {
    // `+49 (0) 30`: the zero is for callers from inside the country.
    let text = text.trim().replace("(0)", "");
    let country = country.map(|country| {
        country
            .trim_start_matches('+')
            .trim_start_matches("00")
            .to_owned()
    });
    let mut digits = String::with_capacity(text.len());
    for (place, character) in text.chars().filter(|c| !c.is_whitespace()).enumerate() {
        match character {
            '0'..='9' => digits.push(character),
            '+' if place == 0 => {}
            '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2013}' => {}
            _ => return Err("is not a telephone number".to_owned()),
        }
    }
    let is_international = text.starts_with('+');
    let number = match (is_international, digits.strip_prefix("00"), country) {
        (true, _, _) => digits,
        (false, Some(rest), _) => rest.to_owned(),
        (false, None, Some(country)) => {
            if country.is_empty() || !country.bytes().all(|digit| digit.is_ascii_digit()) {
                return Err(format!(
                    "names no country, and `{country}` is no calling code; write digits, as in `e164('49')`"
                ));
            }
            let national = match KEEP_ZERO.contains(&country.as_str()) {
                true => digits.as_str(),
                false => digits.strip_prefix('0').unwrap_or(&digits),
            };
            format!("{country}{national}")
        }
        (false, None, None) => {
            return Err("names no country; give one, as in `e164('49')`".to_owned());
        }
    };
    match DIGITS.contains(&number.len()) && !number.starts_with('0') {
        true => Ok(format!("+{number}")),
        false => Err("is not a telephone number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn numbers_are_written_alike() {
        for (text, country, expected) in [
            ("+49 (0)30 1234-567", None, "+49301234567"),
            ("0049 30 1234567", None, "+49301234567"),
            ("030/1234567", Some("49"), "+49301234567"),
            ("030 1234567", Some("+49"), "+49301234567"),
            ("(212) 555-0100", Some("1"), "+12125550100"),
            ("06 1234 5678", Some("39"), "+390612345678"),
        ] {
            assert_eq!(normal(text, country).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (text, country) in [
            ("call me", Some("49")),
            ("030 1234567", None),
            ("030 1234567", Some("")),
            ("030 1234567", Some("DE")),
            ("12", Some("49")),
            ("+1234567890123456", None),
            ("030 123 ext 4", Some("49")),
        ] {
            assert!(normal(text, country).is_err(), "{text}");
        }
    }
}
