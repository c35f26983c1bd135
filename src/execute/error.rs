//! What ends a plan or an apply before its end.

use crate::client::Cause;
use crate::client::ClientError;
use crate::ledger::LedgerError;
use crate::plan::GuardError;
use crate::plan::LimitMet;
use crate::runfile::Ending;
use crate::runfile::RunFileError;
use crate::wire::Fault;
use crate::wire::Label;

#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The instance gave nothing but faults until patience ended.
    #[error("no proper answer came from the instance for too long; the last attempt: {0}")]
    Lost(Fault),
    /// The instance answered that it will have nothing to do with this client.
    #[error("the instance takes no requests of this client: {} ({})", .0, .0.label())]
    Denied(Fault),
    /// A read of the plan that must not fail, did.
    #[error("{what} was refused: {fault}")]
    Refused { what: String, fault: Fault },
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("interrupted")]
    Interrupted,
}

impl ExecuteError {
    /// What the run file says of a run that ended with it.
    pub fn ending(&self) -> Ending {
        let reason = self.to_string();
        match self {
            Self::Client(error) => match error.cause() {
                Cause::Settings => Ending::Halted(reason),
                Cause::Silence => Ending::Lost(reason),
                Cause::Answer => Ending::Denied(reason),
            },
            Self::RunFile(_) | Self::Ledger(_) => Ending::Halted(reason),
            Self::Lost(_) => Ending::Lost(reason),
            Self::Denied(_) | Self::Refused { .. } => Ending::Denied(reason),
            Self::Guard(_) => Ending::Refused(reason),
            Self::Interrupted => Ending::Interrupted,
        }
    }

    /// What to do about it, where the message does not say it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Guard(error) => Some(error.help(LimitMet::Applying)),
            Self::Denied(fault) | Self::Refused { fault, .. } => match fault.label() {
                Label::Sugar(label) => Some(format!(
                    "`sugarmill explain {}` says what can be done",
                    label.as_str()
                )),
                _ => None,
            },
            Self::Client(_)
            | Self::RunFile(_)
            | Self::Ledger(_)
            | Self::Lost(_)
            | Self::Interrupted => None,
        }
    }
}
