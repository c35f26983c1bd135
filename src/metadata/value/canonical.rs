//! JSON as one text, whoever wrote it: for digests and for telling values apart.

use serde_json::Value as Json;

/// JSON with sorted keys and numbers as they are. Written here because whether a map is sorted otherwise depends on the
/// features other crates switch on.
pub fn canonical(value: &Json) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Json, text: &mut String) {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<(&String, &Json)> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (place, (key, value)) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_plain(key, text);
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Json::Array(list) => {
            text.push('[');
            for (place, value) in list.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Json::String(plain) => write_plain(plain, text),
        other => text.push_str(&other.to_string()),
    }
}

fn write_plain(plain: &str, text: &mut String) {
    let quoted = serde_json::to_string(plain).expect("a text can be written as JSON");
    text.push_str(&quoted);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_canonical_form_is_sorted_and_exact() {
        let value =
            json!({ "b": [1, 9_007_199_254_740_993_i64, "ü\n"], "a": { "d": null, "c": 1.5 } });
        assert_eq!(
            canonical(&value),
            r#"{"a":{"c":1.5,"d":null},"b":[1,9007199254740993,"ü\n"]}"#
        );
    }
}
