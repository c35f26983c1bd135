//! A multi-select in which nothing is chosen is empty, however an instance shows it.

use serde_json::Value;
use serde_json::json;

use crate::scene::Scene;

const SCHEMA: &str = r#"{
    "modules": { "Accounts": { "fields": { "areas_c": { "type": "multienum", "options": "areas_list" } } } },
    "dropdowns": { "areas_list": [["n", "North"], ["s", "South"]] }
}"#;

/// How an instance may keep one that was cleared; it shows in the answers. What Sugar does is not documented.
const KEPT: [&str; 3] = ["NULL", "''", "'^^'"];

/// An account, on an instance that keeps a cleared multi-select in this way.
fn keeping(kept: &str) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    std::fs::write(&schema, SCHEMA).unwrap();
    let scene = Scene::of(&["--demo", "none", "--schema", schema.to_str().unwrap()]);
    let account = json!({ "name": "Acme" });
    scene.server.somebody("POST", "/Accounts", &account);
    let cleared = format!(
        "BEGIN UPDATE accounts SET areas_c = {kept} WHERE id = new.id AND areas_c IN ('', '^^'); END"
    );
    for event in ["INSERT", "UPDATE"] {
        scene.server.hook(&format!(
            "CREATE TRIGGER on_{event} AFTER {event} ON accounts {cleared}"
        ));
    }
    let set = format!("UPDATE accounts SET areas_c = {kept}");
    scene.server.database().execute(&set, ()).unwrap();
    scene
}

fn playbook(scene: &Scene, areas: &str) {
    let yaml = format!(
        "
version: 1
name: areas
identity: test
limits: {{ max_deletes: 1 }}
steps:
  - {{ id: acme, filter: Accounts, where: {{ name: Acme }} }}
  - {{ id: set, update: Accounts, record: '{{{{ steps.acme.id }}}}', set: {{ areas_c: {areas} }} }}
"
    );
    scene.write("areas.yaml", &yaml);
}

fn areas(scene: &Scene) -> Value {
    let id = scene.server.text("SELECT id FROM accounts");
    let path = format!("/Accounts/{id}");
    scene.server.somebody("GET", &path, &Value::Null)["areas_c"].clone()
}

#[test]
fn one_that_was_empty_is_filled_and_emptied_again() {
    for kept in KEPT {
        let scene = keeping(kept);
        let before = areas(&scene);
        playbook(&scene, "[n]");
        scene.ends(0, "run areas.yaml --yes -o filled.run");
        assert_eq!(areas(&scene), json!(["n"]), "{kept}");
        let said = scene.ends(0, "undo filled.run --yes --format json");
        assert_eq!(said.operation("set", "0")["outcome"], "ok", "{kept} {said}");
        assert_eq!(areas(&scene), before, "{kept}");
    }
}

#[test]
fn one_that_is_cleared_is_cleared_and_comes_back() {
    for (kept, empty) in KEPT.into_iter().zip(["null", "['']", "[]"]) {
        let scene = keeping(kept);
        let id = scene.server.text("SELECT id FROM accounts");
        let path = format!("/Accounts/{id}");
        let filled = json!({ "areas_c": ["n", "s"] });
        scene.server.somebody("PUT", &path, &filled);
        playbook(&scene, empty);
        let said = scene.ends(0, "run areas.yaml --yes -o cleared.run --format json");
        assert_eq!(said.operation("set", "0")["outcome"], "ok", "{kept} {said}");
        let again = scene.ends(0, "plan areas.yaml -o again.run --format json");
        let operation = again.operation("set", "0");
        assert_eq!(operation["outcome"], "unchanged", "{kept} {again}");
        scene.ends(0, "undo cleared.run --yes");
        assert_eq!(areas(&scene), json!(["n", "s"]), "{kept}");
    }
}

/// What it holds is compared before it is deleted.
#[test]
fn a_record_that_is_made_with_an_empty_one_is_taken_back() {
    for kept in KEPT {
        let scene = keeping(kept);
        let yaml = "
version: 1
name: made
identity: test
steps:
  - { id: made, create: Accounts, key: made, set: { name: Made, areas_c: [] } }
";
        scene.write("made.yaml", yaml);
        scene.ends(0, "run made.yaml --yes -o made.run");
        scene.ends(0, "undo made.run --yes");
        let left = "SELECT count(*) FROM accounts WHERE deleted = 0";
        assert_eq!(scene.server.count(left), 1, "{kept}");
    }
}
