//! The command line as clap reads it. No logic: `settings` makes sense of it.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PathBufValueParser;
use clap::builder::TypedValueParser;

use super::inspect_args::CompletionsArgs;
use super::inspect_args::DoctorArgs;
use super::inspect_args::ExplainArgs;
use super::inspect_args::GraphArgs;
use super::inspect_args::HelpArgs;
use super::inspect_args::InitArgs;
use super::inspect_args::ManArgs;
use super::inspect_args::MetadataArgs;
use super::inspect_args::RunsArgs;
use super::manual::INSTANCE;
use super::turn::LockArgs;
use super::undo_args::UndoArgs;
use crate::check::Selection;

#[derive(Debug, Parser)]
#[command(
    name = "sugarmill",
    version,
    about = "Runs declarative YAML playbooks against SugarCRM: check, plan, apply exactly that, undo it",
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The instance, such as `https://crm.example.com` [env: `SUGAR_URL`]
    #[arg(long, global = true, value_name = "URL", help_heading = INSTANCE)]
    pub(crate) url: Option<String>,
    /// An instance of `sugarmill.toml`, which is looked for here and in the folders above [env: `SUGARMILL_PROFILE`]
    #[arg(long, global = true, value_name = "NAME", help_heading = INSTANCE, conflicts_with_all = ["url", "sandbox"])]
    pub(crate) profile: Option<String>,
    /// Start an embedded SugarCRM for this command, with demo data
    #[arg(long, global = true, help_heading = INSTANCE, conflicts_with = "url")]
    pub(crate) sandbox: bool,
    /// Allow plain http to other machines
    #[arg(long, global = true, help_heading = INSTANCE)]
    pub(crate) allow_http: bool,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
    /// Only results and errors
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,
    /// More of what happens; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
    /// How log lines look on stderr
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// How a run file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    /// For the test reports of a CI
    Junit,
    /// Annotations of a GitHub workflow
    Github,
    /// Every operation a line of JSON
    Ndjson,
    /// Every operation a line, for spreadsheets
    Csv,
    /// For a comment of a pull request: at most 65,536 characters
    Markdown,
    /// A page for browsers, in one file
    Html,
}

/// How anything else is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write what one starts with: a playbook, a file of profiles, checks for CI and for commits
    Init(InitArgs),
    /// Look for mistakes; changes nothing, and sends nothing unless `--url`, `--profile` or `--sandbox` names an instance
    Check(CheckArgs),
    /// Work out what a playbook would do, and write it to a run file; cannot write to the instance
    Plan(PlanArgs),
    /// Do exactly what a run file says; goes on where an earlier apply ended
    Apply(ApplyArgs),
    /// Plan and apply
    Run(RunArgs),
    /// Take back what a run file did, newest first
    Undo(UndoArgs),
    /// Show a run file
    Show(ShowArgs),
    /// List the run files of a folder: when, what, result
    Runs(RunsArgs),
    /// Serve an embedded SugarCRM on this machine
    Sandbox(SandboxArgs),
    /// Print the JSON Schema of playbooks or reports
    Schema(SchemaArgs),
    /// Keep what an instance says of its modules in a file, and compare it
    Metadata(MetadataArgs),
    /// Say what a label or code means, what to do, and whether it is repeated
    Explain(ExplainArgs),
    /// Draw the steps of a playbook or a run file, as Mermaid or DOT
    Graph(GraphArgs),
    /// Say what works with an instance, what does not, and what to do; writes only for --write-test
    Doctor(DoctorArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print a page of the manual
    Man(ManArgs),
    /// Say of a command what its `--help` says
    #[command(hide = true)]
    Help(HelpArgs),
    /// Print the version
    #[command(hide = true)]
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The playbooks to check
    #[arg(required = true, value_name = "PLAYBOOK", value_parser = file())]
    pub(crate) playbooks: Vec<PathBuf>,
    /// Check against this snapshot of an instance's metadata, without asking the instance
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) metadata: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) paths: Paths,
    /// For people, programs, annotations of a GitHub workflow, or code scanning
    #[arg(long, default_value = "text")]
    pub(crate) format: CheckFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Text,
    Json,
    Github,
    Sarif,
}

#[derive(Debug, Args)]
pub(crate) struct Variables {
    /// Set a variable of the playbook; repeatable. Wins over --vars-file, and that over `SUGARMILL_VAR_NAME`.
    /// Takes no variable of `type: secret`, since others see command lines
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub(crate) vars: Vec<String>,
    /// Read variables, secrets too, from a YAML or JSON map; repeatable, and the last file of a name holds
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) vars_file: Vec<PathBuf>,
}

/// What is sent but in no run file.
#[derive(Debug, Args)]
pub(crate) struct SecretsAgain {
    /// Read variables of `type: secret` from a YAML or JSON map, as for the plan
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) vars_file: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Paths {
    /// Let the playbook name files of this folder too; repeatable
    #[arg(long, value_name = "DIR", value_parser = file())]
    pub(crate) allow_path: Vec<PathBuf>,
}

/// Which steps a run takes, and what a plan does besides planning.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Run this step and the reads it needs, and no others; repeatable
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,
    /// Leave this step out; repeatable
    #[arg(long, value_name = "STEP")]
    pub(crate) skip: Vec<String>,
    /// Run the steps that have one of these tags, and the reads they need
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// In place of the playbook's `generation`, which is 1 where it says none: another number gives all its creates new ids
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<u64>,
    /// Write exports after planning too, with what is known by then
    #[arg(long)]
    pub(crate) write_exports: bool,
}

impl Choice {
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            only: self.only.clone(),
            tags: self.tags.clone(),
            skip: self.skip.clone(),
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Output {
    /// How the report on standard output looks
    #[arg(long, default_value = "text")]
    pub(crate) format: Format,
    /// Also write a report, such as `junit=report.xml`; repeatable
    #[arg(long = "report", value_name = "FORMAT=FILE")]
    pub(crate) reports: Vec<String>,
    /// Show personal data, which reports hide otherwise
    #[arg(long)]
    pub(crate) show_pii: bool,
    /// Which operations are listed
    #[arg(long, value_name = "WHICH", default_value = "some")]
    pub(crate) operations: Operations,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operations {
    /// A sample in text; in JSON all up to 10,000, beyond that what failed or is unknown
    Some,
    All,
}

#[derive(Debug, Args)]
pub(crate) struct Confirmation {
    /// The host that is written to, where a profile says it is production
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The playbook to plan
    #[arg(value_parser = file())]
    pub(crate) playbook: PathBuf,
    /// The run file to write [default: <playbook name>-<run id>.run]
    #[arg(short, long = "out", value_name = "FILE", value_parser = file())]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) variables: Variables,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Exit with 2 where there is something to change
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The run file that `plan` wrote, or that an earlier apply or undo did not end
    #[arg(value_parser = file())]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) again: SecretsAgain,
    /// Try failed operations again, and what was skipped because of them
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Send again what nobody can tell the end of
    #[arg(long)]
    pub(crate) retry_unknown: bool,
    /// Apply only the plan with this digest
    #[arg(long, value_name = "DIGEST")]
    pub(crate) expect_digest: Option<String>,
    /// Apply only a plan that is no older than this, such as `24h`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_age: Option<Duration>,
    /// Another limit for this run, such as `max_changes=500` or `max_failures=5%`; kept in the run file; repeatable
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    pub(crate) limits: Vec<String>,
    /// Send nothing new after this long, such as `5h` or `30m`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    /// Accepted for symmetry; apply never asks
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    /// Let exports be written into this folder too; repeatable
    #[arg(long, value_name = "DIR", value_parser = file())]
    pub(crate) allow_path: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The playbook to plan and apply
    #[arg(value_parser = file())]
    pub(crate) playbook: PathBuf,
    /// The run file to write [default: <playbook name>-<run id>.run]
    #[arg(short, long = "out", value_name = "FILE", value_parser = file())]
    pub(crate) out: Option<PathBuf>,
    /// Only plan
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply without asking
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) confirmation: Confirmation,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    #[command(flatten)]
    pub(crate) variables: Variables,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) output: Output,
    /// With --dry-run: exit with 2 where there is something to change
    #[arg(long, requires = "dry_run")]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The run file to show, at any time
    #[arg(value_parser = file())]
    pub(crate) file: PathBuf,
    /// Where to write it [default: standard output]
    #[arg(short, long = "out", value_name = "FILE", value_parser = file())]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Exit with 2 where there is something to change
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// The port on loopback; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How it says where it is and how to log in
    #[arg(long, default_value = "text")]
    pub(crate) format: TextOrJson,
    /// Keep the database in this file
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) data: Option<PathBuf>,
    /// Write every request as a line of JSON
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) log: Option<PathBuf>,
    /// Fixes demo data and password
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How much demo data a new database gets
    #[arg(long, default_value = "small")]
    pub(crate) demo: DemoChoice,
    /// More modules, fields, links and lists
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) schema: Option<PathBuf>,
    /// Give every record an id of its own, whatever the client says
    #[arg(long)]
    pub(crate) ignore_ids: bool,
    /// Misbehave, such as `label:fatal_error,path=/Accounts,times=1` (docs/sandbox.md); repeatable
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<String>,
    /// Refuse bodies over this many bytes with 413
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_body: Option<usize>,
    /// Let tokens expire after this long, such as `30s` [default: 1 hour]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) token_lifetime: Option<Duration>,
    /// Accept logins for these platforms only; repeatable [default: base, mobile, portal and a few]
    #[arg(long = "platform", value_name = "NAME")]
    pub(crate) platforms: Vec<String>,
    /// Let requests take as long as a measured instance took, such as `sugar-2016`
    #[arg(long, value_name = "MODEL")]
    pub(crate) cost: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoChoice {
    None,
    Small,
    Large,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// What the schema is of
    #[arg(default_value = "playbook")]
    pub(crate) of: SchemaOf,
    /// Of playbooks for the instance this snapshot describes: with its modules, fields and values
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub(crate) metadata: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Playbook,
    Report,
}

/// The name of a file or folder. `-`, for which other programs take a stream, is none.
pub(crate) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path == Path::new("-") {
        true => Err("it stands for no stream here; a file of that name is written `./-`"),
        false => Ok(path),
    })
}

/// Reads `5h`, `30m`, `90s` and what else people write.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| format!("`{text}` is not a length of time, such as `5h` or `90s`"))?;
    Duration::try_from(span).map_err(|_| format!("`{text}` is negative"))
}
