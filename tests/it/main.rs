//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, helpers of tests too"
)]

mod against;
mod border;
mod diagnostics;
mod documents;
mod imports;
mod language;
mod main_job;
mod playbooks;
mod readme;
mod scene;
mod schema;
mod verbs;
mod writes;
