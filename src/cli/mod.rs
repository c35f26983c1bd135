//! The command line: arguments into settings, settings into commands, outcomes into exit codes.

mod args;
mod commands;
mod connect;
mod definitions;
mod engine;
mod exit;
mod failure;
mod inspect_args;
mod instance;
mod load;
mod printer;
mod profile;
mod progress;
mod reports;
mod settings;
mod signals;
mod undo_args;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use args::Cli;
use args::Command;
use args::Format;
use args::LogFormat;
use clap::Parser;
use exit::Exit;
use failure::Failure;
use inspect_args::MetadataCommand;
use settings::Environment;
use settings::Settings;
use settings::Talk;
use tracing_subscriber::filter::LevelFilter;

/// Runs the command the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; anything else is a wrong argument.
            let exit = if error.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Success
            };
            let _ = error.print();
            return exit.into();
        }
    };
    let settings = Settings::resolve(&cli.global, Environment::read());
    log(&settings);
    #[cfg(feature = "kill-points")]
    if let Ok(point) = settings.environment.get("SUGARMILL_KILL") {
        crate::kill::arm(point);
    }
    let subject = subject(&cli.command);
    match run(&settings, cli.command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            match &subject {
                Some(Subject::Report(Format::Json, playbook)) => {
                    reports::give_failure(&failure, playbook);
                }
                Some(Subject::Other(Format::Json)) => reports::give_diagnostics(&failure),
                _ => {}
            }
            printer::failure(&settings, &failure);
            failure.exit().into()
        }
    }
}

/// What a command promises on stdout: with JSON one document on every exit.
enum Subject {
    /// A report about this file.
    Report(Format, PathBuf),
    Other(Format),
}

/// A check sees to its promise itself; the rest have no format or print nothing but what they are asked for.
fn subject(command: &Command) -> Option<Subject> {
    let report = |format: Format, path: &Path| Some(Subject::Report(format, path.to_owned()));
    match command {
        Command::Plan(args) => report(args.output.format, &args.playbook),
        Command::Run(args) => report(args.output.format, &args.playbook),
        Command::Apply(args) => report(args.output.format, &args.file),
        Command::Undo(args) => report(args.output.format, &args.file),
        Command::Show(args) => report(args.output.format, &args.file),
        Command::Doctor(args) => Some(Subject::Other(args.format)),
        Command::Explain(args) => Some(Subject::Other(args.format)),
        Command::Runs(args) => Some(Subject::Other(args.format)),
        Command::Metadata(args) => match &args.command {
            MetadataCommand::Diff(args) => Some(Subject::Other(args.format)),
            MetadataCommand::Pull(_) => None,
        },
        Command::Check(_)
        | Command::Completions(_)
        | Command::Graph(_)
        | Command::Init(_)
        | Command::Man(_)
        | Command::Sandbox(_)
        | Command::Schema(_) => None,
    }
}

fn run(settings: &Settings, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Check(args) => commands::check::run(settings, &args),
        Command::Show(args) => commands::show::run(settings, &args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Init(args) => commands::init::run(settings, &args),
        Command::Runs(args) => commands::runs::run(&args),
        Command::Completions(args) => Ok(commands::completions::run(&args)),
        Command::Man(args) => commands::man::run(&args),
        Command::Doctor(args) => block_on(commands::doctor::run(settings, &args)),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Graph(args) => commands::graph::run(&args),
        Command::Metadata(args) => match args.command {
            MetadataCommand::Pull(args) => block_on(commands::metadata_pull::run(settings, &args)),
            MetadataCommand::Diff(args) => block_on(commands::metadata_diff::run(settings, &args)),
        },
        Command::Plan(args) => block_on(commands::plan::run(settings, &args)),
        Command::Apply(args) => block_on(commands::apply::run(settings, &args)),
        Command::Run(args) => block_on(commands::run::run(settings, args)),
        Command::Undo(args) => block_on(commands::undo::run(settings, &args)),
        Command::Sandbox(args) => block_on(commands::sandbox::run(args)),
    }
}

fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        Failure::arguments(format!("the process cannot start its threads: {error}"))
    })?;
    runtime.block_on(command)
}

fn log(settings: &Settings) {
    let level = match settings.talk {
        Talk::Quiet => LevelFilter::ERROR,
        Talk::Normal => LevelFilter::WARN,
        Talk::Verbose => LevelFilter::INFO,
        Talk::Everything => LevelFilter::DEBUG,
    };
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false);
    match settings.log_format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder
            .with_ansi(settings.color_on_stderr())
            .without_time()
            .init(),
    }
}
