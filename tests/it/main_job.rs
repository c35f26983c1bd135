//! The main job: the import of customers that opens the README, run against a Sugar in another process.

use crate::scene::Scene;
use crate::scene::only_run_file;
use crate::scene::project_file;

fn scene() -> (Scene, String) {
    let playbook = project_file("playbooks/import-customers.yaml");
    (Scene::of(&[]), playbook.display().to_string())
}

#[test]
fn customers_arrive_once_and_whole() {
    let (scene, playbook) = scene();
    let server = &scene.server;
    let (accounts, links) = (
        server.count("SELECT count(*) FROM accounts WHERE deleted = 0"),
        server.count("SELECT count(*) FROM accounts_contacts WHERE deleted = 0"),
    );

    let first = scene.ends(
        0,
        &format!("run {playbook} --yes --format json -o first.run"),
    );
    let arrived = |sql: &str| server.count(sql);
    assert_eq!(
        arrived("SELECT count(*) FROM accounts WHERE deleted = 0") - accounts,
        200
    );
    assert_eq!(
        arrived("SELECT count(*) FROM accounts_contacts WHERE deleted = 0") - links,
        599
    );
    assert_eq!(
        arrived(
            "SELECT count(*) FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id JOIN accounts a \
             ON a.id = l.account_id WHERE l.deleted = 0 AND c.deleted = 0 AND a.deleted = 0"
        ) - links,
        599,
        "every link has both its ends"
    );
    assert_eq!(first.json()["result"], "succeeded");

    let bad = first.operation("contacts", "C-10317");
    assert_eq!(bad["outcome"], "skipped");
    assert_eq!(bad["label"], "local:missing_key");
    assert_eq!(bad["row"]["file"], "data/contacts.csv");
    assert_eq!(bad["row"]["line"], 318);

    let writes = server.writes();
    let second = scene.ends(
        0,
        &format!("run {playbook} --yes --format json -o second.run"),
    );
    assert_eq!(server.writes(), writes, "the second run sends no write");
    assert_eq!(second.json()["summary"]["ok"], 0);
    assert_eq!(second.json()["summary"]["unchanged"], 200 + 599 + 599 + 22);
    let text = scene.ends(0, "show second.run");
    text.says("200 unchanged");
    text.says("599 unchanged");
    assert_eq!(scene.files(), ["first.run", "second.run"]);
}

#[test]
fn a_plan_writes_nothing_and_apply_needs_nothing_but_it() {
    let (scene, playbook) = scene();
    let plan = scene.ends(0, &format!("plan {playbook}"));
    assert_eq!(scene.server.writes(), 0);
    plan.says("data/contacts.csv:318");

    // The run file alone, on a machine that never saw playbook and data.
    let elsewhere = Scene::of(&["--demo", "none"])
        .env("SUGAR_URL", &scene.server.url)
        .env("SUGAR_PASSWORD", &scene.server.password);
    std::fs::copy(
        scene.path(&only_run_file(&scene)),
        elsewhere.path("carried.run"),
    )
    .unwrap();
    let said = elsewhere.ends(0, "apply carried.run");
    said.says("599 ok");
    assert_eq!(elsewhere.files(), ["carried.run"]);
}
