//! `explain`: nothing that reports say is left unexplained.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use sugarmill::report;

use crate::command::assert_seen;
use crate::command::sugarmill;

#[test]
fn every_code_in_the_sources_is_explained() {
    let code = Regex::new(r#"Code\(\s*"([^"]+)"\s*\)"#).unwrap();
    let mut codes = BTreeSet::new();
    read(Path::new("src"), &mut |text| {
        codes.extend(code.captures_iter(text).map(|found| found[1].to_owned()));
    });
    assert!(codes.len() > 30, "{codes:?}");
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| report::explain(code).is_none_or(|found| found.label != **code))
        .collect();
    assert!(
        missing.is_empty(),
        "add to src/report/explain/found.rs: {missing:?}"
    );
}

#[test]
fn every_code_that_is_explained_exists() {
    let mut sources = String::new();
    read(Path::new("src"), &mut |text| sources.push_str(text));
    let gone: Vec<&str> = report::explanations()
        .iter()
        .filter(|known| known.origin == report::Origin::Check)
        .map(|known| known.label)
        // Once in the explanation itself, once where it is used.
        .filter(|label| sources.matches(&format!("\"{label}\"")).count() < 2)
        .collect();
    assert!(
        gone.is_empty(),
        "take out of src/report/explain/found.rs: {gone:?}"
    );
}

#[test]
fn a_label_is_explained_and_all_are_listed() {
    for label in ["edit_conflict", "local:not_stored", "no_key", "drift"] {
        let name = format!("explain_{}", label.replace(':', "_"));
        assert_seen("explain", &name, &sugarmill(["explain", label]).seen());
    }
    assert_seen("explain", "list", &sugarmill(["explain"]).seen());
    let json = sugarmill(["explain", "not_found", "--format", "json"]);
    assert_seen("explain", "json", &json.seen());
}

#[test]
fn an_unknown_label_brings_the_nearest() {
    for label in ["edit_conflct", "drfit", "colourless"] {
        assert_seen(
            "explain",
            &format!("unknown_{label}"),
            &sugarmill(["explain", label]).seen(),
        );
    }
}

fn read(folder: &Path, take: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).expect("the folder is part of the project") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            read(&path, take);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            take(&std::fs::read_to_string(path).expect("sources are text"));
        }
    }
}

#[test]
fn explanations_keep_to_the_width_of_the_terminal() {
    for label in [None, Some("local:drift")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sugarmill"));
        command.arg("explain").args(label).env("COLUMNS", "60");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() > 4, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 60, "{line}");
        }
    }
}
