//! One writer at a time: a lock file beside the run file, and the permit to write that comes with it.

use std::fs::File;
use std::fs::TryLockError;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use super::RunFile;
use super::RunFileError;
use super::Stage;
use crate::plan::Guard;
use crate::plan::GuardError;

/// Leave to write to an instance. It comes only with the lock of a run file whose guards have passed, and no code
/// outside this module can make one.
#[derive(Debug)]
pub struct Permit {
    _lock: Lock,
}

/// Why there is no leave to write.
#[derive(Debug, thiserror::Error)]
pub enum NoPermit {
    #[error("the plan was refused when it was made")]
    RefusedPlan,
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
}

/// Held as long as it lives; the operating system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock that stands beside `run_file`, or says who holds it.
    pub fn take(run_file: &Path) -> Result<Self, RunFileError> {
        let mut name = run_file.as_os_str().to_owned();
        name.push(".lock");
        Self::at(PathBuf::from(name), run_file)
    }

    fn at(path: PathBuf, run_file: &Path) -> Result<Self, RunFileError> {
        let failed = |source| RunFileError::Write {
            path: path.clone(),
            source,
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a courtesy; that it is held is enough.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() {
                    "another process".into()
                } else {
                    holder.trim().to_owned()
                };
                return Err(RunFileError::Locked {
                    path: run_file.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        write!(file, "process {}", std::process::id()).map_err(failed)?;
        Ok(Self { file, path })
    }

    /// Leave to write, if nothing stands against it: the plan is not refused, and what is done and planned together keeps
    /// the limits.
    pub fn permit(self, file: &RunFile, guard: &Guard) -> Result<Permit, NoPermit> {
        if file.get::<Stage>()? == Some(Stage::Refused) {
            return Err(NoPermit::RefusedPlan);
        }
        guard.check(file.progress()?.totals())?;
        Ok(Permit { _lock: self })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file is removed while it is still locked, so that nobody else's is.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
impl Permit {
    pub(crate) fn for_tests() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let lock = Lock::take(&folder.path().join("test.run")).expect("nobody else holds it");
        Self { _lock: lock }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let run_file = folder.path().join("a.run");
        let first = Lock::take(&run_file).unwrap();
        let refused = Lock::take(&run_file).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(first);
        Lock::take(&run_file).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "no lock file is left"
        );
    }
}
