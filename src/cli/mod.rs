//! The command line: arguments into settings, settings into commands, outcomes into exit codes.

mod args;
mod commands;
mod connect;
mod definitions;
mod engine;
mod exit;
mod failure;
mod failure_report;
mod inspect_args;
mod instance;
mod ledger;
mod limits;
mod load;
mod manual;
mod printer;
mod profile;
mod progress;
mod reports;
mod secrets;
mod settings;
mod signals;
mod step_summary;
mod turn;
mod undo_args;
mod written;

use std::process::ExitCode;
use std::sync::Arc;

use crate::playbook::rows;
use args::Cli;
use args::ColorChoice;
use args::Command;
use args::Format;
use args::LogFormat;
use clap::FromArgMatches;
use clap::ValueEnum;
use exit::Exit;
use failure::Failure;
use failure_report::Promise;
use inspect_args::MetadataCommand;
use settings::Environment;
use settings::Settings;
use settings::Talk;
use signals::First;
use signals::Signals;
use tokio::runtime::Builder;
use tracing_subscriber::filter::LevelFilter;

/// Runs the command the process was started with.
pub fn main() -> ExitCode {
    rows::hush_workbooks();
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|one| one.to_string_lossy().into_owned())
        .collect();
    // What is wrong with the arguments, and their help, have the colour that they ask for.
    let mut command = manual::command().color(asked_colour(&arguments));
    let cli = command
        .try_get_matches_from_mut(std::env::args_os())
        .and_then(|mut matches| {
            manual::refuse_idle(&mut command, &matches)?;
            Cli::from_arg_matches_mut(&mut matches)
        });
    let cli = match cli {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; anything else is a wrong argument.
            let exit = if error.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Success
            };
            if exit == Exit::Invalid {
                let failure = Failure::arguments(message(&error));
                failure_report::give_misused(&arguments, asked_for(&arguments), &failure);
            }
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
    let promise = Arc::new(Promise::of(&cli.command));
    match run(&settings, cli.command, &promise) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let failure = promise.advised(failure);
            promise.keep(&settings, &failure);
            printer::failure(&settings, &failure);
            failure.exit().into()
        }
    }
}

/// The format for programs that was asked for, as far as that can be seen of arguments that make no sense.
fn asked_for(arguments: &[String]) -> Option<Format> {
    let format = Format::from_str(last_value(arguments, "--format")?, false).ok()?;
    (format != Format::Text).then_some(format)
}

/// The same of colour.
fn asked_colour(arguments: &[String]) -> clap::ColorChoice {
    let asked = last_value(arguments, "--color");
    match asked.and_then(|name| ColorChoice::from_str(name, false).ok()) {
        Some(ColorChoice::Always) => clap::ColorChoice::Always,
        Some(ColorChoice::Never) => clap::ColorChoice::Never,
        Some(ColorChoice::Auto) | None => clap::ColorChoice::Auto,
    }
}

/// What was given for a flag last.
fn last_value<'a>(arguments: &'a [String], flag: &str) -> Option<&'a str> {
    let apart = arguments.windows(2).filter(|pair| pair[0] == flag);
    let apart = apart.map(|pair| pair[1].as_str());
    let joined = arguments
        .iter()
        .filter_map(|one| one.strip_prefix(flag)?.strip_prefix('='));
    apart.chain(joined).last()
}

/// The first paragraph of what clap says, without the word that it begins with.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim_start_matches("error: ").trim_end().to_owned()
}

fn run(settings: &Settings, command: Command, promise: &Arc<Promise>) -> Result<Exit, Failure> {
    let hearing = Hearing { settings, promise };
    match command {
        Command::Check(args) => hearing.block_on(First::Ends, async |signals| {
            commands::check::run(settings, &args, signals).await
        }),
        Command::Show(args) => commands::show::run(settings, &args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Init(args) => commands::init::run(settings, &args),
        Command::Runs(args) => commands::runs::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
        Command::Help(args) => commands::help::run(settings, &args),
        Command::Version => commands::help::version(),
        Command::Doctor(args) => hearing.block_on(First::Asks, async |signals| {
            commands::doctor::run(settings, &args, signals).await
        }),
        Command::Explain(args) => commands::explain::run(settings, &args),
        Command::Graph(args) => commands::graph::run(&args),
        Command::Metadata(args) => match args.command {
            MetadataCommand::Pull(args) => hearing.block_on(First::Ends, async |_| {
                commands::metadata_pull::run(settings, &args).await
            }),
            MetadataCommand::Diff(args) => hearing.block_on(First::Ends, async |signals| {
                commands::metadata_diff::run(settings, &args, signals).await
            }),
        },
        Command::Plan(args) => hearing.block_on(First::Asks, async |signals| {
            commands::plan::run(settings, &args, signals).await
        }),
        Command::Apply(args) => hearing.block_on(First::Asks, async |signals| {
            commands::apply::run(settings, &args, signals).await
        }),
        Command::Run(args) => hearing.block_on(First::Asks, async |signals| {
            commands::run::run(settings, args, signals).await
        }),
        Command::Undo(args) => hearing.block_on(First::Asks, async |signals| {
            commands::undo::run(settings, &args, signals).await
        }),
        Command::Sandbox(args) => on(
            &mut Builder::new_multi_thread(),
            commands::sandbox::run(args),
        ),
    }
}

/// Beside the one that it begins with. A client waits for its instance most of the time, and each thread keeps memory of its
/// own: with as many as the machine has processors, what a run takes would depend on the machine.
const CLIENT_THREADS: usize = 1;

/// A command that hears signals. Until it says something itself, one that ends the process keeps its promise.
struct Hearing<'a> {
    settings: &'a Settings,
    promise: &'a Arc<Promise>,
}

impl Hearing<'_> {
    fn block_on(
        &self,
        first: First,
        command: impl AsyncFnOnce(&Signals) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        let mut threads = Builder::new_multi_thread();
        on(threads.worker_threads(CLIENT_THREADS), async {
            let signals = Signals::listen(first);
            let (settings, promise) = (self.settings.clone(), Arc::clone(self.promise));
            signals.when_leaving(Some(Box::new(move |exit| {
                let failure = promise.advised(Failure::Interrupted { exit, help: None });
                promise.keep(&settings, &failure);
                printer::failure(&settings, &failure);
            })));
            let done = command(&signals).await;
            signals.when_leaving(None);
            done
        })
    }
}

fn on<T>(
    threads: &mut Builder,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = threads.enable_all().build().map_err(|error| {
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
        .with_writer(|| printer::Log)
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
