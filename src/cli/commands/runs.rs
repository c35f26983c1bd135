//! `runs`: the run files of a folder, the latest first.

use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::args::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::RunsArgs;
use crate::cli::printer;
use crate::report;

/// Files of other names are not looked into.
const ENDING: &str = "run";

pub(crate) fn run(args: &RunsArgs) -> Result<Exit, Failure> {
    let lines = report::run_lines(&files(args.folder.as_deref())?);
    match args.format {
        TextOrJson::Text => printer::result(&report::runs_text(&lines))?,
        TextOrJson::Json => {
            let document = json!({ "version": 1, "runs": lines });
            printer::result(&format!("{document:#}\n"))?;
        }
    }
    Ok(Exit::Success)
}

/// Named as the next command would name them.
fn files(folder: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let here = folder.unwrap_or(Path::new("."));
    let unreadable = |error: std::io::Error| {
        let shown = here.display();
        Failure::arguments(match error.kind() {
            ErrorKind::NotFound => format!("there is no folder `{shown}`"),
            ErrorKind::NotADirectory => {
                format!("`{shown}` is a file; `sugarmill show {shown}` shows a run")
            }
            kind => format!("the folder `{shown}` cannot be read: {kind}"),
        })
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(here).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = folder.map_or_else(
            || PathBuf::from(entry.file_name()),
            |folder| folder.join(entry.file_name()),
        );
        if path.is_file() && path.extension().is_some_and(|ending| ending == ENDING) {
            files.push(path);
        }
    }
    Ok(files)
}
