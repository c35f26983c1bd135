//! Records that a run wrote more than once: taken back through every state they had, and nobody is blamed for what the
//! run or its undo did itself. What others did meanwhile is found, however little it shows.

use serde_json::json;

use super::ground::Ground;
use super::picture::Names;
use super::picture::Picture;
use crate::scene::Said;

const READS: &str = "
  - { id: home, filter: Accounts, where: { name: home } }
  - { id: away, filter: Accounts, where: { name: away } }
  - { id: one, filter: Contacts, where: { last_name: p0 } }
  - { id: deal, filter: Opportunities, where: { name: deal } }
";

fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: twice\nidentity: test\nlimits: {{ max_deletes: 5 }}\nsettings: {{ concurrency: 1 }}\nsteps:{READS}{steps}"
    )
}

/// Two steps on one record, the later one behind the earlier one.
const PAIRS: [(&str, &str, &str); 6] = [
    (
        "parts of collections",
        "update: Contacts\n    record: '{{ steps.one.id }}'\n    add: { tag: [One], email: one@x.example.com }",
        "update: Contacts\n    record: '{{ steps.one.id }}'\n    add: { tag: [Two], email: two@x.example.com }",
    ),
    (
        "an amount and its currency",
        "update: Opportunities\n    record: '{{ steps.deal.id }}'\n    set: { amount: 20 }",
        "update: Opportunities\n    record: '{{ steps.deal.id }}'\n    set: { currency_id: euro, base_rate: 0.9 }",
    ),
    (
        "linked and taken away again",
        "link: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ steps.one.id }}'",
        "unlink: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ steps.one.id }}'",
    ),
    (
        "taken away and linked elsewhere",
        "unlink: Accounts\n    record: '{{ steps.home.id }}'\n    through: contacts\n    to: '{{ steps.one.id }}'",
        "link: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ steps.one.id }}'",
    ),
    (
        "the same from the other side",
        "unlink: Contacts\n    record: '{{ steps.one.id }}'\n    through: accounts\n    to: '{{ steps.home.id }}'",
        "link: Contacts\n    record: '{{ steps.one.id }}'\n    through: accounts\n    to: '{{ steps.away.id }}'",
    ),
    (
        "linked and set",
        "link: Accounts\n    record: '{{ steps.away.id }}'\n    through: contacts\n    to: '{{ steps.one.id }}'",
        "update: Contacts\n    record: '{{ steps.one.id }}'\n    set: { title: Boss }",
    ),
];

/// Twice there and back: an undo, and the undo of that.
#[test]
fn what_was_written_twice_is_taken_back_through_both_states() {
    let ground = Ground::of(&[]);
    let picture = || Picture::of(&ground.scene.server, Names::Ids);
    for (what, first, second) in PAIRS {
        for order in ["", "    depends_on: [a]\n"] {
            if order.is_empty() && what.contains("taken away") {
                // Of these nobody could tell which comes first.
                continue;
            }
            let steps = format!("  - id: a\n    {first}\n  - id: b\n    {second}\n{order}");
            ground.scene.write("twice.yaml", &playbook(&steps));
            let before = picture();
            ground.scene.ends(0, "run twice.yaml --yes -o twice.run");
            let after = picture();
            ground
                .scene
                .ends(0, "undo twice.run --yes -o back.run --format json");
            assert_eq!(before.apart(&picture()), "", "{what} {order}");
            ground
                .scene
                .ends(0, "undo back.run --yes -o forth.run --format json");
            assert_eq!(after.apart(&picture()), "", "{what} {order}");
            ground.scene.ends(0, "undo forth.run --yes -o last.run");
            assert_eq!(before.apart(&picture()), "", "{what} {order}");
            for file in ["twice.run", "back.run", "forth.run", "last.run"] {
                std::fs::remove_file(ground.scene.path(file)).unwrap();
            }
        }
    }
}

/// The address that a run sets is one of several; what somebody does to the others is theirs.
#[test]
fn an_address_that_somebody_adds_is_never_lost() {
    let set = "  - id: a\n    update: Contacts\n    record: '{{ steps.one.id }}'\n    set: { email1: new@x.example.com }\n";
    let ground = Ground::of(&[]);
    let address = |address: &str, primary: bool, opt_out: bool| json!({ "email_address": address, "primary_address": primary, "opt_out": opt_out });
    let mine = [
        address("a@x.example.com", true, false),
        address("b@x.example.com", false, false),
    ];
    let theirs = address("c@x.example.com", false, true);
    let held = || {
        let sql = "SELECT email_address || ' ' || opt_out FROM email_addresses WHERE email_address LIKE '%@x.example.com' ORDER BY 1";
        ground.scene.server.lines(sql)
    };
    ground.somebody_writes("p0", &json!({ "email": mine }));
    ground.scene.write("twice.yaml", &playbook(set));
    let drifts = |said: &Said, step: &str| {
        let operation = said.operation(step, "0");
        assert_eq!(operation["label"], "local:drift", "{said}");
        assert!(
            operation["message"].as_str().unwrap().contains("`email`"),
            "{said}"
        );
    };

    // After the run.
    ground.scene.ends(0, "run twice.yaml --yes -o twice.run");
    let others = [
        address("new@x.example.com", true, false),
        mine[1].clone(),
        theirs.clone(),
    ];
    ground.somebody_writes("p0", &json!({ "email": others }));
    let kept = held();
    assert_eq!(kept.len(), 3, "{kept:?}");
    let said = ground.scene.ends(1, "undo twice.run --yes --format json");
    drifts(&said, "a");
    assert_eq!(held(), kept);

    // Between plan and apply.
    ground.somebody_writes("p0", &json!({ "email": mine }));
    ground.scene.ends(0, "plan twice.yaml -o again.run");
    let others = [mine[0].clone(), mine[1].clone(), theirs];
    ground.somebody_writes("p0", &json!({ "email": others }));
    let kept = held();
    let said = ground.scene.ends(1, "apply again.run --format json");
    drifts(&said, "a");
    assert_eq!(held(), kept);
}

/// Stamps have whole seconds, so an equal one proves nothing.
#[test]
fn what_somebody_does_in_the_same_second_is_seen() {
    let steps = "
  - { id: two, filter: Contacts, where: { last_name: p1 } }
  - { id: a, update: Contacts, record: '{{ steps.one.id }}', set: { title: Boss } }
  - { id: b, delete: Contacts, record: '{{ steps.two.id }}' }
";
    let ground = Ground::of(&[]);
    ground.scene.write("twice.yaml", &playbook(steps));
    ground.scene.ends(0, "plan twice.yaml -o twice.run");
    for name in ["p0", "p1"] {
        ground.somebody_writes(name, &json!({ "title": "Chief" }));
    }
    let stamps = "UPDATE contacts SET date_modified = '2026-01-01 00:00:00'";
    ground.scene.server.database().execute(stamps, ()).unwrap();
    let said = ground.scene.ends(1, "apply twice.run --format json");
    for step in ["a", "b"] {
        assert_eq!(said.operation(step, "0")["label"], "local:drift", "{said}");
    }
    let left = "SELECT last_name FROM contacts WHERE deleted = 0 AND title = 'Chief' ORDER BY 1";
    assert_eq!(ground.scene.server.lines(left), ["p0", "p1"]);
}

/// What hung on a record that the run deleted stays where the run put it: there is nothing to go back to. Nor is it news
/// that the record itself is not there.
#[test]
fn nothing_is_led_back_to_a_record_that_the_run_deleted() {
    let merge = "
  - { id: loser, filter: Contacts, where: { last_name: p1 } }
  - { id: task, filter: Tasks, where: { name: t0 } }
  - { id: note, update: Tasks, record: '{{ steps.task.id }}', set: { contact_id: '{{ steps.one.id }}', description: New } }
  - { id: moved, link: Contacts, record: '{{ steps.one.id }}', through: opportunities, to: '{{ steps.deal.id }}' }
  - { id: title, update: Contacts, record: '{{ steps.one.id }}', set: { title: Boss } }
  - { id: last, update: Contacts, record: '{{ steps.loser.id }}', set: { title: Gone } }
  - { id: gone, delete: Contacts, record: '{{ steps.loser.id }}', depends_on: [note, moved, last] }
";
    let ground = Ground::of(&[]);
    let sql = "UPDATE tasks SET contact_id = (SELECT id FROM contacts WHERE last_name = 'p1') WHERE name = 't0'";
    ground.scene.server.database().execute(sql, ()).unwrap();
    ground.scene.write("twice.yaml", &playbook(merge));
    ground.scene.ends(0, "run twice.yaml --yes -o twice.run");
    let said = ground.scene.ends(1, "undo twice.run --yes --format json");
    for step in ["note", "moved", "last", "gone"] {
        assert_eq!(
            said.operation(step, "0")["label"],
            "local:irreversible",
            "{said}"
        );
    }
    let last = said.operation("last", "0")["message"].clone();
    assert!(
        last.as_str()
            .unwrap()
            .starts_with("this run deleted the record"),
        "{said}"
    );
    assert_eq!(said.operation("title", "0")["outcome"], "ok", "{said}");
    let left = "SELECT t.description || ' of ' || c.last_name FROM tasks t JOIN contacts c ON c.id = t.contact_id \
                WHERE t.name = 't0'";
    assert_eq!(ground.scene.server.lines(left), ["New of p0"]);
    let left = "SELECT c.last_name FROM opportunities_contacts l JOIN contacts c ON c.id = l.contact_id WHERE l.deleted = 0";
    assert_eq!(ground.scene.server.lines(left), ["p0"]);
}
