//! `completions`: what a shell needs to complete commands and flags.

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::CompletionsArgs;
use crate::cli::printer;

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sugarmill", &mut script);
    printer::result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
