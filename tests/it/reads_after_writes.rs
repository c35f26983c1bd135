//! Reads that refer to what the same playbook writes: they find what the write leaves behind, not what was there before.

use serde_json::json;

use crate::scene::Scene;

fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: test\nidentity: test\nlimits: {{ max_changes: 100, max_failures: 5 }}\nsteps:\n{steps}"
    )
}

fn ground(steps: &str) -> Scene {
    let account = playbook(
        "  - { id: a, create: Accounts, key: one, set: { name: Acme, employees: '5' } }\n",
    );
    let scene = Scene::new()
        .file("ground.yaml", &account)
        .file("test.yaml", &playbook(steps));
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

const UPDATE_AND_READ: &str = "
  - { id: all, list: Accounts, fields: [name] }
  - id: up
    for_each: '{{ steps.all.records }}'
    update: Accounts
    record: '{{ item.id }}'
    set: { employees: '77' }
  - id: r
    for_each: '{{ steps.up.items }}'
    get: Accounts
    record: '{{ item.id }}'
    fields: [employees]
  - id: n
    for_each: '{{ steps.r.items }}'
    create: Notes
    key: '{{ item.id }}'
    set: { name: 'emp {{ item.employees }}' }
";

#[test]
fn a_read_of_what_is_updated_before_it_finds_the_new_value() {
    let scene = ground(UPDATE_AND_READ);
    let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
    assert_eq!(plan.step("r")["outcome"], "deferred", "{plan}");
    assert_eq!(plan.step("n")["outcome"], "deferred", "{plan}");
    scene
        .ends(0, "show test.run")
        .says("not known before `up` has run");
    let done = scene.ends(0, "apply test.run");
    assert!(!done.stdout.contains("not known before"), "{done}");
    assert_eq!(
        scene.server.lines("SELECT name FROM notes"),
        ["emp 77".to_owned()]
    );
}

#[test]
fn a_read_behind_an_update_that_changes_nothing_runs_in_the_plan() {
    let scene = ground(&UPDATE_AND_READ.replace("77", "5"));
    let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
    assert_eq!(plan.step("r")["records"], json!(1), "{plan}");
    assert_eq!(
        plan.operation(
            "n",
            plan.step("n")["operations"][0]["key"].as_str().unwrap()
        )["after"]["name"],
        "emp 5"
    );
}

#[test]
fn what_is_linked_to_a_record_that_is_made_is_asked_for_when_it_is() {
    let scene = ground(
        "
  - { id: mk, create: Accounts, key: two, set: { name: Acme two } }
  - id: staff
    create: Contacts
    key: doe
    set: { last_name: Doe }
    under: { module: Accounts, record: '{{ steps.mk.id }}', through: contacts }
  - { id: found, filter: Accounts, where: { id: '{{ steps.mk.id }}' }, expect: { count: 1 } }
  - { id: many, count: Accounts, where: { id: '{{ steps.mk.id }}' }, expect: { count: 1 } }
  - id: linked
    related: Accounts
    record: '{{ steps.mk.id }}'
    through: contacts
    depends_on: staff
    expect: { count: 1 }
",
    );
    let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
    for step in ["found", "many", "linked"] {
        assert_eq!(plan.step(step)["outcome"], "deferred", "{plan}");
    }
    scene.ends(0, "apply test.run");
}

/// A step between a write and a read that has nothing to do itself, so that it is settled in the plan.
const BETWEEN: &[(&str, &str)] = &[
    (
        "it changes nothing",
        "{ id: w2, depends_on: w1, update: Accounts, record: '{{ steps.all.id }}', set: { employees: '5' } }",
    ),
    (
        "it has no items",
        "{ id: w2, depends_on: w1, for_each: [], update: Accounts, record: '{{ item }}', set: { employees: '6' } }",
    ),
    (
        "its condition does not hold",
        "{ id: w2, depends_on: w1, when: '1 > 2', update: Accounts, record: '{{ steps.all.id }}', set: { employees: '6' } }",
    ),
];

#[test]
fn a_read_waits_through_a_step_that_has_nothing_to_do() {
    for (why, between) in BETWEEN {
        for wait in ["w2", "{ w2: finished }"] {
            let scene = ground(&format!(
                "
  - {{ id: all, list: Accounts }}
  - {{ id: w1, key: two, create: Accounts, set: {{ name: Zzz }} }}
  - {between}
  - {{ id: r, depends_on: [{wait}], count: Accounts, where: {{ name: Zzz }}, expect: {{ count: 1 }} }}
"
            ));
            let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
            assert_eq!(plan.step("r")["outcome"], "deferred", "{why}: {plan}");
            let reason = &plan.step("r")["reason"];
            assert_eq!(reason, "not known before `w1` has run", "{why}: {plan}");
            let done = scene.ends(0, "apply test.run --format json");
            assert_eq!(done.step("r")["records"], json!(1), "{why}: {done}");
        }
    }
}

#[test]
fn a_write_waits_through_a_step_that_has_nothing_to_do() {
    for (why, between) in BETWEEN {
        let scene = ground(&format!(
            "
  - {{ id: all, list: Accounts }}
  - {{ id: w1, key: two, create: Accounts, set: {{ name: Zzz }} }}
  - {between}
  - {{ id: w3, depends_on: w2, key: three, create: Accounts, set: {{ name: Yyy }} }}
  - {{ id: w4, depends_on: {{ w2: finished }}, key: four, create: Accounts, set: {{ name: Xxx }} }}
"
        ));
        scene.ends(0, "plan test.yaml -o test.run");
        let refused = "label:not_authorized,scope=entry,method=POST,path=/Accounts,times=1";
        scene.server.fault(refused);
        let done = scene.ends(1, "apply test.run --format json");
        assert_eq!(
            done.operation("w1", "two")["outcome"],
            "failed",
            "{why}: {done}"
        );
        let behind = done.operation("w3", "three");
        assert_eq!(behind["label"], "local:dependency", "{why}: {done}");
        assert_eq!(
            done.operation("w4", "four")["outcome"],
            "ok",
            "{why}: {done}"
        );
    }
}

#[test]
fn a_read_of_what_such_a_step_gives_waits_too() {
    let scene = ground(
        "
  - { id: all, list: Accounts }
  - { id: w1, update: Accounts, record: '{{ steps.all.id }}', set: { employees: '77' } }
  - { id: w2, depends_on: w1, update: Accounts, record: '{{ steps.all.id }}', set: { name: Acme } }
  - { id: r, get: Accounts, record: '{{ steps.w2.id }}', fields: [employees], expect: [steps.r.first.employees == '77'] }
",
    );
    let plan = scene.ends(0, "plan test.yaml --format json -o test.run");
    assert_eq!(plan.operation("w2", "0")["outcome"], "unchanged", "{plan}");
    assert_eq!(plan.step("r")["outcome"], "deferred", "{plan}");
    scene.ends(0, "apply test.run");
}
