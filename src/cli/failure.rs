//! What ends a command before it has anything to report: what a person reads, and the exit code.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use super::exit::Exit;
use super::reports;
use crate::client::Cause;
use crate::client::ClientError;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::execute::ExecuteError;
use crate::ledger::LedgerError;
use crate::plan::LimitMet;
use crate::report;
use crate::report::ReportError;
use crate::runfile::Ending;
use crate::runfile::Hindrance;
use crate::runfile::NoPermit;
use crate::runfile::RunFileError;
use crate::sandbox::SandboxError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Mistakes in what somebody wrote, each with its place.
    #[error("`{file}` cannot be used as it is")]
    Problems {
        file: String,
        problems: Problems,
        sources: Sources,
    },
    #[error("{message}")]
    Arguments {
        message: String,
        help: Option<String>,
    },
    #[error("{message}")]
    Refused {
        message: String,
        help: Option<String>,
    },
    /// The plan passes a limit, as it said when it was made.
    #[error("this plan cannot be applied: {reason}")]
    OverLimit {
        reason: String,
        help: Option<String>,
    },
    /// A signal came before there was anything to report.
    #[error("interrupted")]
    Interrupted { exit: Exit, help: Option<String> },
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What the instance answered, or that it did not.
    #[error("{0}")]
    Instance(String),
    /// What ended a plan or an apply, which may have done something before.
    #[error(transparent)]
    Execute(ExecuteError),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    /// It could not be gone on with when something was done already.
    #[error(transparent)]
    RunFileLost(RunFileError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The same of a ledger.
    #[error(transparent)]
    LedgerLost(LedgerError),
    #[error("the sandbox cannot be started: {}", chain(.0))]
    Sandbox(#[from] SandboxError),
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl Failure {
    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        Self::Arguments {
            message: message.into(),
            help: None,
        }
    }

    /// The same, where advice speaks of this run file.
    pub(crate) fn about(self, file: &Path) -> Self {
        match self {
            Self::Refused {
                message,
                help: Some(help),
            } => Self::Refused {
                message,
                help: Some(naming(&help, file)),
            },
            Self::OverLimit {
                reason,
                help: Some(help),
            } => Self::OverLimit {
                reason,
                help: Some(naming(&help, file)),
            },
            other => other,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Problems { .. }
            | Self::Arguments { .. }
            | Self::Write { .. }
            | Self::Ledger(_)
            | Self::LedgerLost(_)
            | Self::Report(_) => Exit::Invalid,
            Self::Refused { .. } | Self::OverLimit { .. } => Exit::Refused,
            Self::Interrupted { exit, .. } => *exit,
            Self::Instance(_) => Exit::Unreachable,
            Self::Execute(ExecuteError::Interrupted) => Exit::Interrupted,
            Self::Execute(_) => Exit::Unreachable,
            Self::Sandbox(_) => Exit::Invalid,
            Self::Client(error) => match error.cause() {
                Cause::Settings => Exit::Invalid,
                Cause::Silence | Cause::Answer => Exit::Unreachable,
            },
            Self::RunFile(error) | Self::RunFileLost(error) => match error {
                RunFileError::InUse(_)
                | RunFileError::Locked { .. }
                | RunFileError::Occupied { .. } => Exit::Refused,
                RunFileError::Missing(_)
                | RunFileError::NotARunFile(_)
                | RunFileError::Format { .. }
                | RunFileError::Damaged { .. }
                | RunFileError::Write { .. }
                | RunFileError::Disk(_)
                | RunFileError::Database(_)
                | RunFileError::Inconsistent(_) => Exit::Invalid,
            },
        }
    }

    /// What a run file with which it could not be gone on says of that.
    pub(crate) fn ending(&self) -> Ending {
        let reason = self.to_string();
        match self {
            Self::Execute(error) => error.ending(),
            Self::Client(error) if error.cause() == Cause::Silence => Ending::Lost(reason),
            Self::Client(error) if error.cause() == Cause::Answer => Ending::Denied(reason),
            Self::Instance(_) => Ending::Denied(reason),
            Self::RunFileLost(_) => Ending::Halted(reason),
            Self::Interrupted { .. } => Ending::Interrupted,
            _ => Ending::Refused(reason),
        }
    }

    /// The code of the diagnostic that says it: one for each cause, whatever command met it.
    pub(crate) fn code(&self) -> &'static str {
        match self.ending() {
            Ending::Interrupted => "interrupted",
            Ending::Lost(_) => "lost",
            Ending::Denied(_) => "denied",
            Ending::Halted(_) => "halted",
            Ending::Finished | Ending::Stopped(_) | Ending::Refused(_) => match self.exit() {
                Exit::Refused => "refused",
                _ => "command",
            },
        }
    }

    /// What a report on the run file that could not be gone on with says of it.
    pub(crate) fn hindrance(&self) -> Hindrance {
        Hindrance {
            ending: self.ending(),
            code: self.code(),
            help: self.help(),
            is_of_limit: matches!(self, Self::OverLimit { .. }),
        }
    }

    /// The run file that it is about, where that itself is the matter.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::RunFile(
                RunFileError::Missing(path)
                | RunFileError::NotARunFile(path)
                | RunFileError::Format { path, .. }
                | RunFileError::Damaged { path, .. }
                | RunFileError::InUse(path),
            ) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Execute(error) => error.help(),
            Self::Arguments { help, .. }
            | Self::Refused { help, .. }
            | Self::OverLimit { help, .. }
            | Self::Interrupted { help, .. } => help.clone(),
            Self::RunFile(RunFileError::InUse(file)) => Some(naming(
                "name another file with `-o`, or go on with this one: `sugarmill apply FILE`",
                file,
            )),
            Self::RunFile(error) if error.is_held() => Some(
                "let it end, or give it more time with `--lock-timeout 30m`; nothing was sent"
                    .into(),
            ),
            Self::RunFile(RunFileError::Format { found, wanted, .. }) => Some(match found > wanted {
                true => "use that sugarmill, or a later one".into(),
                false => "use the sugarmill that wrote it; or plan again, which sends only what is missing".into(),
            }),
            Self::RunFile(RunFileError::Damaged { path, .. }) => Some(format!(
                "take a whole copy, with `{}-wal` if there is one; or plan again, which sends only what is missing",
                path.display()
            )),
            Self::RunFile(RunFileError::Missing(_)) => {
                Some("`plan` writes run files; `sugarmill runs` lists those of a folder".into())
            }
            Self::RunFile(RunFileError::Disk(_)) | Self::RunFileLost(RunFileError::Disk(_)) => Some(
                "make room on the disk, then give the same command again; what was written before is whole"
                    .into(),
            ),
            Self::RunFile(RunFileError::Write { source, .. }) if is_full(source) => {
                Some("make room on the disk, then give the same command again; nothing was sent".into())
            }
            Self::Client(ClientError::Unreachable { .. }) => Some(
                "see that the address is right and the instance is up; `sugarmill doctor` says how far one comes"
                    .into(),
            ),
            Self::Ledger(error) | Self::LedgerLost(error) => Some(advice(error).into()),
            Self::RunFile(RunFileError::NotARunFile(_)) => Some(
                "`plan` writes run files; to run a playbook use `sugarmill run PLAYBOOK`".into(),
            ),
            _ => None,
        }
    }
}

/// Advice with the command on the run file that names the instance as its plan did.
fn naming(advice: &str, file: &Path) -> String {
    match reports::again("apply", file) {
        Ok(command) => report::naming(advice, &command),
        // Who cannot read it either way is told of it by another message.
        Err(_) => advice.to_owned(),
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// Without its ledger a playbook with keys would create everything again, so nothing goes on without.
fn advice(error: &LedgerError) -> &'static str {
    match error {
        LedgerError::Damaged { .. } | LedgerError::NotALedger(_) => {
            "put a copy of the ledger in its place; or move this away, and `sugarmill apply FILE` of each run file that \
             is left writes its ids down anew"
        }
        LedgerError::Format { found, wanted, .. } if found > wanted => {
            "use that sugarmill, or a later one"
        }
        LedgerError::Format { .. } => "use the sugarmill that wrote it",
        LedgerError::Unwritable { .. } => {
            "let it be written, then apply the run file again: it goes on where it was"
        }
        LedgerError::Unreadable { .. } => "let it be read, then try again",
    }
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Client(error) => Self::Client(error),
            ExecuteError::RunFile(error) => Self::RunFile(error),
            ExecuteError::Ledger(error) => Self::LedgerLost(error),
            ExecuteError::Guard(error) => Self::Refused {
                message: error.to_string(),
                help: Some(error.help(LimitMet::Applying)),
            },
            error @ (ExecuteError::Lost(_)
            | ExecuteError::Denied(_)
            | ExecuteError::Refused { .. }
            | ExecuteError::Interrupted) => Self::Execute(error),
        }
    }
}

impl From<NoPermit> for Failure {
    fn from(error: NoPermit) -> Self {
        match error {
            NoPermit::RunFile(error) => Self::RunFile(error),
            NoPermit::Guard(error) => ExecuteError::Guard(error).into(),
            error @ NoPermit::RefusedPlan => Self::Refused {
                message: error.to_string(),
                help: None,
            },
        }
    }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
