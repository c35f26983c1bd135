//! What a plan refuses and what an apply refuses before it sends: contradictions, limits, expectations.

use serde_json::json;

use crate::scene::Scene;

fn playbook(limits: &str, steps: &str) -> String {
    format!("version: 1\nname: guards\nidentity: test\nlimits: {{ {limits} }}\nsteps:{steps}")
}

/// Two accounts and a contact of the first.
fn ground() -> Scene {
    let steps = "
  - id: accounts
    for_each: [one, two]
    create: Accounts
    key: '{{ item }}'
    set: { name: '{{ item }}' }
  - id: person
    create: Contacts
    key: Doe
    set: { last_name: Doe }
    under: { module: Accounts, record: '{{ steps.accounts.by_key.one.id }}', through: contacts }
";
    let scene = Scene::new().file("ground.yaml", &playbook("", steps));
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

const FOUND: &str = "
  - { id: one, filter: Accounts, where: { name: one } }
  - { id: two, filter: Accounts, where: { name: two } }
  - { id: doe, filter: Contacts, where: { last_name: Doe } }
";

/// Two steps on one record, and whether they contradict each other: the field, where they do.
const PAIRS: &[(&str, &str, Option<&str>)] = &[
    (
        "update: Contacts, record: '{{ steps.doe.id }}', set: { title: A }",
        "update: Contacts, record: '{{ steps.doe.id }}', set: { title: B }",
        Some("title"),
    ),
    (
        "update: Contacts, record: '{{ steps.doe.id }}', set: { title: A }",
        "update: Contacts, record: '{{ steps.doe.id }}', set: { title: A, description: B }",
        None,
    ),
    (
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        "update: Contacts, record: '{{ steps.doe.id }}', set: { account_id: '{{ steps.one.id }}' }",
        Some("account_id"),
    ),
    (
        "update: Contacts, record: '{{ steps.doe.id }}', set: { account_id: '{{ steps.two.id }}' }",
        "link: Accounts, record: '{{ steps.one.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        Some("account_id"),
    ),
    (
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        "update: Contacts, record: '{{ steps.doe.id }}', set: { account_id: '{{ steps.two.id }}' }",
        None,
    ),
    (
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        "link: Contacts, record: '{{ steps.doe.id }}', through: accounts, to: '{{ steps.one.id }}'",
        Some("account_id"),
    ),
    (
        "create: Contacts, key: Roe, set: { last_name: Roe, account_id: '{{ steps.one.id }}' }",
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.first.id }}'",
        Some("account_id"),
    ),
    (
        "create: Contacts, key: Roe, set: { last_name: Roe }, under: { module: Accounts, record: '{{ steps.one.id }}', through: contacts }",
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.first.id }}'",
        Some("account_id"),
    ),
    (
        "unlink: Accounts, record: '{{ steps.one.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        "link: Accounts, record: '{{ steps.two.id }}', through: contacts, to: '{{ steps.doe.id }}'",
        None,
    ),
];

#[test]
fn steps_that_contradict_each_other_are_named() {
    let scene = ground();
    let mut wrong = Vec::new();
    for (first, second, field) in PAIRS {
        let steps = format!(
            "{FOUND}  - {{ id: first, {first} }}\n  - {{ id: second, {second}, depends_on: first }}\n"
        );
        scene.write("pair.yaml", &playbook("", &steps));
        let said = scene.mill("plan pair.yaml -o pair.run");
        let told = format!("{}{}", said.stdout, said.stderr);
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let right = match field {
            Some(field) => {
                said.code == Some(3)
                    && flat.contains(&format!("steps `first` and `second` set `{field}`"))
            }
            None => said.code == Some(0),
        };
        if !right {
            wrong.push(format!("{first}\n{second}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn one_step_that_links_a_record_to_two_contradicts_itself() {
    let steps = format!(
        "{FOUND}
  - id: both
    for_each: ['{{{{ steps.two.id }}}}', '{{{{ steps.one.id }}}}']
    link: Accounts
    record: '{{{{ item }}}}'
    through: contacts
    to: '{{{{ steps.made.id }}}}'
  - {{ id: made, create: Contacts, key: Roe, set: {{ last_name: Roe }} }}
"
    );
    let scene = ground().file("both.yaml", &playbook("", &steps));
    scene
        .ends(3, "plan both.yaml")
        .says("steps `both` and `both` set `account_id`");
}

/// Notes are made, found again while applying, and then changed or deleted: nobody knows how many before.
fn found_while_applying(limits: &str, then: &str) -> Scene {
    let steps = format!(
        "
  - id: notes
    for_each: [n0, n1, n2]
    create: Notes
    key: '{{{{ item }}}}'
    set: {{ name: '{{{{ item }}}}' }}
  - {{ id: found, filter: Notes, depends_on: [notes] }}
  - id: then
    for_each: '{{{{ steps.found.records }}}}'
    {then}
"
    );
    Scene::new().file("later.yaml", &playbook(limits, &steps))
}

#[test]
fn limits_are_held_against_what_becomes_known_while_applying() {
    let update = "update: Notes\n    record: '{{ item.id }}'\n    set: { description: Found }";
    let delete = "delete: Notes\n    record: '{{ item.id }}'";
    for (limits, then, message) in [
        (
            "max_changes: 5",
            update,
            "6 changes are more than `max_changes: 5` allows, by 1",
        ),
        (
            "max_changes: 10, max_deletes: 2",
            delete,
            "3 deletes are more than `max_deletes: 2` allows, by 1",
        ),
    ] {
        let scene = found_while_applying(limits, then);
        scene.ends(0, "plan later.yaml -o later.run");
        let said = scene.ends(5, "apply later.run --format json");
        said.says(message);
        assert_eq!(said.json()["result"], "refused", "{said}");
        assert_eq!(said.json()["summary"]["ok"], 3, "{said}");
        let touched = "SELECT count(*) FROM notes WHERE deleted = 1 OR description = 'Found'";
        assert_eq!(scene.server.count(touched), 0, "none of them is sent");
        assert_eq!(scene.server.writes(), 3);
    }
}

#[test]
fn writes_of_unknown_number_need_a_bound() {
    let update = "update: Notes\n    record: '{{ item.id }}'\n    set: { description: Found }";
    let scene = found_while_applying("", update);
    let said = scene.ends(5, "plan later.yaml -o later.run");
    said.says("bound it with `max` or `max_changes`");
    scene.ends(5, "apply later.run");
    assert_eq!(scene.server.writes(), 0);
    let bounded = format!("{update}\n    max: 3");
    let scene = found_while_applying("", &bounded);
    scene.ends(0, "plan later.yaml -o later.run");
    scene.ends(0, "apply later.run");
}

#[test]
fn a_plan_whose_expectation_failed_can_be_read_and_not_applied() {
    for wrong in [
        "  - { id: wrong, assert: steps.one.count == 2, message: there should be two }\n",
        "  - { id: wrong, filter: Accounts, expect: { count: 7 } }\n",
    ] {
        let update = "  - { id: first, update: Contacts, record: '{{ steps.doe.id }}', set: { title: A } }\n";
        let yaml = playbook("", &format!("{FOUND}{wrong}{update}"));
        let scene = ground().file("wrong.yaml", &yaml);
        let writes = scene.server.writes();
        let said = scene.ends(1, "plan wrong.yaml -o wrong.run --format json");
        assert_eq!(said.step("wrong")["labels"]["local:expect"], 1, "{said}");
        scene.ends(0, "show wrong.run").says("local:expect");
        scene.ends(5, "apply wrong.run").says("wrong");
        assert_eq!(scene.server.writes(), writes);
    }
}

/// Change, no change, skipped by condition, not known until another step has run.
#[test]
fn the_four_answers_are_kept_apart() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: one } }
  - id: change
    update: Accounts
    record: '{{ steps.one.id }}'
    set: { industry: Retail }
  - id: same
    update: Accounts
    record: '{{ steps.one.id }}'
    set: { name: one }
  - id: skipped
    when: steps.one.count == 2
    update: Accounts
    record: '{{ steps.one.id }}'
    set: { rating: Good }
  - { id: after, filter: Accounts, where: { industry: Retail }, depends_on: [change] }
  - id: deferred
    update: Accounts
    record: '{{ steps.one.id }}'
    set: { employees: '{{ steps.after.count }}' }
";
    let scene = ground().file("four.yaml", &playbook("", steps));
    let said = scene.ends(0, "plan four.yaml -o four.run --format json");
    let outcome = |step: &str| said.operation(step, "0")["outcome"].clone();
    assert_eq!(outcome("change"), "planned");
    assert_eq!(outcome("same"), "unchanged");
    assert_eq!(outcome("skipped"), "skipped");
    assert_eq!(said.operation("skipped", "0")["label"], "local:condition");
    assert_eq!(outcome("deferred"), "deferred");
    let reason = said.operation("deferred", "0")["message"].to_string();
    assert!(reason.contains("after"), "{reason}");
    let text = scene.ends(0, "show four.run");
    for word in ["1 unchanged", "1 skipped", "1 deferred"] {
        text.says(word);
    }
    let done = scene.ends(0, "apply four.run --format json");
    assert_eq!(
        done.operation("deferred", "0")["after"],
        json!({ "employees": "1" })
    );
}
