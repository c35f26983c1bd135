//! What is said where something does not take it, and of commands that came to nothing: each says so once, and gives the
//! document that was asked for.

use rustix::process::Signal;

#[cfg(target_os = "linux")]
use crate::scene::Full;
use crate::scene::Scene;
use crate::weather::assert_arrived;
use crate::weather::playbook;

fn planned(rows: usize) -> Scene {
    let scene = Scene::new().file("p.yaml", &playbook(rows, ""));
    scene.ends(0, "plan p.yaml -o p.run");
    scene
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_takes_ends_nothing() {
    let scene = planned(30);
    // The instance being busy is logged.
    scene.server.fault("status:503,times=1,path=/bulk");
    let done = scene.with_full(Full::Stderr, "apply p.run -vv --format json");
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(done.json()["result"], "succeeded");
    assert_arrived(&scene, 30);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_takes_nothing_from_the_others() {
    let scene = planned(3);
    let line = "apply p.run --format json --report json=/dev/full --report csv=r.csv";
    let done = scene.ends(3, line);
    assert_eq!(done.json()["result"], "succeeded", "{done}");
    done.says("cannot write `/dev/full`");
    assert!(scene.path("r.csv").exists());
    // What ended the run is worse.
    scene.write(
        "q.yaml",
        &playbook(3, "").replace("name: weather", "name: other"),
    );
    scene.ends(0, "plan q.yaml -o q.run");
    scene.server.fault("label:incorrect_version,path=/bulk");
    let lost = scene.ends(4, "apply q.run --format json --report json=/dev/full");
    assert_eq!(lost.json()["result"], "interrupted", "{lost}");
    lost.says("incorrect_version");
    lost.says("cannot write `/dev/full`");
    let lost = scene.with_full(Full::Stdout, "apply q.run --format json");
    assert_eq!(lost.code, Some(4), "{lost}");
    assert_eq!(lost.stderr.matches("No space left").count(), 1, "{lost}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_said_in_those_that_can() {
    let scene = planned(3);
    let summary = scene.path("summary.md");
    let scene = scene.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    let lost = "cannot write `/dev/full`: No space left on device";
    for lossy in ["html", "markdown", "json", "junit", "csv", "ndjson", "text"] {
        let said = scene.ends(
            3,
            &format!("show p.run --format github --report {lossy}=/dev/full"),
        );
        assert!(
            said.stdout
                .contains(&format!("::error title=command::{lost}")),
            "{said}"
        );
        assert!(said.stderr.contains(lost), "{said}");
    }
    let line = "plan p.yaml -o p.run --report html=/dev/full";
    let json = scene.ends(3, &format!("{line} --format json")).json();
    assert_eq!(json["result"], "planned");
    let said = json["diagnostics"][0]["message"].as_str().unwrap();
    assert!(said.starts_with(lost), "{said}");
    for format in ["junit", "markdown"] {
        let said = scene.ends(3, &format!("{line} --format {format}"));
        assert!(said.stdout.contains("/dev/full"), "{said}");
    }
    // A person reads it beside the report.
    let said = scene.ends(3, line);
    assert!(!said.stdout.contains("/dev/full"), "{said}");
    // There is no run file to report on, and the rest is as it should be.
    let said = scene.ends(3, "plan no.yaml --format json --report html=/dev/full");
    assert!(
        said.stdout.starts_with("{\n  \"version\": 1,\n  \"kind\""),
        "{said}"
    );
    assert_eq!(
        said.json()["diagnostics"].as_array().map(Vec::len),
        Some(2),
        "{said}"
    );
    let summary = std::fs::read_to_string(summary).unwrap();
    assert_eq!(summary.matches("/dev/full").count(), 5, "{summary}");
}

#[test]
fn an_apply_that_is_interrupted_before_it_began_is_interrupted() {
    let scene = planned(3);
    let apply = scene.ends(
        130,
        "apply p.run --deadline 0s --format json --report markdown=r.md",
    );
    assert_eq!(apply.json()["result"], "interrupted", "{apply}");
    apply.says("sugarmill apply p.run");
    let page = std::fs::read_to_string(scene.path("r.md")).unwrap();
    assert!(page.contains("sugarmill apply p.run"), "{page}");
    scene.ends(0, "apply p.run");
    // At the login of an undo.
    let outage = scene.server.counted("status:503");
    let undo = scene.begin("undo p.run --yes --format json");
    outage.wait();
    undo.signal(Signal::INT);
    let undo = undo.end();
    assert_eq!(undo.json()["kind"], "undo", "{undo}");
    assert_eq!(undo.json()["result"], "interrupted", "{undo}");
    undo.says("sugarmill undo p.run");
}

#[test]
fn an_undo_of_nothing_is_an_undo() {
    let step = "{ id: a, create: Accounts, key: one, set: { name: Acme } }";
    let scene = Scene::new().file(
        "p.yaml",
        &format!("version: 1\nname: one\nidentity: test\nsteps:\n  - {step}\n"),
    );
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("label:not_authorized,scope=entry,path=/Accounts");
    scene.ends(1, "apply p.run");
    let undo = scene.ends(0, "undo p.run --yes --format json");
    let report = undo.json();
    assert_eq!(report["kind"], "undo", "{undo}");
    assert_eq!(report["result"], "succeeded", "{undo}");
    assert_eq!(report["summary"]["failed"], 0, "{undo}");
    assert_eq!(report["steps"].as_array().map(Vec::len), Some(0), "{undo}");
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
}

#[test]
fn a_file_that_is_not_there_is_said_before_anybody_is_asked() {
    let scene = Scene::new();
    scene.ends(3, "undo nope.run").says("nope.run");
}

#[test]
fn a_limit_by_which_nothing_went_is_forgotten() {
    let scene = planned(3);
    scene.ends(5, "apply p.run --limit max_changes=2");
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 3);
}

#[test]
fn a_relative_folder_for_states_is_ignored() {
    let scene = planned(1);
    let home = scene.path("home");
    std::fs::create_dir(&home).unwrap();
    let scene = scene
        .env("XDG_STATE_HOME", "relative")
        .env("HOME", home.to_str().unwrap());
    scene.ends(0, "apply p.run");
    assert!(home.join(".local/state/sugarmill").is_dir());
}

#[test]
fn arguments_that_make_no_sense_are_said_in_the_format_that_was_asked_for() {
    let scene = Scene::new();
    for (format, says) in [
        ("json", "\"result\": \"refused\""),
        ("junit", "<testsuites"),
        ("github", "::error"),
        ("csv", "step"),
        ("markdown", "--nonsense"),
        ("html", "<!doctype html>"),
    ] {
        let said = scene.ends(3, &format!("apply p.run --format {format} --nonsense"));
        assert!(said.stdout.contains(says), "{format}: {said}");
    }
}

/// Who reviews a plan sees its reports alone, and not what the command said beside them.
#[test]
fn what_check_warns_of_is_in_every_report_of_plan_and_run() {
    let scene = Scene::new().file(
        "a.yaml",
        "version: 1
name: a
vars: { unused: { type: string, default: x } }
steps:
  - id: made
    create: Accounts
    set: { name: North }
",
    );
    let reports =
        "--report markdown=a.md --report html=a.html --report junit=a.xml --report github=a.gh";
    for command in ["plan", "run --yes"] {
        let said = scene.ends(0, &format!("{command} a.yaml --format json {reports}"));
        let report = said.json();
        let found = report["diagnostics"].as_array().unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|one| {
                let code = one["code"].as_str().unwrap();
                format!(
                    "{code} {} {}:{}",
                    one["severity"], one["line"], one["column"]
                )
            })
            .collect();
        assert_eq!(
            found,
            ["unused_var \"warning\" 3:9", "no_key \"warning\" 6:5"],
            "{said}"
        );
        for name in ["a.md", "a.html", "a.xml", "a.gh"] {
            let text = std::fs::read_to_string(scene.path(name)).unwrap();
            assert!(text.contains("has no"), "{command}, {name}: {text}");
            assert!(
                text.contains("is used nowhere"),
                "{command}, {name}: {text}"
            );
        }
    }
}
