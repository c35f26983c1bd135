//! `completions`: what a shell needs to complete commands, flags, and the names that some commands take.

use std::any::TypeId;
use std::path::PathBuf;

use clap::Command;
use clap::ValueHint;
use clap::builder::PossibleValue;
use clap::builder::PossibleValuesParser;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::CompletionsArgs;
use crate::cli::manual;
use crate::cli::printer;
use crate::report;

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut offering(), "sugarmill", &mut script);
    printer::result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

/// The command line, with the names a shell offers. When it is read these are texts: a wrong one is answered by what is
/// most like it.
fn offering() -> Command {
    let command = manual::command();
    let commands: Vec<PossibleValue> = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
        .map(|below| PossibleValue::new(below.get_name().to_owned()))
        .collect();
    let labels: Vec<PossibleValue> = report::explanations()
        .iter()
        .map(|known| PossibleValue::new(known.label))
        .collect();
    let command = command.mut_subcommands(|below| {
        let (name, offered) = match below.get_name() {
            "man" | "help" => ("command", &commands),
            "explain" => ("label", &labels),
            _ => return below,
        };
        below.mut_arg(name, |arg| {
            arg.value_parser(PossibleValuesParser::new(offered.iter().cloned()))
        })
    });
    offering_no_files(command)
}

/// Of what is no path a shell would offer files all the same.
fn offering_no_files(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let takes_paths = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
            // `--report` takes a format and a file.
            let names_a_file = takes_paths || arg.get_id() == "reports";
            match arg.get_action().takes_values() && !names_a_file {
                true => arg.value_hint(ValueHint::Other),
                false => arg,
            }
        })
        .mut_subcommands(offering_no_files)
}
