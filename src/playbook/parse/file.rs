//! From a path to a playbook.

use std::path::Path;
use std::path::PathBuf;

use super::super::Library;
use super::super::Playbook;
use super::super::assemble;
use super::super::code;
use super::super::node::Node;
use super::super::text_file::read_text;
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
    load_as_far(path, allowed, sources).map_err(|broken| broken.problems)
}

/// A playbook with mistakes in its text.
#[derive(Debug)]
pub struct Broken {
    pub problems: Problems,
    /// What could be read all the same, without what it includes, so that more mistakes can be looked for. A step or a
    /// variable with a mistake in it is missing.
    pub readable: Option<Box<Playbook>>,
}

impl From<Problems> for Broken {
    fn from(problems: Problems) -> Self {
        Self {
            problems,
            readable: None,
        }
    }
}

/// The same, with what could be read of a playbook in whose text are mistakes.
///
/// # Errors
/// As [`load`].
pub fn load_as_far(
    path: &Path,
    allowed: &[PathBuf],
    sources: &mut Sources,
) -> Result<Playbook, Broken> {
    let source = read_playbook(path, sources)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut playbook = parse_as_far(source, folder, sources).map_err(|mut broken| {
        if let Some(readable) = &mut broken.readable {
            readable.reach = readable.reach.clone().allowing(allowed);
        }
        broken
    })?;
    playbook.reach = playbook.reach.allowing(allowed);
    Ok(assemble(playbook, Library::Disk, sources)?)
}

/// Parses a text that the sources hold already. What it includes is not read: see [`assemble`].
///
/// # Errors
/// All problems of the text at once.
pub fn parse(source: SourceId, folder: &Path, sources: &Sources) -> Result<Playbook, Problems> {
    parse_as_far(source, folder, sources).map_err(|broken| broken.problems)
}

fn parse_as_far(source: SourceId, folder: &Path, sources: &Sources) -> Result<Playbook, Broken> {
    let root = yaml::read(source, &sources.get(source).text)?;
    let mut reader = Reader::new(sources);
    let playbook = playbook(&mut reader, root, folder);
    let problems = reader.into_problems();
    match playbook {
        Some(playbook) if !problems.has_errors() => Ok(playbook),
        readable => Err(Broken {
            problems,
            readable: readable.map(Box::new),
        }),
    }
}

/// What a file calls its playbook, whatever else is wrong with it: whoever reports on it needs the same name before and
/// after a mistake is mended. Where the whole does not read, the line of the name by itself may.
pub fn name_in(path: &Path) -> Option<String> {
    let mut sources = Sources::default();
    let source = read_playbook(path, &mut sources).ok()?;
    let text = &sources.get(source).text;
    let name_in = |text: &str| match yaml::read(source, text).ok()?.value {
        Node::Map(entries) => entries
            .into_iter()
            .find_map(|(key, node)| match node.value {
                Node::Text(name) if key.value == "name" => Some(name),
                _ => None,
            }),
        _ => None,
    };
    let mut lines = text.lines().filter(|line| line.starts_with("name:"));
    name_in(text).or_else(|| lines.find_map(name_in))
}

/// Reads the text of a playbook, which is not empty, and makes it a source.
pub(in crate::playbook) fn read_playbook(
    path: &Path,
    sources: &mut Sources,
) -> Result<SourceId, Problems> {
    let source = read_text(path, yaml::LARGEST_TEXT / 1024 / 1024, sources)?;
    if sources.get(source).text.trim().is_empty() {
        let message = format!("`{}` is empty", path.display());
        return Err(Problem::error(code::EMPTY_PLAYBOOK, message)
            .help("a playbook begins with `version: 1` and has a `name` and `steps`")
            .into());
    }
    Ok(source)
}
