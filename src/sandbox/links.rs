//! Links: the SQL that walks them, and the rows that make and unmake them.

use std::fmt::Write;

use rusqlite::types::Value as SqlValue;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use super::context::Context;
use super::failure::Failure;
use super::rights;
use super::rights::Action;
use super::schema::JoinTable;
use super::schema::Link;
use super::schema::Module;
use super::schema::Role;
use super::schema::Schema;
use super::schema::Shape;
use super::schema::Side;
use super::schema::quoted;
use super::store::Decode;
use super::store::Sql;
use super::store::encode;

/// SQL that holds for records of the near module (under `alias`) with a far record (under `inner`) of which `among`
/// holds, and what is put behind it; a closing parenthesis ends it.
pub(crate) fn near_in(
    schema: &Schema,
    link: &Link,
    alias: &str,
    inner: &str,
    among: &str,
) -> String {
    let far = quoted(&schema.far_module(link).table);
    match &schema.relationship(link).shape {
        Shape::Join(join) => {
            let role = role(join.role.as_ref(), &format!("{inner}j"));
            format!(
                "{alias}.id IN (SELECT {inner}j.{} FROM {} {inner}j JOIN {far} {inner} ON {inner}.id = {inner}j.{} \
                 AND {among} WHERE {inner}j.deleted = 0{role} AND ",
                quoted(join.key(link.near)),
                quoted(&join.table),
                quoted(join.key(link.near.other())),
            )
        }
        Shape::Column { column, role: of } => {
            let column = quoted(column);
            match link.near {
                Side::Lhs => {
                    let role = role(of.as_ref(), inner);
                    format!(
                        "{alias}.id IN (SELECT {inner}.{column} FROM {far} {inner} \
                         WHERE {among}{role} AND "
                    )
                }
                Side::Rhs => {
                    let role = role(of.as_ref(), alias);
                    format!(
                        "{alias}.{column} IN (SELECT {inner}.id FROM {far} {inner} \
                         WHERE {among}{role} AND "
                    )
                }
            }
        }
    }
}

fn role(role: Option<&Role>, alias: &str) -> String {
    role.map(|role| format!(" AND {alias}.{} = '{}'", quoted(&role.column), role.value))
        .unwrap_or_default()
}

/// Appends ` AND t.id IN (…)`: the far records (under `t`) that one near record is linked to.
pub(crate) fn push_far(schema: &Schema, near: &Module, link: &Link, near_id: &str, sql: &mut Sql) {
    match &schema.relationship(link).shape {
        Shape::Join(join) => {
            sql.push(&format!(
                " AND t.id IN (SELECT j.{} FROM {} j WHERE j.deleted = 0{} AND j.{} = ",
                quoted(join.key(link.near.other())),
                quoted(&join.table),
                role(join.role.as_ref(), "j"),
                quoted(join.key(link.near)),
            ));
            sql.bind(near_id.to_owned()).push(")");
        }
        Shape::Column { column, role: of } => {
            let column = quoted(column);
            match link.near {
                Side::Lhs => {
                    sql.push(&format!("{} AND t.{column} = ", role(of.as_ref(), "t")));
                    sql.bind(near_id.to_owned());
                }
                Side::Rhs => {
                    sql.push(&format!(
                        " AND t.id IN (SELECT n.{column} FROM {} n WHERE n.deleted = 0{} AND n.id = ",
                        quoted(&near.table),
                        role(of.as_ref(), "n"),
                    ));
                    sql.bind(near_id.to_owned()).push(")");
                }
            }
        }
    }
}

/// Links two records. The far one must be there for the user; an existing link only takes the new columns.
pub(crate) fn add(
    cx: &Context<'_>,
    near: &Module,
    near_id: &str,
    link: &Link,
    far_id: &str,
    columns: &Map<String, Value>,
) -> Result<(), Failure> {
    rights::there(cx, cx.schema.far_module(link), far_id, Action::View)?;
    tie(cx, near, near_id, link, far_id, columns)
}

/// Links two records of which both are known to be there.
pub(crate) fn tie(
    cx: &Context<'_>,
    near: &Module,
    near_id: &str,
    link: &Link,
    far_id: &str,
    columns: &Map<String, Value>,
) -> Result<(), Failure> {
    let far = cx.schema.far_module(link);
    match &cx.schema.relationship(link).shape {
        Shape::Join(join) => {
            let (lhs, rhs) = match link.near {
                Side::Lhs => (near_id, far_id),
                Side::Rhs => (far_id, near_id),
            };
            join_rows(cx, join, lhs, rhs, columns)
        }
        Shape::Column { column, role } => {
            let (table, record, value) = match link.near {
                Side::Lhs => (&far.table, far_id, near_id),
                Side::Rhs => (&near.table, near_id, far_id),
            };
            set_column(cx, table, record, column, role.as_ref(), Some(value))
        }
    }
}

/// Takes the link away; without one the answer is 404.
pub(crate) fn remove(
    cx: &Context<'_>,
    near: &Module,
    near_id: &str,
    link: &Link,
    far_id: &str,
) -> Result<(), Failure> {
    let far = cx.schema.far_module(link);
    rights::record(cx, far, far_id, Action::View)?;
    if !is_linked(cx, near, near_id, link, far_id)? {
        return Err(Failure::no_record(&far.name, far_id));
    }
    match &cx.schema.relationship(link).shape {
        Shape::Join(join) => {
            let mut sql = cx.sql(format!(
                "UPDATE {} SET deleted = 1, date_modified = ",
                quoted(&join.table)
            ));
            sql.bind(cx.stamp());
            sql.push(&format!(" WHERE {} = ", quoted(join.key(link.near))))
                .bind(near_id.to_owned());
            sql.push(&format!(" AND {} = ", quoted(join.key(link.near.other()))));
            sql.bind(far_id.to_owned()).push(&role_of(join));
            sql.execute(cx.db)?;
            Ok(())
        }
        Shape::Column { column, role } => {
            let (table, record) = match link.near {
                Side::Lhs => (&far.table, far_id),
                Side::Rhs => (&near.table, near_id),
            };
            set_column(cx, table, record, column, role.as_ref(), None)
        }
    }
}

/// Takes away whatever a link of one record leads to, as writing an empty `account_id` does.
pub(crate) fn clear(cx: &Context<'_>, near_id: &str, link: &Link) -> Result<(), Failure> {
    if let Shape::Join(join) = &cx.schema.relationship(link).shape {
        let mut sql = cx.sql(format!(
            "UPDATE {} SET deleted = 1, date_modified = ",
            quoted(&join.table)
        ));
        sql.bind(cx.stamp());
        sql.push(&format!(
            " WHERE deleted = 0 AND {} = ",
            quoted(join.key(link.near))
        ));
        sql.bind(near_id.to_owned()).push(&role_of(join));
        sql.execute(cx.db)?;
    }
    Ok(())
}

pub(crate) fn is_linked(
    cx: &Context<'_>,
    near: &Module,
    near_id: &str,
    link: &Link,
    far_id: &str,
) -> Result<bool, Failure> {
    let far = cx.schema.far_module(link);
    let mut sql = cx.sql(format!(
        "SELECT count(*) FROM {} t WHERE t.id = ",
        quoted(&far.table)
    ));
    sql.bind(far_id.to_owned());
    push_far(cx.schema, near, link, near_id, &mut sql);
    Ok(sql.number(cx.db)? > 0)
}

/// The columns of the relation between two linked records, such as `contact_role`; none where a link has none.
pub(crate) fn columns(
    cx: &Context<'_>,
    near_id: &str,
    link: &Link,
    far_id: &str,
) -> Result<Map<String, Value>, Failure> {
    let Shape::Join(join) = &cx.schema.relationship(link).shape else {
        return Ok(Map::new());
    };
    if join.columns.is_empty() {
        return Ok(Map::new());
    }
    let names: Vec<String> = join.columns.keys().map(|name| quoted(name)).collect();
    let mut sql = cx.sql(format!(
        "SELECT {} FROM {} WHERE deleted = 0 AND ",
        names.join(", "),
        quoted(&join.table)
    ));
    sql.push(&format!("{} = ", quoted(join.key(link.near))))
        .bind(near_id.to_owned());
    sql.push(&format!(" AND {} = ", quoted(join.key(link.near.other()))))
        .bind(far_id.to_owned());
    sql.push(&role_of(join));
    let found = sql.first(cx.db, |row| {
        let mut columns = Map::new();
        for (index, (name, field)) in join.columns.iter().enumerate() {
            let value = Decode::of(field).json(row.get_ref(index)?, &cx.actor.zone);
            columns.insert(name.clone(), value);
        }
        Ok(columns)
    })?;
    Ok(found.unwrap_or_default())
}

/// Whether a link's relation has columns of its own.
pub(crate) fn has_columns(schema: &Schema, link: &Link) -> bool {
    matches!(&schema.relationship(link).shape, Shape::Join(join) if !join.columns.is_empty())
}

/// Marks the join rows of a deleted record as deleted.
pub(crate) fn remove_all(cx: &Context<'_>, module: &Module, id: &str) -> Result<(), Failure> {
    for field in module.fields.values() {
        if let super::schema::Place::Link(link) = &field.place {
            clear(cx, id, link)?;
        }
    }
    Ok(())
}

fn role_of(join: &JoinTable) -> String {
    join.role
        .as_ref()
        .map(|role| format!(" AND {} = '{}'", quoted(&role.column), role.value))
        .unwrap_or_default()
}

/// The row of a join table. Where a record may have only one at the other side, the new row replaces the old one: the
/// screens of Sugar show one account of a contact though the table could hold several (fact sheet 9).
fn join_rows(
    cx: &Context<'_>,
    join: &JoinTable,
    lhs: &str,
    rhs: &str,
    columns: &Map<String, Value>,
) -> Result<(), Failure> {
    let table = quoted(&join.table);
    if let Some(single) = join.single {
        let (kept, other) = match single {
            Side::Lhs => (rhs, lhs),
            Side::Rhs => (lhs, rhs),
        };
        let mut sql = cx.sql(format!("UPDATE {table} SET deleted = 1, date_modified = "));
        sql.bind(cx.stamp());
        sql.push(&format!(
            " WHERE deleted = 0 AND {} = ",
            quoted(join.key(single.other()))
        ));
        sql.bind(kept.to_owned());
        sql.push(&format!(" AND {} <> ", quoted(join.key(single))))
            .bind(other.to_owned());
        sql.push(&role_of(join));
        sql.execute(cx.db)?;
    }
    let mut names = vec![
        "id".to_owned(),
        quoted(&join.lhs_key),
        quoted(&join.rhs_key),
        "date_modified".to_owned(),
    ];
    let mut values: Vec<SqlValue> = vec![
        Uuid::now_v7().to_string().into(),
        lhs.to_owned().into(),
        rhs.to_owned().into(),
        cx.stamp().into(),
    ];
    let mut key = format!("{}, {}", quoted(&join.lhs_key), quoted(&join.rhs_key));
    if let Some(role) = &join.role {
        names.push(quoted(&role.column));
        values.push(role.value.clone().into());
        key = format!("{key}, {}", quoted(&role.column));
    }
    let mut updates = String::new();
    for (name, field) in &join.columns {
        let value = columns
            .get(name)
            .or_else(|| alias(name).and_then(|alias| columns.get(alias)));
        let encoded = match (value, &field.default) {
            (Some(value), _) => {
                let _ = write!(updates, ", {0} = excluded.{0}", quoted(name));
                encode(field, value, &cx.actor.zone)?
            }
            (None, Some(default)) => encode(field, &default.clone().into(), &cx.actor.zone)?,
            (None, None) => continue,
        };
        names.push(quoted(name));
        values.push(encoded);
    }
    let mut sql = cx.sql(format!(
        "INSERT INTO {table} ({}) VALUES (",
        names.join(", ")
    ));
    sql.bind_all(values).push(&format!(
        ") ON CONFLICT ({key}) DO UPDATE SET deleted = 0, date_modified = excluded.date_modified{updates}"
    ));
    sql.execute(cx.db)?;
    Ok(())
}

/// The guide's example of link-many calls the role of a contact `role`; the column is `contact_role`.
fn alias(column: &str) -> Option<&'static str> {
    (column == "contact_role").then_some("role")
}

fn set_column(
    cx: &Context<'_>,
    table: &str,
    record: &str,
    column: &str,
    role: Option<&Role>,
    value: Option<&str>,
) -> Result<(), Failure> {
    let mut sql = cx.sql(format!(
        "UPDATE {} SET {} = ",
        quoted(table),
        quoted(column)
    ));
    sql.bind(value.map(str::to_owned));
    if let Some(role) = role {
        sql.push(&format!(", {} = ", quoted(&role.column)));
        sql.bind(value.map(|_| role.value.clone()));
    }
    sql.push(", date_modified = ").bind(cx.stamp());
    sql.push(", modified_user_id = ?1 WHERE id = ")
        .bind(record.to_owned());
    sql.execute(cx.db)?;
    Ok(())
}
