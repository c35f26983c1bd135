//! Links of several records of which some were linked already when that was planned: nothing is sent for those, and what
//! somebody does to them meanwhile is drift all the same.

use serde_json::json;

use super::ground::Ground;
use crate::scene::Said;

/// Three contacts go to the account, and the first is there; the deal is given two, and has the first.
const GATHER: &str = "
version: 1
name: gather
identity: test
settings: { concurrency: 1 }
steps:
  - { id: home, filter: Accounts, where: { name: home } }
  - { id: deal, filter: Opportunities, where: { name: deal } }
  - { id: all, filter: Contacts, order_by: last_name, where: { last_name: { $starts: p } } }
  - id: gather
    link: Accounts
    record: '{{ steps.home.id }}'
    through: contacts
    to: '{{ steps.all.ids[:3] }}'
  - id: cast
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to:
      - { id: '{{ steps.all.ids[0] }}', contact_role: Other }
      - { id: '{{ steps.all.ids[3] }}', contact_role: Influencer }
";

impl Ground {
    fn gathering() -> Self {
        let ground = Self::of(&[]);
        for name in ["p1", "p2"] {
            ground.somebody_links(name, "other");
        }
        ground.somebody_casts("p0", "Other");
        ground.scene.write("gather.yaml", GATHER);
        ground.scene.ends(0, "plan gather.yaml -o gather.run");
        ground
    }

    fn deal(&self) -> String {
        let sql = "SELECT id FROM opportunities WHERE name = 'deal'";
        self.scene.server.text(sql)
    }

    fn somebody_casts(&self, name: &str, role: &str) {
        let contact = json!({ "id": self.people[name], "contact_role": role });
        let path = format!("/Opportunities/{}/link", self.deal());
        let body = json!({ "link_name": "contacts", "ids": [contact] });
        self.scene.server.somebody("POST", &path, &body);
    }

    fn somebody_drops(&self, name: &str) {
        let contact = &self.people[name];
        let path = format!("/Opportunities/{}/link/contacts/{contact}", self.deal());
        self.scene.server.somebody("DELETE", &path, &json!(null));
    }

    /// The contacts of an account, by name.
    fn at(&self, account: &str) -> Vec<String> {
        self.scene.server.lines(&format!(
            "SELECT c.last_name FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id \
             JOIN accounts a ON a.id = l.account_id WHERE l.deleted = 0 AND a.name = '{account}' ORDER BY 1"
        ))
    }

    /// The contacts of the deal, with their parts.
    fn parts(&self) -> Vec<String> {
        self.scene.server.lines(
            "SELECT c.last_name || ' ' || l.contact_role FROM opportunities_contacts l \
             JOIN contacts c ON c.id = l.contact_id WHERE l.deleted = 0 ORDER BY 1",
        )
    }

    #[track_caller]
    fn drifts(&self, said: &Said, step: &str, what: &str, rest: &str) {
        let operation = said.operation(step, "0");
        assert_eq!(operation["label"], "local:drift", "{said}");
        let message = operation["message"].as_str().unwrap();
        let somebody = format!("somebody {what} of `{}`", self.people["p0"]);
        let to = format!("somebody {what} to `{}`", self.people["p0"]);
        assert!(
            message.starts_with(&somebody) || message.starts_with(&to),
            "{message}"
        );
        assert!(message.ends_with(rest), "{message}");
    }
}

#[test]
fn what_was_linked_already_and_is_no_more_is_drift() {
    let ground = Ground::gathering();
    ground.somebody_unlinks("p0", "home");
    ground.somebody_drops("p0");
    let said = ground.scene.ends(1, "apply gather.run --format json");
    let freed = "took the link";
    ground.drifts(&said, "gather", freed, "the other 2 were linked");
    ground.drifts(&said, "cast", freed, "the other one was linked");
    let (home, parts) = (ground.at("home"), ground.parts());
    assert_eq!(home, ["p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
    assert_eq!(parts, ["p3 Influencer"]);
    // What it says it did is what it did.
    let after = said.operation("gather", "0")["after"]["to"].clone();
    let done = ["p1", "p2"].map(|name| json!(ground.people[name]));
    assert_eq!(after, json!(done), "{said}");

    ground.scene.ends(1, "apply gather.run --retry-failed");
    assert_eq!((ground.at("home"), ground.parts()), (home, parts));
    ground.somebody_links("p0", "home");
    ground.somebody_casts("p0", "Other");
    ground.scene.ends(0, "apply gather.run --retry-failed");
    ground.scene.ends(0, "undo gather.run --yes");
    assert_eq!(ground.at("home"), ["p0", "p3", "p4", "p5", "p6", "p7"]);
    assert_eq!(ground.at("other"), ["p1", "p2"]);
    assert_eq!(ground.parts(), ["p0 Other"]);
}

#[test]
fn columns_that_were_so_already_and_are_no_more_are_drift() {
    let ground = Ground::gathering();
    ground.somebody_casts("p0", "Evaluator");
    let said = ground.scene.ends(1, "apply gather.run --format json");
    let recast = "set `contact_role` of the link";
    ground.drifts(&said, "cast", recast, "the other one was linked");
    assert_eq!(said.operation("gather", "0")["outcome"], "ok", "{said}");
    assert_eq!(ground.parts(), ["p0 Evaluator", "p3 Influencer"]);
    ground.scene.ends(0, "undo gather.run --yes");
    assert_eq!(ground.parts(), ["p0 Evaluator"]);
}

/// Nothing is left to be sent, and it is not so all the same.
#[test]
fn what_somebody_did_of_the_rest_does_not_make_it_whole() {
    let ground = Ground::gathering();
    ground.somebody_unlinks("p0", "home");
    for name in ["p1", "p2"] {
        ground.somebody_links(name, "home");
    }
    ground.somebody_drops("p0");
    ground.somebody_casts("p3", "Evaluator");
    let said = ground.scene.ends(1, "apply gather.run --format json");
    let freed = "took the link";
    ground.drifts(&said, "gather", freed, "the other 2 are linked already");
    assert_eq!(
        said.operation("cast", "0")["label"],
        "local:drift",
        "{said}"
    );
    assert_eq!(ground.parts(), ["p3 Evaluator"]);
    ground.scene.ends(0, "undo gather.run --yes");
    assert_eq!(ground.parts(), ["p3 Evaluator"]);
    assert_eq!(ground.at("other"), Vec::<String>::new());
}

/// Tried again, it finds what a later step of the run took away: that was nobody else.
#[test]
fn what_the_run_itself_took_away_is_no_drift() {
    let ground = Ground::gathering();
    let dropped = "
  - id: dropped
    unlink: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to: '{{ steps.all.ids[0] }}'
    depends_on: { cast: finished }
";
    ground
        .scene
        .write("gather.yaml", &format!("{GATHER}{dropped}"));
    ground.scene.ends(0, "plan gather.yaml -o dropped.run");
    ground.somebody_casts("p3", "Evaluator");
    let said = ground.scene.ends(1, "apply dropped.run --format json");
    assert_eq!(said.operation("dropped", "0")["outcome"], "ok", "{said}");
    assert_eq!(ground.parts(), ["p3 Evaluator"]);
    ground.somebody_drops("p3");
    ground.scene.ends(0, "apply dropped.run --retry-failed");
    assert_eq!(ground.parts(), ["p3 Influencer"]);
}
