//! `schema --metadata`: an editor underlines what the instance does not have, and nothing that `check` lets pass.

use std::path::Path;

use serde_json::Value as Json;
use sugarmill::diag::Sources;
use sugarmill::playbook;

use crate::command::sugarmill;

const SNAPSHOT: &str = "tests/metadata/schema.json";

fn validator() -> jsonschema::Validator {
    let ended = sugarmill(["schema", "--metadata", SNAPSHOT]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let schema: Json = serde_json::from_str(&ended.stdout).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A playbook of one step, as an editor's validator sees it.
fn playbook(step: &str) -> Json {
    let text = format!("version: 1\nname: one\nsteps:\n  - {{ id: one, {step} }}\n");
    read(text.as_bytes())
}

fn read(text: &[u8]) -> Json {
    let mut sources = Sources::default();
    let source = playbook::yaml::decode("playbook.yaml", text, &mut sources).unwrap();
    playbook::yaml::read(source, &sources.get(source).text)
        .unwrap()
        .value
        .to_json()
}

#[test]
fn what_the_instance_has_is_right() {
    let validator = validator();
    for step in [
        "filter: Accounts, where: { industry: Banking }",
        "filter: Accounts, where: { industry: { $in: [Banking, '{{ vars.x }}'] } }",
        "filter: Accounts, where: { industry: { $in: '{{ vars.list }}' } }",
        "filter: Accounts, where: [{ name: x }, { $or: [{ industry: Retail }, { $owner: _this }] }]",
        "filter: Accounts, where: { contacts.last_name: Miller, name: { $starts: A } }",
        "filter: Accounts, where: '{{ vars.where }}'",
        "filter: Accounts, fields: [id, name]",
        "list: Tasks, fields: [not_described]",
        "count: Accounts, where: { name: x }",
        "enum: Accounts, field: industry",
        "search: x, modules: [Accounts]",
        "create: Accounts, set: { name: x, industry: '' }",
        "create: Accounts, set: { name: x, size_c: 1, languages: [de, en], contacts: { add: [a] } }",
        "create: Accounts, set: { name: x, languages: '^de^,^en^' }",
        "create: Accounts, set: { name: x, languages: de }",
        "update: Accounts, record: a, set: { industry: '{{ item.industry }}', parent_id: b }",
        "update: Accounts, record: a, set: { industry: null }",
        "update: Accounts, record: a, set: { nobody_knows: 1 }, unchecked: [nobody_knows]",
        "link: Accounts, record: a, through: contacts, to: b",
        "related: Accounts, record: a, through: contacts, fields: [last_name]",
    ] {
        let json = playbook(step);
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{step}: {errors:#?}");
    }
}

#[test]
fn what_it_does_not_have_is_underlined() {
    let validator = validator();
    let language = jsonschema::draft202012::new(&playbook::json_schema()).unwrap();
    for step in [
        "filter: Acounts",
        "filter: Accounts, where: { industri: Banking }",
        "filter: Accounts, where: { industry: Bnking }",
        "filter: Accounts, where: { industry: { $in: [Banking, Bnking] } }",
        "filter: Accounts, where: [{ $or: [{ nmae: x }] }]",
        "filter: Accounts, where: { contacts: a }",
        "filter: Accounts, fields: [id, nmae]",
        "enum: Accounts, field: name",
        "search: x, modules: [Acounts]",
        "create: Accounts, set: { industry: Banking }",
        "create: Accounts, set: { name: x, languages: [xx] }",
        "create: Accounts, set: { name: x, languages: xx }",
        "create: Accounts, set: { name: x, contacts: a }",
        "update: Accounts, record: a, set: { date_modified: x }",
        "update: Accounts, record: a, set: { parent_name: x }",
        "update: Accounts, record: a, set: { industry: Bnking }",
        "link: Accounts, record: a, through: cntacts, to: b",
        "related: Accounts, record: a, through: name",
    ] {
        assert!(!validator.is_valid(&playbook(step)), "{step}");
        assert!(language.is_valid(&playbook(step)), "{step}");
    }
}

#[test]
fn the_playbooks_that_come_with_the_project_satisfy_that_of_a_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metadata.json");
    let file = file.to_str().unwrap();
    assert_eq!(
        sugarmill(["metadata", "pull", "--sandbox", "-o", file]).code,
        Some(0)
    );
    let schema = sugarmill(["schema", "playbook", "--metadata", file]).stdout;
    let validator = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut seen = 0;
    for entry in Path::new("playbooks").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let json = read(&std::fs::read(&path).unwrap());
            let errors: Vec<String> = validator
                .iter_errors(&json)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn a_report_has_no_schema_of_an_instance() {
    let ended = sugarmill(["schema", "report", "--metadata", SNAPSHOT]);
    assert_eq!(ended.code, Some(3));
}
