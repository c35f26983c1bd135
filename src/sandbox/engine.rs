//! The one thread that owns the database: calls come in by a channel, answers go back.
//!
//! One writer needs no locks and keeps the runtime's threads free of `SQLite`'s work.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::OpenFlags;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::call::Call;
use super::config::Config;
use super::config::Settings;
use super::context::Actor;
use super::context::Context;
use super::context::Role;
use super::demo;
use super::dispatch;
use super::endpoint::Endpoint;
use super::endpoint::Work;
use super::failure::Failure;
use super::faults::Fault;
use super::faults::GoneField;
use super::metadata;
use super::oauth;
use super::orders;
use super::orders::Order;
use super::rights::Rights;
use super::schema;
use super::schema::Schema;
use super::schema::SchemaError;
use super::server::SandboxError;
use super::store;
use super::store::Projection;
use super::time::Zone;
use crate::wire::SugarLabel;

/// Everything behind the HTTP surface.
pub(crate) struct Engine {
    schema: Schema,
    db: Connection,
    projections: BTreeMap<String, Projection>,
    settings: Settings,
    metadata_hash: String,
    /// How often the metadata has changed since the start.
    generation: u64,
    /// By user name, of users who have roles.
    rights: BTreeMap<String, Arc<Rights>>,
}

/// An answer and the work that it was.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    pub(crate) work: Work,
}

/// Something for the engine to do.
pub(crate) struct Job {
    pub(crate) task: Task,
    pub(crate) reply: oneshot::Sender<Result<Vec<Done>, Answer>>,
}

pub(crate) enum Task {
    /// Calls to serve one after the other.
    Calls {
        calls: Vec<Result<Call, Failure>>,
        gate: Gate,
    },
    Order(Order),
}

/// What must be good for any of the calls to run: token and metadata of a bulk's outer call.
pub(crate) enum Gate {
    Open,
    Outer {
        token: Option<String>,
        metadata_hash: Option<String>,
    },
}

/// Statements kept ready; about three for each module and kind of call.
const STATEMENTS: usize = 1_024;

impl Engine {
    pub(crate) fn open(config: &Config) -> Result<Self, SandboxError> {
        let (schema, roles) = schema::load(config.schema.as_deref())?;
        let gone = config.faults.rules.iter().filter_map(Fault::gone);
        find(&schema, gone)?;
        let db = connect(config.data.as_deref())?;
        db.execute_batch("BEGIN")?;
        store::create(&db, &schema)?;
        db.execute_batch("COMMIT")?;
        let projections = schema
            .modules
            .values()
            .map(|module| (module.name.clone(), Projection::full(&schema, module)))
            .collect();
        let metadata_hash = metadata::hash(&schema, 0);
        let mut engine = Self {
            schema,
            db,
            projections,
            settings: config.into(),
            metadata_hash,
            generation: 0,
            rights: Rights::by_user(&roles),
        };
        demo::fill(&mut engine, config.demo)?;
        Ok(engine)
    }

    /// Serves jobs until the last sender is gone.
    pub(crate) fn serve(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            let done = match job.task {
                Task::Calls { calls, gate } => self.run(calls, &gate),
                Task::Order(order) => self
                    .order(order)
                    .map(|()| Vec::new())
                    .map_err(Failure::into_answer),
            };
            // The client may have gone; what was done stays done.
            let _ = job.reply.send(done);
        }
    }

    fn run(&self, calls: Vec<Result<Call, Failure>>, gate: &Gate) -> Result<Vec<Done>, Answer> {
        // The entries of a bulk have the access of the outer call, which is looked up once: no entry can end a session.
        let actor = match gate {
            Gate::Open => None,
            Gate::Outer {
                token,
                metadata_hash,
            } => {
                let actor = self.authenticate(token.as_deref(), Timestamp::now());
                let actor = actor.map_err(Failure::into_answer)?;
                self.up_to_date(metadata_hash.as_deref())
                    .map_err(Failure::into_answer)?;
                Some(actor)
            }
        };
        let serve = || {
            calls
                .into_iter()
                .map(|call| self.call(call, actor.as_ref()))
                .collect::<Vec<_>>()
        };
        // One commit for many calls is only faster: nothing is answered before it, and an entry that fails takes back
        // its own work and no other's.
        self.transaction(|| Ok(serve()))
            .map_err(Failure::into_answer)
    }

    /// Any call may say which metadata it knows (fact sheet 7).
    fn up_to_date(&self, hash: Option<&str>) -> Result<(), Failure> {
        if hash.is_none_or(|hash| hash == self.metadata_hash) {
            return Ok(());
        }
        Err(Failure::new(
            SugarLabel::MetadataOutOfDate,
            "The metadata is out of date.",
        ))
    }

    fn authenticate(&self, token: Option<&str>, now: Timestamp) -> Result<Actor, Failure> {
        oauth::authenticate(&self.db, now, token, &self.rights)
    }

    /// Runs work whose changes become durable together. Work that fails as a whole leaves nothing.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.db.prepare_cached("BEGIN")?.execute([])?;
        let result = work();
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.db.prepare_cached(end)?.execute([])?;
        result
    }

    fn order(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::ExpireTokens => orders::expire_tokens(&self.db),
            Order::EndSessions => orders::end_sessions(&self.db),
            Order::ChangeMetadata(gone) => {
                if let Some(GoneField { module, field }) = gone
                    && let Some(module) = self.schema.modules.get_mut(&module)
                {
                    module.fields.remove(&field);
                }
                self.generation += 1;
                self.metadata_hash = metadata::hash(&self.schema, self.generation);
                Ok(())
            }
            Order::Find(fields) => {
                find(&self.schema, &fields).map_err(|error| Failure::invalid(error.to_string()))
            }
            Order::SetRoles(roles) => {
                orders::require_known(&self.db, &self.schema, &roles)?;
                self.rights = Rights::by_user(&roles);
                Ok(())
            }
            Order::SetIds(ids) => {
                self.settings.ids = ids;
                Ok(())
            }
            Order::Edit {
                module,
                id,
                field,
                value,
            } => {
                let actor = somebody_else();
                orders::edit(
                    &self.context(&actor, Timestamp::now()),
                    &module,
                    &id,
                    &field,
                    &value,
                )
            }
        }
    }

    fn call(&self, call: Result<Call, Failure>, actor: Option<&Actor>) -> Done {
        let mut work = Work::Nothing;
        let answer = call.and_then(|call| {
            let endpoint =
                Endpoint::of(call.method, &call.segments).ok_or_else(dispatch::no_method)?;
            work = endpoint.work();
            self.serve_call(&call, endpoint, actor)
        });
        Done {
            answer: answer.unwrap_or_else(Failure::into_answer),
            work,
        }
    }

    fn serve_call(
        &self,
        call: &Call,
        endpoint: Endpoint<'_>,
        actor: Option<&Actor>,
    ) -> Result<Answer, Failure> {
        let now = Timestamp::now();
        let found;
        let actor = match actor {
            Some(actor) => actor,
            None => {
                found = if endpoint.is_public() {
                    anonymous()
                } else {
                    self.authenticate(call.token(), now)?
                };
                &found
            }
        };
        if !endpoint.is_metadata() {
            self.up_to_date(call.headers.metadata_hash.as_deref())?;
        }
        dispatch::dispatch(&self.context(actor, now), endpoint, call)
    }

    pub(crate) fn context<'a>(&'a self, actor: &'a Actor, now: Timestamp) -> Context<'a> {
        Context {
            schema: &self.schema,
            db: &self.db,
            projections: &self.projections,
            settings: &self.settings,
            actor,
            now,
            metadata_hash: &self.metadata_hash,
        }
    }

    /// Whether users are there, from this start or an earlier one.
    pub(crate) fn is_filled(&self) -> rusqlite::Result<bool> {
        self.db
            .query_row("SELECT count(*) > 0 FROM users", [], |row| row.get(0))
    }

    pub(crate) fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// The administrator's password, as the database has it.
    pub(crate) fn password(&self) -> Result<String, SandboxError> {
        Ok(self.db.query_row(
            "SELECT password FROM credentials WHERE user_id = '1'",
            [],
            |row| row.get(0),
        )?)
    }
}

/// Refuses faults that take away a field that is not there.
fn find<'a>(
    schema: &Schema,
    fields: impl IntoIterator<Item = &'a GoneField>,
) -> Result<(), SchemaError> {
    for GoneField { module, field } in fields {
        let known = schema.module(module).and_then(|module| module.field(field));
        if known.is_none() {
            return Err(SchemaError::Unknown {
                user: format!("metadata:{module}.{field}"),
                what: "field",
                name: format!("{module}.{field}"),
            });
        }
    }
    Ok(())
}

fn connect(path: Option<&Path>) -> rusqlite::Result<Connection> {
    // One thread has the connection, so SQLite's own locks would only cost.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match path {
        Some(path) => Connection::open_with_flags(path, flags)?,
        None => Connection::open_in_memory_with_flags(flags)?,
    };
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    store::collate(&db)?;
    // NORMAL survives the death of the process, which is what tests inflict; only a power cut could lose a commit.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -65536;",
    )?;
    Ok(db)
}

/// The user whose edits come in between; no role stands in their way.
fn somebody_else() -> Actor {
    Actor {
        user_id: "seed_max_id".to_owned(),
        role: Role::Administrator,
        ..anonymous()
    }
}

/// Nobody: the user of the calls that come before a login.
fn anonymous() -> Actor {
    Actor {
        user_id: String::new(),
        role: Role::Regular,
        zone: Zone::named("UTC"),
        platform: String::new(),
        rights: None,
    }
}
