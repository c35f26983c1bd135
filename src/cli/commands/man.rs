//! `man`: the page of the manual for sugarmill or one of its commands.

use std::io;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::Roff;
use clap_mangen::roff::bold;
use clap_mangen::roff::roman;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::ManArgs;
use crate::cli::manual;
use crate::cli::manual::Entry;
use crate::cli::printer;
use crate::diag::did_you_mean;

pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    let mut root = manual::command();
    // Names of commands of commands, and flags that all have, are known only then.
    root.build();
    let command = found(&root, &args.command)?;
    let entry = manual::entry(&args.command.join(" "));
    let page = page(command.clone(), entry).map_err(|source| Failure::Write {
        path: PathBuf::from("the manual page"),
        source,
    })?;
    printer::result(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Success)
}

/// The command of these names, or what is most like the one that there is not.
pub(super) fn found<'a>(root: &'a Command, names: &[String]) -> Result<&'a Command, Failure> {
    let mut names = names.iter();
    names.try_fold(root, |command, name| below(command, name))
}

fn below<'a>(command: &'a Command, name: &str) -> Result<&'a Command, Failure> {
    command.find_subcommand(name).ok_or_else(|| {
        let known = command
            .get_subcommands()
            .filter(|known| !known.is_hide_set());
        let known = known.map(Command::get_name);
        Failure::Arguments {
            message: format!("`{}` has no command `{name}`", command.get_name()),
            help: did_you_mean(name, known),
        }
    })
}

/// With a synopsis as `--help` has it, and sections for exit codes and examples.
fn page(mut command: Command, entry: Option<&Entry>) -> io::Result<Vec<u8>> {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let has_commands = command.has_subcommands();
    let has_version = command.get_version().is_some();
    let man = Man::new(command.override_usage(usage));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if let Some(entry) = entry {
        remarks(entry).to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(entry) = entry {
        exits_and_examples(entry).to_writer(&mut page)?;
    }
    if has_version {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

fn remarks(entry: &Entry) -> Roff {
    let mut roff = Roff::new();
    for remark in entry.remarks {
        roff.control("PP", []).text([roman(*remark)]);
    }
    roff
}

fn exits_and_examples(entry: &Entry) -> Roff {
    let mut roff = Roff::new();
    if !entry.exits.is_empty() {
        roff.control("SH", ["EXIT STATUS"]);
    }
    for (code, means) in entry.exits {
        roff.control("TP", [])
            .text([bold(*code)])
            .text([roman(*means)]);
    }
    if !entry.examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for example in entry.examples {
        roff.control("PP", []).text([roman(*example)]);
    }
    roff
}
