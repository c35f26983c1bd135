//! The program as a person starts it: from the project's folder, with no instance in the environment.

use std::ffi::OsStr;
use std::fmt::Write;
use std::process::Command;

/// What a command left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn sugarmill<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sugarmill"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .env("COLUMNS", "100");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SUGAR") {
            command.env_remove(name);
        }
    }
    let output = command
        .output()
        .expect("the program was built for the tests");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Ended {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Ended {
    /// Everything in one text, for a snapshot.
    pub(crate) fn seen(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let mut text = format!("exit {code}\n");
        for (name, content) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !content.is_empty() {
                writeln!(text, "--- {name}\n{}", content.trim_end())
                    .expect("a string takes any text");
            }
        }
        text
    }
}

/// Compares with a snapshot in `tests/<folder>/snapshots`.
pub(crate) fn assert_seen(folder: &str, name: &str, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../{folder}/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, seen));
}

/// A full disk leaves no green job behind.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_a_failure() {
    for line in [
        "explain",
        "schema",
        "completions bash",
        "man plan",
        "graph playbooks/hand-over-leads.yaml",
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("the device is there");
        let output = Command::new(env!("CARGO_BIN_EXE_sugarmill"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(line.split(' '))
            .stdout(full)
            .output()
            .expect("the program was built for the tests");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{line}: {said}");
        assert!(said.contains("No space left"), "{line}: {said}");
    }
}
