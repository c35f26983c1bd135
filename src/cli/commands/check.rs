//! `check`: mistakes, before anything is changed.

use serde_json::json;

use crate::check::Checked;
use crate::cli::args::CheckArgs;
use crate::cli::args::CheckFormat;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::load;
use crate::cli::load::Loaded;
use crate::cli::printer;
use crate::cli::reports;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::diag::counted;
use crate::metadata::Metadata;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Severity;

pub(crate) async fn run(
    settings: &Settings,
    args: &CheckArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let (of_signals, format) = (settings.clone(), args.format);
    signals.when_leaving(Some(Box::new(move |exit| {
        let failure = Failure::Interrupted { exit, help: None };
        // The process ends, and nobody can be told that this went wrong too.
        let _ = give(format, &reports::diagnostics(&failure));
        printer::failure(&of_signals, &failure);
    })));
    let mut found: Vec<Diagnostic> = Vec::new();
    let ended = match metadata(settings, args).await {
        Ok(metadata) => look(settings, args, metadata.as_ref(), &mut found),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = &ended {
        // A program that reads the document must not take a check that could not be made for one that found nothing.
        found.extend(reports::diagnostics(failure));
    }
    signals.when_leaving(None);
    give(format, &found)?;
    if format == CheckFormat::Text && ended.is_ok() && !has_errors(&found) {
        let playbooks = counted(args.playbooks.len(), "playbook");
        printer::say(settings, &format!("{playbooks}: no mistakes"));
        if args.metadata.is_none() && !settings.names_instance {
            printer::say(
                settings,
                "modules, fields and values were not looked at; name a snapshot with `--metadata FILE`, or an instance \
                 with `--url`, `--profile` or `--sandbox`",
            );
        }
    }
    ended.map(|()| {
        if has_errors(&found) {
            Exit::Invalid
        } else {
            Exit::Success
        }
    })
}

/// What is found, for programs. People have been shown it.
fn give(format: CheckFormat, found: &[Diagnostic]) -> Result<(), Failure> {
    match format {
        CheckFormat::Text => Ok(()),
        CheckFormat::Json => {
            let document = json!({ "version": 1, "diagnostics": found });
            printer::result(&format!("{document:#}\n"))
        }
        CheckFormat::Github => printer::result(&report::github_annotations(found)),
        CheckFormat::Sarif => printer::result(&format!("{:#}\n", report::sarif(found))),
    }
}

fn has_errors(found: &[Diagnostic]) -> bool {
    found
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// What the instance says of itself: as a snapshot has it, or as it says now where the command line names one. Without
/// either nothing is sent at all.
async fn metadata(settings: &Settings, args: &CheckArgs) -> Result<Option<Metadata>, Failure> {
    if let Some(path) = &args.metadata {
        return definitions::snapshot(path).map(Some);
    }
    if !settings.names_instance {
        return Ok(None);
    }
    let loaded: Vec<Loaded> = args
        .playbooks
        .iter()
        .filter_map(|path| load::playbook(path, &args.paths.allow_path).ok())
        .collect();
    let session = Session::open(settings, Manner::default()).await?;
    // Of a playbook with mistakes it is not known which modules it needs.
    let fetched = if loaded.len() == args.playbooks.len() {
        let playbooks: Vec<&Checked> = loaded.iter().map(|loaded| &loaded.checked).collect();
        definitions::needed(&session, &[], &playbooks).await
    } else {
        definitions::everything(&session).await
    };
    session.close().await;
    fetched.map(Some)
}

/// Looks at every playbook, and shows what is found at once where people read it.
fn look(
    settings: &Settings,
    args: &CheckArgs,
    metadata: Option<&Metadata>,
    found: &mut Vec<Diagnostic>,
) -> Result<(), Failure> {
    let mut playbooks = args.playbooks.iter().peekable();
    while let Some(path) = playbooks.next() {
        let allowed = &args.paths.allow_path;
        let (problems, sources) = match load::playbook_against(path, allowed, metadata) {
            Ok(loaded) => {
                if playbooks.peek().is_none() {
                    // The command ends now, and the system takes its memory back at once: going through a large playbook
                    // once more to free each of its texts would only take time.
                    std::mem::forget(loaded.checked);
                }
                (loaded.warnings, loaded.sources)
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
