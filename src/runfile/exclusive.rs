//! A file that one process holds at a time, and what it tells others of itself. The operating system frees it when the
//! holder ends, however that happens.

use std::fmt;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

/// Who holds a lock, as whoever has to wait is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub process: u32,
    pub host: String,
    /// When it came.
    pub since: String,
    /// The file it works on.
    pub file: PathBuf,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            process,
            host,
            since,
            file,
        } = self;
        write!(
            f,
            "process {process} on {host} since {since}, with `{}`",
            file.display()
        )
    }
}

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Exclusive {
    file: File,
    path: PathBuf,
}

/// Why a file could not be taken.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// Somebody else has it: who, as far as they said.
    Held(String),
    Failed(io::Error),
}

impl From<io::Error> for NotTaken {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Exclusive {
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Self, NotTaken> {
        loop {
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(NotTaken::Held(told(&mut file))),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            // Whoever had it before removed it meanwhile: this one bars nobody, the next has to be made.
            if !is_still_at(&file, path)? {
                continue;
            }
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{holder}")?;
            return Ok(Self {
                file,
                path: path.to_owned(),
            });
        }
    }
}

/// Who holds the file at this moment, if somebody does. It is only looked at.
pub(super) fn holder(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(told(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Who holds it is a courtesy; that it is held is enough.
fn told(file: &mut File) -> String {
    let mut holder = String::new();
    let read = file.read_to_string(&mut holder);
    match holder.trim() {
        "" => "another process".into(),
        _ if read.is_err() => "another process".into(),
        holder => holder.to_owned(),
    }
}

fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((held.dev(), held.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        // Removed while it is still locked, so that nobody else's is.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}
