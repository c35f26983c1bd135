//! The user who is logged in.

use serde_json::Value;
use serde_json::json;

use super::context::Context;
use super::context::Role;
use super::failure::Failure;
use super::records;
use super::schema::Module;

/// `GET /me`.
pub(crate) fn me(cx: &Context<'_>) -> Result<Value, Failure> {
    let bean = records::bean(cx, cx.module("Users")?, &cx.actor.user_id)?;
    let zone = preference(cx, "timezone")?.unwrap_or_else(|| "UTC".to_owned());
    let kind = match cx.actor.role {
        Role::Administrator => "admin",
        Role::Regular => "user",
    };
    Ok(json!({
        "current_user": {
            "type": kind,
            "id": bean["id"],
            "user_name": bean["user_name"],
            "full_name": bean["full_name"],
            "first_name": bean["first_name"],
            "last_name": bean["last_name"],
            "email": bean["email"],
            "is_manager": false,
            "preferences": { "timezone": zone, "datepref": "Y-m-d", "timepref": "H:i", "currency_id": "-99" },
            "my_teams": [{ "id": "1", "name": "Global" }],
        }
    }))
}

fn preference(cx: &Context<'_>, name: &str) -> Result<Option<String>, Failure> {
    let mut sql = cx.sql("SELECT value FROM preferences WHERE user_id = ?1 AND name = ");
    sql.bind(name.to_owned());
    Ok(sql.first(cx.db, |row| row.get(0))?)
}

/// Notes that the user looked at a record, which `$tracker` asks for.
pub(crate) fn track(cx: &Context<'_>, module: &Module, id: &str) -> Result<(), Failure> {
    cx.db
        .prepare_cached("INSERT OR REPLACE INTO tracker (user_id, module, record_id, seen) VALUES (?1, ?2, ?3, ?4)")?
        .execute((&cx.actor.user_id, &module.name, id, cx.stamp()))?;
    Ok(())
}
