//! Metadata that an administrator changes while a run goes on.

use crate::scene::Scene;

const PLAYBOOK: &str = r#"
version: 1
name: tiers
limits: { max_failures: 100% }
settings: { batch_size: 5, concurrency: 1 }
steps:
  - id: accounts
    for_each: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }, { n: 7 }, { n: 8 }, { n: 9 }, { n: 10 }]
    create: Accounts
    key: "{{ item.n }}"
    set: { name: "Nr {{ item.n }}", rating: gold }
  - id: contacts
    for_each: "{{ steps.accounts.items }}"
    depends_on: accounts
    create: Contacts
    key: "{{ item.key }}"
    set: { last_name: "Of {{ item.key }}" }
"#;

fn planned() -> Scene {
    let scene = Scene::new().file("p.yaml", PLAYBOOK);
    scene.ends(0, "plan p.yaml -o p.run");
    scene
}

fn accounts(scene: &Scene) -> i64 {
    scene
        .server
        .count("SELECT count(*) FROM accounts WHERE deleted = 0")
}

fn out_of_date(scene: &Scene) -> usize {
    let log = scene.server.log();
    log.iter().filter(|line| line["status"] == 412).count()
}

#[test]
fn a_change_that_touches_nothing_here_is_gone_on_with() {
    let scene = planned();
    scene.server.fault("metadata,path=/bulk,skip=1,times=1");
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 20, "{said}");
    assert_eq!(out_of_date(&scene), 1, "refused once, and not again");
    said.says("the metadata of the instance changed");
}

#[test]
fn a_change_between_plan_and_apply_is_seen() {
    let scene = planned();
    scene.server.fault("metadata,times=1");
    scene.ends(0, "apply p.run");
    assert_eq!(out_of_date(&scene), 1);
    assert_eq!(accounts(&scene), 10);
}

#[test]
fn what_a_change_speaks_against_is_not_sent() {
    let scene = planned();
    scene
        .server
        .fault("metadata:Accounts.rating,path=/bulk,skip=1,times=1");
    let said = scene.ends(1, "apply p.run --format json --operations all");
    let summary = &said.json()["summary"];
    assert_eq!(
        accounts(&scene),
        5,
        "the first batch; the rest would lose a field without a word"
    );
    assert_eq!(summary["labels"]["metadata_out_of_date"], 5, "{said}");
    for state in ["unknown", "planned", "deferred"] {
        assert_eq!(summary[state], 0, "{said}");
    }
    said.says("the metadata changed since it was planned: ");
    said.says("nothing was sent");
    let failed = said.operation("accounts", "10");
    assert_eq!(failed["label"], "metadata_out_of_date");
}

#[test]
fn without_tolerance_it_stops_there_and_a_new_plan_says_why() {
    let scene = Scene::new().file(
        "p.yaml",
        &PLAYBOOK.replace("max_failures: 100%", "max_changes: 50"),
    );
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("metadata:Accounts.rating,path=/bulk,skip=1,times=1");
    let said = scene.ends(1, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["planned"], 10, "{said}");
    said.says("failed with `metadata_out_of_date`");
    let said = scene.ends(3, "plan p.yaml -o again.run");
    said.says("rating");
}
