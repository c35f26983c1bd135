//! What is left of a hidden value: `+49 ••• 17 (a3f)`.

/// Stands for what is hidden, whatever its length.
pub(in crate::report) const HIDDEN: &str = "•••";

/// Hexadecimal digits of a tag: enough to see a change, too few to be looked up.
const TAG_DIGITS: usize = 3;

/// Characters between the digits of a telephone number.
const SEPARATORS: &[char] = &[' ', '-', '.', '/', '(', ')'];

/// Gives hidden values their tags. The same value has the same tag within a run and another one in the next.
#[derive(Debug, Clone)]
pub(super) struct Tags {
    salt: [u8; 32],
}

impl Tags {
    /// The id of a run stands in its reports. Without the salt, which stands in the run file alone, whoever guesses a
    /// name could try the guess.
    pub(super) fn of_run(run_id: &str, salt: &str) -> Self {
        Self {
            salt: blake3::derive_key(
                "sugarmill 2026 report tags of hidden values",
                [run_id, salt].concat().as_bytes(),
            ),
        }
    }

    pub(super) fn hide(&self, text: &str) -> String {
        let hash = blake3::keyed_hash(&self.salt, text.as_bytes()).to_hex();
        format!("{} ({})", shape(text), &hash[..TAG_DIGITS])
    }
}

fn shape(text: &str) -> String {
    email(text)
        .or_else(|| phone(text))
        .unwrap_or_else(|| plain(text))
}

/// The first letter and the end of the domain.
fn email(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let first = local.chars().next()?;
    let (_, end) = domain.rsplit_once('.')?;
    let plausible = !end.is_empty() && !text.contains(char::is_whitespace);
    plausible.then(|| format!("{first}{HIDDEN}@{HIDDEN}.{end}"))
}

/// The country and the last two digits, and whether it is written with separators.
fn phone(text: &str) -> Option<String> {
    let is_separator = |character: char| SEPARATORS.contains(&character);
    let body = text.strip_prefix('+').unwrap_or(text);
    let digits: Vec<char> = body.chars().filter(char::is_ascii_digit).collect();
    let is_phone = digits.len() >= 5
        && body
            .chars()
            .all(|character| character.is_ascii_digit() || is_separator(character));
    if !is_phone {
        return None;
    }
    let country: String = match text.strip_prefix('+') {
        // A country has one to three digits; written without a separator nothing tells how many.
        Some(rest) => match rest.find(is_separator) {
            Some(end @ 1..=3) => format!("+{}", &rest[..end]),
            _ => format!("+{}", &rest[..2]),
        },
        None => String::new(),
    };
    let gap = if body.trim().contains(is_separator) {
        " "
    } else {
        ""
    };
    let last: String = digits[digits.len() - 2..].iter().collect();
    let start = if country.is_empty() { "" } else { gap };
    Some(format!("{country}{start}{HIDDEN}{gap}{last}"))
}

/// The first letter, where it does not say too much.
fn plain(text: &str) -> String {
    let first = text.chars().next().filter(|_| text.chars().count() > 3);
    first.map_or_else(|| HIDDEN.to_owned(), |first| format!("{first}{HIDDEN}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_what_kind_of_value_it_was() {
        for (value, expected) in [
            ("+49 30 1234-5617", "+49 ••• 17"),
            ("+493012345617", "+49•••17"),
            ("030/1234517", "••• 17"),
            ("0301234517", "•••17"),
            ("anna.huber@mail.example.com", "a•••@•••.com"),
            ("Huber", "H•••"),
            ("Ng", "•••"),
            ("1980-01-31", "••• 31"),
            ("+4", "•••"),
            ("@", "•••"),
            ("ÄÖÜß", "Ä•••"),
        ] {
            assert_eq!(shape(value), expected, "{value}");
        }
    }

    #[test]
    fn tags_tell_values_apart_within_a_run_only() {
        let (first, second) = (Tags::of_run("r1", "s"), Tags::of_run("r2", "s"));
        assert_eq!(first.hide("Huber"), first.hide("Huber"));
        assert_ne!(first.hide("Huber"), first.hide("Hueber"));
        assert_ne!(first.hide("Huber"), second.hide("Huber"));
        let unsalted = Tags::of_run("r1", "");
        assert_ne!(first.hide("Huber"), unsalted.hide("Huber"));
    }
}
