//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, helpers of tests too"
)]

mod against;
mod bad_input;
mod border;
mod check_formats;
mod command;
mod diagnostics;
mod doctor;
mod documents;
mod explain;
mod exports;
mod fuzz_seeds;
mod graph;
mod imports;
mod includes;
mod instance_schema;
mod killed;
mod language;
mod main_job;
mod metadata;
mod playbooks;
mod profiles;
mod proofs;
mod readme;
mod scene;
mod schema;
mod searches;
mod selection;
mod shell;
mod starter;
mod verbs;
mod weather;
mod writes;
