//! Records addressed by a key of another system: `sync_key` and `/integrate` (fact sheet 1.7).
//!
//! For administrators only, as in current versions.

use rusqlite::OptionalExtension;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::links;
use super::list;
use super::records;
use super::schema::Module;
use super::schema::Place;
use super::schema::quoted;

/// A record named by the value of one of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    pub(crate) field: &'a str,
    pub(crate) value: &'a str,
}

/// The field behind `/<module>/sync_key/<value>`.
pub(crate) const SYNC_KEY: &str = "sync_key";

fn find(cx: &Context<'_>, module: &Module, key: Key<'_>) -> Result<Option<String>, Failure> {
    let field = module
        .field(key.field)
        .filter(|field| matches!(field.place, Place::Column))
        .ok_or_else(|| {
            Failure::invalid(format!(
                "Unable to find field: {} in module: {}",
                key.field, module.name
            ))
        })?;
    let sql = format!(
        "SELECT id FROM {} WHERE deleted = 0 AND {} = ?1 LIMIT 1",
        quoted(&module.table),
        quoted(&field.name)
    );
    Ok(cx
        .db
        .prepare_cached(&sql)?
        .query_row([key.value], |row| row.get(0))
        .optional()?)
}

fn require(cx: &Context<'_>, module: &Module, key: Key<'_>) -> Result<String, Failure> {
    find(cx, module, key)?.ok_or_else(|| {
        Failure::invalid(format!(
            "Could not find record with {}: {} in module: {}",
            key.field, key.value, module.name
        ))
    })
}

/// Creates (201) or updates (200). The key cannot be given to a record that has none by this call.
pub(crate) fn upsert(
    cx: &Context<'_>,
    module: &str,
    key: Key<'_>,
    call: &Call,
) -> Result<Answer, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    let mut fields = call.fields()?.clone();
    let wanted = fields
        .remove("fields")
        .or_else(|| call.query.get("fields").cloned());
    fields.remove(key.field);
    let (status, id) = if let Some(id) = find(cx, module, key)? {
        records::update(cx, module, &id, None, &fields)?;
        (200, id)
    } else {
        fields.insert(key.field.to_owned(), key.value.into());
        (201, records::create(cx, module, &fields)?)
    };
    let record = match wanted {
        Some(fields) => {
            let record = list::one(cx, module, &id, Some(&fields))?;
            Value::Object(records::map(&record))
        }
        None => id.into(),
    };
    Ok(Answer::json(status, json!({ "record": record })))
}

pub(crate) fn read(
    cx: &Context<'_>,
    module: &str,
    key: Key<'_>,
    call: &Call,
) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    let id = find(cx, module, key)?.ok_or_else(|| Failure::no_record(&module.name, key.value))?;
    let record = list::one(cx, module, &id, call.argument("fields"))?;
    Ok(json!({ "record": records::map(&record) }))
}

pub(crate) fn delete(cx: &Context<'_>, module: &str, key: Key<'_>) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    let id = find(cx, module, key)?.ok_or_else(|| Failure::no_record(&module.name, key.value))?;
    records::delete(cx, module, &id, None)?;
    Ok(json!({ "record": id }))
}

/// `PUT /integrate/<module>/<id>/<field>/<value>`: gives an existing record its key.
pub(crate) fn set_key(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    key: Key<'_>,
) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    if find(cx, module, key)?.is_some_and(|other| other != id) {
        return Err(Failure::invalid(format!(
            "{} {} is taken already",
            key.field, key.value
        )));
    }
    let mut fields = Map::new();
    fields.insert(key.field.to_owned(), key.value.into());
    records::update(cx, module, id, None, &fields)?;
    Ok(json!({ "record": id }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    Link,
    Unlink,
}

/// Links or unlinks two records that are both named by keys; one that is missing is 422, not 404.
pub(crate) fn tie(
    cx: &Context<'_>,
    tie: Tie,
    module: &str,
    near: Key<'_>,
    link: &str,
    far: Key<'_>,
) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    let link = module.require_link(link)?;
    let near_id = require(cx, module, near)?;
    let far_id = require(cx, cx.schema.far_module(link), far)?;
    match tie {
        Tie::Link => links::add(cx, module, &near_id, link, &far_id, &Map::new())?,
        Tie::Unlink => links::remove(cx, module, &near_id, link, &far_id)?,
    }
    Ok(json!({ "record": near_id, "related_record": far_id }))
}
