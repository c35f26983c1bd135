//! The `fields` argument in all its forms: a comma list, a JSON list, an array; names and maps that describe a link.

use serde_json::Map;
use serde_json::Value;

use super::failure::Failure;

/// What a read is to contain.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The fields asked for; nothing means all.
    pub(crate) names: Option<Vec<String>>,
    pub(crate) links: Vec<WantedLink>,
}

/// `{"name": "contacts", "fields": […], "max_num": 5}`.
#[derive(Debug)]
pub(crate) struct WantedLink {
    pub(crate) name: String,
    pub(crate) selection: Selection,
    pub(crate) filter: Option<Value>,
    pub(crate) order: Option<String>,
    pub(crate) size: usize,
    pub(crate) offset: usize,
}

/// Links within links end here.
const DEPTH: usize = 3;

impl Selection {
    pub(crate) fn read(fields: Option<&Value>) -> Result<Self, Failure> {
        Self::nested(fields, DEPTH)
    }

    fn nested(fields: Option<&Value>, depth: usize) -> Result<Self, Failure> {
        let items = match fields {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Array(items)) => items.clone(),
            Some(Value::String(text)) => split(text)?,
            Some(other) => {
                return Err(Failure::invalid(format!(
                    "Invalid value for fields: {other}"
                )));
            }
        };
        if items.is_empty() {
            return Ok(Self::default());
        }
        let mut names = Vec::new();
        let mut links = Vec::new();
        for item in items {
            match item {
                Value::String(name) => names.push(name.trim().to_owned()),
                Value::Object(map) if depth > 0 => {
                    let link = WantedLink::read(&map, depth - 1)?;
                    names.push(link.name.clone());
                    links.push(link);
                }
                other => {
                    return Err(Failure::invalid(format!(
                        "Invalid element of fields: {other}"
                    )));
                }
            }
        }
        Ok(Self {
            names: Some(names),
            links,
        })
    }
}

impl WantedLink {
    fn read(map: &Map<String, Value>, depth: usize) -> Result<Self, Failure> {
        let unreadable = |key: &str, value: &Value| {
            Failure::invalid(format!("Invalid value for {key} in fields: {value}"))
        };
        let text = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(unreadable(key, other)),
        };
        let number = |key: &str| {
            let Some(value) = map.get(key).filter(|value| !value.is_null()) else {
                return Ok(None);
            };
            let number = match value {
                Value::String(text) => text.trim().parse().ok(),
                other => other
                    .as_u64()
                    .and_then(|number| usize::try_from(number).ok()),
            };
            number.map(Some).ok_or_else(|| unreadable(key, value))
        };
        Ok(Self {
            name: text("name")?.ok_or_else(|| Failure::missing("name"))?,
            selection: Selection::nested(map.get("fields"), depth)?,
            filter: map.get("filter").cloned(),
            order: text("order_by")?,
            size: number("max_num")?.unwrap_or(20),
            offset: number("offset")?.unwrap_or(0),
        })
    }
}

/// Splits a comma list whose elements may be JSON maps.
fn split(text: &str) -> Result<Vec<Value>, Failure> {
    let text = text.trim();
    let broken = |error| Failure::invalid(format!("The fields are not JSON: {error}"));
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(broken);
    }
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    let mut take = |part: &str| {
        let part = part.trim();
        if part.starts_with('{') {
            items.push(serde_json::from_str(part).map_err(broken)?);
        } else if !part.is_empty() {
            items.push(Value::String(part.to_owned()));
        }
        Ok::<(), Failure>(())
    };
    for (index, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                take(&text[start..index])?;
                start = index + 1;
            }
            _ => {}
        }
    }
    take(&text[start..])?;
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_fields_is_read() {
        for fields in [
            json!("name, industry,{\"name\":\"contacts\",\"fields\":[\"id\",\"last_name\"]}"),
            json!("[\"name\",\"industry\",{\"name\":\"contacts\",\"fields\":\"id,last_name\"}]"),
            json!(["name", "industry", {"name": "contacts", "fields": ["id", "last_name"]}]),
        ] {
            let selection = Selection::read(Some(&fields)).unwrap();
            assert_eq!(selection.names.unwrap(), ["name", "industry", "contacts"]);
            assert_eq!(
                selection.links[0].selection.names.as_deref().unwrap(),
                ["id", "last_name"]
            );
        }
        assert!(Selection::read(Some(&json!(""))).unwrap().names.is_none());
        assert!(Selection::read(Some(&json!(7))).is_err());
    }
}
