//! Upserts by `sync_key` and creates that assume they are new, against a Sugar in another process.

use serde_json::json;

use crate::scene::Scene;

const CUSTOMERS: &str = "
version: 1
name: customers
identity: test
steps:
  - id: customers
    for_each: { csv: rows.csv }
    upsert: Accounts
    sync_key: '{{ item.code }}'
    key: '{{ item.code }}'
    set: { name: '{{ item.name }}', industry: '{{ item.industry }}' }
  - id: people
    for_each: '{{ steps.customers.items }}'
    create: Contacts
    key: '{{ item.key }}'
    set: { last_name: '{{ item.name }}', account_id: '{{ item.id }}' }
";

const ROWS: &str = "code,name,industry\nA-1,Acme,Retail\nB/2 50%,Beta,Banking\n";

#[test]
fn a_record_is_made_then_changed_then_left_alone_by_its_key() {
    let scene = Scene::new()
        .file("rows.csv", ROWS)
        .file("customers.yaml", CUSTOMERS);
    let plan = scene.ends(0, "plan customers.yaml --format json -o first.run");
    let first = plan.operation("customers", "A-1");
    assert_eq!(
        (&first["action"], &first["record"], &first["reversible"]),
        (&json!("upsert"), &json!(null), &json!(false)),
        "{first}"
    );
    assert_eq!(first["after"]["sync_key"], "A-1");
    assert_eq!(plan.operation("people", "A-1")["outcome"], "deferred");
    let run = scene.ends(0, "apply first.run --format json");
    assert_eq!(run.operation("customers", "A-1")["status"], 201, "{run}");
    let all = "SELECT a.sync_key || ' ' || a.name || ' ' || c.last_name FROM accounts a \
               JOIN accounts_contacts l ON l.account_id = a.id JOIN contacts c ON c.id = l.contact_id ORDER BY 1";
    assert_eq!(
        scene.server.lines(all),
        ["A-1 Acme Acme", "B/2 50% Beta Beta"]
    );

    let again = scene.ends(0, "run customers.yaml --yes --format json -o again.run");
    assert_eq!(again.json()["summary"]["unchanged"], 4, "{again}");
    scene.write("rows.csv", &ROWS.replace("Retail", "Energy"));
    let changed = scene.ends(0, "run customers.yaml --yes --format json -o changed.run");
    let acme = changed.operation("customers", "A-1");
    assert_eq!(
        (&acme["before"]["industry"], &acme["after"]["industry"]),
        (&json!("Retail"), &json!("Energy"))
    );
    assert_eq!(acme["status"], 200);
    let undo = scene.ends(1, "undo changed.run --yes --format json -o back.run");
    assert_eq!(
        undo.operation("customers", "A-1")["label"],
        "local:irreversible"
    );
}

#[test]
fn an_upsert_by_key_whose_answer_is_lost_is_repeated() {
    let scene = Scene::new()
        .file("rows.csv", ROWS)
        .file("customers.yaml", CUSTOMERS);
    scene.ends(0, "plan customers.yaml -o lost.run");
    scene
        .server
        .fault("drop_after,scope=entry,method=PATCH,path=/Accounts,times=1");
    let run = scene.ends(0, "apply lost.run --format json");
    assert_eq!(run.json()["summary"]["ok"], 4, "{run}");
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 2);
}

#[test]
fn a_user_who_may_not_gets_the_label_as_it_comes() {
    let scene = Scene::new()
        .file("rows.csv", ROWS)
        .file("customers.yaml", CUSTOMERS)
        .env("SUGAR_USERNAME", "sally");
    let said = scene.ends(1, "run customers.yaml --yes --format json");
    let first = said.operation("customers", "A-1");
    assert_eq!(
        (&first["label"], &first["status"]),
        (&json!("not_authorized"), &json!(403)),
        "{said}"
    );
}

#[test]
fn keys_are_neither_empty_nor_used_twice() {
    let playbook = "
version: 1
name: twice
identity: test
limits: { max_failures: 5 }
steps:
  - id: twice
    for_each: [x, y, x, '', '..']
    upsert: Accounts
    sync_key: '{{ item }}'
    set: { name: 'of {{ item }}' }
  - id: lacking
    upsert: Accounts
    sync_key: z
    set: { industry: Retail }
";
    let scene = Scene::new().file("twice.yaml", playbook);
    let said = scene.ends(0, "plan twice.yaml --format json");
    for (step, key, label) in [
        ("twice", "2", "local:ambiguous"),
        ("twice", "3", "local:empty_match"),
        ("twice", "4", "local:invalid_value"),
        ("lacking", "0", "missing_parameter"),
    ] {
        assert_eq!(said.operation(step, key)["label"], label, "{said}");
    }
}

/// Accounts that are loaded into an instance for the first time.
const FIRST: &str = "
version: 1
name: first
identity: test
settings: { concurrency: 1 }
steps:
  - id: load
    for_each: { csv: rows.csv }
    create: Accounts
    key: '{{ item.code }}'
    set: { name: '{{ item.name }}', industry: '{{ item.industry }}' }
    assume: new
";

#[test]
fn a_first_load_asks_for_no_ids_and_doubles_nothing() {
    let scene = Scene::new()
        .file("rows.csv", ROWS)
        .file("first.yaml", FIRST);
    let asked = |scene: &Scene| {
        let is_filter = |line: &&serde_json::Value| {
            line["path"].as_str().unwrap().ends_with("/Accounts/filter")
        };
        scene.server.log().iter().filter(is_filter).count()
    };
    scene.ends(0, "plan first.yaml -o first.run");
    assert_eq!(asked(&scene), 0, "the plan does not ask which ids exist");
    scene.ends(0, "apply first.run");
    assert_eq!(asked(&scene), 0);

    // The plan believes what it is told; the instance knows better.
    scene.write("rows.csv", &ROWS.replace("Retail", "Energy"));
    let plan = scene.ends(0, "plan first.yaml --format json -o again.run");
    assert_eq!(plan.json()["summary"]["planned"], 2, "{plan}");
    let again = scene.ends(0, "apply again.run --format json");
    assert_eq!(again.json()["summary"]["unchanged"], 2, "{again}");
    let acme = again.operation("load", "A-1");
    assert!(
        acme["message"]
            .as_str()
            .unwrap()
            .contains("differs in `industry`"),
        "{acme}"
    );
    assert_eq!(asked(&scene), 1, "those refused are looked up together");
    assert_eq!(
        scene
            .server
            .lines("SELECT industry FROM accounts ORDER BY name"),
        ["Retail", "Banking"]
    );
}

#[test]
fn an_id_that_a_deleted_record_holds_is_taken() {
    let scene = Scene::new()
        .file("rows.csv", ROWS)
        .file("first.yaml", FIRST);
    scene.ends(0, "run first.yaml --yes -o first.run");
    let id = scene
        .server
        .text("SELECT id FROM accounts WHERE name = 'Acme'");
    let path = format!("/Accounts/{id}");
    scene.server.somebody("DELETE", &path, &json!(null));
    let said = scene.ends(1, "run first.yaml --yes --format json -o again.run");
    assert_eq!(said.operation("load", "A-1")["label"], "local:id_taken");
    said.says("raise `generation`, or give `--generation N`");
    // Another generation has other ids, in the plan and when that is applied.
    let plan = "plan first.yaml -o third.run --format json";
    let as_it_is = scene.ends(0, plan).json()["digest"].clone();
    let raised = scene.ends(0, &format!("{plan} --generation 2"));
    assert_ne!(raised.json()["digest"], as_it_is);
    let applied = scene.ends(0, "apply third.run --format json");
    assert_eq!(
        applied.operation("load", "A-1")["outcome"],
        "ok",
        "{applied}"
    );
    assert_eq!(
        applied.operation("load", "A-1")["record"],
        raised.operation("load", "A-1")["record"]
    );
    assert_ne!(applied.operation("load", "A-1")["record"], id);
}
