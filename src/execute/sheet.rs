//! The file of an export: rows as CSV, JSON Lines or JSON, whole or not at all.

use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use serde_json::Value as Json;
use tempfile::NamedTempFile;

use super::export::Stop;
use super::export::unwritable;
use crate::check::SetField;
use crate::playbook::ExportFormat;
use crate::wire::LocalLabel;

/// A file in the making. What is not finished is gone.
pub(super) struct Sheet<'a> {
    out: Out,
    place: &'a Path,
    /// The columns, in their order; of rows as they are those of the first.
    heading: Option<Vec<String>>,
    is_first: bool,
}

enum Out {
    Csv(Box<csv::Writer<BufWriter<NamedTempFile>>>),
    Jsonl(BufWriter<NamedTempFile>),
    Json(BufWriter<NamedTempFile>),
}

impl<'a> Sheet<'a> {
    pub(super) fn new(
        file: NamedTempFile,
        format: ExportFormat,
        place: &'a Path,
        columns: Option<&[SetField]>,
    ) -> Self {
        let file = BufWriter::new(file);
        let out = match format {
            ExportFormat::Csv => Out::Csv(Box::new(csv::Writer::from_writer(file))),
            ExportFormat::Jsonl => Out::Jsonl(file),
            ExportFormat::Json => Out::Json(file),
        };
        let heading = columns.map(|columns| {
            let names = columns.iter().map(|column| column.name.value.clone());
            names.collect()
        });
        Self {
            out,
            place,
            heading,
            is_first: true,
        }
    }

    /// Writes a row; gives how many of its cells were kept from being formulas.
    pub(super) fn write(&mut self, row: Json) -> Result<u64, Stop> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let place = self.place;
        let failed = |error: std::io::Error| unwritable(place, &error);
        match &mut self.out {
            Out::Jsonl(file) => {
                writeln!(file, "{row}").map_err(failed)?;
                Ok(0)
            }
            Out::Json(file) => {
                let before = if is_first { "[\n" } else { ",\n" };
                write!(file, "{before}{row}").map_err(failed)?;
                Ok(0)
            }
            Out::Csv(writer) => {
                let Json::Object(row) = row else {
                    return Err(Stop::Failed(
                        LocalLabel::Export,
                        "a row of a CSV file is a map, and this one is not: give `columns`"
                            .to_owned(),
                    ));
                };
                let heading = self
                    .heading
                    .get_or_insert_with(|| row.keys().cloned().collect());
                if let Some(more) = row.keys().find(|key| !heading.contains(key)) {
                    let message =
                        format!("the first row has no `{more}`, and this one has: give `columns`");
                    return Err(Stop::Failed(LocalLabel::Export, message));
                }
                let failed = |error: csv::Error| unwritable(place, &error.into());
                if is_first {
                    writer.write_record(&*heading).map_err(failed)?;
                }
                let mut quoted = 0;
                for name in heading.iter() {
                    let cell = cell(row.get(name));
                    let is_formula = is_formula(&cell);
                    quoted += u64::from(is_formula);
                    let cell = if is_formula { format!("'{cell}") } else { cell };
                    writer.write_field(cell).map_err(failed)?;
                }
                writer.write_record(None::<&[u8]>).map_err(failed)?;
                Ok(quoted)
            }
        }
    }

    /// Puts the file under its name, whole and on disk.
    pub(super) fn finish(self) -> Result<(), Stop> {
        let Self {
            out,
            place,
            heading,
            is_first,
        } = self;
        let failed = |error: std::io::Error| unwritable(place, &error);
        let file = match out {
            Out::Csv(mut writer) => {
                // A file without rows has its heading all the same.
                if let Some(heading) = heading.filter(|_| is_first) {
                    writer
                        .write_record(&heading)
                        .map_err(|error| failed(error.into()))?;
                }
                writer
                    .into_inner()
                    .map_err(|error| failed(error.into_error()))?
            }
            Out::Jsonl(file) => file,
            Out::Json(mut file) => {
                let end: &[u8] = if is_first { b"[]\n" } else { b"\n]\n" };
                file.write_all(end).map_err(failed)?;
                file
            }
        };
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(place).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Text as it is, nothing for null, anything else as JSON.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whether a spreadsheet program may run the cell. A number or a telephone number begins like a formula and can do
/// nothing, and a quote before it would spoil it.
fn is_formula(cell: &str) -> bool {
    match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => cell.chars().skip(1).any(|character| {
            !(character.is_ascii_digit()
                || matches!(character, ' ' | '.' | ',' | '-' | '/' | '(' | ')'))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_told_from_numbers() {
        for cell in [
            "=1+1",
            "@SUM(A1)",
            "+cmd|' /C calc'!A0",
            "-2+3+A1",
            "\t=1",
            "\r=1",
        ] {
            assert!(is_formula(cell), "{cell}");
        }
        for cell in [
            "",
            "Acme",
            "-5",
            "-12.50",
            "+49 (0)30 123-45/67",
            "a=b",
            "-",
        ] {
            assert!(!is_formula(cell), "{cell}");
        }
    }
}
