//! Why a run file cannot be used.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi;

#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    #[error("there is no run file `{}`", .0.display())]
    Missing(PathBuf),
    #[error("`{}` is not a run file of sugarmill", .0.display())]
    NotARunFile(PathBuf),
    #[error(
        "`{}` was written by {} sugarmill (format {found}; this one reads {wanted})",
        path.display(), if found > wanted { "a newer" } else { "an older" }
    )]
    Format {
        path: PathBuf,
        found: i32,
        wanted: i32,
    },
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("`{}` holds a run that was already sent; it is not overwritten", .0.display())]
    InUse(PathBuf),
    #[error("`{}` is being written by {holder}", path.display())]
    Locked { path: PathBuf, holder: String },
    #[error("another run works on `{instance}` as `{user}`: {holder}")]
    Occupied {
        instance: String,
        user: String,
        holder: String,
    },
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    /// There is no room left, or a quota of it is used up, or the disk fails; what stands in the file is whole.
    #[error("the disk takes nothing more of the run file: {0}")]
    Disk(rusqlite::Error),
    #[error("the run file could not be read or written: {0}")]
    Database(rusqlite::Error),
    /// A rule of this program was broken, not one of the user's.
    #[error("the run file does not hold what it should: {0}")]
    Inconsistent(String),
}

impl From<rusqlite::Error> for RunFileError {
    fn from(error: rusqlite::Error) -> Self {
        if is_of_the_disk(&error) {
            Self::Disk(error)
        } else {
            Self::Database(error)
        }
    }
}

/// Whether something could not be written for want of room. A quota, and the file beside the journal, are not told apart
/// from a disk that fails.
fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    const UNWRITTEN: [i32; 5] = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
        ffi::SQLITE_IOERR_SHMMAP,
    ];
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull || UNWRITTEN.contains(&error.extended_code)
    })
}

impl RunFileError {
    /// Whether somebody else has what was wanted, so that waiting helps.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Occupied { .. })
    }

    pub(crate) fn inconsistent(what: impl Into<String>) -> Self {
        Self::Inconsistent(what.into())
    }
}
