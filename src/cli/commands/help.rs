//! `help` and `version`: for whoever asks by word for what `--help` and `--version` say.

use std::iter::once;

use super::man;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::HelpArgs;
use crate::cli::manual;
use crate::cli::printer;
use crate::cli::settings::Settings;

pub(crate) fn run(settings: &Settings, args: &HelpArgs) -> Result<Exit, Failure> {
    man::found(&manual::command(), &args.command)?;
    let names = args.command.iter().map(String::as_str);
    let line = once("sugarmill").chain(names).chain(once("--help"));
    // Help is what clap gives in the place of arguments.
    if let Err(help) = manual::command().try_get_matches_from(line) {
        let help = help.render();
        printer::result(&match settings.color_on_stdout() {
            true => help.ansi().to_string(),
            false => help.to_string(),
        })?;
    }
    Ok(Exit::Success)
}

pub(crate) fn version() -> Result<Exit, Failure> {
    printer::result(&manual::command().render_version())?;
    Ok(Exit::Success)
}
