//! `man`: the page of the manual for sugarmill or one of its commands.

use std::path::PathBuf;

use clap::Command;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::args::Cli;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::ManArgs;
use crate::cli::printer;
use crate::diag::did_you_mean;

pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    let mut root = Cli::command();
    // Names of commands of commands, and flags that all have, are known only then.
    root.build();
    let command = args
        .command
        .iter()
        .try_fold(&root, |command, name| below(command, name))?;
    let mut page = Vec::new();
    Man::new(command.clone())
        .render(&mut page)
        .map_err(|source| Failure::Write {
            path: PathBuf::from("the manual page"),
            source,
        })?;
    printer::result(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}

fn below<'a>(command: &'a Command, name: &str) -> Result<&'a Command, Failure> {
    command.find_subcommand(name).ok_or_else(|| {
        let known = command.get_subcommands().map(Command::get_name);
        Failure::Arguments {
            message: format!("`{}` has no command `{name}`", command.get_name()),
            help: did_you_mean(name, known),
        }
    })
}
