//! Opening the database, whatever it turns out to be.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::APPLICATION_ID;
use super::FORMAT;
use super::RunFileError;

/// A way to open a file that is there.
pub(super) type Opening = fn(&Path, OpenFlags) -> Result<Connection, RunFileError>;

pub(super) fn prepare(connection: &Connection) -> Result<(), RunFileError> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    plan_once(connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // `sent` must be on disk before a request leaves.
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(())
}

/// A statement is planned when it is prepared and not anew for each value, which costs more than most of ours do.
fn plan_once(connection: &Connection) -> Result<(), RunFileError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Another connection to a file of ours that is open already.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, RunFileError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    plan_once(&connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

/// A path that leads nowhere, or to something that is no file.
pub(super) fn is_there(path: &Path) -> Result<(), RunFileError> {
    if !path.exists() {
        return Err(RunFileError::Missing(path.to_owned()));
    }
    if !path.is_file() {
        return Err(RunFileError::NotARunFile(path.to_owned()));
    }
    Ok(())
}

/// Opens what may be anything at all, and says what it is if it is no run file.
pub(super) fn ours(path: &Path, flags: OpenFlags) -> Result<Connection, RunFileError> {
    is_there(path)?;
    let not_ours = || RunFileError::NotARunFile(path.to_owned());
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    match number("application_id") {
        Ok(APPLICATION_ID) => {}
        Ok(_) => return Err(not_ours()),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::NotADatabase =>
        {
            return Err(not_ours());
        }
        // A process was killed while it folded the journal into the file. Who only reads cannot take back what it left.
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ReadOnly
                && flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) =>
        {
            drop(connection);
            drop(ours(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?);
            return ours(path, flags);
        }
        Err(error) => return Err(unsound(path, error)),
    }
    let found = number("user_version")?;
    if found != FORMAT {
        return Err(RunFileError::Format {
            path: path.to_owned(),
            found,
            wanted: FORMAT,
        });
    }
    plan_once(&connection)?;
    Ok(connection)
}

/// The same of a file that must be whole, for which all of it is read.
pub(super) fn sound(path: &Path, flags: OpenFlags) -> Result<Connection, RunFileError> {
    let connection = ours(path, flags)?;
    let sound: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|error| unsound(path, error))?;
    if sound != "ok" {
        return Err(RunFileError::Damaged {
            path: path.to_owned(),
            reason: sound,
        });
    }
    Ok(connection)
}

/// Of a file that does not open as it should; one on a full disk may be whole.
fn unsound(path: &Path, error: rusqlite::Error) -> RunFileError {
    match error.into() {
        error @ RunFileError::Disk(_) => error,
        error => RunFileError::Damaged {
            path: path.to_owned(),
            reason: match error {
                RunFileError::Database(error) => error.to_string(),
                other => other.to_string(),
            },
        },
    }
}
