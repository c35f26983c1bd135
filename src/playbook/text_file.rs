//! Files of text that a command line names: playbooks, variables, snapshots. Whatever they hold, reading them ends.

use std::io;
use std::io::Read;
use std::path::Path;

use fs_err::File;

use super::code;
use super::yaml;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Sources;

/// How every database of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Reads a file of so many MiB at most and makes it a source.
///
/// # Errors
/// One problem that says why the file cannot be read, or where it stops being text.
pub fn read_text(
    path: &Path,
    mebibytes: usize,
    sources: &mut Sources,
) -> Result<SourceId, Problems> {
    let unreadable = |message: String, help: Option<&str>| {
        let problem = Problem::error(code::UNREADABLE_FILE, message);
        Problems::from(problem.help_if(help.map(str::to_owned)))
    };
    let name = path.display();
    if fs_err::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(
            format!("`{name}` is a folder, not a file"),
            Some("name a file, such as `playbook.yaml`"),
        ));
    }
    // Not by its size: a pipe has none, and a device has no end.
    let most = mebibytes * 1024 * 1024;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(size) if size > most => Err(Problem::error(
            code::YAML_LIMIT,
            format!("`{name}` is larger than {mebibytes} MiB"),
        )
        .help("rows belong into a data file, which a step names in `for_each`")
        .into()),
        // A run file holds data that nobody asked to see, so nothing of it is drawn.
        Ok(_) if bytes.starts_with(SQLITE) => Err(unreadable(
            format!("`{name}` is a database, as run files are, and no text"),
            Some(&format!(
                "to see a run file: `sugarmill show {name}`; to do what it says: `sugarmill apply {name}`"
            )),
        )),
        Ok(_) => yaml::decode(&name.to_string(), &bytes, sources),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(unreadable(
            format!("there is no file `{name}`"),
            Some("paths are relative to the folder in which sugarmill is started"),
        )),
        Err(error) => {
            let message = format!("`{name}` cannot be read: {}", cause(&error));
            Err(unreadable(message, None))
        }
    }
}

/// What the system said, without the path that `fs_err` adds: the message names it already.
fn cause(error: &io::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
