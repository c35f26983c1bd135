//! What is said of commands beside their flags: exit codes, examples, remarks. Below the flags in `--help`, and in sections
//! of their own in `man`.

use clap::Arg;
use clap::ArgMatches;
use clap::Command;
use clap::CommandFactory;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

use super::args::Cli;

/// What there is to say of one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Its name behind `sugarmill`; empty for that itself.
    command: &'static str,
    pub(crate) remarks: &'static [&'static str],
    pub(crate) exits: &'static [(&'static str, &'static str)],
    pub(crate) examples: &'static [&'static str],
}

const ENTRIES: [Entry; 12] = [
    Entry {
        command: "",
        remarks: &[
            "An instance is named by SUGAR_URL, SUGAR_USERNAME and SUGAR_PASSWORD, or by SUGAR_URL and SUGAR_ACCESS_TOKEN.",
        ],
        exits: &[
            ("0", "done"),
            ("1", "something failed, or nobody knows whether it happened"),
            ("2", "there are changes (--detailed-exitcode)"),
            ("3", "the playbook, a file or an argument is invalid"),
            ("4", "the instance was not reached, or refused the login"),
            ("5", "refused: a limit, a lock, no confirmation"),
            INTERRUPTED,
        ],
        examples: &[
            "sugarmill plan playbooks/import-customers.yaml --sandbox",
            "sugarmill plan import.yaml -o import.run && sugarmill apply import.run",
            "sugarmill run import.yaml --var owner=sally --yes",
        ],
    },
    Entry {
        command: "check",
        remarks: &[],
        exits: &[
            ("0", "no mistakes"),
            ("3", "mistakes, or a check that could not be made"),
            UNREACHED,
        ],
        examples: &[
            "sugarmill check playbooks/*.yaml --metadata metadata.json",
            "sugarmill check import.yaml --format github",
        ],
    },
    Entry {
        command: "plan",
        remarks: &[],
        exits: &[
            ("0", "the plan can be applied"),
            ("1", "an `expect` or `assert` does not hold"),
            (
                "2",
                "with --detailed-exitcode: there is something to change",
            ),
            (
                "3",
                "the playbook, its rows, a variable or an argument is invalid",
            ),
            UNREACHED,
            ("5", "the plan exceeds a limit, so it cannot be applied"),
            INTERRUPTED,
        ],
        examples: &[
            "sugarmill plan import.yaml -o import.run",
            "sugarmill plan import.yaml --report markdown=plan.md --detailed-exitcode",
        ],
    },
    Entry {
        command: "apply",
        remarks: &[],
        exits: &[
            ("0", "everything of the plan is done"),
            (
                "1",
                "an operation or `expect` failed, or something is unknown",
            ),
            ("3", "the run file, a secret or an argument is invalid"),
            (
                "4",
                "the instance was not reached: the same command goes on",
            ),
            (
                "5",
                "refused: a limit, a lock, no confirmation, another instance",
            ),
            ("130, 143", "interrupted: the same command goes on"),
        ],
        examples: &[
            "sugarmill apply import.run",
            "sugarmill apply import.run --expect-digest 3f9a12c0b7de --max-age 24h",
            "sugarmill apply import.run --retry-failed",
        ],
    },
    Entry {
        command: "run",
        remarks: &[],
        exits: &[
            ("0", "everything is done"),
            (
                "1",
                "an operation, `expect` or `assert` failed, or is unknown",
            ),
            (
                "2",
                "with --dry-run and --detailed-exitcode: there are changes",
            ),
            (
                "3",
                "the playbook, its rows, a variable or an argument is invalid",
            ),
            UNREACHED,
            ("5", "refused: a limit, a lock, nobody said yes"),
            ("130, 143", "interrupted: `apply` of the run file goes on"),
        ],
        examples: &[
            "sugarmill run import.yaml --var owner=sally --yes",
            "sugarmill run import.yaml --dry-run",
        ],
    },
    Entry {
        command: "undo",
        remarks: &[
            "Records that somebody changed after the run are left alone and named (`local:drift`), unless --force is given; \
             everything else is taken back, newest first. What cannot be taken back is named too (`local:irreversible`): \
             deletes, calls, upserts by `sync_key`, and creates that link or make others along with them.",
            "With either, an undo that was sent ends with 1. A --dry-run ends with 0 where the plan can be applied, whatever \
             it leaves out: read what it names.",
        ],
        exits: &[
            ("0", "everything is taken back"),
            ("1", "something failed, is unknown or was left alone"),
            ("3", "the run file, a secret or an argument is invalid"),
            UNREACHED,
            (
                "5",
                "refused: more deletes than allowed, a lock, nobody said yes",
            ),
            ("130, 143", "interrupted: the same command goes on"),
        ],
        examples: &[
            "sugarmill undo import.run --dry-run",
            "sugarmill undo import.run --yes",
            "sugarmill undo import.undo.run --yes",
        ],
    },
    Entry {
        command: "show",
        remarks: &[],
        exits: &[
            ("0", "shown, whatever became of the run"),
            (
                "1",
                "with --detailed-exitcode: it failed, or cannot be applied as it is",
            ),
            (
                "2",
                "with --detailed-exitcode: there is something to change",
            ),
            ("3", "there is no such run file, or it does not read"),
        ],
        examples: &[
            "sugarmill show import.run --operations all",
            "sugarmill show import.run --format html -o report.html",
        ],
    },
    Entry {
        command: "metadata diff",
        remarks: &[],
        exits: &[
            ("0", "compared"),
            ("2", "with --detailed-exitcode: something is different"),
            ("3", "a playbook that was right is wrong now"),
            UNREACHED,
        ],
        examples: &["sugarmill metadata diff metadata.json --playbook import.yaml"],
    },
    Entry {
        command: "explain",
        remarks: &[],
        exits: &[],
        examples: &["sugarmill explain local:drift"],
    },
    Entry {
        command: "doctor",
        remarks: &[],
        exits: &[
            ("0", "playbooks can be run"),
            ("3", "the instance is not named well enough to ask"),
            ("4", "something playbooks need does not work"),
        ],
        examples: &["sugarmill doctor --write-test Accounts"],
    },
    Entry {
        command: "completions",
        remarks: &[],
        exits: &[],
        examples: &[
            "source <(sugarmill completions bash)",
            "sugarmill completions fish > ~/.config/fish/completions/sugarmill.fish",
        ],
    },
    Entry {
        command: "man",
        remarks: &[],
        exits: &[],
        examples: &["sugarmill man plan | man -l -"],
    },
];

const UNREACHED: (&str, &str) = ("4", "the instance was not reached, or refused the login");
const INTERRUPTED: (&str, &str) = ("130, 143", "interrupted");

/// Commands that go to no instance. The flags that name one are neither shown there nor taken.
const AT_HOME: [&str; 11] = [
    "help",
    "version",
    "init",
    "show",
    "runs",
    "sandbox",
    "schema",
    "explain",
    "graph",
    "completions",
    "man",
];

/// The flags that name an instance.
const OF_INSTANCE: [&str; 4] = ["url", "profile", "sandbox", "allow_http"];

/// Their heading.
pub(super) const INSTANCE: &str = "Instance";

/// The command line with all that is said of it.
pub(crate) fn command() -> Command {
    let root = Cli::command();
    let of_instance: Vec<Arg> = root
        .get_arguments()
        .filter(|arg| arg.get_help_heading() == Some(INSTANCE))
        .cloned()
        .collect();
    let root = root.mut_subcommands(|command| match command.get_name() {
        name if AT_HOME.contains(&name) => {
            command.args(of_instance.iter().cloned().map(|arg| arg.hide(true)))
        }
        // The environment alone makes no check ask an instance.
        "check" => command.args(of_instance.iter().cloned().map(|arg| {
            let help = match arg.get_id().as_str() {
                "url" => "Check against this instance, such as `https://crm.example.com`",
                "profile" => "Check against an instance of `sugarmill.toml`",
                "sandbox" => "Check against an embedded SugarCRM",
                _ => return arg,
            };
            arg.help(help)
        })),
        _ => command,
    });
    said(root, "")
}

/// Refuses flags that name an instance where none is asked: whoever gives them expects something of them.
pub(crate) fn refuse_idle(command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((name, given)) = matches.subcommand() else {
        return Ok(());
    };
    if !AT_HOME.contains(&name) {
        return Ok(());
    }
    let is_given = |flag: &str| given.value_source(flag) == Some(ValueSource::CommandLine);
    let Some(flag) = OF_INSTANCE.into_iter().find(|flag| is_given(flag)) else {
        return Ok(());
    };
    let message = format!(
        "`--{}` has no effect here: `{name}` asks no instance",
        flag.replace('_', "-")
    );
    Err(command.error(ErrorKind::ArgumentConflict, message))
}

/// What there is to say of a command, by the names behind `sugarmill`.
pub(crate) fn entry(command: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.command == command)
}

fn said(command: Command, path: &str) -> Command {
    let command = command.mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        said(below, path.trim())
    });
    match entry(path) {
        Some(entry) => command.after_help(entry.text()),
        None => command,
    }
}

impl Entry {
    /// Paragraphs. Lines are broken by whoever knows the width.
    fn text(&self) -> String {
        let mut parts: Vec<String> = self.remarks.iter().map(|text| (*text).to_owned()).collect();
        if !self.exits.is_empty() {
            let longest = self.exits.iter().map(|(code, _)| code.len()).max();
            let width = longest.unwrap_or(0) + 2;
            let lines = self
                .exits
                .iter()
                .map(|(code, means)| format!("\n  {code:width$}{means}"));
            parts.push(format!("Exit codes:{}", lines.collect::<String>()));
        }
        if let [first, rest @ ..] = self.examples {
            let heading = if rest.is_empty() {
                "Example"
            } else {
                "Examples"
            };
            let lines = std::iter::once(first).chain(rest);
            let lines = lines.map(|line| format!("\n  {line}"));
            parts.push(format!("{heading}:{}", lines.collect::<String>()));
        }
        parts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command by its names behind `sugarmill`, with its help as a terminal of 80 columns has it.
    fn helps(command: &Command, path: &str, found: &mut Vec<(String, String)>) {
        let help = command.clone().term_width(80).render_long_help();
        found.push((path.to_owned(), help.to_string()));
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            helps(below, path.trim(), found);
        }
    }

    fn all() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut root = command();
        root.build();
        helps(&root, "", &mut found);
        found
    }

    #[test]
    fn every_entry_is_of_a_command() {
        let all = all();
        let names = ENTRIES.iter().map(|entry| entry.command);
        for name in names.chain(AT_HOME) {
            assert!(all.iter().any(|(path, _)| path == name), "`{name}`");
        }
    }

    #[test]
    fn no_line_is_broken_but_between_words() {
        for entry in ENTRIES {
            let lines = entry.text();
            for line in lines.lines().filter(|line| line.starts_with("  ")) {
                assert!(line.len() <= 80, "{line}");
            }
        }
        for (path, help) in all() {
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "`{path}`: {line}");
            }
        }
    }

    #[test]
    fn the_instance_is_named_where_one_is_asked() {
        for (path, help) in all() {
            let first = path.split(' ').next().unwrap_or_default();
            let asks = !AT_HOME.contains(&first);
            assert_eq!(help.contains("--profile"), asks, "`{path}`");
        }
        let all = all();
        let (_, check) = all.iter().find(|(path, _)| path == "check").unwrap();
        assert!(!check.contains("[env"), "{check}");
    }

    #[test]
    fn the_flags_of_an_instance_are_taken_where_one_is_asked() {
        let url = "https://crm.example.com";
        for (line, is_taken) in [
            (["sugarmill", "explain", "--url", url], false),
            (["sugarmill", "--url", url, "runs"], false),
            (["sugarmill", "doctor", "--url", url], true),
            (["sugarmill", "--url", url, "doctor"], true),
        ] {
            let mut command = command();
            let matches = command.try_get_matches_from_mut(line).unwrap();
            let refused = refuse_idle(&mut command, &matches).err();
            assert_eq!(refused.is_none(), is_taken, "{line:?}");
            if let Some(refused) = refused {
                let said = refused.to_string();
                assert!(said.contains("`--url` has no effect here"), "{said}");
            }
        }
    }

    #[test]
    fn all_flags_of_an_instance_are_known() {
        let root = Cli::command();
        let args = root.get_arguments();
        let of_instance = args.filter(|arg| arg.get_help_heading() == Some(INSTANCE));
        let names: Vec<&str> = of_instance.map(|arg| arg.get_id().as_str()).collect();
        assert_eq!(names, OF_INSTANCE);
    }
}
