//! What a handler works with: who asks, when, and the data.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::config::Settings;
use super::failure::Failure;
use super::rights::ModuleRights;
use super::rights::Rights;
use super::schema::Module;
use super::schema::Schema;
use super::store::Projection;
use super::store::Sql;
use super::time;
use super::time::Zone;

/// The user behind a token.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) user_id: String,
    pub(crate) role: Role,
    pub(crate) zone: Zone,
    pub(crate) platform: String,
    pub(crate) rights: Option<Arc<Rights>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Administrator,
    Regular,
}

/// One call's view of the sandbox.
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) db: &'a Connection,
    pub(crate) projections: &'a BTreeMap<String, Projection>,
    pub(crate) settings: &'a Settings,
    pub(crate) actor: &'a Actor,
    pub(crate) now: Timestamp,
    pub(crate) metadata_hash: &'a str,
}

impl Context<'_> {
    pub(crate) fn sql(&self, text: impl Into<String>) -> Sql {
        Sql::new(&self.actor.user_id, text)
    }

    /// The present second as Sugar stores it.
    pub(crate) fn stamp(&self) -> String {
        time::stored(self.now)
    }

    pub(crate) fn module(&self, name: &str) -> Result<&Module, Failure> {
        self.schema
            .module(name)
            .ok_or_else(|| Failure::no_module(name))
    }

    /// What limits the user in a module; nothing for administrators and users without roles.
    pub(crate) fn rights(&self, module: &Module) -> Option<&ModuleRights> {
        match self.actor.role {
            Role::Administrator => None,
            Role::Regular => self.actor.rights.as_ref()?.module(&module.name),
        }
    }

    /// Runs work that may fail half way, and then takes back what it did.
    ///
    /// Calls that fail before they write, or write with one statement, need none of it; savepoints are what makes a
    /// write expensive.
    pub(crate) fn atomically<T>(
        &self,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.db.prepare_cached("SAVEPOINT call")?.execute([])?;
        let result = work();
        if result.is_err() {
            self.db.prepare_cached("ROLLBACK TO call")?.execute([])?;
        }
        self.db.prepare_cached("RELEASE call")?.execute([])?;
        result
    }

    pub(crate) fn require_administrator(&self) -> Result<(), Failure> {
        match self.actor.role {
            Role::Administrator => Ok(()),
            Role::Regular => Err(Failure::forbidden(
                "You are not authorized to perform this action.",
            )),
        }
    }
}
