//! Waiting for one's turn: one run at a time for an instance, a user and a platform, one writer of a run file.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::args::duration;
use super::failure::Failure;
use super::printer;
use super::settings::Environment;
use super::settings::Settings;
use super::signals::Signals;
use crate::execute;
use crate::runfile::Holder;
use crate::runfile::Lock;
use crate::runfile::RunFileError;
use crate::runfile::Turn;
use crate::runfile::Whose;
use crate::runfile::private_folder;

/// Between two looks at a lock that somebody else holds.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// How long to wait for another run on this instance, or on this run file, to end
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) lock_timeout: Duration,
}

/// Somebody who is about to write, and how long they wait for others.
#[derive(Clone, Copy)]
pub(crate) struct Queue<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) signals: &'a Signals,
    pub(crate) timeout: Duration,
    /// What is worked on, as others are told.
    pub(crate) file: &'a Path,
}

impl Queue<'_> {
    /// The lock of a run file.
    pub(crate) async fn lock(self, run_file: &Path) -> Result<Lock, Failure> {
        let holder = holder(run_file);
        self.wait(|| Lock::take(run_file, &holder)).await
    }

    /// The turn at an instance.
    pub(crate) async fn turn(self, whose: &Whose) -> Result<Turn, Failure> {
        let folder = folder(&self.settings.environment)?;
        let holder = holder(self.file);
        self.wait(|| Turn::take(&folder, whose, &holder)).await
    }

    /// Tries until it works, time is up or somebody wishes to stop.
    async fn wait<T>(
        self,
        mut take: impl FnMut() -> Result<T, RunFileError>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let mut is_told = false;
        loop {
            let error = match take() {
                Err(error) if error.is_held() => error,
                other => return Ok(other?),
            };
            let left = self.timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Err(error.into());
            }
            if !is_told {
                let text = format!("waiting up to {:.0?}: {error}", self.timeout);
                printer::say(self.settings, &text);
                is_told = true;
            }
            let nap = tokio::time::sleep(LOOK_EVERY.min(left));
            self.signals.unless_stopped(nap).await?;
        }
    }
}

/// This process, as others are told.
pub(crate) fn holder(file: &Path) -> Holder {
    let host = rustix::system::uname();
    Holder {
        process: std::process::id(),
        host: host.nodename().to_string_lossy().into_owned(),
        since: execute::timestamp(),
        file: match std::path::absolute(file) {
            Ok(path) if file.exists() => path,
            _ => file.to_owned(),
        },
    }
}

/// Where this user's locks and ledgers lie: the same folder for a shell, a scheduled job and a service, so not the one of a login
/// session. The folder for temporary files serves where there is no home, as in some containers.
pub(super) fn folder(environment: &Environment) -> Result<PathBuf, Failure> {
    let user = rustix::process::geteuid().as_raw();
    let state = environment.folder("XDG_STATE_HOME");
    let home = || environment.folder("HOME");
    let state = state.or_else(|| Some(home()?.join(".local/state")));
    let at_home = state.map(|state| state.join("sugarmill"));
    let elsewhere = std::env::temp_dir().join(format!("sugarmill-{user}"));
    let usable = |path: &Path| private_folder(path, user);
    if let Some(path) = at_home.filter(|path| usable(path).is_ok()) {
        return Ok(path);
    }
    usable(&elsewhere).map_err(|source| Failure::Write {
        path: elsewhere.clone(),
        source,
    })?;
    Ok(elsewhere)
}
