//! The README is true: its playbook is the file it names, and its outputs are what the commands print.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Refresh with `SUGARMILL_UPDATE_README=1 cargo test --test it readme`.
#[test]
fn the_readme_shows_what_happens() {
    let path = Path::new(ROOT).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let true_readme = filled(&readme);
    if std::env::var_os("SUGARMILL_UPDATE_README").is_some() {
        std::fs::write(&path, &true_readme).unwrap();
        return;
    }
    assert_eq!(readme.matches("<!-- playbook: ").count(), 1);
    assert_eq!(readme.matches("<!-- output: ").count(), 2);
    assert_eq!(
        readme, true_readme,
        "refresh the README: SUGARMILL_UPDATE_README=1 cargo test --test it readme"
    );
}

/// Puts behind each marker the block that belongs there.
fn filled(readme: &str) -> String {
    let mut out = String::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(block) = block(line) else { continue };
        let fence = lines.next().expect("a marker has a block behind it");
        out.extend([fence, "\n", block.trim_end(), "\n```\n"]);
        let closed = lines.by_ref().any(|line| line == "```");
        assert!(closed, "the block is closed");
    }
    out
}

fn block(line: &str) -> Option<String> {
    let marker = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    let (kind, argument) = marker.split_once(": ")?;
    Some(match kind {
        "playbook" => std::fs::read_to_string(Path::new(ROOT).join(argument)).unwrap(),
        "output" => output(argument),
        other => panic!("unknown marker `{other}`"),
    })
}

/// What a command prints that is run in a copy of the project, so that it may write its run file there.
fn output(arguments: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for name in ["playbooks", "tests"] {
        symlink(Path::new(ROOT).join(name), folder.path().join(name)).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_sugarmill"))
        .current_dir(folder.path())
        .args(arguments.split(' '))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let (code, text) = match output.stdout.is_empty() {
        false => (0, output.stdout),
        true => (3, output.stderr),
    };
    assert_eq!(output.status.code(), Some(code), "{arguments}");
    let text = String::from_utf8(text).unwrap();
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
    times
        .replace_all(&text, "2026-11-24T09:00:00Z")
        .into_owned()
}
