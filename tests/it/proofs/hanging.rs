//! What hangs on a record that is deleted: the plan says it, and what somebody hangs there afterwards is not cut off.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::ground::Ground;
use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::project_file;

const FLAGS: [&[&str]; 2] = [&[], &["--ignore-ids"]];

/// Deletes some of the accounts, `before` them something else.
fn retire(names: &[&str], before: &str) -> String {
    let names = names.join(", ");
    format!(
        "
version: 1
name: retire
identity: test
limits: {{ max_deletes: 20 }}
steps:
  - {{ id: home, filter: Accounts, where: {{ name: home }} }}
  - {{ id: away, filter: Accounts, where: {{ name: away }} }}
  - {{ id: all, filter: Contacts, order_by: last_name, where: {{ last_name: {{ $starts: p }} }} }}
  - {{ id: old, filter: Accounts, where: {{ name: {{ $in: [{names}] }} }} }}
{before}
  - id: retire
    for_each: '{{{{ steps.old.records }}}}'
    key: '{{{{ item.name }}}}'
    delete: Accounts
    record: '{{{{ item.id }}}}'
"
    )
}

impl Ground {
    fn somebody_links_deal(&self, account: &str) {
        let deal = self.scene.server.text("SELECT id FROM opportunities");
        let link = format!(
            "/Accounts/{}/link/opportunities/{deal}",
            self.account(account)
        );
        self.scene.server.somebody("POST", &link, &json!({}));
    }

    fn ids(&self, names: &[&str]) -> Value {
        let ids: BTreeSet<&String> = names.iter().map(|name| &self.people[*name]).collect();
        json!(ids)
    }
}

/// Outcome and label.
fn ended(said: &Said, step: &str, key: &str) -> (Value, Value) {
    let operation = said.operation(step, key);
    (operation["outcome"].clone(), operation["label"].clone())
}

#[test]
fn a_plan_names_what_hangs_on_the_records_it_deletes() {
    let ground = Ground::of(&[]);
    ground.somebody_links_deal("home");
    ground.somebody_links("p0", "away");
    ground
        .scene
        .write("retire.yaml", &retire(&["home", "away", "other"], ""));
    let plan = ground
        .scene
        .ends(0, "plan retire.yaml -o retire.run --format json");
    let before = |name: &str| plan.operation("retire", name)["before"].clone();
    let names: Vec<&str> = ground.people.keys().map(String::as_str).collect();
    assert_eq!(before("home")["contacts"], ground.ids(&names[1..]));
    assert_eq!(before("home")["opportunities"].as_array().unwrap().len(), 1);
    assert_eq!(before("away")["contacts"], ground.ids(&["p0"]));
    for link in [
        "contacts",
        "opportunities",
        "member_of",
        "tag_link",
        "cases",
    ] {
        assert_eq!(before("other")[link], json!(null), "{link}\n{plan}");
    }
    for format in ["text", "markdown", "html"] {
        let shown = ground
            .scene
            .ends(0, &format!("show retire.run --format {format}"));
        shown.says("also unlinked: contacts (8), opportunities (1)");
        shown.says("also unlinked: contacts (7), opportunities (1)");
        shown.says("also unlinked: contacts (1)");
    }
    let run = ground.scene.ends(0, "apply retire.run --format json");
    assert_eq!(run.operation("retire", "home")["before"], before("home"));
}

#[test]
fn what_somebody_hangs_on_a_record_after_the_plan_is_not_cut_off() {
    let ground = Ground::of(&[]);
    ground
        .scene
        .write("retire.yaml", &retire(&["home", "away", "other"], ""));
    ground.scene.ends(0, "plan retire.yaml -o retire.run");
    ground.somebody_links("p0", "away");
    ground.somebody_links_deal("away");
    let said = ground.scene.ends(1, "apply retire.run --format json");
    assert_eq!(
        ended(&said, "retire", "away"),
        (json!("failed"), json!("local:drift"))
    );
    said.says("somebody linked 1 `contacts` and 1 `opportunities` to it since it was planned");
    // Less than before is no reason to stop.
    assert_eq!(ended(&said, "retire", "home"), (json!("ok"), json!(null)));
    assert_eq!(ended(&said, "retire", "other"), (json!("ok"), json!(null)));
}

/// However a run takes the contacts away before, they do not hang on the account any more.
#[test]
fn what_a_run_takes_away_itself_hangs_nowhere_when_the_delete_comes() {
    let for_all = "for_each: '{{ steps.all.records }}'\n    key: '{{ item.last_name }}'";
    let moves = [
        "link: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ item.id }}'",
        "link: Contacts\n    record: '{{ item.id }}'\n    through: accounts\n    to: '{{ steps.away.id }}'",
        "unlink: Accounts\n    record: '{{ steps.home.id }}'\n    through: contacts\n    to: '{{ item.id }}'",
        "update: Contacts\n    record: '{{ item.id }}'\n    set: { account_id: '{{ steps.away.id }}' }",
        "delete: Contacts\n    record: '{{ item.id }}'",
    ];
    let ground = Ground::of(&[]);
    let kept = ground.scene.server.keep("ground.db");
    for one in moves {
        ground.scene.server.restore(&kept);
        let before = format!("  - id: ahead\n    {for_all}\n    {one}");
        let yaml = retire(&["home"], &before) + "    depends_on: [ahead]\n";
        ground.scene.write("retire.yaml", &yaml);
        let plan = ground
            .scene
            .ends(0, "plan retire.yaml -o retire.run --format json");
        let operation = plan.operation("retire", "home");
        assert_eq!(
            operation["before"]["contacts"],
            json!(null),
            "{one}\n{plan}"
        );
        let said = ground.scene.ends(0, "apply retire.run --format json");
        assert_eq!(ended(&said, "retire", "home").0, "ok", "{one}\n{said}");
        std::fs::remove_file(ground.scene.path("retire.run")).unwrap();
    }
}

#[test]
fn a_merge_leaves_nothing_hanging_that_it_moves() {
    let scene = Scene::of(&[]);
    let playbook = project_file("playbooks/merge-duplicate-contacts.yaml");
    let plan = format!("plan {} -o merge.run --format json", playbook.display());
    let plan = scene.ends(0, &plan);
    let deletes = plan.step("delete_doubles")["operations"].clone();
    let deletes = deletes.as_array().unwrap();
    assert!(!deletes.is_empty());
    for operation in deletes {
        for link in ["cases", "opportunities", "calls", "tasks", "notes"] {
            assert_eq!(
                operation["before"][link],
                json!(null),
                "{link}\n{operation}"
            );
        }
    }
    scene.ends(0, "apply merge.run");
}

#[test]
fn of_very_many_only_the_number_is_said() {
    let ground = Ground::of(&[]);
    let home = ground.account("home");
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)";
    let database = ground.scene.server.database();
    for sql in [
        format!(
            "{many} INSERT INTO cases (id, name, deleted, account_id) SELECT 'c' || i, 'C', 0, '{home}' FROM n"
        ),
        format!(
            "{many} INSERT INTO leads (id, last_name, deleted, account_id) SELECT 'l' || i, 'L', 0, '{home}' FROM n WHERE i <= 250"
        ),
    ] {
        database.execute(&sql, ()).unwrap();
    }
    ground.scene.write("retire.yaml", &retire(&["home"], ""));
    let plan = ground
        .scene
        .ends(0, "plan retire.yaml -o retire.run --format json");
    let before = plan.operation("retire", "home")["before"].clone();
    assert_eq!(before["cases"], json!({ "count": 1100 }));
    assert_eq!(before["leads"].as_array().unwrap().len(), 250);
    let shown = ground.scene.ends(0, "show retire.run");
    shown.says("also unlinked: cases (1,100), contacts (8), leads (250)");
    let sql = format!(
        "INSERT INTO cases (id, name, deleted, account_id) VALUES ('one', 'C', 0, '{home}')"
    );
    database.execute(&sql, ()).unwrap();
    let said = ground.scene.ends(1, "apply retire.run");
    said.says("somebody linked 1 `cases` to it since it was planned");
}

/// An account with a contact below it, a case of several contacts, and a second account.
const MADE: &str = "
version: 1
name: made
identity: test
steps:
  - { id: some, filter: Contacts, order_by: last_name, where: { last_name: { $in: [p6, p7] } } }
  - id: accounts
    for_each: [one, two]
    create: Accounts
    key: '{{ item }}'
    set: { name: '{{ item }}' }
  - id: person
    create: Contacts
    key: person
    set: { last_name: person }
    under: { module: Accounts, record: '{{ steps.accounts.by_key.one.id }}', through: contacts }
  - id: case
    create: Cases
    key: case
    set: { name: case }
    under: { module: Contacts, record: '{{ steps.some.records[0].id }}', through: cases }
  - id: own_case
    create: Cases
    key: own_case
    set: { name: own_case }
    under: { module: Contacts, record: '{{ steps.person.id }}', through: cases }
  - id: linked
    link: Accounts
    record: '{{ steps.accounts.by_key.two.id }}'
    through: contacts
    to: '{{ steps.some.ids }}'
";

fn left(ground: &Ground) -> Vec<String> {
    let sql =
        "SELECT name FROM accounts WHERE deleted = 0 AND name IN ('one', 'two') ORDER BY name";
    ground.scene.server.lines(sql)
}

#[test]
fn an_undo_takes_back_what_it_made_with_what_it_hung_on_it() {
    for flags in FLAGS {
        let ground = Ground::of(flags);
        ground.scene.write("made.yaml", MADE);
        ground.scene.ends(0, "run made.yaml --yes -o made.run");
        ground.scene.ends(0, "undo made.run --yes");
        assert!(left(&ground).is_empty(), "{flags:?}");
    }
}

#[test]
fn an_undo_leaves_a_record_alone_that_somebody_hung_something_on() {
    for flags in FLAGS {
        let ground = Ground::of(flags);
        ground.scene.write("made.yaml", MADE);
        ground.scene.ends(0, "run made.yaml --yes -o made.run");
        ground.somebody_links("p0", "one");
        ground.somebody_links("p1", "one");
        ground.somebody_links_deal("one");
        let said = ground.scene.ends(1, "undo made.run --yes --format json");
        assert_eq!(
            ended(&said, "accounts", "one"),
            (json!("failed"), json!("local:drift"))
        );
        said.says("somebody linked 2 `contacts` and 1 `opportunities` to it after the run");
        assert_eq!(said.json()["summary"]["failed"], 1, "{said}");
        assert_eq!(left(&ground), ["one"], "{flags:?}");
        let contacts = "SELECT count(*) FROM contacts WHERE deleted = 0 AND last_name = 'person'";
        assert_eq!(ground.scene.server.count(contacts), 0);

        ground.scene.ends(0, "undo made.run --yes --force");
        assert!(left(&ground).is_empty(), "{flags:?}");
    }
}

#[test]
fn an_undo_looks_again_before_it_deletes() {
    let ground = Ground::of(&[]);
    ground.scene.write("made.yaml", MADE);
    ground.scene.ends(0, "run made.yaml --yes -o made.run");
    ground.scene.ends(0, "undo made.run --dry-run");
    ground.somebody_links("p0", "one");
    let said = ground.scene.ends(1, "apply made.undo.run --format json");
    assert_eq!(
        ended(&said, "accounts", "one"),
        (json!("failed"), json!("local:drift"))
    );
    said.says("somebody linked 1 `contacts` to it since it was planned");
    assert_eq!(left(&ground), ["one"]);
}

/// What stays would lose what it hangs on.
#[test]
fn an_undo_leaves_what_hangs_on_it_and_stays() {
    let ground = Ground::of(&[]);
    ground.scene.write("made.yaml", MADE);
    ground.scene.ends(0, "run made.yaml --yes -o made.run");
    let person = "SELECT id FROM contacts WHERE last_name = 'person'";
    let person = ground.scene.server.text(person);
    let chief = json!({ "title": "Chief" });
    ground
        .scene
        .server
        .somebody_edits("Contacts", &person, &chief);
    let said = ground.scene.ends(1, "undo made.run --yes --format json");
    assert_eq!(ended(&said, "person", "person").1, "local:drift");
    assert_eq!(ended(&said, "accounts", "one").1, "local:drift");
    said.says("1 `contacts` that the undo leaves alone are linked to it");
    assert_eq!(left(&ground), ["one"]);
    ground.scene.ends(0, "undo made.run --yes --force");
    assert!(left(&ground).is_empty());
}
