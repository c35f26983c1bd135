//! What is seen of a data file before a run: all of a small JSON file, and of CSV whether its first rows can be read.

use serde_json::Value as Json;

use super::super::DataFile;
use super::super::DataFormat;
use super::super::Reach;
use super::BadRow;
use super::DataRow;
use super::Reason;
use super::RowError;
use super::locate::locate;
use super::locate::unreadable;
use super::open::document;
use super::open::open;

/// The most bytes of a file that is looked at: some ten thousand rows, which take no time to speak of.
const LARGEST_GLIMPSE: u64 = 4 * 1024 * 1024;

/// Rows of a CSV file that are looked at. Where it is in another encoding, one of them tells it, as a rule.
const FIRST_ROWS: usize = 1_000;

#[derive(Debug)]
pub enum Glimpse {
    /// Of a larger file, or one of another format, nothing is known.
    Nothing,
    Rows(Vec<Json>),
    /// The first of its rows that cannot be read.
    BadRow(BadRow),
    /// What a JSONPath is to look through.
    Document(Json),
}

/// Looks at a file.
///
/// # Errors
/// A file that gives no rows.
pub fn glimpse(file: &DataFile, reach: &Reach) -> Result<Glimpse, RowError> {
    let select = match &file.format {
        DataFormat::Json { select } => select.as_ref(),
        DataFormat::Jsonl => None,
        DataFormat::Csv { .. } => return undecodable(file, reach),
        DataFormat::Xlsx { .. } => return Ok(Glimpse::Nothing),
    };
    let path = locate(file, reach)?;
    let size = fs_err::metadata(path).map_err(|error| unreadable(&file.name(), error))?;
    if size.len() > LARGEST_GLIMPSE {
        return Ok(Glimpse::Nothing);
    }
    if select.is_some() {
        return document(file, reach).map(|(_, document)| Glimpse::Document(document));
    }
    let rows: Result<Vec<DataRow>, BadRow> = open(file, reach)?.collect();
    Ok(match rows {
        Ok(rows) => Glimpse::Rows(rows.into_iter().map(|row| row.value).collect()),
        Err(bad) => Glimpse::BadRow(bad),
    })
}

/// The first row of CSV whose bytes are not of the encoding that the playbook says: not the only one then, but for luck.
fn undecodable(file: &DataFile, reach: &Reach) -> Result<Glimpse, RowError> {
    let bad = open(file, reach)?.take(FIRST_ROWS).filter_map(Result::err);
    let mut bad = bad.filter(|bad| matches!(bad.reason, Reason::Encoding { .. }));
    Ok(bad.next().map_or(Glimpse::Nothing, Glimpse::BadRow))
}
