//! The file: one SQLite database, only ever added to, made with the first pair.
//!
//! It keeps SQLite's rollback journal: transactions are short and few, and at rest there is one file, fit to be cached or
//! copied. Two processes take turns at it.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OpenFlags;
use rusqlite::TransactionBehavior;

use super::LedgerError;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// The schema's version. A file of another version is refused.
const FORMAT: i32 = 1;

/// Marks the file as ours in its SQLite header ("sgil").
const APPLICATION_ID: i32 = 0x7367_696c;

/// How long another process may take to write.
const BUSY: Duration = Duration::from_secs(10);

/// Digits of the hash that tells the files of two identities apart.
const DIGITS: usize = 12;

/// Of an identity, so much stands in the name of its file for people.
const READABLE: usize = 48;

/// What became of the id that one create carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub module: ModuleName,
    /// What follows from the key.
    pub computed: RecordId,
    /// What the instance gave instead.
    pub given: RecordId,
}

#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    /// None as long as there is no file.
    connection: Option<Connection>,
    is_new: bool,
}

impl Ledger {
    /// The ledger of an identity. Nothing is made before there is something to write.
    pub fn open(folder: &Path, identity: &str) -> Result<Self, LedgerError> {
        let mut ledger = Self {
            path: folder.join(file_name(identity)),
            connection: None,
            is_new: true,
        };
        ledger.is_new = ledger.reading()?.is_none();
        Ok(ledger)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there was no ledger when this one was opened.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether there is anything to look up.
    pub fn is_there(&self) -> bool {
        self.connection.is_some() || is_there(&self.path)
    }

    /// Whether pairs could be added, as far as that can be told before.
    pub fn writable(&mut self) -> Result<(), LedgerError> {
        let path = self.path.clone();
        match self.reading()? {
            Some(connection) => match connection.is_readonly("main") {
                Ok(false) => Ok(()),
                Ok(true) => Err(LedgerError::Unwritable {
                    path,
                    reason: "it may only be read".into(),
                }),
                Err(source) => Err(LedgerError::Unreadable { path, source }),
            },
            None => Ok(()),
        }
    }

    /// The ids that records had which the create with this id made, the last one first.
    pub fn given(&mut self, computed: &RecordId) -> Result<Vec<RecordId>, LedgerError> {
        let path = self.path.clone();
        let Some(connection) = self.reading()? else {
            return Ok(Vec::new());
        };
        let found = || {
            let mut statement = connection
                .prepare_cached("SELECT given FROM pair WHERE computed = ?1 ORDER BY at DESC")?;
            let given = statement.query_map((computed.as_str(),), |row| row.get(0))?;
            given.collect::<Result<Vec<String>, _>>()
        };
        let given = found().map_err(|error| unreadable(&path, error))?;
        Ok(given.into_iter().map(RecordId::new).collect())
    }

    /// Adds pairs; when this returns they are on disk. Those that are there already stay as they are.
    pub fn enter(&mut self, pairs: &[Pair], now: &str) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let unwritable = |error: rusqlite::Error| LedgerError::Unwritable {
            path: path.clone(),
            reason: error.to_string(),
        };
        let connection = self.writing()?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(unwritable)?;
        let enter = || {
            let mut statement = transaction.prepare_cached(
                "INSERT OR IGNORE INTO pair (computed, given, module, at) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for pair in pairs {
                let ids = (pair.computed.as_str(), pair.given.as_str());
                statement.execute((ids.0, ids.1, pair.module.as_str(), now))?;
            }
            Ok(())
        };
        enter().map_err(unwritable)?;
        transaction.commit().map_err(unwritable)
    }

    /// The file, if there is one: another process may have made it meanwhile.
    fn reading(&mut self) -> Result<Option<&mut Connection>, LedgerError> {
        if self.connection.is_none() && is_there(&self.path) {
            self.connection = Some(opened(&self.path)?);
        }
        Ok(self.connection.as_mut())
    }

    fn writing(&mut self) -> Result<&mut Connection, LedgerError> {
        if self.connection.is_none() {
            made(&self.path)?;
            self.connection = Some(opened(&self.path)?);
        }
        self.connection
            .as_mut()
            .ok_or_else(|| LedgerError::NotALedger(self.path.clone()))
    }
}

/// Readable for people, and its own for each identity.
fn file_name(identity: &str) -> String {
    let plain = identity
        .split_once("://")
        .map_or(identity, |(_, rest)| rest);
    let readable: String = plain
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => c,
            _ => '-',
        })
        .take(READABLE)
        .collect();
    let hash = blake3::hash(identity.as_bytes()).to_hex();
    format!(
        "{}-{}.ledger",
        readable.trim_start_matches('.'),
        &hash[..DIGITS]
    )
}

fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Makes an empty file that nobody else may read, unless there is one.
fn made(path: &Path) -> Result<(), LedgerError> {
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(LedgerError::Unwritable {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        }
        _ => Ok(()),
    }
}

/// Opens what may be anything at all.
fn opened(path: &Path) -> Result<Connection, LedgerError> {
    let unreadable = |error| unreadable(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unreadable)?;
    connection.busy_timeout(BUSY).map_err(unreadable)?;
    let number = |connection: &Connection, name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0))
    };
    // A process was killed before it wrote the first pair, or is just about to.
    if number(&connection, "page_count").map_err(unreadable)? == 0 {
        begin(&mut connection).map_err(|error| LedgerError::Unwritable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    }
    if number(&connection, "application_id").map_err(unreadable)? != APPLICATION_ID {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    let found = number(&connection, "user_version").map_err(unreadable)?;
    if found != FORMAT {
        return Err(LedgerError::Format {
            path: path.to_owned(),
            found,
            wanted: FORMAT,
        });
    }
    let sound: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .unwrap_or_else(|error| error.to_string());
    if sound != "ok" {
        return Err(LedgerError::Damaged {
            path: path.to_owned(),
            reason: sound,
        });
    }
    // A pair is on disk before the run file says that its create is done.
    connection
        .pragma_update(None, "synchronous", "full")
        .map_err(unreadable)?;
    Ok(connection)
}

/// Whichever of two processes comes first makes the tables.
fn begin(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_master", (), |row| row.get(0))?;
    if tables == 0 {
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

fn unreadable(path: &Path, source: rusqlite::Error) -> LedgerError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => LedgerError::NotALedger(path),
        Some(ErrorCode::DatabaseCorrupt) => LedgerError::Damaged {
            path,
            reason: source.to_string(),
        },
        _ => LedgerError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const IDENTITY: &str = "https://crm.example.com";

    fn pair(computed: &str, given: &str) -> Pair {
        Pair {
            module: ModuleName::new("Accounts"),
            computed: RecordId::new(computed),
            given: RecordId::new(given),
        }
    }

    fn given(ledger: &mut Ledger, computed: &str) -> Vec<String> {
        let found = ledger.given(&RecordId::new(computed)).unwrap();
        found.iter().map(|id| id.as_str().to_owned()).collect()
    }

    #[test]
    fn it_is_made_with_the_first_pair_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), IDENTITY).unwrap();
        assert_eq!(given(&mut ledger, "a"), Vec::<String>::new());
        ledger.writable().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        ledger.enter(&[pair("a", "1")], "2026-01-01").unwrap();
        assert!(ledger.is_new());
        let mode = std::fs::metadata(ledger.path())
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(ledger);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut again = Ledger::open(folder.path(), IDENTITY).unwrap();
        assert!(!again.is_new());
        assert_eq!(given(&mut again, "a"), ["1"]);
    }

    #[test]
    fn the_last_record_of_a_key_comes_first_and_what_is_written_twice_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), IDENTITY).unwrap();
        ledger.enter(&[pair("a", "2")], "2026-01-01").unwrap();
        let both = [pair("a", "1"), pair("b", "3")];
        ledger.enter(&both, "2026-01-02").unwrap();
        ledger.enter(&[pair("a", "2")], "2026-01-03").unwrap();
        assert_eq!(given(&mut ledger, "a"), ["1", "2"]);
        assert_eq!(given(&mut ledger, "b"), ["3"]);
    }

    #[test]
    fn two_processes_write_one_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                let folder = folder.path().to_owned();
                std::thread::spawn(move || {
                    let mut ledger = Ledger::open(&folder, IDENTITY).unwrap();
                    for number in 0..20 {
                        let pair = pair(&number.to_string(), &thread.to_string());
                        ledger.enter(&[pair], "2026-01-01").unwrap();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let mut ledger = Ledger::open(folder.path(), IDENTITY).unwrap();
        for number in 0..20 {
            assert_eq!(given(&mut ledger, &number.to_string()).len(), 2);
        }
    }

    #[test]
    fn each_identity_has_its_own_readable_file() {
        let name = |identity: &str| file_name(identity);
        assert!(name("https://crm.example.com/sugar").starts_with("crm.example.com-sugar-"));
        assert!(name("../../etc").starts_with("-..-etc-"));
        assert_ne!(name("a:b"), name("a-b"));
        assert!(name(&"x".repeat(1000)).len() < 100);
    }

    #[test]
    fn what_is_none_is_said_to_be_none_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(IDENTITY));
        let said = || {
            Ledger::open(folder.path(), IDENTITY)
                .unwrap_err()
                .to_string()
                .replace(path.to_str().unwrap(), "PATH")
        };
        std::fs::write(
            &path,
            "a text of somebody's, long enough for a header".repeat(9),
        )
        .unwrap();
        assert_eq!(
            said(),
            "`PATH` lies where the ledger of ids is kept, and is none"
        );
        std::fs::remove_file(&path).unwrap();
        let mut ledger = Ledger::open(folder.path(), IDENTITY).unwrap();
        let pairs: Vec<Pair> = (0..500).map(|n| pair(&n.to_string(), "1")).collect();
        ledger.enter(&pairs, "2026-01-01").unwrap();
        drop(ledger);
        // Cut off, as by a copy that ended early.
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(
            said().starts_with("the ledger of ids `PATH` is damaged: "),
            "{}",
            said()
        );
        std::fs::write(&path, &whole).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 7).unwrap();
        drop(connection);
        assert_eq!(
            said(),
            "the ledger of ids `PATH` has format 7, and this sugarmill reads format 1"
        );
    }

    #[test]
    fn a_process_that_died_while_it_made_the_file_left_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(file_name(IDENTITY)), "").unwrap();
        let mut ledger = Ledger::open(folder.path(), IDENTITY).unwrap();
        ledger.enter(&[pair("a", "1")], "2026-01-01").unwrap();
        assert_eq!(given(&mut ledger, "a"), ["1"]);
    }
}
