//! One function for each parser that reads what others wrote. The fuzz targets feed them anything, an ordinary test the
//! seeds in `corpus/`; none may panic, hang or grow without bound.
//!
//! A format that comes to be read has its function here, its target in `fuzz_targets/`, and seeds.

mod sandbox;
mod workbook;

use std::cell::RefCell;
use std::path::Path;

use serde_json::Value as Json;
use sugarmill::check;
use sugarmill::diag::Colour;
use sugarmill::diag::Located;
use sugarmill::diag::Problems;
use sugarmill::diag::Sources;
use sugarmill::diag::Span;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::expr;
use sugarmill::metadata;
use sugarmill::playbook;
use sugarmill::playbook::ForEach;
use sugarmill::wire;
use sugarmill::wire::BulkAnswer;

pub use sandbox::sandbox_filter;
pub use sandbox::sandbox_request;

/// A parser, fed with bytes.
pub type Target = fn(&[u8]);

/// All targets by the name of their corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("playbook", playbook),
    ("template", template),
    ("jsonpath", jsonpath),
    ("metadata", metadata),
    ("snapshot", snapshot),
    ("csv_rows", csv_rows),
    ("json_rows", json_rows),
    ("vars_file", vars_file),
    ("answer", answer),
    ("sandbox_filter", sandbox_filter),
    ("sandbox_request", sandbox_request),
    ("xlsx_rows", xlsx_rows),
];

const STYLE: Style = Style {
    width: 80,
    colour: Colour::None,
};

/// What is wrong is drawn too: a place outside the text would show there.
fn drawn(problems: &Problems, sources: &Sources) {
    let text = draw(problems, sources, STYLE);
    assert_eq!(text.is_empty(), problems.is_empty());
}

/// YAML, its parsing, and everything `check` looks at without metadata.
pub fn playbook(bytes: &[u8]) {
    let mut sources = Sources::default();
    let source = match playbook::yaml::decode("playbook.yaml", bytes, &mut sources) {
        Ok(source) => source,
        Err(problems) => return drawn(&problems, &sources),
    };
    match playbook::parse(source, Path::new("."), &sources) {
        Ok(playbook) => {
            let (_, problems) = check::check(playbook, &sources, &check::Headings::new());
            drawn(&problems, &sources);
        }
        Err(problems) => drawn(&problems, &sources),
    }
}

/// Text with templates in it, and the same text as an expression.
pub fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (sources, span) = whole(text);
    let text = Located::new(text.to_owned(), span);
    for compiled in [
        expr::Template::compile(&text, &sources),
        expr::Template::compile_expression(&text, &sources),
    ] {
        match compiled {
            Ok(template) => assert!(template.references().len() <= text.value.len()),
            Err(problem) => drawn(&problem, &sources),
        }
    }
}

fn whole(text: &str) -> (Sources, Span) {
    let mut sources = Sources::default();
    let source = sources.add("text", text);
    let span = Span::new(source, 0..text.len());
    (sources, span)
}

/// A path, run over a small document.
pub fn jsonpath(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(path) = expr::Path::parse(text) {
        path.leading_names();
        path.find(&serde_json::json!({
            "steps": { "a": { "records": [{ "id": "1", "n": 2, "tags": ["x"] }, { "id": null }], "ids": [] } },
        }));
    }
}

/// An answer of `/metadata`, and of `/enum`: whatever it is, reading it gives something that a snapshot can hold.
pub fn metadata(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Json>(bytes) else {
        return;
    };
    metadata::read_dropdown(&body);
    let reading = metadata::read(&body);
    let text = metadata::to_text(&reading.metadata);
    let again = metadata::from_text(&text).map(|reading| reading.metadata);
    assert_eq!(again.ok(), Some(reading.metadata));
}

/// The text of a snapshot.
pub fn snapshot(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match metadata::from_text(text) {
        Ok(reading) => {
            let text = metadata::to_text(&reading.metadata);
            let again = metadata::from_text(&text).map(|reading| reading.metadata);
            assert_eq!(again.ok(), Some(reading.metadata));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Rows of a CSV file in several dialects.
pub fn csv_rows(bytes: &[u8]) {
    rows("{ csv: rows }", bytes);
    rows(
        "{ csv: rows, delimiter: \";\", encoding: windows-1252 }",
        bytes,
    );
    rows("{ csv: rows, encoding: utf-16le }", bytes);
}

/// Rows of a file of JSON lines, of a JSON list, and what a JSONPath looks through.
pub fn json_rows(bytes: &[u8]) {
    rows("{ jsonl: rows }", bytes);
    rows("{ json: rows }", bytes);
    rows("{ json: rows, select: \"$[*]\" }", bytes);
}

/// Rows of a workbook: the bytes as the file, and as its only sheet, which a fuzzer would hardly pack by itself.
pub fn xlsx_rows(bytes: &[u8]) {
    // A fault of the reader ends its thread, and is an answer like any other.
    playbook::rows::hush_workbooks();
    rows("{ xlsx: rows }", bytes);
    rows("{ xlsx: rows }", &workbook::around(bytes));
}

thread_local! {
    /// Data files are opened by name, so that there has to be one.
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// Gives how many there were.
fn rows(for_each: &str, bytes: &[u8]) -> usize {
    let text = format!(
        "version: 1\nname: rows\nsteps:\n  - {{ id: a, for_each: {for_each}, get: Leads, record: x }}\n"
    );
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().expect("a temporary folder"));
        std::fs::write(folder.path().join("rows"), bytes).expect("a temporary file");
        let mut sources = Sources::default();
        let source = sources.add("playbook.yaml", text.as_str());
        let playbook =
            playbook::parse(source, folder.path(), &sources).expect("a playbook without mistakes");
        let Some(ForEach::File(file)) = playbook.steps[0]
            .for_each
            .as_ref()
            .map(|items| &items.value)
        else {
            unreachable!("the step goes over a file");
        };
        let mut count = 0;
        let problem = match playbook::rows::open(file, &playbook.reach) {
            Ok(rows) => {
                for row in rows {
                    count += 1;
                    if let Err(bad) = row {
                        drawn(&bad.problem(file).into(), &sources);
                    }
                }
                // A workbook is packed, so that it may hold more rows than bytes.
                assert!(count <= bytes.len() + 1 || for_each.contains("xlsx"));
                None
            }
            Err(_) => playbook::rows::found(file, &playbook.reach, |document| vec![document]).err(),
        };
        if let Some(error) = problem {
            drawn(&error.problem(file).into(), &sources);
        }
        count
    })
}

/// A file of variables: YAML, and what of it a variable of each type takes.
pub fn vars_file(bytes: &[u8]) {
    let mut sources = Sources::default();
    let source = match playbook::yaml::decode("vars.yaml", bytes, &mut sources) {
        Ok(source) => source,
        Err(problems) => return drawn(&problems, &sources),
    };
    match playbook::yaml::read(source, &sources.get(source).text) {
        Ok(root) => drop(root.value.to_json()),
        Err(problems) => drawn(&problems, &sources),
    }
}

/// What an instance answers, alone and as a bulk: any status, any JSON.
pub fn answer(bytes: &[u8]) {
    let (status, bytes) = match bytes {
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return,
    };
    let body = serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Json::String(wire::excerpt(&String::from_utf8_lossy(bytes))));
    match wire::judge(status, body.clone(), None) {
        Ok(answer) => {
            answer.count();
            answer.records();
        }
        Err(fault) => {
            fault.label();
            fault.reaction();
        }
    }
    let read = BulkAnswer::read(String::from_utf8_lossy(bytes).into_owned());
    let bulk = read.or_else(|_| BulkAnswer::of_json(body));
    if let Ok(answers) = bulk.and_then(|bulk| bulk.judge(2)) {
        assert_eq!(answers.len(), 2);
        for answer in answers.into_iter().flatten() {
            let fields = answer.body.shown().fields().unwrap_or_default();
            for (_, shown) in fields.iter() {
                if let Some(plain) = shown.plain() {
                    assert_eq!(
                        shown.json().map(|json| json.to_string()).as_deref(),
                        Some(plain)
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If it were not, nothing behind the archive would ever be reached.
    #[test]
    fn a_sheet_that_is_packed_is_read() {
        let sheet = include_bytes!("../corpus/xlsx_rows/sheet.xml");
        assert_eq!(rows("{ xlsx: rows }", &workbook::around(sheet)), 2);
    }
}
