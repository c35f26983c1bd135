//! The JSON Schema of the language is the one in `schemas/`, and judges playbooks as the parser does.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value as Json;
use sugarmill::diag::Sources;
use sugarmill::playbook;

const FILE: &str = "schemas/playbook.schema.json";

/// Set to write the file anew.
const UPDATE: &str = "SUGARMILL_UPDATE_SCHEMAS";

#[test]
fn the_file_is_up_to_date() {
    let mut wanted = serde_json::to_string_pretty(&playbook::json_schema()).unwrap();
    wanted.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(FILE, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        found == wanted,
        "{FILE} is out of date; run the tests with {UPDATE}=1"
    );
}

#[test]
fn it_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&playbook::json_schema()));
}

#[test]
fn every_good_playbook_satisfies_it() {
    let validator = jsonschema::draft202012::new(&playbook::json_schema()).unwrap();
    let playbooks = files("tests/language");
    assert!(!playbooks.is_empty());
    for path in playbooks {
        let json = json(&path).expect("a good playbook is YAML");
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

/// Which broken playbooks an editor does not underline. The list may shrink; a case that joins it shows a hole.
#[test]
fn broken_playbooks_that_only_the_parser_finds() {
    let validator = jsonschema::draft202012::new(&playbook::json_schema()).unwrap();
    let unseen: Vec<String> = files("tests/diagnostics/cases")
        .iter()
        .filter(|path| json(path).is_some_and(|json| validator.is_valid(&json)))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        unseen,
        [
            "for_each_companions_without_it",
            "step_ids_twice",
            "top_requires_a_newer_sugarmill",
            "vars_required_with_default",
            "vars_secret_with_default",
        ]
    );
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is part of the project")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

/// A playbook as an editor's validator sees it; nothing where it is no YAML.
fn json(path: &Path) -> Option<Json> {
    let bytes = std::fs::read(path).expect("the file was listed a moment ago");
    let mut sources = Sources::default();
    let source = playbook::yaml::decode("playbook.yaml", &bytes, &mut sources).ok()?;
    let root = playbook::yaml::read(source, &sources.get(source).text).ok()?;
    Some(root.value.to_json())
}
