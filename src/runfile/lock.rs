//! One writer at a time: a lock file beside the run file, and the permit to write that comes with it.

use std::path::Path;
use std::path::PathBuf;

use super::Holder;
use super::RunFile;
use super::RunFileError;
use super::Stage;
use super::exclusive;
use super::exclusive::Exclusive;
use super::exclusive::NotTaken;
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
    _file: Exclusive,
}

impl Lock {
    /// Takes the lock that stands beside `run_file`, or says who holds it.
    pub(crate) fn take(run_file: &Path, holder: &Holder) -> Result<Self, RunFileError> {
        super::opening::is_there(run_file)?;
        let path = lock_file(run_file);
        match Exclusive::take(&path, holder) {
            Ok(file) => Ok(Self { _file: file }),
            Err(NotTaken::Held(holder)) => Err(RunFileError::Locked {
                path: run_file.to_owned(),
                holder,
            }),
            Err(NotTaken::Failed(source)) => Err(RunFileError::Write { path, source }),
        }
    }

    /// Leave to write, if nothing stands against it: the plan is not refused, and what is done and planned together keeps
    /// the limits.
    pub(crate) fn permit(self, file: &RunFile, guard: &Guard) -> Result<Permit, NoPermit> {
        if file.get::<Stage>()? == Some(Stage::Refused) {
            return Err(NoPermit::RefusedPlan);
        }
        guard.check(file.progress()?.totals())?;
        Ok(Permit { _lock: self })
    }
}

/// Who writes a run file at this moment, if somebody does.
pub(super) fn writer_of(run_file: &Path) -> Option<String> {
    exclusive::holder(&lock_file(run_file))
}

fn lock_file(run_file: &Path) -> PathBuf {
    let mut name = run_file.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
impl Permit {
    pub(crate) fn for_tests() -> Self {
        let run_file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        let lock = Lock::take(run_file.path(), &Holder::for_tests()).expect("nobody else holds it");
        Self { _lock: lock }
    }
}

#[cfg(test)]
impl Holder {
    pub(crate) fn for_tests() -> Self {
        Self {
            process: 4711,
            host: "build-3".into(),
            since: "2026-01-02T03:04:05Z".into(),
            file: PathBuf::from("/ci/import.run"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let run_file = folder.path().join("a.run");
        std::fs::write(&run_file, "").unwrap();
        let first = Lock::take(&run_file, &Holder::for_tests()).unwrap();
        let refused = Lock::take(&run_file, &Holder::for_tests()).unwrap_err();
        let refused = refused.to_string();
        assert!(
            refused.contains("process 4711 on build-3 since 2026-01-02T03:04:05Z"),
            "{refused}"
        );
        assert_eq!(writer_of(&run_file), Some(Holder::for_tests().to_string()));
        drop(first);
        assert_eq!(writer_of(&run_file), None);
        // What a killed process leaves bars nobody.
        std::fs::write(lock_file(&run_file), Holder::for_tests().to_string()).unwrap();
        assert_eq!(writer_of(&run_file), None);
        Lock::take(&run_file, &Holder::for_tests()).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no lock file is left"
        );
    }

    #[test]
    fn many_who_hurry_hold_it_one_after_the_other() {
        use std::sync::atomic::AtomicU32;
        use std::sync::atomic::Ordering;
        let folder = tempfile::tempdir().unwrap();
        let run_file = folder.path().join("a.run");
        std::fs::write(&run_file, "").unwrap();
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut turns = 0;
                    while turns < 50 {
                        let Ok(lock) = Lock::take(&run_file, &Holder::for_tests()) else {
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                        turns += 1;
                    }
                });
            }
        });
    }
}
