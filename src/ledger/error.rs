//! What can be wrong with a ledger.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger of ids `{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("`{}` lies where the ledger of ids is kept, and is none", .0.display())]
    NotALedger(PathBuf),
    #[error(
        "the ledger of ids `{}` has format {found}, and this sugarmill reads format {wanted}",
        path.display()
    )]
    Format {
        path: PathBuf,
        found: i32,
        wanted: i32,
    },
    #[error("the ledger of ids `{}` cannot be written: {reason}", path.display())]
    Unwritable { path: PathBuf, reason: String },
    #[error("the ledger of ids `{}` cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: rusqlite::Error,
    },
}
