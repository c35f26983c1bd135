//! `check`: mistakes, without sending anything.

use serde_json::json;

use crate::check::against;
use crate::cli::args::CheckArgs;
use crate::cli::args::Format;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::printer;
use crate::cli::reports;
use crate::cli::settings::Settings;
use crate::diag::counted;
use crate::report::Diagnostic;

pub(crate) fn run(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let metadata = args
        .metadata
        .as_ref()
        .map(|path| definitions::snapshot(path))
        .transpose()?;
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut exit = Exit::Success;
    for path in &args.playbooks {
        let (problems, sources) = match load::playbook(path) {
            Ok(loaded) => {
                let mut problems = loaded.warnings;
                if let Some(metadata) = &metadata {
                    problems.append(against(&loaded.checked, metadata));
                    problems.sort();
                }
                (problems, loaded.sources)
            }
            Err(Failure::Problems {
                problems, sources, ..
            }) => (problems, sources),
            Err(other) => return Err(other),
        };
        if problems.has_errors() {
            exit = Exit::Invalid;
        }
        match args.format {
            Format::Text => printer::problems(settings, &problems, &sources),
            Format::Json => found.extend(reports::problems_as_diagnostics(&problems, &sources)),
        }
    }
    match args.format {
        Format::Json => {
            let document = json!({ "version": 1, "diagnostics": found });
            printer::result(&format!("{document:#}\n"));
        }
        Format::Text if exit == Exit::Success => {
            printer::say(
                settings,
                &format!("{}: no mistakes", counted(args.playbooks.len(), "playbook")),
            );
        }
        Format::Text => {}
    }
    Ok(exit)
}
