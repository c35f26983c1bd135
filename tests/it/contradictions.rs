//! Steps of one playbook that undo each other's work: carried out one after the other where the playbook says in which
//! order, refused where it does not.

use serde_json::Value;
use serde_json::json;

use crate::scene::Scene;

const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - { id: a, create: Accounts, key: a, set: { name: Acme } }
  - { id: c, create: Contacts, key: c, set: { last_name: Doe } }
  - id: o
    create: Opportunities
    key: o
    set: { name: Deal, date_closed: 2030-01-01, sales_stage: Prospecting, amount: 1 }
    unchecked: [amount]
";

const FOUND: &str = "
version: 1
name: test
identity: test
limits: { max_changes: 100, max_deletes: 5 }
steps:
  - { id: a, filter: Accounts, where: { name: Acme } }
  - { id: c, filter: Contacts, where: { last_name: Doe } }
  - { id: o, filter: Opportunities, where: { name: Deal } }
";

fn ground(steps: &str) -> Scene {
    let scene = Scene::new()
        .file("ground.yaml", GROUND)
        .file("test.yaml", &format!("{FOUND}{steps}"));
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

/// Links the contact to the deal as `contact_role`.
fn tie(scene: &Scene, role: &str) {
    let id = |table: &str| scene.server.text(&format!("SELECT id FROM {table}"));
    let path = format!("/Opportunities/{}/link", id("opportunities"));
    let contact = json!({ "id": id("contacts"), "contact_role": role });
    scene.server.somebody(
        "POST",
        &path,
        &json!({ "link_name": "contacts", "ids": [contact] }),
    );
    assert_eq!(tied(scene), [role]);
}

/// The roles in which the contact stands to the deal: of one that is not linked none.
fn tied(scene: &Scene) -> Vec<String> {
    scene
        .server
        .lines("SELECT coalesce(contact_role, '') FROM opportunities_contacts WHERE deleted = 0")
}

const LINK: &str =
    "link: Opportunities, record: '{{ steps.o.id }}', through: contacts, to: '{{ steps.c.id }}'";
const UNLINK: &str =
    "unlink: Opportunities, record: '{{ steps.o.id }}', through: contacts, to: '{{ steps.c.id }}'";
const UNLINK_FROM_THE_OTHER_END: &str =
    "unlink: Contacts, record: '{{ steps.c.id }}', through: opportunities, to: '{{ steps.o.id }}'";

#[test]
fn an_unlink_behind_a_link_is_judged_over_the_link() {
    for unlink in [UNLINK, UNLINK_FROM_THE_OTHER_END] {
        let scene = ground(&format!(
            "  - {{ id: l, {LINK} }}\n  - {{ id: u, depends_on: l, {unlink} }}\n"
        ));
        let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
        assert_eq!(plan.operation("u", "0")["outcome"], "planned", "{plan}");
        let done = scene.ends(0, "apply test.run --format json");
        assert_eq!(done.json()["summary"]["ok"], 2, "{done}");
        assert_eq!(tied(&scene), Vec::<String>::new());
        scene.ends(0, "undo test.run --yes");
        assert_eq!(tied(&scene), Vec::<String>::new());
    }
}

#[test]
fn a_link_behind_an_unlink_is_carried_out_and_taken_back() {
    let link = LINK.replace(
        "'{{ steps.c.id }}'",
        "[{ id: '{{ steps.c.id }}', contact_role: Influencer }]",
    );
    for unlink in [UNLINK, UNLINK_FROM_THE_OTHER_END] {
        let scene = ground(&format!(
            "  - {{ id: u, {unlink} }}\n  - {{ id: l, depends_on: u, {link} }}\n"
        ));
        tie(&scene, "Evaluator");
        let done = scene.ends(0, "run test.yaml --yes --format json -o test.run");
        assert_eq!(done.operation("l", "0")["outcome"], "ok", "{done}");
        assert_eq!(tied(&scene), ["Influencer"]);
        scene.ends(0, "undo test.run --yes");
        assert_eq!(tied(&scene), ["Evaluator"]);
    }
}

#[test]
fn a_link_behind_an_unlink_is_taken_back_to_plain() {
    let scene = ground(&format!(
        "  - {{ id: u, {UNLINK} }}\n  - {{ id: l, depends_on: u, {LINK} }}\n"
    ));
    tie(&scene, "");
    scene.ends(0, "run test.yaml --yes -o test.run");
    let undone = scene.ends(0, "undo test.run --yes --format json");
    assert_eq!(undone.json()["summary"]["ok"], 2, "{undone}");
    assert_eq!(tied(&scene), [""]);
}

#[test]
fn a_record_that_has_one_at_most_is_unlinked_and_linked_again() {
    let pair = |verb: &str| {
        format!(
            "{verb}: Contacts, record: '{{{{ steps.c.id }}}}', through: accounts, to: '{{{{ steps.a.id }}}}'"
        )
    };
    let scene = ground(&format!(
        "  - {{ id: u, {} }}\n  - {{ id: l, depends_on: u, {} }}\n",
        pair("unlink"),
        pair("link")
    ));
    let id = |table: &str| scene.server.text(&format!("SELECT id FROM {table}"));
    let path = format!(
        "/Accounts/{}/link/contacts/{}",
        id("accounts"),
        id("contacts")
    );
    scene.server.somebody("POST", &path, &json!({}));
    let linked = "SELECT count(*) FROM accounts_contacts WHERE deleted = 0";
    let done = scene.ends(0, "run test.yaml --yes --format json -o test.run");
    assert_eq!(done.json()["summary"]["ok"], 2, "{done}");
    assert_eq!(scene.server.count(linked), 1);
    scene.ends(0, "undo test.run --yes");
    assert_eq!(scene.server.count(linked), 1);
}

#[test]
fn what_is_made_in_the_run_is_linked_and_unlinked_in_it() {
    let scene = ground(&format!(
        "  - {{ id: c2, create: Contacts, key: c2, set: {{ last_name: Roe }} }}
  - {{ id: l, {link} }}
  - {{ id: u, depends_on: l, {unlink} }}
  - id: staff
    create: Contacts
    key: staff
    set: {{ last_name: Poe }}
    under: {{ module: Accounts, record: '{{{{ steps.a.id }}}}', through: contacts }}
  - id: gone
    unlink: Accounts
    record: '{{{{ steps.a.id }}}}'
    through: contacts
    to: '{{{{ steps.staff.id }}}}'
",
        link = LINK.replace("steps.c.id", "steps.c2.id"),
        unlink = UNLINK_FROM_THE_OTHER_END.replace("steps.c.id", "steps.c2.id"),
    ));
    let done = scene.ends(0, "run test.yaml --yes --format json -o test.run");
    for step in ["l", "u", "gone"] {
        assert_eq!(done.operation(step, "0")["outcome"], "ok", "{done}");
    }
    assert_eq!(tied(&scene), Vec::<String>::new());
    let staff = "SELECT count(*) FROM accounts_contacts WHERE deleted = 0";
    assert_eq!(scene.server.count(staff), 0);
}

#[test]
fn a_link_and_an_unlink_in_no_order_contradict_each_other() {
    let scene = ground(&format!(
        "  - {{ id: l, {LINK} }}\n  - {{ id: u, {UNLINK} }}\n"
    ));
    let said = scene.ends(3, "plan test.yaml --format json");
    let second = said.operation("u", "0");
    assert_eq!(second["label"], "local:conflict", "{said}");
    let message = second["message"].as_str().unwrap_or_default();
    assert!(message.contains("step `u` unlinks"), "{message}");
    assert!(message.contains("step `l` does the contrary"), "{message}");
}

/// What a step that waits for a delete does to the deleted record.
fn behind_a_delete(write: &str) -> Value {
    let scene = ground(&format!(
        "  - {{ id: d, delete: Accounts, record: '{{{{ steps.a.id }}}}' }}\n  - {{ id: w, depends_on: d, {write} }}\n"
    ));
    scene
        .mill("plan test.yaml --format json")
        .operation("w", "0")
}

#[test]
fn nothing_holds_of_a_record_that_is_deleted_before() {
    let update =
        behind_a_delete("update: Accounts, record: '{{ steps.a.id }}', set: { name: Acme }");
    assert_eq!(update["label"], "local:conflict", "{update}");
    let message = update["message"].as_str().unwrap_or_default();
    assert!(message.contains("`w` waits for `d`"), "{message}");
    // That a link of a deleted record is no more is as it should be.
    let unlink = behind_a_delete(
        "unlink: Accounts, record: '{{ steps.a.id }}', through: contacts, to: '{{ steps.c.id }}'",
    );
    assert_eq!(unlink["outcome"], "unchanged", "{unlink}");
}
