//! Each verb and each source of items against a real Sugar, as small playbooks.

use serde_json::json;

use crate::scene::Scene;
use crate::scene::playbook;

/// Three accounts that the other steps of a test find by name.
const ACCOUNTS: &str = "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: [{ k: one, size: 10 }, { k: two, size: 20 }, { k: three, size: 30 }]
    create: Accounts
    key: '{{ item.k }}'
    set: { name: 'Acme {{ item.k }}', employees: '{{ item.size }}', industry: Retail }
  - id: c
    for_each: [one, two]
    create: Contacts
    key: '{{ item }}'
    set: { last_name: 'Doe {{ item }}' }
  - id: l
    for_each: '{{ steps.c.items }}'
    link: Accounts
    record: '{{ steps.a.by_key.one.id }}'
    through: contacts
    to: '{{ item.id }}'
";

fn ground() -> Scene {
    Scene::on(ACCOUNTS)
}

#[test]
fn reads_of_every_kind_feed_later_steps() {
    let scene = ground().file(
        "reads.yaml",
        &(playbook(
            "
  - id: big
    filter: Accounts
    where: { employees: { $gte: 20 } }
    order_by: name:DESC
    expect: { count: 2 }
  - id: all
    list: Accounts
    fields: [name]
    key: '{{ item.name }}'
  - id: number
    count: Accounts
    where: { name: { $starts: Acme } }
  - id: one
    get: Accounts
    record: \"{{ steps.all.by_key['Acme one'].id }}\"
  - id: staff
    related: Accounts
    record: '{{ steps.one.id }}'
    through: contacts
  - id: industries
    enum: Accounts
    field: industry
    select: $.Retail
  - id: who
    me: {}
  - id: alive
    ping: {}
  - id: right
    assert:
      - steps.big.first.name == 'Acme two'
      - steps.number.count == 3
      - steps.one.first.employees | int == 10
      - steps.staff.count == 2
      - steps.industries.selected == ['Retail']
      - steps.who.first.user_name == 'admin'
",
        ) + "outputs:\n  names: '{{ steps.big.records | map(attribute=\"name\") | list }}'\n"),
    );
    let writes = scene.server.writes();
    let said = scene.ends(0, "plan reads.yaml --format json");
    assert_eq!(
        said.json()["outputs"]["names"],
        json!(["Acme two", "Acme three"])
    );
    assert_eq!(scene.server.writes(), writes);
}

/// More values than one request takes: what is found by two parts is one record, and what cannot be put together from
/// parts is refused.
#[test]
fn long_lists_of_values_are_asked_in_parts_where_that_gives_the_same() {
    let long = "steps.all.ids + range(450) | map('string') | list + steps.all.ids";
    let read = |more: &str| {
        playbook(&format!(
            "
  - {{ id: all, list: Accounts, fields: [name] }}
  - id: found
    filter: Accounts
    where: {{ id: {{ $in: '{{{{ {long} }}}}' }} }}
    {more}
  - id: number
    count: Accounts
    where: {{ id: {{ $in: '{{{{ {long} }}}}' }} }}
  - assert: [steps.found.count == 3, steps.number.count == 3]
    id: right
"
        ))
    };
    let by_link = playbook(
        "
  - id: number
    count: Accounts
    where: { contacts.last_name: { $in: '{{ range(450) | map(\"string\") | list }}' } }
",
    );
    let scene = ground()
        .file("long.yaml", &read("").replace("'string'", "\"string\""))
        .file(
            "ordered.yaml",
            &read("order_by: name\n    limit: 2").replace("'string'", "\"string\""),
        )
        .file("linked.yaml", &by_link);
    scene.ends(0, "plan long.yaml");
    scene.ends(3, "plan ordered.yaml").says("leave `limit` out");
    scene.ends(3, "plan linked.yaml").says("read the records");
}

#[test]
fn items_come_from_files_lists_paths_and_results() {
    let steps = "
  - { id: csv, for_each: { csv: a.csv, delimiter: ';' }, create: Notes, key: '{{ item.k }}', set: { name: 'csv {{ item.k }}' } }
  - { id: jsonl, for_each: { jsonl: b.jsonl }, create: Notes, key: '{{ item.k }}', set: { name: 'jsonl {{ item.k }}' } }
  - { id: json, for_each: { json: c.json, select: '$.rows[?@.ok == true]' }, create: Notes, key: '{{ item.k }}', set: { name: 'json {{ item.k }}' } }
  - { id: list, for_each: [x, '{{ 1 + 1 }}'], create: Notes, key: '{{ item }}', set: { name: 'list {{ item }}' } }
  - { id: read, filter: Users, fields: [user_name], where: { user_name: { $in: [jim, sally] } } }
  - { id: path, for_each: \"$.steps.read.records[?@.user_name == 'jim']\", create: Notes, key: '{{ item.user_name }}', set: { name: 'path to {{ item.user_name }}' } }
";
    let scene = Scene::new()
        .file("a.csv", "k;name\n1;\u{e4}rger\n2;\"a;b\"\n")
        .file("b.jsonl", "{\"k\": 1}\n\n{\"k\": \"zwei\"}\n")
        .file(
            "c.json",
            r#"{"rows": [{"k": 1, "ok": true}, {"k": 2}, {"k": 3, "ok": false}]}"#,
        )
        .file("items.yaml", &playbook(steps));
    scene.ends(0, "run items.yaml --yes");
    let names = scene.server.lines("SELECT name FROM notes ORDER BY name");
    assert_eq!(
        names,
        [
            "csv 1",
            "csv 2",
            "json 1",
            "jsonl 1",
            "jsonl zwei",
            "list 2",
            "list x",
            "path to jim"
        ]
    );
}

#[test]
fn what_is_so_already_is_left_alone() {
    let steps = "
  - { id: f, filter: Accounts, where: { name: Acme one } }
  - { id: p, filter: Contacts, order_by: last_name }
  - { id: same, update: Accounts, record: '{{ steps.f.id }}', set: { employees: 10, industry: Retail } }
  - { id: linked, link: Accounts, record: '{{ steps.f.id }}', through: contacts, to: '{{ steps.p.ids }}' }
  - { id: nobody, link: Accounts, record: '{{ steps.f.id }}', through: contacts, to: [] }
  - { id: gone, delete: Notes, record: no-such-note }
";
    let scene = ground().file("same.yaml", &playbook(steps));
    let writes = scene.server.writes();
    let said = scene.ends(0, "run same.yaml --yes --format json");
    assert_eq!(said.json()["summary"]["unchanged"], 4);
    assert_eq!(scene.server.writes(), writes);
    scene.ends(0, "plan same.yaml --detailed-exitcode -o again.run");
}

#[test]
fn records_are_changed_unlinked_and_deleted() {
    let steps = "
  - { id: f, filter: Accounts, where: { name: Acme one } }
  - { id: p, filter: Contacts, order_by: last_name }
  - id: grow
    update: Accounts
    record: '{{ steps.f.id }}'
    set: { employees: 11, assigned_user_id: seed_jim_id }
  - id: part
    unlink: Accounts
    record: '{{ steps.f.id }}'
    through: contacts
    to: '{{ steps.p.ids }}'
  - id: leave
    for_each: '{{ steps.p.records }}'
    delete: Contacts
    record: '{{ item.id }}'
    depends_on: [part]
  - id: fold
    delete: Accounts
    record: '{{ steps.f.id }}'
    depends_on: [grow, part]
";
    let scene = ground().file("end.yaml", &playbook(steps));
    let said = scene.ends(
        2,
        "run end.yaml --dry-run --detailed-exitcode --format json -o end.run",
    );
    assert_eq!(said.operation("fold", "0")["before"]["name"], "Acme one");
    let said = scene.ends(0, "apply end.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 5, "{said}");
    let count = |sql: &str| scene.server.count(sql);
    assert_eq!(
        count("SELECT count(*) FROM accounts_contacts WHERE deleted = 0"),
        0
    );
    assert_eq!(count("SELECT count(*) FROM contacts WHERE deleted = 0"), 0);
    assert_eq!(count("SELECT count(*) FROM accounts WHERE deleted = 0"), 2);
}

#[test]
fn a_read_after_a_write_is_planned_when_the_write_is_done() {
    let steps = "
  - { id: new, for_each: [a, b], create: Notes, key: '{{ item }}', set: { name: 'Note {{ item }}' } }
  - { id: found, filter: Notes, where: { name: { $starts: Note } }, depends_on: [new], expect: { count: 2 } }
  - { id: mark, for_each: '{{ steps.found.records }}', update: Notes, record: '{{ item.id }}', set: { description: seen }, max: 5 }
  - { id: sure, assert: [steps.mark.items | length == 2, steps.found.count == 2] }
";
    let scene = Scene::new().file("later.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan later.yaml --format json -o later.run");
    assert_eq!(plan.step("found")["outcome"], "deferred", "{plan}");
    let run = scene.ends(0, "apply later.run --format json");
    assert_eq!(run.json()["summary"]["ok"], 4, "{run}");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM notes WHERE description = 'seen'"),
        2
    );
}

#[test]
fn conditions_and_duplicate_keys_decide_what_is_done() {
    let steps = |policy: &str| {
        format!(
            "
  - id: n
    for_each: {{ csv: rows.csv }}
    create: Notes
    key: '{{{{ item.k }}}}'
    {policy}
    when: item.skip != 'yes'
    set: {{ name: '{{{{ item.name }}}}' }}
"
        )
    };
    let scene = Scene::new().file(
        "rows.csv",
        "k,name,skip\n1,first,\n2,left out,yes\n1,last,\n",
    );
    scene.write("error.yaml", &playbook(&steps("")));
    let said = scene.ends(3, "plan error.yaml");
    said.says("rows.csv:4");
    said.says("taken by rows.csv:2");
    for (policy, wins) in [("first", "first"), ("last", "last")] {
        let text = playbook(&steps(&format!("on_duplicate: {policy}")))
            .replace("name: test", &format!("name: {policy}"));
        scene.write("p.yaml", &text);
        let said = scene.ends(
            0,
            &format!("run p.yaml --yes --format json -o {policy}.run"),
        );
        assert_eq!(said.json()["summary"]["skipped"], 2, "{said}");
        assert_eq!(
            scene
                .server
                .count(&format!("SELECT count(*) FROM notes WHERE name = '{wins}'")),
            1
        );
    }
    assert_eq!(scene.server.count("SELECT count(*) FROM notes"), 2);
}

#[test]
fn items_are_found_by_their_key_or_without_one_by_their_number() {
    let steps = "
  - { id: plain, for_each: [a, b], create: Notes, set: { name: 'note {{ item }}' } }
  - { id: number, for_each: [a, b], count: Users, where: { user_name: '{{ item }}' } }
  - { id: flags, for_each: [true, false], create: Notes, key: '{{ item }}', set: { name: 'flag {{ item }}' } }
  - { id: all, list: Users, key: '{{ item.user_name }}', fields: [user_name] }
  - id: found
    assert:
      - steps.plain.by_key[0].name == 'note a' and steps.plain.by_key['1'].name == 'note b'
      - steps.number.by_key[1].count == 0
      - steps.flags.by_key[true].name == 'flag true' and steps.flags.by_key['false'].name == 'flag false'
  - { id: number_of_a_record, on_error: continue, assert: \"steps.all.by_key['0'].id == 'x'\" }
  - { id: nothing, on_error: continue, update: Notes, record: '{{ steps.flags.by_key[none].id }}', set: { name: x } }
  - { id: two, on_error: continue, update: Notes, record: '{{ steps.plain.by_key[2].id }}', set: { name: x } }
";
    let scene = Scene::new().file("keys.yaml", &playbook(steps));
    let said = scene.ends(0, "plan keys.yaml --format json -o keys.run");
    for (step, message) in [
        (
            "number_of_a_record",
            "step `all` has no item with the key `0`",
        ),
        ("nothing", "step `flags` has no item with an empty key"),
        ("two", "step `plain` has no item with the key `2`"),
    ] {
        let failed = said.operation(step, "0");
        assert_eq!(failed["label"], "local:missing_key", "{said}");
        assert_eq!(failed["message"], message, "{said}");
    }
    scene.ends(1, "apply keys.run").says("3 failed");
}

#[test]
fn a_path_over_items_is_told_what_to_write_instead() {
    let steps = "
  - { id: n, for_each: [a], create: Notes, key: '{{ item }}', set: { name: '{{ item }}' } }
  - { id: p, for_each: '$.steps.n.items[*]', delete: Notes, record: '{{ item.id }}' }
";
    let scene = Scene::new().file("path.yaml", &playbook(steps));
    scene
        .ends(3, "plan path.yaml")
        .says("go through `items` with a template");
}

/// The fields that requests to this path asked for, once each.
fn asked_for(scene: &Scene, path: &str) -> Vec<String> {
    let mut fields: Vec<String> = scene
        .server
        .log()
        .iter()
        .filter(|line| line["path"] == path)
        .map(|line| {
            let asked = [&line["body"]["fields"], &line["query"]["fields"]];
            let asked = asked.iter().find_map(|fields| fields.as_str());
            asked.unwrap_or("all of them").to_owned()
        })
        .collect();
    fields.dedup();
    fields
}

#[test]
fn a_read_fetches_what_later_steps_use() {
    let steps = "
  - { id: few, filter: Accounts, where: { employees: { $gte: 20 } } }
  - { id: each, for_each: '{{ steps.few.records }}', as: account, assert: account.name != '' }
  - { id: one, for_each: '{{ steps.few.records }}', as: account, related: Accounts, record: '{{ account.id }}', through: contacts }
  - { id: again, for_each: '{{ steps.one.items }}', assert: item.source.industry == 'Retail' }
";
    let whole = "
  - { id: few, filter: Accounts, where: { employees: { $gte: 20 } } }
  - { id: each, for_each: '{{ steps.few.records }}', get: Accounts, record: '{{ item.id }}' }
  - { id: names, assert: \"steps.each.items | map(attribute='name') | list == ['Acme two', 'Acme three']\" }
";
    let scene = ground().file("few.yaml", &playbook(steps));
    scene.ends(0, "plan few.yaml");
    let asked = asked_for(&scene, "/Accounts/filter");
    assert_eq!(asked.last().unwrap(), "id,industry,name");
    // What a filter of templates looks at cannot be seen.
    scene.write(
        "whole.yaml",
        &playbook(whole).replace("employees", "name: { $not_equals: x }, employees"),
    );
    let said = scene.mill("plan whole.yaml --format json -o whole.run");
    assert_eq!(said.step("names")["outcome"], "ok", "{said}");
}

#[test]
fn what_is_expected_is_said_of_the_steps_own_result() {
    let steps = "
  - id: all
    filter: Accounts
    where: { name: { $starts: Acme } }
    expect: ['steps.all.count == 3', \"'Acme one' in steps.all.records | map(attribute='name')\"]
  - id: each
    for_each: [10, 20, 40]
    filter: Accounts
    where: { employees: '{{ item }}' }
    expect: [{ max: 1 }, 'steps.each.count == 1', 'steps.each.first.employees | int == item']
    on_error: { 'local:expect': continue }
  - id: number
    for_each: [one, none]
    count: Accounts
    where: { name: 'Acme {{ item }}' }
    key: '{{ item }}'
    expect: steps.number.count < 2
  - { id: sure, assert: [steps.number.by_key.one.count == 1, steps.number.by_key.none.count == 0, steps.number.count == 1] }
  - id: made
    for_each: [a, b]
    create: Notes
    key: '{{ item }}'
    set: { name: 'note {{ item }}' }
    expect: \"steps.made.name == 'note a'\"
";
    let scene = ground().file("expect.yaml", &playbook(steps));
    let said = scene.ends(0, "plan expect.yaml --format json -o expect.run");
    let failed = said.operation("each", "2");
    assert_eq!(failed["label"], "local:expect", "{said}");
    assert_eq!(said.step("each")["counts"]["failed"], 1);
    assert_eq!(said.step("sure")["outcome"], "ok", "{said}");
    let said = scene.ends(1, "apply expect.run");
    said.says("`steps.made.name == 'note a'` does not hold");
    scene.write(
        "typo.yaml",
        &playbook("  - { id: all, list: Accounts, expect: steps.all.cuont == 3 }\n"),
    );
    scene
        .ends(3, "check typo.yaml")
        .says("a step's result has no `cuont`");
}

#[test]
fn select_searches_the_answer_as_sugar_gave_it() {
    let scene = Scene::new();
    let account = json!({ "name": "Acme" });
    let id = scene.server.somebody("POST", "/Accounts", &account)["id"].clone();
    scene.write(
        "select.yaml",
        &format!(
            "version: 1
name: select
steps:
  - {{ id: one, get: Accounts, record: {id}, select: $.name }}
  - {{ id: me, me: {{}}, select: $.current_user.user_name }}
  - {{ id: all, list: Accounts, select: '$.records[*].name' }}
outputs:
  one: '{{{{ steps.one.selected }}}}'
  me: '{{{{ steps.me.selected }}}}'
  all: '{{{{ steps.all.selected }}}}'
"
        ),
    );
    let plan = scene.ends(0, "plan select.yaml --format json");
    assert_eq!(
        plan.json()["outputs"],
        json!({ "one": ["Acme"], "me": ["admin"], "all": ["Acme"] }),
        "{plan}"
    );
}

#[test]
fn a_bad_row_that_a_search_found_is_told_by_file_and_line() {
    let steps = "
  - id: new
    for_each: { json: rows.json, select: '$.rows[*]' }
    create: Notes
    key: '{{ item.k }}'
    set: { name: '{{ item.name }}' }
";
    let rows = r#"{
  "rows": [
    { "k": 1, "name": "One" },
    { "k": 2, "name": "" }
  ]
}"#;
    let scene = Scene::new()
        .file("bad.yaml", &playbook(steps))
        .file("rows.json", rows);
    let plan = scene.ends(3, "plan bad.yaml --format json");
    let bad = plan.operation("new", "2");
    assert_eq!(bad["label"], "missing_parameter", "{plan}");
    assert_eq!(bad["row"], json!({ "file": "rows.json", "line": 4 }));
}

#[test]
fn no_digit_of_a_number_in_a_file_is_lost() {
    let steps = "
  - { id: lines, for_each: { jsonl: a.jsonl }, create: Notes, key: '{{ item.k }}', set: { name: '{{ item.n }}' } }
  - { id: list, for_each: { json: b.json }, create: Notes, key: '{{ item.k }}', set: { name: '{{ item.n }}' } }
  - { id: found, for_each: { json: b.json, select: '$[*]' }, create: Notes, key: '{{ item.k }}', set: { name: '{{ item.n }}' } }
";
    let scene = Scene::new()
        .file("large.yaml", &playbook(steps))
        .file("a.jsonl", "{\"k\": 1, \"n\": 12345678901234567890123}\n{\"k\": 18446744073709551615, \"n\": 1.50}\n")
        .file("b.json", "[{\"k\": 1, \"n\": 18446744073709551615}]");
    scene.ends(0, "run large.yaml --yes");
    let names = scene.server.lines("SELECT name FROM notes ORDER BY name");
    assert_eq!(
        names,
        [
            "1.5",
            "12345678901234567890123",
            "18446744073709551615",
            "18446744073709551615"
        ]
    );
}
