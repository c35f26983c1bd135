//! What somebody did is never written over and never taken away, by whatever way a run comes to it.

use serde_json::json;

use super::ground::Ground;
use crate::scene::Said;

/// A create, and all that rides behind it once the instance is known to keep ids.
const RIDERS: &str = "
version: 1
name: riders
identity: test
limits: { max_deletes: 9 }
settings: { batch_size: 50, concurrency: 1 }
steps:
  - { id: deal, filter: Opportunities, where: { name: deal } }
  - { id: first, create: Accounts, key: first, set: { name: first } }
  - id: made
    for_each: [z1, z2, z3]
    key: '{{ item }}'
    create: Contacts
    under: { module: Accounts, record: '{{ steps.first.id }}', through: contacts }
    set: { last_name: '{{ item }}' }
  - id: title
    for_each: '{{ steps.made.items }}'
    key: '{{ item.source }}'
    update: Contacts
    record: '{{ item.id }}'
    set: { title: Clerk }
    add: { tag: [VIP] }
  - id: role
    for_each: '{{ steps.made.items }}'
    key: '{{ item.source }}'
    link: Contacts
    record: '{{ item.id }}'
    through: opportunities
    to: [{ id: '{{ steps.deal.id }}', contact_role: Other }]
  - id: mark
    for_each: '{{ steps.made.items }}'
    key: '{{ item.source }}'
    favorite: Contacts
    record: '{{ item.id }}'
";

fn outcome(said: &Said, step: &str, key: &str) -> (String, String) {
    let operation = said.operation(step, key);
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("label"))
}

#[test]
fn a_copy_of_a_run_file_overwrites_nothing_that_somebody_changed_since() {
    let ground = Ground::of(&[]);
    let scene = &ground.scene;
    scene.write("riders.yaml", RIDERS);
    scene.ends(0, "plan riders.yaml -o one.run");
    std::fs::copy(scene.path("one.run"), scene.path("copy.run")).unwrap();
    scene.ends(0, "apply one.run");
    let contact = scene
        .server
        .text("SELECT id FROM contacts WHERE last_name = 'z1'");
    let deal = scene.server.text("SELECT id FROM opportunities");
    let path = format!("/Contacts/{contact}");
    let body = json!({ "title": "Boss", "tag": ["Mine"] });
    scene.server.somebody("PUT", &path, &body);
    let link = json!({ "link_name": "opportunities", "ids": [{ "id": deal, "contact_role": "Evaluator" }] });
    scene
        .server
        .somebody("POST", &format!("{path}/link"), &link);

    let said = scene.ends(1, "apply copy.run --format json");
    for (step, key, expected) in [
        ("first", "first", ("unchanged", "")),
        ("made", "z1", ("unchanged", "")),
        ("title", "z1", ("failed", "local:drift")),
        ("role", "z1", ("failed", "local:drift")),
        ("mark", "z1", ("unchanged", "")),
        ("made", "z2", ("unchanged", "")),
        ("title", "z2", ("unchanged", "")),
        ("role", "z2", ("unchanged", "")),
        ("mark", "z2", ("unchanged", "")),
    ] {
        let (outcome, label) = outcome(&said, step, key);
        let found = (outcome.as_str(), label.as_str());
        assert_eq!(found, expected, "{step} {key} {said}");
    }
    let held = || {
        let roles = "SELECT c.last_name || ' ' || c.title || ' ' || l.contact_role FROM contacts c \
                     JOIN opportunities_contacts l ON l.contact_id = c.id AND l.deleted = 0 ORDER BY 1";
        scene.server.lines(roles)
    };
    let expected = ["z1 Boss Evaluator", "z2 Clerk Other", "z3 Clerk Other"];
    assert_eq!(held(), expected);
    // It did nothing, so there is nothing of it to take back.
    scene.mill("undo copy.run --yes");
    assert_eq!(held(), expected);
}

/// Of a record whose create was never answered, an undo knows as much as of any other.
#[test]
fn an_undo_leaves_what_somebody_edited_though_the_answer_to_its_create_was_lost() {
    let ground = Ground::of(&[]);
    let scene = &ground.scene;
    let yaml = "
version: 1
name: lost
identity: test
steps:
  - id: made
    for_each: [n1, n2]
    key: '{{ item }}'
    create: Notes
    set: { name: '{{ item }}' }
";
    scene.write("lost.yaml", yaml);
    scene.ends(0, "plan lost.yaml -o lost.run");
    scene
        .server
        .fault("drop_after,method=POST,path=bulk,times=1");
    scene.ends(0, "apply lost.run");
    let note = scene.server.text("SELECT id FROM notes WHERE name = 'n1'");
    let body = json!({ "description": "Mine" });
    scene
        .server
        .somebody("PUT", &format!("/Notes/{note}"), &body);
    let said = scene.ends(1, "undo lost.run --yes --format json");
    assert_eq!(
        said.operation("made", "n1")["label"],
        "local:drift",
        "{said}"
    );
    let left = "SELECT name FROM notes WHERE deleted = 0";
    assert_eq!(scene.server.lines(left), ["n1"]);
}
