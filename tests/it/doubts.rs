//! Operations in doubt: however many they are, the instance is asked about them in a handful of requests.

use crate::scene::Scene;

const ROWS: usize = 40;

/// More than an apply sends besides: its login, who is logged in, the metadata, a batch or two.
const HANDFUL: usize = 16;

fn scene() -> Scene {
    scene_of(&["--demo", "none"])
}

/// Accounts and contacts to work on.
fn scene_of(flags: &[&str]) -> Scene {
    let rows: Vec<String> = (10..10 + ROWS).map(|row| format!("r{row}")).collect();
    let ground = format!(
        "
version: 1
name: ground
identity: test
steps:
  - {{ id: a, for_each: [{0}], create: Accounts, key: '{{{{ item }}}}', set: {{ name: '{{{{ item }}}}' }} }}
  - {{ id: c, for_each: [{0}], create: Contacts, key: '{{{{ item }}}}', set: {{ last_name: '{{{{ item }}}}' }} }}
",
        rows.join(", ")
    );
    let scene = Scene::of(flags).file("ground.yaml", &ground);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

/// One step for each account and the contact of its name.
fn planned(scene: &Scene, step: &str) {
    let playbook = format!(
        "
version: 1
name: doubts
identity: test
settings: {{ batch_size: 100, concurrency: 1, request_timeout: 3s }}
limits: {{ max_deletes: 40 }}
steps:
  - {{ id: a, filter: Accounts, order_by: name, fields: [name] }}
  - {{ id: c, filter: Contacts, fields: [last_name], key: '{{{{ item.last_name }}}}' }}
  - id: it
    for_each: '{{{{ steps.a.records }}}}'
    key: '{{{{ item.name }}}}'
    retry: {{ attempts: 1 }}
    {step}
"
    );
    scene.write("p.yaml", &playbook);
    scene.ends(0, "plan p.yaml -o p.run");
}

/// Requests that left, a whole batch being one.
fn requests(scene: &Scene) -> usize {
    let log = scene.server.log();
    log.iter().filter(|line| line["entry"].is_null()).count()
}

/// Dies when the answers came and nothing of them is written down, and asks for all of them when it goes on.
#[track_caller]
fn goes_on_in_a_handful(step: &str, done: &str) {
    let scene = scene();
    planned(&scene, step);
    assert!(scene.dies_at("AfterAnswer:1", "apply p.run").is_none());
    assert_eq!(scene.server.count(done), 40, "all were sent");
    let (before, writes) = (requests(&scene), scene.server.writes());
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 40, "{said}");
    assert_eq!(scene.server.writes(), writes, "something was done twice");
    assert_eq!(scene.server.count(done), 40);
    let asked = requests(&scene) - before;
    assert!(asked <= HANDFUL, "{asked} requests");
}

const UPDATE: &str = "update: Accounts
    record: '{{ item.id }}'
    set: { industry: Banking }";
const UPDATED: &str = "SELECT count(*) FROM accounts WHERE industry = 'Banking' AND deleted = 0";

#[test]
fn updates_that_a_kill_left_open_are_asked_about_together() {
    goes_on_in_a_handful(UPDATE, UPDATED);
}

#[test]
fn deletes_that_a_kill_left_open_are_asked_about_together() {
    goes_on_in_a_handful(
        "delete: Accounts
    record: '{{ item.id }}'",
        "SELECT count(*) FROM accounts WHERE deleted = 1",
    );
}

#[test]
fn creates_that_a_kill_left_open_are_asked_about_together() {
    goes_on_in_a_handful(
        "create: Notes
    set: { name: '{{ item.name }}' }",
        "SELECT count(*) FROM notes WHERE deleted = 0",
    );
}

#[test]
fn links_that_a_kill_left_open_are_asked_about_together() {
    goes_on_in_a_handful(
        "link: Accounts
    record: '{{ item.id }}'
    through: contacts
    to: '{{ steps.c.by_key[item.name].id }}'",
        "SELECT count(*) FROM accounts_contacts WHERE deleted = 0",
    );
}

/// Where the instance gives ids of its own, creates are looked for by what they have.
#[test]
fn creates_without_ids_of_their_own_are_looked_for_together() {
    let scene = scene_of(&["--demo", "none", "--ignore-ids"]);
    planned(
        &scene,
        "create: Notes
    set: { name: '{{ item.name }}' }",
    );
    assert!(scene.dies_at("AfterAnswer:1", "apply p.run").is_none());
    let before = requests(&scene);
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 40, "{said}");
    let notes = "SELECT count(DISTINCT name) FROM notes WHERE deleted = 0";
    assert_eq!(scene.server.count(notes), 40);
    let asked = requests(&scene) - before;
    assert!(asked <= HANDFUL, "{asked} requests");
}

#[test]
fn updates_whose_answer_was_lost_are_asked_about_together() {
    let scene = scene();
    planned(&scene, UPDATE);
    scene.server.fault("drop_after,path=/bulk,times=1");
    let before = requests(&scene);
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 40, "{said}");
    assert_eq!(scene.server.count(UPDATED), 40);
    let asked = requests(&scene) - before;
    assert!(asked <= HANDFUL, "{asked} requests");
}

/// Of creates alike of which one alone was done, one alone is called done.
#[test]
fn one_record_answers_for_one_create_alone() {
    let playbook = "
version: 1
name: twins
identity: test
settings: { batch_size: 100, concurrency: 1, request_timeout: 1s }
steps:
  - id: it
    for_each: [1, 2]
    create: Notes
    retry: { attempts: 1 }
    set: { name: Twin }
";
    let scene = Scene::of(&["--demo", "none", "--ignore-ids"]).file("p.yaml", playbook);
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("drop_after,scope=entry,method=POST,path=/Notes,times=1");
    let said = scene.ends(1, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 1, "{said}");
    assert_eq!(said.json()["summary"]["unknown"], 1, "{said}");
}
