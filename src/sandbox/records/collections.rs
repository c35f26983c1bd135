//! The collections in a record that are no links: email addresses, tags, teams.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::change::elements;
use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::quoted;
use crate::sandbox::store::text_of;

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are Sugar's four flags of an address"
)]
pub(crate) struct Email {
    pub(crate) address: String,
    pub(crate) opt_out: bool,
    pub(crate) invalid: bool,
    pub(crate) primary: bool,
    pub(crate) reply_to: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TeamEntry {
    id: String,
    primary: bool,
    selected: bool,
}

/// Flags come as booleans and as `"0"`/`"1"` (fact sheet 4.1); numbers are borne too.
fn flag(map: &Map<String, Value>, key: &str) -> bool {
    match map.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => matches!(text.as_str(), "1" | "true"),
        _ => false,
    }
}

pub(super) fn emails(field: &Field, value: &Value) -> Result<Vec<Email>, Failure> {
    let mut emails: Vec<Email> = Vec::new();
    for item in elements(field, value)? {
        let Value::Object(map) = item else {
            return Err(Failure::invalid("An email address must be a map."));
        };
        let address = map
            .get("email_address")
            .and_then(text_of)
            .unwrap_or_default();
        if address.is_empty() {
            continue;
        }
        emails.push(Email {
            address,
            opt_out: flag(map, "opt_out"),
            invalid: flag(map, "invalid_email"),
            primary: flag(map, "primary_address") && !emails.iter().any(|email| email.primary),
            reply_to: flag(map, "reply_to_address"),
        });
    }
    if !emails.is_empty() && !emails.iter().any(|email| email.primary) {
        emails[0].primary = true;
    }
    Ok(emails)
}

/// Tags come as names; what an answer printed (maps with a name) is taken too.
pub(super) fn tags(field: &Field, value: &Value) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = Vec::new();
    for item in elements(field, value)? {
        let name = match item {
            Value::Object(map) => map.get("name").and_then(text_of),
            other => text_of(other),
        };
        let name = name.ok_or_else(|| Failure::invalid("A tag must be a name."))?;
        if !name.is_empty() && !names.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The teams of a record, each once; one of them, and one only, is the primary one.
pub(super) fn teams(field: &Field, value: &Value) -> Result<Vec<TeamEntry>, Failure> {
    let mut teams: Vec<TeamEntry> = Vec::new();
    for item in elements(field, value)? {
        let entry = match item {
            Value::Object(map) => map.get("id").and_then(text_of).map(|id| TeamEntry {
                id,
                primary: flag(map, "primary"),
                selected: flag(map, "selected"),
            }),
            other => text_of(other).map(|id| TeamEntry {
                id,
                primary: false,
                selected: false,
            }),
        };
        let mut entry = entry.ok_or_else(|| Failure::missing("id"))?;
        entry.primary &= !teams.iter().any(|team| team.primary);
        match teams.iter_mut().find(|team| team.id == entry.id) {
            Some(known) => {
                known.primary |= entry.primary;
                known.selected |= entry.selected;
            }
            None => teams.push(entry),
        }
    }
    if !teams.is_empty() && !teams.iter().any(|team| team.primary) {
        teams[0].primary = true;
    }
    Ok(teams)
}

pub(super) fn store_emails(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    emails: &[Email],
) -> Result<(), Failure> {
    cx.db
        .prepare_cached("DELETE FROM email_addresses WHERE bean_id = ?1 AND bean_module = ?2")?
        .execute((id, &module.name))?;
    let mut insert = cx
        .db
        .prepare_cached("INSERT INTO email_addresses VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    for (position, email) in (0_i64..).zip(emails) {
        insert.execute((
            id,
            &module.name,
            position,
            &email.address,
            email.opt_out,
            email.invalid,
            email.primary,
            email.reply_to,
        ))?;
    }
    Ok(())
}

/// Sets or takes away the primary address and leaves the others.
pub(super) fn store_primary(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    address: &str,
) -> Result<(), Failure> {
    let mut statement = cx.db.prepare_cached(
        "SELECT email_address, opt_out, invalid_email, primary_address, reply_to_address \
         FROM email_addresses WHERE bean_id = ?1 AND bean_module = ?2 ORDER BY position",
    )?;
    let mut rows = statement.query((id, &module.name))?;
    let mut emails = Vec::new();
    while let Some(row) = rows.next()? {
        emails.push(Email {
            address: row.get(0)?,
            opt_out: row.get(1)?,
            invalid: row.get(2)?,
            primary: row.get(3)?,
            reply_to: row.get(4)?,
        });
    }
    drop(rows);
    drop(statement);
    if emails
        .iter()
        .any(|email| email.primary && email.address.eq_ignore_ascii_case(address))
    {
        return Ok(());
    }
    emails.retain(|email| !email.primary && !email.address.eq_ignore_ascii_case(address));
    if !address.is_empty() {
        emails.insert(
            0,
            Email {
                address: address.to_owned(),
                opt_out: false,
                invalid: false,
                primary: true,
                reply_to: false,
            },
        );
    }
    store_emails(cx, module, id, &emails)
}

/// Makes the tags of a record these; unknown ones are created.
pub(super) fn store_tags(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    names: &[String],
) -> Result<(), Failure> {
    cx.db
        .prepare_cached(
            "UPDATE tag_bean_rel SET deleted = 1 WHERE bean_id = ?1 AND bean_module = ?2",
        )?
        .execute((id, &module.name))?;
    for name in names {
        let mut find = cx.sql("SELECT id FROM tags WHERE deleted = 0 AND name = ");
        find.bind(name.clone());
        let known = find.first(cx.db, |row| row.get::<_, String>(0))?;
        let tag = if let Some(tag) = known {
            tag
        } else {
            let tag = Uuid::now_v7().to_string();
            let mut insert = cx.sql(
                    "INSERT INTO tags (created_by, modified_user_id, id, name, name_lower, date_entered, \
                     date_modified) VALUES (?1, ?1, ",
                );
            let values = [
                tag.clone(),
                name.clone(),
                name.to_lowercase(),
                cx.stamp(),
                cx.stamp(),
            ];
            insert
                .bind_all(values.map(Into::into))
                .push(")")
                .execute(cx.db)?;
            tag
        };
        let mut insert = cx.sql(
            "INSERT INTO tag_bean_rel (id, bean_id, tag_id, bean_module, date_modified) VALUES (",
        );
        let values = [
            Uuid::now_v7().to_string(),
            id.to_owned(),
            tag,
            module.name.clone(),
            cx.stamp(),
        ];
        insert.bind_all(values.map(Into::into));
        insert.push(") ON CONFLICT (bean_id, tag_id, bean_module) DO UPDATE SET deleted = 0");
        insert.execute(cx.db)?;
    }
    Ok(())
}

/// Makes the teams of a record these; without any it is everybody's.
pub(super) fn store_teams(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    teams: &[TeamEntry],
) -> Result<(), Failure> {
    let mut entries = Vec::new();
    let mut primary = GLOBAL_TEAM;
    for team in teams {
        let mut find = cx.sql("SELECT name, name_2 FROM teams WHERE deleted = 0 AND id = ");
        find.bind(team.id.clone());
        let names = find.first(cx.db, |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, Option<String>>(1)?,
            ))
        })?;
        let (name, name_2) =
            names.ok_or_else(|| Failure::invalid(format!("Could not find team: {}", team.id)))?;
        if team.primary {
            primary = &team.id;
        }
        entries.push(json!({
            "id": team.id, "name": name.unwrap_or_default(), "name_2": name_2.unwrap_or_default(),
            "primary": team.primary, "selected": team.selected,
        }));
    }
    let set = if entries.is_empty() {
        GLOBAL_TEAM_SET.to_owned()
    } else {
        Value::Array(entries).to_string()
    };
    let mut sql = cx.sql(format!("UPDATE {} SET team_set = ", quoted(&module.table)));
    sql.bind(set).push(", team_id = ");
    sql.bind(primary.to_owned()).push(" WHERE id = ");
    sql.bind(id.to_owned()).execute(cx.db)?;
    Ok(())
}

pub(super) const GLOBAL_TEAM: &str = "1";
/// What a record without teams of its own holds.
pub(super) const GLOBAL_TEAM_SET: &str =
    r#"[{"id":"1","name":"Global","name_2":"","primary":true,"selected":false}]"#;
