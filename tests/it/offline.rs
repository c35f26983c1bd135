//! A check without an instance finds what one with it would: the snapshot loses nothing that a check asks for.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::command::assert_seen;
use crate::command::sugarmill;

/// What `check` says of all these, as data.
fn checked(playbooks: &[PathBuf], more: &[&str]) -> Json {
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(more);
    arguments.extend(playbooks.iter().map(|path| path.to_str().unwrap()));
    let ended = sugarmill(arguments);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn playbooks(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    found.sort();
    found
}

fn pulled(path: &Path) -> String {
    let ended = sugarmill([
        "metadata",
        "pull",
        "--sandbox",
        "-o",
        path.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_snapshot_says_what_the_instance_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metadata.json");
    let text = pulled(&file);
    assert_eq!(pulled(&file), text, "a second pull is the same to the byte");

    let mut cases = playbooks("tests/against/cases");
    cases.extend(playbooks("tests/diagnostics/whole"));
    cases.extend(playbooks("tests/offline"));
    let offline = checked(&cases, &["--metadata", file.to_str().unwrap()]);
    let online = checked(&cases, &["--sandbox"]);
    assert!(offline["diagnostics"].as_array().unwrap().len() > 100);
    assert_eq!(offline, online);
}

/// A program that gathers mistakes by step finds each, whatever kind it is of.
#[test]
fn mistakes_in_a_step_name_it() {
    let found = checked(
        &[
            "tests/diagnostics/whole/texts_that_cannot_be_read_beside_others.yaml".into(),
            "tests/diagnostics/whole/keys_twice_beside_other_mistakes.yaml".into(),
        ],
        &[],
    );
    let found = found["diagnostics"].as_array().unwrap();
    let without: Vec<&Json> = found
        .iter()
        .filter(|diagnostic| diagnostic["step"].is_null())
        .map(|diagnostic| &diagnostic["message"])
        .collect();
    assert_eq!(
        without,
        [
            "the key `vars` stands here twice",
            "a step's result has no `cuont`"
        ]
    );
    for code in [
        "template_syntax",
        "unknown_function",
        "jsonpath",
        "unquoted_template",
        "duplicate_key",
    ] {
        assert!(
            found.iter().any(|diagnostic| diagnostic["code"] == code),
            "{code}"
        );
    }
}

/// A reviewer sees in the diff of a snapshot what somebody changed in the instance, and nothing else.
#[test]
fn a_small_change_makes_a_small_diff() {
    let folder = tempfile::tempdir().unwrap();
    let before = pulled(&folder.path().join("metadata.json"));
    let mut metadata = sugarmill::metadata::from_text(&before).unwrap().metadata;
    let accounts = metadata.modules.get_mut("Accounts").unwrap();
    let mut region = accounts.fields["industry"].clone();
    region.name = "region_c".to_owned();
    region.options = None;
    accounts.fields.insert(region.name.clone(), region);
    accounts.fields.get_mut("name").unwrap().length = Some(200);
    let after = sugarmill::metadata::to_text(&metadata);
    let lines = |text: &str, other: &str| {
        let known: std::collections::HashSet<&str> = other.lines().collect();
        text.lines().filter(|line| !known.contains(line)).count()
    };
    let (added, removed) = (
        after.lines().count() - before.lines().count(),
        lines(&before, &after),
    );
    assert!((1..12).contains(&added), "{added} lines more");
    assert!(removed <= 2, "{removed} lines are gone");
}

/// A key, a name and a field, each wrong in its own way: none waits until the others are mended.
#[test]
fn mistakes_of_all_kinds_are_found_at_once() {
    let ended = sugarmill(["check", "tests/offline/all_kinds.yaml", "--sandbox"]);
    assert_seen("offline", "all_kinds", &ended.seen());
}
