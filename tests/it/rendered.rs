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
            "2 local:invalid_value partners.xlsx:6",
            "3 local:invalid_value partners.xlsx:7",
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
