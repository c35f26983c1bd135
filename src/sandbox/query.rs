//! Query strings and form bodies, PHP's bracket notation included: `filter[0][name][$starts]=A`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Map;
use serde_json::Value;

/// Deeper brackets are read as part of the last key, so that no query can nest without end.
const DEPTH: usize = 32;

/// Reads `a=1&b[c]=2` into a map. Lists of numbered keys become arrays.
pub(crate) fn parse(query: &str) -> Map<String, Value> {
    let mut root = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key, Plus::Space), decode(value, Plus::Space));
        let (name, path) = keys(&key);
        if name.is_empty() {
            continue;
        }
        if path.is_empty() {
            root.insert(name.to_owned(), Value::String(value));
        } else {
            let slot = root
                .entry(name.to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            insert(slot, &path, value);
        }
    }
    for value in root.values_mut() {
        make_lists(value);
    }
    root
}

/// What a plus sign stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// A space, as in query strings and forms.
    Space,
    /// Itself, as in paths.
    Itself,
}

/// Undoes percent encoding; a broken escape stays as it is.
pub(crate) fn decode(text: &str, plus: Plus) -> String {
    let text = match plus {
        Plus::Space => Cow::Owned(text.replace('+', " ")),
        Plus::Itself => Cow::Borrowed(text),
    };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// `a[b][]` as `a` and `["b", ""]`.
fn keys(key: &str) -> (&str, Vec<&str>) {
    let Some(open) = key.find('[') else {
        return (key, Vec::new());
    };
    let mut path = Vec::new();
    let mut rest = &key[open..];
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(close) = inner.find(']') else { break };
        path.push(&inner[..close]);
        rest = &inner[close + 1..];
        if path.len() == DEPTH {
            break;
        }
    }
    (&key[..open], path)
}

fn insert(slot: &mut Value, path: &[&str], value: String) {
    let Some((key, rest)) = path.split_first() else {
        *slot = Value::String(value);
        return;
    };
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(map) = slot {
        let key = if key.is_empty() {
            map.len().to_string()
        } else {
            (*key).to_owned()
        };
        insert(map.entry(key).or_insert(Value::Null), rest, value);
    }
}

/// Turns maps whose keys are 0, 1, 2, … into arrays.
fn make_lists(value: &mut Value) {
    let Value::Object(map) = value else { return };
    for inner in map.values_mut() {
        make_lists(inner);
    }
    let mut items = Vec::with_capacity(map.len());
    for index in 0..map.len() {
        match map.get(&index.to_string()) {
            Some(item) => items.push(item.clone()),
            None => return,
        }
    }
    *value = Value::Array(items);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_become_maps_and_lists() {
        let parsed = parse(
            "filter[0][$and][0][name][$starts]=A&filter[0][$and][1][x]=%5B+&max_num=5&ids[]=a&ids[]=b",
        );
        assert_eq!(
            Value::Object(parsed),
            json!({
                "filter": [{"$and": [{"name": {"$starts": "A"}}, {"x": "[ "}]}],
                "max_num": "5",
                "ids": ["a", "b"],
            })
        );
    }

    #[test]
    fn lists_of_more_than_ten_keep_their_order() {
        let pairs: Vec<String> = (0..12).map(|index| format!("l[{index}]={index}")).collect();
        let query = pairs.join("&");
        let expected: Vec<String> = (0..12).map(|index| index.to_string()).collect();
        assert_eq!(parse(&query)["l"], json!(expected));
    }

    #[test]
    fn broken_queries_do_no_harm() {
        for query in [
            "&&=&[",
            "a[=1",
            "a[b=1",
            "%",
            "a=%zz",
            "a[][][]=1",
            "a=1&a[b]=2",
        ] {
            parse(query);
        }
        assert_eq!(decode("%e2%82%ac+%", Plus::Itself), "€+%");
    }
}
