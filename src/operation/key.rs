//! The stable identity of an item.

use std::fmt;

use serde_json::Value as Json;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty")]
    Empty,
    #[error("the key is a decimal number (`{0}`), whose text is not stable; make it text")]
    Decimal(String),
    #[error("the key is {0}; it must be text, a whole number or a boolean")]
    Kind(&'static str),
    #[error("the key `{0}` is how an item is named that has none; make it another text")]
    Taken(String),
}

impl Key {
    /// Strings as they are, integers and booleans as JSON writes them.
    pub fn from_value(value: &Json) -> Result<Self, KeyError> {
        match value {
            Json::String(text) if text.is_empty() => Err(KeyError::Empty),
            Json::Null => Err(KeyError::Empty),
            Json::String(text) if is_of_unnamed(text) => Err(KeyError::Taken(text.clone())),
            Json::String(text) => Ok(Self(text.clone())),
            Json::Number(number) if number.is_f64() => Err(KeyError::Decimal(number.to_string())),
            Json::Number(number) => Ok(Self(number.to_string())),
            Json::Bool(value) => Ok(Self(value.to_string())),
            Json::Array(_) => Err(KeyError::Kind("a list")),
            Json::Object(_) => Err(KeyError::Kind("a map")),
        }
    }

    /// What names an item that was given no key.
    pub fn from_index(index: u64) -> Self {
        Self(index.to_string())
    }

    /// What names an item whose key is not known, or cannot be made: no key of another one is so.
    pub fn of_unnamed(index: u64) -> Self {
        Self(format!("{UNNAMED}{index})"))
    }

    /// As it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How the name of an item begins that is not its key; a number and a bracket follow.
const UNNAMED: &str = "(item ";

fn is_of_unnamed(text: &str) -> bool {
    let number = text
        .strip_prefix(UNNAMED)
        .and_then(|rest| rest.strip_suffix(')'));
    number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_exact_text() {
        let key = |value: Json| Key::from_value(&value).map(|key| key.to_string());
        assert_eq!(key(json!("A 1")), Ok("A 1".to_owned()));
        assert_eq!(key(json!(7)), Ok("7".to_owned()));
        assert_eq!(key(json!(true)), Ok("true".to_owned()));
        assert_eq!(key(json!("")), Err(KeyError::Empty));
        assert_eq!(key(json!(null)), Err(KeyError::Empty));
        assert!(key(json!(1.0)).is_err());
        assert!(key(json!([])).is_err());
        let unnamed = Key::of_unnamed(12);
        assert!(key(json!(unnamed.as_str())).is_err());
        assert!(key(json!("(item A)")).is_ok());
    }
}
