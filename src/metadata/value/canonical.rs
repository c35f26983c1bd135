//! JSON as one text, whoever wrote it: for digests and for telling values apart.

use serde_json::Value as Json;

/// JSON with sorted keys and numbers as they are. Written here because whether a map is sorted otherwise depends on the
/// features other crates switch on.
pub fn canonical(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let entries: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Json::from(key.as_str()), canonical(&map[key])))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Json::Array(list) => format!(
            "[{}]",
            list.iter().map(canonical).collect::<Vec<_>>().join(",")
        ),
        other => other.to_string(),
    }
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
