//! `--only`, `--skip` and `--tags`: which steps a run takes.

use crate::scene::Scene;

const PLAYBOOK: &str = r#"version: 1
name: chosen
steps:
  - id: owner
    filter: Users
    where: { user_name: admin }
  - id: accounts
    tags: [load]
    for_each: [{ code: A1 }, { code: A2 }]
    create: Accounts
    key: "{{ item.code }}"
    set: { name: "{{ item.code }}", assigned_user_id: "{{ steps.owner.first.id }}" }
  - id: notes
    tags: [notes]
    for_each: "{{ steps.accounts.items }}"
    create: Notes
    key: "{{ item.source.code }}"
    set: { name: "{{ item.name }}" }
  - id: tasks
    tags: [load]
    create: Tasks
    key: once
    set: { name: Follow up }
    depends_on: [{ accounts: finished }]
  - id: ids
    export: "{{ steps.accounts.items }}"
    to: ids.csv
    columns: { id: "{{ item.id }}" }
"#;

fn scene() -> Scene {
    Scene::new().file("p.yaml", PLAYBOOK)
}

fn outcomes(said: &crate::scene::Said) -> String {
    let report = said.json();
    let steps = report["steps"].as_array().unwrap();
    let words: Vec<String> = steps
        .iter()
        .map(|step| {
            format!(
                "{} {}",
                step["id"].as_str().unwrap(),
                step["outcome"].as_str().unwrap()
            )
        })
        .collect();
    words.join(", ")
}

#[test]
fn what_is_chosen_runs_with_the_reads_it_needs() {
    let scene = scene();
    let plan = scene.ends(0, "plan p.yaml -o a.run --only accounts --format json");
    assert_eq!(
        outcomes(&plan),
        "owner ok, accounts planned, notes skipped, tasks skipped, ids skipped"
    );
    assert_eq!(
        plan.step("notes")["reason"],
        "left out by `--only accounts`"
    );
    assert_eq!(plan.step("notes")["labels"]["local:left_out"], 1);
    // What the plan left out, apply leaves out.
    let applied = scene.ends(0, "apply a.run --format json");
    assert_eq!(
        outcomes(&applied),
        "owner ok, accounts ok, notes skipped, tasks skipped, ids skipped"
    );
    assert!(!scene.path("ids.csv").exists());
}

#[test]
fn tags_and_skips_choose_too() {
    let scene = scene();
    let tagged = scene.ends(0, "plan p.yaml -o a.run --tags load --format json");
    assert_eq!(
        outcomes(&tagged),
        "owner ok, accounts planned, notes skipped, tasks planned, ids skipped"
    );
    let skipped = scene.ends(0, "plan p.yaml -o b.run --skip notes --format json");
    assert_eq!(
        outcomes(&skipped),
        "owner ok, accounts planned, notes skipped, tasks planned, ids deferred"
    );
    // It only waits until that has ended.
    scene.ends(0, "plan p.yaml -o c.run --only tasks");
}

#[test]
fn a_write_that_is_needed_cannot_be_left_out() {
    let scene = scene();
    let refused = scene.ends(3, "plan p.yaml -o a.run --only notes");
    refused.says("step `notes` needs `accounts`, which is left out");
    scene.ends(3, "plan p.yaml -o a.run --skip accounts");
    scene
        .ends(3, "plan p.yaml -o a.run --only note")
        .says("did you mean `notes`?");
    scene
        .ends(3, "run p.yaml --yes -o a.run --tags laod")
        .says("did you mean `load`?");
    assert_eq!(scene.files(), ["p.yaml"]);
}
