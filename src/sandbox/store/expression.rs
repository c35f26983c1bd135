//! The SQL expression that gives the value of a field, whatever place it lives in.

use std::fmt::Write;

use super::decimal::COLLATION;
use crate::sandbox::schema::EmailPart;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::Relate;
use crate::sandbox::schema::Schema;
use crate::sandbox::schema::Shape;
use crate::sandbox::schema::Through;
use crate::sandbox::schema::quoted;

/// A scalar expression over the module's table under `alias`. Names in it come from the schema, never from a client.
pub(crate) fn expression(schema: &Schema, module: &Module, field: &Field, alias: &str) -> String {
    let id = format!("{alias}.id");
    match &field.place {
        Place::Column => format!("{alias}.{}", column(&field.name, field.kind)),
        Place::Alias(column) => format!("{alias}.{}", quoted(column)),
        Place::FullName => full_name(alias),
        Place::Relate(relate) => related(schema, module, relate, alias),
        Place::ParentName => parent_name(schema, alias),
        Place::Email(part) => email(module, *part, &id),
        Place::Tags => format!(
            "(SELECT json_group_array(json_array(g.id, g.name)) FROM tag_bean_rel j JOIN tags g ON g.id = j.tag_id \
             AND g.deleted = 0 WHERE j.bean_id = {id} AND j.bean_module = '{}' AND j.deleted = 0)",
            module.name
        ),
        Place::Teams => format!("{alias}.team_set"),
        Place::Favorite => mine("sugarfavorites", module, &id),
        Place::Following => mine("subscriptions", module, &id),
        Place::Link(_) | Place::Nowhere => "NULL".to_owned(),
    }
}

/// A column as it is compared and ordered.
pub(super) fn column(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Decimal { .. } => format!("{} COLLATE {COLLATION}", quoted(name)),
        _ => quoted(name),
    }
}

fn full_name(alias: &str) -> String {
    format!("trim(coalesce({alias}.first_name, '') || ' ' || coalesce({alias}.last_name, ''))")
}

/// The expression of the field that a module shows as its name.
fn name(schema: &Schema, module: &Module, alias: &str) -> String {
    match module.field("name") {
        Some(field) => expression(schema, module, field, alias),
        None => format!("{alias}.id"),
    }
}

fn related(schema: &Schema, module: &Module, relate: &Relate, alias: &str) -> String {
    let other = schema.related_module(relate);
    let inner = format!("{alias}r");
    let shown = match other.field(&relate.shows) {
        Some(field) => expression(schema, other, field, &inner),
        None => "NULL".to_owned(),
    };
    let table = quoted(&other.table);
    match &relate.through {
        Through::Column(column) => format!(
            "(SELECT {shown} FROM {table} {inner} WHERE {inner}.id = {alias}.{} AND {inner}.deleted = 0)",
            quoted(column)
        ),
        Through::Link(link) => {
            let Some(link) = module.link(link) else {
                return "NULL".to_owned();
            };
            match &schema.relationship(link).shape {
                Shape::Join(join) => format!(
                    "(SELECT {shown} FROM {} j JOIN {table} {inner} ON {inner}.id = j.{} AND {inner}.deleted = 0 \
                     WHERE j.{} = {alias}.id AND j.deleted = 0 LIMIT 1)",
                    quoted(&join.table),
                    quoted(join.key(link.near.other())),
                    quoted(join.key(link.near)),
                ),
                Shape::Column { column, .. } => format!(
                    "(SELECT {shown} FROM {table} {inner} WHERE {inner}.id = {alias}.{} AND {inner}.deleted = 0)",
                    quoted(column)
                ),
            }
        }
    }
}

/// The name of a flex relate's parent: one branch for each module a parent can be of.
fn parent_name(schema: &Schema, alias: &str) -> String {
    let inner = format!("{alias}p");
    let mut cases = String::new();
    for module in schema.modules.values().filter(|module| !module.admin_only) {
        let _ = write!(
            cases,
            " WHEN '{}' THEN (SELECT {} FROM {} {inner} WHERE {inner}.id = {alias}.parent_id AND {inner}.deleted = 0)",
            module.name,
            name(schema, module, &inner),
            quoted(&module.table),
        );
    }
    format!("CASE {alias}.parent_type COLLATE BINARY{cases} END")
}

pub(super) fn email(module: &Module, part: EmailPart, id: &str) -> String {
    let rows = format!(
        "FROM email_addresses e WHERE e.bean_id = {id} AND e.bean_module = '{}'",
        module.name
    );
    match part {
        EmailPart::Collection => format!(
            "(SELECT json_group_array(json_array(e.email_address, e.opt_out, e.invalid_email, e.primary_address, \
             e.reply_to_address) ORDER BY e.position) {rows})"
        ),
        EmailPart::Primary => format!("(SELECT e.email_address {rows} AND e.primary_address = 1)"),
        EmailPart::Second => format!(
            "(SELECT e.email_address {rows} AND e.primary_address = 0 ORDER BY e.position LIMIT 1)"
        ),
        EmailPart::OptOut => format!("(SELECT e.opt_out {rows} AND e.primary_address = 1)"),
        EmailPart::Invalid => format!("(SELECT e.invalid_email {rows} AND e.primary_address = 1)"),
    }
}

fn mine(table: &str, module: &Module, id: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM {table} m WHERE m.user_id = ?1 AND m.module = '{}' AND m.record_id = {id})",
        module.name
    )
}
