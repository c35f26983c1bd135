//! sugarmill: declarative YAML playbooks against SugarCRM.
//!
//! The modules stand in the order in which data flows; each imports only from those above it.

mod text_enum;

pub mod diag;
pub mod wire;

pub mod metadata;

pub mod playbook;

pub mod expr;

pub mod check;

pub mod operation;

pub mod plan;

pub mod batch;

pub mod event;

pub mod kill;

pub mod runfile;

pub mod ledger;

pub mod client;

pub mod execute;

pub mod report;

pub mod sandbox;

pub mod cli;
