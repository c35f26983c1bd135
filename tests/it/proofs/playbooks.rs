//! Every playbook that comes with the project, against a Sugar with demo data: what its plan says is what becomes of it,
//! a plan and a second apply send no write, an undo brings everything back, and it can be taken back itself.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use super::alike::alike;
use super::picture::Names;
use super::picture::Picture;
use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::project_file;

/// The default of its `before` moves with the calendar, the demo data do not.
const STALE: (&str, &str) = ("SUGARMILL_VAR_BEFORE", "2026-06-01");

fn playbooks() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(project_file("playbooks")).unwrap();
    let mut found: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    found.sort();
    found
}

/// Does something with each playbook and says what was wrong with which.
fn with_each(flags: &[&str], proof: impl Fn(&Scene, &str) -> Vec<String>) {
    let scene = Scene::of(flags).env(STALE.0, STALE.1);
    let ground = scene.server.keep("ground.db");
    let mut wrong = Vec::new();
    for path in playbooks() {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        scene.server.restore(&ground);
        for problem in proof(&scene, path.to_str().unwrap()) {
            wrong.push(format!("{name}: {problem}"));
        }
        for file in scene.files() {
            std::fs::remove_file(scene.path(&file)).unwrap();
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong, where something is.
fn unless(holds: bool, what: impl Into<String>) -> Option<String> {
    (!holds).then(|| what.into())
}

#[test]
fn what_was_planned_is_what_is_done_and_an_undo_brings_back_what_was() {
    with_each(&[], |scene, playbook| {
        let mut wrong = Vec::new();
        let picture = || Picture::of(&scene.server, Names::Ids);
        let writes = || scene.server.writes();
        let before = picture();
        let none = writes();

        let plan = scene.ends(
            0,
            &format!("plan {playbook} -o p.run --format json --show-pii"),
        );
        wrong.extend(unless(writes() == none, "the plan sends writes"));
        let run = scene.ends(0, "apply p.run --format json --show-pii");
        wrong.extend(unless(writes() > none, "nothing is done at all"));
        wrong.extend(as_planned(scene, &plan, &run));
        let after = picture();

        let done = writes();
        scene.ends(0, "apply p.run");
        wrong.extend(unless(writes() == done, "a second apply sends writes"));
        let again = scene.ends(
            0,
            &format!("run {playbook} --yes -o again.run --format json"),
        );
        wrong.extend(unless(
            writes() == done,
            format!("a second run sends writes:\n{again}"),
        ));

        // What nothing brings back is said in the plan, and named by the undo.
        let lost = lost(&plan);
        let code = i32::from(!lost.is_empty());
        let undo = scene.ends(0, "undo p.run --dry-run --format json --show-pii");
        wrong.extend(unless(writes() == done, "a dry undo sends writes"));
        scene.ends(0, "show p.undo.run");
        let named = named(&undo, "local:irreversible");
        let left: BTreeSet<String> = named.difference(&lost).cloned().collect();
        wrong.extend(unless(
            lost.is_subset(&named) && left == led_to(&run, &lost),
            format!("of {lost:?} the undo says that it cannot be brought back: {undo}"),
        ));
        let lost = named;
        scene.ends(code, "apply p.undo.run");
        wrong.extend(
            besides(&lost, &before.apart(&picture()))
                .map(|rows| format!("after the undo:\n{rows}")),
        );

        // Taken back, the undo leaves what it deleted deleted, and brings back everything else.
        let lost: BTreeSet<String> = lost.into_iter().chain(self::lost(&undo)).collect();
        scene.mill("undo p.undo.run --yes");
        wrong.extend(
            besides(&lost, &after.apart(&picture()))
                .map(|rows| format!("after the undo of the undo:\n{rows}")),
        );
        wrong
    });
}

/// The records of operations that took something from one of these, or may have: what doubles were linked to, a link of
/// the one that is kept does not say.
fn led_to(report: &Said, lost: &BTreeSet<String>) -> BTreeSet<String> {
    operations(report)
        .filter(|(_, operation)| operation["outcome"] == "ok" && operation["action"] != "delete")
        .filter(|(_, operation)| {
            let before = operation["before"].to_string();
            let is_moved = operation["action"] == "link" && !lost.is_empty();
            is_moved || lost.iter().any(|id| before.contains(id))
        })
        .map(|(_, operation)| operation["record"].as_str().unwrap().to_owned())
        .collect()
}

/// The records of operations that cannot be taken back.
fn lost(report: &Said) -> BTreeSet<String> {
    operations(report)
        .filter(|(_, operation)| operation["reversible"] == false)
        .filter(|(_, operation)| matches!(operation["outcome"].as_str(), Some("planned" | "ok")))
        .map(|(_, operation)| operation["record"].as_str().unwrap().to_owned())
        .collect()
}

fn named(report: &Said, label: &str) -> BTreeSet<String> {
    operations(report)
        .filter(|(_, operation)| operation["label"] == label)
        .map(|(_, operation)| operation["record"].as_str().unwrap().to_owned())
        .collect()
}

/// Differences that are about none of these records.
fn besides(records: &BTreeSet<String>, apart: &str) -> Option<String> {
    let rows: Vec<&str> = apart
        .lines()
        .filter(|line| !records.iter().any(|record| line.contains(record)))
        .collect();
    (!rows.is_empty()).then(|| rows[..rows.len().min(10)].join("\n"))
}

type Named = (String, Value);

fn operations(report: &Said) -> impl Iterator<Item = Named> {
    let steps = report.json()["steps"].as_array().unwrap().clone();
    steps.into_iter().flat_map(|step| {
        let operations = step["operations"].as_array().unwrap().clone();
        let id = step["id"].as_str().unwrap().to_owned();
        let module = step["module"].clone();
        operations.into_iter().map(move |mut operation| {
            let name = format!("{id}[{}]", operation["key"].as_str().unwrap());
            operation["module"] = module.clone();
            (name, operation)
        })
    })
}

/// What of a run is not as its plan said, and what of the instance is not as the run says.
fn as_planned(scene: &Scene, plan: &Said, run: &Said) -> Vec<String> {
    let planned: BTreeMap<String, Value> = operations(plan).collect();
    let mut wrong = Vec::new();
    let mut by_module: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, done) in operations(run) {
        let Some(planned) = planned.get(&name) else {
            // Its step could not be expanded before it was applied.
            by_module
                .entry(module(&done))
                .or_default()
                .push((name, done));
            continue;
        };
        if planned["outcome"] == "planned" {
            wrong.extend(unless(
                done["outcome"] == "ok",
                format!("{name} is {}", done["outcome"]),
            ));
            for what in ["record", "action", "before"] {
                let same = planned[what] == done[what];
                wrong.extend(unless(
                    same,
                    format!(
                        "{name}: `{what}` was planned as {} and is {}",
                        planned[what], done[what]
                    ),
                ));
            }
            wrong.extend(unless(
                alike(&planned["after"], &done["after"]),
                format!(
                    "{name}: planned as {} and reported as {}",
                    planned["after"], done["after"]
                ),
            ));
        }
        by_module
            .entry(module(&done))
            .or_default()
            .push((name, done));
    }
    for (module, operations) in by_module {
        wrong.extend(as_reported(scene, &module, &operations));
    }
    wrong
}

fn module(operation: &Value) -> String {
    operation["module"].as_str().unwrap_or_default().to_owned()
}

/// Compares the records of one module with what their last writes say that they hold.
fn as_reported(scene: &Scene, module: &str, operations: &[(String, Value)]) -> Vec<String> {
    let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    for (_, operation) in operations
        .iter()
        .filter(|(_, operation)| operation["outcome"] == "ok")
    {
        let record = operation["record"].as_str().unwrap().to_owned();
        match operation["action"].as_str().unwrap() {
            "create" | "update" => {
                let fields = wanted.entry(record).or_insert_with(|| json!({}));
                for (name, value) in operation["after"].as_object().unwrap() {
                    fields[name] = value.clone();
                }
            }
            "delete" => drop(gone.insert(record)),
            _ => {}
        }
    }
    let all: Vec<&String> = wanted.keys().chain(&gone).collect();
    let mut held: BTreeMap<String, Value> = BTreeMap::new();
    for ids in all.chunks(200) {
        let body = json!({ "filter": [{ "id": { "$in": ids } }], "max_num": 200 });
        let found = scene
            .server
            .somebody("POST", &format!("/{module}/filter"), &body);
        for record in found["records"].as_array().unwrap() {
            held.insert(record["id"].as_str().unwrap().to_owned(), record.clone());
        }
    }
    let mut wrong = Vec::new();
    for (id, fields) in wanted {
        for (name, value) in fields.as_object().unwrap() {
            let has = held.get(&id).map_or(&Value::Null, |record| &record[name]);
            wrong.extend(unless(
                alike(value, has),
                format!("{module} {id}: `{name}` is reported as {value} and is {has}"),
            ));
        }
    }
    let left: Vec<&String> = gone.iter().filter(|id| held.contains_key(*id)).collect();
    wrong.extend(unless(
        left.is_empty(),
        format!("{module}: {left:?} are still there"),
    ));
    wrong
}

#[test]
fn where_ids_are_ignored_the_same_records_are_there_and_nothing_is_twice() {
    let mut honoured = BTreeMap::new();
    let pictures = std::cell::RefCell::new(&mut honoured);
    let run = |scene: &Scene, playbook: &str| {
        scene.ends(0, &format!("run {playbook} --yes -o first.run"));
        Picture::of(&scene.server, Names::Values)
    };
    with_each(&[], |scene, playbook| {
        let picture = run(scene, playbook);
        pictures.borrow_mut().insert(playbook.to_owned(), picture);
        Vec::new()
    });
    with_each(&["--ignore-ids"], |scene, playbook| {
        let picture = run(scene, playbook);
        let apart = honoured[playbook].apart(&picture);
        let mut wrong = Vec::from_iter(unless(
            apart.is_empty(),
            format!("it is not the same:\n{apart}"),
        ));
        let done = scene.server.writes();
        let first = Picture::of(&scene.server, Names::Ids);
        scene.ends(0, "apply first.run");
        wrong.extend(unless(
            scene.server.writes() == done,
            "a second apply sends writes",
        ));
        let plan = scene.ends(0, &format!("plan {playbook} -o second.run --format json"));
        let again = operations(&plan)
            .filter(|(_, operation)| operation["action"] == "create")
            .find(|(_, operation)| operation["outcome"] == "planned");
        wrong.extend(again.map(|(name, _)| format!("a second plan creates {name} again")));
        scene.ends(0, "apply second.run");
        let second = Picture::of(&scene.server, Names::Ids);
        wrong.extend(unless(
            scene.server.writes() == done && second == first,
            format!("a second run changes something:\n{}", first.apart(&second)),
        ));
        wrong
    });
}
