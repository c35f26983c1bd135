//! Searching and grouping what earlier steps gave, against a Sugar in another process.

use serde_json::json;

use crate::scene::Scene;
use crate::scene::playbook;

const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: [{ name: One, sic: '1' }, { name: Two, sic: '2' }, { name: Deux, sic: '2' }, { name: None, sic: '' }]
    create: Accounts
    key: '{{ item.name }}'
    set: { name: '{{ item.name }}', sic_code: '{{ item.sic }}' }
";

fn ground() -> Scene {
    Scene::on(GROUND)
}

#[test]
fn a_row_finds_its_record_by_any_field() {
    let steps = "
  - { id: accounts, list: Accounts }
  - id: people
    for_each: { csv: people.csv }
    key: '{{ item.last }}'
    create: Contacts
    set:
      last_name: '{{ item.last }}'
      phone_work: \"{{ item.phone | e164('49') }}\"
      account_id: \"{{ lookup(steps.accounts, 'name', item.company).id }}\"
    on_error: { 'local:missing_key': ignore }
";
    let scene = ground().file("people.yaml", &playbook(steps)).file(
        "people.csv",
        "last,company,phone\nDoe,One,030 / 12 34 567\nRoe,Deux,\nPoe,Nowhere,030 1234567\n",
    );
    let said = scene.ends(0, "run people.yaml --yes --format json --show-pii");
    assert_eq!(
        said.operation("people", "Poe")["label"],
        "local:missing_key"
    );
    let found = "SELECT c.last_name || ' ' || a.name || ' ' || coalesce(c.phone_work, '') FROM accounts_contacts l \
                 JOIN contacts c ON c.id = l.contact_id JOIN accounts a ON a.id = l.account_id ORDER BY 1";
    assert_eq!(
        scene.server.lines(found),
        ["Doe One +49301234567", "Roe Deux "]
    );
}

#[test]
fn several_records_are_no_answer() {
    let steps = "
  - { id: accounts, list: Accounts }
  - id: note
    create: Notes
    key: a
    set: { name: \"{{ lookup(steps.accounts, 'sic_code', '2').id }}\" }
";
    let scene = ground().file("note.yaml", &playbook(steps));
    let said = scene.ends(3, "plan note.yaml --format json");
    assert_eq!(said.operation("note", "a")["label"], "local:template");
    said.says("several records have the `sic_code` `2`");
}

#[test]
fn a_field_that_no_record_has_is_found_before_anything_is_sent() {
    let steps = "
  - { id: accounts, list: Accounts }
  - id: note
    create: Notes
    key: a
    set: { name: \"{{ lookup(steps.accounts, 'sick_code', '2').nmae }}\" }
";
    let scene = ground().file("note.yaml", &playbook(steps));
    let said = scene.ends(3, "plan note.yaml");
    said.says("`Accounts` has no field `sick_code`");
    said.says("`Accounts` has no field `nmae`");
}

#[test]
fn records_are_grouped() {
    let steps = "
  - { id: accounts, list: Accounts, fields: [name, sic_code] }
  - id: twice
    for_each: \"{{ group(steps.accounts.records, 'sic_code') }}\"
    when: item.key != '' and item.records | length > 1
    key: \"{{ item.key }}\"
    create: Notes
    set: { name: \"{{ item.records | map(attribute='name') | sort | join(', ') }}\" }
";
    let steps = steps.replace(
        "    key: \"{{ item.key }}\"\n",
        "    key: \"code {{ item.key }}\"\n",
    );
    let scene = ground().file("twice.yaml", &playbook(&steps));
    let said = scene.ends(0, "run twice.yaml --yes --format json");
    assert_eq!(said.json()["summary"]["ok"], json!(1));
    assert_eq!(scene.server.lines("SELECT name FROM notes"), ["Deux, Two"]);
}
