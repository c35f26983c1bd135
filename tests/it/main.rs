//! The one integration test binary.

mod against;
mod border;
mod command;
mod diagnostics;
mod explain;
mod imports;
mod language;
mod metadata;
mod playbooks;
mod readme;
mod schema;
