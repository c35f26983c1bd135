//! What is said of a run that did not come to its end: by whose doing, how far it came, and what it cost up to then.

use std::process::Child;

use rustix::process::Signal;
use serde_json::Value;

use crate::scene::Scene;
use crate::scene::wait_until;
use crate::weather::assert_arrived;
use crate::weather::playbook;

/// A plan over a Sugar that takes a while for each batch.
fn slow(rows: usize) -> Scene {
    let scene = Scene::new().file("p.yaml", &playbook(rows, ""));
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("latency:60,path=/bulk");
    scene
}

/// An apply that has had some answers.
fn under_way(scene: &Scene) -> Child {
    let until = scene.server.log().len() + 40;
    let apply = scene.start("apply p.run");
    wait_until("too little is sent", || scene.server.log().len() >= until);
    apply
}

fn kill(mut apply: Child) {
    apply.kill().unwrap();
    apply.wait().unwrap();
}

fn listed(scene: &Scene) -> Value {
    scene.ends(0, "runs --format json").json()["runs"][0].clone()
}

/// HTTP requests that a Sugar got, without the ends of sessions, which no report can count.
fn requests(scene: &Scene) -> u64 {
    let log = scene.server.log();
    let whole = log.iter().filter(|line| line["entry"].is_null());
    let counted = whole.filter(|line| line["path"] != "/oauth2/logout");
    counted.count() as u64
}

#[test]
fn an_instance_that_says_no_has_answered() {
    for label in ["incorrect_version", "client_outdated"] {
        let scene = Scene::new().file("p.yaml", &playbook(10, ""));
        scene.ends(0, "plan p.yaml -o p.run");
        scene
            .server
            .fault(&format!("label:{label},path=/bulk,skip=2"));
        let said = scene.ends(4, "apply p.run --report json=r.json");
        said.says("run of weather: interrupted, the instance refused to go on");
        said.says("to go on, when that is mended:");
        assert!(!said.to_string().contains("did not answer"), "{said}");
        assert_eq!(
            said.stderr
                .matches("the instance takes no requests")
                .count(),
            1,
            "{said}"
        );
        let report = std::fs::read_to_string(scene.path("r.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let denied = &report["diagnostics"][0];
        assert_eq!(denied["code"], "denied");
        assert_eq!(
            denied["help"],
            format!("`sugarmill explain {label}` says what can be done")
        );
        scene.server.behave();
        scene.ends(0, "apply p.run");
        assert_arrived(&scene, 10);
    }
}

#[test]
fn an_instance_that_is_silent_has_not() {
    let outage = "settings: { batch_size: 5, concurrency: 2, max_outage: 1s }";
    let settings = "settings: { batch_size: 5, concurrency: 2, request_timeout: 5s }";
    let scene = Scene::new().file("p.yaml", &playbook(10, "").replace(settings, outage));
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("status:503,skip=4");
    let said = scene.ends(4, "apply p.run");
    said.says("run of weather: interrupted, the instance did not answer");
    said.says("to go on, when the instance answers again:");
    assert_eq!(
        said.stderr.matches("no proper answer came").count(),
        1,
        "{said}"
    );
}

#[test]
fn a_run_is_running_while_somebody_is_at_it() {
    let scene = slow(30);
    let apply = under_way(&scene);
    scene.server.fault("latency:2000,path=/bulk");
    assert_eq!(listed(&scene)["result"], "running");
    let shown = scene.ends(0, "show p.run --format json").json();
    assert_eq!(shown["result"], "running");
    assert_eq!(shown["run"]["finished"], Value::Null);
    let said = scene.ends(0, "show p.run");
    said.says("run of weather: running");
    said.says(&format!("it goes on, in process {}", apply.id()));
    assert!(!said.stdout.contains("unknown"), "{said}");
    assert_eq!(shown["summary"]["unknown"], 0, "it may well be answered");
    kill(apply);
    let shown = scene.ends(0, "show p.run --format json").json();
    assert_eq!(shown["result"], "interrupted");
    assert_eq!(shown["run"]["finished"], Value::Null, "nothing ended");
    scene
        .ends(0, "show p.run")
        .says("interrupted without a word, as by a kill");
}

/// Trying it again would send the same.
#[test]
fn what_failed_for_its_data_is_not_to_be_tried_again() {
    let playbook = "
version: 1
name: data
limits: { max_failures: 5 }
steps:
  - id: a
    for_each: [{ name: One, of: Banking }, { name: Two, of: Bnaking }]
    key: '{{ item.name }}'
    create: Accounts
    set: { name: '{{ item.name }}', industry: '{{ item.of }}' }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let said = scene.ends(1, "run p.yaml --yes -o p.run");
    said.says(
        "1 operation failed for what the data or the playbook says: mend that and plan again",
    );
    assert!(!said.stdout.contains("--retry-failed"), "{said}");
    // What the instance said no to may go better.
    let scene = Scene::new().file("p.yaml", &playbook.replace("Bnaking", "Retail"));
    scene
        .server
        .fault("label:invalid_parameter,path=/Accounts,method=POST,scope=entry,skip=1,times=1");
    let said = scene.ends(1, "run p.yaml --yes -o p.run");
    said.says("sugarmill apply p.run --retry-failed");
    assert!(!said.stdout.contains("mend that"), "{said}");
}

#[test]
fn what_a_killed_run_sent_is_counted() {
    let scene = slow(30);
    let http = |scene: &Scene| {
        let report = scene.ends(0, "show p.run --format json").json();
        report["requests"]["http"].as_u64().unwrap()
    };
    let planned = http(&scene);
    let apply = scene.start("apply p.run");
    // More than one batch holds, so that the first of them is written down.
    wait_until("too little is done", || {
        listed(&scene)["counts"]["ok"].as_u64().unwrap_or(0) >= 10
    });
    kill(apply);
    let killed = http(&scene);
    assert!(killed > planned, "{killed} after {planned}");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    let (counted, got) = (http(&scene), requests(&scene));
    assert!(counted > killed && counted <= got, "{counted} of {got}");
}

#[test]
fn every_request_of_a_run_is_counted_once() {
    let scene = Scene::new().file("p.yaml", &playbook(10, ""));
    let report = scene.ends(0, "run p.yaml --yes --format json").json();
    assert_eq!(report["requests"]["http"], requests(&scene));
}

#[test]
fn reads_that_are_repeated_are_counted() {
    let read = "
version: 1
name: read
steps:
  - { id: all, list: Accounts }
";
    let scene = Scene::new().file("p.yaml", read);
    scene
        .server
        .fault("label:fatal_error,path=/Accounts,times=2");
    let report = scene.ends(0, "plan p.yaml --format json").json();
    assert_eq!(report["requests"]["retries"], 2, "{report:#}");
}

#[test]
fn a_plan_that_was_interrupted_did_nothing() {
    let read = "
version: 1
name: read
steps:
  - { id: all, list: Accounts }
  - { id: mark, for_each: '{{ steps.all.records }}', update: Accounts, record: '{{ item.id }}', set: { name: x } }
";
    let scene = Scene::new().file("p.yaml", read);
    let slow = scene.server.counted("latency:60000,path=/Accounts");
    let plan = scene.begin("plan p.yaml -o p.run");
    slow.wait();
    plan.signal(Signal::INT);
    let plan = plan.end();
    assert_eq!(plan.code, Some(130), "{plan}");
    plan.says("plan of read: interrupted before it was whole");
    plan.says("mark update Accounts deferred the plan was interrupted before this was known");
    plan.says("nothing was written to the instance, and half a plan cannot be applied; give the same command again");
    plan.says("interrupted, and nothing was sent; `p.run` says how far the plan came");
    assert!(!plan.to_string().contains("other steps have run"), "{plan}");
    let said = scene.ends(0, "runs");
    said.says("interrupted p.run");
    said.says("nothing done");
    assert!(!said.stdout.contains("nothing to do"), "{said}");
}

#[test]
fn a_plan_that_is_interrupted_at_its_login_ends_at_once() {
    let scene = Scene::new().file("p.yaml", &playbook(1, ""));
    let slow = scene.server.counted("latency:60000,path=/oauth2/token");
    let plan = scene.begin("plan p.yaml -o p.run --format json");
    slow.wait();
    plan.signal(Signal::INT);
    let plan = plan.end();
    assert_eq!(plan.code, Some(130), "{plan}");
    assert_eq!(plan.json()["result"], "interrupted", "{plan}");
    plan.says("nothing was sent; give the same command again");
    assert_eq!(scene.files(), ["p.yaml"]);
}

/// A limit on the size of files stands for a disk that is full: both end a write in the middle.
#[test]
fn a_disk_that_is_full_is_said_and_nothing_is_lost() {
    let scene = slow(60);
    scene.server.behave();
    let whole = std::fs::metadata(scene.path("p.run")).unwrap().len();
    // In blocks of 512 bytes; the journal beside the file grows over it.
    let said = scene.limited(whole / 512, "apply p.run --format json");
    assert_eq!(said.code, Some(3), "{said}");
    let report = said.json();
    assert_eq!(report["result"], "interrupted");
    assert_eq!(report["diagnostics"][0]["code"], "halted");
    said.says("the disk takes nothing more of the run file");
    said.says("make room on the disk");
    assert_ne!(report["summary"]["planned"], 0, "{said}");
    assert!(!said.to_string().contains("damaged"), "{said}");
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 60);
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
    assert_eq!(listed(&scene)["result"], "succeeded");
}

#[test]
fn an_undo_is_named_by_what_it_does() {
    let steps = "
version: 1
name: named
limits: { max_deletes: 5 }
steps:
  - { id: all, list: Leads }
  - { id: drop, for_each: '{{ steps.all.records }}', delete: Leads, record: '{{ item.id }}' }
  - id: up
    for_each: [one, two]
    upsert: Contacts
    key: '{{ item }}'
    match: { last_name: '{{ item }}' }
    set: { description: done }
";
    let scene = Scene::new().file("p.yaml", steps);
    let lead = serde_json::json!({ "last_name": "Doe" });
    scene.server.somebody("POST", "/Leads", &lead);
    let contact = serde_json::json!({ "last_name": "one" });
    scene.server.somebody("POST", "/Contacts", &contact);
    scene.ends(0, "run p.yaml --yes -o p.run");
    let said = scene.ends(1, "undo p.run --yes");
    said.says("drop create Leads 1 failed (local:irreversible)");
    said.says("✗ failed drop[0] create Leads local:irreversible:");
    said.says("up update and delete Contacts 2 ok");
}

#[test]
fn what_is_skipped_behind_others_is_said_once() {
    let scene = Scene::new().file("p.yaml", &playbook(6, "limits: { max_failures: 6 }"));
    scene.ends(0, "plan p.yaml -o p.run");
    let refused = "label:not_authorized,scope=entry,method=POST,path=/Accounts,times=2";
    scene.server.fault(refused);
    let said = scene.ends(1, "apply p.run");
    said.says("skipped link Accounts, 2 operations:");
    said.says("local:dependency: each needs an operation that was skipped or did not succeed");
}

#[test]
fn a_second_undo_goes_on_with_the_first_and_names_the_command_for_what_failed() {
    let steps = "
version: 1
name: three
identity: test
steps:
  - { id: a, for_each: [a, b, c], create: Accounts, key: '{{ item }}', set: { name: 'Acme {{ item }}' } }
";
    let scene = Scene::new().file("p.yaml", steps);
    scene.ends(0, "run p.yaml --yes -o p.run");
    let refused = "label:not_authorized,scope=entry,method=DELETE,path=/Accounts,times=1";
    scene.server.fault(refused);
    scene.ends(1, "undo p.run --yes");
    // It failed for good, whatever the instance says by now, until somebody asks for another try.
    let writes = scene.server.writes();
    let second = scene.ends(1, "undo p.run --yes");
    second.says("going on with `p.undo.run`, which was begun before");
    second.says("to try what failed again");
    assert_eq!(scene.server.writes(), writes, "{second}");
    let command = second.stdout.lines().find_map(|line| {
        let line = line.trim();
        line.strip_prefix("sugarmill ")
            .filter(|_| line.ends_with("--retry-failed"))
    });
    scene.ends(0, command.unwrap());
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE deleted = 0"),
        0
    );
}
