//! Every operation on a line of its own, for programs and spreadsheets: JSON lines and CSV.

use std::io::Write;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::OperationReport;
use super::Privacy;
use super::ReportError;
use super::source::Source;
use crate::runfile::RunView;
use crate::runfile::StepView;
use crate::runfile::Which;

/// The columns of the CSV. Others may follow, never come between.
const COLUMNS: [&str; 18] = [
    "step",
    "key",
    "module",
    "record",
    "action",
    "outcome",
    "status",
    "label",
    "message",
    "attempts",
    "batch",
    "row_file",
    "row_line",
    "before",
    "after",
    "reversible",
    "depends_on",
    "side_effects",
];

/// A line of JSON: exactly what the JSON report says of the operation, with its step and module.
#[derive(Debug, Serialize)]
struct Line<'a> {
    step: &'a str,
    module: Option<&'a str>,
    #[serde(flatten)]
    operation: &'a OperationReport,
}

/// Writes all operations, a JSON document a line.
pub fn write_ndjson(
    view: &RunView,
    privacy: Privacy,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    each(view, privacy, |line| {
        serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    })
}

/// Writes all operations as CSV with a heading. A spreadsheet takes a cell that begins like a formula for one, so such a
/// cell begins with an apostrophe; JSON lines have every value as it is.
pub fn write_csv(view: &RunView, privacy: Privacy, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS).map_err(of_csv)?;
    each(view, privacy, |line| {
        table.write_record(cells(line)).map_err(of_csv)
    })?;
    table.flush()?;
    Ok(())
}

/// The heading alone, of a command that came to no operation.
pub fn csv_heading() -> String {
    format!("{}\n", COLUMNS.join(","))
}

fn each(
    view: &RunView,
    privacy: Privacy,
    mut see: impl FnMut(&Line<'_>) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let source = Source::open(view, privacy)?;
    for step in &source.steps {
        // Reads and asserts are listed only where they failed, as in the JSON report.
        let which = if step.writes {
            Which::All
        } else {
            source.standing.wrong()
        };
        source.first(step, which, u64::MAX, |operation| {
            see(&line(step, &operation))
        })?;
    }
    Ok(())
}

fn line<'a>(step: &'a StepView, operation: &'a OperationReport) -> Line<'a> {
    Line {
        step: &step.id,
        module: operation.aside.module.as_deref(),
        operation,
    }
}

fn cells(line: &Line<'_>) -> [String; COLUMNS.len()] {
    let text = |text: Option<&str>| guarded(text.unwrap_or_default());
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let fields = |fields: &Map<String, Json>| match fields.is_empty() {
        true => String::new(),
        false => Json::Object(fields.clone()).to_string(),
    };
    let operation = line.operation;
    let row = operation.row.as_ref();
    [
        guarded(line.step),
        guarded(&operation.key),
        text(line.module),
        text(operation.record.as_deref()),
        operation.action.as_str().to_owned(),
        operation.outcome.as_str().to_owned(),
        number(operation.status.map(u64::from)),
        text(operation.label.as_deref()),
        text(operation.message.as_deref()),
        operation.attempts.to_string(),
        number(operation.batch),
        text(row.map(|row| row.file.as_str())),
        number(row.map(|row| row.line)),
        fields(&operation.before),
        fields(&operation.after),
        operation.reversible.to_string(),
        guarded(&operation.depends_on.join(" ")),
        match operation.side_effects.is_empty() {
            true => String::new(),
            false => json!(operation.side_effects).to_string(),
        },
    ]
}

/// Behind an apostrophe where a spreadsheet would calculate it. Full-width signs are taken for the plain ones by some.
fn guarded(cell: &str) -> String {
    let is_formula = cell.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn of_csv(error: csv::Error) -> ReportError {
    ReportError::Write(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        for harmless in ["", "A-1", "1=1", "'", "{\"a\":\"=1\"}"] {
            assert_eq!(guarded(harmless), harmless);
        }
    }
}
