//! The one integration test binary.

mod diagnostics;
mod language;
mod schema;
