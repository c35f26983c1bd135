//! The one integration test binary.

mod against;
mod border;
mod check_formats;
mod command;
mod diagnostics;
mod explain;
mod graph;
mod imports;
mod instance_schema;
mod language;
mod metadata;
mod playbooks;
mod readme;
mod schema;
