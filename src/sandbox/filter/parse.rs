//! From JSON to conditions.

use serde_json::Map;
use serde_json::Value;

use super::Operator;
use super::Relative;
use crate::sandbox::failure::Failure;

/// One node of a filter.
#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// All tests must hold for the field at the path (`name`, `members.sic_code`).
    Field {
        path: String,
        tests: Vec<Test>,
    },
    /// About the user; the text is a link name, `_this`, an interval or empty.
    Relative {
        kind: Relative,
        argument: String,
    },
}

#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) operator: Operator,
    pub(crate) value: Value,
}

/// Deeper filters are refused; no client nests more than a few levels.
const DEPTH: usize = 32;

/// Reads a filter: an array of conditions, or (as some clients send) a lone map.
pub(crate) fn parse(filter: &Value) -> Result<Condition, Failure> {
    list(filter, DEPTH).map(Condition::All)
}

fn list(value: &Value, depth: usize) -> Result<Vec<Condition>, Failure> {
    if depth == 0 {
        return Err(Failure::invalid("The filter is nested too deeply."));
    }
    match value {
        Value::Array(items) => items.iter().map(|item| map(item, depth)).collect(),
        Value::Object(_) => Ok(vec![map(value, depth)?]),
        Value::Null => Ok(Vec::new()),
        _ => Err(Failure::invalid(
            "The filter must be an array of conditions.",
        )),
    }
}

fn map(value: &Value, depth: usize) -> Result<Condition, Failure> {
    match value {
        Value::Object(map) => {
            let mut conditions = map
                .iter()
                .map(|(key, value)| condition(key, value, depth))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(match conditions.len() {
                1 => conditions.remove(0),
                _ => Condition::All(conditions),
            })
        }
        Value::Array(_) => list(value, depth - 1).map(Condition::All),
        _ => Err(Failure::invalid("A condition of the filter must be a map.")),
    }
}

fn condition(key: &str, value: &Value, depth: usize) -> Result<Condition, Failure> {
    match key {
        "$and" => return list(value, depth - 1).map(Condition::All),
        "$or" => return list(value, depth - 1).map(Condition::Any),
        _ => {}
    }
    if let Some(kind) = Relative::parse(key) {
        let argument = value.as_str().unwrap_or_default().to_owned();
        return Ok(Condition::Relative { kind, argument });
    }
    if key.starts_with('$') {
        return Err(unknown(key));
    }
    Ok(Condition::Field {
        path: key.to_owned(),
        tests: tests(value)?,
    })
}

fn tests(value: &Value) -> Result<Vec<Test>, Failure> {
    match value {
        Value::Object(map) => operators(map),
        // The list form of operators without a value, as the vendor's PHP client writes it.
        Value::Array(items) if items.first().is_some_and(is_operator) => items
            .iter()
            .map(|item| test(item.as_str().unwrap_or_default(), &Value::Null))
            .collect(),
        Value::Array(_) => Ok(vec![Test {
            operator: Operator::In,
            value: value.clone(),
        }]),
        _ => Ok(vec![Test {
            operator: Operator::Equals,
            value: value.clone(),
        }]),
    }
}

fn operators(map: &Map<String, Value>) -> Result<Vec<Test>, Failure> {
    if map.is_empty() {
        return Err(Failure::invalid(
            "A condition of the filter names no operator.",
        ));
    }
    map.iter().map(|(name, value)| test(name, value)).collect()
}

fn is_operator(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('$'))
}

fn test(name: &str, value: &Value) -> Result<Test, Failure> {
    let operator = Operator::parse(name).ok_or_else(|| unknown(name))?;
    Ok(Test {
        operator,
        value: value.clone(),
    })
}

fn unknown(operator: &str) -> Failure {
    Failure::invalid(format!("Did not recognize the operator: {operator}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("$and".to_owned()),
            Just("$or".to_owned()),
            Just("$in".to_owned()),
            any::<String>()
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(key.clone(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused(filter in value()) {
            let _ = parse(&filter);
        }
    }

    #[test]
    fn a_lone_map_is_a_list_of_one() {
        let lone = parse(&json!({ "name": "A" })).unwrap();
        let list = parse(&json!([{ "name": "A" }])).unwrap();
        assert_eq!(format!("{lone:?}"), format!("{list:?}"));
    }
}
