//! The run file: whatever bytes stand under its name, it is used whole, or refused with the reason and what to do.

use std::os::unix::fs::PermissionsExt;

use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::wait_until;
use crate::weather::assert_arrived;
use crate::weather::playbook;

fn planned(rows: usize) -> Scene {
    let scene = Scene::new().file("p.yaml", &playbook(rows, ""));
    scene.ends(0, "plan p.yaml -o p.run");
    scene
}

fn bytes(scene: &Scene, name: &str) -> Vec<u8> {
    std::fs::read(scene.path(name)).unwrap()
}

/// Sets a pragma of a copy of the run file.
fn with_version(scene: &Scene, name: &str, version: i32) {
    std::fs::copy(scene.path("p.run"), scene.path(name)).unwrap();
    let database = rusqlite::Connection::open(scene.path(name)).unwrap();
    database
        .pragma_update(None, "user_version", version)
        .unwrap();
}

#[test]
fn only_its_owner_reads_it() {
    let scene = planned(1);
    let mode = |name: &str| {
        std::fs::metadata(scene.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("p.run"), 0o600);
    scene.ends(0, "apply p.run");
    assert_eq!(mode("p.run"), 0o600);
}

#[test]
fn what_is_no_run_file_is_refused_and_left_as_it_is() {
    let scene = planned(3);
    let whole = bytes(&scene, "p.run");
    let mut flipped = whole.clone();
    // A page in the middle, which a look at the header does not show.
    let middle = whole.len() / 2 / 4096 * 4096;
    flipped[middle..middle + 4096].fill(0xa5);
    for (name, content) in [
        ("empty.run", Vec::new()),
        (
            "text.run",
            b"version: 1\nname: not a run file at all\n".to_vec(),
        ),
        (
            "random.run",
            (0..8192_u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect(),
        ),
        ("header.run", whole[..100].to_vec()),
        ("half.run", whole[..whole.len() / 2].to_vec()),
        ("cut.run", whole[..whole.len() - 4096].to_vec()),
        ("flipped.run", flipped),
    ] {
        std::fs::write(scene.path(name), &content).unwrap();
    }
    with_version(&scene, "newer.run", 99);
    with_version(&scene, "older.run", 1);
    let other = rusqlite::Connection::open(scene.path("other.run")).unwrap();
    other
        .execute_batch("CREATE TABLE somebodys (data)")
        .unwrap();
    drop(other);
    std::fs::create_dir(scene.path("folder.run")).unwrap();
    for (name, reason, advice) in [
        (
            "missing.run",
            "there is no run file `missing.run`",
            "`plan` writes run files",
        ),
        (
            "no/such/folder.run",
            "there is no run file `no/such/folder.run`",
            "`plan` writes run files",
        ),
        (
            "folder.run",
            "`folder.run` is not a run file",
            "`plan` writes run files",
        ),
        (
            "empty.run",
            "`empty.run` is not a run file",
            "`plan` writes run files",
        ),
        (
            "text.run",
            "`text.run` is not a run file",
            "`plan` writes run files",
        ),
        (
            "random.run",
            "`random.run` is not a run file",
            "`plan` writes run files",
        ),
        (
            "other.run",
            "`other.run` is not a run file",
            "`plan` writes run files",
        ),
        ("header.run", "`header.run` is damaged", "take a whole copy"),
        ("half.run", "`half.run` is damaged", "take a whole copy"),
        ("cut.run", "`cut.run` is damaged", "take a whole copy"),
        (
            "flipped.run",
            "`flipped.run` is damaged",
            "take a whole copy",
        ),
        (
            "newer.run",
            "`newer.run` was written by a newer sugarmill (format 99; this one reads",
            "use that sugarmill",
        ),
        (
            "older.run",
            "`older.run` was written by an older sugarmill (format 1; this one reads",
            "plan again",
        ),
    ] {
        let before = std::fs::read(scene.path(name)).ok();
        for command in ["show", "apply", "undo --yes"] {
            let said = scene.ends(3, &format!("{command} {name}"));
            said.says(reason);
            said.says(advice);
        }
        assert_eq!(std::fs::read(scene.path(name)).ok(), before, "{name}");
    }
    assert_eq!(scene.server.writes(), 0);
    let is_left = |name: &String| name.contains(".lock") || name.contains("-wal");
    let left: Vec<String> = scene.files().into_iter().filter(is_left).collect();
    assert!(left.is_empty(), "no lock, no journal is left: {left:?}");
}

#[test]
fn what_was_sent_is_not_planned_over() {
    let scene = planned(2);
    // A plan may take the place of a plan.
    scene.ends(0, "plan p.yaml -o p.run");
    scene.ends(0, "apply p.run");
    let before = bytes(&scene, "p.run");
    let said = scene.ends(5, "plan p.yaml -o p.run");
    said.says("`p.run` holds a run that was already sent");
    said.says("help: name another file with `-o`");
    scene.ends(5, "run p.yaml --yes -o p.run");
    assert_eq!(bytes(&scene, "p.run"), before);
    let said = scene.ends(5, "plan p.yaml -o p.yaml");
    said.says("is there already and no plan of sugarmill");
}

#[test]
fn a_plan_for_another_instance_is_refused() {
    let scene = planned(2);
    let elsewhere = Scene::new();
    std::fs::copy(scene.path("p.run"), elsewhere.path("p.run")).unwrap();
    let said = elsewhere.ends(5, "apply p.run");
    said.says(&format!("this plan was made for `{}`", scene.server.url));
    elsewhere.ends(5, "apply p.run --sandbox");
    assert_eq!(elsewhere.server.writes(), 0);
}

#[test]
fn it_is_read_while_it_is_written_and_whole_after_a_kill() {
    let scene = planned(40);
    scene.server.fault("latency:100,path=/bulk");
    let mut apply = scene.start("apply p.run");
    let mut grew = Vec::new();
    wait_until("it does not go on", || {
        let shown = scene.ends(0, "show p.run --format json");
        let ok = shown.json()["summary"]["ok"].as_u64().unwrap();
        if grew.last() != Some(&ok) {
            grew.push(ok);
        }
        grew.len() == 3
    });
    assert!(grew.is_sorted() && grew.len() == 3, "{grew:?}");
    apply.kill().unwrap();
    apply.wait().unwrap();
    let left = scene.files();
    assert!(left.contains(&"p.run-wal".to_owned()), "{left:?}");
    let shown = scene.ends(0, "show p.run --format json");
    assert!(
        shown.json()["summary"]["ok"].as_u64() >= grew.last().copied(),
        "what was seen stays"
    );
    scene
        .ends(0, "show p.run")
        .says("interrupted without a word, as by a kill");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    assert_arrived(&scene, 40);
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
}

#[test]
fn a_copy_without_its_journal_doubles_nothing() {
    let scene = planned(20);
    scene.server.fault("latency:60,path=/bulk");
    let mut apply = scene.start("apply p.run");
    wait_until("too little is made", || {
        scene.server.count("SELECT count(*) FROM accounts") >= 8
    });
    apply.kill().unwrap();
    apply.wait().unwrap();
    // Somebody carries FILE away and leaves FILE-wal behind: it knows less than was done.
    std::fs::copy(scene.path("p.run"), scene.path("copy.run")).unwrap();
    scene.server.behave();
    let said = scene.mill("apply copy.run --format json");
    let said: Said = match said.code {
        // The journal held all of the plan's run so far: the file alone is the plan as it was.
        Some(0) => said,
        _ => panic!("{said}"),
    };
    assert_eq!(said.json()["summary"]["unknown"], 0);
    assert_arrived(&scene, 20);
}

/// What a plan cannot know yet says what it waits for; an output without a value says why; and where nothing was done
/// there is nothing to undo, and no report of something else.
#[test]
fn what_is_missing_says_why() {
    let steps = "
  - { id: left, filter: Notes, limit: 2, depends_on: [made] }
  - { id: made, create: Notes, key: a, set: { name: A } }
  - { id: again, for_each: '$.steps.left.records[*]', update: Notes, record: '{{ item.id }}', max: 9, set: { description: B } }
outputs:
  worse: '{{ 1 / 0 }}'
";
    let scene = Scene::new().file("p.yaml", &format!("version: 1\nname: p\nsteps:{steps}"));
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json").json();
    let reason = |step: &str| {
        let steps = plan["steps"].as_array().unwrap();
        let step = steps.iter().find(|one| one["id"] == step).unwrap();
        step["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(reason("left"), "not known before `made` has run");
    assert_eq!(reason("again"), "not known before `left` has run");
    let text = scene.ends(0, "show p.run");
    assert!(text.stdout.contains("at least 1 planned"), "{text}");
    assert!(
        text.stdout.contains("output `worse` has no value: "),
        "{text}"
    );

    let undone = scene.ends(0, "undo p.run --yes");
    assert_eq!(undone.stdout, "");
    assert!(
        undone.stderr.contains("there is nothing to undo"),
        "{undone}"
    );

    let run = scene.ends(0, "apply p.run --format json").json();
    let reasons = run["steps"].as_array().unwrap().iter();
    let reasons: Vec<_> = reasons.filter(|step| !step["reason"].is_null()).collect();
    assert!(reasons.is_empty(), "what was waited for came: {reasons:?}");
    let warnings = run["diagnostics"].as_array().unwrap().iter();
    let warnings = warnings.filter(|one| one["code"] == "no_output");
    assert_eq!(warnings.count(), 1, "it is said once");

    scene.ends(0, "undo p.run --yes");
    let runs = scene.ends(0, "runs");
    assert!(runs.stdout.contains("    undo of "), "{runs}");
}

#[test]
fn a_run_is_of_whoever_applied_it() {
    let steps = "
version: 1
name: made
steps:
  - { id: make, key: one, create: Accounts, set: { name: One } }
  - { id: mark, favorite: Accounts, record: '{{ steps.make.id }}' }
";
    let scene = Scene::new().file("p.yaml", steps);
    let user = |said: &Said| said.json()["instance"]["user"].clone();
    let planned = scene.ends(0, "plan p.yaml -o p.run --format json");
    assert_eq!(user(&planned), "admin");
    let scene = scene.env("SUGAR_USERNAME", "jim");
    assert_eq!(user(&scene.ends(0, "apply p.run --format json")), "jim");
    assert_eq!(
        scene
            .server
            .text("SELECT created_by FROM accounts WHERE name = 'One'"),
        "seed_jim_id"
    );
    scene.ends(0, "show p.run").says("as jim, planned as admin");
    let markdown = scene.ends(0, "show p.run --format markdown");
    markdown.says("as `jim, planned as admin`");
    // The mark is of the one who set it, and so is the right to take it back.
    scene.ends(0, "undo p.run --yes");
}
