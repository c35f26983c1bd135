//! Metadata kept between commands.

use std::path::PathBuf;

use crate::scene::Scene;

const PLAYBOOK: &str = "
version: 1
name: one
steps:
  - id: made
    create: Accounts
    key: one
    set: { name: A, industry: Banking }
";

fn scene() -> Scene {
    let scene = Scene::new().file("p.yaml", PLAYBOOK);
    let cache = scene.path("cache").display().to_string();
    scene.env("XDG_CACHE_HOME", &cache)
}

/// Requests for metadata and dropdown lists since so many lines of the log; the hash apart.
fn asked(scene: &Scene, since: usize) -> (usize, usize) {
    let log = scene.server.log();
    let paths: Vec<&str> = log[since..]
        .iter()
        .filter_map(|line| line["path"].as_str())
        .collect();
    let count = |is: &dyn Fn(&str) -> bool| paths.iter().filter(|path| is(path)).count();
    (
        count(&|path| path.ends_with("/metadata") || path.contains("/enum/")),
        count(&|path| path.ends_with("/metadata/_hash")),
    )
}

fn cached(scene: &Scene) -> Vec<PathBuf> {
    std::fs::read_dir(scene.path("cache/sugarmill"))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default()
}

#[test]
fn a_second_plan_asks_only_whether_they_are_the_same() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o a.run");
    let (metadata, hash) = asked(&scene, 0);
    assert!(metadata > 1 && hash == 1, "{metadata} {hash}");
    let before = scene.server.log().len();
    let said = scene.ends(0, "plan p.yaml -o b.run -v");
    assert_eq!(asked(&scene, before), (0, 1), "{said}");
    said.says("from the cache");
    assert_eq!(
        scene.ends(0, "show a.run --format json").json()["digest"],
        scene.ends(0, "show b.run --format json").json()["digest"]
    );

    scene.server.fault("metadata:Accounts.industry,times=1");
    let before = scene.server.log().len();
    let said = scene.ends(3, "plan p.yaml -o c.run");
    assert!(asked(&scene, before).0 > 0, "{said}");
    said.says("industry");
}

#[test]
fn a_damaged_cache_is_no_trouble() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o a.run");
    for file in cached(&scene) {
        std::fs::write(file, "{\"format\": 1, \"of\"").unwrap();
    }
    let said = scene.ends(0, "plan p.yaml -o b.run -v");
    said.says("is not used: EOF while parsing");
    let said = scene.ends(0, "plan p.yaml -o c.run -v");
    said.says("from the cache");
    let scene = scene.env("XDG_CACHE_HOME", "/dev/null");
    let said = scene.ends(0, "plan p.yaml -o d.run -v");
    said.says("metadata are not cached");
}

#[test]
fn a_sandbox_of_one_command_is_not_cached() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o a.run --sandbox");
    assert!(cached(&scene).is_empty());
}
