//! Putting records in order that were walked by id, since they are more than a page: each is given a place, whose bytes
//! compare as the records do.

use serde_json::Map;
use serde_json::Value as Json;

use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::runfile::Place;
use crate::wire::Direction;
use crate::wire::parts_of_order;

/// What a plan says of a step whose records were put in order here.
pub(super) const REMARK: &str = "more than a page of records: they were read by id and put in order here, text by its \
                                 letters whatever their case, which may not be the server's order";

/// An `order_by` with the kinds of its fields.
#[derive(Debug)]
pub(super) struct Order {
    parts: Vec<(String, Direction, By)>,
}

/// How values of a field compare.
#[derive(Debug, Clone, Copy)]
enum By {
    Number,
    Text,
}

impl Order {
    pub(super) fn new(order_by: &str, module: &str, metadata: &Metadata) -> Self {
        let by = |name: &str| match metadata.field(module, name).map(|field| &field.kind) {
            Some(kind) if kind.is_decimal() || kind.is_whole_number() => By::Number,
            Some(FieldKind::Bool) => By::Number,
            _ => By::Text,
        };
        let parts = parts_of_order(order_by);
        Self {
            parts: parts
                .map(|(name, direction)| (name.to_owned(), direction, by(name)))
                .collect(),
        }
    }

    /// Where a record stands in this order; equal ones by id.
    pub(super) fn place(&self, record: &Map<String, Json>) -> Place {
        let mut key = Vec::new();
        for (name, direction, by) in &self.parts {
            let start = key.len();
            match by {
                By::Number => add_number(&mut key, record.get(name)),
                By::Text => add_text(&mut key, record.get(name)),
            }
            if *direction == Direction::Descending {
                for byte in &mut key[start..] {
                    *byte = !*byte;
                }
            }
        }
        add_text(&mut key, record.get("id"));
        Place(key)
    }
}

/// What is empty comes first, as in Sugar's databases.
const EMPTY: u8 = 0;
const FILLED: u8 = 1;

fn add_number(key: &mut Vec<u8>, value: Option<&Json>) {
    let number = match value {
        Some(Json::Number(number)) => number.as_f64(),
        Some(Json::String(text)) => text.trim().parse().ok(),
        Some(Json::Bool(is_set)) => Some(f64::from(u8::from(*is_set))),
        _ => None,
    };
    let Some(number) = number else {
        key.push(EMPTY);
        return;
    };
    key.push(FILLED);
    // The order of the bits of floating-point numbers is that of the numbers once negative ones are turned around.
    let bits = number.to_bits();
    let ordered = match number.is_sign_negative() {
        true => !bits,
        false => bits | 1 << 63,
    };
    key.extend(ordered.to_be_bytes());
}

fn add_text(key: &mut Vec<u8>, value: Option<&Json>) {
    let text = match value {
        Some(Json::String(text)) => text.to_lowercase(),
        None | Some(Json::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    if text.is_empty() {
        key.push(EMPTY);
        return;
    }
    key.push(FILLED);
    // A zero ends the text, so that no shorter one reaches into what follows.
    key.extend(text.bytes().filter(|byte| *byte != 0));
    key.push(0);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Part = (&'static str, Direction, By);

    fn place(parts: &[Part], record: &Json) -> Place {
        let owned = |(name, direction, by): &Part| ((*name).to_owned(), *direction, *by);
        let order = Order {
            parts: parts.iter().map(owned).collect(),
        };
        order.place(record.as_object().unwrap())
    }

    #[test]
    fn places_compare_as_records_do() {
        use Direction::Ascending;
        use Direction::Descending;
        let cases: &[(&[Part], &[Json])] = &[
            (
                &[("n", Ascending, By::Number)],
                &[
                    json!({ "id": "a" }),
                    json!({ "id": "b", "n": "" }),
                    json!({ "id": "c", "n": -2000 }),
                    json!({ "id": "d", "n": "-1.50" }),
                    json!({ "id": "e", "n": 0 }),
                    json!({ "id": "f", "n": "9.000000" }),
                    json!({ "id": "g", "n": "10.000000" }),
                ],
            ),
            (
                &[("t", Descending, By::Text), ("n", Ascending, By::Number)],
                &[
                    json!({ "id": "a", "t": "Öl", "n": 1 }),
                    json!({ "id": "b", "t": "abc", "n": 1 }),
                    json!({ "id": "a", "t": "ABC", "n": 2 }),
                    json!({ "id": "c", "t": "abc", "n": 2 }),
                    json!({ "id": "a", "t": "ab", "n": 1 }),
                    json!({ "id": "a", "t": null, "n": 1 }),
                    json!({ "id": "b", "t": "", "n": 1 }),
                ],
            ),
        ];
        for (parts, records) in cases {
            for pair in records.windows(2) {
                assert!(place(parts, &pair[0]) < place(parts, &pair[1]), "{pair:?}");
            }
        }
    }
}
