//! `metadata diff`: what changed since a snapshot, and which playbooks that breaks.

use std::path::Path;

use serde_json::json;

use crate::check::Checked;
use crate::check::against;
use crate::cli::args::TextOrJson;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::MetadataDiffArgs;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::load;
use crate::cli::load::Loaded;
use crate::cli::printer;
use crate::cli::reports;
use crate::cli::settings::Settings;
use crate::cli::signals::Signals;
use crate::diag::Colour;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::metadata;
use crate::metadata::Metadata;
use crate::report;
use crate::wire::ModuleName;

/// A playbook that was right before and is not now, with the mistakes that are new.
struct Broken<'a> {
    path: &'a Path,
    loaded: &'a Loaded,
    problems: Problems,
}

pub(crate) async fn run(
    settings: &Settings,
    args: &MetadataDiffArgs,
    signals: &Signals,
) -> Result<Exit, Failure> {
    let old = definitions::snapshot(&args.old)?;
    let loaded = args
        .playbooks
        .iter()
        .map(|path| load::playbook(path, &args.paths.allow_path))
        .collect::<Result<Vec<Loaded>, Failure>>()?;
    let new = match &args.new {
        Some(path) => definitions::snapshot(path)?,
        None => of_instance(settings, &old, &loaded).await?,
    };
    let changes = metadata::diff(&old, &new);
    let broken: Vec<Broken<'_>> = args
        .playbooks
        .iter()
        .zip(&loaded)
        .map(|(path, loaded)| Broken {
            path,
            loaded,
            problems: new_mistakes(&loaded.checked, &old, &new),
        })
        .filter(|broken| !broken.problems.is_empty())
        .collect();

    signals.when_leaving(None);
    match args.format {
        TextOrJson::Text => {
            let colour = if settings.color_on_stdout() {
                Colour::Ansi
            } else {
                Colour::None
            };
            printer::result(&report::metadata_diff_text(&changes, colour))?;
            for broken in &broken {
                printer::say(
                    settings,
                    &format!("\nthis breaks `{}`:", broken.path.display()),
                );
                printer::problems(settings, &broken.problems, &broken.loaded.sources);
            }
        }
        TextOrJson::Json => {
            let broken: Vec<_> = broken
                .iter()
                .map(|broken| {
                    json!({
                        "playbook": broken.path.display().to_string(),
                        "diagnostics":
                            reports::problems_as_diagnostics(&broken.loaded.path, &broken.problems, &broken.loaded.sources),
                    })
                })
                .collect();
            let document = json!({ "version": 1, "changes": changes, "broken": broken });
            printer::result(&format!("{document:#}\n"))?;
        }
    }
    Ok(match (broken.is_empty(), changes.is_empty()) {
        (false, _) => Exit::Invalid,
        (true, false) if args.detailed_exitcode => Exit::Changes,
        (true, _) => Exit::Success,
    })
}

/// The instance as it is, described as far as the snapshot and the playbooks go.
async fn of_instance(
    settings: &Settings,
    old: &Metadata,
    loaded: &[Loaded],
) -> Result<Metadata, Failure> {
    let described: Vec<ModuleName> = old.modules.keys().map(ModuleName::new).collect();
    let playbooks: Vec<&Checked> = loaded.iter().map(|loaded| &loaded.checked).collect();
    let session = Session::open(settings, Manner::default()).await?;
    let fetched = definitions::needed(&session, &described, &playbooks).await;
    session.close().await;
    fetched
}

/// Errors that the earlier metadata does not give: a playbook that was wrong before is not broken by the change.
fn new_mistakes(checked: &Checked, old: &Metadata, new: &Metadata) -> Problems {
    let before = against(checked, old);
    let known = |problem: &Problem| before.iter().any(|earlier| earlier == problem);
    against(checked, new)
        .into_iter()
        .filter(|problem| problem.is_error() && !known(problem))
        .collect()
}
