//! Marks a user puts on records: favorites and subscriptions.

use super::context::Context;
use super::failure::Failure;
use super::schema::Module;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Set,
    Unset,
}

impl Mark {
    pub(crate) fn of(wanted: bool) -> Self {
        if wanted { Self::Set } else { Self::Unset }
    }
}

pub(crate) fn set(cx: &Context<'_>, module: &Module, id: &str, mark: Mark) -> Result<(), Failure> {
    let sql = match mark {
        Mark::Set => {
            "INSERT OR IGNORE INTO sugarfavorites (user_id, module, record_id) VALUES (?1, ?2, ?3)"
        }
        Mark::Unset => {
            "DELETE FROM sugarfavorites WHERE user_id = ?1 AND module = ?2 AND record_id = ?3"
        }
    };
    cx.db
        .prepare_cached(sql)?
        .execute((&cx.actor.user_id, &module.name, id))?;
    Ok(())
}

/// Subscribes the user to a record, or ends that.
pub(crate) fn follow(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    mark: Mark,
) -> Result<(), Failure> {
    let sql = match mark {
        Mark::Set => {
            "INSERT OR IGNORE INTO subscriptions (user_id, module, record_id) VALUES (?1, ?2, ?3)"
        }
        Mark::Unset => {
            "DELETE FROM subscriptions WHERE user_id = ?1 AND module = ?2 AND record_id = ?3"
        }
    };
    cx.db
        .prepare_cached(sql)?
        .execute((&cx.actor.user_id, &module.name, id))?;
    Ok(())
}
