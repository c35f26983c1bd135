//! Writes beside the plain ones, against a Sugar in another process: marks, records below others, parts of lists, upserts.

use serde_json::json;

use crate::scene::Scene;

/// Two accounts to work on.
const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: [one, two]
    create: Accounts
    key: '{{ item }}'
    set: { name: 'Acme {{ item }}' }
";

fn ground() -> Scene {
    let scene = Scene::new().file("ground.yaml", GROUND);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: test\nidentity: test\nlimits: {{ max_deletes: 10, max_changes: 1000 }}\nsteps:\n{steps}"
    )
}

#[test]
fn a_favorite_is_set_once_and_taken_away_once() {
    let all = "
  - { id: all, list: Accounts }
";
    let mark = |verb: &str| {
        playbook(&format!(
            "{all}  - id: mark
    for_each: '{{{{ steps.all.records }}}}'
    {verb}: Accounts
    record: '{{{{ item.id }}}}'
"
        ))
    };
    let scene = ground()
        .file("set.yaml", &mark("favorite"))
        .file("unset.yaml", &mark("unfavorite"));
    let favorites = || scene.server.count("SELECT count(*) FROM sugarfavorites");

    let plan = scene.ends(0, "plan set.yaml --format json -o set.run");
    let first = plan.operation("mark", "0");
    assert_eq!(first["action"], "favorite");
    assert_eq!(first["before"], json!({ "my_favorite": false }));
    assert_eq!(first["after"], json!({ "my_favorite": true }));
    assert_eq!(favorites(), 0);

    let done = scene.ends(0, "apply set.run --format json");
    assert_eq!(done.json()["summary"]["ok"], 2);
    assert_eq!(favorites(), 2);
    let again = scene.ends(0, "plan set.yaml --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2);

    scene.ends(0, "run unset.yaml --yes -o unset.run");
    assert_eq!(favorites(), 0);
}

#[test]
fn a_mark_set_both_ways_is_a_conflict() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - { id: on, favorite: Accounts, record: '{{ steps.one.id }}' }
  - { id: off, unfavorite: Accounts, record: '{{ steps.one.id }}', depends_on: on }
";
    let scene = ground().file("both.yaml", &playbook(steps));
    let said = scene.ends(3, "plan both.yaml");
    said.says("steps `on` and `off` set `my_favorite`");
}

#[test]
fn a_record_is_created_below_another_and_linked_to_it() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: new
    create: Accounts
    key: new
    set: { name: Acme new }
  - id: staff
    for_each: [Doe, Roe]
    create: Contacts
    key: '{{ item }}'
    set: { last_name: '{{ item }}' }
    under: { module: Accounts, record: '{{ steps.new.id if item == \"Doe\" else steps.one.id }}', through: contacts }
";
    let scene = ground().file("staff.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan staff.yaml -o staff.run");
    plan.says("through contacts");
    assert_eq!(scene.server.count("SELECT count(*) FROM contacts"), 0);
    scene.ends(0, "apply staff.run");
    let staff = "SELECT a.name || ' ' || c.last_name FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id \
                 JOIN accounts a ON a.id = l.account_id WHERE l.deleted = 0 ORDER BY 1";
    assert_eq!(scene.server.lines(staff), ["Acme new Doe", "Acme one Roe"]);
    let again = scene.ends(
        0,
        "plan staff.yaml --format json -o again.run --detailed-exitcode",
    );
    assert_eq!(again.json()["summary"]["unchanged"], 3);

    let contact = scene
        .server
        .text("SELECT id FROM contacts WHERE last_name = 'Roe'");
    let account = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Acme one'");
    let link = format!("/Accounts/{account}/link/contacts/{contact}");
    scene.server.somebody("DELETE", &link, &json!(null));
    let moved = scene.ends(0, "plan staff.yaml --format json -o moved.run");
    let roe = moved.operation("staff", "Roe");
    assert_eq!(roe["outcome"], "unchanged");
    assert!(
        roe["message"]
            .as_str()
            .unwrap()
            .contains("is not linked to"),
        "{roe}"
    );
}

#[test]
fn a_parent_that_is_not_there_is_found_in_the_plan() {
    let steps = "
  - id: lost
    create: Contacts
    key: lost
    set: { last_name: Lost }
    under: { module: Accounts, record: nowhere, through: contacts }
";
    let scene = Scene::new().file("lost.yaml", &playbook(steps));
    let said = scene.ends(3, "plan lost.yaml --format json");
    assert_eq!(said.operation("lost", "lost")["label"], "not_found");
}

#[test]
fn records_are_linked_and_made_along_with_a_create() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: call
    create: Contacts
    key: call
    set:
      last_name: Doe
      accounts: { add: ['{{ steps.one.id }}'] }
      calls: { create: [{ name: First, status: Planned, date_start: '2026-01-01T10:00:00+00:00' }] }
";
    let scene = ground().file("call.yaml", &playbook(steps));
    scene.ends(0, "run call.yaml --yes -o call.run");
    let linked = "SELECT count(*) FROM accounts_contacts WHERE deleted = 0";
    assert_eq!(scene.server.count(linked), 1);
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM calls WHERE name = 'First'"),
        1
    );
    let again = scene.ends(0, "run call.yaml --yes -o again.run --format json");
    assert_eq!(again.json()["summary"]["unchanged"], 1);
    assert_eq!(again.operation("call", "call")["message"], json!(null));
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM calls WHERE name = 'First'"),
        1
    );
}
