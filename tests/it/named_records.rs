//! Records that a playbook names and that are not there: the plan says so, and nothing is sent of what leads to them.

use serde_json::Value;
use serde_json::json;

use crate::contradictions::GROUND;
use crate::scene::Scene;

const LINKS: &str = "
version: 1
name: links
identity: test
limits: { max_changes: 20 }
steps:
  - { id: found, filter: Accounts, where: { name: Acme } }
  - { id: c, filter: Contacts, where: { last_name: Doe } }
  - { id: o, filter: Opportunities, where: { name: Deal } }
  # A contact has one account, and any number of opportunities.
  - id: one
    link: Accounts
    record: '{{ steps.found.id }}'
    through: contacts
    to: ['{{ steps.c.id }}', no-such-contact]
  - id: many
    link: Opportunities
    record: '{{ steps.o.id }}'
    through: contacts
    to: [no-such-contact, nobody, '{{ steps.c.id }}']
  - id: parent
    link: Contacts
    record: '{{ steps.c.id }}'
    through: accounts
    to: no-such-account
  - id: fresh
    create: Contacts
    key: fresh
    set: { last_name: Fresh }
  - id: good
    link: Accounts
    record: '{{ steps.found.id }}'
    through: contacts
    to: ['{{ steps.c.id }}', '{{ steps.fresh.id }}']
";

fn ground() -> Scene {
    let scene = Scene::new()
        .file("ground.yaml", GROUND)
        .file("p.yaml", LINKS);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

#[test]
fn a_link_to_a_record_that_is_not_there_fails_in_the_plan() {
    let scene = ground();
    let writes = scene.server.writes();
    let plan = scene.ends(3, "plan p.yaml --format json -o p.run");
    for (step, message) in [
        (
            "one",
            "Contacts has no record `no-such-contact`, or this user does not see it",
        ),
        (
            "many",
            "Contacts has no records `no-such-contact` and `nobody`, or this user does not see them",
        ),
        (
            "parent",
            "Accounts has no record `no-such-account`, or this user does not see it",
        ),
    ] {
        let operation = plan.operation(step, "0");
        assert_eq!(operation["outcome"], "failed", "{plan}");
        assert_eq!(operation["label"], "not_found", "{plan}");
        assert_eq!(operation["message"], message, "{plan}");
    }
    assert_eq!(plan.operation("good", "0")["outcome"], "planned", "{plan}");

    // Where that is tolerated, the rest is done.
    let tolerant = LINKS.replace("max_changes: 20", "max_changes: 20, max_failures: 5");
    scene.write("p.yaml", &tolerant);
    let run = scene.ends(1, "run p.yaml --yes --format json -o q.run");
    assert_eq!(run.json()["summary"]["failed"], 3, "{run}");
    assert_eq!(run.json()["summary"]["ok"], 2, "{run}");
    assert_eq!(scene.server.writes(), writes + 2, "a create and a link");
    let linked = "SELECT count(*) FROM accounts_contacts WHERE deleted = 0";
    assert_eq!(scene.server.count(linked), 2);
}

/// What the plan says may follow from it, by kind.
fn may_follow(plan: &Value, kind: &str) -> u64 {
    let all = plan["estimate"]["may_follow"].as_array().unwrap();
    let found = all.iter().find(|one| one["kind"] == kind);
    found.map_or(0, |one| one["count"].as_u64().unwrap())
}

#[test]
fn what_goes_with_an_address_and_what_a_tag_leaves_behind_is_said() {
    let scene = Scene::new();
    let contact = |name: &str, email: Value| {
        let made = scene.server.somebody(
            "POST",
            "/Contacts",
            &json!({ "last_name": name, "email": email, "tag": ["Known"] }),
        );
        made["id"].as_str().unwrap().to_owned()
    };
    let old = |out: bool| json!({ "email_address": "old@example.com", "primary_address": true, "opt_out": out });
    let second = json!({ "email_address": "new@example.com" });
    let marked = contact("Marked", json!([old(true)]));
    let plain = contact("Plain", json!([old(false)]));
    let several = contact("Several", json!([old(false), second]));
    // What goes along with another change does not tell what it did by itself.
    let tagged = contact("Tagged", json!([]));
    let known = contact("Known", json!([]));
    scene.write(
        "p.yaml",
        &format!(
            "
version: 1
name: addresses
limits: {{ max_changes: 20 }}
steps:
  - id: u
    for_each: ['{marked}', '{plain}', '{several}']
    update: Contacts
    record: '{{{{ item }}}}'
    key: '{{{{ item }}}}'
    set: {{ email1: new@example.com }}
  - id: t
    update: Contacts
    record: '{tagged}'
    add: {{ tag: [known, Fresh] }}
  - id: k
    update: Contacts
    record: '{known}'
    set: {{ title: x }}
    add: {{ tag: [known] }}
"
        ),
    );
    let plan = scene.ends(0, "plan p.yaml --format json -o p.run").json();
    assert_eq!(may_follow(&plan, "addresses"), 2, "{plan:#}");
    assert_eq!(may_follow(&plan, "tagged"), 1, "{plan:#}");
    let run = scene.ends(0, "apply p.run --format json --show-pii");
    let lost = |id: &str| run.operation("u", id)["side_effects"]["email"].clone();
    assert_eq!(lost(&marked)["before"][0]["opt_out"], true, "{run}");
    assert_eq!(lost(&marked)["after"][0]["opt_out"], false, "{run}");
    assert_eq!(
        lost(&several)["before"][1]["email_address"],
        "new@example.com"
    );
    assert_eq!(lost(&plain), Value::Null, "{run}");
    // The tag is given back, and Sugar keeps it among its tags.
    scene.ends(0, "undo p.run --yes");
    let tags = "SELECT name FROM tags WHERE deleted = 0 ORDER BY name";
    assert_eq!(scene.server.lines(tags), ["Fresh", "Known"]);
}

const VALUES: &str = "
version: 1
name: values
identity: test
limits: { max_changes: 20 }
steps:
  - { id: found, filter: Accounts, where: { name: Acme } }
  - { id: fresh, create: Accounts, key: fresh, set: { name: Fresh } }
  - id: dangling
    for_each: [one, two]
    create: Notes
    key: '{{ item }}'
    set: { name: '{{ item }}', parent_type: Accounts, parent_id: no-such-account, assigned_user_id: 'nobody-{{ item }}' }
  - id: sound
    create: Notes
    key: sound
    set: { name: sound, parent_type: Accounts, parent_id: '{{ steps.found.id }}', assigned_user_id: '1' }
  - id: later
    create: Notes
    key: later
    set: { name: later, parent_type: Accounts, parent_id: '{{ steps.fresh.id }}', assigned_user_id: '1' }
";

#[test]
fn an_id_in_a_value_that_leads_nowhere_is_a_warning() {
    let scene = ground();
    scene.write("v.yaml", VALUES);
    let plan = scene.ends(0, "plan v.yaml --format json -o v.run").json();
    let found = plan["diagnostics"].as_array().unwrap();
    let found: Vec<&Value> = found
        .iter()
        .filter(|one| one["code"] == "not_found")
        .collect();
    let told: Vec<&str> = found
        .iter()
        .map(|one| one["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "`assigned_user_id` is set to `nobody-one` and `nobody-two`: Users has no such records, or this user does \
             not see them",
            "`parent_id` is set to `no-such-account`: Accounts has no such record, or this user does not see it",
        ]
    );
    assert!(found.iter().all(|one| one["severity"] == "warning"));
    assert!(found.iter().all(|one| one["step"] == "dangling"));
    scene.ends(0, "apply v.run");
}
