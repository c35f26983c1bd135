//! What a shell and `man` get of the command line, and what a program gets of a command that failed.

use regex::Regex;
use serde_json::Value as Json;

use crate::command::sugarmill;

const COMMANDS: [&str; 16] = [
    "check",
    "plan",
    "apply",
    "run",
    "undo",
    "show",
    "runs",
    "graph",
    "metadata",
    "schema",
    "explain",
    "doctor",
    "init",
    "sandbox",
    "completions",
    "man",
];

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = sugarmill(["completions", shell]);
        assert_eq!(ended.code, Some(0));
        for command in COMMANDS {
            // Not as a part of a sentence of help.
            let alone = Regex::new(&format!("(^|[ '\"(;{{_])({command})([ '\"):;]|$)")).unwrap();
            assert!(
                ended.stdout.lines().any(|line| alone.is_match(line)),
                "{shell}: {command}"
            );
        }
    }
}

/// Names that a person would have to know by heart.
#[test]
fn a_shell_offers_labels_and_commands() {
    for shell in ["bash", "zsh"] {
        let script = sugarmill(["completions", shell]).stdout;
        assert!(script.contains("not_authorized"), "{shell}");
        let of_man = script.lines().filter(|line| line.contains("man"));
        let offers = of_man.filter(|line| line.contains("explain") && line.contains("undo"));
        assert_ne!(offers.count(), 0, "{shell}");
    }
}

/// A file is no profile, and a step none either.
#[test]
fn files_are_offered_for_files_alone() {
    let script = sugarmill(["completions", "bash"]).stdout;
    let (_, plan) = script.split_once("sugarmill__subcmd__plan)").unwrap();
    let offered = |flag: &str| {
        let (_, case) = plan.split_once(&format!("{flag})")).unwrap();
        case.split_once(";;").unwrap().0.contains("compgen -f")
    };
    for (flag, is_file) in [
        ("--vars-file", true),
        ("--out", true),
        ("--profile", false),
        ("--only", false),
    ] {
        assert_eq!(offered(flag), is_file, "{flag}");
    }
}

#[test]
fn a_page_has_the_sections_people_look_for() {
    let page = sugarmill(["man", "apply"]).stdout;
    for section in [
        ".SH SYNOPSIS\n\\fBsugarmill apply\\fR [OPTIONS] <FILE>\n",
        ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\neverything of the plan is done\n",
        ".SH EXAMPLES\n.PP\nsugarmill apply import.run\n.PP\n",
    ] {
        assert!(page.contains(section), "{section}: {page}");
    }
    assert!(!page.contains("EXTRA"), "{page}");
}

#[test]
fn every_command_has_a_page() {
    let contents = sugarmill(["man"]).stdout;
    for command in COMMANDS {
        assert!(
            contents.contains(&format!("sugarmill\\-{command}(1)")),
            "{command}"
        );
        let page = sugarmill(["man", command]);
        assert_eq!(page.code, Some(0), "{command}");
        let title = format!(".TH sugarmill-{command} 1");
        assert!(page.stdout.contains(&title), "{command}: {}", page.stdout);
    }
    let page = sugarmill(["man", "metadata", "diff"]);
    assert!(
        page.stdout.contains("detailed\\-exitcode"),
        "{}",
        page.stdout
    );
    let unknown = sugarmill(["man", "metadata", "pul"]);
    assert_eq!(unknown.code, Some(3));
    assert!(
        unknown.stderr.contains("did you mean `pull`?"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn with_json_a_failure_is_one_document_too() {
    for arguments in [
        &["explain", "colourless", "--format", "json"][..],
        &["doctor", "--format", "json"],
        &["metadata", "diff", "no/such.json", "--format", "json"],
    ] {
        let ended = sugarmill(arguments);
        assert_eq!(ended.code, Some(3));
        let document: Json = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(
            document["diagnostics"][0]["severity"], "error",
            "{arguments:?}"
        );
    }
}
