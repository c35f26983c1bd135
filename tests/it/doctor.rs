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
}

#[test]
fn without_an_instance_nothing_can_be_examined() {
    assert_eq!(sugarmill(["doctor"]).code, Some(3));
}
