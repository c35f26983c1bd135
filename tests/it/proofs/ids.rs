//! A Sugar that gives new records ids of its own: what a key made is found again by the ledger, so that a second plan
//! creates nothing twice, whatever became of the records, the run file and the process meanwhile.

use std::path::PathBuf;

use serde_json::json;
use sugarmill::kill::Point;

use super::picture::Names;
use super::picture::Picture;
use crate::scene::Said;
use crate::scene::Scene;

/// Accounts with a contact each, linked, a note below each, and a field that is set afterwards. One batch at a time, so
/// that what is not on its way is known.
const PLAYBOOK: &str = "
version: 1
name: ids
identity: test
settings: { batch_size: 5, concurrency: 1, request_timeout: 1s }
steps:
  - id: a
    for_each: [r1, r2, r3, r4, r5, r6]
    create: Accounts
    key: '{{ item }}'
    set: { name: 'Account {{ item }}' }
  - id: c
    for_each: '{{ steps.a.items }}'
    create: Contacts
    key: '{{ item.source }}'
    set: { last_name: 'Contact {{ item.source }}' }
  - id: l
    for_each: '{{ steps.c.items }}'
    link: Accounts
    record: '{{ item.source.id }}'
    through: contacts
    to: '{{ item.id }}'
  - id: n
    for_each: '{{ steps.a.items }}'
    create: Notes
    key: '{{ item.source }}'
    set: { name: 'Note {{ item.source }}' }
    under: { module: Accounts, record: '{{ item.id }}', through: notes }
  - id: u
    for_each: '{{ steps.a.items }}'
    update: Accounts
    record: '{{ item.id }}'
    set: { description: 'of {{ item.id }}' }
";

const RUN: &str = "run p.yaml --yes --format json -o";

/// What a run of the playbook leaves behind: six of everything.
const ROWS: i64 = 6;

fn ignoring() -> Scene {
    Scene::of(&["--demo", "none", "--ignore-ids"]).file("p.yaml", PLAYBOOK)
}

/// The rows that are wanted are there, each once, each linked to its own.
#[track_caller]
fn assert_once(scene: &Scene) {
    for question in [
        "SELECT count(*) FROM accounts WHERE deleted = 0",
        "SELECT count(DISTINCT name) FROM accounts WHERE deleted = 0",
        "SELECT count(*) FROM contacts WHERE deleted = 0",
        "SELECT count(DISTINCT last_name) FROM contacts WHERE deleted = 0",
        "SELECT count(*) FROM notes WHERE deleted = 0",
        "SELECT count(*) FROM accounts a JOIN notes n ON n.parent_id = a.id WHERE n.deleted = 0 AND a.deleted = 0 \
         AND substr(a.name, -2) = substr(n.name, -2)",
        "SELECT count(*) FROM accounts_contacts l JOIN accounts a ON a.id = l.account_id \
         JOIN contacts c ON c.id = l.contact_id WHERE l.deleted = 0 AND a.deleted = 0 AND c.deleted = 0 \
         AND substr(a.name, -2) = substr(c.last_name, -2)",
        "SELECT count(*) FROM accounts WHERE deleted = 0 AND description = 'of ' || id",
    ] {
        assert_eq!(scene.server.count(question), ROWS, "{question}");
    }
}

/// Runs the playbook once more, which sends no write and says that everything is as it was.
#[track_caller]
fn changes_nothing(scene: &Scene, name: &str) -> Said {
    let before = scene.server.writes();
    let said = scene.ends(0, &format!("{RUN} {name}"));
    let summary = &said.json()["summary"];
    assert_eq!(summary["unchanged"], 5 * ROWS, "{said}");
    assert_eq!(summary["ok"], 0, "{said}");
    assert_eq!(scene.server.writes(), before, "{said}");
    said
}

fn warnings(said: &Said) -> String {
    said.json()["diagnostics"].to_string()
}

fn ledgers(scene: &Scene) -> Vec<PathBuf> {
    let found = std::fs::read_dir(scene.state()).into_iter().flatten();
    let paths = found.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "ledger"))
        .collect()
}

#[track_caller]
fn ledger(scene: &Scene) -> PathBuf {
    let mut found = ledgers(scene);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_second_run_creates_nothing_and_says_so_to_whom_it_is_of_use() {
    let scene = ignoring();
    let first = scene.ends(0, &format!("{RUN} one.run"));
    assert_once(&scene);
    let name = ledger(&scene);
    assert!(warnings(&first).contains(name.to_str().unwrap()), "{first}");
    let held = Picture::of(&scene.server, Names::Ids);
    let second = changes_nothing(&scene, "two.run");
    assert!(!warnings(&second).contains("ids_ignored"), "{second}");
    assert_eq!(held.apart(&Picture::of(&scene.server, Names::Ids)), "");
    // Also of what is added later, whoever kept the ledger has no need to be told.
    let more = PLAYBOOK.replace("r6]", "r6, r7]");
    scene.write("p.yaml", &more);
    let third = scene.ends(0, &format!("{RUN} three.run"));
    assert_eq!(third.json()["summary"]["ok"], 5, "{third}");
    assert_eq!(third.json()["summary"]["unchanged"], 5 * ROWS, "{third}");
    assert!(!warnings(&third).contains("ids_ignored"), "{third}");
}

#[test]
fn where_ids_are_honoured_there_is_no_ledger() {
    let scene = Scene::new().file("p.yaml", PLAYBOOK);
    scene.ends(0, &format!("{RUN} one.run"));
    assert_once(&scene);
    changes_nothing(&scene, "two.run");
    assert_eq!(ledgers(&scene), Vec::<PathBuf>::new());
}

#[test]
fn what_somebody_edited_is_neither_overwritten_nor_made_again() {
    let scene = ignoring();
    scene.ends(0, &format!("{RUN} one.run"));
    let id = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Account r2'");
    let edit = json!({ "name": "Renamed" });
    scene
        .server
        .somebody("PUT", &format!("/Accounts/{id}"), &edit);
    let said = changes_nothing(&scene, "two.run");
    let edited = said.operation("a", "r2");
    assert_eq!(edited["record"], id.as_str(), "{said}");
    assert_eq!(
        edited["message"],
        "the record exists already and differs in `name`; a create never overwrites"
    );
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE name = 'Renamed'"),
        1
    );
}

#[test]
fn what_was_deleted_is_made_again_and_nothing_else() {
    let scene = ignoring();
    scene.ends(0, &format!("{RUN} one.run"));
    // Again and again: the last record of a key counts.
    for name in ["two.run", "three.run"] {
        let id = scene
            .server
            .text("SELECT id FROM contacts WHERE last_name = 'Contact r2' AND deleted = 0");
        scene
            .server
            .somebody("DELETE", &format!("/Contacts/{id}"), &json!(null));
        let said = scene.ends(0, &format!("{RUN} {name}"));
        assert_eq!(said.operation("c", "r2")["outcome"], "ok", "{said}");
        assert_eq!(said.json()["summary"]["ok"], 2, "{said}");
        assert_once(&scene);
    }
    changes_nothing(&scene, "four.run");
    // All of it, by an undo: the same playbook makes it anew, with no other `generation`.
    scene.ends(0, "undo one.run --yes --force");
    let said = scene.mill(&format!("{RUN} five.run"));
    assert_eq!(said.code, Some(0), "{said}");
    assert_once(&scene);
}

#[test]
fn a_plan_that_was_made_before_another_was_applied_makes_nothing_again() {
    let scene = ignoring();
    scene.ends(0, "plan p.yaml -o one.run");
    std::fs::copy(scene.path("one.run"), scene.path("copy.run")).unwrap();
    scene.ends(0, "plan p.yaml -o two.run");
    scene.ends(0, "apply one.run");
    assert_once(&scene);
    let writes = scene.server.writes();
    for name in ["copy.run", "two.run"] {
        let said = scene.ends(0, &format!("apply {name} --format json"));
        assert_eq!(said.json()["summary"]["unchanged"], 5 * ROWS, "{said}");
        assert_eq!(scene.server.writes(), writes, "{said}");
    }
    // What skips the question which ids there are finds them all the same.
    let assuming = PLAYBOOK.replace("create: ", "assume: new\n    create: ");
    scene.write("p.yaml", &assuming);
    scene.ends(0, &format!("{RUN} three.run"));
    assert_eq!(scene.server.writes(), writes);
}

#[test]
fn a_ledger_that_was_lost_is_written_anew_from_run_files() {
    let scene = ignoring();
    scene.ends(0, &format!("{RUN} one.run"));
    changes_nothing(&scene, "two.run");
    let writes = scene.server.writes();
    for name in ["one.run", "two.run"] {
        std::fs::remove_file(ledger(&scene)).unwrap();
        scene.ends(0, &format!("apply {name}"));
        assert_eq!(scene.server.writes(), writes);
        changes_nothing(&scene, &format!("after-{name}"));
    }
}

#[test]
fn a_ledger_that_cannot_be_read_ends_what_would_create_everything_again() {
    let scene = ignoring();
    scene.ends(0, &format!("{RUN} one.run"));
    scene.ends(0, "plan p.yaml -o two.run");
    let writes = scene.server.writes();
    let path = ledger(&scene);
    std::fs::write(&path, "no ledger ".repeat(99)).unwrap();
    for line in ["plan p.yaml -o three.run", "apply two.run"] {
        let said = scene.ends(3, line);
        said.says(&format!(
            "`{}` lies where the ledger of ids is kept, and is none",
            path.display()
        ));
        said.says("`sugarmill apply FILE` of each run file that is left writes its ids down anew");
        assert_eq!(scene.server.writes(), writes);
    }
    // What takes back needs none.
    scene.ends(0, "undo one.run --yes");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE deleted = 0"),
        0
    );
}

#[test]
fn a_ledger_that_cannot_be_written_stops_the_run_and_loses_nothing() {
    let scene = ignoring();
    scene.ends(0, &format!("{RUN} one.run"));
    let path = ledger(&scene);
    let full = rusqlite::Connection::open(&path).unwrap();
    full.execute_batch(
        "DELETE FROM pair; CREATE TRIGGER full BEFORE INSERT ON pair \
         BEGIN SELECT RAISE(ABORT, 'no room is left'); END",
    )
    .unwrap();
    for name in ["accounts", "contacts", "notes"] {
        let sql = format!("DELETE FROM {name}");
        scene.server.database().execute(&sql, ()).unwrap();
    }
    let said = scene.ends(3, &format!("{RUN} two.run"));
    said.says("cannot be written: no room is left");
    said.says("then apply the run file again: it goes on where it was");
    assert_eq!(said.json()["result"], "interrupted", "{said}");
    scene
        .ends(0, "show two.run")
        .says("interrupted, for a reason on this machine");
    let made = scene.server.count("SELECT count(*) FROM accounts");
    assert!(made > 0 && made < ROWS, "{made}");
    full.execute_batch("DROP TRIGGER full").unwrap();
    drop(full);
    scene.ends(0, "apply two.run");
    assert_once(&scene);
    changes_nothing(&scene, "three.run");
}

/// Killed when an answer was taken in, and planned anew in place of resuming: what the ledger has is found.
#[test]
fn a_run_that_died_once_its_ids_were_written_may_be_planned_anew() {
    let scene = ignoring();
    let ground = scene.server.keep("ground.db");
    let mut died = 0;
    for point in [
        Point::AfterLedger,
        Point::AfterLearn,
        Point::InSettle,
        Point::AfterSettle,
        Point::AfterRecord,
    ] {
        for passage in [1, 2, 4] {
            scene.server.restore(&ground);
            for path in ledgers(&scene) {
                std::fs::remove_file(path).unwrap();
            }
            let line = "run p.yaml --yes -o one.run";
            let at = format!("{point:?}:{passage}");
            if scene.dies_at(&at, line).is_none() {
                died += 1;
            }
            for name in scene.files() {
                if name != "p.yaml" {
                    std::fs::remove_file(scene.path(&name)).unwrap();
                }
            }
            let said = scene.ends(0, &format!("{RUN} two.run"));
            let created = said.step("a")["counts"]["ok"].as_i64().unwrap_or(0);
            assert!(created < ROWS, "{at}: {said}");
            assert_once(&scene);
        }
    }
    assert!(died >= 12, "only {died}");
}

/// Resumed, it is known which record the create made, though another one looks just like it.
#[test]
fn a_run_that_died_between_ledger_and_run_file_knows_its_records_by_their_ids() {
    let scene = ignoring();
    scene.ends(0, "plan p.yaml -o p.run");
    assert!(scene.dies_at("AfterLedger:1", "apply p.run").is_none());
    let twin = json!({ "name": "Account r1" });
    scene.server.somebody("POST", "/Accounts", &twin);
    scene.ends(0, "apply p.run");
    let sql = "SELECT count(*) FROM accounts WHERE name = 'Account r1'";
    assert_eq!(scene.server.count(sql), 2, "one of ours, one of somebody's");
    changes_nothing(&scene, "two.run");
}

/// What no key names is found by a copy of the run file that made it, and by no other run.
#[test]
fn a_copy_of_a_run_file_makes_nothing_twice_though_nothing_has_a_key() {
    let scene = Scene::of(&["--demo", "none", "--ignore-ids"]).file(
        "p.yaml",
        "
version: 1
name: keyless
identity: test
steps:
  - id: t
    for_each: [one, two, three]
    create: Tasks
    set: { name: '{{ item }}' }
  - id: a
    for_each: [one, two]
    upsert: Accounts
    match: { website: '{{ item }}.example.com' }
    set: { name: '{{ item }}' }
",
    );
    scene.ends(0, "plan p.yaml -o one.run");
    std::fs::copy(scene.path("one.run"), scene.path("copy.run")).unwrap();
    scene.ends(0, "apply one.run");
    let writes = scene.server.writes();
    let said = scene.ends(0, "apply copy.run --format json");
    assert_eq!(said.json()["summary"]["unchanged"], 5, "{said}");
    assert_eq!(scene.server.writes(), writes, "{said}");
    // Another run has another id.
    let scene = scene.env("SUGARMILL_SEED", "8");
    let said = scene.ends(0, &format!("{RUN} two.run"));
    assert_eq!(said.step("t")["counts"]["ok"], 3, "{said}");
    assert_eq!(said.step("a")["counts"]["unchanged"], 2, "{said}");
}
