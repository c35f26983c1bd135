//! `graph`: of a playbook, and of a run file with what became of each step.

use crate::command::assert_seen;
use crate::command::sugarmill;

const PLAYBOOK: &str = "tests/graph/all_kinds.yaml";

#[test]
fn reads_writes_and_asserts_can_be_told_apart() {
    for format in ["mermaid", "dot"] {
        let ended = sugarmill(["graph", PLAYBOOK, "--format", format]);
        assert_seen("graph", format, &ended.seen());
    }
}

#[test]
fn a_run_file_says_what_became_of_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.run");
    let file = file.to_str().unwrap();
    sugarmill(["run", PLAYBOOK, "--sandbox", "--yes", "-o", file]);
    assert_seen("graph", "run_file", &sugarmill(["graph", file]).seen());
}

#[test]
fn a_run_file_says_what_rode_in_which_batch_and_what_it_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let playbook = crate::weather::playbook(8, "").replace("concurrency: 2", "concurrency: 1");
    std::fs::write(path("p.yaml"), playbook).unwrap();
    sugarmill([
        "run",
        &path("p.yaml"),
        "--sandbox",
        "--yes",
        "-o",
        &path("a.run"),
    ]);
    assert_seen(
        "graph",
        "batches",
        &sugarmill(["graph", &path("a.run")]).seen(),
    );
}

#[test]
fn a_broken_playbook_is_explained() {
    assert_eq!(
        sugarmill(["graph", "tests/diagnostics/cases/top_empty.yaml"]).code,
        Some(3)
    );
    assert_eq!(sugarmill(["graph", "no/such.yaml"]).code, Some(3));
}
