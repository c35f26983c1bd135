//! Data files as rows, one at a time: memory does not grow with the file.
//!
//! A file that cannot be opened, or whose heading is wrong, is a [`RowError`]. A row that is wrong is a [`BadRow`] among
//! the good ones, and the rows behind it are still read.

mod csv;
mod decoded;
mod error;
mod glimpse;
mod hush;
mod json;
mod jsonl;
mod locate;
mod numbers;
mod open;
mod places;
#[cfg(test)]
mod tests;
#[cfg(feature = "xlsx")]
mod workbook;

pub use error::BadRow;
pub use error::Reason;
pub use error::RowError;
pub use glimpse::Glimpse;
pub use glimpse::glimpse;
pub use hush::hush_workbooks;
pub use open::DataRow;
pub use open::Rows;
pub use open::found;
pub use open::heading;
pub use open::open;

/// The most one row may hold. A larger one is nearly always a quote that was never closed.
const LARGEST_ROW: u64 = 16 * 1024 * 1024;

/// The most a JSON document may hold that is read whole, because a JSONPath looks through it.
const LARGEST_DOCUMENT: u64 = 64 * 1024 * 1024;
