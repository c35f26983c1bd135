//! The run file: one SQLite database that holds a plan and what became of it.

mod batches;
mod bindings;
mod dependents;
mod done;
mod error;
mod exclusive;
mod found;
mod glances;
mod kept;
mod led_to;
mod lock;
mod meta;
mod opening;
mod operations;
mod pages;
mod parts;
mod pending;
mod problems;
mod progress;
mod put;
mod reopen;
mod results;
mod retry;
mod rows;
mod search;
mod settle;
mod settlement;
mod span;
mod stamps;
mod standings;
mod states;
mod store;
mod tally;
#[cfg(test)]
mod tests;
mod transitions;
mod turn;
mod verdicts;
mod view;
mod which;
mod words;

use std::cell::RefCell;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

pub use batches::PackedBatch;
pub use done::DoneOperation;
pub use error::RunFileError;
pub use exclusive::Holder;
pub use found::FoundRecord;
pub use found::Place;
pub use glances::BatchView;
pub use glances::FieldsView;
pub use kept::KeptRow;
pub use kept::KeptRows;
pub use lock::Lock;
pub use lock::NoPermit;
pub use lock::Permit;
pub use meta::Advice;
pub use meta::AppliedBy;
pub use meta::ClientIds;
pub use meta::Digest;
pub use meta::Ending;
pub use meta::Entry;
pub use meta::ExceededLimit;
pub use meta::ExceededLimits;
pub use meta::Finished;
pub use meta::GivenLimits;
pub use meta::Header;
pub use meta::Instance;
pub use meta::Outputs;
pub use meta::PlaybookText;
pub use meta::Requests;
pub use meta::Salt;
pub use meta::Stage;
pub use meta::Steered;
pub use meta::Undoes;
pub use meta::UndoneBy;
pub use meta::User;
pub use operations::OperationView;
pub use pages::CreateRow;
pub use pending::Pending;
pub use problems::ProblemView;
pub use results::StoredResults;
pub use rows::StoredOperation;
use rusqlite::Connection;
use rusqlite::OpenFlags;

use self::opening::Opening;
use self::standings::Standings;
use crate::kill;
pub use settlement::Settlement;
pub use stamps::Seen;
pub use stamps::Stamp;
pub use stamps::Why;
pub use store::ItemOutcome;
pub use store::PlannedItem;
pub use store::ReadResult;
pub use turn::Turn;
pub use turn::Whose;
pub use turn::private_folder;
pub use view::Hindrance;
pub use view::RunView;
pub use view::StepView;
pub use which::Which;

/// The schema's version. A file of another version is refused.
pub const FORMAT: i32 = 7;

/// Marks the file as ours in its SQLite header ("sgml").
const APPLICATION_ID: i32 = 0x7367_6d6c;

/// The writing end. There is one at a time; see [`Lock`].
#[derive(Debug)]
pub struct RunFile {
    connection: Connection,
    path: PathBuf,
    standings: RefCell<Standings>,
}

impl RunFile {
    /// Makes a new file, replacing none.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RunFileError> {
        let failed = |source| RunFileError::Write {
            path: path.to_owned(),
            source,
        };
        // Made by hand first, so that it never exists with wider permissions.
        let mut options = std::fs::File::options();
        options.write(true).create_new(true).mode(0o600);
        options.open(path).map_err(failed)?;
        let connection = Connection::open(path)?;
        opening::prepare(&connection)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
        connection.execute_batch(include_str!("schema.sql"))?;
        let file = Self {
            connection,
            path: path.to_owned(),
            standings: RefCell::default(),
        };
        file.put(header)?;
        file.put(&Stage::Plan)?;
        file.put(&ClientIds::Unseen)?;
        file.put(&Requests::default())?;
        Ok(file)
    }

    /// Opens a file to go on with it.
    pub fn open(path: &Path) -> Result<Self, RunFileError> {
        Self::to_write(path, opening::sound)
    }

    /// The same of one that this command has made, or opened before: whether it is whole is not looked at again, since
    /// all of it would be read for that.
    pub fn open_again(path: &Path) -> Result<Self, RunFileError> {
        Self::to_write(path, opening::ours)
    }

    fn to_write(path: &Path, open: Opening) -> Result<Self, RunFileError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        opening::prepare(&connection)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            standings: RefCell::default(),
        })
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A reading end for expressions. It sees what is committed.
    pub fn results(&self) -> Result<StoredResults, RunFileError> {
        StoredResults::open(&self.path)
    }

    pub fn view(&self) -> Result<RunView, RunFileError> {
        RunView::open_again(&self.path)
    }

    /// Nothing changes for as long as this is held, and many questions cost less. Nothing can be written meanwhile.
    pub(crate) fn reading(&self) -> Result<impl Sized + '_, RunFileError> {
        Ok(self.connection.unchecked_transaction()?)
    }

    pub(crate) fn put<E: Entry>(&self, value: &E) -> Result<(), RunFileError> {
        meta::put(&self.connection, value)
    }

    pub(crate) fn get<E: Entry>(&self) -> Result<Option<E>, RunFileError> {
        meta::get(&self.connection)
    }

    /// From here on it is a run; how an earlier one ended says nothing of this one.
    pub fn begin_run(&self) -> Result<(), RunFileError> {
        self.put(&Stage::Run)?;
        // What was so when the last command ended is no longer so, and says nothing of this one if it is killed.
        meta::remove::<Ending>(&self.connection)?;
        meta::remove::<Advice>(&self.connection)?;
        meta::remove::<Finished>(&self.connection)
    }

    pub fn header(&self) -> Result<Header, RunFileError> {
        self.get()?
            .ok_or_else(|| RunFileError::inconsistent("it has no header"))
    }

    /// Folds the journal into the one file and closes it, so that it can be carried away.
    pub fn finish(self) -> Result<PathBuf, RunFileError> {
        kill::passes(kill::Point::BeforeFinish);
        self.connection
            .pragma_update(None, "journal_mode", "delete")?;
        self.connection.close().map_err(|(_, error)| error)?;
        Ok(self.path)
    }
}

/// SQLite counts in `i64`; nothing here counts further.
fn to_db(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_db(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
