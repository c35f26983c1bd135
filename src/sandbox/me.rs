//! The user who is logged in: who it is, preferences, what is followed.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::call::Call;
use super::context::Context;
use super::context::Role;
use super::failure::Failure;
use super::records;
use super::rights;
use super::rights::Action;
use super::schema::Module;
use super::schema::quoted;

/// `GET /me`.
pub(crate) fn me(cx: &Context<'_>) -> Result<Value, Failure> {
    let own = records::written(cx, cx.module("Users")?, &cx.actor.user_id)?;
    let bean = records::map(&own);
    let kind = match cx.actor.role {
        Role::Administrator => "admin",
        Role::Regular => "user",
    };
    let mut user = Map::new();
    for field in [
        "id",
        "user_name",
        "full_name",
        "first_name",
        "last_name",
        "email",
        "title",
        "department",
        "phone_work",
    ] {
        user.insert(
            field.to_owned(),
            bean.get(field).cloned().unwrap_or_default(),
        );
    }
    user.insert("type".into(), kind.into());
    user.insert("is_manager".into(), false.into());
    user.insert("preferences".into(), preferences(cx)?);
    let roles = cx.actor.rights.as_ref().map(|rights| rights.roles.clone());
    user.insert("roles".into(), roles.unwrap_or_default().into());
    user.insert("my_teams".into(), json!([{ "id": "1", "name": "Global" }]));
    Ok(json!({ "current_user": user }))
}

/// `PUT /me`: the user's own record, without what only an administrator may change.
pub(crate) fn update(cx: &Context<'_>, call: &Call) -> Result<Value, Failure> {
    let mut fields = call.fields()?.clone();
    for field in ["is_admin", "user_name", "status"] {
        fields.remove(field);
    }
    records::rewrite(cx, cx.module("Users")?, &cx.actor.user_id, &fields)?;
    me(cx)
}

/// `GET /me/preferences`.
pub(crate) fn preferences(cx: &Context<'_>) -> Result<Value, Failure> {
    let mut all = Map::new();
    for (name, value) in [
        ("timezone", "UTC"),
        ("datepref", "Y-m-d"),
        ("timepref", "H:i"),
        ("currency_id", "-99"),
        ("language", "en_us"),
    ] {
        all.insert(name.to_owned(), value.into());
    }
    let own = cx.sql("SELECT name, value FROM preferences WHERE user_id = ?1");
    for (name, value) in own.rows(cx.db, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })? {
        all.insert(name, value.into());
    }
    Ok(Value::Object(all))
}

pub(crate) fn preference(cx: &Context<'_>, name: &str) -> Result<Value, Failure> {
    Ok(preferences(cx)?.get(name).cloned().unwrap_or_default())
}

/// `PUT /me/preference/<name>` with `{"value": …}`.
pub(crate) fn set_preference(cx: &Context<'_>, name: &str, call: &Call) -> Result<Value, Failure> {
    let value = call
        .text("value")
        .ok_or_else(|| Failure::missing("value"))?;
    cx.db
        .prepare_cached("INSERT OR REPLACE INTO preferences VALUES (?1, ?2, ?3)")?
        .execute((&cx.actor.user_id, name, value))?;
    Ok(json!({ name: value }))
}

pub(crate) fn delete_preference(cx: &Context<'_>, name: &str) -> Result<Value, Failure> {
    cx.db
        .prepare_cached("DELETE FROM preferences WHERE user_id = ?1 AND name = ?2")?
        .execute((&cx.actor.user_id, name))?;
    Ok(json!({ name: "" }))
}

/// `GET /me/following`: the records the user is subscribed to.
pub(crate) fn following(cx: &Context<'_>) -> Result<Value, Failure> {
    let sql = cx.sql(
        "SELECT module, record_id FROM subscriptions WHERE user_id = ?1 ORDER BY module, record_id",
    );
    let followed = sql.rows(cx.db, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut records = Vec::new();
    for (module, id) in followed {
        // What was deleted or closed to the user since is no longer followed.
        if let Ok(bean) = records::text(cx, cx.module(&module)?, &id) {
            records.push(Value::Object(records::map(&bean)));
        }
    }
    Ok(json!({ "next_offset": -1, "records": records }))
}

/// `PUT /me/password` with `old_password` and `new_password`.
pub(crate) fn password(cx: &Context<'_>, call: &Call) -> Result<Value, Failure> {
    let old = call
        .text("old_password")
        .ok_or_else(|| Failure::missing("old_password"))?;
    let new = call
        .text("new_password")
        .ok_or_else(|| Failure::missing("new_password"))?;
    let changed = cx
        .db
        .prepare_cached(
            "UPDATE credentials SET password = ?3 WHERE user_id = ?1 AND password = ?2",
        )?
        .execute((&cx.actor.user_id, old, new))?;
    let message = if changed == 0 {
        "Error: Password incorrect."
    } else {
        "Password updated."
    };
    Ok(json!({ "valid": changed > 0, "message": message }))
}

/// Notes that the user looked at a record, which `$tracker` asks for.
pub(crate) fn track(cx: &Context<'_>, module: &Module, id: &str) -> Result<(), Failure> {
    cx.db
        .prepare_cached("INSERT OR REPLACE INTO tracker (user_id, module, record_id, seen) VALUES (?1, ?2, ?3, ?4)")?
        .execute((&cx.actor.user_id, &module.name, id, cx.stamp()))?;
    Ok(())
}

/// `GET /mostactiveusers`: who has most meetings, calls and mails. The shape is not published in what was found.
pub(crate) fn most_active(cx: &Context<'_>) -> Result<Value, Failure> {
    let mut answer = Map::new();
    for (key, module) in [
        ("meetings", "Meetings"),
        ("calls", "Calls"),
        ("inbound_emails", "Emails"),
    ] {
        let module = cx.module(module)?;
        let Ok(among) = rights::within(cx, module, Action::List, "t") else {
            answer.insert(key.to_owned(), json!([]));
            continue;
        };
        let sql = cx.sql(format!(
            "SELECT u.id, u.first_name, u.last_name, count(*) FROM {} t JOIN users u ON u.id = t.assigned_user_id \
             WHERE {among} GROUP BY u.id ORDER BY count(*) DESC, u.id LIMIT 1",
            quoted(&module.table)
        ));
        let first = sql.first(cx.db, |row| {
            Ok(json!({
                "user_id": row.get::<_, String>(0)?, "first_name": row.get::<_, Option<String>>(1)?,
                "last_name": row.get::<_, Option<String>>(2)?, "count": row.get::<_, i64>(3)?,
            }))
        })?;
        answer.insert(key.to_owned(), first.unwrap_or_else(|| json!([])));
    }
    Ok(Value::Object(answer))
}
