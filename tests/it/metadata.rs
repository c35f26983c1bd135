//! `metadata pull` and `metadata diff`.

use std::path::Path;

use crate::command::assert_seen;
use crate::command::sugarmill;

const OLD: &str = "tests/metadata/old.json";
const NEW: &str = "tests/metadata/new.json";

fn text(path: &Path) -> &str {
    path.to_str().expect("the path was made of text")
}

#[test]
fn a_pull_describes_what_a_playbook_needs_and_is_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metadata.json");
    let arguments = [
        "metadata",
        "pull",
        "--sandbox",
        "--for",
        "playbooks/import-customers.yaml",
        "-o",
        text(&file),
    ];
    let first = sugarmill(arguments);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let pulled = std::fs::read_to_string(&file).unwrap();
    let metadata = sugarmill::metadata::from_text(&pulled).unwrap().metadata;
    assert!(metadata.module("Accounts").is_some() && metadata.module("Contacts").is_some());
    assert!(metadata.module("Opportunities").is_none() && metadata.has_module("Opportunities"));

    let second = sugarmill(arguments);
    assert!(
        second.stderr.contains(", nothing changed"),
        "{}",
        second.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), pulled);

    let check = [
        "check",
        "playbooks/import-customers.yaml",
        "--metadata",
        text(&file),
    ];
    assert_eq!(sugarmill(check).code, Some(0));
    let diff = sugarmill([
        "metadata",
        "diff",
        text(&file),
        "--sandbox",
        "--detailed-exitcode",
    ]);
    assert_eq!(
        (diff.code, diff.stdout.as_str()),
        (Some(0), "the metadata has not changed\n")
    );
}

#[test]
fn a_pull_without_a_file_goes_to_stdout() {
    let pulled = sugarmill(["metadata", "pull", "--sandbox", "--module", "Accounts"]);
    assert_eq!(pulled.stderr, "");
    let metadata = sugarmill::metadata::from_text(&pulled.stdout)
        .unwrap()
        .metadata;
    let described: Vec<&str> = metadata.modules.keys().map(String::as_str).collect();
    assert_eq!(described, ["Accounts"]);
}

#[test]
fn a_pull_says_what_it_will_not_do() {
    let misspelt = sugarmill(["metadata", "pull", "--sandbox", "--module", "Acounts"]);
    assert_seen("metadata", "pull_of_a_misspelt_module", &misspelt.seen());
    let other = sugarmill(["metadata", "pull", "--sandbox", "-o", "Cargo.toml"]);
    assert_seen("metadata", "pull_over_another_file", &other.seen());
}

#[test]
fn a_diff_says_what_changed_and_what_that_breaks() {
    let diff = |more: &[&str]| sugarmill([&["metadata", "diff", OLD, NEW], more].concat());
    assert_seen("metadata", "diff", &diff(&["--detailed-exitcode"]).seen());
    assert_eq!(diff(&[]).code, Some(0));
    let playbooks = [
        "--playbook",
        "tests/metadata/breaks.yaml",
        "--playbook",
        "tests/metadata/stays.yaml",
    ];
    assert_seen("metadata", "diff_that_breaks", &diff(&playbooks).seen());
    let json = diff(&[&playbooks[..], &["--format", "json"]].concat());
    assert_seen("metadata", "diff_json", &json.seen());
}
