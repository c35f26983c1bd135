//! From the data file a playbook names to its rows.

use std::io::Read;

use encoding_rs::Encoding;
use fs_err::File;
use serde_json::Value as Json;

use super::super::DataFile;
use super::super::DataFormat;
use super::super::Reach;
use super::BadRow;
use super::LARGEST_DOCUMENT;
use super::RowError;
use super::csv::CsvRows;
use super::csv::Dialect;
use super::json::JsonRows;
use super::jsonl;
use super::jsonl::JsonlRows;
use super::locate::locate;
use super::locate::unreadable;
use super::places;
#[cfg(feature = "xlsx")]
use super::workbook::WorkbookRows;

/// One row: a map of texts from a CSV file or a sheet, any JSON value from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct DataRow {
    /// Where it begins in the file, from 1.
    pub line: u64,
    pub value: Json,
}

/// The rows of a file, in their order. A bad one does not end it.
pub struct Rows(Source);

enum Source {
    Csv(Box<CsvRows>),
    Jsonl(JsonlRows),
    Json(JsonRows),
    #[cfg(feature = "xlsx")]
    Workbook(WorkbookRows),
}

impl Iterator for Rows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Csv(rows) => rows.next(),
            Source::Jsonl(rows) => rows.next(),
            Source::Json(rows) => rows.next(),
            #[cfg(feature = "xlsx")]
            Source::Workbook(rows) => rows.next(),
        }
    }
}

/// Opens a data file beside the playbook. Nothing but its beginning is read yet.
///
/// # Errors
/// A file that gives no rows. JSON with a `select` is searched by the caller, who knows JSONPath: see [`found`].
pub fn open(file: &DataFile, reach: &Reach) -> Result<Rows, RowError> {
    let path = &file.name();
    let found = locate(file, reach)?;
    let source = match &file.format {
        DataFormat::Csv { .. } => {
            Source::Csv(Box::new(CsvRows::open(path, &found, dialect(file)?)?))
        }
        DataFormat::Jsonl => Source::Jsonl(JsonlRows::open(path, &found)?),
        DataFormat::Json { select: None } => Source::Json(JsonRows::open(path, &found)?),
        DataFormat::Json { select: Some(_) } => {
            return Err(RowError::Unselected { path: path.clone() });
        }
        #[cfg(feature = "xlsx")]
        DataFormat::Xlsx { sheet } => Source::Workbook(workbook(path, &found, sheet.as_ref())?),
        #[cfg(not(feature = "xlsx"))]
        DataFormat::Xlsx { .. } => return Err(RowError::NoWorkbooks { path: path.clone() }),
    };
    Ok(Rows(source))
}

/// The names of the columns of a CSV file or a sheet; other files have none.
pub fn heading(file: &DataFile, reach: &Reach) -> Result<Option<Vec<String>>, RowError> {
    let path = &file.name();
    let found = locate(file, reach)?;
    match &file.format {
        DataFormat::Csv { .. } => {
            let rows = CsvRows::open(path, &found, dialect(file)?)?;
            Ok(Some(rows.heading()))
        }
        #[cfg(feature = "xlsx")]
        DataFormat::Xlsx { sheet } => Ok(Some(workbook(path, &found, sheet.as_ref())?.heading())),
        #[cfg(not(feature = "xlsx"))]
        DataFormat::Xlsx { .. } => Err(RowError::NoWorkbooks { path: path.clone() }),
        DataFormat::Jsonl | DataFormat::Json { .. } => Ok(None),
    }
}

/// What a search finds in the whole of a JSON file, with the lines it stands on.
pub fn found(
    file: &DataFile,
    reach: &Reach,
    search: impl for<'a> FnOnce(&'a Json) -> Vec<&'a Json>,
) -> Result<Vec<DataRow>, RowError> {
    let (text, document) = document(file, reach)?;
    let found = search(&document);
    let lines = places::lines(&text, &document, &found);
    let rows = lines.into_iter().zip(found).map(|(line, value)| DataRow {
        line,
        value: value.clone(),
    });
    Ok(rows.collect())
}

/// The whole of a JSON file, as it is written and as a value.
pub(super) fn document(file: &DataFile, reach: &Reach) -> Result<(Vec<u8>, Json), RowError> {
    let path = &file.name();
    let found = locate(file, reach)?;
    let mut text = Vec::new();
    File::open(&found)
        .and_then(|opened| opened.take(LARGEST_DOCUMENT + 1).read_to_end(&mut text))
        .map_err(|error| unreadable(path, error))?;
    if text.len() as u64 > LARGEST_DOCUMENT {
        return Err(RowError::TooLarge {
            path: path.clone(),
            limit: LARGEST_DOCUMENT,
        });
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    }
    let document = jsonl::value(&text).map_err(|source| RowError::NotJson {
        path: path.clone(),
        source,
    })?;
    Ok((text, document))
}

#[cfg(feature = "xlsx")]
fn workbook(
    path: &str,
    found: &std::path::Path,
    sheet: Option<&crate::diag::Located<String>>,
) -> Result<WorkbookRows, RowError> {
    WorkbookRows::open(path, found, sheet.map(|sheet| sheet.value.as_str()))
}

/// How a CSV file is written; anything else as the default CSV is.
fn dialect(file: &DataFile) -> Result<Dialect, RowError> {
    let DataFormat::Csv {
        delimiter,
        quote,
        encoding,
    } = &file.format
    else {
        return Ok(Dialect {
            delimiter: b',',
            quote: b'"',
            encoding: encoding_rs::UTF_8,
        });
    };
    let name = &encoding.value;
    match Encoding::for_label(name.as_bytes()) {
        Some(encoding) => Ok(Dialect {
            delimiter: *delimiter,
            quote: *quote,
            encoding,
        }),
        None => Err(RowError::UnknownEncoding { name: name.clone() }),
    }
}
