//! Somebody else changes records between plan and apply, or after a run: exactly those are left alone, and named.

use serde_json::json;

use super::dice::Dice;
use super::ground::Ground;
use crate::scene::Said;

/// What somebody does to a contact.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Theirs {
    /// In a field that the operation sets.
    SameField,
    /// What the operation is about to do.
    SameValue,
    OtherField,
    /// Saved, and nothing changed.
    Stamp,
    Deleted,
    MovedAway,
    TakenOff,
}

/// A verb, what somebody does, and what becomes of the operation on that record.
const CASES: &[(&str, Theirs, &str, Option<&str>)] = &[
    ("update", Theirs::SameField, "failed", Some("local:drift")),
    ("update", Theirs::SameValue, "unchanged", None),
    ("update", Theirs::OtherField, "ok", None),
    ("update", Theirs::Stamp, "ok", None),
    ("update", Theirs::Deleted, "failed", Some("local:drift")),
    ("delete", Theirs::SameField, "failed", Some("local:drift")),
    ("delete", Theirs::OtherField, "failed", Some("local:drift")),
    ("delete", Theirs::Stamp, "ok", None),
    ("delete", Theirs::Deleted, "unchanged", None),
    ("link", Theirs::MovedAway, "failed", Some("local:drift")),
    ("link", Theirs::TakenOff, "failed", Some("local:drift")),
    ("link", Theirs::OtherField, "ok", None),
    ("link", Theirs::Deleted, "failed", Some("local:drift")),
    ("unlink", Theirs::TakenOff, "unchanged", None),
    ("unlink", Theirs::OtherField, "ok", None),
    ("unlink", Theirs::Deleted, "unchanged", None),
];

fn step(verb: &str) -> &str {
    match verb {
        "update" => "update: Contacts\n    record: '{{ item.id }}'\n    set: { title: Boss }",
        "delete" => "delete: Contacts\n    record: '{{ item.id }}'",
        "link" => {
            "link: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ item.id }}'"
        }
        _ => {
            "unlink: Accounts\n    record: '{{ steps.home.id }}'\n    through: contacts\n    to: '{{ item.id }}'"
        }
    }
}

fn playbook(verb: &str, more: &str) -> String {
    format!(
        "
version: 1
name: drift
identity: test
limits: {{ max_deletes: 8 }}
settings: {{ batch_size: 3, concurrency: 1 }}
steps:
  - {{ id: home, filter: Accounts, where: {{ name: home }} }}
  - {{ id: away, filter: Accounts, where: {{ name: away }} }}
  - {{ id: all, filter: Contacts, order_by: last_name, where: {{ last_name: {{ $starts: p }} }} }}
  - id: do
    for_each: '{{{{ steps.all.records }}}}'
    key: '{{{{ item.last_name }}}}'
    {}
    {more}
",
        step(verb)
    )
}

impl Ground {
    fn changes(&self, name: &str, theirs: Theirs) {
        let writes = |body| self.somebody_writes(name, &body);
        match theirs {
            Theirs::SameField => writes(json!({ "title": "Chief" })),
            Theirs::SameValue => writes(json!({ "title": "Boss" })),
            Theirs::OtherField => writes(json!({ "description": "New" })),
            Theirs::Stamp => writes(json!({ "title": "Clerk" })),
            Theirs::Deleted => self.somebody_deletes(name),
            Theirs::MovedAway => self.somebody_links(name, "other"),
            Theirs::TakenOff => self.somebody_unlinks(name, "home"),
        }
    }

    /// Some records, by chance.
    fn some(&self, dice: &mut Dice) -> Vec<String> {
        let wanted = 1 + usize::try_from(dice.below(4)).unwrap();
        let mut names: Vec<String> = self.people.keys().cloned().collect();
        while names.len() > wanted {
            let place = usize::try_from(dice.below(names.len() as u64)).unwrap();
            names.remove(place);
        }
        names
    }
}

#[test]
fn what_somebody_changed_after_the_plan_is_left_alone_and_nothing_else() {
    let ground = Ground::of(&[]);
    let kept = ground.scene.server.keep("ground.db");
    let mut dice = Dice::from_environment();
    let seed = dice.seed;
    let mut wrong = Vec::new();
    for (verb, theirs, outcome, label) in CASES {
        ground.scene.server.restore(&kept);
        ground.scene.write("drift.yaml", &playbook(verb, ""));
        ground.scene.ends(0, "plan drift.yaml -o drift.run");
        let some = ground.some(&mut dice);
        for name in &some {
            ground.changes(name, *theirs);
        }
        let said = ground.scene.mill("apply drift.run --format json");
        for name in ground.people.keys() {
            let operation = said.operation("do", name);
            let expected = match some.contains(name) {
                true => (json!(outcome), json!(label)),
                false => (json!("ok"), json!(null)),
            };
            if (operation["outcome"].clone(), operation["label"].clone()) != expected {
                wrong.push(format!(
                    "{verb}, {theirs:?} of {some:?}: {name} is {operation}"
                ));
            }
        }
        let code = i32::from(*outcome == "failed");
        if said.code != Some(code) {
            wrong.push(format!(
                "{verb}, {theirs:?} of {some:?}: it ends in {:?}",
                said.code
            ));
        }
        std::fs::remove_file(ground.scene.path("drift.run")).unwrap();
    }
    assert!(
        wrong.is_empty(),
        "SUGARMILL_PROVE_SEED={seed}\n{}",
        wrong.join("\n")
    );
}

/// A run that writes the same contacts before it links them, and what it does to some of them itself is no drift.
#[test]
fn a_link_is_looked_at_though_the_run_wrote_its_records_before() {
    let all = "for_each: '{{ steps.all.records }}'\n    key: '{{ item.last_name }}'\n   ";
    let updated = format!("{all} {}", step("update"));
    let unlinked = format!("{all} {}", step("unlink"));
    let deleted = "delete: Accounts\n    record: '{{ steps.home.id }}'".to_owned();
    let moved = ("failed", Some("local:drift"));
    let cases = [
        (&updated, Theirs::MovedAway, "ok", moved),
        (&updated, Theirs::TakenOff, "ok", moved),
        (&updated, Theirs::OtherField, "ok", ("ok", None)),
        (&unlinked, Theirs::MovedAway, "unchanged", moved),
        (&unlinked, Theirs::TakenOff, "unchanged", moved),
        (&unlinked, Theirs::OtherField, "ok", ("ok", None)),
        (&deleted, Theirs::MovedAway, "ok", moved),
        (&deleted, Theirs::OtherField, "ok", ("ok", None)),
    ];
    let ground = Ground::of(&[]);
    let kept = ground.scene.server.keep("ground.db");
    let mut dice = Dice::from_environment();
    let seed = dice.seed;
    for (first, theirs, before, link) in cases {
        ground.scene.server.restore(&kept);
        let ahead = format!("  - id: ahead\n    {first}\n  - id: do\n    depends_on: [ahead]\n");
        let yaml = playbook("link", "").replace("  - id: do\n", &ahead);
        ground.scene.write("drift.yaml", &yaml);
        ground.scene.ends(0, "plan drift.yaml -o drift.run");
        let some = ground.some(&mut dice);
        for name in &some {
            ground.changes(name, theirs);
        }
        let code = i32::from(link.0 == "failed");
        let said = ground.scene.ends(code, "apply drift.run --format json");
        let what = format!("SUGARMILL_PROVE_SEED={seed} {first}, {theirs:?} of {some:?}\n{said}");
        for name in ground.people.keys() {
            let (before, (outcome, label)) = match some.contains(name) {
                true => (before, link),
                false => ("ok", ("ok", None)),
            };
            let key = if *first == deleted { "0" } else { name };
            assert_eq!(
                said.operation("ahead", key)["outcome"],
                before,
                "{name} {what}"
            );
            let operation = said.operation("do", name);
            let found = (&operation["outcome"], &operation["label"]);
            assert_eq!(found, (&json!(outcome), &json!(label)), "{name} {what}");
        }
        std::fs::remove_file(ground.scene.path("drift.run")).unwrap();
    }
}

#[test]
fn drift_stops_a_run_only_where_it_is_named() {
    let ground = Ground::of(&[]);
    let yaml = playbook("update", "on_error: { 'local:drift': stop }");
    ground.scene.write("drift.yaml", &yaml);
    ground.scene.ends(0, "plan drift.yaml -o drift.run");
    ground.changes("p0", Theirs::SameField);
    let said = ground.scene.ends(1, "apply drift.run --format json");
    assert_eq!(said.operation("do", "p0")["label"], "local:drift");
    assert_eq!(said.operation("do", "p7")["outcome"], "planned");
    said.says("local:drift");
}

/// A run of updates and creates, and somebody who edits one record of each after it.
fn undone_after(theirs: &[(&str, &str)], flags: &str, code: i32) -> (Ground, Said) {
    let ground = Ground::of(&[]);
    let more = "
  - id: notes
    for_each: '{{ steps.all.records }}'
    create: Notes
    key: '{{ item.last_name }}'
    set: { name: 'About {{ item.last_name }}' }
";
    let yaml = playbook("update", "") + more;
    ground.scene.write("drift.yaml", &yaml);
    ground.scene.ends(0, "run drift.yaml --yes -o drift.run");
    let database = ground.scene.server.database();
    for (table, name) in theirs {
        let column = if *table == "Notes" {
            "name"
        } else {
            "last_name"
        };
        let sql = format!("SELECT id FROM {table} WHERE {column} = '{name}'");
        let id: String = database.query_row(&sql, (), |row| row.get(0)).unwrap();
        let body = json!({ "description": "Mine", "title": "Chief" });
        ground.scene.server.somebody_edits(table, &id, &body);
    }
    let said = ground
        .scene
        .ends(code, &format!("undo drift.run --yes --format json{flags}"));
    (ground, said)
}

#[test]
fn an_undo_leaves_what_somebody_edited_after_the_run() {
    let edited = [("Contacts", "p3"), ("Notes", "About p5")];
    let (ground, said) = undone_after(&edited, "", 1);
    let labels = said.json()["summary"]["labels"].clone();
    assert_eq!(labels, json!({ "local:drift": 2 }), "{said}");
    assert_eq!(said.operation("do", "p3")["label"], "local:drift");
    assert_eq!(said.operation("notes", "p5")["label"], "local:drift");
    let left = "SELECT last_name || ' ' || title FROM contacts WHERE title <> 'Clerk'";
    assert_eq!(ground.scene.server.lines(left), ["p3 Chief"]);
    let left = "SELECT name FROM notes WHERE deleted = 0";
    assert_eq!(ground.scene.server.lines(left), ["About p5"]);
}

#[test]
fn an_undo_takes_by_force_what_somebody_edited() {
    let edited = [("Contacts", "p3"), ("Notes", "About p5")];
    let (ground, _) = undone_after(&edited, " --force", 0);
    let count = |sql: &str| ground.scene.server.count(sql);
    assert_eq!(
        count("SELECT count(*) FROM contacts WHERE title <> 'Clerk'"),
        0
    );
    assert_eq!(count("SELECT count(*) FROM notes WHERE deleted = 0"), 0);
}

#[test]
fn an_undo_deletes_no_more_than_it_may() {
    let (ground, said) = undone_after(&[], " --max-deletes 7", 5);
    said.says("8 deletes are more than `max_deletes: 7` allows, by 1");
    said.says("undo again with `--max-deletes 8`");
    let count = |sql: &str| ground.scene.server.count(sql);
    assert_eq!(count("SELECT count(*) FROM notes WHERE deleted = 0"), 8);
    assert_eq!(
        count("SELECT count(*) FROM contacts WHERE title = 'Boss'"),
        8
    );
    ground.scene.ends(0, "undo drift.run --yes");
    assert_eq!(count("SELECT count(*) FROM notes WHERE deleted = 0"), 0);
}
