//! Steps of one playbook that work on the same things: carried out one after the other where the playbook says in which
//! order, refused where they undo each other's work and it does not.

use serde_json::Value;
use serde_json::json;

use crate::scene::Scene;

/// One record of each of three modules, not linked.
pub(crate) const GROUND: &str = "
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

/// What `steps` about the contact and the deal come to.
fn refused(scene: &Scene, step: &str) -> String {
    let said = scene.ends(3, "plan test.yaml --format json");
    let refused = said.operation(step, "0");
    assert_eq!(refused["label"], "local:conflict", "{said}");
    refused["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn links_with_different_columns_contradict_each_other_from_whichever_end() {
    let as_evaluator = LINK.replace(
        "'{{ steps.c.id }}'",
        "[{ id: '{{ steps.c.id }}', contact_role: Evaluator }]",
    );
    let here = as_evaluator.replace("Evaluator", "Influencer");
    let there = "link: Contacts, record: '{{ steps.c.id }}', through: opportunities, \
                 to: [{ id: '{{ steps.o.id }}', contact_role: Influencer }]";
    for other in [here.as_str(), there] {
        let scene = ground(&format!(
            "  - {{ id: l, {as_evaluator} }}\n  - {{ id: m, {other} }}\n"
        ));
        let message = refused(&scene, "m");
        assert!(
            message.contains("steps `l` and `m` set `contact_role` of the link between"),
            "{message}"
        );
        // The same from both ends is no contradiction, and sent once.
        let same = other.replace("Influencer", "Evaluator");
        let steps = format!("{FOUND}  - {{ id: l, {as_evaluator} }}\n  - {{ id: m, {same} }}\n");
        scene.write("test.yaml", &steps);
        scene.ends(0, "run test.yaml --yes -o test.run");
        assert_eq!(tied(&scene), ["Evaluator"]);
    }
}

fn tags(scene: &Scene) -> Vec<String> {
    scene.server.lines(
        "SELECT t.name FROM tags t JOIN tag_bean_rel r ON r.tag_id = t.id WHERE r.deleted = 0 ORDER BY 1",
    )
}

#[test]
fn a_part_that_one_step_adds_and_another_takes_out_is_a_contradiction() {
    let edit = |id: &str, edit: &str, more: &str| {
        format!(
            "  - {{ id: {id}, update: Contacts, record: '{{{{ steps.c.id }}}}', {edit}: {{ tag: [One] }}{more} }}\n"
        )
    };
    let scene = ground(&(edit("x", "add", "") + &edit("y", "remove", "")));
    let message = refused(&scene, "y");
    assert!(
        message.contains("steps `x` and `y` contradict each other in `tag`"),
        "{message}"
    );
    let ordered =
        FOUND.to_owned() + &edit("x", "add", "") + &edit("y", "remove", ", depends_on: x");
    scene.write("test.yaml", &ordered);
    scene.ends(0, "run test.yaml --yes -o test.run");
    assert_eq!(tags(&scene), [""; 0]);
}

#[test]
fn what_one_step_did_not_add_the_next_does_not_add_for_it() {
    for more in ["", ", depends_on: { x: finished }"] {
        let steps = format!(
            "  - {{ id: x, update: Contacts, record: '{{{{ steps.c.id }}}}', add: {{ tag: One }} }}
  - {{ id: y, update: Contacts, record: '{{{{ steps.c.id }}}}', add: {{ tag: Two }}{more} }}
"
        );
        let scene = ground(&steps);
        let tolerant = FOUND.replace("max_deletes: 5", "max_failures: 3");
        scene.write("test.yaml", &format!("{tolerant}{steps}"));
        scene
            .server
            .fault("label:not_authorized,scope=entry,method=PUT,times=1");
        let said = scene.ends(1, "run test.yaml --yes --format json -o test.run");
        assert_eq!(
            said.operation("x", "0")["label"],
            "not_authorized",
            "{said}"
        );
        let second = said.operation("y", "0");
        assert_eq!(second["label"], "local:drift", "{said}");
        let message = second["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("step `x` was to write `tag` before it, and did not"),
            "{message}"
        );
        assert_eq!(tags(&scene), [""; 0]);
        scene.ends(0, "apply test.run --retry-failed");
        assert_eq!(tags(&scene), ["One", "Two"]);
        scene.ends(0, "undo test.run --yes");
        assert_eq!(tags(&scene), [""; 0]);
    }
}

fn addresses(scene: &Scene) -> Vec<String> {
    scene.server.lines(
        "SELECT email_address || ' ' || primary_address FROM email_addresses WHERE bean_module = 'Contacts' ORDER BY position",
    )
}

#[test]
fn an_address_is_added_to_the_one_that_the_record_is_made_with() {
    let scene = ground(
        "  - { id: n, create: Contacts, key: n, set: { last_name: New, email1: first@example.com } }
  - { id: more, update: Contacts, record: '{{ steps.n.id }}', add: { email: second@example.com } }
",
    );
    let plan = scene.ends(0, "plan test.yaml --format json --show-pii -o test.run");
    let more = plan.operation("more", "0");
    assert_eq!(
        more["before"]["email"],
        json!([{ "email_address": "first@example.com", "primary_address": true }])
    );
    scene.ends(0, "apply test.run");
    let both = ["first@example.com 1", "second@example.com 0"];
    assert_eq!(addresses(&scene), both);
    let again = "plan test.yaml --detailed-exitcode -o again.run";
    scene.ends(0, again);
    assert_eq!(addresses(&scene), both);
}

#[test]
fn one_address_and_all_of_them_are_set_by_one_name() {
    let one = "update: Contacts, record: '{{ steps.c.id }}', set: { email1: one@example.com }";
    let all = "update: Contacts, record: '{{ steps.c.id }}', add: { email: two@example.com }";
    for (first, second) in [(one, all), (all, one)] {
        for order in ["", "depends_on: x, "] {
            let scene = ground(&format!(
                "  - {{ id: x, {first} }}\n  - {{ id: y, {order}{second} }}\n"
            ));
            let message = refused(&scene, "y");
            assert!(
                message.contains("steps `x` and `y` both set addresses"),
                "{message}"
            );
        }
    }
}
