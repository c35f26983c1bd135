//! What can be wrong with a data file, and with one of its rows.

use std::io;

use super::super::DataFile;
use super::super::code;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Row;
use crate::diag::all_of;
use crate::diag::counted;

/// A file that gives no rows at all.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error("`{path}` leaves the playbook's folder")]
    Outside { path: String },
    #[error("there is no file `{path}` beside the playbook")]
    Missing { path: String },
    #[error("`{path}` is not a file")]
    NotAFile { path: String },
    #[error("`{path}` cannot be read")]
    Unreadable { path: String, source: io::Error },
    #[error("no encoding is called `{name}`")]
    UnknownEncoding { name: String },
    #[error("`{path}` has no heading line")]
    NoHeading { path: String },
    #[error("column {column} of `{path}` has no heading")]
    EmptyHeading { path: String, column: usize },
    #[error("columns {first} and {second} of `{path}` are both called `{name}`")]
    DuplicateHeading {
        path: String,
        name: String,
        first: usize,
        second: usize,
    },
    #[error("the heading of `{path}`: {reason}")]
    BadHeading { path: String, reason: Reason },
    #[error("`{path}` is not a JSON list")]
    NotAList { path: String },
    #[error("`{path}` is not JSON")]
    NotJson {
        path: String,
        source: serde_json::Error,
    },
    #[error("`{path}` is larger than {} MiB, too large to search with `select`", limit / 1024 / 1024)]
    TooLarge { path: String, limit: u64 },
    #[error("`{path}` has to be searched with its `select` first")]
    Unselected { path: String },
    #[error("`{path}` is not a workbook: {reason}")]
    NotAWorkbook { path: String, reason: String },
    #[error("`{path}` is larger than {} MiB when unpacked", limit / 1024 / 1024)]
    WorkbookTooLarge { path: String, limit: u64 },
    #[error("`{path}` has no sheet `{wanted}`")]
    NoSheet {
        path: String,
        wanted: String,
        nearest: Option<String>,
        names: Vec<String>,
    },
    #[error("`{path}` has {} sheets, and which one is meant is not said", names.len())]
    WhichSheet { path: String, names: Vec<String> },
    /// This sugarmill was built without the feature `xlsx`.
    #[error("`{path}` is a workbook, and this sugarmill was built without them")]
    NoWorkbooks { path: String },
}

/// One row that cannot be used. Those behind it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadRow {
    /// Where the row begins, from 1.
    pub line: u64,
    pub reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("{} where the heading has {wanted}{}", counted(*.found, "cell"), open_quote(*.first, *.last))]
    CellCount {
        found: usize,
        wanted: usize,
        /// The lines the row stands on.
        first: u64,
        last: u64,
    },
    #[error("bytes that are not {encoding}{}", other_encoding(.encoding, *.can_be_said))]
    Encoding {
        encoding: &'static str,
        /// Whether the playbook may name another one.
        can_be_said: bool,
    },
    #[error("more than {} MiB in one row; is a quote or bracket left open?", super::LARGEST_ROW / 1024 / 1024)]
    TooLarge,
    #[error("the file ends inside a quote that was opened here")]
    OpenQuote,
    #[error("a NUL byte in column `{column}`; if the file is UTF-16, say `encoding: utf-16le`")]
    Nul { column: String },
    #[error("broken JSON: {message}")]
    Json { message: String },
    #[error("an item is missing beside the comma")]
    MissingItem,
    #[error("the list is not closed with `]`")]
    Unclosed,
    #[error("something stands behind the list")]
    Trailing,
    #[error("sheet `{sheet}`, cell {cell}: {error}")]
    CellError {
        sheet: String,
        cell: String,
        error: String,
    },
    #[error("sheet `{sheet}`, cell {cell}: its column has no heading")]
    NoColumn { sheet: String, cell: String },
    #[error("the file cannot be read on: {message}")]
    Unreadable { message: String },
}

/// Spreadsheet programs of Windows save CSV in its own encoding, unless they are told otherwise.
fn other_encoding(encoding: &str, can_be_said: bool) -> &'static str {
    match can_be_said && encoding == "UTF-8" {
        true => "; a CSV file saved by Excel is often `encoding: windows-1252`",
        false => "",
    }
}

/// A row over several lines with a wrong number of cells has usually swallowed the rows behind it.
fn open_quote(first: u64, last: u64) -> String {
    if last > first {
        format!("; it goes on to line {last}, so a quote may be left open")
    } else {
        String::new()
    }
}

impl RowError {
    pub fn code(&self) -> Code {
        match self {
            Self::Outside { .. } => code::OUTSIDE,
            Self::Missing { .. }
            | Self::NotAFile { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::Unselected { .. }
            | Self::NotAWorkbook { .. }
            | Self::WorkbookTooLarge { .. }
            | Self::NoWorkbooks { .. } => code::UNREADABLE_FILE,
            Self::UnknownEncoding { .. } => code::INVALID_PARAMETER,
            Self::NoSheet { .. } | Self::WhichSheet { .. } => code::NO_SHEET,
            Self::NoHeading { .. }
            | Self::EmptyHeading { .. }
            | Self::DuplicateHeading { .. }
            | Self::BadHeading { .. } => code::BAD_HEADING,
            Self::NotAList { .. } | Self::NotJson { .. } => code::BAD_ROW,
        }
    }

    /// As a mistake at the place where the playbook names the file.
    pub fn problem(&self, file: &DataFile) -> Problem {
        let message = match self {
            Self::Unreadable { source, .. } => format!("{self}: {source}"),
            Self::NotJson { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        };
        let (label, span) = match (self, &file.format) {
            (Self::UnknownEncoding { .. }, super::super::DataFormat::Csv { encoding, .. }) => {
                ("unknown encoding", encoding.span)
            }
            (Self::NoSheet { .. }, super::super::DataFormat::Xlsx { sheet: Some(sheet) }) => {
                ("no such sheet", sheet.span)
            }
            _ => ("this file", file.path.span),
        };
        Problem::error(self.code(), message)
            .at(span, label)
            .help_if(self.help())
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::NoSheet { nearest, names, .. } => {
                let listed = all_of(names.iter().map(String::as_str));
                let all = match names.as_slice() {
                    [_] => format!("its only sheet is {listed}"),
                    _ => format!("its sheets are {listed}"),
                };
                return Some(match nearest {
                    Some(nearest) => format!("{nearest} {all}"),
                    None => all,
                });
            }
            Self::WhichSheet { names, .. } => {
                let sheets = all_of(names.iter().map(String::as_str));
                return Some(format!("name one of them with `sheet`: {sheets}"));
            }

            Self::Outside { .. } => Some(
                "put the file into the playbook's folder, or allow its folder: `--allow-path DIR`",
            ),
            Self::Missing { .. } => Some("paths of data files begin at the playbook's folder"),
            Self::NoHeading { .. } => {
                Some("the first line of a CSV file, or the first row of a sheet, names its columns")
            }
            Self::EmptyHeading { .. } | Self::DuplicateHeading { .. } => {
                Some("templates name cells by their heading, so that each needs one of its own")
            }
            Self::NotAList { .. } => Some("say where the items are: `select: \"$.items[*]\"`"),
            Self::TooLarge { .. } => Some("write the items as JSON lines, which are streamed"),
            Self::UnknownEncoding { .. } => {
                Some("such as `utf-8`, `windows-1252`, `iso-8859-15` or `utf-16le`")
            }
            Self::NotAWorkbook { .. } => Some(
                "save it as .xlsx with a spreadsheet program, or as CSV and write `{ csv: rows.csv }`",
            ),
            Self::WorkbookTooLarge { .. } => {
                Some("save the sheet as CSV and write `{ csv: rows.csv }`, which is streamed")
            }
            Self::NoWorkbooks { .. } => Some(
                "save the sheet as CSV and write `{ csv: rows.csv }`, or build with the feature `xlsx`",
            ),
            Self::NotAFile { .. }
            | Self::Unreadable { .. }
            | Self::BadHeading { .. }
            | Self::NotJson { .. }
            | Self::Unselected { .. } => None,
        };
        help.map(str::to_owned)
    }
}

impl BadRow {
    /// As a mistake in the row, and at the place where the playbook names the file.
    pub fn problem(&self, file: &DataFile) -> Problem {
        Problem::error(code::BAD_ROW, self.to_string())
            .at(file.path.span, "this file")
            .row(Row {
                file: file.name(),
                line: self.line,
            })
    }
}
