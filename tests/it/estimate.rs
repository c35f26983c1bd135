//! What a plan says it will cost, beside what it then costs.

use serde_json::json;

use crate::scene::Scene;

const PLAYBOOK: &str = "version: 1
name: costs
limits: { max_changes: 2000, max_deletes: 100 }
steps:
  - id: owner
    filter: Users
    where: { user_name: sally }
  - id: accounts
    for_each: \"{{ range(250) }}\"
    as: n
    create: Accounts
    key: \"{{ n }}\"
    set: { name: \"account {{ n }}\", assigned_user_id: \"{{ steps.owner.first.id }}\" }
  - id: contacts
    for_each: \"{{ steps.accounts.items }}\"
    create: Contacts
    key: \"{{ item.source }}\"
    set: { last_name: \"contact {{ item.source }}\" }
  - id: attach
    for_each: \"{{ steps.contacts.items }}\"
    link: Contacts
    record: \"{{ item.id }}\"
    through: accounts
    to: \"{{ item.source.id }}\"
";

#[test]
fn an_estimate_is_near_what_comes() {
    let scene = Scene::of(&["--demo", "small"]).file("p.yaml", PLAYBOOK);
    // How much goes at once follows the time that answers take; without one of its own, that is the machine's.
    let cost = json!({ "request": 60, "create": 8, "update": 6, "read": 2, "workers": 4 });
    scene.server.cost(&cost);
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json").json();
    let estimate = &plan["estimate"];
    assert_eq!(estimate["rate"], "measured", "{estimate}");
    assert_eq!(estimate["at_least"], false, "{estimate}");
    let followed = estimate["may_follow"].as_array().unwrap();
    let of = |kind: &str| {
        let found = followed.iter().find(|one| one["kind"] == kind);
        found.map_or(0, |one| one["count"].as_u64().unwrap())
    };
    assert_eq!((of("assigned"), of("saved"), of("deleted")), (250, 500, 0));

    let run = scene.ends(0, "apply p.run --format json").json();
    assert_eq!(run["estimate"], serde_json::Value::Null);
    let http = |report: &serde_json::Value| report["requests"]["http"].as_u64().unwrap();
    let (estimated, came) = (
        estimate["requests"].as_u64().unwrap(),
        http(&run) - http(&plan),
    );
    assert!(
        estimated * 2 <= came * 3 && came * 2 <= estimated * 3,
        "{estimated} were estimated, {came} came"
    );
}

#[test]
fn what_is_not_known_makes_it_a_lower_bound() {
    let playbook = "version: 1
name: later
limits: { max_changes: 10, max_deletes: 10 }
steps:
  - { id: one, create: Accounts, key: one, set: { name: one } }
  - { id: found, filter: Accounts, where: { name: one }, depends_on: [one] }
  - { id: gone, for_each: \"{{ steps.found.records }}\", delete: Accounts, record: \"{{ item.id }}\" }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let said = scene.ends(0, "plan p.yaml -o p.run --format json");
    assert_eq!(said.json()["estimate"]["at_least"], true, "{said}");
    scene.ends(0, "show p.run").says("at least");
}
