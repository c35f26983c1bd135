//! Writes beside the plain ones, against a Sugar in another process: marks, records below others, parts of lists, upserts.

use serde_json::json;

use crate::scene::Scene;
use crate::scene::playbook;

/// Two accounts to work on.
const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: [one, two]
    create: Accounts
    key: '{{ item }}'
    set: { name: 'Acme {{ item }}' }
";

fn ground() -> Scene {
    Scene::on(GROUND)
}

#[test]
fn a_favorite_is_set_once_and_taken_away_once() {
    let all = "
  - { id: all, list: Accounts }
";
    let mark = |verb: &str| {
        playbook(&format!(
            "{all}  - id: mark
    for_each: '{{{{ steps.all.records }}}}'
    {verb}: Accounts
    record: '{{{{ item.id }}}}'
"
        ))
    };
    let scene = ground()
        .file("set.yaml", &mark("favorite"))
        .file("unset.yaml", &mark("unfavorite"));
    let favorites = || scene.server.count("SELECT count(*) FROM sugarfavorites");

    let plan = scene.ends(0, "plan set.yaml --format json -o set.run");
    let first = plan.operation("mark", "0");
    assert_eq!(first["action"], "favorite");
    assert_eq!(first["before"], json!({ "my_favorite": false }));
    assert_eq!(first["after"], json!({ "my_favorite": true }));
    assert_eq!(favorites(), 0);

    let done = scene.ends(0, "apply set.run --format json");
    assert_eq!(done.json()["summary"]["ok"], 2);
    assert_eq!(favorites(), 2);
    let again = scene.ends(0, "plan set.yaml --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2);

    scene.ends(0, "run unset.yaml --yes -o unset.run");
    assert_eq!(favorites(), 0);
}

#[test]
fn a_mark_set_both_ways_is_a_conflict() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - { id: on, favorite: Accounts, record: '{{ steps.one.id }}' }
  - { id: off, unfavorite: Accounts, record: '{{ steps.one.id }}', depends_on: on }
";
    let scene = ground().file("both.yaml", &playbook(steps));
    let said = scene.ends(3, "plan both.yaml");
    said.says("steps `on` and `off` set `my_favorite`");
}

#[test]
fn a_record_is_created_below_another_and_linked_to_it() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: new
    create: Accounts
    key: new
    set: { name: Acme new }
  - id: staff
    for_each: [Doe, Roe]
    create: Contacts
    key: '{{ item }}'
    set: { last_name: '{{ item }}' }
    under: { module: Accounts, record: '{{ steps.new.id if item == \"Doe\" else steps.one.id }}', through: contacts }
";
    let scene = ground().file("staff.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan staff.yaml -o staff.run");
    plan.says("through contacts");
    assert_eq!(scene.server.count("SELECT count(*) FROM contacts"), 0);
    scene.ends(0, "apply staff.run");
    let staff = "SELECT a.name || ' ' || c.last_name FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id \
                 JOIN accounts a ON a.id = l.account_id WHERE l.deleted = 0 ORDER BY 1";
    assert_eq!(scene.server.lines(staff), ["Acme new Doe", "Acme one Roe"]);
    let again = scene.ends(
        0,
        "plan staff.yaml --format json -o again.run --detailed-exitcode",
    );
    assert_eq!(again.json()["summary"]["unchanged"], 3);

    let contact = scene
        .server
        .text("SELECT id FROM contacts WHERE last_name = 'Roe'");
    let account = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Acme one'");
    let link = format!("/Accounts/{account}/link/contacts/{contact}");
    scene.server.somebody("DELETE", &link, &json!(null));
    let moved = scene.ends(0, "plan staff.yaml --format json -o moved.run");
    let roe = moved.operation("staff", "Roe");
    assert_eq!(roe["outcome"], "unchanged");
    assert!(
        roe["message"]
            .as_str()
            .unwrap()
            .contains("is not linked to"),
        "{roe}"
    );
}

#[test]
fn a_parent_that_is_not_there_is_found_in_the_plan() {
    let steps = "
  - id: lost
    create: Contacts
    key: lost
    set: { last_name: Lost }
    under: { module: Accounts, record: nowhere, through: contacts }
";
    let scene = Scene::new().file("lost.yaml", &playbook(steps));
    let said = scene.ends(3, "plan lost.yaml --format json");
    assert_eq!(said.operation("lost", "lost")["label"], "not_found");
}

#[test]
fn records_are_linked_and_made_along_with_a_create() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: call
    create: Contacts
    key: call
    set:
      last_name: Doe
      accounts: { add: ['{{ steps.one.id }}'] }
      calls: { create: [{ name: First, status: Planned, date_start: '2026-01-01T10:00:00+00:00' }] }
";
    let scene = ground().file("call.yaml", &playbook(steps));
    scene.ends(0, "run call.yaml --yes -o call.run");
    let linked = "SELECT count(*) FROM accounts_contacts WHERE deleted = 0";
    assert_eq!(scene.server.count(linked), 1);
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM calls WHERE name = 'First'"),
        1
    );
    let again = scene.ends(0, "run call.yaml --yes -o again.run --format json");
    assert_eq!(again.json()["summary"]["unchanged"], 1);
    assert_eq!(again.operation("call", "call")["message"], json!(null));
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM calls WHERE name = 'First'"),
        1
    );
}

#[test]
fn parts_are_added_and_taken_out_and_the_rest_stays() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: first
    update: Accounts
    record: '{{ steps.one.id }}'
    set: { tag: [Old, Keep], email: [a@example.com, b@example.com] }
";
    let change = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - id: each
    for_each: [New, Newer, keep]
    update: Accounts
    record: '{{ steps.one.id }}'
    add: { tag: '{{ item }}' }
  - id: rest
    update: Accounts
    record: '{{ steps.one.id }}'
    add: { email: c@example.com }
    remove: { tag: [Old, Never], email: B@example.com }
";
    let scene = ground()
        .file("first.yaml", &playbook(steps))
        .file("change.yaml", &playbook(change));
    scene.ends(0, "run first.yaml --yes -o first.run");
    let plan = scene.ends(0, "plan change.yaml --format json --show-pii -o change.run");
    assert_eq!(
        plan.operation("each", "1")["after"],
        json!({ "tag": ["Old", "Keep", "New", "Newer"] })
    );
    assert_eq!(plan.operation("each", "2")["outcome"], "unchanged");
    assert_eq!(
        plan.operation("rest", "0")["after"]["tag"],
        json!(["Keep", "New", "Newer"])
    );
    scene.ends(0, "apply change.run");

    let tags = "SELECT t.name FROM tags t JOIN tag_bean_rel r ON r.tag_id = t.id WHERE r.deleted = 0 ORDER BY 1";
    assert_eq!(scene.server.lines(tags), ["Keep", "New", "Newer"]);
    let mails = "SELECT email_address || primary_address FROM email_addresses WHERE bean_module = 'Accounts' \
                 ORDER BY position";
    assert_eq!(
        scene.server.lines(mails),
        ["a@example.com1", "c@example.com0"]
    );
    let again = scene.ends(
        0,
        "plan change.yaml --format json -o again.run --detailed-exitcode",
    );
    assert_eq!(again.json()["summary"]["unchanged"], 4);
}

#[test]
fn a_part_that_somebody_else_changed_meanwhile_is_not_lost() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - { id: mark, update: Accounts, record: '{{ steps.one.id }}', add: { tag: Mine } }
";
    let scene = ground().file("mark.yaml", &playbook(steps));
    scene.ends(0, "plan mark.yaml -o mark.run");
    let account = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Acme one'");
    let theirs = json!({ "tag": ["Theirs"] });
    scene.server.somebody_edits("Accounts", &account, &theirs);
    let said = scene.ends(1, "apply mark.run --format json");
    assert_eq!(said.operation("mark", "0")["label"], "local:drift");
    scene.ends(0, "run mark.yaml --yes -o again.run");
    let tags = "SELECT t.name FROM tags t JOIN tag_bean_rel r ON r.tag_id = t.id WHERE r.deleted = 0 ORDER BY 1";
    assert_eq!(scene.server.lines(tags), ["Mine", "Theirs"]);
}

const CUSTOMERS: &str = "
  - id: customers
    for_each: { csv: customers.csv }
    key: '{{ item.code }}'
    upsert: Accounts
    match: { sic_code: '{{ item.code }}' }
    set: { name: '{{ item.name }}', industry: '{{ item.industry }}' }
    add: { tag: Synced }
";

fn customers() -> String {
    playbook(CUSTOMERS)
}

#[test]
fn an_upsert_changes_the_record_that_matches_and_makes_it_where_none_does() {
    let scene = Scene::new().file("customers.yaml", &customers()).file(
        "customers.csv",
        "code,name,industry\n1,One,Banking\n2,Two,\n",
    );
    scene.ends(0, "run customers.yaml --yes -o first.run");
    let names = "SELECT sic_code || name || coalesce(industry, '') FROM accounts WHERE deleted = 0 ORDER BY 1";
    assert_eq!(scene.server.lines(names), ["1OneBanking", "2Two"]);
    let again = scene.ends(0, "run customers.yaml --yes --format json -o second.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2);

    scene.write(
        "customers.csv",
        "code,name,industry\n1,Uno,\n3,Three,Retail\n",
    );
    let plan = scene.ends(0, "plan customers.yaml --format json -o third.run");
    assert_eq!(plan.operation("customers", "1")["action"], "update");
    assert_eq!(plan.operation("customers", "3")["action"], "create");
    scene.ends(0, "apply third.run");
    assert_eq!(
        scene.server.lines(names),
        ["1UnoBanking", "2Two", "3ThreeRetail"],
        "an empty cell leaves the field alone"
    );
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM tag_bean_rel WHERE deleted = 0"),
        3
    );
}

#[test]
fn an_upsert_that_could_mean_two_records_changes_none() {
    let scene = Scene::new().file("customers.yaml", &customers()).file(
        "customers.csv",
        "code,name,industry\n1,One,\n1,Uno,\n,None,\n2,Two,\n",
    );
    let body = |name: &str| json!({ "name": name, "sic_code": "2" });
    scene.server.somebody("POST", "/Accounts", &body("Two"));
    scene.server.somebody("POST", "/Accounts", &body("Deux"));
    scene.write(
        "customers.yaml",
        &customers().replace("    key: '{{ item.code }}'\n", ""),
    );
    let plan = scene.ends(3, "plan customers.yaml --format json");
    let label = |key: &str| plan.operation("customers", key)["label"].clone();
    assert_eq!(label("1"), "local:ambiguous", "two rows with one match");
    assert_eq!(label("2"), "local:empty_match");
    assert_eq!(label("3"), "local:ambiguous");
    let told = plan.operation("customers", "1")["message"].clone();
    assert!(told.as_str().unwrap().contains("customers.csv:2"), "{told}");
}

#[test]
fn a_record_that_came_after_the_plan_is_not_made_twice() {
    let scene = Scene::new()
        .file("customers.yaml", &customers())
        .file("customers.csv", "code,name,industry\n1,One,\n");
    scene.ends(0, "plan customers.yaml -o late.run");
    let body = json!({ "name": "Theirs", "sic_code": "1" });
    scene.server.somebody("POST", "/Accounts", &body);
    let said = scene.ends(1, "apply late.run --format json");
    assert_eq!(said.operation("customers", "1")["label"], "local:drift");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE sic_code = '1'"),
        1
    );
}

#[test]
fn what_an_upsert_made_is_used_before_it_is_there() {
    let steps = "
  - id: account
    upsert: Accounts
    match: { name: Acme three }
    set: { industry: Retail }
  - id: person
    upsert: Contacts
    match: { last_name: Doe, account_id: '{{ steps.account.id }}' }
    set: { title: Boss }
";
    let scene = ground().file("chain.yaml", &playbook(steps));
    scene.ends(0, "run chain.yaml --yes -o first.run");
    let found = "SELECT c.title FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id JOIN accounts a \
                 ON a.id = l.account_id WHERE a.name = 'Acme three' AND l.deleted = 0";
    assert_eq!(scene.server.lines(found), ["Boss"]);
    let again = scene.ends(0, "run chain.yaml --yes --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2);
}

#[test]
fn a_link_with_the_columns_it_has_already_is_left_alone() {
    let steps = |role: &str| {
        playbook(&format!(
            "
  - {{ id: deal, create: Opportunities, key: d, set: {{ name: Deal, amount: '10', currency_id: '-99', date_closed: '2027-01-31', sales_stage: Prospecting }} }}
  - {{ id: person, create: Contacts, key: p, set: {{ last_name: Doe }} }}
  - id: role
    link: Opportunities
    record: '{{{{ steps.deal.id }}}}'
    through: contacts
    to: [{{ id: '{{{{ steps.person.id }}}}', contact_role: {role} }}]
"
        ))
    };
    let scene = Scene::new().file("role.yaml", &steps("Influencer"));
    scene.ends(0, "run role.yaml --yes -o role.run");
    let again = scene.ends(0, "run role.yaml --yes --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 3, "{again}");
    scene.write("role.yaml", &steps("Other"));
    let other = scene.ends(0, "run role.yaml --yes --format json -o other.run");
    assert_eq!(other.step("role")["counts"]["ok"], 1, "{other}");
    let role = "SELECT contact_role FROM opportunities_contacts WHERE deleted = 0";
    assert_eq!(scene.server.lines(role), ["Other"]);
}

#[test]
fn an_upsert_that_waits_for_a_create_finds_what_that_made() {
    let steps = "
  - { id: three, create: Accounts, key: three, set: { name: Acme three } }
  - id: known
    for_each: [Acme one, Acme three]
    upsert: Accounts
    match: { name: '{{ item }}' }
    set: { industry: Retail }
    depends_on: [three]
";
    let scene = ground().file("known.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan known.yaml --format json -o known.run");
    assert_eq!(plan.step("known")["outcome"], "deferred", "{plan}");
    let done = scene.ends(0, "apply known.run --format json");
    assert_eq!(done.step("known")["counts"]["ok"], 2, "{done}");
    let accounts = "SELECT name || ' ' || coalesce(industry, '') FROM accounts ORDER BY name";
    assert_eq!(
        scene.server.lines(accounts),
        ["Acme one Retail", "Acme three Retail", "Acme two "]
    );
}

#[test]
fn upserts_that_differ_in_case_alone_are_told_before_they_create_two() {
    let steps = "
  - id: people
    for_each: [Émile, émile, Zoe]
    upsert: Accounts
    match: { name: '{{ item }}' }
    set: { industry: Retail }
";
    let scene = Scene::new().file("p.yaml", &playbook(steps));
    let said = scene.ends(3, "plan p.yaml --format json");
    let second = said.operation("people", "1");
    assert_eq!(second["label"], "local:ambiguous", "{said}");
    let message = second["message"].as_str().unwrap();
    assert!(message.contains("what item 0 creates"), "{message}");
    assert_eq!(said.operation("people", "2")["outcome"], "planned");
}

/// What an earlier page creates is known by the run file alone.
#[test]
fn upserts_that_differ_in_case_alone_are_told_however_far_apart_they_are() {
    let steps = "
  - id: people
    for_each: { csv: people.csv }
    upsert: Accounts
    match: { name: '{{ item.name }}' }
    set: { industry: Retail }
";
    let rows: Vec<String> = (0..600).map(|row| format!("Person {row}")).collect();
    let rows = format!("name\n{}\nPERSON 0\n", rows.join("\n"));
    let scene = Scene::new()
        .file("p.yaml", &playbook(steps))
        .file("people.csv", &rows);
    let said = scene.ends(3, "plan p.yaml --format json --operations all");
    let last = said.operation("people", "600");
    assert_eq!(last["label"], "local:ambiguous", "{last}");
    let message = last["message"].as_str().unwrap();
    assert!(message.contains("what people.csv:2 creates"), "{message}");
    assert_eq!(said.step("people")["counts"]["failed"], 1);
}

const TWO_LISTS: &str = "
  - id: from_contacts
    for_each: [Nimbus Co, Orbit Co]
    key: '{{ item }}'
    upsert: Accounts
    match: { name: '{{ item }}' }
    set: { account_type: Customer }
  - id: from_deals
    for_each: [nimbus co]
    key: '{{ item }}'
    upsert: Accounts
    match: { name: '{{ item }}' }
    set: { industry: Energy }
";

#[test]
fn upserts_of_two_steps_are_told_before_they_create_one_record_twice() {
    let scene = Scene::new().file("p.yaml", &playbook(TWO_LISTS));
    let said = scene.ends(3, "plan p.yaml --format json");
    let second = said.operation("from_deals", "nimbus co");
    assert_eq!(second["label"], "local:conflict", "{said}");
    let message = second["message"].as_str().unwrap();
    assert!(
        message.contains("steps `from_contacts` and `from_deals` would each create"),
        "{message}"
    );
    assert_eq!(
        said.operation("from_contacts", "Nimbus Co")["outcome"],
        "planned"
    );
}

#[test]
fn an_upsert_that_waits_for_another_finds_what_that_made() {
    let steps = format!("{TWO_LISTS}    depends_on: from_contacts\n");
    let scene = Scene::new().file("p.yaml", &playbook(&steps));
    scene.ends(0, "run p.yaml --yes -o p.run");
    let accounts = "SELECT name || ' ' || coalesce(industry, '') FROM accounts ORDER BY name";
    assert_eq!(
        scene.server.lines(accounts),
        ["Nimbus Co Energy", "Orbit Co "]
    );
}

#[test]
fn an_upsert_leaves_a_record_alone_that_does_not_match_any_more() {
    let steps = "
  - id: renamed
    upsert: Accounts
    match: { website: one.example.com }
    set: { name: Renamed }
";
    let scene = ground().file("p.yaml", &playbook(steps));
    let id = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Acme one'");
    let path = format!("/Accounts/{id}");
    let website = |address: &str| json!({ "website": address });
    scene
        .server
        .somebody("PUT", &path, &website("one.example.com"));
    // Long ago, so that nobody has to wait for the next second.
    let long_ago = "UPDATE accounts SET date_modified = '2026-01-01 00:00:00'";
    scene.server.database().execute(long_ago, ()).unwrap();
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .somebody("PUT", &path, &website("corrected.example.com"));
    let said = scene.ends(1, "apply p.run --format json");
    let renamed = said.operation("renamed", "0");
    assert_eq!(renamed["label"], "local:drift", "{said}");
    assert!(
        renamed["message"].as_str().unwrap().contains("`website`"),
        "{renamed}"
    );
    let names = "SELECT name FROM accounts ORDER BY name";
    assert_eq!(scene.server.lines(names), ["Acme one", "Acme two"]);
}

#[test]
fn an_upsert_by_an_address_adds_another_to_it() {
    let steps = "
  - id: people
    upsert: Contacts
    match: { email1: a@example.com }
    set: { last_name: Doe }
    add: { email: b@example.com }
";
    let scene = Scene::new().file("p.yaml", &playbook(steps));
    let mails = "SELECT email_address || primary_address FROM email_addresses WHERE bean_module = 'Contacts' \
                 ORDER BY position";
    for _ in 0..2 {
        scene.ends(0, "run p.yaml --yes -o p.run");
        std::fs::remove_file(scene.path("p.run")).unwrap();
        assert_eq!(
            scene.server.lines(mails),
            ["a@example.com1", "b@example.com0"]
        );
    }
}

#[test]
fn a_record_that_one_step_deletes_is_no_other_steps_to_write_to() {
    let other = |verb: &str, depends: &str| {
        playbook(&format!(
            "
  - {{ id: one, filter: Accounts, where: {{ name: Acme one }} }}
  - {{ id: two, filter: Accounts, where: {{ name: Acme two }} }}
{verb}
  - {{ id: gone, delete: Accounts, record: '{{{{ steps.one.id }}}}'{depends} }}
"
        ))
    };
    let update = "  - { id: other, update: Accounts, record: '{{ steps.one.id }}', set: { industry: Retail }AFTER }";
    let favorite = "  - { id: other, favorite: Accounts, record: '{{ steps.one.id }}'AFTER }";
    let link = "  - { id: other, link: Accounts, record: '{{ steps.two.id }}', through: members, to: '{{ steps.one.id }}'AFTER }";
    let scene = ground();
    for verb in [update, favorite, link] {
        let after = verb.replace("AFTER", ", depends_on: gone");
        scene.write("after.yaml", &other(&after, ""));
        scene
            .ends(3, "plan after.yaml")
            .says("step `gone` deletes Accounts");
        let before = verb.replace("AFTER", "");
        scene.write("before.yaml", &other(&before, ", depends_on: other"));
        scene.ends(0, "plan before.yaml -o before.run");
    }
    scene.write("unordered.yaml", &other(&update.replace("AFTER", ""), ""));
    scene
        .ends(3, "plan unordered.yaml")
        .says("and step `other` writes to it");
    scene.write(
        "before.yaml",
        &other(&update.replace("AFTER", ""), ", depends_on: other"),
    );
    scene.ends(0, "run before.yaml --yes -o ran.run");
}

#[test]
fn a_flexible_parent_is_never_written_by_halves() {
    let steps = "
  - { id: all, filter: Accounts, where: { name: Acme one } }
  - { id: note, key: note, create: Notes, set: { name: Note } }
  - id: up
    for_each: [{ p: '' }, { p: Accounts }]
    update: Notes
    record: '{{ steps.note.id }}'
    set: { parent_type: '{{ item.p }}', parent_id: '{{ steps.all.id }}' }
  - id: new
    for_each: [{ p: '' }, { p: Accounts }]
    create: Notes
    key: '{{ item.p }}x'
    set: { name: New, parent_type: '{{ item.p }}', parent_id: '{{ steps.all.id }}' }
  - id: omitted
    create: Notes
    key: omitted
    set: { name: New, parent_type: Accounts, parent_id: '{{ omit }}' }
  - id: neither
    create: Notes
    key: neither
    set: { name: New, parent_type: '', parent_id: '{{ omit }}' }
";
    let scene = ground().file("half.yaml", &playbook(steps));
    let plan = scene.ends(3, "plan half.yaml --format json");
    for (step, key) in [("up", "0"), ("new", "x"), ("omitted", "omitted")] {
        let refused = plan.operation(step, key);
        assert_eq!(refused["label"], "missing_parameter", "{step}: {plan}");
    }
    let told = plan.operation("up", "0")["message"].clone();
    assert_eq!(
        told,
        "`parent_id` has a value and `parent_type` has none; they mean something only together"
    );
    for (step, key) in [("up", "1"), ("new", "Accountsx"), ("neither", "neither")] {
        assert_eq!(
            plan.operation(step, key)["outcome"],
            "planned",
            "{step}: {plan}"
        );
    }
}

#[test]
fn of_several_records_none_is_linked_where_one_may_be() {
    let steps = "
  - { id: all, list: Accounts }
  - id: deal
    create: Contacts
    key: deal
    set: { last_name: Doe, accounts: { add: '{{ steps.all.ids }}' } }
  - id: plain
    create: Contacts
    key: plain
    set: { last_name: Doe }
  - { id: many, link: Contacts, record: '{{ steps.plain.id }}', through: accounts, to: '{{ steps.all.ids }}' }
";
    let scene = ground().file("many.yaml", &playbook(steps));
    let plan = scene.ends(3, "plan many.yaml --format json");
    let deal = plan.operation("deal", "deal");
    assert_eq!(
        (&deal["label"], &deal["message"]),
        (
            &json!("invalid_parameter"),
            &json!("through `accounts` a record of `Contacts` has one at most; name one record")
        ),
        "{plan}"
    );
    let many = plan.operation("many", "0");
    assert_eq!(
        (&many["label"], &many["message"]),
        (
            &json!("local:invalid_value"),
            &json!("through `accounts` a record of Contacts has one at most, and these are 2")
        ),
        "{plan}"
    );
}

#[test]
fn a_tag_that_is_there_in_another_case_is_that_tag() {
    let steps = "
  - { id: one, filter: Accounts, where: { name: Acme one } }
  - { id: two, filter: Accounts, where: { name: Acme two } }
  - { id: first, update: Accounts, record: '{{ steps.one.id }}', set: { tag: [VIP] } }
  - { id: second, depends_on: first, update: Accounts, record: '{{ steps.two.id }}', set: { tag: [vip] } }
";
    let scene = ground().file("tags.yaml", &playbook(steps));
    scene.ends(0, "run tags.yaml --yes -o tags.run");
    let again = scene.ends(0, "plan tags.yaml --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 2, "{again}");
}

#[test]
fn teams_are_set_added_and_taken_out() {
    let steps = |how: &str| {
        playbook(&format!(
            "
  - {{ id: one, filter: Accounts, where: {{ name: Acme one }} }}
  - {{ id: up, update: Accounts, record: '{{{{ steps.one.id }}}}', {how} }}
"
        ))
    };
    let scene = ground();
    for (how, expected) in [
        (
            "set: { team_name: [{ id: East, primary: true }] }",
            vec!["East"],
        ),
        ("add: { team_name: West }", vec!["East", "West"]),
        ("remove: { team_name: East }", vec!["West"]),
    ] {
        scene.write("teams.yaml", &steps(how));
        let checked = scene.ends(0, "check teams.yaml");
        assert!(!checked.stderr.contains("warning"), "{checked}");
        scene.ends(0, "plan teams.yaml -o teams.run");
        scene.ends(0, "apply teams.run");
        std::fs::remove_file(scene.path("teams.run")).unwrap();
        let answer = scene.server.somebody(
            "POST",
            "/Accounts/filter",
            &json!({ "filter": [{ "name": "Acme one" }], "fields": "team_name" }),
        );
        let teams = answer["records"][0]["team_name"].as_array().unwrap();
        let mut ids: Vec<&str> = teams
            .iter()
            .filter_map(|team| team["id"].as_str())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{how}: {answer}");
    }
}

#[test]
fn what_a_record_says_is_closed_to_the_user_is_not_sent() {
    let steps = "
  - { id: all, list: Accounts }
  - id: up
    for_each: '{{ steps.all.records }}'
    update: Accounts
    record: '{{ item.id }}'
    set: { industry: Banking }
    on_error: continue
  - { id: own, list: Opportunities }
  - id: odds
    update: Opportunities
    record: '{{ steps.own.id }}'
    set: { name: Mine, probability: 5 }
    unchecked: [probability]
    on_error: continue
";
    let scene = ground().file("guest.yaml", &playbook(steps));
    let own = json!({ "name": "Own", "assigned_user_id": "seed_guest_id" });
    scene.server.somebody("POST", "/Opportunities", &own);
    let scene = scene.env("SUGAR_USERNAME", "guest");
    scene.ends(0, "plan guest.yaml -o guest.run");

    let applied = scene.ends(1, "apply guest.run --format json");
    for account in ["0", "1"] {
        let refused = applied.operation("up", account);
        assert_eq!(refused["label"], "not_authorized");
        assert_eq!(refused["attempts"], 0);
        let message = refused["message"].as_str().unwrap();
        assert!(
            message.ends_with("says the record; nothing was sent"),
            "{message}"
        );
    }
    // What nobody was to check is the instance's to refuse.
    let odds = applied.operation("odds", "0");
    assert_eq!(
        (&odds["label"], &odds["attempts"]),
        (&json!("not_authorized"), &json!(1)),
        "{applied}"
    );

    let scene = scene.file(
        "strict.yaml",
        &playbook(&steps.replace("    on_error: continue\n", "")),
    );
    let run = scene.ends(3, "run strict.yaml --yes --format json");
    assert_eq!(run.operation("up", "0")["label"], "not_authorized", "{run}");
}

#[test]
fn what_a_record_says_is_closed_to_the_user_is_told_in_the_plan() {
    let steps = "
  - { id: all, list: Accounts }
  - id: up
    for_each: '{{ steps.all.records }}'
    update: Accounts
    record: '{{ item.id }}'
    set: { industry: Banking }
  - { id: gone, delete: Leads, record: '{{ steps.lead.id }}' }
  - { id: lead, list: Leads }
  - { id: own, list: Opportunities }
  - { id: odds, update: Opportunities, record: '{{ steps.own.id }}', set: { name: Mine, probability: 5 }, unchecked: [probability] }
";
    let scene = ground().file("guest.yaml", &playbook(steps));
    let own = json!({ "name": "Own", "assigned_user_id": "seed_guest_id" });
    scene.server.somebody("POST", "/Opportunities", &own);
    let lead = json!({ "last_name": "Doe" });
    scene.server.somebody("POST", "/Leads", &lead);
    let scene = scene.env("SUGAR_USERNAME", "guest");
    let plan = scene.ends(0, "plan guest.yaml --format json -o guest.run");
    let found = plan.json()["diagnostics"].as_array().cloned().unwrap();
    let told: Vec<(&str, String)> = found
        .iter()
        .filter(|found| found["code"] == "not_authorized")
        .map(|found| {
            let message = found["message"].as_str().unwrap();
            let step = found["step"].as_str().unwrap();
            (step, message.split(" `").next().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("up", "this user may not edit Accounts".to_owned()),
            ("gone", "this user may not delete Leads".to_owned()),
            ("odds", "this user may not edit".to_owned()),
        ],
        "{plan}"
    );
}
