//! Rows of a workbook's sheet. The one file that names the workbook reader.
//!
//! A workbook is a ZIP archive that anybody can have made, so that its parts are measured before any is read. Its rows
//! are read by a thread of their own: the reader borrows from the open workbook, and a fault of it ends that thread only.

use std::collections::HashMap;
use std::io;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread::Builder;

use calamine::Data;
use calamine::DataRef;
use calamine::ExcelDateTime;
use calamine::Reader as _;
use calamine::Xlsx;
use calamine::XlsxError;
use fs_err::File;
use serde_json::Map;
use serde_json::Value as Json;

use super::BadRow;
use super::DataRow;
use super::LARGEST_ROW;
use super::Reason;
use super::RowError;
use super::hush::READER;
use super::locate::unreadable;
use crate::diag::did_you_mean;

const MOST: Limits = Limits {
    workbook: 1024 * 1024 * 1024,
    texts: 256 * 1024 * 1024,
};

/// Rows read ahead.
const AHEAD: usize = 256;

/// A date that is only a time has the day before all days.
const FIRST_DAY: f64 = 1.0;

/// The most that is unpacked, in bytes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    workbook: u64,
    /// Texts are held while rows are read.
    texts: u64,
}

pub(super) struct WorkbookRows {
    heading: Vec<String>,
    messages: Receiver<Message>,
    is_finished: bool,
}

enum Message {
    Heading(Result<Vec<String>, RowError>),
    Row(Result<DataRow, BadRow>),
    End,
}

/// The thread was not asked for more.
struct Unheard;

impl WorkbookRows {
    pub(super) fn open(path: &str, found: &Path, sheet: Option<&str>) -> Result<Self, RowError> {
        let (sender, messages) = sync_channel(AHEAD);
        let job = Job {
            path: path.to_owned(),
            found: found.to_owned(),
            sheet: sheet.map(str::to_owned),
            most: MOST,
        };
        Builder::new()
            .name(READER.to_owned())
            .spawn(move || job.run(&sender))
            .map_err(|error| unreadable(path, error))?;
        match messages.recv() {
            Ok(Message::Heading(Ok(heading))) => Ok(Self {
                heading,
                messages,
                is_finished: false,
            }),
            Ok(Message::Heading(Err(error))) => Err(error),
            Ok(Message::Row(_) | Message::End) | Err(_) => {
                Err(broken(path, "its parts do not fit together"))
            }
        }
    }

    pub(super) fn heading(self) -> Vec<String> {
        self.heading
    }
}

impl Iterator for WorkbookRows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_finished {
            return None;
        }
        match self.messages.recv() {
            Ok(Message::Row(row)) => Some(row),
            Ok(Message::End) => {
                self.is_finished = true;
                None
            }
            // It ended without a word.
            Ok(Message::Heading(_)) | Err(_) => {
                self.is_finished = true;
                Some(Err(BadRow {
                    line: 0,
                    reason: Reason::Unreadable {
                        message: "its parts do not fit together".to_owned(),
                    },
                }))
            }
        }
    }
}

struct Job {
    path: String,
    found: PathBuf,
    sheet: Option<String>,
    most: Limits,
}

impl Job {
    fn run(self, sender: &SyncSender<Message>) {
        let result = self.open().and_then(|mut workbook| {
            let sheet = self.choose(&workbook)?;
            // Nobody left to hear of it is no fault.
            let _ = self.read(&mut workbook, &sheet, sender)?;
            Ok(())
        });
        if let Err(error) = result {
            let _ = sender.send(Message::Heading(Err(error)));
        }
    }

    fn open(&self) -> Result<Xlsx<BufReader<File>>, RowError> {
        self.measure()?;
        let file = File::open(&self.found).map_err(|error| unreadable(&self.path, error))?;
        Xlsx::new(BufReader::new(file)).map_err(|error| broken(&self.path, &words(&error)))
    }

    /// Unpacks every part into nothing: what an archive says of its sizes is only its word.
    fn measure(&self) -> Result<(), RowError> {
        let file = File::open(&self.found).map_err(|error| unreadable(&self.path, error))?;
        let not_one = |error: zip::result::ZipError| match error {
            zip::result::ZipError::Io(error) => unreadable(&self.path, error),
            _ => broken(
                &self.path,
                "it is not a ZIP archive, which a workbook is inside",
            ),
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(not_one)?;
        let mut left = self.most.workbook;
        for index in 0..archive.len() {
            let part = archive.by_index(index).map_err(not_one)?;
            let is_texts = part
                .name()
                .is_ok_and(|name| name.ends_with("sharedStrings.xml"));
            let limit = if is_texts {
                self.most.texts.min(left)
            } else {
                left
            };
            let size = io::copy(&mut io::Read::take(part, limit + 1), &mut io::sink())
                .map_err(|error| broken(&self.path, &error.to_string()))?;
            if size > limit {
                let path = self.path.clone();
                return Err(RowError::WorkbookTooLarge { path, limit });
            }
            left -= size;
        }
        Ok(())
    }

    fn choose(&self, workbook: &Xlsx<BufReader<File>>) -> Result<String, RowError> {
        let names = workbook.sheet_names();
        let path = self.path.clone();
        match (&self.sheet, names.as_slice()) {
            (Some(wanted), names) if names.contains(wanted) => Ok(wanted.clone()),
            (Some(wanted), names) => Err(RowError::NoSheet {
                path,
                nearest: did_you_mean(wanted, names.iter().map(String::as_str)),
                wanted: wanted.clone(),
                names: names.to_vec(),
            }),
            (None, [only]) => Ok(only.clone()),
            (None, names) => Err(RowError::WhichSheet {
                path,
                names: names.to_vec(),
            }),
        }
    }

    fn read(
        &self,
        workbook: &mut Xlsx<BufReader<File>>,
        sheet: &str,
        sender: &SyncSender<Message>,
    ) -> Result<Result<(), Unheard>, RowError> {
        let mut cells = workbook
            .worksheet_cells_reader(sheet)
            .map_err(|error| broken(&self.path, &words(&error)))?;
        let mut table = Table {
            path: &self.path,
            sheet,
            columns: None,
            row: Row::default(),
        };
        loop {
            let ended = match cells.next_cell() {
                Ok(Some(cell)) => {
                    let (line, column) = cell.get_position();
                    let done = table.turn(line)?;
                    table.row.add(column, cell.get_value());
                    if let Some(done) = done
                        && sender.send(done).is_err()
                    {
                        return Ok(Err(Unheard));
                    }
                    continue;
                }
                Ok(None) => Ok(()),
                Err(error) => Err(words(&error)),
            };
            let mut last: Vec<Message> = table.turn(u32::MAX)?.into_iter().collect();
            if let (None, Ok(())) = (&table.columns, &ended) {
                return Err(RowError::NoHeading {
                    path: self.path.clone(),
                });
            }
            match ended {
                Ok(()) => {}
                Err(reason) if table.columns.is_none() => return Err(broken(&self.path, &reason)),
                Err(message) => last.push(Message::Row(Err(BadRow {
                    line: table.row.line(),
                    reason: Reason::Unreadable { message },
                }))),
            }
            last.push(Message::End);
            let is_heard = last.into_iter().all(|message| sender.send(message).is_ok());
            return Ok(is_heard.then_some(()).ok_or(Unheard));
        }
    }
}

/// Cells put together into rows.
struct Table<'a> {
    path: &'a str,
    sheet: &'a str,
    /// Column number → heading.
    columns: Option<Columns>,
    row: Row,
}

struct Columns {
    names: Vec<String>,
    places: HashMap<u32, usize>,
}

/// The cells of a row that are not empty.
#[derive(Default)]
struct Row {
    index: u32,
    cells: Vec<(u32, Cell)>,
    size: u64,
}

enum Cell {
    Text(String),
    /// As the sheet shows it: `#REF!`.
    Error(String),
}

impl Table<'_> {
    /// A cell of this row is next: the row before it, if there was one, is whole.
    fn turn(&mut self, line: u32) -> Result<Option<Message>, RowError> {
        if line == self.row.index {
            return Ok(None);
        }
        let row = std::mem::replace(
            &mut self.row,
            Row {
                index: line,
                ..Row::default()
            },
        );
        if row.cells.is_empty() {
            return Ok(None);
        }
        let Some(columns) = &self.columns else {
            let columns = self.heading(&row)?;
            let names = columns.names.clone();
            self.columns = Some(columns);
            return Ok(Some(Message::Heading(Ok(names))));
        };
        let line = row.line();
        let row = self
            .values(columns, row)
            .map(|value| DataRow { line, value })
            .map_err(|reason| BadRow { line, reason });
        Ok(Some(Message::Row(row)))
    }

    /// The first row that is not empty names the columns.
    fn heading(&self, row: &Row) -> Result<Columns, RowError> {
        let path = || self.path.to_owned();
        let mut columns = Columns {
            names: Vec::new(),
            places: HashMap::new(),
        };
        for (column, cell) in &row.cells {
            let name = match cell {
                Cell::Text(text) => text.trim().to_owned(),
                Cell::Error(error) => {
                    return Err(RowError::BadHeading {
                        path: path(),
                        reason: self.cell_error(*column, row, error),
                    });
                }
            };
            if let Some(first) = columns.names.iter().position(|known| *known == name) {
                let first = columns.places.iter().find(|(_, place)| **place == first);
                return Err(RowError::DuplicateHeading {
                    path: path(),
                    name,
                    first: first.map_or(0, |(column, _)| *column as usize + 1),
                    second: *column as usize + 1,
                });
            }
            columns.places.insert(*column, columns.names.len());
            columns.names.push(name);
        }
        Ok(columns)
    }

    fn values(&self, columns: &Columns, row: Row) -> Result<Json, Reason> {
        if row.size > LARGEST_ROW {
            return Err(Reason::TooLarge);
        }
        let mut texts = vec![String::new(); columns.names.len()];
        let line = row.line();
        for (column, cell) in row.cells {
            let Some(place) = columns.places.get(&column) else {
                return Err(Reason::NoColumn {
                    sheet: self.sheet.to_owned(),
                    cell: name(column, line),
                });
            };
            match cell {
                Cell::Text(text) => texts[*place] = text,
                Cell::Error(error) => {
                    return Err(Reason::CellError {
                        sheet: self.sheet.to_owned(),
                        cell: name(column, line),
                        error,
                    });
                }
            }
        }
        let cells = columns
            .names
            .iter()
            .cloned()
            .zip(texts.into_iter().map(Json::from));
        Ok(Json::Object(cells.collect::<Map<_, _>>()))
    }

    fn cell_error(&self, column: u32, row: &Row, error: &str) -> Reason {
        Reason::CellError {
            sheet: self.sheet.to_owned(),
            cell: name(column, row.line()),
            error: error.to_owned(),
        }
    }
}

impl Row {
    /// As the sheet numbers it, from 1.
    fn line(&self) -> u64 {
        u64::from(self.index) + 1
    }

    fn add(&mut self, column: u32, value: &DataRef<'_>) {
        let cell = match value {
            DataRef::Error(error) => Cell::Error(error.to_string()),
            value => Cell::Text(text(value)),
        };
        if let Cell::Text(text) = &cell {
            // A cell of nothing but blanks is empty to whoever looks at it.
            if text.trim().is_empty() {
                return;
            }
            self.size += text.len() as u64;
        }
        // What is too large is not kept; that it was too large is.
        if self.size <= LARGEST_ROW {
            self.cells.push((column, cell));
        }
    }
}

/// What a person reads in a cell, without the dress of its number format.
fn text(value: &DataRef<'_>) -> String {
    match Data::from(value.clone()) {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => plain_number(number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(moment) => date_or_time(moment),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// To the 15 digits a sheet knows of a number, so that 0.1 + 0.2 is 0.3, and without an exponent: 1, not 1.0.
fn plain_number(number: f64) -> String {
    let known: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    // A cell shows no minus before nothing.
    if known == 0.0 {
        "0".to_owned()
    } else {
        known.to_string()
    }
}

/// ISO: a date where the time is midnight, a time where there is no day, both otherwise.
fn date_or_time(moment: ExcelDateTime) -> String {
    if moment.is_duration() {
        return duration(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let fraction = if milli == 0 {
        String::new()
    } else {
        format!(".{milli:03}")
    };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    let date = format!("{year:04}-{month:02}-{day:02}");
    if moment.as_f64() < FIRST_DAY {
        time
    } else if time == "00:00:00" {
        date
    } else {
        format!("{date}T{time}")
    }
}

/// `26:30:00`, in days as sheets count.
fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round();
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
    let (minutes, seconds) = ((rest / 60.0).floor(), rest % 60.0);
    format!("{sign}{hours:02}:{minutes:02}:{seconds:02}")
}

/// `C7`, as the sheet names it.
fn name(column: u32, line: u64) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(
            b'A' + u8::try_from(rest % 26).unwrap_or_default(),
        ));
        rest /= 26;
    }
    letters
        .iter()
        .rev()
        .chain(line.to_string().chars().collect::<Vec<_>>().iter())
        .collect()
}

fn broken(path: &str, reason: &str) -> RowError {
    RowError::NotAWorkbook {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// In our words where a person can do something about it, else in those of the reader.
fn words(error: &XlsxError) -> String {
    match error {
        XlsxError::Password => "it is protected by a password".to_owned(),
        XlsxError::FileNotFound(part) => format!("its part `{part}` is missing"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_read_as_a_person_reads_them() {
        for (number, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (49_301_234_567.0, "49301234567"),
            (12.5, "12.5"),
            (-3.25, "-3.25"),
            (1e15, "1000000000000000"),
            (1.5e-7, "0.00000015"),
        ] {
            assert_eq!(plain_number(number), expected);
        }
    }

    #[test]
    fn dates_are_iso() {
        let moment =
            |days| date_or_time(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
        assert_eq!(moment(46_053.0), "2026-01-31");
        assert_eq!(moment(46_053.5), "2026-01-31T12:00:00");
        assert_eq!(moment(0.75), "18:00:00");
        assert_eq!(duration(1.5), "36:00:00");
        assert_eq!(duration(-0.5), "-12:00:00");
    }

    /// What an archive says of its sizes is not believed: its parts are unpacked as far as the limit.
    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workbooks/partners.xlsx");
        let measured = |workbook, texts| {
            let job = Job {
                path: "rows.xlsx".to_owned(),
                found: found.clone(),
                sheet: None,
                most: Limits { workbook, texts },
            };
            job.measure().map_err(|error| error.to_string())
        };
        assert_eq!(measured(1 << 20, 1 << 20), Ok(()));
        let refused = Err("`rows.xlsx` is larger than 0 MiB when unpacked".to_owned());
        assert_eq!(measured(1 << 10, 1 << 20), refused.clone());
        assert_eq!(measured(19_000, 1 << 20), refused);
    }

    #[test]
    fn cells_are_called_as_in_the_sheet() {
        for (column, expected) in [
            (0, "A7"),
            (25, "Z7"),
            (26, "AA7"),
            (701, "ZZ7"),
            (702, "AAA7"),
        ] {
            assert_eq!(name(column, 7), expected);
        }
    }
}
