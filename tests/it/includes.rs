//! `include`: the steps of another playbook, planned, applied, and applied from the run file alone.

use serde_json::Value as Json;

use crate::scene::Said;
use crate::scene::Scene;

const OUTER: &str = r#"version: 1
name: load
vars:
  country: { type: string, default: Germany }
steps:
  - id: owner
    filter: Users
    where: { user_name: admin }
    expect: { count: 1 }
  - id: load
    include: parts/accounts.yaml
    with: { country: "{{ vars.country }}", owner: "{{ steps.owner.first.id }}" }
  - id: count
    count: Accounts
    depends_on: load
outputs:
  first: "{{ steps.load.made.by_key['A1'].id }}"
"#;

const ACCOUNTS: &str = r#"version: 1
name: accounts
vars:
  country: { type: string, required: true }
  owner: { type: string, required: true }
steps:
  - id: made
    for_each: { csv: data/accounts.csv }
    create: Accounts
    key: "{{ item.code }}"
    set:
      name: "{{ item.name }}"
      billing_address_country: "{{ vars.country }}"
      assigned_user_id: "{{ vars.owner }}"
  - id: notes
    include: deeper/notes.yaml
    with: { rows: "{{ steps.made.items }}" }
outputs:
  names: "{{ steps.made.records | map(attribute='name') | list }}"
"#;

const NOTES: &str = r#"version: 1
name: notes
vars:
  rows: { type: list, required: true }
steps:
  - id: made
    for_each: "{{ vars.rows }}"
    as: account
    create: Notes
    key: "{{ account.source.code }}"
    set: { name: "Imported {{ account.name }}", parent_type: Accounts, parent_id: "{{ account.id }}" }
"#;

fn scene() -> Scene {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("parts/deeper")).unwrap();
    std::fs::create_dir_all(scene.path("parts/data")).unwrap();
    scene
        .file("load.yaml", OUTER)
        .file("parts/accounts.yaml", ACCOUNTS)
        .file("parts/deeper/notes.yaml", NOTES)
        .file("parts/data/accounts.csv", "code,name\nA1,Acme\nA2,Blue\n")
}

fn steps(said: &Said) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let report = said.json();
    let steps = report["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| (text(&step["id"]), text(&step["outcome"])))
        .collect()
}

#[test]
fn an_included_playbook_runs_with_its_own_names() {
    let scene = scene();
    let plan = scene.ends(0, "plan load.yaml -o load.run --format json");
    let expected = [
        ("owner", "ok"),
        ("load.made", "planned"),
        ("load.notes.made", "planned"),
        ("count", "deferred"),
    ];
    assert_eq!(
        steps(&plan),
        expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned()))
    );
    // Apply reads no other file.
    std::fs::remove_dir_all(scene.path("parts")).unwrap();
    std::fs::remove_file(scene.path("load.yaml")).unwrap();
    let graph = scene.ends(0, "graph load.run");
    assert!(graph.stdout.contains("load.notes.made"), "{graph}");
    let applied = scene.ends(0, "apply load.run --format json");
    let report = applied.json();
    assert_eq!(report["summary"]["ok"], 4, "{applied}");
    assert_eq!(report["steps"][3]["records"], 2, "{applied}");
    assert_eq!(
        scene.server.count("SELECT count(*) FROM notes n JOIN accounts a ON a.id = n.parent_id WHERE a.billing_address_country = 'Germany' AND a.assigned_user_id = '1'"),
        2
    );
    let outputs = &report["outputs"];
    assert_eq!(outputs["load.names"], serde_json::json!(["Acme", "Blue"]));
    assert!(outputs["first"].is_string(), "{applied}");
}

#[test]
fn what_is_created_keeps_its_id_and_a_second_run_finds_it() {
    let scene = scene();
    scene.ends(0, "run load.yaml --yes -o first.run");
    let second = scene.ends(0, "run load.yaml --yes --format json -o second.run");
    assert_eq!(second.json()["summary"]["unchanged"], 4, "{second}");
}

#[test]
fn another_text_of_an_included_file_is_another_plan() {
    let scene = scene();
    let digest = |said: &Said| said.json()["digest"].clone();
    let first = digest(&scene.ends(0, "plan load.yaml -o a.run --format json"));
    assert_eq!(
        first,
        digest(&scene.ends(0, "plan load.yaml -o b.run --format json"))
    );
    scene.write("parts/deeper/notes.yaml", &format!("{NOTES}# changed\n"));
    assert_ne!(
        first,
        digest(&scene.ends(0, "plan load.yaml -o c.run --format json"))
    );
}

#[test]
fn an_include_waits_and_is_left_out_as_a_whole() {
    let scene = scene();
    let off = OUTER.replace(
        "    include: parts",
        "    when: \"steps.owner.count > 1\"\n    include: parts",
    );
    let off = off.replace(
        "outputs:\n  first: \"{{ steps.load.made.by_key['A1'].id }}\"\n",
        "",
    );
    scene.write("load.yaml", &off);
    let ran = scene.ends(0, "run load.yaml --yes --format json -o off.run");
    let report = ran.json();
    assert_eq!(report["steps"][1]["outcome"], "skipped", "{ran}");
    assert_eq!(report["steps"][2]["outcome"], "skipped", "{ran}");
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 0);
}

#[test]
fn the_limits_of_both_hold() {
    let scene = scene();
    let strict = ACCOUNTS.replace("steps:\n", "limits: { max_changes: 3 }\nsteps:\n");
    scene.write("parts/accounts.yaml", &strict);
    let refused = scene.ends(5, "plan load.yaml -o strict.run");
    refused.says("in the include `load`: 4 changes are more than `max_changes: 3` allows");
    let loose = ACCOUNTS.replace("steps:\n", "limits: { max_changes: 30 }\nsteps:\n");
    scene.write("parts/accounts.yaml", &loose);
    scene.write(
        "load.yaml",
        &OUTER.replace("steps:\n", "limits: { max_changes: 3 }\nsteps:\n"),
    );
    scene.ends(5, "plan load.yaml -o outer.run");
}

#[test]
fn files_elsewhere_need_leave() {
    let scene = scene();
    std::fs::create_dir(scene.path("sub")).unwrap();
    let inner = OUTER.replace("include: parts", "include: ../parts");
    scene.write("sub/load.yaml", &inner);
    let refused = scene.ends(3, "plan sub/load.yaml -o a.run");
    refused.says("leaves the playbook's folder");
    refused.says("sub/load.yaml:11");
    scene.ends(0, "plan sub/load.yaml -o a.run --allow-path parts");
}
