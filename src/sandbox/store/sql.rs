//! SQL text and its values, built together so that no value ever becomes text.

use rusqlite::Connection;
use rusqlite::Row;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

/// A statement in the making. Parameter 1 is always the id of the user who asks, since favorites and the like depend
/// on it; a statement that does not use it is bound to it nevertheless.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(user: &str, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: vec![Value::Text(user.to_owned())],
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('?');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// `?, ?, ?` for a list of values.
    pub(crate) fn bind_all(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            self.bind(value);
        }
        self
    }

    pub(crate) fn execute(&self, db: &Connection) -> rusqlite::Result<usize> {
        let mut statement = db.prepare_cached(&self.text)?;
        let used = statement.parameter_count();
        statement.execute(params_from_iter(&self.values[..used]))
    }

    pub(crate) fn rows<T>(
        &self,
        db: &Connection,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = db.prepare_cached(&self.text)?;
        let used = statement.parameter_count();
        let mut rows = statement.query(params_from_iter(&self.values[..used]))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            out.push(read(row)?);
        }
        Ok(out)
    }

    pub(crate) fn first<T>(
        &self,
        db: &Connection,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let mut statement = db.prepare_cached(&self.text)?;
        let used = statement.parameter_count();
        let mut rows = statement.query(params_from_iter(&self.values[..used]))?;
        rows.next()?.map(&mut read).transpose()
    }

    /// The first column of the first row, for counts and the like.
    pub(crate) fn number(&self, db: &Connection) -> rusqlite::Result<i64> {
        Ok(self.first(db, |row| row.get(0))?.unwrap_or(0))
    }
}
