//! From a path to a playbook.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use super::super::Library;
use super::super::Playbook;
use super::super::assemble::assemble_as_far;
use super::super::code;
use super::super::node::Node;
use super::super::text_file::read_text;
use super::super::yaml;
use super::playbook::playbook;
use super::reader::Reader;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SourceId;
use crate::diag::Sources;
use crate::diag::Span;

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
    /// What could be read all the same, so that more mistakes can be looked for. Of a mistake that makes other names or
    /// steps unknown [`Unread`](super::super::Unread) tells.
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
    let (playbook, mut problems) = parse_as_far(source, folder, sources)?;
    let Some(mut playbook) = playbook else {
        return Err(problems.into());
    };
    playbook.reach = playbook.reach.allowing(allowed);
    let (playbook, found) = assemble_as_far(playbook, Library::Disk, sources);
    problems.append(found);
    if problems.has_errors() {
        return Err(Broken {
            problems,
            readable: Some(Box::new(playbook)),
        });
    }
    Ok(playbook)
}

/// Parses a text that the sources hold already. What it includes is not read: see [`assemble`].
///
/// # Errors
/// All problems of the text at once.
pub fn parse(source: SourceId, folder: &Path, sources: &Sources) -> Result<Playbook, Problems> {
    match parse_as_far(source, folder, sources)? {
        (Some(playbook), problems) if !problems.has_errors() => Ok(playbook),
        (_, problems) => Err(problems),
    }
}

/// What can be read of a text, and what is wrong with the rest.
///
/// # Errors
/// Text that is no YAML.
pub(in crate::playbook) fn parse_as_far(
    source: SourceId,
    folder: &Path,
    sources: &Sources,
) -> Result<(Option<Playbook>, Problems), Problems> {
    let document = yaml::read_as_far(source, &sources.get(source).text)?;
    let mut reader = Reader::new(sources, document.problems, document.unread, document.lines);
    let mut playbook = playbook(&mut reader, document.root, folder);
    let (problems, left_out) = reader.finish();
    if let Some(playbook) = &mut playbook
        && !left_out.is_empty()
    {
        let document = yaml::read_as_far(source, &sources.get(source).text)?;
        playbook.unread.texts = left_out_texts(&document.root, left_out);
    }
    Ok((playbook, problems))
}

/// The templates in entries that could not be read. A second reading finds them, so that what is without mistakes costs
/// nothing more.
fn left_out_texts(
    root: &Located<Node>,
    left_out: Vec<(Option<String>, Span)>,
) -> Vec<(Option<String>, Located<String>)> {
    let owners: HashMap<Span, Option<String>> =
        left_out.into_iter().map(|(id, span)| (span, id)).collect();
    let mut texts = Vec::new();
    gather(root, None, &owners, &mut texts);
    texts
}

fn gather<'o>(
    node: &Located<Node>,
    owner: Option<&'o Option<String>>,
    owners: &'o HashMap<Span, Option<String>>,
    texts: &mut Vec<(Option<String>, Located<String>)>,
) {
    let owner = owner.or_else(|| owners.get(&node.span));
    match (&node.value, owner) {
        (Node::List(items), _) => {
            for item in items {
                gather(item, owner, owners, texts);
            }
        }
        (Node::Map(entries), _) => {
            for (_, value) in entries {
                gather(value, owner, owners, texts);
            }
        }
        (Node::Text(text), Some(id)) if text.contains("{{") => {
            texts.push((id.clone(), Located::new(text.clone(), node.span)));
        }
        _ => {}
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
