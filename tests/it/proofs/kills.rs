//! Killed wherever it matters, at any passage: resumed, a run ends in what it would have ended in undisturbed.
//!
//! A few passages of each point are tried in every run of the tests; all of them with `SUGARMILL_PROVE=all`.

use std::path::PathBuf;
use std::time::Duration;

use sugarmill::kill;
use sugarmill::kill::Point;

use super::dice::Dice;
use super::picture::Names;
use super::picture::Picture;
use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::project_file;

/// How often a run is resumed before it is said never to end.
const MOST_LIVES: usize = 5;

/// Passages tried where not all of them are. Where ids are ignored each kill has to be waited for.
fn some(names: Names) -> &'static [u64] {
    match names {
        Names::Ids => &[1, 4],
        Names::Values => &[3],
    }
}

/// Whether a passage is to be tried; nothing where no later one is either.
fn is_wanted(names: Names, passage: u64) -> Option<bool> {
    if all() {
        return Some(true);
    }
    let some = some(names);
    (passage <= some[some.len() - 1]).then(|| some.contains(&passage))
}

/// A Sugar and a folder, both brought back before each kill.
struct Ground {
    scene: Scene,
    /// Its records.
    records: PathBuf,
    /// What it holds when nobody is killed.
    undisturbed: Picture,
    names: Names,
    code: i32,
}

impl Ground {
    /// A planned run of everything.
    fn planned(names: Names) -> Self {
        let flags: &[&str] = match names {
            Names::Ids => &["--demo", "none"],
            Names::Values => &["--demo", "none", "--ignore-ids"],
        };
        let scene = Scene::of(flags);
        let path = |name: &str| project_file(&format!("tests/proofs/{name}.yaml"));
        scene.ends(
            0,
            &format!("run {} --yes -o ground.run", path("ground").display()),
        );
        scene.ends(
            0,
            &format!("plan {} -o planned.run", path("everything").display()),
        );
        let account = "SELECT id FROM accounts WHERE name = 'Acme drifting'";
        let id = scene.server.text(account);
        let contact = "SELECT id FROM contacts WHERE last_name = 'Crowd second'";
        let contact = scene.server.text(contact);
        scene.server.somebody(
            "POST",
            &format!("/Accounts/{id}/link/contacts/{contact}"),
            &serde_json::json!({}),
        );
        let energy = serde_json::json!({ "industry": "Energy" });
        scene.server.somebody_edits("Accounts", &id, &energy);
        let records = scene.server.keep("before.db");
        let mut ground = Self {
            scene,
            records,
            undisturbed: Picture::default(),
            names,
            code: 1,
        };
        ground.again();
        let said = ground.scene.ends(1, "apply p.run --format json");
        assert_eq!(said.json()["summary"]["labels"]["local:drift"], 2, "{said}");
        assert_eq!(said.json()["summary"]["failed"], 2, "{said}");
        ground.undisturbed = Picture::of(&ground.scene.server, names);
        ground
    }

    /// As it was before anything was done.
    fn again(&self) {
        self.scene.server.restore(&self.records);
        let _ = std::fs::remove_dir_all(self.scene.state());
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.scene.path(&format!("p.run{suffix}")));
        }
        std::fs::copy(self.scene.path("planned.run"), self.scene.path("p.run")).unwrap();
    }

    /// Dies at a passage and goes on until it is done; says what is wrong then. Nothing where it never came by.
    fn dies_at(&self, point: Point, passage: u64) -> Option<Vec<String>> {
        let at = format!("{point:?}:{passage}");
        self.again();
        match point {
            // What it passes only when it finds what another life left open, or what an answer did not say.
            Point::InReconcile => drop(self.scene.dies_at("AfterAnswer:3", "apply p.run")),
            // Fewer than the attempts of one request, so that no read gives up.
            Point::AfterQuestion => {
                self.scene
                    .server
                    .fault("drop_after,path=/bulk,skip=2,times=3");
            }
            _ => {}
        }
        let survived = self.scene.dies_at(&at, "apply p.run").is_some();
        self.scene.server.behave();
        if survived {
            return None;
        }
        Some(self.resumed(&at))
    }

    /// Goes on until it is done, and says what is wrong then.
    fn resumed(&self, at: &str) -> Vec<String> {
        let said = self.until_done("apply p.run --format json");
        let mut wrong = Vec::new();
        if said.code != Some(self.code) {
            wrong.push(format!(
                "killed at {at}, it ends in {:?}: {}",
                said.code,
                digest(&said)
            ));
        }
        let picture = Picture::of(&self.scene.server, self.names);
        let apart = self.undisturbed.apart(&picture);
        if !apart.is_empty() {
            wrong.push(format!(
                "killed at {at}, it is not the same:\n{apart}{}",
                digest(&said)
            ));
        }
        let left = self.scene.files();
        if left.iter().any(|name| name.contains("p.run-")) {
            wrong.push(format!("killed at {at}, there is left: {left:?}"));
        }
        wrong
    }

    fn until_done(&self, line: &str) -> Said {
        let mut said = self.scene.mill(line);
        for _ in 0..MOST_LIVES {
            // What nobody can tell the end of is tried again by hand.
            if said.json()["summary"]["unknown"] == 0 {
                break;
            }
            said = self.scene.mill(&format!("{line} --retry-unknown"));
        }
        said
    }
}

fn all() -> bool {
    std::env::var("SUGARMILL_PROVE").is_ok_and(|what| what == "all")
}

/// What went wrong of a run, a line for each operation.
fn digest(said: &Said) -> String {
    let report = said.json();
    let mut text = format!("{}\n{}\n", report["summary"], said.stderr);
    for step in report["steps"].as_array().unwrap() {
        for operation in step["operations"].as_array().unwrap() {
            let outcome = operation["outcome"].as_str().unwrap();
            if !matches!(outcome, "ok" | "unchanged") {
                let (id, key, message) = (&step["id"], &operation["key"], &operation["message"]);
                text.push_str(&format!("  {id} {key}: {outcome} {message}\n"));
            }
        }
    }
    text
}

/// Every point, at some passages or all.
#[expect(
    clippy::print_stdout,
    reason = "who asks for all of them wants to know how many there were"
)]
fn killed_everywhere(names: Names, points: &[Point]) {
    let ground = Ground::planned(names);
    let mut kills = Vec::new();
    let mut wrong = Vec::new();
    for point in points {
        let mut tried = 0;
        for passage in 1.. {
            match is_wanted(names, passage) {
                None => break,
                Some(false) => continue,
                Some(true) => {}
            }
            let Some(found) = ground.dies_at(*point, passage) else {
                break;
            };
            tried += 1;
            wrong.extend(found);
        }
        kills.push(format!("{point:?} {tried}"));
    }
    println!("{names:?}: {}", kills.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn of_apply() -> Vec<Point> {
    kill::ALL
        .into_iter()
        .filter(|point| {
            !matches!(
                point,
                Point::BeforeName | Point::BeforeNote | Point::AfterNote
            )
        })
        .collect()
}

#[test]
fn an_apply_that_dies_anywhere_goes_on() {
    killed_everywhere(Names::Ids, &of_apply());
}

#[test]
fn an_apply_that_dies_anywhere_where_ids_are_ignored_goes_on() {
    killed_everywhere(Names::Values, &of_apply());
}

/// Killed from outside, at moments that nobody chose.
#[test]
fn an_apply_that_is_killed_at_any_moment_goes_on() {
    let ground = Ground::planned(Names::Ids);
    let mut dice = Dice::from_environment();
    let seed = dice.seed;
    let runs = if all() { 40 } else { 3 };
    for _ in 0..runs {
        ground.again();
        let mut moments = Vec::new();
        for _ in 0..=dice.below(3) {
            let moment = Duration::from_millis(20 + dice.below(600));
            let mut apply = ground.scene.start("apply p.run");
            std::thread::sleep(moment);
            apply.kill().unwrap();
            apply.wait().unwrap();
            moments.push(moment);
        }
        let wrong = ground.resumed(&format!("{moments:?} (SUGARMILL_PROVE_SEED={seed})"));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The file has its name only when it is whole; what a killed plan leaves beside it is no plan and in nobody's way.
#[test]
fn a_plan_that_dies_leaves_no_file_under_its_name() {
    let playbook = project_file("tests/proofs/everything.yaml");
    let ground = project_file("tests/proofs/ground.yaml");
    let scene = Scene::new();
    scene.ends(0, &format!("run {} --yes -o ground.run", ground.display()));
    let line = format!("plan {} -o p.run", playbook.display());
    let mut died = 0;
    for point in [Point::InExpansion, Point::BeforeFinish, Point::BeforeName] {
        for passage in [1, 2, 9] {
            let said = scene.dies_at(&format!("{point:?}:{passage}"), &line);
            if said.is_some() {
                std::fs::remove_file(scene.path("p.run")).unwrap();
                continue;
            }
            died += 1;
            assert!(
                !scene.files().contains(&"p.run".to_owned()),
                "{point:?}:{passage}"
            );
            scene.ends(3, "apply p.run").says("p.run");
            scene.ends(0, &line);
            assert_eq!(scene.files(), ["ground.run", "p.run"]);
            std::fs::remove_file(scene.path("p.run")).unwrap();
        }
    }
    assert!(died >= 5, "only {died}");
    // A plan that is there is replaced as a whole, or stays what it is.
    scene.ends(0, &line);
    let before = std::fs::read(scene.path("p.run")).unwrap();
    assert!(scene.dies_at("BeforeName:1", &line).is_none());
    assert!(std::fs::read(scene.path("p.run")).unwrap() == before);
}

/// An undo that dies anywhere goes on with the same command.
#[test]
fn an_undo_that_dies_anywhere_goes_on() {
    let ground = Ground::planned(Names::Ids);
    ground.again();
    ground.scene.ends(1, "apply p.run");
    let applied = ground.scene.server.keep("applied.db");
    std::fs::copy(ground.scene.path("p.run"), ground.scene.path("applied.run")).unwrap();
    let again = || {
        ground.scene.server.restore(&applied);
        for name in ground.scene.files() {
            if name.starts_with("p.") {
                std::fs::remove_file(ground.scene.path(&name)).unwrap();
            }
        }
        std::fs::copy(ground.scene.path("applied.run"), ground.scene.path("p.run")).unwrap();
    };
    again();
    // A delete and what was made along with a record stay.
    ground.scene.ends(1, "undo p.run --yes");
    let undone = Picture::of(&ground.scene.server, Names::Ids);
    let points = [
        Point::InExpansion,
        Point::BeforeName,
        Point::BeforeNote,
        Point::AfterNote,
        Point::AfterSent,
        Point::AfterAnswer,
        Point::InSettle,
        Point::AfterRecord,
        Point::BeforeFinish,
    ];
    for point in points {
        for passage in 1.. {
            match is_wanted(Names::Ids, passage) {
                None => break,
                Some(false) => continue,
                Some(true) => {}
            }
            let at = format!("{point:?}:{passage}");
            again();
            if ground.scene.dies_at(&at, "undo p.run --yes").is_some() {
                break;
            }
            let said = ground.scene.mill("undo p.run --yes");
            let apart = undone.apart(&Picture::of(&ground.scene.server, Names::Ids));
            assert!(
                said.code == Some(1) && apart.is_empty(),
                "{at}\n{apart}\n{said}"
            );
        }
    }
}

/// What is expected of a read is asked of it by the life that goes on, where the one that read it died before.
#[test]
fn a_read_that_was_not_judged_before_a_kill_is_judged_after_it() {
    let yaml = "
version: 1
name: judged
identity: test
steps:
  - { id: made, create: Accounts, key: made, set: { name: made } }
  - id: found
    for_each: [made, nobody]
    key: '{{ item }}'
    depends_on: [made]
    filter: Accounts
    where: { name: '{{ item }}' }
    expect: { count: 1 }
";
    let scene = Scene::new().file("judged.yaml", yaml);
    let unexpected = |said: &Said| {
        let operation = said.operation("found", "nobody");
        assert_eq!(operation["label"], "local:expect", "{said}");
    };
    scene.ends(0, "plan judged.yaml -o judged.run");
    unexpected(&scene.ends(1, "apply judged.run --format json"));
    let again = "apply judged.run --retry-failed --format json";
    assert!(scene.dies_at("AfterReplace:1", again).is_none());
    unexpected(&scene.ends(1, "apply judged.run --format json"));
    // And once it is as expected, nothing stands against it.
    let account = serde_json::json!({ "name": "nobody" });
    scene.server.somebody("POST", "/Accounts", &account);
    assert!(scene.dies_at("AfterReplace:1", again).is_none());
    scene.ends(0, "apply judged.run --format json");
}
