//! `show`: a run file in any format, at any time.

use super::plan::has_changes;
use crate::cli::args::ShowArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reports;
use crate::cli::settings::OutputSettings;
use crate::cli::settings::Settings;
use crate::runfile::RunView;

pub(crate) fn run(settings: &Settings, args: &ShowArgs) -> Result<Exit, Failure> {
    let output = OutputSettings::resolve(&args.output)?;
    let view = RunView::open(&args.file)?;
    match &args.out {
        Some(path) => {
            let text = reports::rendered(settings, &output, &view, output.format, false)?;
            reports::write_file(path, text.as_bytes())?;
        }
        None => reports::give(settings, &output, &view)?,
    }
    if args.detailed_exitcode && has_changes(&view)? {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Success)
}
