//! What `init` writes works as it stands, and `runs` lists what came of it.

use crate::scene::Scene;

#[test]
fn what_init_writes_can_be_run() {
    let scene = Scene::of(&["--demo", "small"]);
    scene.ends(0, "init");
    scene.ends(0, "check playbooks/first.yaml");
    scene.ends(0, "run playbooks/first.yaml --yes -o first.run");
    let again = scene.ends(
        0,
        "run playbooks/first.yaml --yes -o again.run --format json",
    );
    assert_eq!(again.json()["summary"]["ok"], 0, "{again}");

    // Its profiles read: the one that is missing is the password.
    let said = scene.ends(3, "plan playbooks/first.yaml --profile production");
    assert!(said.stderr.contains("PRODUCTION_PASSWORD"), "{said}");
}

#[test]
fn init_touches_nothing_that_is_there() {
    let scene = Scene::new().file(".gitignore", "mine\n");
    let said = scene.ends(0, "init .");
    assert!(said.stdout.contains("kept     ./.gitignore"), "{said}");
    let kept = std::fs::read_to_string(scene.path(".gitignore")).unwrap();
    assert_eq!(kept, "mine\n");
    scene.ends(0, "init below/here");
    assert!(scene.path("below/here/playbooks/first.yaml").is_file());
}

#[test]
fn runs_are_listed_with_what_is_none() {
    let scene = Scene::of(&["--demo", "small"]).file("broken.run", "not a database");
    scene.ends(0, "init");
    scene.ends(0, "plan playbooks/first.yaml -o first.run");
    let listed = scene.ends(0, "runs --format json").json();
    assert_eq!(listed["runs"][0]["file"], "first.run");
    assert_eq!(listed["runs"][0]["result"], "planned");
    assert_eq!(listed["runs"][0]["counts"]["planned"], 4);
    assert_eq!(listed["runs"][1]["file"], "broken.run");
    assert!(listed["runs"][1]["error"].is_string());
    let text = scene.ends(0, "runs .").stdout;
    assert!(text.contains("planned      ./first.run"), "{text}");
    let empty = scene.ends(0, "runs playbooks").stdout;
    assert!(empty.starts_with("no run files here"), "{empty}");
}
