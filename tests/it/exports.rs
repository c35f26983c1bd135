//! `export`: files beside the run, written when all else is done.

use crate::scene::Scene;

const IMPORT: &str = r#"version: 1
name: import
steps:
  - id: made
    for_each: { csv: accounts.csv }
    create: Accounts
    key: "{{ item.code }}"
    set: { name: "{{ item.name }}", website: "{{ item.site }}", phone_office: "{{ item.phone }}" }
    on_error: continue
  - id: ids
    export: "{{ steps.made.items }}"
    to: ids.csv
    columns: { old: "{{ item.source.code }}", new: "{{ item.id }}", name: "{{ item.name }}", phone: "{{ item.source.phone }}" }
  - id: lines
    export: "{{ steps.made.items }}"
    as: account
    when: "account.source.code != 'A2'"
    to: lines.jsonl
    columns: { old: "{{ account.source.code }}", name: "{{ account.name }}", list: ["{{ account.name }}"] }
  - id: whole
    export: "{{ steps.made.items }}"
    to: "{{ 'whole' }}.json"
outputs:
  exported: "{{ steps.ids.count }}"
"#;

fn scene() -> Scene {
    Scene::new().file("import.yaml", IMPORT).file(
        "accounts.csv",
        "code,name,site,phone\nA1,\"=HYPERLINK(\"\"x\"\")\",,+49 30 123\nA2,Blue,,-\n",
    )
}

fn read(scene: &Scene, name: &str) -> String {
    std::fs::read_to_string(scene.path(name)).unwrap()
}

#[test]
fn exports_are_written_after_apply_and_not_by_a_plan() {
    let scene = scene();
    let plan = scene.ends(0, "plan import.yaml -o a.run --format json");
    assert_eq!(plan.step("ids")["outcome"], "deferred");
    assert_eq!(scene.files(), ["a.run", "accounts.csv", "import.yaml"]);
    let applied = scene.ends(0, "apply a.run --format json");
    assert_eq!(applied.step("ids")["records"], 2);
    assert_eq!(applied.step("ids")["outcome"], "ok");
    assert_eq!(
        applied.step("ids")["reason"],
        "2 rows written to `ids.csv`; 1 cell would be taken for a formula and got a `'` before it"
    );
    assert_eq!(applied.json()["outputs"]["exported"], 2, "{applied}");
    let id = |name: &str| {
        scene
            .server
            .lines(&format!("SELECT id FROM accounts WHERE name = '{name}'"))
            .remove(0)
    };
    let (first, second) = (id("=HYPERLINK(\"x\")"), id("Blue"));
    assert_eq!(
        read(&scene, "ids.csv"),
        format!(
            "old,new,name,phone\nA1,{first},\"'=HYPERLINK(\"\"x\"\")\",+49 30 123\nA2,{second},Blue,-\n"
        )
    );
    // Only a CSV file is opened by what runs formulas.
    assert_eq!(
        read(&scene, "lines.jsonl"),
        "{\"list\":[\"=HYPERLINK(\\\"x\\\")\"],\"name\":\"=HYPERLINK(\\\"x\\\")\",\"old\":\"A1\"}\n"
    );
    let whole: serde_json::Value = serde_json::from_str(&read(&scene, "whole.json")).unwrap();
    assert_eq!(whole[1]["name"], "Blue");
    assert_eq!(whole[1]["id"], second.as_str());
}

#[test]
fn a_plan_writes_what_it_knows_when_asked() {
    let scene = scene();
    scene.ends(0, "plan import.yaml -o a.run --write-exports");
    assert!(read(&scene, "ids.csv").contains("A2,"));
    std::fs::remove_file(scene.path("ids.csv")).unwrap();
    // The ids of the plan are those of the run, and the run writes its own file.
    scene.ends(0, "apply a.run");
    assert!(read(&scene, "ids.csv").contains("A2,"));
}

#[test]
fn a_run_that_was_cut_off_exports_when_it_is_resumed() {
    let scene = scene();
    scene.ends(0, "plan import.yaml -o a.run");
    scene.ends(130, "apply a.run --deadline 0s");
    assert!(!scene.path("ids.csv").exists());
    scene.ends(0, "apply a.run");
    assert!(read(&scene, "ids.csv").contains("A2,"));
}

#[test]
fn rows_of_failed_operations_are_left_out_and_can_be_listed() {
    let failing = IMPORT.replace(
        "  - id: lines\n",
        "  - id: failed\n    export: \"{{ steps.made.items }}\"\n    when: item.outcome == 'failed'\n    to: failed.csv\n    columns: { code: \"{{ item.source.code }}\", labels: \"{{ item.labels }}\" }\n  - id: lines\n",
    );
    let scene = Scene::new().file("import.yaml", &failing).file(
        "accounts.csv",
        "code,name,site,phone\nA1,Acme,,1\nA2,Blue,,2\n",
    );
    scene.ends(0, "plan import.yaml -o a.run");
    scene
        .server
        .fault("label:missing_parameter,scope=entry,method=POST,path=/Accounts,times=1");
    let ran = scene.ends(1, "apply a.run --format json");
    assert_eq!(
        ran.step("ids")["reason"],
        "1 row written to `ids.csv`; 1 left out, built on what did not succeed"
    );
    assert_eq!(
        read(&scene, "failed.csv"),
        "code,labels\nA1,\"{\"\"missing_parameter\"\":1}\"\n"
    );
    scene.ends(0, "apply a.run --retry-failed");
    assert_eq!(read(&scene, "ids.csv").lines().count(), 3);
    assert_eq!(read(&scene, "failed.csv"), "code,labels\n");
}

#[test]
fn a_file_elsewhere_needs_leave_and_is_never_half_written() {
    let scene = scene();
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("ids.csv").display().to_string();
    scene.write(
        "import.yaml",
        &IMPORT.replace("to: ids.csv", &format!("to: {to}")),
    );
    let refused = scene.ends(3, "plan import.yaml -o a.run");
    refused.says("leaves the working folder");
    let leave = format!("--allow-path {}", elsewhere.path().display());
    scene.ends(0, &format!("plan import.yaml -o a.run {leave}"));
    // Whoever applies gives leave anew: the run file may have come from anywhere.
    let refused = scene.ends(3, "apply a.run");
    refused.says("leaves the working folder");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(0, &format!("apply a.run {leave}"));
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn two_exports_never_write_one_file() {
    let playbook = |first: &str, second: &str| {
        format!(
            "version: 1
name: twice
vars: {{ name: {{ type: string, default: same }} }}
steps:
  - {{ id: all, list: Users }}
  - {{ id: a, export: '{{{{ steps.all.records }}}}', to: {first}, columns: {{ id: '{{{{ item.id }}}}' }} }}
  - {{ id: b, export: '{{{{ steps.all.records }}}}', to: {second}, columns: {{ id: '{{{{ item.id }}}}' }} }}
"
        )
    };
    for (first, second) in [
        ("same.csv", "./same.csv"),
        ("same.csv", "there/../same.csv"),
    ] {
        let scene = Scene::new().file("twice.yaml", &playbook(first, second));
        scene
            .ends(3, "check twice.yaml")
            .says("`a` and `b` write the same file");
    }
    // A name that is a template is known when it is evaluated.
    for (first, second) in [
        ("same.csv", "\"{{ 'same' }}.csv\""),
        ("\"{{ vars.name }}.csv\"", "\"./{{ 'same' }}.csv\""),
    ] {
        let scene = Scene::new().file("twice.yaml", &playbook(first, second));
        let plan = scene.ends(3, "plan twice.yaml --format json");
        let second = plan.operation("b", "0");
        assert_eq!(second["label"], "local:conflict", "{plan}");
        let message = second["message"].as_str().unwrap_or_default();
        assert!(message.contains("step `a` writes"), "{message}");
    }
    let both =
        playbook("\"{{ vars.name }}.csv\"", "\"{{ vars.name }}.csv2\"").replace("csv2", "jsonl");
    let scene = Scene::new().file("twice.yaml", &both);
    scene.ends(0, "run twice.yaml --yes");
}

#[test]
fn a_name_that_is_known_late_does_not_overwrite_another_export() {
    let playbook = "version: 1
name: late
steps:
  - { id: new, create: Accounts, key: new, set: { name: Zzz } }
  - { id: found, filter: Accounts, depends_on: new, where: { name: Zzz } }
  - { id: a, export: '{{ steps.found.records }}', to: '{{ steps.found.first.name }}.csv', columns: { id: a } }
  - { id: b, export: '{{ steps.found.records }}', to: Zzz.csv, columns: { id: b } }
";
    let scene = Scene::new().file("late.yaml", playbook);
    scene.ends(0, "plan late.yaml -o late.run");
    let done = scene.ends(1, "apply late.run --format json");
    assert_eq!(
        done.operation("b", "0")["label"],
        "local:conflict",
        "{done}"
    );
    assert_eq!(read(&scene, "Zzz.csv"), "id\na\n");
}
