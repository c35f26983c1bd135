//! Arguments of the commands that look and explain; `doctor --write-test` alone changes anything anywhere.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use clap_complete::Shell;

use super::args::Confirmation;
use super::args::Paths;
use super::args::TextOrJson;
use super::args::file;
use super::turn::LockArgs;

#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    #[command(subcommand)]
    pub(crate) command: MetadataCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MetadataCommand {
    /// Write a trimmed, sorted snapshot of the instance's metadata, to be committed
    Pull(MetadataPullArgs),
    /// Say what changed since a snapshot, and which playbooks that breaks
    Diff(MetadataDiffArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MetadataPullArgs {
    /// The file to write [default: standard output]
    #[arg(short, long = "out", value_name = "FILE", value_parser = file())]
    pub(crate) out: Option<PathBuf>,
    /// Describe this module; repeatable [default: all modules]
    #[arg(long = "module", value_name = "MODULE")]
    pub(crate) modules: Vec<String>,
    /// Describe the modules this playbook needs; repeatable
    #[arg(long = "for", value_name = "PLAYBOOK", value_parser = file())]
    pub(crate) playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) paths: Paths,
}

#[derive(Debug, Args)]
pub(crate) struct MetadataDiffArgs {
    /// The earlier snapshot
    #[arg(value_parser = file())]
    pub(crate) old: PathBuf,
    /// The later snapshot [default: the instance as it is]
    #[arg(value_parser = file())]
    pub(crate) new: Option<PathBuf>,
    /// Say whether this playbook is broken by what changed; repeatable
    #[arg(long = "playbook", value_name = "PLAYBOOK", value_parser = file())]
    pub(crate) playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) paths: Paths,
    /// For people, or for programs
    #[arg(long, default_value = "text")]
    pub(crate) format: TextOrJson,
    /// Exit with 2 where something is different
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A label of a report or a code of a diagnostic [default: list all]
    pub(crate) label: Option<String>,
    /// For people, or for programs
    #[arg(long, default_value = "text")]
    pub(crate) format: TextOrJson,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A playbook, or a run file: then each step says what became of it, and which steps are sent in one batch
    #[arg(value_name = "PLAYBOOK|FILE", value_parser = file())]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) paths: Paths,
    /// The language it is drawn in
    #[arg(long, default_value = "mermaid")]
    pub(crate) format: GraphChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphChoice {
    Mermaid,
    Dot,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// For people, or for programs
    #[arg(long, default_value = "text")]
    pub(crate) format: TextOrJson,
    /// Also create one record of this module and delete it: client ids, refusals, locking
    #[arg(long, value_name = "MODULE")]
    pub(crate) write_test: Option<String>,
    /// Write without asking
    #[arg(long, requires = "write_test")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell they are for
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command it is about, such as `metadata pull` [default: sugarmill itself]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// The command it is about, such as `metadata pull` [default: sugarmill itself]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder, made where it is not there [default: the working folder]
    #[arg(value_name = "DIR", value_parser = file())]
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// Where to look [default: the working folder]
    #[arg(value_name = "DIR", value_parser = file())]
    pub(crate) folder: Option<PathBuf>,
    /// For people, or for programs
    #[arg(long, default_value = "text")]
    pub(crate) format: TextOrJson,
}
