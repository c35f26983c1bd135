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

/// Said before anything is asked: what each row of a file would come to one by one.
#[test]
fn a_file_that_is_not_what_it_is_taken_for_is_said_of_by_check() {
    let scene = Scene::new().file(
        "a.yaml",
        "version: 1
name: a
steps:
  - { id: a, for_each: { csv: a.csv }, create: Accounts, set: { name: \"{{ item['Full name'] }}\" } }
",
    );
    std::fs::write(
        scene.path("a.csv"),
        b"Cust No.,Full name\n1,North\n2,S\xfcd\n",
    )
    .unwrap();
    let said = scene.ends(0, "check a.yaml");
    said.says("a.csv:3");
    said.says("a CSV file saved by Excel is often `encoding: windows-1252`");
    // And what it says of keys is of this file.
    said.says("`key: \"{{ item['Cust No.'] }}\"`");
}

#[cfg(feature = "xlsx")]
#[test]
fn a_title_above_the_heading_is_said_once() {
    let scene = Scene::new().file(
        "a.yaml",
        "version: 1
name: a
steps:
  - id: a
    for_each: { xlsx: a.xlsx, sheet: Read me }
    create: Accounts
    key: '{{ item.code }}'
    set: { name: '{{ item.name }}' }
",
    );
    let workbook = crate::scene::project_file("tests/workbooks/partners.xlsx");
    std::fs::copy(workbook, scene.path("a.xlsx")).unwrap();
    let said = scene.ends(3, "check a.yaml");
    said.says("the first row of `a.xlsx` has one cell, `Nothing to import here`");
    said.says("delete the rows above the one that names the columns");
    said.says("1 error");
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
