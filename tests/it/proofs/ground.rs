//! What the proofs about other people's changes start from, and what other people do.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::scene::Scene;

/// Contacts of one account, two more accounts, and tasks that somebody changes beside.
const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: accounts
    for_each: [home, away, other]
    create: Accounts
    key: '{{ item }}'
    set: { name: '{{ item }}' }
  - id: people
    for_each: [p0, p1, p2, p3, p4, p5, p6, p7]
    create: Contacts
    key: '{{ item }}'
    set: { last_name: '{{ item }}', title: Clerk, description: Old }
    under: { module: Accounts, record: '{{ steps.accounts.by_key.home.id }}', through: contacts }
  - id: tasks
    for_each: [t0, t1, t2, t3]
    create: Tasks
    key: '{{ item }}'
    set: { name: '{{ item }}', description: Old }
  - id: deal
    create: Opportunities
    key: deal
    set: { name: deal, amount: 1, date_closed: '2026-01-01', sales_stage: Prospecting }
";

pub(super) struct Ground {
    pub(super) scene: Scene,
    /// Ids of the contacts, by name.
    pub(super) people: BTreeMap<String, String>,
}

impl Ground {
    pub(super) fn of(flags: &[&str]) -> Self {
        let scene = Scene::of(&[&["--demo", "none"], flags].concat()).file("ground.yaml", GROUND);
        scene.ends(0, "run ground.yaml --yes -o ground.run");
        // Long ago, so that nobody has to wait for the next second.
        for table in ["accounts", "contacts", "tasks"] {
            let sql = format!("UPDATE {table} SET date_modified = '2026-01-01 00:00:00'");
            scene.server.database().execute(&sql, ()).unwrap();
        }
        let names = scene.server.lines("SELECT last_name FROM contacts");
        let people = names.into_iter().map(|name| {
            let sql = format!("SELECT id FROM contacts WHERE last_name = '{name}'");
            let id = scene.server.text(&sql);
            (name, id)
        });
        let people = people.collect();
        Self { scene, people }
    }

    pub(super) fn account(&self, name: &str) -> String {
        let sql = format!("SELECT id FROM accounts WHERE name = '{name}'");
        self.scene.server.text(&sql)
    }

    pub(super) fn somebody_links(&self, name: &str, to: &str) {
        let link = format!(
            "/Accounts/{}/link/contacts/{}",
            self.account(to),
            self.people[name]
        );
        self.scene.server.somebody("POST", &link, &json!({}));
    }

    pub(super) fn somebody_unlinks(&self, name: &str, from: &str) {
        let link = format!(
            "/Accounts/{}/link/contacts/{}",
            self.account(from),
            self.people[name]
        );
        self.scene.server.somebody("DELETE", &link, &json!(null));
    }

    pub(super) fn somebody_deletes(&self, name: &str) {
        let path = format!("/Contacts/{}", self.people[name]);
        self.scene.server.somebody("DELETE", &path, &json!(null));
    }

    pub(super) fn somebody_writes(&self, name: &str, body: &Value) {
        let path = format!("/Contacts/{}", self.people[name]);
        self.scene.server.somebody("PUT", &path, body);
    }
}
