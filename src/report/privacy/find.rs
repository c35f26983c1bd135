//! Where personal data stands in a text: by what is known to be personal, and by what looks like it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Map;
use serde_json::Value as Json;

/// Shorter ones occur in any text by chance; they count only where they are the whole of it.
const SHORTEST: usize = 3;

/// Numbers occur by chance even oftener.
const SHORTEST_NUMBER: usize = 5;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\d][\p{L}\d._%+'-]*@[\p{L}\d-]+(\.[\p{L}\d-]+)+")
        .expect("the pattern is a constant and a test uses it")
});

/// Only with the sign of an international number: other long numbers are ids and amounts.
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\+\d(?:[ ()/.-]{0,2}\d){6,14}")
        .expect("the pattern is a constant and a test uses it")
});

/// Personal values of one operation, to be found again in its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::report) struct Personal(BTreeSet<Vec<char>>);

impl Personal {
    pub(super) fn add(&mut self, value: &Json) {
        match value {
            Json::String(text) => {
                self.0.insert(folded(text.trim()));
            }
            Json::Number(number) => {
                self.0.insert(folded(&number.to_string()));
            }
            Json::Array(list) => list.iter().for_each(|item| self.add(item)),
            Json::Object(map) => map.values().for_each(|item| self.add(item)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    pub(super) fn add_fields<'a>(
        &mut self,
        fields: &'a Map<String, Json>,
        is_personal: impl Fn(&'a str) -> bool,
    ) {
        for (name, value) in fields {
            if is_personal(name) {
                self.add(value);
            }
        }
    }

    /// Bytes of the text that are, or look like, personal data; apart from each other and in order.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = EMAIL
            .find_iter(text)
            .chain(PHONE.find_iter(text))
            .map(|found| found.range())
            .collect();
        if !self.0.is_empty() {
            self.known_places(text, &mut places);
        }
        joined(places)
    }

    fn known_places(&self, text: &str, places: &mut Vec<Range<usize>>) {
        let letters = folded(text);
        let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        starts.push(text.len());
        let is_inside = |at: usize| {
            letters
                .get(at)
                .is_some_and(|letter| letter.is_alphanumeric())
        };
        for value in &self.0 {
            if value.is_empty() {
                continue;
            }
            if *value == letters {
                places.push(0..text.len());
                continue;
            }
            let is_number = value.iter().all(char::is_ascii_digit);
            let shortest = if is_number { SHORTEST_NUMBER } else { SHORTEST };
            if value.len() < shortest {
                continue;
            }
            for (at, window) in letters.windows(value.len()).enumerate() {
                let end = at + value.len();
                let goes_on = is_inside(end) || (at > 0 && is_inside(at - 1));
                if !goes_on && window == value.as_slice() {
                    places.push(starts[at]..starts[end]);
                }
            }
        }
    }
}

/// In one case, letter by letter, so that places in it are places in the text.
fn folded(text: &str) -> Vec<char> {
    text.chars()
        .map(|letter| letter.to_lowercase().next().unwrap_or(letter))
        .collect()
}

/// Overlapping ones as one: what is left of the second would still be a piece of it.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| (place.start, place.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match apart.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => apart.push(place),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found<'a>(personal: &Personal, text: &'a str) -> Vec<&'a str> {
        let places = personal.places(text);
        places.into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn addresses_and_numbers_are_found_anywhere() {
        let text = "write to anna.huber@example.co.uk, or call +49 (30) 123-45.";
        assert_eq!(
            found(&Personal::default(), text),
            ["anna.huber@example.co.uk", "+49 (30) 123-45"]
        );
        for harmless in [
            "2026-01-01T00:00:00+00:00",
            "5f0c6b6e-3d0e-5b0a",
            "a@b",
            "+1",
        ] {
            assert_eq!(found(&Personal::default(), harmless), [""; 0], "{harmless}");
        }
    }

    #[test]
    fn known_values_are_found_as_words_in_any_case() {
        let mut personal = Personal::default();
        personal.add(&json!(["Müller", "Ng", 17, { "zip": "10115" }]));
        assert_eq!(found(&personal, "MÜLLER, 10115"), ["MÜLLER", "10115"]);
        assert_eq!(found(&personal, "ng"), ["ng"]);
        assert_eq!(found(&personal, "Müllerei Ng 17 A-101150"), [""; 0]);
    }
}
