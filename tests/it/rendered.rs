//! Values that only the data gives: checked while planning, and every bad one named by its file and row.

use serde_json::Value;
use serde_json::json;

use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::project_file;

const CSV: &str = "code,name,type,closed,amount
A,Acme,Customer,2026-01-31,5
B,Bolt,Custommer,2026-01-31,5
C,Cog,Partner,31.01.2026,5
D,Dot,Partner,2026-01-31,many
E,,Partner,2026-01-31,5
";

/// The same rows as JSON lines, without the last cell of the last one.
fn jsonl() -> String {
    let mut lines = CSV.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heading = lines.next().unwrap();
    let mut text = String::new();
    for row in lines {
        let mut row: serde_json::Map<String, Value> = heading
            .iter()
            .zip(row)
            .map(|(name, cell)| ((*name).to_owned(), json!(cell)))
            .collect();
        if row["code"] == "E" {
            row.remove("amount");
        }
        text.push_str(&format!("{}\n", Value::Object(row)));
    }
    text
}

fn playbook(more: &str) -> String {
    let deals = |id: &str, file: &str| {
        format!(
            "  - id: {id}
    for_each: {file}
    as: row
    create: Opportunities
    key: \"{{{{ row.code }}}}\"
    set:
      name: \"{{{{ row.name }}}}\"
      amount: \"{{{{ row.amount }}}}\"
      currency_id: \"-99\"
      date_closed: \"{{{{ row.closed }}}}\"
      sales_stage: Prospecting
      account_id: x
      description: \"{{{{ row.type }}}}\"
"
        )
    };
    format!(
        "version: 1
name: rendered
{more}
steps:
{}{}  - id: accounts
    for_each: {{ csv: rows.csv }}
    as: row
    create: Accounts
    key: \"{{{{ row.code }}}}\"
    set: {{ name: \"{{{{ row.name }}}}\", account_type: \"{{{{ row.type }}}}\" }}
  - id: partners
    for_each: {{ xlsx: partners.xlsx, sheet: Partners }}
    as: row
    create: Accounts
    key: \"{{{{ row.code }}}}\"
    set: {{ name: x, sic_code: \"{{{{ row.name }}}}\" }}
",
        deals("csv", "{ csv: rows.csv }"),
        deals("jsonl", "{ jsonl: rows.jsonl }"),
    )
}

fn scene(more: &str) -> Scene {
    let scene = Scene::new()
        .file("rows.csv", CSV)
        .file("rows.jsonl", &jsonl())
        .file("playbook.yaml", &playbook(more));
    std::fs::copy(
        project_file("tests/workbooks/partners.xlsx"),
        scene.path("partners.xlsx"),
    )
    .unwrap();
    scene
}

/// The bad rows of a step, as `key label file:line`.
fn bad(said: &Said, step: &str) -> Vec<String> {
    said.step(step)["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|operation| operation["outcome"] == "failed")
        .map(|operation| {
            let (row, text) = (&operation["row"], |name: &str| {
                operation[name].as_str().unwrap().to_owned()
            });
            format!(
                "{} {} {}:{}",
                text("key"),
                text("label"),
                row["file"].as_str().unwrap(),
                row["line"]
            )
        })
        .collect()
}

const BAD: [(&str, &[&str]); 4] = [
    (
        "csv",
        &[
            "C invalid_parameter rows.csv:4",
            "D invalid_parameter rows.csv:5",
            "E missing_parameter rows.csv:6",
        ],
    ),
    (
        "jsonl",
        &[
            "C invalid_parameter rows.jsonl:3",
            "D invalid_parameter rows.jsonl:4",
            "E local:template rows.jsonl:5",
        ],
    ),
    (
        "accounts",
        &[
            "B invalid_parameter rows.csv:3",
            "E missing_parameter rows.csv:6",
        ],
    ),
    (
        "partners",
        &[
            "1 invalid_parameter partners.xlsx:3",
            "(item 2) local:invalid_value partners.xlsx:6",
            "(item 3) local:invalid_value partners.xlsx:7",
        ],
    ),
];

#[test]
fn every_bad_row_is_listed_with_its_file_and_the_plan_cannot_be_applied() {
    let scene = scene("");
    let said = scene.ends(3, "plan playbook.yaml -o plan.run --format json");
    for (step, expected) in BAD {
        assert_eq!(bad(&said, step), expected, "{step}");
    }
    let message = |step, key| {
        said.operation(step, key)["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(
        message("accounts", "B").ends_with("did you mean `Customer`?"),
        "{}",
        message("accounts", "B")
    );
    assert!(
        message("jsonl", "E").contains("`{{ row.amount }}`"),
        "{}",
        message("jsonl", "E")
    );

    let text = scene.ends(3, "plan playbook.yaml -o again.run");
    text.says("`31.01.2026` is not a date");
    text.says("partners.xlsx:7");
    scene.ends(5, "apply plan.run");
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 0);
}

#[test]
fn bad_rows_that_are_tolerated_are_left_out() {
    let scene = scene("limits: { max_failures: 50 }");
    let said = scene.ends(0, "plan playbook.yaml -o plan.run --format json");
    for (step, expected) in BAD {
        assert_eq!(bad(&said, step), expected, "{step}");
    }
    // They are failures all the same.
    scene.ends(1, "apply plan.run");
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 4);
}

const READS: &str = "
version: 1
name: reads
vars: { status: { type: string, default: Nwe } }
limits: { max_failures: 50 }
steps:
  - { id: value, filter: Leads, where: { status: '{{ vars.status }}' } }
  - { id: listed, count: Leads, where: { status: { $in: ['{{ vars.status }}', Dead] } } }
  - { id: text, filter: Leads, where: { last_name: { $in: '{{ vars.status }}' } } }
  - { id: operator, filter: Leads, where: { last_name: \"{{ {'$strts': vars.status} }}\" } }
  - { id: whole, filter: Leads, where: \"{{ {'stats': vars.status} }}\" }
  - { id: good, filter: Leads, where: \"{{ {'status': 'New', 'last_name': {'$starts': vars.status}} }}\" }
";

#[test]
fn what_a_condition_comes_to_is_judged_before_it_is_asked() {
    let scene = Scene::new().file("reads.yaml", READS);
    let plan = scene.ends(0, "plan reads.yaml -o reads.run --format json");
    for (step, message) in [
        (
            "value",
            "`status` of `Leads` does not take this: `Nwe` is not one of the field's values; did you mean `New`?",
        ),
        (
            "listed",
            "`status` of `Leads` does not take this: `Nwe` is not one of the field's values; did you mean `New`?",
        ),
        ("text", "`$in` takes a list; write `$in: […]`"),
        (
            "operator",
            "there is no operator `$strts`; did you mean `$starts`?",
        ),
        (
            "whole",
            "`Leads` has no field `stats`; did you mean `status`?",
        ),
    ] {
        let operation = plan.operation(step, "0");
        assert_eq!(operation["outcome"], "failed", "{step}: {plan}");
        assert_eq!(operation["label"], "invalid_parameter", "{step}: {plan}");
        assert_eq!(operation["message"], message, "{step}");
    }
    assert_eq!(plan.step("good")["operations"], json!([]), "{plan}");
    scene.ends(
        0,
        "plan reads.yaml --var status=New -o again.run --skip text --skip operator --skip whole",
    );
}

const RELATIONS: &str = "
version: 1
name: relations
identity: test
limits: { max_failures: 50 }
steps:
  - { id: a, filter: Accounts, where: { name: Acme } }
  - { id: o, filter: Opportunities, where: { name: Deal } }
  - { id: c, filter: Contacts, where: { last_name: Doe } }
  - id: misspelt
    link: Opportunities
    record: '{{ steps.o.id }}'
    through: contacts
    to: \"{{ [{'id': steps.c.id, 'contact_roll': 'x'}] }}\"
  - id: good
    link: Opportunities
    record: '{{ steps.o.id }}'
    through: contacts
    to: \"{{ [{'id': steps.c.id, 'contact_role': 'x'}] }}\"
  - id: along
    create: Leads
    key: along
    set: { last_name: Roe, tasks: { add: \"{{ [{'foo': steps.c.id}] }}\" } }
  - id: address
    create: Leads
    key: address
    set: { last_name: Roe, email: [{ email_address: '{{ steps.c.first.last_name }}@x.example', opt_ot: true }] }
  - id: team
    create: Leads
    key: team
    set: { last_name: Roe, team_name: Global }
  - id: first_team
    create: Leads
    key: first_team
    set: { last_name: Roe, team_id: Wset }
  - id: teams
    update: Contacts
    record: '{{ steps.c.id }}'
    add: { team_name: [West, Est] }
  - id: both
    update: Accounts
    record: '{{ steps.a.id }}'
    add: { tag: '{{ steps.c.first.last_name }}' }
    remove: { tag: doe }
";

#[test]
fn what_relations_and_members_come_to_is_judged_before_it_is_sent() {
    let scene = Scene::new()
        .file("ground.yaml", crate::contradictions::GROUND)
        .file("relations.yaml", RELATIONS);
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    let plan = scene.ends(
        0,
        "plan relations.yaml -o relations.run --format json --show-pii",
    );
    for (step, key, label, message) in [
        (
            "misspelt",
            "0",
            "invalid_parameter",
            "the relation behind `contacts` of `Opportunities` has no column `contact_roll`; did you mean \
             `contact_role`?",
        ),
        (
            "along",
            "along",
            "missing_parameter",
            "a record to be linked through `tasks` has no `id`; write `tasks: { add: [ID] }`, or \
             `{ id: ID, COLUMN: … }` to fill a column",
        ),
        (
            "address",
            "address",
            "invalid_parameter",
            "`email`: an e-mail address has no `opt_ot`; did you mean `opt_out`?",
        ),
        (
            "both",
            "0",
            "invalid_parameter",
            "`tag`: `doe` is added and taken out at once",
        ),
    ] {
        let operation = plan.operation(step, key);
        assert_eq!(operation["outcome"], "failed", "{step}: {plan}");
        assert_eq!(operation["label"], label, "{step}: {plan}");
        assert_eq!(operation["message"], message, "{step}");
    }
    assert_eq!(plan.operation("good", "0")["outcome"], "planned", "{plan}");
    let warned: Vec<String> = plan.json()["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"] == "not_found")
        .map(|one| format!("{} {}", one["step"], one["message"]))
        .collect();
    let expected = [
        ("team", "team_name", "Global"),
        ("first_team", "team_id", "Wset"),
        ("teams", "team_name", "Est"),
    ]
    .map(|(step, field, id)| {
        format!(
            "\"{step}\" \"`{field}` is set to `{id}`: Teams has no such record, or this user does not see it\""
        )
    });
    assert_eq!(warned, expected, "{plan}");
}
