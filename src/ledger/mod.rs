//! The ledger of ids: on an instance that gives new records ids of its own, which record each key made. Kept on the
//! machine, one file for an identity, so that a later run finds again what an earlier one created.

mod error;
mod store;

pub use error::LedgerError;
pub use store::Ledger;
pub use store::Pair;
