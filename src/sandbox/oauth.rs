//! Tokens: the password and refresh grants, expiry, logout (fact sheet 8).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::call::Call;
use super::config::Concurrent;
use super::config::Settings;
use super::context::Actor;
use super::context::Context;
use super::context::Role;
use super::failure::Failure;
use super::rights::Rights;
use super::time::Zone;
use crate::wire::SugarLabel;

const DEFAULT_PLATFORM: &str = "base";

/// `POST /oauth2/token`.
pub(crate) fn token(
    db: &Connection,
    settings: &Settings,
    now: Timestamp,
    call: &Call,
) -> Result<Value, Failure> {
    match call.text("grant_type") {
        Some("password") => password(db, settings, now, call),
        Some("refresh_token") => refresh(db, settings, now, call),
        Some(other) => Err(Failure::invalid(format!("Unsupported grant type: {other}"))),
        None => Err(Failure::missing("grant_type")),
    }
}

fn refused(message: &str) -> Failure {
    Failure::new(SugarLabel::InvalidGrant, message)
}

fn password(
    db: &Connection,
    settings: &Settings,
    now: Timestamp,
    call: &Call,
) -> Result<Value, Failure> {
    let platform = call.text("platform").unwrap_or(DEFAULT_PLATFORM);
    require_platform(settings, platform)?;
    let user = call
        .text("username")
        .ok_or_else(|| Failure::missing("username"))?;
    let given = call
        .text("password")
        .ok_or_else(|| Failure::missing("password"))?;
    let found = db
        .prepare_cached(
            "SELECT u.id, c.password FROM users u JOIN credentials c ON c.user_id = u.id \
             WHERE u.user_name = ?1 AND u.deleted = 0 AND u.status = 'Active'",
        )?
        .query_row([user], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let user_id = match found {
        Some((user_id, password)) if password == given => user_id,
        _ => return Err(refused("You must specify a valid username and password.")),
    };
    open_session(
        db,
        settings,
        now,
        &user_id,
        platform,
        call.text("client_id").unwrap_or("sugar"),
    )
}

fn require_platform(settings: &Settings, platform: &str) -> Result<(), Failure> {
    if settings.platforms.iter().any(|known| known == platform) {
        Ok(())
    } else {
        Err(refused(&format!(
            "The platform {platform} is not registered"
        )))
    }
}

/// Starts a session; on the same platform it ends the user's earlier one.
pub(crate) fn open_session(
    db: &Connection,
    settings: &Settings,
    now: Timestamp,
    user_id: &str,
    platform: &str,
    client_id: &str,
) -> Result<Value, Failure> {
    if settings.sessions.concurrent == Concurrent::One {
        db.prepare_cached("DELETE FROM sessions WHERE user_id = ?1 AND platform = ?2")?
            .execute((user_id, platform))?;
    }
    let [access, refresh, download] = [(); 3].map(|()| Uuid::now_v7().to_string());
    let expires = now.as_second() + settings.sessions.access.as_secs();
    let refresh_expires = now.as_second() + settings.sessions.refresh.as_secs();
    db.prepare_cached("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute((
            &access,
            &refresh,
            user_id,
            platform,
            client_id,
            expires,
            refresh_expires,
            &download,
        ))?;
    Ok(json!({
        "access_token": access,
        "expires_in": settings.sessions.access.as_secs(),
        "token_type": "bearer",
        "scope": null,
        "refresh_token": refresh,
        "refresh_expires_in": settings.sessions.refresh.as_secs(),
        "download_token": download,
    }))
}

/// Trades a refresh token for a new pair; the old pair is dead from then on.
fn refresh(
    db: &Connection,
    settings: &Settings,
    now: Timestamp,
    call: &Call,
) -> Result<Value, Failure> {
    let given = call
        .text("refresh_token")
        .ok_or_else(|| Failure::missing("refresh_token"))?;
    let found = db
        .prepare_cached(
            "SELECT user_id, platform, client_id FROM sessions WHERE refresh_token = ?1 AND refresh_expires > ?2",
        )?
        .query_row((given, now.as_second()), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let Some((user_id, platform, client_id)) = found else {
        return Err(refused("The refresh token is invalid or expired."));
    };
    db.prepare_cached("DELETE FROM sessions WHERE refresh_token = ?1")?
        .execute([given])?;
    open_session(db, settings, now, &user_id, &platform, &client_id)
}

/// The user behind the call's token.
pub(crate) fn authenticate(
    db: &Connection,
    now: Timestamp,
    token: Option<&str>,
    rights: &BTreeMap<String, Arc<Rights>>,
) -> Result<Actor, Failure> {
    let need_login = || Failure::new(SugarLabel::NeedLogin, "No valid authentication for user.");
    let token = token.ok_or_else(need_login)?;
    let found = db
        .prepare_cached(
            "SELECT s.user_id, s.expires, u.is_admin, s.platform, u.user_name, \
             (SELECT value FROM preferences p WHERE p.user_id = s.user_id AND p.name = 'timezone') \
             FROM sessions s JOIN users u ON u.id = s.user_id AND u.deleted = 0 WHERE s.access_token = ?1",
        )?
        .query_row([token], |row| {
            let zone: Option<String> = row.get(5)?;
            let role = match row.get::<_, Option<bool>>(2)? {
                Some(true) => Role::Administrator,
                _ => Role::Regular,
            };
            let actor = Actor {
                user_id: row.get(0)?,
                role,
                zone: Zone::named(zone.as_deref().unwrap_or("UTC")),
                platform: row.get(3)?,
                rights: rights.get(&row.get::<_, String>(4)?).cloned(),
            };
            Ok((actor, row.get::<_, i64>(1)?))
        })
        .optional()?;
    match found {
        None => Err(need_login()),
        Some((_, expires)) if expires <= now.as_second() => {
            Err(refused("The access token provided has expired."))
        }
        Some((actor, _)) => Ok(actor),
    }
}

/// `POST /oauth2/sudo/<user>`: a session of another user, for administrators.
pub(crate) fn sudo(cx: &Context<'_>, user: &str, call: &Call) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let platform = call.text("platform").unwrap_or(&cx.actor.platform);
    require_platform(cx.settings, platform)?;
    let mut sql = cx.sql("SELECT id FROM users WHERE deleted = 0 AND user_name = ");
    sql.bind(user.to_owned());
    let user_id: String = sql
        .first(cx.db, |row| row.get(0))?
        .ok_or_else(|| Failure::no_record("Users", user))?;
    let client_id = call.text("client_id").unwrap_or("sugar");
    open_session(cx.db, cx.settings, cx.now, &user_id, platform, client_id)
}

/// `POST /oauth2/logout`.
pub(crate) fn logout(db: &Connection, token: Option<&str>) -> Result<Value, Failure> {
    db.prepare_cached("DELETE FROM sessions WHERE access_token = ?1")?
        .execute([token.unwrap_or_default()])?;
    Ok(json!({ "success": true }))
}
