//! Writes beside the plain ones, against a Sugar in another process: marks, records below others, parts of lists, upserts.

use serde_json::json;

use crate::scene::Scene;

/// Two accounts to work on.
const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: [one, two]
    create: Accounts
    key: '{{ item }}'
    set: { name: 'Acme {{ item }}' }
";

fn ground() -> Scene {
    let scene = Scene::new().file("ground.yaml", GROUND);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: test\nidentity: test\nlimits: {{ max_deletes: 10, max_changes: 1000 }}\nsteps:\n{steps}"
    )
}

#[test]
fn a_favorite_is_set_once_and_taken_away_once() {
    let all = "
  - { id: all, list: Accounts }
";
    let mark = |verb: &str| {
        playbook(&format!(
            "{all}  - id: mark
    for_each: '{{{{ steps.all.records }}}}'
    {verb}: Accounts
    record: '{{{{ item.id }}}}'
"
        ))
    };
    let scene = ground()
        .file("set.yaml", &mark("favorite"))
        .file("unset.yaml", &mark("unfavorite"));
    let favorites = || scene.server.count("SELECT count(*) FROM sugarfavorites");

    let plan = scene.ends(0, "plan set.yaml --format json -o set.run");
    let first = plan.operation("mark", "0");
    assert_eq!(first["action"], "favorite");
    assert_eq!(first["before"], json!({ "my_favorite": false }));
    assert_eq!(first["after"], json!({ "my_favorite": true }));
    assert_eq!(favorites(), 0);

    let done = scene.ends(0, "apply set.run --format json");
    assert_eq!(done.json()["summary"]["ok"], 2);
    assert_eq!(favorites(), 2);
    let again = scene.ends(0, "plan set.yaml --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2);

    scene.ends(0, "run unset.yaml --yes -o unset.run");
    assert_eq!(favorites(), 0);
}

#[test]
fn a_mark_set_both_ways_is_a_conflict() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - { id: on, favorite: Accounts, record: '{{ steps.one.id }}' }
  - { id: off, unfavorite: Accounts, record: '{{ steps.one.id }}', depends_on: on }
";
    let scene = ground().file("both.yaml", &playbook(steps));
    let said = scene.ends(3, "plan both.yaml");
    said.says("steps `on` and `off` set `my_favorite`");
}
