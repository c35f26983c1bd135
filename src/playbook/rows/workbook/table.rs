//! Cells put together into a heading and rows.

use std::collections::HashMap;

use calamine::DataRef;
use serde_json::Map;
use serde_json::Value as Json;

use super::super::BadRow;
use super::super::DataRow;
use super::super::LARGEST_ROW;
use super::super::Reason;
use super::super::RowError;
use super::cell::name;
use super::cell::text;
use super::reader::Message;

/// Cells put together into rows.
pub(super) struct Table<'a> {
    pub(super) path: &'a str,
    pub(super) sheet: &'a str,
    /// Column number → heading.
    pub(super) columns: Option<Columns>,
    pub(super) row: Row,
}

pub(super) struct Columns {
    names: Vec<String>,
    places: HashMap<u32, usize>,
}

/// The cells of a row that are not empty.
#[derive(Default)]
pub(super) struct Row {
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
    pub(super) fn turn(&mut self, line: u32) -> Result<Option<Message>, RowError> {
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
    pub(super) fn line(&self) -> u64 {
        u64::from(self.index) + 1
    }

    pub(super) fn add(&mut self, column: u32, value: &DataRef<'_>) {
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
