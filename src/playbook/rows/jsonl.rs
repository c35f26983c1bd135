//! Rows of a file with a JSON value on every line.

use std::borrow::Cow;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use fs_err::File;
use serde_json::Value as Json;

use super::BadRow;
use super::DataRow;
use super::LARGEST_ROW;
use super::Reason;
use super::RowError;
use super::locate::unreadable;
use super::numbers::exact;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct JsonlRows {
    reader: BufReader<File>,
    line: u64,
    text: Vec<u8>,
    is_finished: bool,
}

/// One line, whose text is in `JsonlRows::text`.
enum Line {
    Whole,
    TooLarge,
    End,
}

impl JsonlRows {
    pub(super) fn open(path: &str, found: &Path) -> Result<Self, RowError> {
        let file = File::open(found).map_err(|error| unreadable(path, error))?;
        Ok(Self {
            reader: BufReader::new(file),
            line: 0,
            text: Vec::new(),
            is_finished: false,
        })
    }

    /// The next line, of which never more is kept than a row may hold.
    fn read_line(&mut self) -> io::Result<Line> {
        self.text.clear();
        self.line += 1;
        let mut size = 0;
        loop {
            let piece = self.reader.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let (taken, is_complete) = match piece.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (piece.len(), false),
            };
            if size <= LARGEST_ROW {
                self.text.extend_from_slice(&piece[..taken]);
            }
            size += taken as u64;
            self.reader.consume(taken);
            if is_complete {
                break;
            }
        }
        Ok(match size {
            0 => Line::End,
            size if size > LARGEST_ROW => Line::TooLarge,
            _ => Line::Whole,
        })
    }

    fn value(&self) -> Option<Result<DataRow, BadRow>> {
        let line = self.line;
        let text = match line {
            1 => self
                .text
                .strip_prefix(BYTE_ORDER_MARK)
                .unwrap_or(&self.text),
            _ => &self.text,
        };
        if text.trim_ascii().is_empty() {
            return None;
        }
        Some(parse(text, line))
    }
}

/// One JSON value, which stands on this line.
pub(super) fn parse(text: &[u8], line: u64) -> Result<DataRow, BadRow> {
    if std::str::from_utf8(text).is_err() {
        let reason = Reason::Encoding {
            encoding: "UTF-8",
            can_be_said: false,
        };
        return Err(BadRow { line, reason });
    }
    value(text)
        .map(|value| DataRow { line, value })
        .map_err(|error| BadRow {
            line,
            reason: Reason::Json {
                message: words(&error),
            },
        })
}

/// JSON as it is written: a number that would be rounded is the text of its digits.
pub(super) fn value(text: &[u8]) -> Result<Json, serde_json::Error> {
    let value = serde_json::from_slice(text)?;
    match exact(text) {
        Cow::Borrowed(_) => Ok(value),
        Cow::Owned(text) => serde_json::from_slice(&text),
    }
}

/// The words of `serde_json` with the column only: its line is that of the value, not of the file.
fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let cause = said.split(" at line ").next().unwrap_or_default();
    format!("{cause} at column {}", error.column())
}

impl Iterator for JsonlRows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_finished {
            let reason = match self.read_line() {
                Ok(Line::Whole) => match self.value() {
                    Some(value) => return Some(value),
                    None => continue,
                },
                Ok(Line::TooLarge) => Reason::TooLarge,
                Ok(Line::End) => {
                    self.is_finished = true;
                    continue;
                }
                Err(error) => {
                    self.is_finished = true;
                    Reason::Unreadable {
                        message: error.to_string(),
                    }
                }
            };
            let line = self.line;
            return Some(Err(BadRow { line, reason }));
        }
        None
    }
}
