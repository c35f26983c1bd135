//! Instances by name, and production, which wants its host typed.

use crate::scene::Said;
use crate::scene::Scene;

const PLAYBOOK: &str = "
version: 1
name: one
steps:
  - id: a
    create: Accounts
    key: one
    set: { name: One }
";

/// A scene whose instance is known by a profile alone.
fn scene(more: &str) -> Scene {
    let scene = Scene::new().file("p.yaml", PLAYBOOK);
    let profile = format!(
        "[profiles.live]\nurl = '{}/'\nusername = 'admin'\npassword_env = 'LIVE_PASSWORD'\n{more}",
        scene.server.url
    );
    scene.write("sugarmill.toml", &profile);
    let password = scene.server.password.clone();
    scene
        .env("SUGAR_URL", "")
        .env("SUGAR_USERNAME", "")
        .env("SUGAR_PASSWORD", "")
        .env("LIVE_PASSWORD", &password)
}

fn accounts(scene: &Scene) -> i64 {
    scene.server.count("SELECT count(*) FROM accounts")
}

#[test]
fn a_profile_says_how_to_reach_an_instance() {
    let scene = scene("");
    scene.ends(0, "run p.yaml --profile live --yes");
    assert_eq!(accounts(&scene), 1);
}

#[test]
fn without_a_choice_the_profiles_are_named() {
    let said = scene("").ends(3, "plan p.yaml");
    assert!(said.stderr.contains("`live`"), "{said}");
}

#[test]
fn production_wants_its_host() {
    let scene = scene("production = true");
    scene.ends(0, "plan p.yaml --profile live -o p.run");
    for refused in [
        "apply p.run --profile live",
        "apply p.run --profile live --confirm other.example.com",
        "run p.yaml --profile live --yes -o q.run",
    ] {
        let said = scene.ends(5, refused);
        assert!(said.stderr.contains("--confirm 127.0.0.1"), "{said}");
    }
    assert_eq!(accounts(&scene), 0);
    scene.ends(0, "apply p.run --profile live --confirm 127.0.0.1");
    assert_eq!(accounts(&scene), 1);
    scene.ends(5, "undo p.run --profile live --yes");
    assert_eq!(accounts(&scene), 1);
    scene.ends(0, "undo p.run --profile live --yes --confirm 127.0.0.1");
}

/// The command that a report names as what can be done next.
#[track_caller]
fn next(said: &Said, verb: &str) -> String {
    let line = said.stdout.lines().map(str::trim);
    let mut found = line.filter_map(|line| line.strip_prefix("sugarmill "));
    let found = found.find(|line| line.starts_with(verb));
    found.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// What a report says to do can be done as it stands there.
#[test]
fn the_next_command_is_whole() {
    let scene = scene("production = true");
    let planned = scene.ends(0, "plan p.yaml --profile live -o p.run");
    let applied = scene.ends(0, &next(&planned, "apply"));
    assert_eq!(accounts(&scene), 1);
    scene.ends(0, &format!("{} --yes", next(&applied, "undo")));
    let left = "SELECT count(*) FROM accounts WHERE deleted = 0";
    assert_eq!(scene.server.count(left), 0);
}

/// So can what it says of a limit that is passed.
#[test]
fn the_way_past_a_limit_is_whole() {
    let scene = scene("production = true");
    let limited = PLAYBOOK.replace("steps:", "limits: { max_changes: 0 }\nsteps:");
    scene.write("p.yaml", &limited);
    let past = "sugarmill apply p.run --profile live --confirm 127.0.0.1 --limit max_changes=1";
    let planned = scene.ends(5, "plan p.yaml --profile live -o p.run");
    planned.says(&format!("apply this plan all the same: `{past}`"));
    scene.ends(5, "apply p.run --profile live").says(past);
    let command = next(&planned, "apply");
    assert!(command.contains("--expect-digest"), "{command}");
    scene.ends(0, &command);
    assert_eq!(accounts(&scene), 1);

    let undo = "undo p.run --profile live --confirm 127.0.0.1 --yes";
    let refused = scene.ends(5, &format!("{undo} --max-deletes 0"));
    scene.ends(0, &format!("{} --yes", next(&refused, "undo")));
    let left = "SELECT count(*) FROM accounts WHERE deleted = 0";
    assert_eq!(scene.server.count(left), 0);
}

/// Where nobody is there to be asked, that is not the first thing to mend.
#[test]
fn a_profile_that_is_not_there_is_said_first() {
    let said = scene("").ends(3, "run p.yaml --profile liv");
    assert!(said.stderr.contains("did you mean `live`?"), "{said}");
}

#[test]
fn production_is_production_by_whatever_way_one_comes() {
    let scene = scene("production = true");
    let url = scene.server.url.clone();
    let password = scene.server.password.clone();
    let scene = scene
        .env("SUGAR_USERNAME", "admin")
        .env("SUGAR_PASSWORD", &password)
        .env("SUGAR_URL", &url);
    scene.ends(5, "run p.yaml --yes");
    assert_eq!(accounts(&scene), 0);
}

#[test]
fn a_profile_gives_records_their_identity() {
    let ids = |more: &str| {
        let scene = scene(more);
        let said = scene.ends(0, "plan p.yaml --profile live --format json");
        said.json()["steps"][0]["operations"][0]["record"].clone()
    };
    let one = ids("identity = 'crm'");
    assert_eq!(one, ids("identity = 'crm'"));
    assert_ne!(one, ids("identity = 'other'"));
}
