//! `check`: mistakes, without sending anything.

use serde_json::json;

use crate::check::against;
use crate::cli::args::CheckArgs;
use crate::cli::args::CheckFormat;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load;
use crate::cli::printer;
use crate::cli::reports;
use crate::cli::settings::Settings;
use crate::diag::counted;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Severity;

pub(crate) fn run(settings: &Settings, args: &CheckArgs) -> Result<Exit, Failure> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let ended = look(settings, args, &mut found);
    if let Err(failure) = &ended {
        // A program that reads the document must not take a check that could not be made for one that found nothing.
        found.extend(reports::diagnostics(failure));
    }
    match args.format {
        CheckFormat::Text => {
            if ended.is_ok() && !has_errors(&found) {
                let playbooks = counted(args.playbooks.len(), "playbook");
                printer::say(settings, &format!("{playbooks}: no mistakes"));
            }
        }
        CheckFormat::Json => {
            let document = json!({ "version": 1, "diagnostics": found });
            printer::result(&format!("{document:#}\n"));
        }
        CheckFormat::Github => printer::result(&report::github_annotations(&found)),
        CheckFormat::Sarif => printer::result(&format!("{:#}\n", report::sarif(&found))),
    }
    ended.map(|()| {
        if has_errors(&found) {
            Exit::Invalid
        } else {
            Exit::Success
        }
    })
}

fn has_errors(found: &[Diagnostic]) -> bool {
    found
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Looks at every playbook, and shows what is found at once where people read it.
fn look(settings: &Settings, args: &CheckArgs, found: &mut Vec<Diagnostic>) -> Result<(), Failure> {
    let metadata = args
        .metadata
        .as_ref()
        .map(|path| definitions::snapshot(path))
        .transpose()?;
    for path in &args.playbooks {
        let (problems, sources) = match load::playbook(path, &args.paths.allow_path) {
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
        if args.format == CheckFormat::Text {
            printer::problems(settings, &problems, &sources);
        }
        found.extend(reports::problems_as_diagnostics(&problems, &sources));
    }
    Ok(())
}
