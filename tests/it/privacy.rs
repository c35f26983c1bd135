//! Personal values planted wherever a run can have them, and looked for in everything that sugarmill says.

use crate::scene::Scene;

/// Each is said by `--show-pii`, so that a value that is nowhere is no proof.
const PLANTED: [&str; 12] = [
    // Too short to be searched for in a text: only where it comes from tells what it is.
    "Xq",
    "Zwölfer",
    "zwoelfer@planted.example",
    "+49 30 9876543",
    "1971-03-29",
    "31.02.1971",
    // Built from others.
    "Firm of Xq",
    "Called Zwölfer",
    "rang Xq",
    "zwölfer-1",
    // In a file that two steps read, under a name that says nothing; and in a key that is nowhere else.
    "Qvx Kft",
    "Mister Yx",
];

/// What an administrator of Sugar marks as personal.
const MARKED: &str = r#"{ "modules": { "Contacts": { "fields": {
  "first_name": { "name": "first_name", "type": "varchar", "len": 100, "pii": true },
  "last_name": { "name": "last_name", "type": "varchar", "len": 100, "required": true, "pii": true },
  "birthdate": { "name": "birthdate", "type": "date", "pii": true }
} } } }"#;

const ROWS: &str = "nick,mail,tel,born,company,boss
Xq,xq@planted.example,+49 30 1112223,1971-03-29,Qvx Kft,Xq
Zwölfer,zwoelfer@planted.example,+49 30 9876543,31.02.1971,Other,Mister Yx
";

const PLAYBOOK: &str = r#"version: 1
name: people
limits: { max_changes: 100, max_deletes: 10, max_failures: 10 }
steps:
  - id: people
    for_each: { csv: people.csv }
    as: row
    key: "{{ row.nick }}"
    create: Contacts
    set:
      last_name: "{{ row.nick }}"
      first_name: "{{ row.company }}"
      email1: "{{ row.mail }}"
      phone_work: "{{ row.tel }}"
  - id: born
    for_each: { csv: people.csv }
    as: row
    update: Contacts
    record: "{{ steps.people.by_key[row.nick].id }}"
    set: { birthdate: "{{ row.born }}" }
  - id: firms
    for_each: { csv: people.csv }
    as: row
    key: "{{ row.nick | lower }}-1"
    create: Accounts
    set: { name: "Firm of {{ row.nick }}", description: "{{ row.company }}" }
  - id: notes
    for_each: "{{ steps.people.items }}"
    key: "{{ item.source.nick }}"
    create: Notes
    set: { name: "Called {{ item.last_name }}" }
  - id: calls
    for_each: "{{ steps.people.items }}"
    create: Tasks
    key: "{{ item.source.tel }}"
    set: { name: "rang {{ item.source.nick }}", priority: High }
  - id: bosses
    for_each: { csv: people.csv }
    as: row
    create: Tasks
    key: "boss of {{ row.nick }}"
    set: { name: "{{ steps.people.by_key[row.boss].id }}" }
  - id: old
    filter: Contacts
    where: { first_name: Old }
  - id: gone
    for_each: "{{ steps.old.records }}"
    delete: Contacts
    record: "{{ item.id }}"
  - id: nobody
    assert: ["steps.people.count == 99"]
    message: "only {{ steps.people.items[0].source.nick }} and who else"
    on_error: continue
outputs:
  one: "{{ steps.people.items[0].source.nick }}"
  all: "{{ steps.people.items | map(attribute='last_name') | list }}"
"#;

const FORMATS: [&str; 6] = ["text", "json", "junit", "github", "ndjson", "csv"];

/// Everything a line says, in every format, and the summary of its step.
fn said(scene: &Scene, line: &str) -> String {
    let mut all = String::new();
    for format in FORMATS {
        let said = scene.mill(&format!("{line} --format {format} --operations all"));
        assert_ne!(said.stdout, "", "{said}");
        all.push_str(&format!("{said}\n"));
    }
    all
}

fn assert_hidden(what: &str, said: &str) {
    for value in PLANTED {
        let found = said.lines().find(|line| line.contains(value));
        assert_eq!(found, None, "{what}: `{value}` is hidden");
    }
}

#[test]
fn nothing_personal_is_said_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let marked = folder.path().join("marked.json");
    std::fs::write(&marked, MARKED).unwrap();
    let scene = Scene::of(&["--demo", "none", "--schema", marked.to_str().unwrap()])
        .file("people.csv", ROWS)
        .file("p.yaml", PLAYBOOK);
    let old = serde_json::json!({
        "first_name": "Old", "last_name": "Zwölfer", "email1": "zwoelfer@planted.example",
        "description": "Zwölfer, +49 30 9876543",
    });
    scene.server.somebody("POST", "/Contacts", &old);
    let summary = scene.path("summary.md");
    let scene = scene.env("GITHUB_STEP_SUMMARY", &summary.display().to_string());

    let plan = scene.mill("plan p.yaml -o p.run");
    assert_hidden("plan", &plan.to_string());
    assert_hidden("the plan", &said(&scene, "show p.run"));
    let apply = scene.mill("apply p.run");
    assert_hidden("apply", &apply.to_string());
    assert_hidden("the run", &said(&scene, "show p.run"));
    let undo = scene.mill("undo p.run --dry-run -o u.run");
    assert_hidden("undo", &undo.to_string());
    assert_hidden("the undo", &said(&scene, "show u.run"));
    for line in [
        "graph p.run",
        "graph p.run --format dot",
        "runs",
        "runs --format json",
    ] {
        assert_hidden(line, &scene.mill(line).to_string());
    }
    assert_hidden("summary", &std::fs::read_to_string(&summary).unwrap());

    let shown = said(&scene, "show p.run --show-pii");
    for value in PLANTED {
        assert!(
            shown.contains(value),
            "`{value}` is in the run file\n{shown}"
        );
    }
}

#[test]
fn what_is_hidden_is_seen_to_change() {
    let scene = Scene::new();
    let contact = serde_json::json!({ "last_name": "Zwölfer", "phone_work": "+49 30 9876543" });
    scene.server.somebody("POST", "/Contacts", &contact);
    let playbook = r#"version: 1
name: change
steps:
  - { id: all, filter: Contacts, where: { last_name: Zwölfer } }
  - id: moved
    for_each: "{{ steps.all.records }}"
    update: Contacts
    record: "{{ item.id }}"
    set: { phone_work: "+49 30 1112224" }
"#;
    scene.write("p.yaml", playbook);
    let report = scene.ends(0, "plan p.yaml -o p.run --format json");
    let operation = report.operation("moved", "0");
    let (before, after) = (&operation["before"], &operation["after"]);
    let text = |value: &serde_json::Value| value["phone_work"].as_str().unwrap().to_owned();
    let (before, after) = (text(before), text(after));
    assert!(before.starts_with("+49 ••• 43 ("), "{before}");
    assert!(after.starts_with("+49 ••• 24 ("), "{after}");
}
