//! What a Sugar holds, table by table, to be compared with what it held or what another one holds.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::scene::Server;

/// What no run can leave or bring back as it was, and nobody expects it to.
///
/// Tags are left out as well, and named where a record has one: a tag is made in passing, and stays when the last record
/// gives it up.
const TABLES_LEFT_OUT: [(&str, &str); 3] = [
    ("sessions", "who is logged in"),
    ("tracker", "who looked at what"),
    (
        "audit",
        "the history of a record, which an undo adds to and never takes from",
    ),
];

const COLUMNS_LEFT_OUT: [(&str, &str); 4] = [
    ("date_modified", "when a record was saved last"),
    ("modified_user_id", "who saved it last"),
    (
        "date_entered",
        "two runs of one plan are not made at the same time",
    ),
    (
        "deleted",
        "records that are deleted are left out, with the addresses and marks that hang on them",
    ),
];

/// Every row of every table that is not left out, as text, with how often it is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Picture(BTreeMap<String, usize>);

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// By their ids.
    Ids,
    /// By what they hold: on an instance that gives ids of its own no two runs give the same.
    Values,
}

type Row = BTreeMap<String, String>;

impl Picture {
    pub(crate) fn of(server: &Server, names: Names) -> Self {
        let database = server.database();
        let mut tables: BTreeMap<String, Vec<Row>> = tables(&database)
            .into_iter()
            .map(|table| (table.clone(), rows(&database, &table)))
            .collect();
        let graves = graves(&database);
        for rows in tables.values_mut() {
            rows.retain(|row| {
                let hangs_on = row.get("bean_id").or_else(|| row.get("record_id"));
                hangs_on.is_none_or(|id| !graves.contains(id))
            });
        }
        let mut names = match names {
            Names::Ids => BTreeMap::new(),
            Names::Values => by_values(&tables),
        };
        // A tag that is new is made in passing, and always gets an id of the instance's own.
        for tag in tables.remove("tags").into_iter().flatten() {
            names.insert(tag["id"].clone(), format!("<tag {}>", tag["name"]));
        }
        let mut picture = BTreeMap::new();
        for (table, rows) in &tables {
            for row in rows {
                let mut text = table.clone();
                for (column, value) in row {
                    let value = names.get(value).unwrap_or(value);
                    write!(text, " | {column}={value}").unwrap();
                }
                *picture.entry(text).or_insert(0) += 1;
            }
        }
        Self(picture)
    }

    /// What is there in one and not in the other, a line each; empty where they are alike.
    pub(crate) fn apart(&self, other: &Self) -> String {
        let mut text = String::new();
        let mut only = |here: &Self, there: &Self, sign: char| {
            for (row, times) in &here.0 {
                let elsewhere = there.0.get(row).copied().unwrap_or(0);
                for _ in elsewhere..*times {
                    writeln!(text, "{sign} {row}").unwrap();
                }
            }
        };
        only(self, other, '-');
        only(other, self, '+');
        text
    }
}

/// Ids of deleted records.
fn graves(database: &Connection) -> BTreeSet<String> {
    let mut graves = BTreeSet::new();
    for table in tables(database) {
        let sql = format!("SELECT id FROM \"{table}\" WHERE deleted = 1");
        // Not every table has both.
        if let Ok(mut statement) = database.prepare(&sql) {
            let found = statement.query_map((), |row| row.get(0)).unwrap();
            graves.extend(found.map(Result::unwrap));
        }
    }
    graves
}

fn tables(database: &Connection) -> Vec<String> {
    let left_out = |name: &String| TABLES_LEFT_OUT.iter().any(|(table, _)| name == table);
    let mut statement = database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names = statement.query_map((), |row| row.get(0)).unwrap();
    names
        .map(Result::unwrap)
        .filter(|name| !left_out(name))
        .collect()
}

fn rows(database: &Connection, table: &str) -> Vec<Row> {
    let mut statement = database
        .prepare(&format!("SELECT * FROM \"{table}\""))
        .unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    // A link that was taken away and made again has another row, and is the same link.
    let is_join = columns.iter().any(|name| name == "deleted")
        && !columns.iter().any(|name| name == "date_entered");
    let mut rows = Vec::new();
    let mut found = statement.query(()).unwrap();
    while let Some(found) = found.next().unwrap() {
        let value = |name: &str| {
            let place = columns.iter().position(|column| column == name);
            place.map(|place| found.get::<_, Value>(place).unwrap())
        };
        if value("deleted") == Some(Value::Integer(1)) {
            continue;
        }
        let row = columns
            .iter()
            .filter(|name| !COLUMNS_LEFT_OUT.iter().any(|(column, _)| name == column))
            .filter(|name| !(is_join && *name == "id"))
            .map(|name| (name.clone(), text(value(name))))
            .collect();
        rows.push(row);
    }
    rows
}

/// Empty and unset are alike to Sugar.
fn text(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        Some(Value::Text(text)) => text.replace('\n', "\\n"),
        Some(Value::Blob(bytes)) => format!("{bytes:02x?}"),
    }
}

/// A name for each id: its table, and what the record holds beside ids.
fn by_values(tables: &BTreeMap<String, Vec<Row>>) -> BTreeMap<String, String> {
    let records = || {
        tables.iter().flat_map(|(table, rows)| {
            rows.iter()
                .filter_map(move |row| Some((row.get("id")?, table, row)))
        })
    };
    let ids: BTreeSet<&String> = records().map(|(id, ..)| id).collect();
    records()
        .map(|(id, table, row)| {
            let values: Vec<&str> = row
                .values()
                .filter(|value| !value.is_empty() && !ids.contains(value))
                .map(String::as_str)
                .collect();
            (id.clone(), format!("<{table} {}>", values.join(" ")))
        })
        .collect()
}
