//! Rows of a CSV file.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use csv::ReaderBuilder;
use csv::StringRecord;
use encoding_rs::Encoding;
use fs_err::File;
use serde_json::Map;
use serde_json::Value as Json;

use super::BadRow;
use super::DataRow;
use super::Reason;
use super::RowError;
use super::decoded::Decoded;
use super::decoded::Reach;
use super::decoded::RowPlace;
use super::decoded::RowTooLarge;
use super::locate::unreadable;

/// How a file is written.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) encoding: &'static Encoding,
}

pub(super) struct CsvRows {
    reader: csv::Reader<Decoded<File>>,
    encoding: &'static Encoding,
    heading: Vec<String>,
    record: StringRecord,
    is_finished: bool,
}

/// What reading on gave.
enum Next {
    Row(RowPlace),
    Bad(BadRow),
    End,
}

impl CsvRows {
    /// Opens a file and reads its heading.
    pub(super) fn open(path: &str, found: &Path, dialect: Dialect) -> Result<Self, RowError> {
        let file = File::open(found).map_err(|error| unreadable(path, error))?;
        let reader = ReaderBuilder::new()
            .delimiter(dialect.delimiter)
            .quote(dialect.quote)
            // Rows of another length are bad rows, not the end.
            .flexible(true)
            .has_headers(false)
            .from_reader(Decoded::new(file, dialect.encoding));
        let mut rows = Self {
            reader,
            encoding: dialect.encoding,
            heading: Vec::new(),
            record: StringRecord::new(),
            is_finished: false,
        };
        rows.heading = rows.read_heading(path)?;
        Ok(rows)
    }

    pub(super) fn heading(self) -> Vec<String> {
        self.heading
    }

    fn read_heading(&mut self, path: &str) -> Result<Vec<String>, RowError> {
        let path = path.to_owned();
        let place = match self.read() {
            Next::Row(place) => place,
            Next::Bad(BadRow { reason, .. }) => return Err(RowError::BadHeading { path, reason }),
            Next::End => return Err(RowError::NoHeading { path }),
        };
        if place.is_malformed {
            let reason = self.not_text();
            return Err(RowError::BadHeading { path, reason });
        }
        let mut heading: Vec<String> = Vec::with_capacity(self.record.len());
        let mut columns = HashMap::with_capacity(self.record.len());
        for (index, cell) in self.record.iter().enumerate() {
            let name = cell.trim();
            let column = index + 1;
            if name.contains('\0') {
                let column = column.to_string();
                let reason = Reason::Nul { column };
                return Err(RowError::BadHeading { path, reason });
            }
            if name.is_empty() {
                return Err(RowError::EmptyHeading { path, column });
            }
            if let Some(first) = columns.insert(name.to_owned(), index) {
                return Err(RowError::DuplicateHeading {
                    path,
                    name: name.to_owned(),
                    first: first + 1,
                    second: index + 1,
                });
            }
            heading.push(name.to_owned());
        }
        Ok(heading)
    }

    fn read(&mut self) -> Next {
        loop {
            if self.is_finished {
                return Next::End;
            }
            let read = self.reader.read_record(&mut self.record);
            let end = self.reader.position().byte();
            let place = self.reader.get_mut().row_read(end);
            match read {
                Ok(true) if place.reach == Reach::Behind => self.is_finished = true,
                Ok(true) if place.reach == Reach::Unclosed => {
                    self.is_finished = true;
                    return Next::Bad(BadRow {
                        line: place.first_line,
                        reason: Reason::OpenQuote,
                    });
                }
                Ok(true) if self.is_blank() => {}
                Ok(true) => return Next::Row(place),
                Ok(false) => self.is_finished = true,
                Err(error) => {
                    // Where a row would begin is not known any more.
                    self.is_finished = true;
                    let line = place.first_line;
                    let reason = self.unreadable(error);
                    return Next::Bad(BadRow { line, reason });
                }
            }
        }
    }

    /// A row of nothing but empty cells, as a spreadsheet leaves behind its last one.
    fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| cell.trim().is_empty())
    }

    fn not_text(&self) -> Reason {
        Reason::Encoding {
            encoding: self.encoding.name(),
            can_be_said: true,
        }
    }

    fn unreadable(&self, error: csv::Error) -> Reason {
        match error.into_kind() {
            csv::ErrorKind::Io(error) if is_too_large(&error) => Reason::TooLarge,
            csv::ErrorKind::Io(error) => Reason::Unreadable {
                message: error.to_string(),
            },
            _ => self.not_text(),
        }
    }
}

fn is_too_large(error: &io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<RowTooLarge>())
        .is_some()
}

impl Iterator for CsvRows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let place = match self.read() {
            Next::Row(place) => place,
            Next::Bad(bad) => return Some(Err(bad)),
            Next::End => return None,
        };
        let line = place.first_line;
        let bad = |reason| Some(Err(BadRow { line, reason }));
        if place.is_malformed {
            return bad(self.not_text());
        }
        if self.record.len() != self.heading.len() {
            return bad(Reason::CellCount {
                found: self.record.len(),
                wanted: self.heading.len(),
                first: place.first_line,
                last: place.last_line,
            });
        }
        if let Some((name, _)) = self
            .heading
            .iter()
            .zip(&self.record)
            .find(|(_, cell)| cell.contains('\0'))
        {
            return bad(Reason::Nul {
                column: name.clone(),
            });
        }
        let value: Map<String, Json> = self
            .heading
            .iter()
            .zip(&self.record)
            .map(|(name, cell)| (name.clone(), Json::from(cell)))
            .collect();
        Some(Ok(DataRow {
            line,
            value: Json::Object(value),
        }))
    }
}
