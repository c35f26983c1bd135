//! The report of an undo that finds nothing to take back: that of an undo without operations, and not of the run.

use crate::cli::args::Format;
use crate::cli::commands::plan;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reports;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::cli::undo_args::UndoArgs;
use crate::execute;
use crate::plan::Drifted;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::Header;
use crate::runfile::RunFile;
use crate::runfile::RunView;
use crate::runfile::Stage;
use crate::runfile::Undoes;

pub(super) fn give(
    settings: &Settings,
    args: &UndoArgs,
    output: &OutputSettings,
    of: &RunView,
) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir().map_err(|source| Failure::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let path = folder.path().join("nothing.undo.run");
    let run = of.header()?;
    let undoes = Undoes {
        run_id: run.run_id.clone(),
        file: args.file.display().to_string(),
        times: of.undoes()?.map_or(0, |earlier| earlier.times) + 1,
        drifted: Drifted::LeftAlone,
        max_deletes: 0,
    };
    let header = Header {
        run_id: plan::run_id(settings),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started: execute::timestamp(),
        ..run
    };
    let file = RunFile::create(&path, &header)?;
    file.put(&undoes)?;
    file.put(&plan::salt(settings))?;
    if !args.dry_run {
        file.put(&Stage::Run)?;
        file.put(&Ending::Finished)?;
    }
    file.put(&Finished(execute::timestamp()))?;
    file.finish()?;
    // There is no other file to look at than that of the run.
    let view = RunView::open(&path)?.named(&args.file);
    match output.format {
        // A person has been told.
        Format::Text => Ok(reports::give_beside(settings, output, view).0),
        _ => reports::give(settings, output, view),
    }
}
