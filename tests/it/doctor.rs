//! `doctor`: what works, what does not, and that it writes nothing.

use crate::command::assert_seen;
use crate::command::sugarmill;
use crate::scene::Said;
use crate::scene::Scene;

fn seen(scene: &Scene, said: &Said) -> String {
    let code = said.code.map_or("none".to_owned(), |code| code.to_string());
    format!("exit {code}\n{}", said.stdout).replace(&scene.server.url, "https://SITE")
}

#[test]
fn a_sandbox_is_well() {
    let ended = sugarmill(["doctor", "--sandbox"]);
    let hash = regex::Regex::new("(?m)^(. metadata hash  ).*$").unwrap();
    assert_seen("doctor", "well", &hash.replace(&ended.seen(), "${1}HASH"));
}

#[test]
fn it_writes_nothing() {
    let scene = Scene::new();
    let said = scene.ends(0, "doctor --format json");
    assert_eq!(said.json()["well"], true);
    assert_eq!(scene.server.writes(), 0);
    said.says("SUGAR_PLATFORM");
}

#[test]
fn a_refused_login_is_told_from_an_address_where_nobody_answers() {
    let scene = Scene::new().env("SUGAR_PASSWORD", "wrong");
    assert_seen("doctor", "refused", &seen(&scene, &scene.ends(4, "doctor")));
    // Reserved, so that nobody serves there.
    let scene = scene.env("SUGAR_URL", "http://127.0.0.1:1");
    let said = scene.ends(4, "doctor --format json");
    let states = said.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["state"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(states[..2], ["fails", "not_tried"]);
    scene
        .ends(4, "doctor")
        .says("help: see that the address is right");
}

#[test]
fn without_an_instance_nothing_can_be_examined() {
    assert_eq!(sugarmill(["doctor"]).code, Some(3));
}

/// What the checks came to, by name.
fn states(said: &Said) -> Vec<(String, String)> {
    let report = said.json();
    let text = |check: &serde_json::Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (text(check, "check"), text(check, "state")))
        .filter(|(name, _)| TRIED.contains(&name.as_str()))
        .collect()
}

const TRIED: [&str; 5] = [
    "client ids",
    "create below nothing",
    "link to nothing",
    "stale write",
    "nothing left",
];

#[track_caller]
fn assert_clean(scene: &Scene) {
    for table in ["accounts", "notes"] {
        let left = format!("SELECT count(*) FROM {table} WHERE deleted = 0");
        assert_eq!(scene.server.count(&left), 0, "{table}");
    }
}

#[test]
fn writes_are_tried_on_a_record_that_is_gone_afterwards() {
    let scene = Scene::new();
    let said = scene.ends(0, "doctor --write-test Accounts --yes");
    assert_seen("doctor", "write_test", &{
        let uuid =
            regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}").unwrap();
        uuid.replace_all(&seen(&scene, &said), "ID").into_owned()
    });
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE deleted = 1"),
        1
    );
    assert_clean(&scene);
    assert_eq!(scene.files(), Vec::<String>::new());
}

#[test]
fn every_kind_of_instance_is_told_apart_and_left_clean() {
    let other_ids = Scene::of(&["--demo", "none", "--ignore-ids"]);
    let said = other_ids.ends(0, "doctor --write-test Accounts --yes --format json");
    let states_are = |said: &Said, wanted: [&str; 5]| {
        let found: Vec<String> = states(said).into_iter().map(|(_, state)| state).collect();
        assert_eq!(found, wanted, "{said}");
    };
    states_are(&said, ["lacks", "works", "works", "works", "works"]);
    assert_clean(&other_ids);
    // A record that cannot be deleted is named.
    let scene = Scene::new();
    scene
        .server
        .fault("label:not_authorized,scope=entry,method=DELETE");
    let said = scene.ends(4, "doctor --write-test Accounts --yes --format json");
    states_are(&said, ["works", "works", "works", "works", "fails"]);
    said.says("is left:");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE deleted = 0"),
        1
    );
}

#[test]
fn nothing_is_written_that_nobody_agreed_to() {
    let scene = Scene::new();
    scene
        .ends(5, "doctor --write-test Accounts")
        .says("nobody is there to say yes");
    scene
        .ends(3, "doctor --write-test Nothings --yes")
        .says("no module `Nothings`");
    scene.write(
        "sugarmill.toml",
        &format!(
            "[profiles.live]\nurl = \"{}\"\nproduction = true\n",
            scene.server.url
        ),
    );
    scene
        .ends(5, "doctor --profile live --write-test Accounts --yes")
        .says("is production; nothing was sent");
    scene.ends(3, "doctor --yes");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(
        0,
        "doctor --profile live --write-test Notes --yes --confirm 127.0.0.1",
    );
    assert_clean(&scene);
}
