//! Reads that are larger than a page: what they find is in the run file page by page, and is a result only when all of it
//! is there.

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::scene::Scene;

const MANY: i64 = 1_050;

/// Accounts by the database itself, which is much faster than asking for each: `id` ascending, every third one large.
fn with_accounts(scene: &Scene) {
    scene
        .server
        .database()
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) \
             INSERT INTO accounts (id, name, industry, date_entered, date_modified, assigned_user_id) \
             SELECT printf('a-%06d', i), printf('Account %d', i), iif(i % 3 = 0, 'Energy', 'Retail'), \
                    '2026-01-02 03:04:05', '2026-01-02 03:04:05', '1' FROM n"
        ))
        .unwrap();
}

fn playbook(steps: &str) -> String {
    format!(
        "version: 1\nname: test\nidentity: test\nlimits: {{ max_changes: 5000 }}\nsteps:\n{steps}"
    )
}

/// A write, and reads that can run only when it is done.
const READ_IN_APPLY: &str = "
  - { id: first, create: Accounts, key: one, set: { name: Account 0, industry: Energy } }
  - id: all
    filter: Accounts
    where: { industry: { $in: [Energy, Retail] } }
    key: '{{ item.name }}'
    fields: [name]
    depends_on: [first]
  - id: notes
    for_each: '{{ steps.all.records }}'
    create: Notes
    key: '{{ item.id }}'
    when: \"item.name is endingwith('00')\"
    set: { name: '{{ item.name }}', description: \"{{ steps.all.by_key['Account 7'].id }}\" }
  - { id: out, export: '{{ steps.all.records }}', to: all.jsonl }
  - id: check
    assert: ['steps.all.count == 1051', 'steps.all.ids | length == 1051']
    on_error: continue
";

fn stored(scene: &Scene, file: &str, step: &str) -> (i64, bool) {
    let file = Connection::open(scene.path(file)).unwrap();
    let sql = "SELECT (SELECT count(*) FROM result WHERE step = step.id), expanded FROM step WHERE name = ?1";
    file.query_row(sql, (step,), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

#[test]
fn half_a_read_of_a_killed_apply_is_read_anew() {
    let scene = Scene::new().file("test.yaml", &playbook(READ_IN_APPLY));
    with_accounts(&scene);
    scene.ends(0, "plan test.yaml -o test.run");
    assert!(scene.dies_at("InRead:3", "apply test.run").is_none());
    // Page by page: it is not all in memory until its end.
    assert_eq!(stored(&scene, "test.run", "all"), (600, false));
    let shown = scene.ends(0, "show test.run --format json");
    assert_eq!(shown.step("all")["records"], 0, "{shown}");
    assert_eq!(shown.step("all")["outcome"], "deferred", "{shown}");
    // Meanwhile a record is gone that was read before.
    scene
        .server
        .database()
        .execute(
            "UPDATE accounts SET deleted = 1 WHERE name = 'Account 5'",
            (),
        )
        .unwrap();
    let done = scene.ends(1, "apply test.run --format json");
    assert_eq!(done.step("all")["records"], MANY, "{done}");
    assert_eq!(done.step("check")["outcome"], "failed", "{done}");
    assert_eq!(stored(&scene, "test.run", "all"), (MANY, true));
    let lines = std::fs::read_to_string(scene.path("all.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1050);
    assert!(!lines.contains("\"Account 5\""));
    assert_eq!(
        scene.server.lines("SELECT DISTINCT description FROM notes"),
        ["a-000007"]
    );
    assert_eq!(scene.server.count("SELECT count(*) FROM notes"), 10);
}

#[test]
fn a_large_read_is_whole_wherever_it_is_used() {
    let scene = Scene::new().file("test.yaml", &playbook(READ_IN_APPLY));
    with_accounts(&scene);
    let done = scene.ends(0, "run test.yaml --yes -o test.run --format json");
    assert_eq!(done.step("all")["records"], MANY + 1, "{done}");
    assert_eq!(done.step("check")["outcome"], "ok", "{done}");
    assert_eq!(done.step("out")["records"], MANY + 1, "{done}");
}

#[test]
fn a_limit_holds_across_pages_and_parts() {
    let names: Vec<String> = (1..=450).map(|n| format!("Account {n}")).collect();
    // One is asked for in two parts, and found once.
    let names = [names, vec!["Account 3".to_owned()]].concat();
    let steps = format!(
        "
  - {{ id: some, list: Accounts, limit: 450, order_by: 'name:DESC', fields: [name] }}
  - id: parts
    filter: Accounts
    where: {{ name: {{ $in: {names} }} }}
  - id: part
    filter: Accounts
    where: {{ name: {{ $in: {names} }} }}
    limit: 210
",
        names = json!(names)
    );
    let scene = Scene::new().file("test.yaml", &playbook(&steps));
    with_accounts(&scene);
    let plan = scene.ends(0, "plan test.yaml -o test.run --format json");
    for (step, records) in [("some", 450), ("parts", 450), ("part", 210)] {
        assert_eq!(plan.step(step)["records"], records, "{step}: {plan}");
        assert_eq!(stored(&scene, "test.run", step).0, records, "{step}");
    }
}

#[test]
fn many_large_reads_share_their_round_trips() {
    let steps = "
  - id: each
    for_each: '{{ range(60) | list }}'
    filter: Accounts
    where: { industry: Retail }
    fields: [name]
    expect: { count: 700 }
";
    let scene = Scene::new().file("test.yaml", &playbook(steps));
    with_accounts(&scene);
    let plan = scene.ends(0, "plan test.yaml -o test.run --format json");
    assert_eq!(plan.step("each")["records"], 60 * 700, "{plan}");
}

#[test]
fn two_records_with_one_key_leave_nothing_of_the_read() {
    let steps = "
  - { id: all, list: Accounts, key: '{{ item.name }}', fields: [name] }
";
    let scene = Scene::new().file("test.yaml", &playbook(steps));
    with_accounts(&scene);
    scene
        .server
        .database()
        .execute(
            "UPDATE accounts SET name = 'Account 2' WHERE id = 'a-001000'",
            (),
        )
        .unwrap();
    let plan = scene.ends(3, "plan test.yaml -o test.run --format json");
    let operation = &plan.step("all")["operations"][0];
    assert_eq!(operation["label"], "local:duplicate_key", "{plan}");
    assert_eq!(operation["message"], "two records have the key `Account 2`");
    assert_eq!(plan.step("all")["records"], 0, "{plan}");
    assert_eq!(stored(&scene, "test.run", "all").0, 0);
}

#[test]
fn a_read_that_fails_half_way_leaves_nothing_of_it() {
    let steps = "  - { id: all, list: Accounts, fields: [name], on_error: continue }\n";
    let scene = Scene::new().file("test.yaml", &playbook(steps));
    with_accounts(&scene);
    scene
        .server
        .fault("label:not_authorized,path=/Accounts/filter,skip=2");
    let plan = scene.mill("plan test.yaml -o test.run --format json");
    assert_eq!(plan.step("all")["outcome"], "failed", "{plan}");
    assert_eq!(plan.step("all")["records"], 0, "{plan}");
    assert_eq!(stored(&scene, "test.run", "all").0, 0);
}

#[test]
fn keys_of_a_read_that_is_not_done_are_not_missing() {
    let steps = "
  - { id: first, create: Accounts, key: one, set: { name: Account 0 } }
  - id: behind
    filter: Accounts
    where: { name: Account 0 }
    depends_on: [first]
  - id: again
    filter: Accounts
    where: { id: { $in: '{{ steps.behind.ids }}' } }
    key: '{{ item.name }}'
    fields: [name]
  - id: note
    create: Notes
    key: one
    set: { name: \"{{ steps.again.by_key['Account 0'].id }}\" }
";
    let scene = Scene::new().file("test.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan test.yaml -o test.run --format json");
    assert_eq!(plan.step("note")["outcome"], "deferred", "{plan}");
    scene.ends(0, "apply test.run");
    assert_eq!(
        scene.server.lines("SELECT name FROM notes"),
        scene.server.lines("SELECT id FROM accounts")
    );
}

#[test]
fn what_can_find_nothing_is_not_asked_for() {
    let steps = "
  - { id: none, filter: Accounts, where: { id: { $in: [] } }, fields: [name] }
  - { id: zero, count: Accounts, where: { id: { $in: [] } } }
outputs:
  zero: '{{ steps.zero.count }}'
";
    let scene = Scene::new().file("test.yaml", &playbook(steps));
    let plan = scene.ends(0, "plan test.yaml -o test.run --format json");
    assert_eq!(plan.step("none")["records"], 0, "{plan}");
    assert_eq!(plan.json()["outputs"]["zero"], 0, "{plan}");
}

/// As in other databases, where each index ends in the primary key: otherwise every page of a walk would sort what is left of it.
#[test]
fn the_sandbox_walks_along_an_index() {
    let scene = Scene::new();
    let plan: Vec<String> = scene
        .server
        .database()
        .prepare(
            "EXPLAIN QUERY PLAN SELECT t.id FROM accounts t WHERE t.deleted = 0 AND t.industry = 'Retail' \
             AND t.id > 'a' ORDER BY t.id ASC LIMIT 201",
        )
        .unwrap()
        .query_map((), |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        plan,
        ["SEARCH t USING INDEX idx_accounts_industry_id (industry=? AND id>?)"]
    );
}

/// However a read is made: page by page in the server's order, or by id and ordered afterwards.
#[test]
fn what_is_ordered_comes_in_order_whatever_its_size() {
    let order = "order_by: 'industry:DESC, name'";
    let steps = format!(
        "
  - {{ id: there, list: Accounts, {order}, limit: 2000, fields: [date_modified] }}
  - {{ id: here, list: Accounts, {order}, fields: [date_modified] }}
  - {{ id: chosen, list: Accounts, {order}, select: '$.records[*].id' }}
  - {{ id: parts, filter: Accounts, {order}, where: {{ id: {{ $in: '{{{{ steps.there.ids }}}}' }} }} }}
  - {{ id: page, filter: Accounts, {order}, where: {{ name: {{ $starts: Account 10 }} }} }}
  - id: same
    assert:
      - steps.there.count == {MANY}
      - steps.here.ids == steps.there.ids
      - steps.chosen.selected == steps.there.ids
      - steps.parts.ids == steps.there.ids
      - steps.page.count == 62
      - steps.here.ids | select('in', steps.page.ids) | list == steps.page.ids
"
    );
    let scene = Scene::new().file("test.yaml", &playbook(&steps));
    with_accounts(&scene);
    let plan = scene.ends(0, "plan test.yaml -o test.run --format json");
    let said = |step: &str| plan.step(step)["reason"].as_str().map(str::to_owned);
    for step in ["here", "chosen", "parts"] {
        let reason = said(step).unwrap_or_default();
        assert!(reason.contains("put in order here"), "{step}: {plan}");
    }
    assert_eq!((said("there"), said("page")), (None, None));
    assert_eq!(stored(&scene, "test.run", "here"), (MANY, true));
    let offsets = scene.server.log();
    let offsets = offsets.iter().map(Value::to_string);
    // Only the one with a limit.
    let by_offset =
        offsets.filter(|line| line.contains("offset\\\":800") || line.contains("offset\":800"));
    assert_eq!(by_offset.count(), 1);
}
