//! The arguments of `undo`, as clap reads them.

use std::path::PathBuf;

use clap::Args;

use super::args::Confirmation;
use super::args::Output;
use super::args::SecretsAgain;
use super::turn::LockArgs;

#[derive(Debug, Args)]
#[command(
    after_help = "Records that somebody changed after the run are left alone and named\n\
        (`local:drift`), unless --force is given; everything else is taken back,\n\
        newest first. What cannot be taken back is named too (`local:irreversible`):\n\
        deletes, calls, and updates by `sync_key` where it is not known what was there.\n\n\
        With either, an undo that was sent ends with 1. A --dry-run ends with 0 where\n\
        the plan can be applied, whatever it leaves out: read what it names.\n\n\
        Examples:\n  \
        sugarmill undo import.run --dry-run\n  \
        sugarmill undo import.run --yes\n  \
        sugarmill undo import.undo.run --yes"
)]
pub(crate) struct UndoArgs {
    /// The run file of what is to be taken back; of an undo, too
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) again: SecretsAgain,
    /// The run file to write [default: <FILE>.undo.run]
    #[arg(short, long = "out", value_name = "OUT")]
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
