//! The one integration test binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, helpers of tests too"
)]

mod against;
mod bad_input;
mod batches;
mod border;
mod cache;
mod calls;
mod check_formats;
mod command;
mod contract;
mod contradictions;
mod diagnostics;
mod doctor;
mod documents;
mod doubts;
mod endings;
mod estimate;
mod every_exit;
mod explain;
mod exports;
mod fuzz_seeds;
mod graph;
mod guards;
mod hidden_fields;
mod imports;
mod includes;
mod instance_schema;
mod killed;
mod labels;
mod language;
mod language_page;
mod left_out;
mod main_job;
mod meanwhile;
mod messages;
mod metadata;
mod multi_selects;
mod named_records;
mod offline;
mod outlets;
mod pages;
mod playbooks;
mod privacy;
mod profiles;
mod proofs;
mod readme;
mod reads_after_writes;
mod rendered;
mod renewal;
mod run_files;
mod scene;
mod schema;
mod searches;
mod secrets;
mod selection;
mod shell;
mod signals;
mod starter;
mod streams;
mod sync_keys;
mod verbs;
mod weather;
mod writes;
