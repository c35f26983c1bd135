//! Links carry columns of their own: what a run sets, replaces or takes away, undo brings back with what stood there.

use serde_json::json;

use super::picture::Names;
use super::picture::Picture;
use crate::scene::Scene;

/// A contact that has its account as the primary one, and the parts that three contacts play in a deal.
const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: accounts
    for_each: [home, away]
    create: Accounts
    key: '{{ item }}'
    set: { name: '{{ item }}' }
  - id: people
    for_each: [p0, p1, p2, p3]
    create: Contacts
    key: '{{ item }}'
    set: { last_name: '{{ item }}' }
  - id: deal
    create: Opportunities
    key: deal
    set: { name: deal, amount: 1, date_closed: '2026-01-01', sales_stage: Prospecting }
  - id: home
    link: Accounts
    record: '{{ steps.accounts.by_key.home.id }}'
    through: contacts
    to:
      - { id: '{{ steps.people.by_key.p0.id }}', primary_account: true }
      - { id: '{{ steps.people.by_key.p1.id }}', primary_account: false }
  - id: parts
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to:
      - { id: '{{ steps.people.by_key.p0.id }}', contact_role: Influencer }
      - { id: '{{ steps.people.by_key.p1.id }}', contact_role: Other }
      - { id: '{{ steps.people.by_key.p2.id }}', contact_role: Executive Sponsor }
";

/// Of the deal one part changes, one comes, one goes; both contacts of the account move to another one.
const RUN: &str = "
version: 1
name: columns
identity: test
steps:
  - { id: away, filter: Accounts, where: { name: away } }
  - { id: deal, filter: Opportunities, where: { name: deal } }
  - { id: people, filter: Contacts, where: { last_name: { $starts: p } }, key: '{{ item.last_name }}' }
  - id: cast
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to:
      - { id: '{{ steps.people.by_key.p0.id }}', contact_role: Technical Evaluator }
      - { id: '{{ steps.people.by_key.p3.id }}', contact_role: Influencer }
  - id: dropped
    unlink: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to: '{{ steps.people.by_key.p2.id }}'
  - id: moved
    link: Accounts
    record: '{{ steps.away.id }}'
    through: contacts
    to:
      - { id: '{{ steps.people.by_key.p0.id }}', primary_account: false }
      - { id: '{{ steps.people.by_key.p1.id }}', primary_account: true }
";

fn parts(scene: &Scene) -> Vec<String> {
    scene.server.lines(
        "SELECT c.last_name || ' ' || l.contact_role FROM opportunities_contacts l \
         JOIN contacts c ON c.id = l.contact_id WHERE l.deleted = 0 ORDER BY 1",
    )
}

fn primary(scene: &Scene) -> Vec<String> {
    scene.server.lines(
        "SELECT c.last_name || ' ' || a.name || ' ' || l.primary_account FROM accounts_contacts l \
         JOIN contacts c ON c.id = l.contact_id JOIN accounts a ON a.id = l.account_id WHERE l.deleted = 0 ORDER BY 1",
    )
}

fn ground() -> Scene {
    let scene = Scene::new()
        .file("ground.yaml", GROUND)
        .file("columns.yaml", RUN);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    scene
}

#[test]
fn an_undo_brings_back_the_columns_of_links() {
    let scene = ground();
    let before = Picture::of(&scene.server, Names::Ids);
    let (cast, homes) = (parts(&scene), primary(&scene));
    assert_eq!(cast, ["p0 Influencer", "p1 Other", "p2 Executive Sponsor"]);
    assert_eq!(homes, ["p0 home 1", "p1 home 0"]);

    scene.ends(0, "run columns.yaml --yes -o columns.run");
    assert_eq!(
        parts(&scene),
        ["p0 Technical Evaluator", "p1 Other", "p3 Influencer"]
    );
    assert_eq!(primary(&scene), ["p0 away 0", "p1 away 1"]);

    scene.ends(0, "undo columns.run --yes");
    assert_eq!(parts(&scene), cast);
    assert_eq!(primary(&scene), homes);
    let apart = before.apart(&Picture::of(&scene.server, Names::Ids));
    assert!(apart.is_empty(), "{apart}");
}

/// The one that somebody moved keeps what he gave it; the other moves, and comes back with what it had.
#[test]
fn of_a_part_that_was_linked_the_columns_come_back() {
    let scene = ground();
    scene.ends(0, "plan columns.yaml -o columns.run");
    let id = |sql: &str| scene.server.text(sql);
    let home = id("SELECT id FROM accounts WHERE name = 'home'");
    let p0 = id("SELECT id FROM contacts WHERE last_name = 'p0'");
    let link = format!("/Accounts/{home}/link/contacts/{p0}");
    scene.server.somebody("DELETE", &link, &json!(null));
    let said = scene.ends(1, "apply columns.run --format json");
    assert_eq!(said.operation("moved", "0")["label"], "local:drift");
    assert_eq!(primary(&scene), ["p1 away 1"]);
    scene.ends(0, "undo columns.run --yes");
    assert_eq!(primary(&scene), ["p1 home 0"]);
}

/// Gives a contact another part in the deal.
fn somebody_casts(scene: &Scene, name: &str, role: &str) {
    let id = |table: &str, name: &str| {
        let column = if table == "contacts" {
            "last_name"
        } else {
            "name"
        };
        let sql = format!("SELECT id FROM {table} WHERE {column} = '{name}'");
        scene.server.text(&sql)
    };
    let contact = json!({ "id": id("contacts", name), "contact_role": role });
    scene.server.somebody(
        "POST",
        &format!("/Opportunities/{}/link", id("opportunities", "deal")),
        &json!({ "link_name": "contacts", "ids": [contact] }),
    );
}

#[test]
fn a_plan_says_which_columns_it_replaces() {
    let scene = ground();
    let plan = scene.ends(0, "plan columns.yaml --format json -o columns.run");
    let cast = plan.operation("cast", "0");
    let p0 = scene
        .server
        .text("SELECT id FROM contacts WHERE last_name = 'p0'");
    let role = |side: &str| cast[side]["columns"][&p0]["contact_role"].clone();
    assert_eq!(role("before"), "Influencer");
    assert_eq!(role("after"), "Technical Evaluator");
    let change = "contact_role \"Influencer\" → \"Technical Evaluator\"";
    for format in ["text", "markdown"] {
        scene
            .ends(0, &format!("show columns.run --format {format}"))
            .says(change);
    }
}

#[test]
fn columns_that_somebody_set_meanwhile_are_not_written_over() {
    let scene = ground();
    scene.ends(0, "plan columns.yaml -o columns.run");
    somebody_casts(&scene, "p0", "Business User");
    somebody_casts(&scene, "p3", "Business User");
    let said = scene.ends(1, "apply columns.run --format json");
    let cast = said.operation("cast", "0");
    assert_eq!(cast["label"], "local:drift", "{said}");
    let message = cast["message"].as_str().unwrap();
    assert!(
        message.contains("somebody set `contact_role` of the link to"),
        "{message}"
    );
    assert_eq!(
        parts(&scene),
        ["p0 Business User", "p1 Other", "p3 Business User"]
    );
}

#[test]
fn columns_that_somebody_set_as_planned_are_no_drift() {
    let scene = ground();
    scene.ends(0, "plan columns.yaml -o columns.run");
    somebody_casts(&scene, "p0", "Technical Evaluator");
    somebody_casts(&scene, "p3", "Influencer");
    let said = scene.ends(0, "apply columns.run --format json");
    assert_eq!(
        said.operation("cast", "0")["outcome"],
        "unchanged",
        "{said}"
    );
}

#[test]
fn an_undo_leaves_links_whose_columns_somebody_set_after_the_run() {
    let scene = ground();
    scene.ends(0, "run columns.yaml --yes -o columns.run");
    somebody_casts(&scene, "p0", "Business User");
    somebody_casts(&scene, "p3", "Business Evaluator");
    let said = scene.ends(1, "undo columns.run --yes --format json");
    assert_eq!(said.json()["summary"]["labels"]["local:drift"], 2, "{said}");
    said.says("somebody changed `contact_role` of the link to");
    assert_eq!(
        parts(&scene),
        [
            "p0 Business User",
            "p1 Other",
            "p2 Executive Sponsor",
            "p3 Business Evaluator"
        ]
    );
    assert_eq!(primary(&scene), ["p0 home 1", "p1 home 0"]);
    scene.ends(0, "undo columns.run --yes --force");
    assert_eq!(
        parts(&scene),
        ["p0 Influencer", "p1 Other", "p2 Executive Sponsor"]
    );
}

/// A contact that the run makes itself, with a part in the deal.
const MADE: &str = "
version: 1
name: made
identity: test
settings: { concurrency: 1, request_timeout: 2s }
steps:
  - { id: deal, filter: Opportunities, where: { name: deal } }
  - { id: people, filter: Contacts, where: { last_name: { $starts: p } }, key: '{{ item.last_name }}' }
  - { id: made, create: Contacts, key: p9, set: { last_name: p9 } }
  - id: cast
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to:
      - { id: '{{ steps.people.by_key.p0.id }}', contact_role: Technical Evaluator }
      - { id: '{{ steps.people.by_key.p3.id }}', contact_role: Influencer }
  - id: joined
    link: Contacts
    record: '{{ steps.made.id }}'
    through: opportunities
    to: { id: '{{ steps.deal.id }}', contact_role: Other }
";

/// What was sent is stored, and the process died before it wrote that down; or it is about to be sent to a record that
/// the life before made.
#[test]
fn columns_that_somebody_set_after_a_kill_are_not_written_over() {
    for (point, step, name, is_stored) in [
        ("AfterAnswer:1", "cast", "p0", true),
        ("AfterRecord:1", "joined", "p9", false),
        ("AfterAnswer:2", "joined", "p9", true),
    ] {
        let scene = ground().file("made.yaml", MADE);
        scene.ends(0, "plan made.yaml -o made.run");
        let survived = scene.dies_at(point, "apply made.run");
        assert!(survived.is_none());
        let cast = parts(&scene);
        let has_part = cast.iter().any(|part| part.starts_with(name));
        assert_eq!(has_part, is_stored, "{cast:?}");
        somebody_casts(&scene, name, "Business User");
        let said = scene.ends(1, "apply made.run --format json");
        let operation = said.operation(step, "0");
        assert_eq!(operation["label"], "local:drift", "{said}");
        let theirs = parts(&scene);
        assert!(theirs.contains(&format!("{name} Business User")), "{said}");
        // The others have what they were given.
        assert!(theirs.contains(&"p3 Influencer".to_owned()), "{said}");
        // Nor is it written over by being tried again.
        scene.ends(1, "apply made.run --retry-failed");
        assert_eq!(parts(&scene), theirs);
    }
}
