//! The formats that machines of a CI and spreadsheets read.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use roxmltree::Document;
use roxmltree::Node;
use serde_json::Value as Json;
use serde_json::json;

use super::fixtures;
use super::fixtures::Planned;
use crate::operation::Action;
use crate::operation::State;
use crate::report::Options;
use crate::report::Privacy;
use crate::report::ReportError;
use crate::report::write_csv;
use crate::report::write_github;
use crate::report::write_json;
use crate::report::write_junit;
use crate::report::write_ndjson;
use crate::runfile::Ending;
use crate::runfile::RunFile;
use crate::runfile::RunView;
use crate::wire::Label;
use crate::wire::SugarLabel;

type Format = fn(&RunView, Privacy, &mut dyn Write) -> Result<(), ReportError>;

const MAKERS: [fn(&Path) -> RunFile; 6] = [
    fixtures::plan,
    fixtures::refused,
    fixtures::finished,
    fixtures::interrupted,
    fixtures::succeeded,
    fixtures::unchanged,
];

fn written(view: &RunView, format: Format) -> String {
    let mut out = Vec::new();
    format(view, Privacy::Hide, &mut out).unwrap();
    let path = view.path().display().to_string();
    let text = String::from_utf8(out).unwrap();
    text.replace(&path, "import-customers.run")
}

fn of(make: fn(&Path) -> RunFile, format: Format) -> String {
    let folder = tempfile::tempdir().unwrap();
    written(&fixtures::view(make(folder.path())), format)
}

#[test]
fn junit_of_a_run_with_failures() {
    insta::assert_snapshot!(of(fixtures::finished, write_junit));
}

#[test]
fn junit_of_a_plan_and_of_a_refused_one() {
    insta::assert_snapshot!(of(fixtures::plan, write_junit));
    insta::assert_snapshot!(of(fixtures::refused, write_junit));
}

#[test]
fn junit_of_a_run_that_was_cut_off() {
    insta::assert_snapshot!(of(fixtures::interrupted, write_junit));
}

/// Elements, their attributes and their children as junit-10.xsd has them; and `skipped` of all suites, `file` and
/// `line`, which are in wide use beside it.
const STRUCTURE: [(&str, &[&str], &[&str]); 10] = [
    (
        "testsuites",
        &["name", "tests", "failures", "errors", "skipped"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "skipped",
            "timestamp",
        ],
        &["properties", "testcase", "system-err"],
    ),
    ("properties", &[], &["property"]),
    ("property", &["name", "value"], &[]),
    (
        "testcase",
        &["name", "classname", "file", "line"],
        &["skipped", "error", "failure", "system-out"],
    ),
    ("skipped", &["message", "type"], &[]),
    ("error", &["message", "type"], &[]),
    ("failure", &["message", "type"], &[]),
    ("system-out", &[], &[]),
    ("system-err", &[], &[]),
];

fn assert_structure(node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, attributes, children) = STRUCTURE
        .into_iter()
        .find(|(known, ..)| *known == name)
        .unwrap_or_else(|| panic!("JUnit has no element `{name}`"));
    for attribute in node.attributes() {
        assert!(
            attributes.contains(&attribute.name()),
            "{name} {attribute:?}"
        );
    }
    for child in node.children().filter(Node::is_element) {
        assert!(
            children.contains(&child.tag_name().name()),
            "{name} {child:?}"
        );
        assert_structure(child);
    }
    if name == "testcase" {
        assert!(node.has_attribute("name") && node.has_attribute("classname"));
    }
    if name == "testsuite" {
        let count = |element: &str| {
            let cases = node
                .children()
                .filter(|child| child.has_tag_name("testcase"));
            let with =
                cases.filter(|case| case.children().any(|child| child.has_tag_name(element)));
            with.count().to_string()
        };
        assert_eq!(node.attribute("failures"), Some(count("failure").as_str()));
        assert_eq!(node.attribute("errors"), Some(count("error").as_str()));
        assert_eq!(node.attribute("skipped"), Some(count("skipped").as_str()));
        let cases = node
            .children()
            .filter(|child| child.has_tag_name("testcase"));
        let cases = cases.count().to_string();
        assert_eq!(node.attribute("tests"), Some(cases.as_str()));
    }
}

#[test]
fn junit_is_what_its_schema_says() {
    for make in MAKERS {
        let text = of(make, write_junit);
        assert_structure(Document::parse(&text).unwrap().root_element());
    }
}

#[test]
fn the_same_run_file_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(fixtures::finished(folder.path()));
    for format in [write_junit, write_github, write_ndjson, write_csv] {
        assert_eq!(written(&view, format), written(&view, format));
    }
}

#[test]
fn a_run_that_did_not_end_well_is_no_success_for_a_ci() {
    for (make, ending) in [
        (
            fixtures::interrupted as fn(&Path) -> RunFile,
            Ending::Interrupted,
        ),
        (fixtures::interrupted, Ending::Lost("no answer".into())),
        (fixtures::unchanged, Ending::Refused("a limit".into())),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let view = fixtures::view(fixtures::end(make(folder.path()), &ending));
        let text = written(&view, write_junit);
        let document = Document::parse(&text).unwrap();
        let bad = document
            .descendants()
            .filter(|node| node.has_tag_name("error") || node.has_tag_name("failure"));
        assert_ne!(bad.count(), 0, "{ending:?}\n{text}");
    }
}

#[test]
fn nothing_in_a_message_breaks_the_xml() {
    let hostile = "\u{0}\u{b}\u{1b}[31m]]></failure>&amp;\"'\n\r\t\u{fffe}\u{ffff}\u{202e}é";
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "accounts", "create", Some("Accounts"));
    let failed = |index, key: &str| {
        Planned::new(0, index, key, Action::Create)
            .row(hostile, 1)
            .ended(State::Failed, Label::Other(hostile.into()), hostile)
    };
    fixtures::add(&mut file, 0, vec![failed(0, hostile), failed(1, "1")]);
    let text = written(&fixtures::view(file), write_junit);
    let document = Document::parse(&text).unwrap();
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"));
    let failure = failure.unwrap();
    assert!(failure.text().unwrap().contains("]]></failure>&amp;\"'"));
}

#[test]
fn annotations_stand_at_the_data_row_or_the_step() {
    insta::assert_snapshot!(of(fixtures::finished, write_github));
}

#[test]
fn beyond_what_github_shows_there_is_one_annotation_for_each_step_and_label() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "accounts", "create", Some("Accounts"));
    let failed = (0..1_500).map(|index| {
        let label = match index % 3 {
            0 => SugarLabel::NotAuthorized,
            _ => SugarLabel::NotFound,
        };
        Planned::new(0, index, &index.to_string(), Action::Create)
            .row("data/accounts.csv", index + 2)
            .ended(State::Failed, Label::from(label), "no, 100%: never")
    });
    fixtures::add(&mut file, 0, failed.collect());
    insta::assert_snapshot!(written(&fixtures::view(file), write_github));
}

/// What the JSON report lists and what the lines say is the same.
#[test]
fn ndjson_has_every_operation_as_the_json_report_has_it() {
    for make in MAKERS {
        let folder = tempfile::tempdir().unwrap();
        let view = fixtures::view(make(folder.path()));
        let mut out = Vec::new();
        write_json(&view, Options::default(), &mut out).unwrap();
        let report: Json = serde_json::from_slice(&out).unwrap();
        let mut expected = Vec::new();
        for step in report["steps"].as_array().unwrap() {
            for operation in step["operations"].as_array().unwrap() {
                expected.push((step["id"].clone(), operation.clone()));
            }
        }
        let text = written(&view, write_ndjson);
        let lines: Vec<Json> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), expected.len());
        for (line, (step, operation)) in lines.iter().zip(&expected) {
            assert_eq!(&line["step"], step);
            for (field, value) in line.as_object().unwrap() {
                if !matches!(field.as_str(), "step" | "module") {
                    assert_eq!(value, &operation[field], "{field}");
                }
            }
        }
    }
}

#[test]
fn csv_reads_back_and_holds_no_formula() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "accounts", "create", Some("Accounts"));
    let fields = json!({ "name": "=1+1", "description": "a \"b\",\nc" });
    let create = Planned::create(0, 0, "=HYPERLINK(\"x\")", "Accounts", fields).row("-a.csv", 7);
    let failed = Planned::new(0, 1, "two\nlines", Action::Create).ended(
        State::Failed,
        Label::Other("@label".into()),
        "\t=cmd|' /C calc'!A0",
    );
    fixtures::add(&mut file, 0, vec![create, failed]);
    let view = fixtures::view(file);
    let text = written(&view, write_csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading = reader.headers().unwrap().clone();
    let rows: Vec<BTreeMap<String, String>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let cells = heading.iter().zip(row.iter());
            cells
                .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 2);
    for cell in rows.iter().flat_map(BTreeMap::values) {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell}"
        );
    }
    assert_eq!(rows[0]["key"], "'=HYPERLINK(\"x\")");
    assert_eq!(rows[0]["row_file"], "'-a.csv");
    assert_eq!(rows[0]["row_line"], "7");
    assert_eq!(rows[0]["before"], "");
    let after: Json = serde_json::from_str(&rows[0]["after"]).unwrap();
    assert_eq!(after["description"], "a \"b\",\nc");
    assert_eq!(rows[1]["key"], "two\nlines");
    // Programs get every value as it is.
    let text = written(&view, write_ndjson);
    let first: Json = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["key"], "=HYPERLINK(\"x\")");
}
