//! The members of an object and the items of a list, found in JSON that was read as a whole before and is known to keep
//! the grammar: their ends are all that is looked for. An answer has a hundred fields, and a run reads a handful.

use std::borrow::Cow;

use memchr::memchr2;

/// The names and values of an object, as they are written; nothing where it is no object, or a name is no text.
pub(super) fn members(text: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut scan = Scan { text, at: 0 };
    // As many as a small module has.
    let mut members = Vec::with_capacity(64);
    scan.take(b'{')?;
    while scan.next() == Some(b'"') {
        let name = scan.name()?;
        scan.take(b':')?;
        members.push((name, scan.value()?));
        if scan.take(b',').is_none() {
            break;
        }
    }
    scan.take(b'}').map(|()| members)
}

/// The items of a list, as they are written.
pub(super) fn items(text: &str) -> Option<Vec<&str>> {
    let mut scan = Scan { text, at: 0 };
    let mut items = Vec::new();
    scan.take(b'[')?;
    while scan.next() != Some(b']') {
        items.push(scan.value()?);
        if scan.take(b',').is_none() {
            break;
        }
    }
    scan.take(b']').map(|()| items)
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next character that is no space, which is gone to.
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Goes past one character of the grammar, if it is next.
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then(|| self.at += 1)
    }

    /// Goes past a text, which is next.
    fn name(&mut self) -> Option<Cow<'a, str>> {
        let from = self.at;
        let is_plain = self.skip_text();
        let quoted = self.text.get(from..self.at)?;
        match is_plain {
            true => Some(Cow::Borrowed(&quoted[1..quoted.len() - 1])),
            false => serde_json::from_str(quoted).ok().map(Cow::Owned),
        }
    }

    /// Goes past a value, if one is next.
    fn value(&mut self) -> Option<&'a str> {
        let first = self.next()?;
        let from = self.at;
        match first {
            b'"' => {
                self.skip_text();
            }
            b'{' | b'[' => self.skip_nested(),
            _ => self.skip_word(),
        }
        self.text
            .get(from..self.at)
            .filter(|value| !value.is_empty())
    }

    /// A number, or one of the three words.
    fn skip_word(&mut self) {
        let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte);
        let rest = self.rest();
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    /// From one quotation mark behind the other. Whether nothing in between is escaped.
    fn skip_text(&mut self) -> bool {
        self.at += 1;
        let mut is_plain = true;
        while let Some(ahead) = memchr2(b'"', b'\\', self.rest()) {
            let byte = self.rest()[ahead];
            self.at += ahead + 1;
            if byte == b'"' {
                return is_plain;
            }
            is_plain = false;
            self.at += 1;
        }
        // It has no end.
        self.at = self.text.len();
        false
    }

    /// From one bracket behind the other.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.next() {
            if byte == b'"' {
                self.skip_text();
                continue;
            }
            self.at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => return,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;
    use serde_json::Value as Json;

    use super::*;

    fn json() -> impl Strategy<Value = Json> {
        let plain = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "[a\"\\\\{}\\[\\],: \nü/]{0,9}".prop_map(Json::from),
        ];
        plain.prop_recursive(4, 40, 6, |inner| {
            let name = "[a-c\"\\\\{}\\[\\]:,é]{0,4}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map(name, inner, 0..6)
                    .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    fn read(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_reader_finds(value in json(), pretty: bool) {
            let text = match pretty {
                true => serde_json::to_string_pretty(&value).unwrap(),
                false => value.to_string(),
            };
            let value = read(&text);
            let found: Option<Map<String, Json>> = members(&text).map(|members| {
                let members = members.into_iter();
                members.map(|(name, value)| (name.into_owned(), read(value))).collect()
            });
            prop_assert_eq!(found.as_ref(), value.as_object());
            let found = items(&text).map(|items| items.into_iter().map(read).collect::<Vec<_>>());
            prop_assert_eq!(found.as_ref(), value.as_array());
        }

        #[test]
        fn what_breaks_the_grammar_harms_nobody(text in "[{}\\[\\]\",:\\\\ aü1]{0,20}") {
            let _ = members(&text);
            let _ = items(&text);
        }
    }
}
