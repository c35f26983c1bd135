//! `graph`: the steps of a playbook or a run file, as Mermaid or DOT.

use std::io::Read;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::GraphArgs;
use crate::cli::inspect_args::GraphChoice;
use crate::cli::load;
use crate::cli::printer;
use crate::report;
use crate::report::GraphFormat;
use crate::runfile::RunView;

/// How every SQLite database begins, and no YAML.
const DATABASE: &[u8] = b"SQLite format 3\0";

pub(crate) fn run(args: &GraphArgs) -> Result<Exit, Failure> {
    let format = match args.format {
        GraphChoice::Mermaid => GraphFormat::Mermaid,
        GraphChoice::Dot => GraphFormat::Dot,
    };
    let text = if is_database(&args.file) {
        let view = RunView::open(&args.file)?;
        let loaded = load::recorded(&view, &[])?;
        report::graph(&loaded.checked, Some(&view), format)?
    } else {
        report::graph(
            &load::playbook(&args.file, &args.paths.allow_path)?.checked,
            None,
            format,
        )?
    };
    printer::result(&text)?;
    Ok(Exit::Success)
}

/// A file that cannot be read is taken for a playbook, whose reader says what is wrong.
fn is_database(path: &Path) -> bool {
    let mut begin = [0; DATABASE.len()];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut begin))
        .is_ok_and(|()| begin == DATABASE)
}
