//! Fills a new database once: users and teams always, records as asked.

use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::dice::Dice;
use super::people::ADMINISTRATOR;
use super::people::PEOPLE;
use super::people::TEAMS;
use super::records;
use crate::sandbox::config::Demo;
use crate::sandbox::context::Actor;
use crate::sandbox::context::Context;
use crate::sandbox::context::Role;
use crate::sandbox::engine::Engine;
use crate::sandbox::failure::Failure;
use crate::sandbox::links;
use crate::sandbox::records as write;
use crate::sandbox::server::SandboxError;
use crate::sandbox::time::Zone;

/// 2026-01-05T09:00:00Z: the demo company's first day with Sugar.
const FIRST_DAY: i64 = 1_767_603_600;

/// Writes demo records, each at a time of its own.
pub(super) struct Pen<'a> {
    engine: &'a Engine,
    pub(super) dice: Dice,
    clock: i64,
}

impl Pen<'_> {
    /// Creates a record as one of the demo users would have.
    pub(super) fn create(&mut self, module: &str, fields: Value) -> Result<String, Failure> {
        let id = self.dice.id();
        self.create_as(module, &id, fields)?;
        Ok(id)
    }

    fn create_as(&mut self, module: &str, id: &str, fields: Value) -> Result<(), Failure> {
        // Some minutes between any two records, so that times of change are spread out.
        self.clock += 60 + i64::try_from(self.dice.below(600)).unwrap_or(0);
        let actor = administrator();
        let mut cx = self.engine.context(&actor, at(self.clock));
        let settings = cx.settings.honouring_ids();
        cx.settings = &settings;
        let mut fields = match fields {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        fields.insert("id".into(), id.into());
        let module = cx.module(module)?;
        write::create(&cx, module, &fields)?;
        Ok(())
    }

    pub(super) fn link(
        &self,
        module: &str,
        id: &str,
        link: &str,
        far_id: &str,
        columns: &Value,
    ) -> Result<(), Failure> {
        let actor = administrator();
        let cx = self.engine.context(&actor, at(self.clock));
        let module = cx.module(module)?;
        let columns = columns.as_object().cloned().unwrap_or_default();
        links::add(
            &cx,
            module,
            id,
            module.require_link(link)?,
            far_id,
            &columns,
        )
    }

    fn execute(&self, sql: &str, values: &[&str]) -> Result<(), Failure> {
        let actor = administrator();
        let cx: Context<'_> = self.engine.context(&actor, at(self.clock));
        cx.db.execute(sql, rusqlite::params_from_iter(values))?;
        Ok(())
    }
}

fn administrator() -> Actor {
    Actor {
        user_id: ADMINISTRATOR.to_owned(),
        role: Role::Administrator,
        zone: Zone::named("UTC"),
        platform: String::new(),
        rights: None,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Fills a database that has no users yet; one that was filled before keeps what it has.
pub(crate) fn fill(engine: &mut Engine, demo: Demo) -> Result<(), SandboxError> {
    let filled = |failure: Failure| SandboxError::Demo(failure.to_string());
    if engine.is_filled()? {
        return Ok(());
    }
    let seed = engine.seed();
    let accounts = match demo {
        Demo::None => 0,
        Demo::Small => 50,
        Demo::Large => 5_000,
    };
    engine
        .transaction(|| {
            let mut pen = Pen {
                engine,
                dice: Dice::new(seed),
                clock: FIRST_DAY,
            };
            people(&mut pen, seed)?;
            records::fill(&mut pen, accounts)
        })
        .map_err(filled)
}

fn people(pen: &mut Pen<'_>, seed: u64) -> Result<(), Failure> {
    let password = password(seed);
    for (id, name) in TEAMS {
        pen.create_as("Teams", id, json!({ "name": name }))?;
    }
    for person in PEOPLE {
        pen.create_as(
            "Users",
            person.id,
            json!({
                "user_name": person.user_name, "first_name": person.first_name, "last_name": person.last_name,
                "title": person.title, "is_admin": person.id == ADMINISTRATOR,
                "reports_to_id": person.reports_to, "email1": format!("{}@example.com", person.user_name),
                "default_team": "1",
            }),
        )?;
        pen.execute(
            "INSERT INTO credentials VALUES (?1, ?2)",
            &[person.id, &password],
        )?;
        pen.execute(
            "INSERT INTO preferences VALUES (?1, 'timezone', ?2)",
            &[person.id, person.zone],
        )?;
        pen.link("Teams", "1", "users", person.id, &Value::Null)?;
    }
    Ok(())
}

/// The password of all demo users.
fn password(seed: u64) -> String {
    let hash = blake3::hash(format!("sugarmill sandbox password {seed}").as_bytes());
    format!("sandbox-{}", &hash.to_hex()[..12])
}
