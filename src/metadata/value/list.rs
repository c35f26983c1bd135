//! Fields that hold several things: multi-selects, tags, e-mail addresses, teams, link actions.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Rejected;
use super::accept::option;
use super::accept::scalar;
use super::accept::shape;
use super::accept::shown;
use super::same::flag;
use crate::metadata::Dropdown;
use crate::wire::excerpt;

/// A list of keys; one key alone; or Sugar's stored form, `^a^,^b^`.
pub(super) fn accept_keys(value: &Json, dropdown: Option<&Dropdown>) -> Result<Json, Rejected> {
    keys(value)?
        .iter()
        .map(|key| option(key, dropdown).map(Json::from))
        .collect()
}

/// The keys of a multi-select, whichever way they are written. The empty one is none: where nothing is chosen, null,
/// `""`, `[]`, `[""]` and `^^` say the same.
pub(super) fn keys(value: &Json) -> Result<Vec<String>, Rejected> {
    let mut keys: Vec<String> = match value {
        Json::Null => Vec::new(),
        Json::Array(list) => list.iter().map(scalar).collect::<Result<_, _>>()?,
        Json::String(text) => match stored_form(text) {
            Some(keys) => keys.map(str::to_owned).collect(),
            None => vec![text.clone()],
        },
        other => vec![scalar(other)?],
    };
    keys.retain(|key| !key.is_empty());
    Ok(keys)
}

fn stored_form(text: &str) -> Option<impl Iterator<Item = &str>> {
    let inner = text.strip_prefix('^')?.strip_suffix('^')?;
    Some(inner.split("^,^"))
}

/// Tags by their name; unknown ones Sugar creates. A tag as Sugar answers it, `{id, name}`, is taken by its name.
pub(super) fn accept_tags(value: &Json) -> Result<Json, Rejected> {
    let one = |tag: &Json| match tag.get("name") {
        Some(name) => scalar(name).map(Json::from),
        None => scalar(tag).map(Json::from),
    };
    match value {
        Json::Array(list) => list.iter().map(one).collect(),
        other => one(other).map(|tag| json!([tag])),
    }
}

/// A field whose members are maps: e-mail addresses or teams (fact sheet 4.1).
struct Members {
    /// One of them, for a message.
    one: &'static str,
    keys: &'static [&'static str],
    flags: &'static [&'static str],
    /// The flag that one member has at most.
    primary: &'static str,
    /// What every member has that Sugar gave. It may have more than is documented, and is sent back as it came.
    given: &'static [&'static str],
}

const ADDRESSES: Members = Members {
    one: "an e-mail address",
    keys: &[
        "email_address",
        "primary_address",
        "opt_out",
        "invalid_email",
        "reply_to_address",
    ],
    flags: &[
        "primary_address",
        "opt_out",
        "invalid_email",
        "reply_to_address",
    ],
    primary: "primary_address",
    given: &[
        "email_address",
        "primary_address",
        "opt_out",
        "invalid_email",
    ],
};

const TEAMS: Members = Members {
    one: "a team",
    keys: &["id", "primary", "selected", "name", "name_2"],
    flags: &["primary", "selected"],
    primary: "primary",
    given: &["id", "name", "primary"],
};

impl Members {
    /// A member with keys that are known and flags that are flags.
    fn member(&self, map: &Map<String, Json>) -> Result<Map<String, Json>, Rejected> {
        let is_given = self.given.iter().all(|key| map.contains_key(*key));
        let unknown = map.keys().find(|key| !self.keys.contains(&key.as_str()));
        if let Some(key) = unknown.filter(|_| !is_given) {
            return Err(Rejected::UnknownKey {
                key: excerpt(key),
                of: self.one,
                known: self.keys,
            });
        }
        let mut member = map.clone();
        for name in self.flags.iter().copied() {
            let Some(value) = member.get_mut(name).filter(|value| !value.is_null()) else {
                continue;
            };
            // Older answers have "0" and "1" (fact sheet 4.1); what was read may be sent again.
            let read = flag(value).ok_or_else(|| Rejected::NotFlag {
                flag: name,
                of: self.one,
                value: shown(value),
            })?;
            *value = Json::Bool(read);
        }
        Ok(member)
    }

    /// Of several primary ones Sugar would choose, and nobody knows how.
    fn one_primary(&self, members: Vec<Json>) -> Result<Json, Rejected> {
        let primary = |member: &&Json| member.get(self.primary).and_then(flag) == Some(true);
        match members.iter().filter(primary).count() {
            0 | 1 => Ok(Json::Array(members)),
            found => Err(Rejected::SeveralPrimary {
                flag: self.primary,
                found,
            }),
        }
    }
}

/// A collection as Sugar has it, a list of addresses, or one. Of bare addresses the first is the primary one.
pub(super) fn accept_emails(value: &Json) -> Result<Json, Rejected> {
    let list = match value {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let bare = list.iter().all(Json::is_string);
    let members: Result<Vec<Json>, Rejected> = list
        .iter()
        .enumerate()
        .map(|(index, entry)| match entry {
            Json::String(text) if bare => Ok(json!({
                "email_address": address(text)?,
                "primary_address": index == 0,
            })),
            Json::String(text) => Ok(json!({ "email_address": address(text)? })),
            Json::Object(map) => email_entry(map),
            other => Err(Rejected::Shape {
                found: shape(other),
                wanted: "an e-mail address",
            }),
        })
        .collect();
    ADDRESSES.one_primary(members?)
}

fn email_entry(map: &Map<String, Json>) -> Result<Json, Rejected> {
    let mut entry = ADDRESSES.member(map)?;
    let Some(Json::String(text)) = map.get("email_address") else {
        return Err(Rejected::Shape {
            found: "a map without `email_address`",
            wanted: "an e-mail address",
        });
    };
    entry.insert("email_address".into(), address(text)?.into());
    Ok(Json::Object(entry))
}

/// Only what can be no address at all is refused: the rest is for the mail server to say.
pub(super) fn address(text: &str) -> Result<&str, Rejected> {
    let trimmed = text.trim();
    let plausible = trimmed.rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !trimmed.contains(char::is_whitespace)
    });
    if plausible || trimmed.is_empty() {
        Ok(trimmed)
    } else {
        Err(Rejected::NotEmail {
            value: excerpt(text),
        })
    }
}

/// A set of teams: ids, or maps with an `id`. Of bare ids the first is the primary one.
pub(super) fn accept_teams(value: &Json) -> Result<Json, Rejected> {
    let list = match value {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let bare = list.iter().all(|team| !team.is_object());
    let members: Result<Vec<Json>, Rejected> = list
        .iter()
        .enumerate()
        .map(|(index, team)| match team {
            Json::Object(map) => {
                let team = TEAMS.member(map)?;
                match team.contains_key("id") {
                    true => Ok(Json::Object(team)),
                    false => Err(Rejected::Shape {
                        found: "a map without `id`",
                        wanted: "a team",
                    }),
                }
            }
            id if bare => Ok(json!({ "id": scalar(id)?, "primary": index == 0 })),
            id => Ok(json!({ "id": scalar(id)? })),
        })
        .collect();
    TEAMS.one_primary(members?)
}

/// `{add, create, delete}` inside a create or update (fact sheet 4.3).
pub(super) fn accept_link_actions(value: &Json) -> Result<Json, Rejected> {
    let Json::Object(actions) = value else {
        return Err(Rejected::Shape {
            found: shape(value),
            wanted: "a map with `add`, `create` or `delete`",
        });
    };
    for (key, records) in actions {
        if !matches!(key.as_str(), "add" | "create" | "delete") {
            return Err(Rejected::LinkAction { key: excerpt(key) });
        }
        if !records.is_array() {
            return Err(Rejected::Shape {
                found: shape(records),
                wanted: "a list of records",
            });
        }
    }
    Ok(value.clone())
}
