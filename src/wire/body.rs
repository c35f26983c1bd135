//! What an answer holds, kept as the text that came. Of a record with a hundred fields a run needs a handful; whoever
//! looks at the others has them read.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::scan;

/// The contents of an answer: JSON that nobody has read yet, but for its grammar. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Body {
    /// What came, which all entries of a `/bulk` share.
    whole: Arc<String>,
    place: Range<usize>,
}

/// A part of an answer, as it came.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(&'a str);

/// The fields of an object in an answer, in the order in which they came.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl Body {
    /// A part of a text that keeps the grammar of JSON, and is JSON itself.
    pub(super) fn part(whole: &Arc<String>, place: Range<usize>) -> Self {
        Self {
            whole: Arc::clone(whole),
            place,
        }
    }

    pub fn shown(&self) -> Shown<'_> {
        Shown(&self.whole[self.place.clone()])
    }
}

impl From<Json> for Body {
    fn from(json: Json) -> Self {
        let whole = Arc::new(json.to_string());
        let place = 0..whole.len();
        Self { whole, place }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.shown().json() == other.shown().json()
    }
}

impl<'a> Shown<'a> {
    /// All of it; nothing where it breaks the rules of JSON within a text or a number.
    pub fn json(self) -> Option<Json> {
        serde_json::from_str(self.0).ok()
    }

    /// What a list holds.
    pub fn items(self) -> Option<Vec<Self>> {
        let items = scan::items(self.0)?;
        Some(items.into_iter().map(Self).collect())
    }

    /// One level of an object.
    pub fn fields(self) -> Option<Fields<'a>> {
        scan::members(self.0).map(Fields)
    }

    /// A text.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let Text(text) = serde_json::from_str(self.0).ok()?;
        Some(text)
    }

    /// What came, where it is written in the one way that everybody writes it: a word, a whole number, or a text without
    /// anything that is escaped.
    pub fn plain(self) -> Option<&'a str> {
        let text = self.0;
        let is_plain = match text.as_bytes() {
            [b'"', inner @ .., b'"'] => !inner.contains(&b'\\'),
            b"true" | b"false" | b"null" => true,
            // The whole numbers have a zero that is less than none.
            b"-0" => false,
            [b'-', digits @ ..] | digits => {
                digits.len() < 16 && digits.iter().all(u8::is_ascii_digit)
            }
        };
        is_plain.then_some(text)
    }

    /// Whether it can be told without reading that it holds nothing.
    pub fn is_bare(self) -> bool {
        matches!(self.0.as_bytes(), b"null" | b"\"\"" | b"[]" | b"{}")
    }
}

impl<'a> Fields<'a> {
    /// The last one of the name, where it came twice.
    pub fn get(&self, name: &str) -> Option<Shown<'a>> {
        let mut found = self.0.iter().rev().filter(|(known, _)| known == name);
        found.next().map(|(_, text)| Shown(text))
    }

    pub fn json(&self, name: &str) -> Option<Json> {
        self.get(name)?.json()
    }

    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, Shown<'a>)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_ref(), Shown(text)))
    }

    /// All that can be read.
    pub fn whole(&self) -> Map<String, Json> {
        let read = |(name, shown): (&str, Shown<'_>)| Some((name.to_owned(), shown.json()?));
        self.iter().filter_map(read).collect()
    }
}

/// A text that is borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_read_when_somebody_looks_at_it() {
        let text = r#"{"a":"x\/y","b":[1, 2],"n":"\u00e9","bad":"\ud800","a":"z","none":null}"#;
        let body = Body::part(&Arc::new(text.into()), 0..text.len());
        let fields = body.shown().fields().unwrap();
        assert_eq!(fields.text("a").as_deref(), Some("z"));
        assert_eq!(fields.json("b"), Some(json!([1, 2])));
        assert_eq!(fields.text("n").as_deref(), Some("é"));
        assert_eq!(fields.json("bad"), None);
        assert_eq!(
            body.shown().json(),
            None,
            "and the rest is there all the same"
        );
        let read = json!({ "a": "z", "b": [1, 2], "n": "é", "none": null });
        assert_eq!(Json::Object(fields.whole()), read);
        assert!(Body::from(json!([])).shown().fields().is_none());
    }

    #[test]
    fn what_is_plain_reads_as_it_is_written() {
        let plain = |text: &str| {
            let body = Body::part(&Arc::new(text.into()), 0..text.len());
            body.shown().plain().map(|text| {
                let read: Json = serde_json::from_str(text).unwrap();
                assert_eq!(read.to_string(), text);
            })
        };
        for text in [
            "\"\"",
            "\"é x\"",
            "true",
            "null",
            "-12",
            "0",
            "123456789012345",
        ] {
            assert!(plain(text).is_some(), "{text}");
        }
        for text in [
            "\"a\\/b\"",
            "1.50",
            "1e3",
            "[]",
            "{}",
            "1234567890123456789",
            "-0",
            "-0.0",
        ] {
            assert!(plain(text).is_none(), "{text}");
        }
    }
}
