//! `check` for programs: annotations of a GitHub workflow, and SARIF that its published schema accepts.

use serde_json::Value as Json;

use crate::command::Ended;
use crate::command::assert_seen;
use crate::command::sugarmill;

const SCHEMA: &str = include_str!("../sarif/sarif-2.1.0-rtm.5.json");

fn check(format: &str, playbooks: &[&str]) -> Ended {
    sugarmill(
        [
            &[
                "check",
                "--format",
                format,
                "--metadata",
                "tests/metadata/new.json",
            ],
            playbooks,
        ]
        .concat(),
    )
}

fn of(ended: &Ended) -> Json {
    serde_json::from_str(&ended.stdout).expect("the command writes JSON")
}

fn broken_playbooks() -> Vec<String> {
    let folder =
        std::fs::read_dir("tests/diagnostics/cases").expect("the folder is part of the project");
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| path.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn annotations_stand_on_their_lines() {
    assert_seen(
        "check_formats",
        "github",
        &check("github", &["tests/metadata/breaks.yaml"]).seen(),
    );
}

#[test]
fn every_result_has_a_rule_with_help_and_a_place() {
    let ended = check("sarif", &["tests/metadata/breaks.yaml"]);
    assert_seen(
        "check_formats",
        "sarif",
        &ended.seen().replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    );
}

#[test]
fn sarif_satisfies_its_schema_whatever_is_wrong() {
    // As published, a pattern of it has a bracket too many and is no regular expression.
    let schema = SCHEMA.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Json = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let broken = broken_playbooks();
    let broken: Vec<&str> = broken.iter().map(String::as_str).collect();
    for playbooks in [
        &broken[..],
        &["tests/metadata/stays.yaml"],
        &["tests/no/such.yaml"],
    ] {
        let log = of(&check("sarif", playbooks));
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let rules = |log: &Json| {
        log["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap()
            .clone()
    };
    let rules = rules(&of(&check("sarif", &broken)));
    assert!(rules.len() > 15);
    assert!(
        rules.iter().all(|rule| rule["help"]["text"].is_string()),
        "{rules:#?}"
    );
    // And the schema does refuse.
    assert!(
        !validator
            .is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [{}] }] }))
    );
}

#[test]
fn a_check_that_cannot_be_made_is_no_check_that_found_nothing() {
    for (format, expected) in [
        ("json", "unreadable_file"),
        (
            "github",
            "::error file=no/such.json,title=unreadable_file::",
        ),
        ("sarif", "\"ruleId\": \"unreadable_file\""),
    ] {
        let ended = sugarmill([
            "check",
            "--format",
            format,
            "--metadata",
            "no/such.json",
            "tests/metadata/stays.yaml",
        ]);
        assert_eq!(ended.code, Some(3));
        assert!(ended.stdout.contains(expected), "{}", ended.stdout);
    }
}
