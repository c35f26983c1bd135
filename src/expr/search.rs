//! `lookup` finds one record of a step by a field's value, `group` puts records with an equal value together.

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::State;
use minijinja::Value;
use minijinja::value::Rest;

use super::objects;
use super::value;

/// The name under which templates call it; `references` knows what its arguments lead to.
pub(super) const LOOKUP: &str = "lookup";

pub(super) const GROUP: &str = "group";

/// `lookup(steps.accounts, 'name', row.company, default)`: the one record with that value.
///
/// None, and no default, is a missing key; several are an error, since any choice among them would be a guess.
pub(super) fn lookup(
    state: &State<'_, '_>,
    step: &Value,
    field: &str,
    wanted: &Value,
    default: Rest<Value>,
) -> Result<Value, Error> {
    if default.len() > 1 {
        return Err(ErrorKind::TooManyArguments.into());
    }
    // Not an `Option`: a default of `none` is a default.
    let default = default.0.into_iter().next();
    let step = match step.as_str() {
        Some(name) => state.lookup("steps").unwrap_or_default().get_attr(name)?,
        None => step.clone(),
    };
    let records = step.get_attr("records")?;
    if let Some(found) = objects::find(&records, field, &value::to_json(wanted)?) {
        return match (found?, default) {
            (Some(record), _) => Ok(record),
            (None, Some(default)) => Ok(default),
            (None, None) => Ok(objects::missing(&step, field, wanted)),
        };
    }
    // The one record that a write without `for_each` gives is a list like any other.
    for record in records.try_iter()?.checked() {
        let record = record?;
        if record.get_attr(field)? == *wanted {
            return Ok(record);
        }
    }
    match default {
        Some(default) => Ok(default),
        None => Ok(objects::missing(&step, field, wanted)),
    }
}

/// `group(steps.found.records, 'email1')`: `[{key, records}, …]` in the order in which the keys come first.
pub(super) fn group(records: &Value, by: &str) -> Result<Value, Error> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for record in records.try_iter()?.checked() {
        let record = record?;
        let key = record.get_attr(by)?;
        if key.is_undefined() {
            return Err(Error::new(
                ErrorKind::UndefinedError,
                format!("a record has no `{by}` to group by"),
            ));
        }
        let place = *places.entry(format!("{key:?}")).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(record);
    }
    Ok(groups
        .into_iter()
        .map(|(key, records)| Value::from_pairs([("key", key), ("records", Value::from(records))]))
        .collect())
}
