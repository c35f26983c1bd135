//! Bytes that no playbook, snapshot or file of variables should hold: each ends in words and a place, never in a panic.
//!
//! What is special about one format is tested beside its reader: `src/playbook/yaml`, `src/playbook/rows`, `src/expr/depth.rs`.

use assert_cmd::Command;

const PLAYBOOK: &str = "version: 1
name: one
vars: { x: { type: string, default: a } }
steps:
  - { id: found, filter: Accounts, where: { name: \"{{ vars.x }}\" } }
";

/// A file, and what must be said of it.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    said: &'static [&'static str],
}

fn case(name: &'static str, bytes: impl Into<Vec<u8>>, said: &'static [&'static str]) -> Case {
    Case {
        name,
        bytes: bytes.into(),
        said,
    }
}

fn laughs() -> String {
    let mut text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..12 {
        let line = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{line}]\n"));
    }
    text
}

/// Writes each file, runs the command line on it, and wants exit 3 and the words.
fn each_is_refused(cases: Vec<Case>, line: &[&str]) {
    for Case { name, bytes, said } in cases {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good.yaml"), PLAYBOOK).unwrap();
        std::fs::write(folder.path().join("file"), bytes).unwrap();
        refused(name, folder.path(), line, said);
    }
}

fn refused(name: &str, folder: &std::path::Path, line: &[&str], said: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_sugarmill"))
        .args(line)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "200")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(3), "{name}: {text}");
    for words in said {
        assert!(text.contains(words), "{name}: `{words}` is not in\n{text}");
    }
    assert!(text.len() < 10_000, "{name}: {} bytes", text.len());
}

#[test]
fn as_a_playbook() {
    let head = "version: 1\nname: deep\nsteps:\n  - id: a\n    create: Accounts\n    set: { name: ";
    let path = "version: 1\nname: deep\nsteps:\n  - { id: b, list: Leads }\n  - id: a\n    create: Leads\n    key: x\n    set: {}\n    for_each: \"$.steps.b.records";
    each_is_refused(
        vec![
            case(
                "laughs",
                laughs(),
                &["file:", "nested too deeply, or aliases"],
            ),
            case(
                "lists",
                "[".repeat(1_000_000),
                &["file:1:33", "nested too deeply"],
            ),
            case(
                "keys",
                "? ".repeat(10_000),
                &["file:1:65", "nested too deeply"],
            ),
            case(
                "where",
                format!(
                    "{head}{}1{}",
                    "{ $and: [".repeat(10_000),
                    "] }".repeat(10_000)
                ),
                &["file:6:", "nested too deeply"],
            ),
            case("NUL", "version: 1\n\0", &["file:2:1", "U+0000"]),
            case(
                "UTF-8",
                b"version: 1\nname: \xff",
                &["file:2:7", "not UTF-8"],
            ),
            case(
                "half a UTF-16 pair",
                b"\xff\xfe\x00\xd8a\0",
                &["file:1:1", "not UTF-16LE"],
            ),
            case(
                "a template of 10,000 brackets",
                format!(
                    "{head}\"{{{{ {}1{} }}}}\" }}",
                    "(".repeat(10_000),
                    ")".repeat(10_000)
                ),
                &["file:6:", "this template cannot be read"],
            ),
            case(
                "a template of 100,000 terms",
                format!("{head}\"{{{{ 1{} }}}}\" }}", " + 1".repeat(100_000)),
                &["file:6:", "too long to be one expression"],
            ),
            case(
                "a JSONPath of 100,000 names",
                format!("{path}{}\"", ".a".repeat(100_000)),
                &["file:9:", "a JSONPath of more than 4096 bytes"],
            ),
            case(
                "a JSONPath of 1,000 brackets",
                format!("{path}{}\"", "[".repeat(1_000)),
                &["file:9:", "a JSONPath with brackets more than 6 deep"],
            ),
            case("one long word", "a".repeat(500_000), &["file:1:1"]),
        ],
        &["check", "file"],
    );
}

#[test]
fn as_a_snapshot() {
    let deep = |part: &str| format!("{{\"modules\": {}", part.repeat(100_000));
    each_is_refused(
        vec![
            case("nothing", "", &["file:1:1", "not JSON"]),
            case(
                "no JSON",
                "{\n  \"modules\": nope }",
                &["file:2:", "not JSON"],
            ),
            case("lists", deep("["), &["file:1:", "recursion limit"]),
            case("maps", deep("{\"a\":"), &["file:1:", "recursion limit"]),
            case(
                "other JSON",
                "[1, 2]",
                &["file:1:1", "neither a metadata snapshot"],
            ),
            case("NUL", "{\"a\": \"\0\"}", &["file:1:8", "control character"]),
            case("UTF-8", b"{\"a\":\n\"\xff\"}", &["file:2:2", "not UTF-8"]),
            case(
                "a damaged snapshot",
                "{\"sugarmill_metadata\": 1, \"modules\": 5}",
                &["file:1:1", "a damaged snapshot"],
            ),
        ],
        &["check", "good.yaml", "--metadata", "file"],
    );
}

#[test]
fn as_a_file_of_variables() {
    each_is_refused(
        vec![
            case(
                "laughs",
                laughs(),
                &["file:", "nested too deeply, or aliases"],
            ),
            case(
                "lists",
                "x: ".to_owned() + &"[".repeat(10_000),
                &["file:1:", "nested too deeply"],
            ),
            case("UTF-8", b"x: \xff", &["file:1:4", "not UTF-8"]),
            case(
                "no map",
                "- x",
                &["file:1:1", "a file of variables is a map"],
            ),
        ],
        &["plan", "good.yaml", "--sandbox", "--vars-file", "file"],
    );
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.yaml"), PLAYBOOK).unwrap();
    for line in [
        &["check", "/dev/zero"][..],
        &["check", "good.yaml", "--metadata", "/dev/zero"],
        &["plan", "good.yaml", "--sandbox", "--vars-file", "/dev/zero"],
    ] {
        refused(
            "zeros",
            folder.path(),
            line,
            &["`/dev/zero` is larger than"],
        );
    }
}

/// Data files are read row by row; what is one row without end stops there, in little memory.
#[cfg(unix)]
#[test]
fn as_a_data_file() {
    for (reader, bytes, said) in [
        (
            "csv",
            None,
            "the heading of `rows`: more than 16 MiB in one row",
        ),
        ("jsonl", None, "rows:1"),
        ("json", None, "not a JSON list"),
        ("xlsx", None, "not a workbook"),
        ("csv", Some(b"code\n\"x".to_vec()), "rows:2"),
        ("csv", Some(b"code\n\xff\n".to_vec()), "rows:2"),
        ("csv", Some(b"code,name\nA\n".to_vec()), "rows:2"),
        (
            "jsonl",
            Some(format!("{{\"code\": 1}}\n{}", "[".repeat(10_000)).into()),
            "rows:2",
        ),
        ("jsonl", Some(b"{\"code\": \"\0\"}".to_vec()), "rows:1"),
        ("json", Some("[".repeat(100_000).into()), "rows"),
        ("xlsx", Some(b"PK\x03\x04".to_vec()), "not a workbook"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "version: 1\nname: rows\nsteps:\n  - {{ id: a, for_each: {{ {reader}: rows }}, as: row, create: Accounts, \
             key: \"{{{{ row.code }}}}\", set: {{ name: \"{{{{ row.code }}}}\" }} }}\n"
        );
        std::fs::write(folder.path().join("file"), text).unwrap();
        let rows = folder.path().join("rows");
        match bytes {
            Some(bytes) => std::fs::write(rows, bytes).unwrap(),
            // 128 MiB of NUL that take no room on the disk.
            None => std::fs::File::create(rows)
                .unwrap()
                .set_len(1 << 27)
                .unwrap(),
        }
        let line = format!(
            "ulimit -v 1500000; exec {} plan file --sandbox",
            env!("CARGO_BIN_EXE_sugarmill")
        );
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(folder.path())
            .env_clear()
            .env("COLUMNS", "200")
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(3), "{reader}: {text}");
        assert!(text.contains(said), "{reader}: `{said}` is not in\n{text}");
    }
}

/// Numbers that overflow in the workbook reader: wherever it stops for that, nobody is shown a panic.
#[test]
fn a_workbook_that_is_wider_than_any_number_ends_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let playbook = "version: 1\nname: x\nsteps:\n  - { id: a, for_each: { xlsx: beyond.xlsx }, create: Accounts, key: \
                    \"{{ item.code }}\", set: { name: \"{{ item.name }}\" } }\n";
    std::fs::write(folder.path().join("p.yaml"), playbook).unwrap();
    let workbook = crate::scene::project_file("tests/workbooks/beyond.xlsx");
    std::fs::copy(workbook, folder.path().join("beyond.xlsx")).unwrap();
    let output = Command::cargo_bin("sugarmill")
        .unwrap()
        .current_dir(folder.path())
        .args(["check", "p.yaml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    // Where numbers may wrap, the reader goes on and finds the two rows.
    let words = said.contains("its parts do not fit together");
    assert!(words || output.status.success(), "{said}");
}
