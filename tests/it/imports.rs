//! The order of the modules: data flows one way, so a module imports only from those above it in `ORDER`.
//!
//! Comments are not read. A path through `super` that leaves its module counts like one through `crate`.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// From text to reports, as docs/architecture.md explains them.
const ORDER: &[&str] = &[
    "text_enum",
    "diag",
    "wire",
    "metadata",
    "playbook",
    "expr",
    "check",
    "operation",
    "plan",
    "batch",
    "event",
    "kill",
    "runfile",
    "ledger",
    "client",
    "execute",
    "report",
    "sandbox",
    "cli",
];

/// Modules that may import less than everything above them.
const NARROWER: &[(&str, Rule)] = &[
    // So that it shares no mistake with what it judges.
    ("sandbox", Rule::Only(&["wire"])),
    // It learns of a run through the run file and events alone.
    ("report", Rule::Never(&["client", "plan", "execute"])),
];

/// They put the others together.
const EXEMPT: &[&str] = &["main.rs", "lib.rs"];

#[derive(Debug, Clone, Copy)]
enum Rule {
    Only(&'static [&'static str]),
    Never(&'static [&'static str]),
}

#[derive(Debug, PartialEq, Eq)]
struct Breach {
    file: PathBuf,
    line: usize,
    from: String,
    to: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            from,
            to,
        } = self;
        write!(f, "{}:{line}: `{from}` imports from `{to}`", file.display())
    }
}

#[test]
fn data_flows_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let breaches: Vec<String> = files(&source)
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("the file was listed a moment ago");
            let inside = path.strip_prefix(&source).expect("it lies in src");
            breaches(inside, &text)
        })
        .map(|breach| breach.to_string())
        .collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn the_library_declares_its_modules_in_that_order() {
    let declared: Vec<&str> = include_str!("../../src/lib.rs")
        .lines()
        .filter_map(|line| line.split_once("mod ")?.1.strip_suffix(';'))
        .collect();
    let expected: Vec<&str> = ORDER
        .iter()
        .copied()
        .filter(|module| declared.contains(module))
        .collect();
    assert_eq!(declared, expected);
}

#[test]
fn an_import_against_the_order_is_found() {
    for (file, text, expected) in [
        (
            "plan/expand.rs",
            "use crate::client::Reader;",
            Some("client"),
        ),
        ("plan/expand.rs", "use crate::diag::Code;", None),
        ("plan/expand.rs", "use crate::plan::Draft;", None),
        ("plan/expand.rs", "// crate::client is below", None),
        (
            "plan/expand.rs",
            "let url = \"https://x\"; crate::client::go(url)",
            Some("client"),
        ),
        (
            "plan/expand.rs",
            "use super::super::client::Reader;",
            Some("client"),
        ),
        ("plan/expand.rs", "use super::draft::Draft;", None),
        ("plan/mod.rs", "use super::report::Text;", Some("report")),
        ("event.rs", "use crate::client::Reader;", Some("client")),
        (
            "wire/read.rs",
            "use crate::{diag::Code, metadata::{Field, Kind}};",
            Some("metadata"),
        ),
        (
            "wire/read.rs",
            "use crate::{diag, wire::{Label, client}};",
            None,
        ),
        ("sandbox/bulk.rs", "use crate::diag::Code;", Some("diag")),
        (
            "sandbox/bulk.rs",
            "pub(in crate::sandbox) use crate::wire::Label;",
            None,
        ),
        (
            "report/text.rs",
            "    crate::plan::Draft::new()",
            Some("plan"),
        ),
        ("report/text.rs", "use crate::runfile::RunFile;", None),
        ("cli/run.rs", "use crate::attic::Thing;", Some("attic")),
        ("attic.rs", "use crate::diag::Code;", Some("diag")),
        ("main.rs", "use crate::cli::run;", None),
    ] {
        let found = breaches(Path::new(file), &format!("//! Text.\n{text}\n"));
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|breach| (breach.to.as_str(), breach.line))
            .collect();
        let expected: Vec<(&str, usize)> = expected.map(|to| (to, 2)).into_iter().collect();
        assert_eq!(found, expected, "{file}: {text}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `file` is relative to src.
fn breaches(file: &Path, text: &str) -> Vec<Breach> {
    let mut names: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if EXEMPT.iter().any(|exempt| file == Path::new(exempt)) {
        return Vec::new();
    }
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    let from = names[0].clone();
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for to in imported(code_of(line), names.len()) {
            if !may(&from, to) {
                found.push(Breach {
                    file: Path::new("src").join(file),
                    line: index + 1,
                    from: from.clone(),
                    to: to.to_owned(),
                });
            }
        }
    }
    found
}

fn may(from: &str, to: &str) -> bool {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let (Some(below), Some(above)) = (place(from), place(to)) else {
        // A module that has no place yet: it gets one in `ORDER` first.
        return false;
    };
    let narrower = NARROWER.iter().find(|(module, _)| *module == from);
    above == below
        || above < below
            && match narrower {
                Some((_, Rule::Only(modules))) => modules.contains(&to),
                Some((_, Rule::Never(modules))) => !modules.contains(&to),
                None => true,
            }
}

/// A line without its comment. Two slashes inside a text, as in an address, follow no space.
fn code_of(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.split_once(" //").map_or(line, |(code, _)| code)
}

/// The modules at the root of the crate that a line names, seen from a module so deep below it.
fn imported(code: &str, depth: usize) -> Vec<&str> {
    let mut found = paths(code, "crate::");
    // Inside a test module the same words lead one level less far, to names that are no modules of the root.
    found.extend(
        paths(code, &"super::".repeat(depth))
            .into_iter()
            .filter(|name| ORDER.contains(name)),
    );
    found
}

/// The first names behind a root.
fn paths<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let before = code[..at].chars().next_back();
        // `super::super::` ends in `super::`, and a name may end in `crate`.
        if before.is_some_and(|character| is_of_name(character) || character == ':') {
            continue;
        }
        let rest = &code[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(first_names(rest).into_iter().take(1)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The first name of each path of a group, up to its closing brace.
fn first_names(group: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut start = Some(0);
    let mut found = Vec::new();
    for (at, character) in group.char_indices().chain([(group.len(), '}')]) {
        if let Some(begun) = start
            && !is_of_name(character)
            && !(character == ' ' && group[begun..at].trim().is_empty())
        {
            found.push(group[begun..at].trim());
            start = None;
        }
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = Some(at + 1),
            _ => {}
        }
    }
    found
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
