//! Exit codes: public, stable, chosen in one place.

use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for is so.
    Success,
    /// An operation, `expect` or `assert` failed, or something is unknown.
    Failed,
    /// `--detailed-exitcode`: there are changes.
    Changes,
    /// The playbook, the variables, the run file or the arguments are invalid.
    Invalid,
    /// The instance could not be reached or refused the login.
    Unreachable,
    /// A limit, a lock, no confirmation, a plan for another instance.
    Refused,
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Invalid => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
