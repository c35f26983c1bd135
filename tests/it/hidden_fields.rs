//! A field that the instance does not show, for it is gone or closed to the user: nobody knows what it holds, so it never
//! counts as being what it shall be.

use serde_json::json;

use crate::scene::Scene;

const PLAYBOOK: &str = "
version: 1
name: hidden
identity: test
limits: { max_failures: 100% }
steps:
  - { id: all, list: Accounts, order_by: name, fields: [name] }
  - { id: up, for_each: '{{ steps.all.records }}', update: Accounts, record: '{{ item.id }}', set: { description: TEXT } }
";

/// Two accounts, of which one has a description.
fn ground(text: &str) -> Scene {
    let scene = Scene::new()
        .file("p.yaml", &PLAYBOOK.replace("TEXT", text))
        .env("SUGAR_USERNAME", "sally");
    for account in [
        json!({ "name": "Acme" }),
        json!({ "name": "Burr", "description": "old" }),
    ] {
        scene.server.somebody("POST", "/Accounts", &account);
    }
    scene
}

/// Of sally, as to the descriptions of accounts.
fn may(scene: &Scene, reach: &str) {
    scene.server.roles(&json!([{
        "name": "Sales", "users": ["sally"],
        "modules": { "Accounts": { "fields": { "description": reach } } },
    }]));
}

fn descriptions(scene: &Scene) -> Vec<String> {
    scene
        .server
        .lines("SELECT coalesce(description, '') FROM accounts ORDER BY name")
}

#[test]
fn a_field_that_went_away_after_the_plan_is_not_there_already() {
    let scene = ground("new");
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("metadata:Accounts.description,times=1");
    let done = scene.ends(1, "apply p.run --format json");
    assert_eq!(
        done.json()["summary"]["labels"]["metadata_out_of_date"],
        2,
        "{done}"
    );
}

#[test]
fn a_field_that_is_closed_to_the_user_is_not_there_already() {
    // Closed before the plan or after it, to be filled or to be emptied.
    for text in ["new", "''"] {
        for is_before in [true, false] {
            let scene = ground(text);
            if is_before {
                may(&scene, "none");
            }
            let planned = scene.ends(0, "plan p.yaml -o p.run --format json");
            let planned = planned.json()["summary"]["planned"].as_u64().unwrap();
            assert!(planned >= 1);
            may(&scene, "none");
            let done = scene.ends(1, "apply p.run --format json");
            let labels = &done.json()["summary"]["labels"];
            assert_eq!(labels["not_authorized"], planned, "{done}");
            assert_eq!(descriptions(&scene), ["", "old"]);
        }
    }
}

#[test]
fn an_undo_that_does_not_see_the_field_fails_and_can_be_tried_again() {
    let scene = ground("new");
    scene.ends(0, "run p.yaml --yes -o p.run");
    assert_eq!(descriptions(&scene), ["new", "new"]);
    may(&scene, "none");
    let undone = scene.ends(1, "undo p.run --yes --format json");
    assert_eq!(
        undone.json()["summary"]["labels"]["not_authorized"],
        2,
        "{undone}"
    );
    assert_eq!(descriptions(&scene), ["new", "new"]);
    may(&scene, "write");
    let undone = scene.ends(0, "apply p.undo.run --retry-failed --format json");
    assert_eq!(undone.json()["kind"], "undo", "{undone}");
    assert_eq!(descriptions(&scene), ["", "old"]);
}
