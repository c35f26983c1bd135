//! Markdown and HTML by the command line: of a plan, beside what it prints, and of its run file later.

use std::path::Path;
use std::process::Command;

const PLAYBOOK: &str = "playbooks/merge-duplicate-contacts.yaml";

fn sugarmill(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sugarmill"));
    command
        .current_dir(folder)
        .args(arguments)
        .arg("--quiet")
        .env("SUGARMILL_SEED", "pages");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_plan_is_reported_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let playbook = Path::new(env!("CARGO_MANIFEST_DIR")).join(PLAYBOOK);
    let plan = [
        "plan",
        playbook.to_str().unwrap(),
        "--sandbox",
        "-o",
        "plan.run",
        "--report",
        "markdown=plan.md",
        "--report",
        "html=plan.html",
    ];
    let (code, said) = sugarmill(folder.path(), &plan);
    assert_eq!(code, Some(0), "{said}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let markdown = read("plan.md");
    // Counts stand beside the limits of the playbook.
    for row in [
        "| changes | 37 | `max_changes: 500` |",
        "| deletes | 10 | `max_deletes: 25` |",
        "| failures | 0 | `max_failures` not set: the first stops, unless `on_error` says otherwise |",
    ] {
        assert!(markdown.contains(row), "{row}: {markdown}");
    }
    assert!(
        markdown.contains("**Careful**: 10 changes that cannot be taken back."),
        "{markdown}"
    );
    assert!(markdown.contains("#### 10 deletes"), "{markdown}");
    assert!(
        !markdown.contains("](http"),
        "a sandbox inside the command has no records to go to"
    );
    assert!(read("plan.html").contains("10 deletes, which cannot be taken back,"));

    // The file itself says the same at any time.
    for (format, name) in [("markdown", "plan.md"), ("html", "plan.html")] {
        let (code, shown) = sugarmill(folder.path(), &["show", "plan.run", "--format", format]);
        assert_eq!((code, shown), (Some(0), read(name)), "{format}");
    }
}

#[test]
fn a_format_that_is_none_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = sugarmill(folder.path(), &["show", "x.run", "--report", "pdf=x.pdf"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("`pdf` is not a format of reports"), "{said}");
    assert!(said.contains("markdown, html"), "{said}");
}

/// A file called `-` is nobody's wish.
#[test]
fn standard_output_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = sugarmill(folder.path(), &["show", "x.run", "--report", "github=-"]);
    assert_eq!(code, Some(3));
    assert!(
        said.contains("`--format github` writes to standard output"),
        "{said}"
    );
}
