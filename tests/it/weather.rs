//! Bad weather: a Sugar that fails in every way one knows. Whatever it does, each record arrives once.
use serde_json::json;

use crate::scene::Scene;

/// Accounts with a contact each, linked; small batches, so that there is something left to go wrong.
pub(crate) fn playbook(rows: usize, more: &str) -> String {
    let rows: Vec<String> = (0..rows).map(|row| format!("r{row}")).collect();
    format!(
        "
version: 1
name: weather
identity: test
settings: {{ batch_size: 5, concurrency: 2, request_timeout: 5s }}
{more}
steps:
  - id: a
    for_each: [{}]
    create: Accounts
    key: '{{{{ item }}}}'
    retry: {{ attempts: 3 }}
    set: {{ name: 'Account {{{{ item }}}}' }}
  - id: c
    for_each: '{{{{ steps.a.items }}}}'
    create: Contacts
    key: '{{{{ item.source }}}}'
    retry: {{ attempts: 3 }}
    set: {{ last_name: '{{{{ item.source }}}}' }}
  - id: l
    for_each: '{{{{ steps.c.items }}}}'
    link: Accounts
    record: '{{{{ item.source.id }}}}'
    through: contacts
    to: '{{{{ item.id }}}}'
    retry: {{ attempts: 3 }}
",
        rows.join(", ")
    )
}

/// Each account once, each with its one contact.
#[track_caller]
pub(crate) fn assert_arrived(scene: &Scene, rows: i64) {
    let count = |sql: &str| scene.server.count(sql);
    assert_eq!(count("SELECT count(*) FROM accounts"), rows, "accounts");
    assert_eq!(
        count("SELECT count(DISTINCT name) FROM accounts"),
        rows,
        "names of accounts"
    );
    assert_eq!(count("SELECT count(*) FROM contacts"), rows, "contacts");
    let pairs = "SELECT count(*) FROM accounts_contacts l JOIN accounts a ON a.id = l.account_id \
                 JOIN contacts c ON c.id = l.contact_id WHERE l.deleted = 0 AND a.name = 'Account ' || c.last_name";
    assert_eq!(count(pairs), rows, "pairs");
    assert_eq!(
        count("SELECT count(*) FROM accounts_contacts WHERE deleted = 0"),
        rows,
        "links"
    );
}

#[track_caller]
fn survives(faults: &[&str]) -> Scene {
    let scene = Scene::new().file("p.yaml", &playbook(20, ""));
    scene.ends(0, "plan p.yaml -o p.run");
    for fault in faults {
        scene.server.fault(fault);
    }
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 20);
    scene
}

#[test]
fn lost_answers_double_nothing() {
    survives(&[
        "drop_after,path=/bulk,skip=2,times=2",
        "truncate,path=/bulk,skip=6,times=1",
    ]);
}

#[test]
fn the_very_first_answer_may_be_lost() {
    // Nothing is known yet of how this Sugar treats ids, so the creates are looked for instead of repeated.
    survives(&["drop_after,path=/bulk,times=1"]);
}

#[test]
fn a_connection_that_breaks_inside_a_batch_doubles_nothing() {
    survives(&["drop_after,scope=entry,method=POST,path=/Accounts,skip=7,times=1"]);
}

#[test]
fn gateways_and_maintenance_are_waited_for() {
    survives(&[
        "html:502,path=/bulk,skip=4,times=1",
        "status:503:1,path=/bulk,skip=6,times=1",
        "status:429,path=/bulk,skip=8,times=1",
        "label:maintenance,scope=entry,path=/Contacts,skip=3,times=2",
    ]);
}

#[test]
fn tokens_that_expire_are_renewed() {
    let scene = survives(&["expire,path=/bulk,skip=2,times=2"]);
    let logins = scene.server.log();
    let logins = logins
        .iter()
        .filter(|line| line["path"].as_str().unwrap().ends_with("oauth2/token"));
    assert!(
        logins.count() <= 5,
        "a login for everyone, not one for each request"
    );
}

#[test]
fn batches_that_are_too_large_are_split() {
    survives(&[
        "status:413,path=/bulk,skip=1,times=1",
        "label:request_too_large,path=/bulk,skip=6,times=1",
    ]);
}

#[test]
fn one_record_that_is_too_large_fails_alone() {
    // One request at a time; behind the question which ids exist, the creates: whole, then their first half.
    let playbook =
        playbook(2, "limits: { max_failures: 5 }").replace("concurrency: 2", "concurrency: 1");
    let scene = Scene::new().file("p.yaml", &playbook);
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("status:413,path=/bulk,skip=1,times=2");
    let said = scene.ends(1, "apply p.run --format json");
    assert_eq!(
        said.json()["summary"]["labels"]["request_too_large"],
        1,
        "{said}"
    );
    scene.ends(0, "apply p.run --retry-failed");
    assert_arrived(&scene, 2);
}

#[test]
fn one_request_that_always_fails_is_no_outage() {
    let steps = "
version: 1
name: grow
identity: test
steps:
  - { id: f, filter: Accounts, fields: [name] }
  - id: u
    update: Accounts
    record: '{{ steps.f.id }}'
    retry: { attempts: 3 }
    set: { industry: Retail }
  - { id: n, create: Notes, key: one, set: { name: 'About {{ steps.u.id }}' } }
";
    let scene = Scene::new()
        .file("ground.yaml", &playbook(1, ""))
        .file("p.yaml", steps);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("label:fatal_error,scope=entry,method=PUT");
    // It is given up, not waited for: an outage would end in 4.
    let said = scene.ends(1, "apply p.run --format json");
    assert_eq!(said.operation("u", "0")["label"], "fatal_error");
    assert_eq!(said.operation("u", "0")["attempts"], 3);
    assert_eq!(said.operation("n", "one")["label"], "local:dependency");
    scene.server.behave();
    scene.ends(0, "apply p.run --retry-failed");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE industry = 'Retail'"),
        1
    );
    assert_eq!(scene.server.count("SELECT count(*) FROM notes"), 1);
}

#[test]
fn an_instance_that_gives_ids_of_its_own_ends_in_the_same_records() {
    let scene = Scene::of(&["--demo", "none", "--ignore-ids"]).file("p.yaml", &playbook(20, ""));
    let said = scene.ends(0, "run p.yaml --yes --format json -o p.run");
    assert_arrived(&scene, 20);
    // Keys find nothing again there, which nobody should learn from doubles.
    let ignored = said.json()["diagnostics"].to_string();
    assert_eq!(ignored.matches("ids_ignored").count(), 1, "{said}");
    let undo = scene.mill("undo p.run --yes").to_string();
    assert!(!undo.contains("generation"), "{undo}");
}

#[test]
fn what_somebody_else_changed_is_left_alone() {
    let steps = "
version: 1
name: drift
identity: test
steps:
  - { id: f, filter: Accounts, order_by: name, fields: [name] }
  - id: u
    for_each: '{{ steps.f.records }}'
    as: account
    update: Accounts
    record: '{{ account.id }}'
    key: '{{ account.name }}'
    set: { industry: Retail }
";
    let scene = Scene::new()
        .file("ground.yaml", &playbook(3, ""))
        .file("drift.yaml", steps);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene.ends(0, "plan drift.yaml -o drift.run");
    let id = |name: &str| {
        scene
            .server
            .text(&format!("SELECT id FROM accounts WHERE name = '{name}'"))
    };
    let (other, same, done) = (id("Account r0"), id("Account r1"), id("Account r2"));
    // One field in the way, one that is not, and one that is as wanted already.
    for (id, fields) in [
        (&other, json!({ "industry": "Banking" })),
        (&same, json!({ "description": "read" })),
        (&done, json!({ "industry": "Retail" })),
    ] {
        scene.server.somebody_edits("Accounts", id, &fields);
    }
    let said = scene.ends(1, "apply drift.run --format json");
    assert_eq!(said.operation("u", "Account r0")["label"], "local:drift");
    assert_eq!(said.operation("u", "Account r1")["outcome"], "ok");
    assert_eq!(said.operation("u", "Account r2")["outcome"], "unchanged");
    let industries = scene
        .server
        .lines("SELECT industry FROM accounts ORDER BY name");
    assert_eq!(industries, ["Banking", "Retail", "Retail"]);
}

/// A lost answer whose question finds no answer either is not known: it is no failure, and the next apply asks again.
#[test]
fn what_cannot_be_asked_about_is_unknown_and_asked_again() {
    let change = "
version: 1
name: change
steps:
  - { id: all, list: Accounts, fields: [industry] }
  - id: changed
    for_each: '{{ steps.all.records }}'
    update: Accounts
    record: '{{ item.id }}'
    set: { industry: Banking }
    retry: { attempts: 1 }
";
    let scene = Scene::new()
        .file("p.yaml", &playbook(1, ""))
        .file("change.yaml", change);
    scene.ends(0, "run p.yaml --yes -o p.run");
    scene.ends(0, "plan change.yaml -o change.run");
    scene.server.fault("drop_after,path=/bulk,times=1");
    // What is looked at before the write is answered.
    scene
        .server
        .fault("label:fatal_error,path=/Accounts/filter,skip=1");
    let said = scene.ends(1, "apply change.run --format json");
    assert_eq!(said.operation("changed", "0")["outcome"], "unknown");
    scene.server.behave();
    let said = scene.ends(0, "apply change.run --format json");
    assert_eq!(said.operation("changed", "0")["outcome"], "ok");
    scene.ends(0, "undo change.run --yes");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE industry = 'Banking'"),
        0
    );
}

/// Before there is a plan, the instance is asked what it is made of.
#[test]
fn a_plan_waits_for_the_metadata_too() {
    let yaml = "
version: 1
name: described
steps:
  - { id: made, create: Accounts, key: made, set: { name: A, industry: Nonsense } }
";
    let scene = Scene::new().file("p.yaml", yaml);
    let cache = scene.path("cache").display().to_string();
    let scene = scene.env("XDG_CACHE_HOME", &cache);
    for faults in [
        [
            "status:503:0,path=/_hash,times=1",
            "truncate,path=/bulk,times=1",
        ],
        [
            "drop_before,path=/metadata,times=2",
            "html:502,path=/bulk,times=1",
        ],
        [
            "status:429:0,path=/metadata,times=1",
            "status:503:0,scope=entry,path=/enum,times=3",
        ],
    ] {
        for fault in faults {
            scene.server.fault(fault);
        }
        // Only who has the dropdown list knows that the value is none of it.
        let said = scene.ends(3, "plan p.yaml -o p.run");
        said.says("`Nonsense`");
        scene.server.behave();
        let _ = std::fs::remove_dir_all(scene.path("cache"));
    }
}
