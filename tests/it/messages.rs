//! What is said of a command line, or of a file it names, that cannot be used: what is wrong, and what there is instead.

use serde_json::json;

use crate::scene::Scene;

const PLAYBOOK: &str = r#"version: 1
name: said
vars:
  owner: { type: string, default: admin }
steps:
  - id: find
    tags: [reading]
    filter: Users
    where: { user_name: "{{ vars.owner }}" }
  - id: make
    tags: [writing]
    create: Accounts
    key: one
    set: { name: One }
"#;

fn scene() -> Scene {
    Scene::new().file("p.yaml", PLAYBOOK)
}

#[test]
fn a_name_that_is_none_is_answered_with_those_there_are() {
    let scene = scene();
    let steps = "its steps are `find` and `make`";
    scene.ends(3, "plan p.yaml --only nope").says(steps);
    scene.ends(3, "plan p.yaml --skip nope").says(steps);
    let near = scene.ends(3, "plan p.yaml --only finf");
    near.says(&format!("did you mean `find`? {steps}"));
    scene
        .ends(3, "plan p.yaml --tags nope")
        .says("its tags are `reading` and `writing`");
    scene
        .ends(3, "plan p.yaml --var foo=1")
        .says("its only variable is `owner`");
}

#[test]
fn a_run_file_is_told_from_a_playbook_and_nothing_of_it_is_shown() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    for command in ["check p.run", "plan p.run", "run p.run --yes"] {
        let said = scene.ends(3, command);
        said.says("`p.run` is a database, as run files are, and no text");
        said.says("`sugarmill show p.run`");
        assert!(!said.stderr.contains("SQLite"), "{said}");
    }
}

#[test]
fn a_folder_that_is_missing_is_said_before_anything_is_done() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    for command in [
        "plan p.yaml -o nowhere/x.run",
        "run p.yaml --yes -o nowhere/x.run",
        "show p.run -o nowhere/x.html --format html",
    ] {
        let said = scene.ends(3, command);
        said.says("nothing can be written to `nowhere/x.");
        said.says("there is no such folder");
        assert!(!said.stderr.contains("partial"), "{said}");
    }
    assert_eq!(scene.server.writes(), 0);
}

#[test]
fn an_export_without_its_folder_keeps_apply_from_sending() {
    let export = "
  - id: ids
    export: '{{ steps.make.record }}'
    to: nowhere/ids.csv
    columns: { id: '{{ item.id }}' }
";
    let scene = Scene::new().file(
        "p.yaml",
        &format!("{PLAYBOOK}{export}").replace("steps.make.record", "steps.find.records"),
    );
    let planned = scene.ends(0, "plan p.yaml -o p.run");
    planned.says("the folder of `nowhere/ids.csv` is not there");
    let refused = scene.ends(3, "apply p.run");
    refused.says("nothing was sent, for an export could not be written");
    refused.says("the folder of `nowhere/ids.csv` is not there");
    scene.ends(3, "run p.yaml --yes -o q.run");
    // The place of the file is taken.
    std::fs::create_dir_all(scene.path("nowhere/ids.csv")).unwrap();
    let refused = scene.ends(3, "apply p.run");
    refused.says("`nowhere/ids.csv` is a folder");
    assert_eq!(scene.server.writes(), 0);
    // Where the export is left out, its folder is of no matter.
    scene.ends(0, "plan p.yaml -o r.run --skip ids");
    std::fs::remove_dir(scene.path("nowhere/ids.csv")).unwrap();
    scene.ends(0, "apply p.run");
    assert_eq!(std::fs::read_dir(scene.path("nowhere")).unwrap().count(), 1);
    assert!(scene.path("nowhere/ids.csv").is_file());
}

#[test]
fn a_command_line_that_makes_no_sense_has_a_whole_report() {
    let scene = scene();
    for (command, kind) in [
        ("plan p.yaml --nope --format json", "plan"),
        ("run p.yaml --nope --format=json", "plan"),
        ("apply p.run --nope --format json", "run"),
        ("undo p.run --nope --format json", "undo"),
        ("show p.run --nope --format json", "plan"),
        ("apply nope.run --format json", "run"),
        ("undo nope.run --yes --format json", "undo"),
    ] {
        let report = scene.ends(3, command).json();
        assert_eq!(report["kind"], kind, "{command}");
        assert_eq!(report["result"], "refused", "{command}");
        assert_eq!(report["diagnostics"][0]["severity"], "error", "{command}");
    }
    scene.ends(3, "runs nope").says("there is no folder `nope`");
    scene.ends(3, "runs p.yaml").says("`p.yaml` is a file");
    let other = scene.ends(3, "runs --nope --format json").json();
    assert_eq!(other["result"], json!(null));
}

#[test]
fn mistakes_of_one_step_hide_none_of_another() {
    let broken = r#"version: 1
name: broken
vars: { owner: { type: string, default: a }, odd: { type: nothing } }
steps:
  - { id: shapeless, filter: Users, wherever: {} }
  - { id: odd, filter: Users, where: { user_name: "{{ vars.odd }}" } }
  - { id: waits, filter: Users, where: { user_name: a }, depends_on: [shapeless] }
  - { id: reads, filter: Users, where: { user_name: "{{ steps.zz.first.id }}" } }
  - { id: needs, filter: Users, where: { user_name: "{{ vars.own }}" }, depends_on: [nope] }
  - { id: wrong, filter: Nowhere, where: { name: a } }
"#;
    let scene = Scene::new().file("p.yaml", broken);
    let said = scene.ends(3, "check p.yaml");
    for missing in ["step `zz`", "variable `own`", "step `nope`"] {
        said.says(&format!("there is no {missing}"));
    }
    // What has a mistake itself is there all the same.
    for there in ["step `shapeless`", "variable `odd`"] {
        let said_of_it = format!("there is no {there}");
        assert!(!said.stderr.contains(&said_of_it), "{said}");
    }
    let checked = scene.ends(3, "check p.yaml --sandbox");
    checked.says("Nowhere");
    let planned = scene.ends(3, "plan p.yaml --sandbox");
    assert_eq!(planned.stderr, checked.stderr);
}
