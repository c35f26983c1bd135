//! sugarmill: declarative YAML playbooks against SugarCRM.
//!
//! The modules stand in the order in which data flows; each imports only from those above it. Public is what `main.rs`,
//! tests, benches and fuzz targets name, so that rustc tells of everything else that nobody uses.

mod text_enum;

pub mod diag;
pub mod wire;

pub mod metadata;

pub mod playbook;

pub mod expr;

pub mod check;

mod operation;

mod plan;

mod batch;

mod event;

pub mod kill;

mod runfile;

mod ledger;

pub mod client;

mod execute;

pub mod report;

pub mod sandbox;

pub mod cli;

// What shows that planning cannot write (tests/compile-fail).
pub use runfile::Lock;
pub use runfile::Permit;
