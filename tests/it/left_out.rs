//! Rows that `when` leaves out: they need no key, and they are in nobody's way.

use crate::scene::Scene;

const PLAYBOOK: &str = r#"version: 1
name: left-out
steps:
  - id: made
    for_each: { csv: rows.csv }
    as: row
    when: row.name != ''
    key: "{{ row.no }}"
    create: Accounts
    set: { name: "{{ row.name }}" }
  - id: noted
    for_each: { csv: notes.csv }
    as: note
    key: "{{ note.id }}"
    create: Notes
    set: { name: "Of {{ steps.made.by_key[note.of].name }}" }
"#;

#[test]
fn what_is_left_out_needs_no_key_and_takes_none_from_others() {
    let scene = Scene::new()
        .file("a.yaml", PLAYBOOK)
        .file(
            "rows.csv",
            "no,name,sum\n1,,\n1,North,\n2,South,\n2,,\n,,4711\n,,\n3,,\n",
        )
        .file("notes.csv", "id,of\na,1\nb,2\nc,3\n");
    let planned = scene.ends(0, "plan a.yaml -o a.run --format json");
    let made = planned.step("made");
    assert_eq!(made["counts"]["planned"], 2, "{planned}");
    assert_eq!(made["counts"]["skipped"], 4, "{planned}");
    assert_eq!(made["labels"]["local:condition"], 4, "{planned}");
    // What is left out is known by its key as long as nobody else has it.
    let noted = planned.step("noted");
    assert_eq!(noted["counts"]["planned"], 2, "{planned}");
    assert_eq!(noted["labels"]["local:dependency"], 1, "{planned}");
    scene.ends(0, "apply a.run");
    let names = scene.server.lines("SELECT name FROM notes ORDER BY name");
    assert_eq!(names, ["Of North", "Of South"]);
}

#[test]
fn an_empty_key_says_what_is_empty() {
    let playbook = PLAYBOOK.replace("    when: row.name != ''\n", "");
    let scene = Scene::new()
        .file("a.yaml", &playbook)
        .file("rows.csv", "no,name\n,North\n")
        .file("notes.csv", "id,of\n");
    let refused = scene.ends(3, "plan a.yaml");
    refused.says("the key is empty: `row.no` holds nothing here");
}
