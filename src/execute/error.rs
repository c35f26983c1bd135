//! What ends a plan or an apply before its end.

use crate::client::ClientError;
use crate::ledger::LedgerError;
use crate::plan::GuardError;
use crate::runfile::RunFileError;
use crate::wire::Fault;

#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The instance answered nothing but faults until patience ended.
    #[error("the instance cannot be worked with: {0}")]
    Lost(Fault),
    /// A read of the plan that must not fail, did.
    #[error("{what} was refused: {fault}")]
    Refused { what: String, fault: Fault },
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("interrupted")]
    Interrupted,
}
