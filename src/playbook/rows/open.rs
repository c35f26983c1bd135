//! From the data file a playbook names to its rows.

use std::io::Read;
use std::path::Path;

use encoding_rs::Encoding;
use fs_err::File;
use serde_json::Value as Json;

use super::super::DataFile;
use super::super::DataFormat;
use super::BadRow;
use super::LARGEST_DOCUMENT;
use super::RowError;
use super::csv::CsvRows;
use super::csv::Dialect;
use super::json::JsonRows;
use super::jsonl::JsonlRows;
use super::locate::locate;
use super::locate::unreadable;

/// One row: a map of texts from a CSV file, any JSON value from the others.
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
}

impl Iterator for Rows {
    type Item = Result<DataRow, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Csv(rows) => rows.next(),
            Source::Jsonl(rows) => rows.next(),
            Source::Json(rows) => rows.next(),
        }
    }
}

/// Opens a data file beside the playbook. Nothing but its beginning is read yet.
///
/// # Errors
/// A file that gives no rows. JSON with a `select` is searched by the caller, who knows JSONPath: see [`document`].
pub fn open(file: &DataFile, folder: &Path) -> Result<Rows, RowError> {
    let path = &file.path.value;
    let found = locate(path, folder)?;
    let source = match &file.format {
        DataFormat::Csv { .. } => {
            Source::Csv(Box::new(CsvRows::open(path, &found, dialect(file)?)?))
        }
        DataFormat::Jsonl => Source::Jsonl(JsonlRows::open(path, &found)?),
        DataFormat::Json { select: None } => Source::Json(JsonRows::open(path, &found)?),
        DataFormat::Json { select: Some(_) } => {
            return Err(RowError::Unselected { path: path.clone() });
        }
    };
    Ok(Rows(source))
}

/// The names of a CSV file's columns; other files have none.
pub fn heading(file: &DataFile, folder: &Path) -> Result<Option<Vec<String>>, RowError> {
    let path = &file.path.value;
    let found = locate(path, folder)?;
    match &file.format {
        DataFormat::Csv { .. } => {
            let rows = CsvRows::open(path, &found, dialect(file)?)?;
            Ok(Some(rows.heading()))
        }
        DataFormat::Jsonl | DataFormat::Json { .. } => Ok(None),
    }
}

/// The whole of a JSON file, for a JSONPath to look through.
pub fn document(file: &DataFile, folder: &Path) -> Result<Json, RowError> {
    let path = &file.path.value;
    let found = locate(path, folder)?;
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
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    serde_json::from_slice(text).map_err(|source| RowError::NotJson {
        path: path.clone(),
        source,
    })
}

/// A hash of the file's bytes: the same rows, the same plan.
pub fn digest(file: &DataFile, folder: &Path) -> Result<[u8; 32], RowError> {
    let path = &file.path.value;
    let found = locate(path, folder)?;
    let failed = |error| unreadable(path, error);
    let mut hasher = blake3::Hasher::new();
    let opened = File::open(&found).map_err(failed)?;
    hasher.update_reader(opened).map_err(failed)?;
    Ok(*hasher.finalize().as_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Located;
    use crate::diag::Sources;
    use crate::diag::Span;

    fn here<T>(value: T) -> Located<T> {
        let source = Sources::default().add("a.yaml", "");
        let span = Span {
            source,
            start: 0,
            end: 0,
        };
        Located::new(value, span)
    }

    fn csv(delimiter: u8, encoding: &str) -> DataFormat {
        DataFormat::Csv {
            delimiter,
            quote: b'"',
            encoding: here(encoding.to_owned()),
        }
    }

    /// Writes a file, opens it, and gives what a reader would.
    fn with<T>(format: DataFormat, bytes: &[u8], read: impl Fn(&DataFile, &Path) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("rows"), bytes).unwrap();
        let file = DataFile {
            path: here("rows".to_owned()),
            format,
        };
        read(&file, folder.path())
    }

    /// Each row as `line value`, or `line! reason`.
    fn rows(format: DataFormat, bytes: &[u8]) -> Vec<String> {
        with(format, bytes, |file, folder| match open(file, folder) {
            Ok(rows) => rows
                .map(|row| match row {
                    Ok(row) => format!("{} {}", row.line, row.value),
                    Err(bad) => format!("{}! {}", bad.line, bad.reason),
                })
                .collect(),
            Err(error) => vec![error.to_string()],
        })
    }

    #[test]
    fn csv_rows_know_their_line() {
        let text = b"\xef\xbb\xbfname,note\r\n\r\n\"a\nb\",\"say \"\"hi\"\"\"\r\n  \r\nc,\r\n\r\nd\r\ne,f,g\n\"\",h";
        assert_eq!(
            rows(csv(b',', "utf-8"), text),
            [
                r#"3 {"name":"a\nb","note":"say \"hi\""}"#,
                r#"6 {"name":"c","note":""}"#,
                "8! 1 cells where the heading has 2",
                "9! 3 cells where the heading has 2",
                r#"10 {"name":"","note":"h"}"#,
            ]
        );
    }

    #[test]
    fn a_quote_left_open_is_suspected() {
        assert_eq!(
            rows(csv(b',', "utf-8"), b"a,b\n1,\"2\n3,4\n5,6\n"),
            [r#"2 {"a":"1","b":"2\n3,4\n5,6\n"}"#]
        );
        assert_eq!(
            rows(csv(b',', "utf-8"), b"a,b\n\"1,2\n3,4\n5,6\n"),
            [
                "2! 1 cells where the heading has 2; it goes on to line 4, so a quote may be left open"
            ]
        );
    }

    #[test]
    fn encodings_are_read_and_bad_bytes_spoil_one_row_only() {
        assert_eq!(
            rows(csv(b';', "windows-1252"), b"n;v\nM\xfcller;\x80 5\n"),
            [r#"2 {"n":"Müller","v":"€ 5"}"#]
        );
        assert_eq!(
            rows(csv(b',', "utf-8"), b"n\nM\xfcller\nMaier\n\xff"),
            [
                "2! bytes that are not UTF-8",
                r#"3 {"n":"Maier"}"#,
                "4! bytes that are not UTF-8"
            ]
        );
        let utf16: Vec<u8> = "\u{feff}n\nä\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(rows(csv(b',', "utf-8"), &utf16), [r#"2 {"n":"ä"}"#]);
    }

    #[test]
    fn lines_stay_right_in_a_large_file() {
        let mut text = "id,note\n".to_owned();
        let mut wanted = Vec::new();
        let mut line = 2;
        for number in 0..20_000 {
            let breaks = number % 3;
            text.extend([&number.to_string(), ",\"x", &"\ny".repeat(breaks), "\"\n\n"]);
            wanted.push(line);
            line += 2 + breaks as u64;
        }
        let found: Vec<u64> = with(csv(b',', "utf-8"), text.as_bytes(), |file, folder| {
            open(file, folder)
                .unwrap()
                .map(|row| row.unwrap().line)
                .collect()
        });
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_row_without_end_is_refused() {
        let mut text = b"a,b\n1,2\n3,\"".to_vec();
        text.resize(40 * 1024 * 1024, b'x');
        let found = rows(csv(b',', "utf-8"), &text);
        assert_eq!(found[0], r#"2 {"a":"1","b":"2"}"#);
        assert_eq!(
            found[1],
            "3! more than 16 MiB in one row; is a quote or bracket left open?"
        );
        assert_eq!(found.len(), 2);
        assert_eq!(rows(DataFormat::Jsonl, &text[9..]).len(), 1);
        text[0] = b'[';
        assert_eq!(rows(DataFormat::Json { select: None }, &text).len(), 4);
    }

    #[test]
    fn headings_must_name_every_column_once() {
        let heading_of = |text: &[u8]| {
            with(csv(b',', "utf-8"), text, |file, folder| {
                match heading(file, folder) {
                    Ok(names) => names.unwrap().join("|"),
                    Err(error) => error.to_string(),
                }
            })
        };
        assert_eq!(
            heading_of(b"\xef\xbb\xbf\"name\", e mail \n"),
            "name|e mail"
        );
        assert_eq!(heading_of(b""), "`rows` has no heading line");
        assert_eq!(heading_of(b"a,,c\n"), "column 2 of `rows` has no heading");
        assert_eq!(
            heading_of(b"a,b,a\n"),
            "columns 1 and 3 of `rows` are both called `a`"
        );
        assert_eq!(
            heading_of(b"a,\xff\n"),
            "the heading of `rows`: bytes that are not UTF-8"
        );
        assert_eq!(
            with(DataFormat::Jsonl, b"", |file, folder| heading(file, folder)
                .unwrap()),
            None
        );
    }

    #[test]
    fn json_lines_are_values_line_by_line() {
        let text = b"\xef\xbb\xbf{\"a\": 1}\r\n\r\n[2]\n{\"a\": }\n\"\xff\"\nnull";
        assert_eq!(
            rows(DataFormat::Jsonl, text),
            [
                r#"1 {"a":1}"#,
                "3 [2]",
                "4! broken JSON: expected value at column 7",
                "5! bytes that are not UTF-8",
                "6 null",
            ]
        );
    }

    #[test]
    fn json_items_are_taken_out_of_their_list() {
        let json = || DataFormat::Json { select: None };
        assert_eq!(
            rows(
                json(),
                b"\xef\xbb\xbf\n[ {\"a\": \"],\\\"}\"},\n [1, 2]\n,3]\n"
            ),
            [r#"2 {"a":"],\"}"}"#, "3 [1,2]", "4 3"]
        );
        assert_eq!(rows(json(), b"[]"), Vec::<String>::new());
        assert_eq!(
            rows(json(), b"[1,\n]"),
            [
                "1 1",
                "2! broken JSON: EOF while parsing a value at column 0"
            ]
        );
        assert_eq!(
            rows(json(), b"[1,{"),
            ["1 1", "1! the list is not closed with `]`"]
        );
        assert_eq!(
            rows(json(), b"[1]\n[2]"),
            ["1 1", "2! something stands behind the list"]
        );
        assert_eq!(rows(json(), b"{}"), ["`rows` is not a JSON list"]);
        assert_eq!(rows(json(), b""), ["`rows` is not a JSON list"]);
    }

    #[test]
    fn a_document_to_search_is_read_whole() {
        let select = || DataFormat::Json {
            select: Some(here("$.a[*]".to_owned())),
        };
        assert_eq!(
            rows(select(), b"{}"),
            ["`rows` has to be searched with its `select` first"]
        );
        let read = with(select(), b"{\"a\": [1]}", |file, folder| {
            document(file, folder).unwrap()
        });
        assert_eq!(read, serde_json::json!({"a": [1]}));
        assert!(with(select(), b"{", |file, folder| document(file, folder)
            .is_err()));
    }

    #[test]
    fn equal_bytes_have_equal_digests() {
        let hash = |bytes: &[u8]| {
            with(DataFormat::Jsonl, bytes, |file, folder| {
                digest(file, folder).unwrap()
            })
        };
        assert_eq!(hash(b"a"), *blake3::hash(b"a").as_bytes());
        assert_ne!(hash(b"a"), hash(b"b"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_rows_or_bad_rows(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            for format in [csv(b',', "utf-8"), csv(b';', "utf-16le"), csv(b'|', "shift_jis"), DataFormat::Jsonl, DataFormat::Json { select: None }] {
                let seen = rows(format, &bytes);
                proptest::prop_assert!(seen.len() <= bytes.len() + 1);
            }
        }

        #[test]
        fn any_cells_come_back(cells in proptest::collection::vec(("[^\u{feff}]{0,9}", "[ä\n\r,;\"x]{0,9}"), 1..20)) {
            let mut writer = ::csv::WriterBuilder::new().quote_style(::csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(["a", "b"]).unwrap();
            for (first, second) in &cells {
                writer.write_record([first, second]).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let read: Vec<_> = with(csv(b',', "utf-8"), &bytes, |file, folder| {
                open(file, folder).unwrap().map(|row| row.unwrap().value).collect()
            });
            let wanted: Vec<_> = cells.iter().map(|(a, b)| serde_json::json!({"a": a, "b": b})).collect();
            proptest::prop_assert_eq!(read, wanted);
        }
    }
}
