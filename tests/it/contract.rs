//! What programs go by: the fields of reports, their codes, exit codes, and where they are told something is.

use std::collections::BTreeSet;

use roxmltree::Document;
use serde_json::Value;
use serde_json::json;

use crate::scene::Said;
use crate::scene::Scene;

const TWO: &str = "version: 1
name: two
identity: test
steps:
  - id: a
    for_each: [x, y]
    as: name
    create: Accounts
    key: \"{{ name }}\"
    set: { name: \"{{ name }}\" }
";

fn scene() -> Scene {
    Scene::new().file("p.yaml", TWO)
}

/// Of a document, whatever it is of.
#[track_caller]
fn first(said: &Said) -> Value {
    said.json()["diagnostics"][0].clone()
}

fn keys(said: &Said, step: &str) -> Vec<String> {
    let operations = said.step(step)["operations"].as_array().cloned();
    let operations = operations.unwrap_or_default();
    let keys = operations.iter().map(|one| one["key"].as_str().unwrap());
    keys.map(str::to_owned).collect()
}

/// The number of a row may be the key of another one.
#[test]
fn a_row_whose_key_cannot_be_made_has_not_the_key_of_another() {
    let playbook = "version: 1
name: rows
limits: { max_failures: 5 }
steps:
  - id: imp
    for_each: { csv: d.csv }
    as: row
    key: \"{{ row.code }}\"
    create: Accounts
    set: { name: \"{{ row.name }}\" }
  - id: got
    for_each: [{ code: 1, id: gone }]
    as: row
    key: \"{{ row.code }}\"
    get: Accounts
    record: \"{{ row.id }}\"
";
    let scene = Scene::new()
        .file("p.yaml", playbook)
        .file("d.csv", "code,name\n1,North\n2,South\n3\n4,West\n");
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    assert_eq!(keys(&plan, "imp"), ["1", "2", "(item 2)", "4"]);
    assert_eq!(plan.operation("imp", "(item 2)")["row"]["line"], 4);
    assert_eq!(keys(&plan, "got"), ["1"]);
}

#[test]
fn what_is_skipped_for_another_step_keeps_its_key() {
    let playbook = "version: 1
name: keys
limits: { max_failures: 5 }
steps:
  - { id: nf, update: Leads, record: gone, key: k, set: { description: x } }
  - { id: dep, depends_on: [nf], create: Tasks, key: dep, set: { name: dep } }
  - { id: all, for_each: [1], depends_on: [nf], create: Tasks, key: '{{ item }}', set: { name: dep } }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    assert_eq!(keys(&plan, "dep"), ["dep"]);
    // Of all its items together nothing is known.
    assert_eq!(keys(&plan, "all"), ["(item 0)"]);
}

/// An address says which instance it is.
#[test]
fn another_instance_is_known_without_being_asked() {
    let scene = scene();
    scene.ends(0, "run p.yaml --yes -o p.run");
    let other = Scene::new();
    for url in ["http://127.0.0.1:1", other.server.url.as_str()] {
        for command in ["apply p.run", "undo p.run --yes", "undo p.run --dry-run"] {
            let line = format!("{command} --url {url} --format json");
            let said = scene.ends(5, &line);
            assert_eq!(said.json()["result"], "refused", "{said}");
            assert_eq!(first(&said)["code"], "refused", "{said}");
        }
    }
    assert_eq!(other.server.log().len(), 0);
}

#[test]
fn what_failed_because_of_a_record_names_it() {
    let playbook = "version: 1
name: gone
limits: { max_failures: 9, max_deletes: 1 }
steps:
  - { id: upd, update: Leads, record: gone-1, key: k, set: { description: x } }
  - { id: got, get: Leads, record: gone-2 }
  - { id: fav, favorite: Leads, record: gone-3 }
  - { id: lnk, link: Leads, record: gone-4, through: notes, to: [n] }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    let records = |said: &Said| {
        ["upd", "got", "fav", "lnk"].map(|step| {
            let operation = said.step(step)["operations"][0].clone();
            assert_eq!(operation["label"], "not_found", "{said}");
            operation["record"].clone()
        })
    };
    assert_eq!(records(&plan), ["gone-1", "gone-2", "gone-3", "gone-4"]);
    // A failed read was asked.
    assert_eq!(plan.step("got")["operations"][0]["attempts"], 1, "{plan}");
    // It is worked out anew all the same, as one of which nothing is known.
    let lead = json!({ "id": "gone-1", "last_name": "Doe" });
    scene.server.somebody("POST", "/Leads", &lead);
    let done = scene.ends(1, "apply p.run --retry-failed --format json");
    assert_eq!(done.operation("upd", "k")["outcome"], "ok", "{done}");
    let text = "SELECT description FROM leads WHERE id = 'gone-1'";
    assert_eq!(scene.server.text(text), "x");
}

#[test]
fn what_an_operation_depends_on_is_told_after_it_too() {
    let playbook = "version: 1
name: deps
steps:
  - { id: acc, create: Accounts, key: one, set: { name: One } }
  - { id: con, for_each: [a, b], create: Contacts, key: '{{ item }}', set: { last_name: '{{ item }}' } }
  - { id: lnk, link: Accounts, record: '{{ steps.acc.id }}', through: contacts, to: '{{ steps.con.ids }}' }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let needs = |said: &Said| said.step("lnk")["operations"][0]["depends_on"].clone();
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    let planned = needs(&plan);
    let names = |needs: &Value| -> BTreeSet<String> {
        let needs = needs.as_array().unwrap().iter();
        needs.map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&planned).contains("con"), "{plan}");
    let done = scene.ends(0, "apply p.run --format json");
    assert!(names(&needs(&done)).is_superset(&names(&planned)), "{done}");
}

#[test]
fn records_are_counted_alike_by_runs_and_undos() {
    let scene = scene();
    scene.ends(0, "run p.yaml --yes -o p.run");
    let undo = scene.ends(0, "undo p.run --yes --format json");
    assert_eq!(undo.step("a")["records"], 2, "{undo}");
}

/// What cannot be reached is no refusal, and what did not hold is none either.
#[test]
fn one_cause_has_one_result_and_one_code_in_every_command() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    let said = scene.ends(4, "plan p.yaml --url http://127.0.0.1:1 --format json");
    assert_eq!(said.json()["result"], "interrupted", "{said}");
    assert_eq!(first(&said)["code"], "lost", "{said}");
    let scene = scene.env("SUGAR_PASSWORD", "wrong");
    for line in [
        "plan p.yaml -o q.run",
        "run p.yaml --yes -o q.run",
        "apply p.run",
    ] {
        let said = scene.ends(4, &format!("{line} --format json"));
        assert_eq!(said.json()["result"], "interrupted", "{said}");
        assert_eq!(first(&said)["code"], "denied", "{said}");
    }
    let password = scene.server.password.clone();
    let scene = scene.env("SUGAR_PASSWORD", &password);
    scene.ends(0, "apply p.run");
    for line in [
        "run p.yaml",
        "undo p.run",
        "plan p.yaml -o p.run",
        "apply p.run --expect-digest 00000000",
    ] {
        let said = scene.ends(5, &format!("{line} --format json"));
        assert_eq!(said.json()["result"], "refused", "{said}");
        assert_eq!(first(&said)["code"], "refused", "{said}");
    }
    for line in [
        "apply p.run --limit nonsense",
        "plan p.yaml --var nonsense",
        "show none.run",
    ] {
        let said = scene.ends(3, &format!("{line} --format json"));
        assert_eq!(said.json()["result"], "refused", "{said}");
        assert_eq!(first(&said)["code"], "command", "{said}");
    }
}

#[test]
fn a_plan_whose_expectations_do_not_hold_has_failed() {
    let playbook = "version: 1
name: expects
steps:
  - { id: leads, list: Leads, expect: { count: 7 } }
  - { id: a, create: Accounts, key: a, set: { name: A } }
";
    let scene = Scene::new().file("p.yaml", playbook);
    for line in ["plan p.yaml -o p.run", "run p.yaml --yes -o p.run"] {
        let said = scene.ends(1, &format!("{line} --format json"));
        assert_eq!(said.json()["result"], "failed", "{said}");
    }
    let shown = scene.ends(0, "show p.run");
    shown.says("plan of expects: cannot be applied");
    let apply = scene.ends(5, "apply p.run --format json");
    assert_eq!(apply.json()["result"], "refused", "{apply}");
    apply.says("this plan cannot be applied: what step `leads` expects does not hold");
}

#[test]
fn a_limit_stands_where_it_is_written_whichever_command_meets_it() {
    let limited = TWO.replace("steps:", "limits: { max_changes: 1 }\nsteps:");
    let scene = Scene::new().file("p.yaml", &limited);
    let plan = scene.ends(5, "plan p.yaml -o p.run --format json");
    let apply = scene.ends(5, "apply p.run --format json");
    for said in [&plan, &apply] {
        let found = first(said);
        assert_eq!(found["code"], "refused", "{said}");
        let place = (&found["file"], &found["line"], &found["column"]);
        assert_eq!(place, (&json!("p.yaml"), &json!(4), &json!(11)), "{said}");
    }
    // Something else stands nowhere in the playbook.
    let said = scene.ends(
        5,
        "apply p.run --limit max_changes=2 --max-age 0s --format json",
    );
    assert_eq!(first(&said)["line"], Value::Null, "{said}");
}

#[test]
fn what_is_about_a_whole_file_names_the_file() {
    let scene = scene().file("empty.yaml", "");
    let found = |line: &str| {
        let said = scene.ends(3, line);
        let found = said.json()["diagnostics"].as_array().cloned().unwrap();
        let files = found.iter().map(|one| one["file"].as_str().unwrap_or("?"));
        files.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        found("check p.yaml none.yaml empty.yaml --format json"),
        ["none.yaml", "empty.yaml"]
    );
    assert_eq!(
        found("check p.yaml --metadata none.json --format json"),
        ["none.json"]
    );
    assert_eq!(found("show none.run --format json"), ["none.run"]);
    assert_eq!(found("apply p.yaml --format json"), ["p.yaml"]);
    let said = scene.ends(3, "check none.yaml --format github");
    assert!(
        said.stdout.starts_with("::error file=none.yaml,title="),
        "{said}"
    );
    // What an instance answered is about no file at all.
    let url = scene.server.url.clone();
    let scene = scene.env("SUGAR_PASSWORD", "wrong");
    for line in [
        "check p.yaml empty.yaml none.yaml".to_owned(),
        format!("check p.yaml --url {url}"),
    ] {
        let said = scene.mill(&format!("{line} --format sarif"));
        let results = said.json()["runs"][0]["results"]
            .as_array()
            .cloned()
            .unwrap();
        assert!(!results.is_empty(), "{said}");
        for result in results {
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["artifactLocation"]["uri"].is_string(), "{said}");
            assert!(place["region"]["startLine"].is_u64(), "{said}");
        }
    }
}

/// A workflow may check from a folder of its checkout.
#[test]
fn annotations_name_files_from_the_root_of_the_checkout() {
    let scene = scene().file("bad.yaml", &TWO.replace("key:", "kee:"));
    let here = scene.path("").canonicalize().unwrap();
    let root = here.parent().unwrap().to_str().unwrap().to_owned();
    let from_root = format!("{}/bad.yaml", here.file_name().unwrap().to_str().unwrap());
    let scene = scene.env("GITHUB_WORKSPACE", &root);
    for file in [
        "bad.yaml".to_owned(),
        here.join("bad.yaml").display().to_string(),
    ] {
        let said = scene.ends(3, &format!("check {file} --format github"));
        let file_is = format!("::error file={from_root},line=");
        assert!(said.stdout.starts_with(&file_is), "{said}");
        let said = scene.ends(3, &format!("check {file} --format sarif"));
        let place = &said.json()["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            from_root.as_str(),
            "{said}"
        );
        let said = scene.ends(3, &format!("plan {file} --format github"));
        assert!(said.stdout.starts_with(&file_is), "{said}");
    }
    let refused = TWO.replace("steps:", "limits: { max_changes: 1 }\nsteps:");
    scene.write("bad.yaml", &refused);
    let said = scene.ends(5, "plan bad.yaml --format github");
    assert!(
        said.stdout.contains(&format!("file={from_root},line=4")),
        "{said}"
    );
}

#[test]
fn a_failure_is_one_test_case_and_one_annotation() {
    let scene = Scene::new().file(
        "p.yaml",
        "version: 1
name: stops
steps:
  - { id: a, create: Accounts, key: a, set: { name: A } }
  - { id: sure, assert: ['steps.a.count == 2'], depends_on: [a] }
",
    );
    scene.ends(0, "plan p.yaml -o p.run");
    let done = scene.ends(1, "apply p.run --format junit --report github=r.gh");
    let junit = Document::parse(&done.stdout).unwrap();
    let suite = junit
        .descendants()
        .find(|node| node.has_tag_name("testsuite"))
        .unwrap();
    let counts = ["tests", "failures", "errors"].map(|name| suite.attribute(name).unwrap());
    assert_eq!(counts, ["2", "1", "0"], "{done}");
    // Why it ended is said all the same.
    assert!(
        done.stdout.contains("stopped: step `sure` failed"),
        "{done}"
    );
    let github = std::fs::read_to_string(scene.path("r.gh")).unwrap();
    assert_eq!(github.matches("::error").count(), 1, "{github}");
    assert!(
        github.starts_with("::error file=p.yaml,line=5,"),
        "{github}"
    );
}

#[test]
fn labels_of_a_summary_are_of_what_it_counts() {
    let playbook = "version: 1
name: labels
limits: { max_failures: 5 }
steps:
  - { id: nf, update: Leads, record: gone, key: k, set: { description: x } }
  - { id: read, list: Leads, depends_on: [nf] }
  - { id: dep, depends_on: [nf], create: Tasks, key: dep, set: { name: dep } }
";
    let scene = Scene::new().file("p.yaml", playbook);
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    let summary = plan.json()["summary"].clone();
    assert_eq!(summary["skipped"], 1, "{plan}");
    assert_eq!(
        summary["labels"],
        json!({ "local:dependency": 1, "not_found": 1 }),
        "{plan}"
    );
    assert_eq!(plan.step("read")["labels"]["local:dependency"], 1, "{plan}");
}

#[test]
fn whoever_has_the_file_alone_sees_whether_it_can_be_applied() {
    let scene = scene();
    scene.write("failed.yaml", "version: 1\nname: f\nsteps:\n  - { id: a, create: Accounts, key: a, set: { name: A } }\n  - { id: no, assert: ['1 == 2'] }\n");
    scene.write(
        "over.yaml",
        &TWO.replace("steps:", "limits: { max_changes: 1 }\nsteps:"),
    );
    scene.write(
        "nothing.yaml",
        "version: 1\nname: n\nsteps:\n  - { id: a, list: Accounts }\n",
    );
    for (planned, shown, playbook) in [
        (0, 2, "p"),
        (1, 1, "failed"),
        (5, 1, "over"),
        (0, 0, "nothing"),
    ] {
        scene.ends(planned, &format!("plan {playbook}.yaml -o {playbook}.run"));
        scene.ends(shown, &format!("show {playbook}.run --detailed-exitcode"));
        scene.ends(0, &format!("show {playbook}.run"));
    }
    scene.ends(0, "apply p.run");
    scene.ends(0, "show p.run --detailed-exitcode");
}

#[test]
fn reports_are_written_of_arguments_that_make_no_sense() {
    let scene = scene();
    for wrong in ["--bogus", "--format xml", "--limit"] {
        let _ = std::fs::remove_file(scene.path("r.json"));
        scene.ends(3, &format!("plan p.yaml --report json=r.json {wrong}"));
        let report = std::fs::read_to_string(scene.path("r.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["result"], "refused", "{wrong}");
        let schema = jsonschema::validator_for(&sugarmill::report::schema()).unwrap();
        assert!(schema.is_valid(&report), "{report:#}");
    }
    // But not over what is read.
    scene.ends(3, "plan p.yaml --report json=p.yaml --bogus");
    assert_eq!(std::fs::read_to_string(scene.path("p.yaml")).unwrap(), TWO);
    scene.ends(3, "plan --out=p.yaml --report json=./p.yaml --bogus");
    assert_eq!(std::fs::read_to_string(scene.path("p.yaml")).unwrap(), TWO);
}

#[test]
fn a_stream_is_no_file_anywhere() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    for line in [
        "show p.run -o -",
        "plan p.yaml -o -",
        "metadata pull -o -",
        "check -",
        "plan -",
        "plan p.yaml --vars-file -",
        "schema --metadata -",
        "undo p.run -o -",
    ] {
        scene
            .ends(3, line)
            .says("a file of that name is written `./-`");
    }
    assert_eq!(scene.files(), ["p.run", "p.yaml"]);
    scene.ends(0, "show p.run -o ./-");
    assert_eq!(scene.files(), ["-", "p.run", "p.yaml"]);
}

#[test]
fn who_wants_it_quiet_sees_errors_and_results_alone() {
    let warned = TWO.replace("    key: \"{{ name }}\"\n", "");
    let scene = Scene::new().file("p.yaml", &warned);
    for line in ["check p.yaml", "plan p.yaml -o p.run"] {
        assert!(scene.ends(0, line).stderr.contains("no_key"), "{line}");
        let quiet = scene.ends(0, &format!("-q {line}"));
        assert_eq!(quiet.stderr, "", "{line}");
    }
    scene.write("p.yaml", &warned.replace("set:", "sett:"));
    let said = scene.ends(3, "-q check p.yaml");
    assert!(said.stderr.contains("unknown_key"), "{said}");
    assert!(!said.stderr.contains("no_key"), "{said}");
}

#[test]
fn every_line_of_a_log_of_json_is_json() {
    let scene = scene();
    scene.write("bad.yaml", &TWO.replace("key:", "kee:"));
    for (code, line) in [
        (0, "plan p.yaml -o p.run -v"),
        (0, "apply p.run -v"),
        (3, "plan bad.yaml"),
        (5, "apply p.run --expect-digest 00000000"),
        (0, "runs"),
    ] {
        let said = scene.ends(code, &format!("{line} --log-format json --color always"));
        for line in said.stderr.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{said}"));
            assert!(line["fields"]["message"].is_string(), "{said}");
            assert!(
                line["level"].is_string() && line["timestamp"].is_string(),
                "{said}"
            );
        }
    }
}

#[test]
fn help_and_version_are_given_to_whoever_asks_by_word() {
    let scene = scene();
    let same = |word: &str, flag: &str| {
        assert_eq!(
            scene.ends(0, word).stdout,
            scene.ends(0, flag).stdout,
            "{word}"
        );
    };
    same("help", "--help");
    same("help plan", "plan --help");
    same("help metadata pull", "metadata pull --help");
    same("version", "--version");
    scene.ends(3, "help plam").says("did you mean `plan`?");
}

#[test]
fn colour_is_where_it_is_asked_for() {
    let scene = scene();
    for (code, line) in [(3, "plan --bogus"), (0, "--help"), (0, "help plan")] {
        let has_colour = |when: &str| {
            let said = scene.ends(code, &format!("--color {when} {line}"));
            format!("{}{}", said.stdout, said.stderr).contains('\u{1b}')
        };
        assert!(has_colour("always"), "{line}");
        assert!(!has_colour("never"), "{line}");
        assert!(!has_colour("auto"), "{line}");
    }
}

#[test]
fn a_flag_without_effect_is_refused() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    for line in [
        "show p.run --profile nosuch",
        "--url https://crm.example.com runs",
        "schema --sandbox",
        "sandbox --sandbox",
        "graph p.yaml --allow-http",
    ] {
        scene.ends(3, line).says("has no effect here");
    }
    scene
        .ends(3, "run p.yaml --yes --detailed-exitcode")
        .says("--dry-run");
    // What the environment says is of other commands.
    let scene = scene.env("SUGARMILL_PROFILE", "nosuch");
    scene.ends(0, "show p.run");
}

/// What cannot be planned at all needs nobody's word.
#[test]
fn a_playbook_that_is_not_there_is_said_before_anybody_is_asked() {
    let scene = scene();
    scene.ends(3, "run nope.yaml").says("nope.yaml");
    scene
        .ends(5, "run p.yaml")
        .says("nobody is there to say yes");
    assert_eq!(scene.server.log().len(), 0);
}
