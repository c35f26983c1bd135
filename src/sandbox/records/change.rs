//! What a body asks to change: read once, before anything is written.
//!
//! What Sugar does not know or does not let be written is dropped without a word (fact sheet 4.2).

use rusqlite::types::Value as SqlValue;
use serde_json::Map;
use serde_json::Value;

use super::collections::Email;
use super::collections::TeamEntry;
use super::collections::emails;
use super::collections::tags;
use super::collections::teams;
use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::EmailPart;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::Link;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::Through;
use crate::sandbox::store::encode;
use crate::sandbox::store::text_of;

#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) columns: Vec<(String, SqlValue)>,
    pub(crate) email: Option<EmailChange>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) teams: Option<Vec<TeamEntry>>,
    pub(crate) favorite: Option<bool>,
    /// Relates whose id stands in a join table: the link and the new id, empty to clear.
    pub(crate) relates: Vec<(Link, String)>,
    pub(crate) actions: Vec<LinkActions>,
    /// A user's new password.
    pub(crate) password: Option<String>,
}

#[derive(Debug)]
pub(crate) enum EmailChange {
    Whole(Vec<Email>),
    /// `email1`: the primary address alone, empty to take it away.
    Primary(String),
}

/// `{"add": […], "delete": […], "create": […]}` under a link's name (fact sheet 4.3).
#[derive(Debug)]
pub(crate) struct LinkActions {
    pub(crate) link: Link,
    pub(crate) add: Vec<(String, Map<String, Value>)>,
    pub(crate) delete: Vec<String>,
    pub(crate) create: Vec<Map<String, Value>>,
}

/// The field in which clients send a user's password; it is never shown.
const PASSWORD: &str = "user_hash";

impl Change {
    pub(crate) fn read(
        cx: &Context<'_>,
        module: &Module,
        body: &Map<String, Value>,
    ) -> Result<Self, Failure> {
        let mut change = Self::default();
        for (name, value) in body {
            if let Some(field) = module.field(name).filter(|field| field.is_writable()) {
                change.field(cx, module, field, value)?;
            }
        }
        if module.name == "Users" {
            change.password = body
                .get(PASSWORD)
                .and_then(text_of)
                .filter(|password| !password.is_empty());
        }
        Ok(change)
    }

    /// Whether applying it touches other records, which may turn out not to be there.
    pub(crate) fn reaches_out(&self) -> bool {
        !self.relates.is_empty() || !self.actions.is_empty() || self.teams.is_some()
    }

    fn field(
        &mut self,
        cx: &Context<'_>,
        module: &Module,
        field: &Field,
        value: &Value,
    ) -> Result<(), Failure> {
        match &field.place {
            // The id is given on creation only, deletion is a verb of its own.
            Place::Column if matches!(field.name.as_str(), "id" | "deleted") || field.counted => {}
            Place::Column => {
                let value = match encode(field, value, &cx.actor.zone)? {
                    // A flag is never unset, so that a filter on `false` finds it.
                    SqlValue::Null if field.kind == Kind::Bool => SqlValue::Integer(0),
                    value => value,
                };
                self.columns.push((field.name.clone(), value));
            }
            Place::Email(EmailPart::Collection) => {
                self.email = Some(EmailChange::Whole(emails(field, value)?));
            }
            Place::Email(EmailPart::Primary) => {
                let address = text_of(value).ok_or_else(|| unreadable(field, value))?;
                if self.email.is_none() {
                    self.email = Some(EmailChange::Primary(address));
                }
            }
            Place::Tags => self.tags = Some(tags(field, value)?),
            Place::Teams => self.teams = Some(teams(field, value)?),
            Place::Favorite => self.favorite = value.as_bool(),
            Place::Relate(relate) if relate.shows == "id" => {
                if let Through::Link(link) = &relate.through {
                    let id = text_of(value).ok_or_else(|| unreadable(field, value))?;
                    self.relates.push((module.require_link(link)?.clone(), id));
                }
            }
            Place::Link(link) => match value {
                Value::Object(map) => self.actions.push(LinkActions::read(field, link, map)?),
                // What an answer printed under the name, and nothing in PHP's spellings.
                Value::Array(_) | Value::Null => {}
                other if text_of(other).is_some_and(|text| text.is_empty()) => {}
                other => return Err(unreadable(field, other)),
            },
            Place::Alias(_)
            | Place::FullName
            | Place::Relate(_)
            | Place::ParentName
            | Place::Email(_)
            | Place::Following
            | Place::Nowhere => {}
        }
        Ok(())
    }
}

impl LinkActions {
    fn read(field: &Field, link: &Link, map: &Map<String, Value>) -> Result<Self, Failure> {
        let list = |key: &str| match map.get(key) {
            Some(value) => elements(field, value),
            None => Ok(&[] as &[Value]),
        };
        Ok(Self {
            link: link.clone(),
            add: list("add")?
                .iter()
                .map(link_item)
                .collect::<Result<_, _>>()?,
            delete: list("delete")?
                .iter()
                .map(|item| text_of(item).ok_or_else(|| unreadable(field, item)))
                .collect::<Result<_, _>>()?,
            create: list("create")?
                .iter()
                .map(|item| match item {
                    Value::Object(map) => Ok(map.clone()),
                    // PHP's empty map.
                    Value::Array(items) if items.is_empty() => Ok(Map::new()),
                    other => Err(unreadable(field, other)),
                })
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The elements of what must be a list; null is an empty one.
pub(super) fn elements<'a>(field: &Field, value: &'a Value) -> Result<&'a [Value], Failure> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(&[]),
        other => Err(unreadable(field, other)),
    }
}

fn unreadable(field: &Field, value: &Value) -> Failure {
    Failure::invalid(format!("Invalid value for field {}: {value}", field.name))
}

/// An element of `ids` or `add`: an id, or a map with `id` and columns of the relation.
pub(crate) fn link_item(item: &Value) -> Result<(String, Map<String, Value>), Failure> {
    match item {
        Value::Object(map) => {
            let id = map
                .get("id")
                .and_then(text_of)
                .ok_or_else(|| Failure::missing("id"))?;
            Ok((id, map.clone()))
        }
        other => {
            let id =
                text_of(other).ok_or_else(|| Failure::invalid(format!("Invalid id: {other}")))?;
            Ok((id, Map::new()))
        }
    }
}
