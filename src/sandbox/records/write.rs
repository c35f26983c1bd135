//! Creating, changing and deleting records.

use rusqlite::ErrorCode;
use rusqlite::types::Value as SqlValue;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use super::change::Change;
use super::change::EmailChange;
use super::collections::GLOBAL_TEAM_SET;
use super::collections::store_emails;
use super::collections::store_primary;
use super::collections::store_tags;
use super::collections::store_teams;
use crate::sandbox::audit;
use crate::sandbox::config::ClientIds;
use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::favorites;
use crate::sandbox::files;
use crate::sandbox::links;
use crate::sandbox::rights;
use crate::sandbox::rights::Action;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::Link;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::quoted;
use crate::sandbox::store::encode;
use crate::wire::SugarLabel;

/// The id a body carries for a new record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientId {
    Given(String),
    None,
}

/// The longest id Sugar's id columns take.
const ID_LENGTH: usize = 36;

impl ClientId {
    fn read(cx: &Context<'_>, body: &Map<String, Value>) -> Result<Self, Failure> {
        match (cx.settings.ids, body.get("id")) {
            (ClientIds::Honour, Some(Value::String(id))) if !id.is_empty() => {
                if id.chars().count() > ID_LENGTH {
                    return Err(Failure::invalid(format!(
                        "The id is longer than {ID_LENGTH} characters"
                    )));
                }
                Ok(Self::Given(id.clone()))
            }
            _ => Ok(Self::None),
        }
    }
}

/// Creates a record and gives its id. Nothing required is asked for, since Sugar does not either.
pub(crate) fn create(
    cx: &Context<'_>,
    module: &Module,
    body: &Map<String, Value>,
) -> Result<String, Failure> {
    rights::module(cx, &module.name, Action::Create)?;
    require_writable(cx, module, body)?;
    let change = Change::read(cx, module, body)?;
    let id = match ClientId::read(cx, body)? {
        ClientId::Given(id) => id,
        ClientId::None => Uuid::now_v7().to_string(),
    };
    let mut names = vec!["id".to_owned()];
    let mut values: Vec<SqlValue> = vec![id.clone().into()];
    for field in module.columns() {
        let name = field.name.as_str();
        let value = match name {
            "id" | "deleted" => continue,
            "date_entered" | "date_modified" => cx.stamp().into(),
            "created_by" | "modified_user_id" => cx.actor.user_id.clone().into(),
            _ if field.counted => next_number(cx, module, field)?,
            _ => match change.columns.iter().find(|(column, _)| column == name) {
                Some((_, value)) => value.clone(),
                None => match &field.default {
                    Some(default) => encode(field, &default.clone().into(), &cx.actor.zone)?,
                    // A flag is never unset, so that a filter on `false` finds it.
                    None if field.kind == Kind::Bool => SqlValue::Integer(0),
                    None => continue,
                },
            },
        };
        names.push(quoted(name));
        values.push(value);
    }
    if module
        .fields
        .values()
        .any(|field| matches!(field.place, Place::Teams))
    {
        names.push("team_set".to_owned());
        values.push(GLOBAL_TEAM_SET.to_owned().into());
    }
    let table = quoted(&module.table);
    let mut sql = cx.sql(format!(
        "INSERT INTO {table} ({}) VALUES (",
        names.join(", ")
    ));
    sql.bind_all(values).push(")");
    let insert = || {
        sql.execute(cx.db)
            .map_err(|error| refused_if_taken(module, &id, error))
    };
    if change.reaches_out() {
        cx.atomically(|| {
            insert()?;
            apply(cx, module, &id, change)
        })?;
    } else {
        insert()?;
        apply(cx, module, &id, change)?;
    }
    files::claim(cx, module, &id, body)?;
    Ok(id)
}

/// An id is taken for ever, by a deleted record too.
fn refused_if_taken(module: &Module, id: &str, error: rusqlite::Error) -> Failure {
    match error.sqlite_error() {
        Some(error) if error.code == ErrorCode::ConstraintViolation => Failure::invalid(format!(
            "A record with the id {id} exists already in module: {}",
            module.name
        )),
        _ => error.into(),
    }
}

fn next_number(cx: &Context<'_>, module: &Module, field: &Field) -> Result<SqlValue, Failure> {
    let column = quoted(&field.name);
    let sql = cx.sql(format!(
        "SELECT coalesce(max({column}), 0) + 1 FROM {}",
        quoted(&module.table)
    ));
    Ok(SqlValue::Integer(sql.number(cx.db)?))
}

fn require_writable(
    cx: &Context<'_>,
    module: &Module,
    body: &Map<String, Value>,
) -> Result<(), Failure> {
    body.keys()
        .try_for_each(|field| rights::writable(cx, module, field))
}

/// Changes what the body names and nothing else, if the record is as the client expects it.
pub(crate) fn update(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    expected: Option<&str>,
    body: &Map<String, Value>,
) -> Result<(), Failure> {
    rights::record(cx, module, id, Action::Edit)?;
    require_unchanged(cx, module, id, expected)?;
    rewrite(cx, module, id, body)
}

/// The same for a record that is known to be the user's to change, such as their own.
pub(crate) fn rewrite(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    body: &Map<String, Value>,
) -> Result<(), Failure> {
    require_writable(cx, module, body)?;
    let change = Change::read(cx, module, body)?;
    audit::note(cx, module, id, &change.columns)?;
    let mut sql = cx.sql(format!(
        "UPDATE {} SET date_modified = ",
        quoted(&module.table)
    ));
    sql.bind(cx.stamp()).push(", modified_user_id = ?1");
    for (name, value) in &change.columns {
        sql.push(&format!(", {} = ", quoted(name)))
            .bind(value.clone());
    }
    sql.push(" WHERE deleted = 0 AND id = ").bind(id.to_owned());
    let write = || match sql.execute(cx.db)? {
        0 => Err(Failure::no_record(&module.name, id)),
        _ => Ok(()),
    };
    if change.reaches_out() {
        return cx.atomically(|| {
            write()?;
            apply(cx, module, id, change)
        });
    }
    write()?;
    apply(cx, module, id, change)
}

/// What stands outside the module's own table.
fn apply(cx: &Context<'_>, module: &Module, id: &str, change: Change) -> Result<(), Failure> {
    match change.email {
        Some(EmailChange::Whole(emails)) => store_emails(cx, module, id, &emails)?,
        Some(EmailChange::Primary(address)) => store_primary(cx, module, id, &address)?,
        None => {}
    }
    if let Some(tags) = change.tags {
        store_tags(cx, module, id, &tags)?;
    }
    if let Some(teams) = change.teams {
        store_teams(cx, module, id, &teams)?;
    }
    if let Some(favorite) = change.favorite {
        favorites::set(cx, module, id, favorites::Mark::of(favorite))?;
    }
    if let Some(password) = change.password {
        cx.db
            .prepare_cached("INSERT OR REPLACE INTO credentials VALUES (?1, ?2)")?
            .execute((id, password))?;
    }
    for (link, far_id) in &change.relates {
        if far_id.is_empty() {
            links::clear(cx, id, link)?;
        } else {
            links::add(cx, module, id, link, far_id, &Map::new())?;
        }
    }
    for actions in change.actions {
        for far_id in &actions.delete {
            links::remove(cx, module, id, &actions.link, far_id)?;
        }
        for (far_id, columns) in &actions.add {
            links::add(cx, module, id, &actions.link, far_id, columns)?;
        }
        for body in &actions.create {
            create_related(cx, module, id, &actions.link, body)?;
        }
    }
    Ok(())
}

/// Creates a record at the far end of a link and links it.
pub(crate) fn create_related(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    link: &Link,
    body: &Map<String, Value>,
) -> Result<String, Failure> {
    let far = cx.schema.far_module(link);
    let far_id = create(cx, far, body)?;
    links::tie(cx, module, id, link, &far_id, body)?;
    Ok(far_id)
}

/// Deletes softly, if the record is as the client expects it: the row stays and its id stays taken.
pub(crate) fn delete(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    expected: Option<&str>,
) -> Result<(), Failure> {
    rights::record(cx, module, id, Action::Delete)?;
    require_unchanged(cx, module, id, expected)?;
    let mut sql = cx.sql(format!(
        "UPDATE {} SET deleted = 1, modified_user_id = ?1, date_modified = ",
        quoted(&module.table)
    ));
    sql.bind(cx.stamp())
        .push(" WHERE deleted = 0 AND id = ")
        .bind(id.to_owned());
    if sql.execute(cx.db)? == 0 {
        return Err(Failure::no_record(&module.name, id));
    }
    links::remove_all(cx, module, id)
}

/// Refuses a write made on the ground of an older state of the record.
///
/// The carrier is not published; `X-Timestamp` with the expected `date_modified` is the sandbox's choice.
fn require_unchanged(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    expected: Option<&str>,
) -> Result<(), Failure> {
    let Some(expected) = expected.filter(|_| module.optimistic_locking) else {
        return Ok(());
    };
    let expected = cx
        .actor
        .zone
        .read(expected)
        .ok_or_else(|| Failure::invalid(format!("Invalid X-Timestamp: {expected}")))?;
    let mut sql = cx.sql(format!(
        "SELECT date_modified FROM {} WHERE deleted = 0 AND id = ",
        quoted(&module.table)
    ));
    sql.bind(id.to_owned());
    match sql.first(cx.db, |row| row.get::<_, String>(0))? {
        Some(present) if present != expected => Err(Failure::new(
            SugarLabel::EditConflict,
            "Edit conflict, please reload the record data.",
        )),
        Some(_) => Ok(()),
        None => Err(Failure::no_record(&module.name, id)),
    }
}
