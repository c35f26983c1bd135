//! One file for each command.

pub(super) mod apply;
pub(super) mod check;
pub(super) mod completions;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod graph;
pub(super) mod help;
pub(super) mod init;
pub(super) mod man;
pub(super) mod metadata_diff;
pub(super) mod metadata_pull;
mod nothing_to_undo;
pub(super) mod plan;
pub(super) mod run;
pub(super) mod runs;
pub(super) mod sandbox;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod undo;
mod write_test;
