//! The one integration test binary.

mod against;
mod border;
mod diagnostics;
mod documents;
mod imports;
mod killed;
mod language;
mod main_job;
mod playbooks;
mod readme;
mod scene;
mod schema;
mod verbs;
mod weather;
