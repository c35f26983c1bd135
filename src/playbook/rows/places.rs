//! On which lines of a JSON document the values stand that were found in it.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::numbers::behind_text;

/// The line of each value, from 1, in their order. `text` is what the document was read from.
pub(super) fn lines(text: &[u8], document: &Json, found: &[&Json]) -> Vec<u64> {
    let mut lines = vec![1; found.len()];
    let mut wanted: HashMap<*const Json, Vec<usize>> = HashMap::new();
    for (place, value) in found.iter().enumerate() {
        let value: *const Json = *value;
        wanted.entry(value).or_default().push(place);
    }
    let mut walk = Walk {
        text,
        at: 0,
        line: 1,
    };
    walk.value(Some(document), &mut |value, line| {
        let value: *const Json = value;
        for place in wanted.get(&value).into_iter().flatten() {
            lines[*place] = line;
        }
    });
    lines
}

/// A walk through text that is known to be JSON, beside the values it was read into.
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Walk<'_> {
    /// The next byte that is no blank, not yet taken.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                other => return Some(*other),
            }
            self.at += 1;
        }
        None
    }

    /// Of a key that stands twice the last value counts, so that the first has none beside it that is of its kind.
    fn value(&mut self, value: Option<&Json>, see: &mut impl FnMut(&Json, u64)) {
        let first = self.peek();
        if let Some(value) = value {
            see(value, self.line);
        }
        match first {
            Some(b'{') => {
                let map = value.and_then(Json::as_object);
                self.members(b'}', |walk, _| {
                    walk.peek();
                    let from = walk.at;
                    walk.at = behind_text(walk.text, from);
                    let key: Option<String> =
                        serde_json::from_slice(&walk.text[from..walk.at]).ok();
                    // The colon.
                    walk.peek();
                    walk.at += 1;
                    let member = key.and_then(|key| map?.get(&key));
                    walk.value(member, see);
                });
            }
            Some(b'[') => {
                let list = value.and_then(Json::as_array);
                self.members(b']', |walk, index| {
                    walk.value(list.and_then(|list| list.get(index)), see);
                });
            }
            Some(b'"') => self.at = behind_text(self.text, self.at),
            Some(_) => {
                while let Some(byte) = self.text.get(self.at)
                    && !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
                {
                    self.at += 1;
                }
            }
            None => {}
        }
    }

    fn members(&mut self, close: u8, mut each: impl FnMut(&mut Self, usize)) {
        // The bracket.
        self.at += 1;
        let mut index = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b',' => self.at += 1,
                _ if byte == close => {
                    self.at += 1;
                    return;
                }
                _ => {
                    each(self, index);
                    index += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_on_its_line() {
        let text = "\n{\n  \"a b\\\"\": [ 1,\n    {\"x\": [\n[], \"}\\n\",\n null]}],\n  \"twice\": 1, \"twice\":\n true\n}\n";
        let document: Json = serde_json::from_str(text).unwrap();
        let list = &document["a b\""];
        let found = [
            &document,
            list,
            &list[0],
            &list[1],
            &list[1]["x"][0],
            &list[1]["x"][2],
            &document["twice"],
        ];
        assert_eq!(
            lines(text.as_bytes(), &document, &found),
            [2, 3, 3, 4, 5, 6, 8]
        );
    }
}
