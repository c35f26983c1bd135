//! The JSON report: what it holds, and that the schema tells the truth about it.

use std::path::Path;

use serde_json::Value as Json;

use super::fixtures;
use super::fixtures::Planned;
use crate::operation::State;
use crate::report::Operations;
use crate::report::Options;
use crate::report::RunResult;
use crate::report::read;
use crate::report::schema;
use crate::report::write_json;
use crate::runfile::RunFile;
use crate::runfile::RunView;
use crate::wire::Label;
use crate::wire::SugarLabel;

/// Set, the schema is written instead of compared.
const UPDATE: &str = "SUGARMILL_UPDATE_SCHEMAS";

const MAKERS: [fn(&Path) -> RunFile; 5] = [
    fixtures::plan,
    fixtures::refused,
    fixtures::finished,
    fixtures::interrupted,
    fixtures::succeeded,
];

fn written(view: &RunView, options: Options) -> Json {
    let mut out = Vec::new();
    write_json(view, options, &mut out).unwrap();
    assert!(out.ends_with(b"}\n"));
    serde_json::from_slice(&out).unwrap()
}

/// The report, its only varying part replaced.
fn report(make: fn(&Path) -> RunFile) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(make(folder.path()));
    let mut report = written(&view, Options::default());
    report["run"]["file"] = "import-customers.run".into();
    report
}

/// The document as it is written, for the order of its fields counts.
fn document(make: fn(&Path) -> RunFile) -> String {
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(make(folder.path()));
    let mut out = Vec::new();
    write_json(&view, Options::default(), &mut out).unwrap();
    let path = view.path().display().to_string();
    let document = String::from_utf8(out).unwrap();
    // How SQLite lays out its pages is no business of this test.
    let size = regex::Regex::new(r#""run_file_bytes": \d+"#).unwrap();
    let document = size.replace(&document, r#""run_file_bytes": 102400"#);
    document.replace(&path, "import-customers.run")
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(document(fixtures::plan));
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(document(fixtures::finished));
}

#[test]
fn results_are_told_apart() {
    let results = MAKERS.map(|make| {
        let folder = tempfile::tempdir().unwrap();
        let view = fixtures::view(make(folder.path()));
        read(&view, Options::default()).unwrap().result
    });
    assert_eq!(
        results,
        [
            RunResult::Planned,
            RunResult::Refused,
            RunResult::Failed,
            RunResult::Interrupted,
            RunResult::Succeeded
        ]
    );
}

#[test]
fn the_schema_is_true_of_every_report() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for make in MAKERS {
        let report = report(make);
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
    let mut broken = report(fixtures::plan);
    broken["steps"][0]["outcome"] = "fine".into();
    assert!(!validator.is_valid(&broken), "and not of anything");
}

#[test]
fn the_schema_in_the_repository_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/report.schema.json");
    let mut generated = serde_json::to_string_pretty(&schema()).unwrap();
    generated.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, &generated).unwrap();
    }
    let committed = fs_err::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "schemas/report.schema.json is not what the code says; run this test with {UPDATE}=1"
    );
}

#[test]
fn counts_of_steps_and_operations_add_up_to_the_summary() {
    for make in MAKERS {
        let report = report(make);
        let steps = report["steps"].as_array().unwrap();
        for outcome in [
            "ok",
            "unchanged",
            "failed",
            "skipped",
            "unknown",
            "planned",
            "deferred",
        ] {
            let summary = report["summary"][outcome].as_u64().unwrap();
            let counted: u64 = steps
                .iter()
                .filter_map(|step| step["counts"][outcome].as_u64())
                .sum();
            let listed = steps
                .iter()
                .flat_map(|step| step["operations"].as_array().unwrap())
                .filter(|operation| operation["outcome"] == outcome)
                .count() as u64;
            assert_eq!((summary, summary), (counted, listed), "{outcome}");
        }
    }
}

#[test]
fn a_report_in_memory_is_the_one_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(fixtures::finished(folder.path()));
    let in_memory = read(&view, Options::default()).unwrap();
    assert_eq!(
        serde_json::to_value(in_memory).unwrap(),
        written(&view, Options::default())
    );
}

#[test]
fn of_very_many_operations_the_bad_ones_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "many", "create", Some("Accounts"));
    let many = (0..10_001).map(|index| {
        let planned = Planned::create(
            0,
            index,
            &index.to_string(),
            "Accounts",
            serde_json::json!({}),
        );
        match index {
            7_000 => planned.ended(
                State::Failed,
                Label::from(SugarLabel::NotFound),
                "it is not there",
            ),
            _ => planned,
        }
    });
    fixtures::add(&mut file, 0, many.collect());
    let view = fixtures::view(file);
    let listed = |operations| {
        let options = Options {
            operations,
            ..Options::default()
        };
        let report = written(&view, options);
        let keys = report["steps"][0]["operations"].as_array().unwrap().clone();
        keys.into_iter()
            .map(|operation| operation["key"].as_str().unwrap().parse().unwrap())
            .collect::<Vec<u64>>()
    };
    assert_eq!(listed(Operations::Readable), [7_000]);
    assert_eq!(listed(Operations::All), (0..10_001).collect::<Vec<_>>());
}
