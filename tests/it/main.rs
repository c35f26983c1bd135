//! The one integration test binary.

mod against;
mod diagnostics;
mod language;
mod playbooks;
mod schema;
