//! The tables: one for each module, one for each join table, and a few of the sandbox's own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rusqlite::Connection;

use super::expression::column;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::Schema;
use crate::sandbox::schema::Shape;
use crate::sandbox::schema::quoted;

/// What belongs to no module.
const OWN: &str = "
CREATE TABLE IF NOT EXISTS sandbox_state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credentials (user_id TEXT PRIMARY KEY, password TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preferences (user_id TEXT, name TEXT, value TEXT, PRIMARY KEY (user_id, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  access_token TEXT PRIMARY KEY, refresh_token TEXT NOT NULL, user_id TEXT NOT NULL, platform TEXT NOT NULL,
  client_id TEXT NOT NULL, expires INTEGER NOT NULL, refresh_expires INTEGER NOT NULL, download_token TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_refresh ON sessions (refresh_token);
CREATE TABLE IF NOT EXISTS email_addresses (
  bean_id TEXT, bean_module TEXT, position INTEGER, email_address TEXT COLLATE NOCASE, opt_out INTEGER,
  invalid_email INTEGER, primary_address INTEGER, reply_to_address INTEGER,
  PRIMARY KEY (bean_id, bean_module, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS email_addresses_address ON email_addresses (email_address);
CREATE TABLE IF NOT EXISTS sugarfavorites (user_id TEXT, module TEXT, record_id TEXT,
  PRIMARY KEY (user_id, module, record_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscriptions (user_id TEXT, module TEXT, record_id TEXT,
  PRIMARY KEY (user_id, module, record_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tracker (user_id TEXT, module TEXT, record_id TEXT, seen TEXT,
  PRIMARY KEY (user_id, module, record_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (module TEXT, record_id TEXT, field TEXT, name TEXT, mime TEXT, content BLOB,
  PRIMARY KEY (module, record_id, field));
CREATE TABLE IF NOT EXISTS audit (id TEXT PRIMARY KEY, module TEXT, record_id TEXT, field_name TEXT, before_value,
  after_value, date_created TEXT, created_by TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audit_record ON audit (record_id, module);
CREATE TABLE IF NOT EXISTS saved_filters (id TEXT PRIMARY KEY, module TEXT, definition TEXT) WITHOUT ROWID;
";

/// Columns that lists are ordered by: their indexes hold every row. The others leave out what is unset, which costs
/// nothing in most records; a comparison with a value can use them all the same.
const ALWAYS_SET: [&str; 5] = [
    "date_modified",
    "date_entered",
    "name",
    "last_name",
    "deleted",
];

pub(crate) fn create(db: &Connection, schema: &Schema) -> rusqlite::Result<()> {
    db.execute_batch(OWN)?;
    let mut joins: BTreeMap<&str, BTreeMap<String, &'static str>> = BTreeMap::new();
    let mut indices: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    let mut unique: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    for relationship in schema.relationships.values() {
        match &relationship.shape {
            Shape::Join(join) => {
                let columns = joins.entry(&join.table).or_default();
                let role = join.role.as_ref().map(|role| role.column.clone());
                for key in [join.lhs_key.clone(), join.rhs_key.clone()]
                    .into_iter()
                    .chain(role.clone())
                {
                    columns.insert(key, "TEXT");
                }
                for column in join.columns.values() {
                    columns.insert(column.name.clone(), column.kind.column_type());
                }
                let pair = [join.lhs_key.clone(), join.rhs_key.clone()]
                    .into_iter()
                    .chain(role);
                unique.insert((join.table.clone(), pair.collect::<Vec<_>>()));
                indices.insert((
                    join.table.clone(),
                    vec![join.rhs_key.clone(), "deleted".into()],
                ));
            }
            Shape::Column { column, .. } => {
                // Nobody looks for the records that somebody changed last.
                if column != "modified_user_id" {
                    let table = &schema.modules[&relationship.rhs_module].table;
                    indices.insert((table.clone(), vec![column.clone(), "id".into()]));
                }
            }
        }
    }
    for (table, columns) in joins {
        let columns: Vec<String> = columns
            .iter()
            .map(|(name, kind)| format!("{} {kind}, ", quoted(name)))
            .collect();
        let columns = columns.concat();
        db.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {} (id TEXT PRIMARY KEY, {columns}date_modified TEXT, \
             deleted INTEGER NOT NULL DEFAULT 0)",
            quoted(table)
        ))?;
    }
    for module in schema.modules.values() {
        create_module(db, module)?;
        // The id stands at the end of each, as the primary key does in the indexes of MySQL: so what is found by one
        // can be walked by id.
        for index in &module.indices {
            let mut columns = index.clone();
            if !columns.iter().any(|column| column == "id") {
                columns.push("id".into());
            }
            indices.insert((module.table.clone(), columns));
        }
    }
    for (kind, indices) in [("INDEX", indices), ("UNIQUE INDEX", unique)] {
        for (table, columns) in indices {
            let name = quoted(&format!("idx_{table}_{}", columns.join("_")));
            let first = columns.first().cloned().unwrap_or_default();
            let fields = schema.modules.values().find(|module| module.table == table);
            let columns: Vec<String> = columns
                .iter()
                .map(|name| match fields.and_then(|module| module.field(name)) {
                    Some(field) => column(name, field.kind),
                    None => quoted(name),
                })
                .collect();
            let condition = if ALWAYS_SET.contains(&first.as_str()) || kind != "INDEX" {
                String::new()
            } else {
                format!(" WHERE {} IS NOT NULL", quoted(&first))
            };
            db.execute_batch(&format!(
                "CREATE {kind} IF NOT EXISTS {name} ON {} ({}){condition}",
                quoted(&table),
                columns.join(", ")
            ))?;
        }
    }
    Ok(())
}

/// Makes a module's table, or adds the columns that it lacks since the schema grew.
fn create_module(db: &Connection, module: &Module) -> rusqlite::Result<()> {
    let mut columns: Vec<(String, &str)> = module
        .columns()
        .filter(|field| field.name != "id" && field.name != "deleted")
        .map(|field| (field.name.clone(), field.kind.column_type()))
        .collect();
    if module
        .fields
        .values()
        .any(|field| matches!(field.place, Place::Teams))
    {
        columns.push(("team_set".to_owned(), "TEXT"));
    }
    let table = quoted(&module.table);
    let declared: Vec<String> = columns
        .iter()
        .map(|(name, kind)| format!(", {} {kind}", quoted(name)))
        .collect();
    let declared = declared.concat();
    db.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {table} \
         (id TEXT PRIMARY KEY NOT NULL, deleted INTEGER NOT NULL DEFAULT 0{declared})"
    ))?;
    let mut present = BTreeSet::new();
    let mut statement = db.prepare(&format!(
        "SELECT name FROM pragma_table_info('{}')",
        module.table
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        present.insert(row.get::<_, String>(0)?);
    }
    for (name, kind) in columns {
        if !present.contains(&name) {
            db.execute_batch(&format!(
                "ALTER TABLE {table} ADD COLUMN {} {kind}",
                quoted(&name)
            ))?;
        }
    }
    Ok(())
}
