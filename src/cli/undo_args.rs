//! The arguments of `undo`, as clap reads them.

use std::path::PathBuf;

use clap::Args;

use super::args::Confirmation;
use super::args::Output;
use super::args::SecretsAgain;
use super::args::file;
use super::turn::LockArgs;

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The run file of what is to be taken back; of an undo, too
    #[arg(value_parser = file())]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) again: SecretsAgain,
    /// The run file to write [default: <FILE>.undo.run]
    #[arg(short, long = "out", value_name = "OUT", value_parser = file())]
    pub(crate) out: Option<PathBuf>,
    /// Only write the plan; `apply OUT` does it later
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply without asking
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    /// Take back what somebody has changed since, too
    #[arg(long)]
    pub(crate) force: bool,
    /// Delete at most so many records [default: as many as the run created]
    #[arg(long, value_name = "N")]
    pub(crate) max_deletes: Option<u64>,
    #[command(flatten)]
    pub(crate) output: Output,
}
