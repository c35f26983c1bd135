//! Links of several records at once, of which somebody moves some, or deletes them: those are left alone and named, and
//! the others are linked. What was really done is what undo takes back and what is not done again.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::dice::Dice;
use super::ground::Ground;
use crate::scene::Said;

/// The first contact of each operation, by its key.
const GROUPS: [(&str, usize); 3] = [("0", 0), ("3", 3), ("6", 6)];

fn playbook(steps: &str) -> String {
    format!(
        "
version: 1
name: partly
identity: test
limits: {{ max_deletes: 4 }}
settings: {{ batch_size: 4, concurrency: 1 }}
steps:
  - {{ id: away, filter: Accounts, where: {{ name: away }} }}
  - {{ id: home, filter: Accounts, where: {{ name: home }} }}
  - {{ id: deal, filter: Opportunities, where: {{ name: deal }} }}
  - {{ id: all, filter: Contacts, order_by: last_name, where: {{ last_name: {{ $starts: p }} }} }}
  - {{ id: tasks, filter: Tasks, order_by: name, where: {{ name: {{ $starts: t }} }} }}
{steps}"
    )
}

/// Three contacts an operation; those of one account become one request unless each goes alone.
fn gathering(more: &str) -> String {
    playbook(&format!(
        "
  - id: gather
    for_each: [0, 3, 6]
    key: '{{{{ item }}}}'
    link: Accounts
    record: '{{{{ steps.away.id }}}}'
    through: contacts
    to: '{{{{ steps.all.ids[item:item + 3] }}}}'
    {more}
  - id: written
    for_each: '{{{{ steps.tasks.records[:2] }}}}'
    key: '{{{{ item.name }}}}'
    update: Tasks
    record: '{{{{ item.id }}}}'
    set: {{ description: New }}
  - id: gone
    for_each: '{{{{ steps.tasks.records[2:] }}}}'
    key: '{{{{ item.name }}}}'
    delete: Tasks
    record: '{{{{ item.id }}}}'
"
    ))
}

impl Ground {
    fn plans(&self, yaml: &str) {
        self.scene.write("partly.yaml", yaml);
        self.scene.ends(0, "plan partly.yaml -o partly.run");
    }

    fn somebody_edits_task(&self, name: &str) {
        let sql = format!("SELECT id FROM tasks WHERE name = '{name}'");
        let path = format!("/Tasks/{}", self.scene.server.text(&sql));
        let body = json!({ "description": "Theirs" });
        self.scene.server.somebody("PUT", &path, &body);
    }

    /// Contact and account, of all that are linked.
    fn linked(&self) -> BTreeSet<(String, String)> {
        let sql = "SELECT c.last_name || ' ' || a.name FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id \
                   JOIN accounts a ON a.id = l.account_id WHERE l.deleted = 0 AND c.deleted = 0";
        let lines = self.scene.server.lines(sql);
        let pair = |line: &String| {
            let (name, account) = line.split_once(' ').unwrap();
            (name.to_owned(), account.to_owned())
        };
        lines.iter().map(pair).collect()
    }

    /// All contacts of an account, by name.
    fn of_account(&self, account: &str) -> Vec<String> {
        let linked = self.linked().into_iter();
        linked
            .filter(|(_, of)| of == account)
            .map(|(name, _)| name)
            .collect()
    }

    fn of_deal(&self) -> Vec<String> {
        self.scene.server.lines(
            "SELECT c.last_name FROM opportunities_contacts l JOIN contacts c ON c.id = l.contact_id \
             WHERE l.deleted = 0 AND c.deleted = 0 ORDER BY 1",
        )
    }

    fn names(&self, ids: &Value) -> BTreeSet<String> {
        let ids = ids["to"].as_array().unwrap();
        let name = |id: &Value| {
            let mut people = self.people.iter();
            people.find(|(_, known)| *known == id.as_str().unwrap())
        };
        ids.iter().map(|id| name(id).unwrap().0.clone()).collect()
    }

    /// Writes that a command sends.
    fn writes_of(&self, code: i32, line: &str) -> (usize, Said) {
        let before = self.scene.server.writes();
        let said = self.scene.ends(code, line);
        (self.scene.server.writes() - before, said)
    }
}

/// Somebody moves some contacts in some way, and edits a task of each kind; exactly those are left alone, whether the
/// links of several operations go as one request or not.
#[test]
fn of_several_records_only_what_somebody_moved_is_left_alone() {
    let mut dice = Dice::from_environment();
    let seed = dice.seed;
    for (flags, more) in [(&[][..], ""), (&[], "alone: true"), (&["--ignore-ids"], "")] {
        let ground = Ground::of(flags);
        ground.plans(&gathering(more));
        let mut moved: BTreeMap<String, &str> = BTreeMap::new();
        for name in ground.people.keys() {
            let how = ["moved", "taken", "deleted"];
            if dice.below(2) == 0 {
                moved.insert(name.clone(), how[usize::try_from(dice.below(3)).unwrap()]);
            }
        }
        for (name, how) in &moved {
            match *how {
                "moved" => ground.somebody_links(name, "other"),
                "taken" => ground.somebody_unlinks(name, "home"),
                _ => ground.somebody_deletes(name),
            }
        }
        ground.somebody_edits_task("t0");
        ground.somebody_edits_task("t2");
        let theirs = ground.linked();
        let said = ground.scene.ends(1, "apply partly.run --format json");
        let what = format!("SUGARMILL_PROVE_SEED={seed} {flags:?} {more:?} {moved:?}\n{said}");
        for (key, first) in GROUPS {
            let operation = said.operation("gather", key);
            let all: BTreeSet<String> =
                (first..8.min(first + 3)).map(|n| format!("p{n}")).collect();
            let (left, gone): (BTreeSet<String>, BTreeSet<String>) = all
                .iter()
                .cloned()
                .partition(|name| !moved.contains_key(name));
            let expected = match gone.is_empty() {
                true => json!(["ok", null]),
                false => json!(["failed", "local:drift"]),
            };
            assert_eq!(
                json!([operation["outcome"], operation["label"]]),
                expected,
                "{what}"
            );
            // Where nothing was linked, it says what was planned.
            let told = if left.is_empty() { &all } else { &left };
            assert_eq!(ground.names(&operation["after"]), *told, "{what}");
            let message = operation["message"].as_str().unwrap_or_default();
            for name in &gone {
                assert!(message.contains(&ground.people[name]), "{what}");
            }
            let rest = match left.len() {
                _ if gone.is_empty() => "",
                0 => "since it was planned",
                1 => "the other one was linked",
                _ => "the other 2 were linked",
            };
            assert!(message.ends_with(rest), "{what}");
        }
        for (step, key, label) in [
            ("written", "t0", json!("local:drift")),
            ("written", "t1", json!(null)),
            ("gone", "t2", json!("local:drift")),
            ("gone", "t3", json!(null)),
        ] {
            assert_eq!(said.operation(step, key)["label"], label, "{what}");
        }
        let mut expected = theirs.clone();
        for name in ground
            .people
            .keys()
            .filter(|name| !moved.contains_key(*name))
        {
            expected.remove(&(name.clone(), "home".to_owned()));
            expected.insert((name.clone(), "away".to_owned()));
        }
        assert_eq!(ground.linked(), expected, "{what}");
        // The task that was deleted does not come back.
        ground.scene.ends(1, "undo partly.run --yes");
        assert_eq!(ground.linked(), theirs, "{what}");
    }
}

#[test]
fn trying_again_sends_only_what_was_left_out_and_only_when_it_is_back() {
    let ground = Ground::of(&[]);
    ground.plans(&gathering(""));
    for name in ["p1", "p2", "p4"] {
        ground.somebody_links(name, "other");
    }
    let said = ground.scene.ends(1, "apply partly.run");
    said.says("sugarmill undo partly.run");
    assert_eq!(ground.of_account("away"), ["p0", "p3", "p5", "p6", "p7"]);
    // Five links, two tasks changed and two deleted.
    let counted = "| changes | 9 | `max_changes` not set |";
    ground
        .scene
        .ends(0, "show partly.run --format markdown")
        .says(counted);

    let (writes, said) = ground.writes_of(1, "apply partly.run --retry-failed --format json");
    assert_eq!(writes, 0, "{said}");
    let operation = said.operation("gather", "0");
    assert_eq!(
        ground.names(&operation["after"]),
        ["p0".to_owned()].into(),
        "{said}"
    );
    said.says("the other one was linked");

    ground.somebody_links("p1", "home");
    ground.somebody_links("p4", "home");
    let (writes, said) = ground.writes_of(1, "apply partly.run --retry-failed --format json");
    assert_eq!(said.operation("gather", "3")["outcome"], "ok", "{said}");
    assert_eq!(
        said.operation("gather", "0")["label"],
        "local:drift",
        "{said}"
    );
    assert_eq!(writes, 2, "a request for each of the two\n{said}");
    let away = ["p0", "p1", "p3", "p4", "p5", "p6", "p7"];
    assert_eq!(ground.of_account("away"), away);

    let (writes, _) = ground.writes_of(1, "apply partly.run --retry-failed");
    assert_eq!(writes, 0);
    ground.scene.ends(1, "undo partly.run --yes");
    assert_eq!(ground.of_account("home"), away);
    assert_eq!(ground.of_account("other"), ["p2"]);
}

/// Nothing of it is sent twice, and what is not sent is not sent by the life that goes on either.
#[test]
fn a_run_that_dies_over_a_part_goes_on_with_that_part() {
    let ground = Ground::of(&[]);
    ground.plans(&gathering(""));
    ground.somebody_links("p1", "other");
    let linked = ground.linked();
    let records = ground.scene.server.keep("records.db");
    std::fs::copy(
        ground.scene.path("partly.run"),
        ground.scene.path("kept.run"),
    )
    .unwrap();
    let mut died = 0;
    for point in [
        "AfterOmit",
        "AfterSent",
        "AfterAnswer",
        "InSettle",
        "AfterSettle",
    ] {
        ground.scene.server.restore(&records);
        std::fs::copy(
            ground.scene.path("kept.run"),
            ground.scene.path("partly.run"),
        )
        .unwrap();
        let survived = ground
            .scene
            .dies_at(&format!("{point}:1"), "apply partly.run");
        died += usize::from(survived.is_none());
        // It is back, but it was left out when the rest was sent.
        if point == "AfterSent" {
            ground.somebody_links("p1", "home");
        }
        let said = ground.scene.ends(1, "apply partly.run --format json");
        let operation = said.operation("gather", "0");
        assert_eq!(operation["label"], "local:drift", "{point}\n{said}");
        let parts: BTreeSet<String> = ["p0".to_owned(), "p2".to_owned()].into();
        assert_eq!(ground.names(&operation["after"]), parts, "{point}\n{said}");
        let away = ["p0", "p2", "p3", "p4", "p5", "p6", "p7"];
        assert_eq!(ground.of_account("away"), away, "{point}\n{said}");
        ground
            .scene
            .ends(1, &format!("undo partly.run --yes -o {point}.run"));
        let back = ["p0", "p2", "p3", "p4", "p5", "p6", "p7"].map(str::to_owned);
        let home = ground.of_account("home");
        assert!(
            back.iter().all(|name| home.contains(name)),
            "{point}: {home:?}"
        );
        if point != "AfterSent" {
            assert_eq!(ground.linked(), linked, "{point}");
        }
    }
    assert_eq!(died, 5);
}

/// Where any number of links is allowed, nothing is looked at before; the instance refuses what is gone.
#[test]
fn a_record_that_the_instance_does_not_have_is_refused_and_no_other() {
    let link = "
  - id: invited
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to: '{{ steps.all.ids[:4] }}'
";
    let ground = Ground::of(&[]);
    ground.plans(&playbook(link));
    ground.somebody_deletes("p2");
    let said = ground.scene.ends(1, "apply partly.run --format json");
    let operation = said.operation("invited", "0");
    assert_eq!(operation["label"], "not_found", "{said}");
    assert_eq!(operation["status"], 404, "{said}");
    assert_eq!(ground.of_deal(), ["p0", "p1", "p3"], "{said}");
    let parts = ["p0", "p1", "p3"].map(str::to_owned).into();
    assert_eq!(ground.names(&operation["after"]), parts, "{said}");
    let message = operation["message"].as_str().unwrap();
    assert!(message.contains(&ground.people["p2"]), "{message}");
    assert!(message.ends_with("the other 3 were linked"), "{message}");

    let (writes, said) = ground.writes_of(1, "apply partly.run --retry-failed --format json");
    assert_eq!(writes, 1, "{said}");
    assert_eq!(said.operation("invited", "0")["message"], message, "{said}");
    let deleted = "UPDATE contacts SET deleted = 0";
    ground.scene.server.database().execute(deleted, ()).unwrap();
    let (writes, _) = ground.writes_of(0, "apply partly.run --retry-failed");
    assert_eq!(writes, 1);
    assert_eq!(ground.of_deal(), ["p0", "p1", "p2", "p3"]);
    ground.scene.ends(0, "undo partly.run --yes");
    assert_eq!(ground.of_deal(), [""; 0]);
}

#[test]
fn all_that_the_instance_does_not_have_is_refused_as_one() {
    let link = "
  - id: invited
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to: '{{ steps.all.ids[:2] }}'
";
    let ground = Ground::of(&[]);
    ground.plans(&playbook(link));
    ground.somebody_deletes("p0");
    ground.somebody_deletes("p1");
    let said = ground.scene.ends(1, "apply partly.run --format json");
    let operation = said.operation("invited", "0");
    assert_eq!(operation["label"], "not_found", "{said}");
    assert_eq!(ground.names(&operation["after"]).len(), 2, "{said}");
    ground
        .scene
        .ends(0, "undo partly.run --yes")
        .says("nothing");
}

/// Taken away one by one, so one that is refused keeps none of the others.
#[test]
fn of_links_that_are_taken_away_those_that_were_come_back() {
    let unlink = "
  - id: left
    unlink: Accounts
    record: '{{ steps.home.id }}'
    through: contacts
    to: '{{ steps.all.ids[:4] }}'
";
    let ground = Ground::of(&[]);
    ground.plans(&playbook(unlink));
    ground.somebody_unlinks("p3", "home");
    let refused = &ground.people["p1"];
    ground.scene.server.fault(&format!(
        "label:not_authorized,scope=entry,method=DELETE,path=/link/contacts/{refused}"
    ));
    let said = ground.scene.ends(1, "apply partly.run --format json");
    let operation = said.operation("left", "0");
    assert_eq!(operation["label"], "not_authorized", "{said}");
    let message = operation["message"].as_str().unwrap();
    assert!(message.contains(refused), "{message}");
    assert!(message.ends_with("the other 3 were unlinked"), "{message}");
    assert_eq!(ground.of_account("home"), ["p1", "p4", "p5", "p6", "p7"]);
    ground.scene.server.behave();
    ground.scene.ends(0, "undo partly.run --yes");
    let home = ["p0", "p1", "p2", "p4", "p5", "p6", "p7"];
    assert_eq!(ground.of_account("home"), home);
}

/// One is moved elsewhere, one is where it shall be already, and one is the run's own to take back.
#[test]
fn what_somebody_linked_already_is_left_to_them() {
    let ground = Ground::of(&[]);
    ground.plans(&gathering(""));
    ground.somebody_links("p1", "other");
    ground.somebody_links("p2", "away");
    let said = ground.scene.ends(1, "apply partly.run --format json");
    let operation = said.operation("gather", "0");
    assert_eq!(operation["label"], "local:drift", "{said}");
    assert_eq!(
        ground.names(&operation["before"]),
        ["p2".to_owned()].into(),
        "{said}"
    );
    ground.scene.ends(1, "undo partly.run --yes");
    assert_eq!(ground.of_account("away"), ["p2"]);
    assert_eq!(ground.of_account("other"), ["p1"]);
}

/// The left record is the one that has one at most, so it is about all that it is linked to.
#[test]
fn a_record_that_is_bound_from_its_own_side_is_left_alone_as_a_whole() {
    let link = "
  - id: joined
    for_each: '{{ steps.all.records[:3] }}'
    key: '{{ item.last_name }}'
    link: Contacts
    record: '{{ item.id }}'
    through: accounts
    to: ['{{ steps.away.id }}']
";
    let ground = Ground::of(&[]);
    ground.plans(&playbook(link));
    ground.somebody_links("p1", "other");
    let (writes, said) = ground.writes_of(1, "apply partly.run --format json");
    let operation = said.operation("joined", "p1");
    assert_eq!(operation["label"], "local:drift", "{said}");
    assert_eq!(
        operation["message"],
        format!(
            "somebody linked `{}` to `{}` since it was planned",
            ground.people["p1"],
            ground.account("other")
        )
    );
    assert_eq!(writes, 2, "{said}");
    assert_eq!(ground.of_account("away"), ["p0", "p2"]);
    ground.scene.ends(0, "undo partly.run --yes");
    assert_eq!(ground.of_account("other"), ["p1"]);
    assert_eq!(ground.of_account("home").len(), 7);
}

/// Nobody wrote down that it was done, so the instance is asked.
#[test]
fn an_undo_finds_what_a_run_linked_before_it_died() {
    let steps = "
  - id: invited
    link: Opportunities
    record: '{{ steps.deal.id }}'
    through: contacts
    to: '{{ steps.all.ids[:3] }}'
  - id: left
    unlink: Accounts
    record: '{{ steps.home.id }}'
    through: contacts
    to: '{{ steps.all.ids[3:] }}'
  - { id: gather, link: Accounts, record: '{{ steps.away.id }}', through: contacts, to: '{{ steps.all.ids[:3] }}' }
";
    let ground = Ground::of(&[]);
    ground.plans(&playbook(steps));
    ground.somebody_links("p1", "other");
    let theirs = ground.linked();
    let survived = ground.scene.dies_at("AfterAnswer:1", "apply partly.run");
    assert!(survived.is_none(), "it dies before it writes anything down");
    assert!(ground.linked() != theirs || !ground.of_deal().is_empty());
    let said = ground.scene.ends(0, "undo partly.run --yes");
    assert_eq!(ground.linked(), theirs, "{said}");
    assert_eq!(ground.of_deal(), [""; 0], "{said}");
}
