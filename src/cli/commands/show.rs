//! `show`: a run file in any format, at any time.

use super::plan::has_changes;
use crate::cli::args::ShowArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reports;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::cli::written;
use crate::report;
use crate::report::RunResult;
use crate::runfile::RunView;
use crate::runfile::Stage;

pub(crate) fn run(settings: &Settings, args: &ShowArgs) -> Result<Exit, Failure> {
    let output = OutputSettings::resolve(&args.output)?;
    if let Some(out) = &args.out {
        written::folder_is_there(out)?;
        written::no_run_file_is_lost(out)?;
    }
    written::nothing_is_lost(&output, &[&args.file], args.out.as_deref())?;
    let view = RunView::open(&args.file)?;
    let exit = match args.detailed_exitcode {
        true => detailed(&view)?,
        false => Exit::Success,
    };
    let given = match &args.out {
        Some(path) => {
            let (files, view) = reports::write_files(settings, &output, view);
            written::write_file_by(path, |out| {
                reports::write(settings, &output, &view, output.format, false, out)
            })?;
            Ok(files)
        }
        None => reports::show(settings, &output, view),
    };
    Ok(reports::exit(settings, exit, given))
}

/// Whether there is something to change, for whoever has the file alone: what cannot be applied as it is has nothing to
/// change, whatever it plans, and what failed is worse than what is left.
fn detailed(view: &RunView) -> Result<Exit, Failure> {
    let is_whole = view.stage()? != Stage::Refused;
    Ok(match report::result(view)? {
        RunResult::Refused | RunResult::Failed => Exit::Failed,
        RunResult::Interrupted if !is_whole => Exit::Failed,
        _ if has_changes(view)? => Exit::Changes,
        _ => Exit::Success,
    })
}
