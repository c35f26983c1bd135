//! What apply refuses: a plan that is too old, a limit, a lock that somebody holds; and what ends it from outside.

use std::time::Duration;
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rustix::process::Signal;
use serde_json::json;

use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::wait_until;
use crate::weather::assert_arrived;
use crate::weather::playbook;

fn planned(rows: usize, more: &str) -> Scene {
    let scene = Scene::new().file("p.yaml", &playbook(rows, more));
    scene.ends(0, "plan p.yaml -o p.run");
    scene
}

/// Waits until somebody holds the lock of a run file, as its text says.
fn wait_for_lock(scene: &Scene, name: &str) {
    let path = scene.path(name);
    wait_until("nobody takes the lock", || {
        std::fs::read_to_string(&path).is_ok_and(|text| text.contains("process"))
    });
}

/// Waits until an apply has something under way.
fn wait_for_sent(scene: &Scene, name: &str) {
    let path = scene.path(name);
    wait_until("nothing is sent", || {
        let file = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let sent = "SELECT count(*) FROM op WHERE state = 'sent'";
        file.and_then(|file| file.query_row(sent, (), |row| row.get(0)))
            .is_ok_and(|sent: i64| sent > 0)
    });
}

#[test]
fn a_plan_that_is_too_old_is_refused() {
    let scene = planned(1, "");
    let said = scene.ends(5, "apply p.run --max-age 0s");
    said.says("and `--max-age 0s` takes no older one");
    said.says("help: plan again");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(0, "apply p.run --max-age 24h");
    assert_arrived(&scene, 1);
}

#[test]
fn a_limit_of_this_run_is_kept_and_told() {
    let scene = planned(2, "limits: { max_changes: 100 }");
    scene
        .ends(3, "apply p.run --limit max_change=5")
        .says("did you mean `max_changes`?");
    let said = scene.ends(5, "apply p.run --limit max_changes=5");
    said.says("6 changes are more than `max_changes: 5` allows, by 1");
    said.says("`sugarmill apply p.run --limit max_changes=6`");
    assert_eq!(scene.server.writes(), 0);
    let said = scene.ends(
        0,
        "apply p.run --limit max_changes=6 --limit max_failures=5% --format json",
    );
    assert_eq!(
        said.json()["run"]["limits"],
        json!({ "max_changes": "6", "max_failures": "5%" })
    );
    let text = scene.ends(0, "show p.run");
    text.says("max_changes: 6, max_failures: 5%, given to apply");
    assert_arrived(&scene, 2);
}

#[test]
fn a_plan_says_all_limits_it_passes_and_how_to_raise_them() {
    let steps = "
  - { id: find, filter: Accounts, where: { name: { $starts: A } } }
  - { id: drop, for_each: '{{ steps.find.records }}', delete: Accounts, record: '{{ item.id }}' }
";
    let text = |limits| format!("version: 1\nname: two\nlimits: {{ {limits} }}\nsteps:{steps}");
    let scene = planned(2, "").file("drop.yaml", &text("max_changes: 1"));
    scene.ends(0, "apply p.run");
    let said = scene.ends(5, "plan drop.yaml");
    said.says("2 deletes are more than `max_deletes: 0` allows, by 2");
    said.says("2 changes are more than `max_changes: 1` allows, by 1");
    said.says("write `limits: { max_deletes: 2, max_changes: 2 }` in the playbook and plan again");
    said.says("or apply this plan all the same: `sugarmill apply two-seed-7.run --limit max_deletes=2 --limit max_changes=2`");
    scene.write("drop.yaml", &text("max_deletes: 2, max_changes: 2"));
    scene.ends(0, "plan drop.yaml");
}

#[test]
fn a_plan_that_passes_a_limit_is_applied_under_another() {
    let scene = Scene::new().file("p.yaml", &playbook(2, "limits: { max_changes: 3 }"));
    scene.ends(5, "plan p.yaml -o p.run");
    let said = scene.ends(5, "apply p.run");
    said.says("this plan cannot be applied: 6 changes are more than `max_changes: 3` allows");
    said.says("`sugarmill apply p.run --limit max_changes=6`");
    let said = scene.ends(5, "apply p.run --limit max_changes=5");
    said.says("6 changes are more than `max_changes: 5` allows");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(0, "apply p.run --limit max_changes=6");
    assert_arrived(&scene, 2);
    // What nobody can bound is no matter of raising a limit that is passed.
    let later = "
steps:
  - { id: make, for_each: [a, b], create: Accounts, key: '{{ item }}', set: { name: '{{ item }}' } }
  - { id: find, list: Accounts, depends_on: [make] }
  - { id: drop, for_each: '{{ steps.find.records }}', delete: Accounts, record: '{{ item.id }}' }
  - { id: now, list: Contacts }
  - { id: gone, for_each: '{{ steps.now.records }}', delete: Contacts, record: '{{ item.id }}' }
";
    scene.write("q.yaml", &format!("version: 1\nname: later{later}"));
    let said = scene.ends(5, "plan q.yaml -o q.run");
    said.says("2 deletes are more than `max_deletes: 0` allows");
    assert!(!said.stdout.contains("all the same"), "{said}");
    let writes = scene.server.writes();
    scene.ends(5, "apply q.run --limit max_deletes=9");
    assert_eq!(scene.server.writes(), writes);
}

#[test]
fn failures_are_tolerated_as_this_run_says() {
    let scene = planned(6, "");
    // Six creates, of which two are refused; the playbook stops at the first.
    let refused = "label:not_authorized,scope=entry,method=POST,path=/Accounts,times=2";
    scene.server.fault(refused);
    let said = scene.ends(1, "apply p.run --limit max_failures=2 --format json");
    let summary = &said.json()["summary"];
    assert_eq!(summary["labels"]["not_authorized"], 2, "{said}");
    assert_eq!(
        summary["ok"], 14,
        "four accounts, six contacts, four links: {said}"
    );
}

#[test]
fn a_run_file_has_one_writer_who_is_told_to_others() {
    let scene = planned(10, "");
    scene.server.fault("latency:300,path=/bulk");
    let first = scene.start("apply p.run");
    wait_for_lock(&scene, "p.run.lock");
    let said = scene.ends(5, "apply p.run --lock-timeout 0s");
    said.says(&format!("is being written by process {}", first.id()));
    said.says("since 20");
    scene.ends(5, "undo p.run --yes --lock-timeout 0s");
    // What is only read is read.
    let shown = scene.ends(0, "show p.run --format json");
    assert_eq!(shown.json()["version"], 1);
    let first = Said::of("apply p.run", &first.wait_with_output().unwrap());
    assert_eq!(first.code, Some(0), "{first}");
    assert_arrived(&scene, 10);
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
}

#[test]
fn one_instance_user_and_platform_has_one_run_at_a_time() {
    let scene = planned(10, "").file(
        "q.yaml",
        &playbook(3, "").replace("name: weather", "name: other"),
    );
    scene.ends(0, "plan q.yaml -o q.run");
    scene.server.fault("latency:300,path=/bulk");
    let first = scene.start("apply p.run");
    wait_for_sent(&scene, "p.run");
    let logins = |scene: &Scene| {
        let log = scene.server.log();
        let is_login = |line: &&serde_json::Value| line["path"] == "/oauth2/token";
        log.iter().filter(is_login).count()
    };
    let before = logins(&scene);
    let said = scene.ends(5, "apply q.run --lock-timeout 0s");
    said.says(&format!(
        "as `{}`: process {}",
        scene.server.username,
        first.id()
    ));
    said.says("p.run`");
    assert_eq!(
        logins(&scene),
        before,
        "a login would have ended the session of the other"
    );
    // Whoever waits has its turn when the other is done.
    scene.server.behave();
    let said = scene.ends(0, "apply q.run");
    assert!(!said.stderr.is_empty(), "it says what it waits for: {said}");
    let first = Said::of("apply p.run", &first.wait_with_output().unwrap());
    assert_eq!(first.code, Some(0), "{first}");
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 13);
}

#[test]
fn a_holder_that_was_killed_holds_nothing() {
    let scene = planned(10, "");
    scene.server.fault("latency:300,path=/bulk");
    let mut first = scene.start("apply p.run");
    wait_for_sent(&scene, "p.run");
    first.kill().unwrap();
    first.wait().unwrap();
    scene.server.behave();
    scene.ends(0, "apply p.run --lock-timeout 0s");
    assert_arrived(&scene, 10);
}

#[test]
fn whoever_waits_for_a_lock_can_be_stopped() {
    let scene = planned(10, "");
    scene.server.fault("latency:3000,path=/bulk");
    let mut first = scene.start("apply p.run");
    wait_for_lock(&scene, "p.run.lock");
    let second = scene.begin("apply p.run");
    second.until_it_says("waiting");
    second.signal(Signal::TERM);
    assert_eq!(second.end().code, Some(143));
    assert!(first.try_wait().unwrap().is_none(), "it did not wait on");
    scene.server.behave();
    let first = Said::of("apply p.run", &first.wait_with_output().unwrap());
    assert_eq!(first.code, Some(0), "{first}");
}

#[test]
fn a_second_signal_stops_at_once() {
    let scene = planned(10, "");
    scene.server.fault("latency:60000,path=/bulk,method=POST");
    let apply = scene.begin("apply p.run --format json --report json=left.json");
    wait_for_sent(&scene, "p.run");
    let began = Instant::now();
    apply.signal(Signal::INT);
    apply.until_it_says("stopping");
    apply.signal(Signal::TERM);
    let said = apply.end();
    assert_eq!(said.code, Some(143), "{said}");
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "it does not wait for answers, which take a minute"
    );
    assert_eq!(said.json()["result"], "interrupted", "{said}");
    assert!(scene.path("left.json").is_file());
    said.says("to go on: `sugarmill apply p.run`");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 10);
}

#[test]
fn a_deadline_ends_a_run_in_order() {
    let scene = planned(20, "");
    scene.server.fault("latency:300,path=/bulk");
    let said = scene.ends(130, "apply p.run --deadline 1s --format json");
    assert_eq!(said.json()["result"], "interrupted", "{said}");
    said.says("to go on: `sugarmill apply p.run`");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 20);
}

#[test]
fn a_deadline_holds_in_an_outage_too() {
    let scene = planned(5, "");
    scene.server.fault("status:503,path=/,skip=2");
    let began = Instant::now();
    scene.ends(130, "apply p.run --deadline 2s");
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "an outage is waited for much longer"
    );
    scene.server.behave();
    scene.ends(0, "apply p.run --deadline 99999999h");
    assert_arrived(&scene, 5);
}

#[test]
fn no_report_replaces_a_run_file_or_what_is_read() {
    let scene = planned(1, "");
    let before = std::fs::read(scene.path("p.run")).unwrap();
    for line in [
        "show p.run -o p.run",
        "show p.run --report json=p.run",
        "apply p.run --report json=./p.run",
        "plan p.yaml -o new.run --report markdown=p.yaml",
        "plan p.yaml -o new.run --report json=new.run",
        "plan p.yaml -o new.run --report json=p.run",
        "show p.run --report json=a --report text=./a",
    ] {
        scene.ends(5, line).says("a report would replace it");
    }
    assert_eq!(std::fs::read(scene.path("p.run")).unwrap(), before);
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
    assert_eq!(scene.server.writes(), 0);
    // A link stays one.
    std::os::unix::fs::symlink("real.json", scene.path("link")).unwrap();
    std::fs::write(scene.path("real.json"), "old").unwrap();
    scene.ends(0, "show p.run --report json=link");
    let is_link = scene.path("link").symlink_metadata().unwrap().is_symlink();
    assert!(is_link && std::fs::read_to_string(scene.path("real.json")).unwrap() != "old");
}

/// What a step expects is no failure that a playbook counts on.
#[test]
fn tolerated_failures_let_no_expectation_through() {
    let guarded = |more: &str| {
        format!(
            "
version: 1
name: guarded
limits: {{ max_failures: 1 }}
steps:
  - id: none
    filter: Leads
    where: {{ last_name: Nobody }}
    expect: {{ count: 1 }}
    {more}
  - id: made
    create: Accounts
    key: one
    set: {{ name: Made all the same }}
"
        )
    };
    let scene = Scene::new()
        .file("p.yaml", &guarded(""))
        .file("said.yaml", &guarded("on_error: continue"));
    scene.ends(1, "plan p.yaml -o p.run");
    scene.ends(5, "apply p.run");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(0, "plan said.yaml -o said.run");
}
