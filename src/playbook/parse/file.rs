//! From a path to a playbook.

use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use fs_err::File;

use super::super::Library;
use super::super::Playbook;
use super::super::assemble;
use super::super::code;
use super::super::yaml;
use super::playbook::playbook;
use super::reader::Reader;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Sources;

/// Reads a playbook's file and those it includes; their texts join the sources, so that problems can be drawn.
///
/// # Errors
/// All problems of the files at once. A file that cannot be read is one.
pub fn load(path: &Path, sources: &mut Sources) -> Result<Playbook, Problems> {
    load_allowing(path, &[], sources)
}

/// The same for a playbook that may name files of other folders too.
///
/// # Errors
/// As [`load`].
pub fn load_allowing(
    path: &Path,
    allowed: &[PathBuf],
    sources: &mut Sources,
) -> Result<Playbook, Problems> {
    let text = read_text(path)?;
    let source = sources.add(path.display().to_string(), text);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut playbook = parse(source, folder, sources)?;
    playbook.reach = playbook.reach.allowing(allowed);
    assemble(playbook, Library::Disk, sources)
}

/// Parses a text that the sources hold already. What it includes is not read: see [`assemble`].
///
/// # Errors
/// All problems of the text at once.
pub fn parse(source: SourceId, folder: &Path, sources: &Sources) -> Result<Playbook, Problems> {
    let root = yaml::read(source, &sources.get(source).text)?;
    let mut reader = Reader::new(sources);
    let playbook = playbook(&mut reader, root, folder);
    let problems = reader.into_problems();
    match playbook {
        Some(playbook) if !problems.has_errors() => Ok(playbook),
        _ => Err(problems),
    }
}

pub(in crate::playbook) fn read_text(path: &Path) -> Result<String, Problems> {
    let unreadable = |message: String, help: Option<&str>| {
        let problem = Problem::error(code::UNREADABLE_FILE, message);
        Problems::from(problem.help_if(help.map(str::to_owned)))
    };
    let name = path.display();
    if fs_err::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(
            format!("`{name}` is a folder, not a playbook"),
            Some("name the playbook's file, such as `playbook.yaml`"),
        ));
    }
    // Not by its size: a pipe has none, and a device has no end.
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        let most = yaml::LARGEST_TEXT as u64 + 1;
        file.take(most).read_to_end(&mut bytes)
    });
    match read {
        Ok(size) if size > yaml::LARGEST_TEXT => return Err(yaml::too_large().into()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(unreadable(
                format!("there is no file `{name}`"),
                Some("paths are relative to the folder in which sugarmill is started"),
            ));
        }
        Err(error) => {
            let message = format!("`{name}` cannot be read: {}", cause(&error));
            return Err(unreadable(message, None));
        }
    }
    let text = yaml::decode(bytes).map_err(|problems| {
        let named = |problem: Problem| Problem {
            message: format!("`{name}`: {}", problem.message),
            ..problem
        };
        problems.into_iter().map(named).collect::<Problems>()
    })?;
    if text.trim().is_empty() {
        return Err(
            Problem::error(code::EMPTY_PLAYBOOK, format!("`{name}` is empty"))
                .help("a playbook begins with `version: 1` and has a `name` and `steps`")
                .into(),
        );
    }
    Ok(text)
}

/// What the system said, without the path that `fs_err` adds: the message names it already.
fn cause(error: &io::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
