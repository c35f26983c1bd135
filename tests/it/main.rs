//! The one integration test binary.

mod against;
mod border;
mod diagnostics;
mod documents;
mod imports;
mod language;
mod playbooks;
mod readme;
mod schema;
