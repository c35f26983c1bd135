//! What happens to the data behind a client's back: orders from faults and from the administrative endpoint.

use jiff::SignedDuration;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::config::ClientIds;
use super::context::Context;
use super::failure::Failure;
use super::faults::GoneField;
use super::records;
use super::rights::RoleFile;
use super::schema::Schema;
use super::schema::quoted;
use super::time;

#[derive(Debug, Clone)]
pub(crate) enum Order {
    ExpireTokens,
    EndSessions,
    /// With a field that is gone from then on.
    ChangeMetadata(Option<GoneField>),
    /// Refused unless all of these fields are there.
    Find(Vec<GoneField>),
    SetIds(ClientIds),
    SetRoles(Vec<RoleFile>),
    /// Somebody else changes a field of a record.
    Edit {
        module: String,
        id: String,
        field: String,
        value: String,
    },
}

/// Refuses roles of users, modules and fields that are not there: they would close nothing.
pub(crate) fn require_known(
    db: &Connection,
    schema: &Schema,
    roles: &[RoleFile],
) -> Result<(), Failure> {
    let mut find = db.prepare("SELECT 1 FROM users WHERE deleted = 0 AND user_name = ?1")?;
    for role in roles {
        for user in &role.users {
            if !find.exists([user])? {
                return Err(unknown(&role.name, "user", user));
            }
        }
        for (name, rights) in role.modules.iter().filter(|(name, _)| *name != "*") {
            let module = schema
                .module(name)
                .ok_or_else(|| unknown(&role.name, "module", name))?;
            if let Some(field) = rights.fields().find(|field| module.field(field).is_none()) {
                return Err(unknown(&role.name, "field", &format!("{name}.{field}")));
            }
        }
    }
    Ok(())
}

fn unknown(role: &str, what: &str, name: &str) -> Failure {
    Failure::invalid(format!("The role {role} names the unknown {what} {name}"))
}

pub(crate) fn expire_tokens(db: &Connection) -> Result<(), Failure> {
    db.prepare_cached("UPDATE sessions SET expires = 0")?
        .execute([])?;
    Ok(())
}

pub(crate) fn end_sessions(db: &Connection) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM sessions")?.execute([])?;
    Ok(())
}

/// Changes a record as another user. Its `date_modified` moves on by at least a second, so that the edit can be seen.
pub(crate) fn edit(
    cx: &Context<'_>,
    module: &str,
    id: &str,
    field: &str,
    value: &str,
) -> Result<(), Failure> {
    let module = cx.module(module)?;
    let mut sql = cx.sql(format!(
        "SELECT date_modified FROM {} WHERE deleted = 0 AND id = ",
        quoted(&module.table)
    ));
    sql.bind(id.to_owned());
    let before: String = sql
        .first(cx.db, |row| row.get(0))?
        .ok_or_else(|| Failure::no_record(&module.name, id))?;
    let fields = json!({ field: value })
        .as_object()
        .cloned()
        .unwrap_or_default();
    records::update(cx, module, id, None, &fields)?;
    let next = next_second(&before).max(cx.stamp());
    let mut sql = cx.sql(format!(
        "UPDATE {} SET date_modified = ",
        quoted(&module.table)
    ));
    sql.bind(next).push(" WHERE id = ").bind(id.to_owned());
    sql.execute(cx.db)?;
    Ok(())
}

fn next_second(stored: &str) -> String {
    let instant: Option<Timestamp> = format!("{}Z", stored.replacen(' ', "T", 1)).parse().ok();
    instant
        .and_then(|instant| instant.checked_add(SignedDuration::from_secs(1)).ok())
        .map(time::stored)
        .unwrap_or_default()
}
