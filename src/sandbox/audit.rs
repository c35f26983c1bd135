//! The change log of audited fields.

use rusqlite::types::Value as SqlValue;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::context::Context;
use super::failure::Failure;
use super::rights;
use super::schema::Field;
use super::schema::Module;
use super::schema::quoted;
use super::store::Decode;

/// Notes what an update is about to change in audited columns. Must run before the update.
pub(crate) fn note(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    columns: &[(String, SqlValue)],
) -> Result<(), Failure> {
    for (name, after) in columns {
        if !module.field(name).is_some_and(|field| field.audited) {
            continue;
        }
        let mut sql = cx.sql(format!(
            "SELECT {} FROM {} WHERE id = ",
            quoted(name),
            quoted(&module.table)
        ));
        sql.bind(id.to_owned());
        let before = sql.first(cx.db, |row| row.get::<_, SqlValue>(0))?;
        let Some(before) = before.filter(|before| before != after) else {
            continue;
        };
        cx.db
            .prepare_cached("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute((
                Uuid::now_v7().to_string(),
                &module.name,
                id,
                name,
                &before,
                after,
                cx.stamp(),
                &cx.actor.user_id,
            ))?;
    }
    Ok(())
}

/// `GET /<module>/<id>/audit`, newest first.
pub(crate) fn list(cx: &Context<'_>, module: &Module, id: &str) -> Result<Value, Failure> {
    let mut sql = cx.sql(
        "SELECT a.id, a.field_name, a.before_value, a.after_value, a.date_created, a.created_by, u.user_name \
         FROM audit a LEFT JOIN users u ON u.id = a.created_by WHERE a.module = ",
    );
    sql.bind(module.name.clone())
        .push(" AND a.record_id = ")
        .bind(id.to_owned());
    sql.push(" ORDER BY a.id DESC");
    let records = sql.rows(cx.db, |row| {
        let name: String = row.get(1)?;
        if rights::readable(cx, module, &name).is_err() {
            return Ok(None);
        }
        let field = module.field(&name);
        let decode = field.map_or(Decode::Text, Decode::of);
        let kind = field.and_then(Field::type_name).unwrap_or("varchar");
        Ok(Some(json!({
            "id": row.get::<_, String>(0)?,
            "parent_id": id,
            "field_name": name,
            "data_type": kind,
            "before": decode.json(row.get_ref(2)?, &cx.actor.zone),
            "after": decode.json(row.get_ref(3)?, &cx.actor.zone),
            "date_created": cx.actor.zone.print(&row.get::<_, String>(4)?),
            "created_by": row.get::<_, String>(5)?,
            "created_by_username": row.get::<_, Option<String>>(6)?,
        })))
    })?;
    let records: Vec<Value> = records.into_iter().flatten().collect();
    Ok(json!({ "next_offset": -1, "records": records }))
}
