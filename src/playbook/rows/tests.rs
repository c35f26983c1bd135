//! Tidy and untidy data files, and what becomes of their rows.

use std::path::PathBuf;

use super::super::DataFile;
use super::super::DataFormat;
use super::super::Reach;
use super::found;
use super::heading;
use super::open;
use crate::diag::Colour;
use crate::diag::Located;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::diag::Style;
use crate::diag::draw;

fn here<T>(value: T) -> Located<T> {
    let source = Sources::default().add("a.yaml", "");
    let span = Span::new(source, 0..0);
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
fn with<T>(format: DataFormat, bytes: &[u8], read: impl Fn(&DataFile, &Reach) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("rows"), bytes).unwrap();
    let file = DataFile {
        path: here("rows".to_owned()),
        beside: PathBuf::new(),
        format,
    };
    read(&file, &Reach::of(folder.path()))
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
            "8! 1 cell where the heading has 2",
            "9! 3 cells where the heading has 2",
            r#"10 {"name":"","note":"h"}"#,
        ]
    );
}

#[test]
fn rows_of_nothing_but_empty_cells_are_passed_over() {
    assert_eq!(
        rows(
            csv(b';', "utf-8"),
            b";;\na;b;c\n;;\n1;;\n \t;\"\";\n;;;;;\n\"\"\n;;2\n;;"
        ),
        [
            r#"4 {"a":"1","b":"","c":""}"#,
            r#"8 {"a":"","b":"","c":"2"}"#,
        ]
    );
    assert_eq!(
        rows(csv(b',', "utf-8"), b"a\n1\n \n\"\"\n2\n"),
        [r#"2 {"a":"1"}"#, r#"5 {"a":"2"}"#]
    );
}

#[test]
fn a_quote_left_open_is_suspected() {
    assert_eq!(
        rows(csv(b',', "utf-8"), b"a,b\n1,\"2\n3,4\n5,6\n"),
        ["2! the file ends inside a quote that was opened here"]
    );
    assert_eq!(
        rows(csv(b',', "utf-8"), b"a,b\n\"1,2\n3,4\n5,6\n"),
        ["2! the file ends inside a quote that was opened here"]
    );
    assert_eq!(
        rows(csv(b',', "utf-8"), b"a,b\n\"1,2\n3,4\n5,6\",7,8\n9,10"),
        [
            "2! 3 cells where the heading has 2; it goes on to line 4, so a quote may be left open",
            r#"5 {"a":"9","b":"10"}"#,
        ]
    );
    for end in ["", "\n", "\r\n", "\r", "\n\n \r\n\r\n"] {
        let text = format!("a,b{end}");
        let none: [&str; 0] = [];
        assert_eq!(rows(csv(b',', "utf-8"), text.as_bytes()), none);
        let text = format!("a,b\n1,\"x\ny\"{end}");
        let row = r#"2 {"a":"1","b":"x\ny"}"#;
        assert_eq!(rows(csv(b',', "utf-8"), text.as_bytes()), [row]);
        let text = format!("a,b\n1,\"{end}");
        let open = "2! the file ends inside a quote that was opened here";
        assert_eq!(rows(csv(b',', "utf-8"), text.as_bytes()), [open]);
    }
}

#[test]
fn nul_bytes_are_no_text() {
    let column = "a NUL byte in column `b`; if the file is UTF-16, say `encoding: utf-16le`";
    assert_eq!(
        rows(csv(b',', "utf-8"), b"a,b\n1,x\0\n2,y\n"),
        [format!("2! {column}"), r#"3 {"a":"2","b":"y"}"#.to_owned()]
    );
    let utf16: Vec<u8> = "a,b\n1,x\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        rows(csv(b',', "utf-8"), &utf16),
        [
            "the heading of `rows`: a NUL byte in column `1`; if the file is UTF-16, say `encoding: utf-16le`"
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
            "2! bytes that are not UTF-8; a CSV file saved by Excel is often `encoding: windows-1252`",
            r#"3 {"n":"Maier"}"#,
            "4! bytes that are not UTF-8; a CSV file saved by Excel is often `encoding: windows-1252`"
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
        "the heading of `rows`: bytes that are not UTF-8; a CSV file saved by Excel is often `encoding: windows-1252`"
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
        ["1 1", "2! an item is missing beside the comma"]
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
    let read = |bytes: &[u8]| {
        with(select(), bytes, |file, folder| {
            found(file, folder, |document| vec![&document["a"][1]])
        })
    };
    let rows = read(b"\xef\xbb\xbf{\"a\": [1,\n12345678901234567890123]}").unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].line, 2);
    assert_eq!(rows[0].value, "12345678901234567890123");
    assert!(read(b"{").is_err());
}

/// What a reader of the playbook sees of its data files.
#[test]
fn mistakes_are_drawn_where_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("twice.csv"), "a,b,a\n").unwrap();
    fs_err::write(folder.path().join("short.csv"), "a,b\n1\n").unwrap();
    fs_err::write(folder.path().join("map.json"), "{}").unwrap();
    let text = "- none.csv\n- ../secret.csv\n- twice.csv\n- map.json\n- short.csv\n";
    let mut sources = Sources::default();
    let source = sources.add("playbook.yaml", text);
    let mut problems = Problems::default();
    for line in text.lines() {
        let start = line.as_ptr() as usize - text.as_ptr() as usize + 2;
        let span = Span::new(source, start..start + line.len() - 2);
        let file = DataFile {
            path: Located::new(line[2..].to_owned(), span),
            beside: PathBuf::new(),
            format: if line.ends_with("json") {
                DataFormat::Json { select: None }
            } else {
                csv(b',', "utf-8")
            },
        };
        match open(&file, &Reach::of(folder.path())) {
            Ok(rows) => rows
                .filter_map(Result::err)
                .for_each(|bad| problems.push(bad.problem(&file))),
            Err(error) => problems.push(error.problem(&file)),
        }
    }
    let style = Style {
        width: 80,
        colour: Colour::None,
    };
    insta::assert_snapshot!(draw(&problems, &sources, style));
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
    fn any_cells_come_back(cells in proptest::collection::vec(("[^\u{feff}\u{0}]{0,9}", "[ä\n\r,;\"x]{0,9}"), 1..20)) {
        let mut writer = ::csv::WriterBuilder::new().quote_style(::csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["a", "b"]).unwrap();
        for (first, second) in &cells {
            writer.write_record([first, second]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let read: Vec<_> = with(csv(b',', "utf-8"), &bytes, |file, folder| {
            open(file, folder).unwrap().map(|row| row.unwrap().value).collect()
        });
        let is_blank = |cell: &str| cell.trim().is_empty();
        let rows = cells.iter().filter(|(a, b)| !(is_blank(a) && is_blank(b)));
        let wanted: Vec<_> = rows.map(|(a, b)| serde_json::json!({"a": a, "b": b})).collect();
        proptest::prop_assert_eq!(read, wanted);
    }
}

#[cfg(feature = "xlsx")]
mod workbooks {
    use super::*;

    /// Each row of a workbook of `tests/workbooks` as `line value`, or `line! reason`.
    fn sheet(name: &str, sheet: Option<&str>) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workbooks");
        let file = DataFile {
            path: here(name.to_owned()),
            beside: PathBuf::new(),
            format: DataFormat::Xlsx {
                sheet: sheet.map(|name| here(name.to_owned())),
            },
        };
        match open(&file, &Reach::of(&folder)) {
            Ok(rows) => rows
                .map(|row| match row {
                    Ok(row) => format!("{} {}", row.line, row.value),
                    Err(bad) => format!("{}! {}", bad.line, bad.reason),
                })
                .collect(),
            Err(error) => {
                let problem = error.problem(&file);
                vec![problem.message, problem.help.unwrap_or_default()]
            }
        }
    }

    #[test]
    fn cells_read_as_a_person_reads_them() {
        insta::assert_snapshot!(sheet("partners.xlsx", Some("Partners")).join("\n"));
        assert_eq!(
            sheet("single.xlsx", None),
            [
                r#"2 {"code":"A1","name":"Acme"}"#,
                r#"3 {"code":"A2","name":"Blue"}"#
            ]
        );
    }

    #[test]
    fn a_sheet_that_is_not_there_names_those_that_are() {
        assert_eq!(
            sheet("partners.xlsx", Some("Partner")),
            [
                "`partners.xlsx` has no sheet `Partner`",
                "did you mean `Partners`? its sheets are `Read me` and `Partners`"
            ]
        );
        assert_eq!(
            sheet("partners.xlsx", None),
            [
                "`partners.xlsx` has 2 sheets, and which one is meant is not said",
                "name one of them with `sheet`: `Read me` and `Partners`"
            ]
        );
        assert!(sheet("single.xlsx", Some("Parts"))[1].starts_with("its only sheet is `"));
    }

    #[test]
    fn what_is_no_table_is_said_so() {
        assert_eq!(
            sheet("twice.xlsx", None)[0],
            "columns 1 and 3 of `twice.xlsx` are both called `code`"
        );
        assert_eq!(
            sheet("empty.xlsx", None)[0],
            "`empty.xlsx` has no heading line"
        );
        assert_eq!(
            sheet("make.py", None)[0],
            "`make.py` is not a workbook: it is not a ZIP archive, which a workbook is inside"
        );
    }

    /// Whatever the bytes are, reading ends, and nothing panics.
    #[test]
    fn broken_workbooks_end_in_a_message() {
        let whole = include_bytes!("../../../tests/workbooks/partners.xlsx");
        for cut in (0..whole.len()).step_by(211) {
            let mut broken = whole.to_vec();
            broken[cut] ^= 0x55;
            for bytes in [&broken[..], &whole[..cut]] {
                with(
                    DataFormat::Xlsx {
                        sheet: Some(here("Partners".to_owned())),
                    },
                    bytes,
                    |file, reach| {
                        if let Ok(rows) = open(file, reach) {
                            assert!(rows.count() < 100);
                        }
                    },
                );
            }
        }
    }
}
