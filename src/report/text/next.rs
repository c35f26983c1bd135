//! What can be done now, as commands to copy.

use super::cells;
use super::head;
use super::is_open;
use super::sheet::Ink;
use super::sheet::Sheet;
use crate::report::Kind;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::RunResult;
use crate::report::outcome::Standing;
use crate::report::privacy::HIDDEN;
use crate::report::source::Source;
use crate::runfile::Ending;
use crate::runfile::Instance;
use crate::runfile::Stage;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

const DRIFT: &str = LocalLabel::Drift.as_str();

/// What Sugar says of fields that it does not take, and the plan of those that the metadata do not.
const NOT_TAKEN: [SugarLabel; 2] = [SugarLabel::InvalidParameter, SugarLabel::MissingParameter];

/// Failures that end the same way however often they are tried, besides those that lie in the data.
const HOPELESS: [LocalLabel; 4] = [
    LocalLabel::Drift,
    LocalLabel::IdTaken,
    LocalLabel::Irreversible,
    LocalLabel::NotStored,
];

pub(super) fn draw<O>(
    sheet: &mut Sheet<'_>,
    source: &Source<'_>,
    report: &Report<O>,
) -> Result<(), ReportError> {
    let mut steps = of(source, report)?;
    if sheet.is_cut() {
        let file = quoted(&report.run.file);
        let all = format!("sugarmill show {file} --operations all");
        steps.push((
            "to see all that is only counted here:".to_owned(),
            Some(all),
        ));
    }
    if sheet.hides() {
        let why = format!("{HIDDEN} stands for personal data, which `--show-pii` shows");
        steps.push((why, None));
    }
    if steps.is_empty() {
        return Ok(());
    }
    sheet.heading("next")?;
    for (why, command) in steps {
        sheet.wrapped("", Ink::Plain, &why)?;
        if let Some(command) = command {
            sheet.line(&format!("  {command}"))?;
        }
    }
    Ok(())
}

/// What can be done now.
pub(in crate::report) fn of<O>(
    source: &Source<'_>,
    report: &Report<O>,
) -> Result<Vec<Step>, ReportError> {
    let summary = &report.summary;
    let can_be_undone = source.failed_and_written()? > 0
        || (summary.ok > 0 && summary.ok + summary.unknown > head::irreversible(source)?);
    let is_limited = matches!(source.standing.ending, Some(Ending::Refused(_)));
    let ways = Ways {
        can_be_undone,
        not_taken: match summary.failed {
            0 => 0,
            _ => source.failed_unsent(&NOT_TAKEN)?,
        },
        past_limits: if is_limited {
            source.past_limits()?
        } else {
            None
        },
    };
    Ok(steps(&source.standing, report, source.instance(), &ways))
}

/// What the run file alone can tell of what may be done now.
struct Ways {
    can_be_undone: bool,
    /// What the command is given that goes past the limits by which the last one was refused.
    past_limits: Option<String>,
    /// Failed operations whose fields the metadata did not take, so that nothing of them was sent.
    not_taken: u64,
}

/// Failed operations with one of these labels.
fn failed_with<O>(report: &Report<O>, labels: &[LocalLabel]) -> u64 {
    let is_one = |label: &str| labels.iter().any(|known| known.as_str() == label);
    let labelled = report.steps.iter().flat_map(|step| &step.aside.labelled);
    labelled
        .filter(|((outcome, label), _)| *outcome == Outcome::Failed && is_one(label))
        .map(|(_, count)| count)
        .sum()
}

/// What for, and the command that does it.
pub(in crate::report) type Step = (String, Option<String>);

fn steps<O>(
    standing: &Standing,
    report: &Report<O>,
    instance: &Instance,
    ways: &Ways,
) -> Vec<Step> {
    let ending = standing.ending.as_ref();
    let step = |why: &str, command: String| (why.to_owned(), Some(command));
    let command = |verb: &str, options: &str| {
        let command = again(verb, &report.run.file, instance);
        format!("{command}{options}")
    };
    let apply = |options: &str| command("apply", options);
    let digest = report.digest.as_deref();
    let expecting = digest.map(|digest| format!(" --expect-digest {digest}"));
    let expecting = expecting.unwrap_or_default();
    let summary = &report.summary;
    let mut steps = Vec::new();
    if standing.is_hindered {
        // The reason above says what to do, and the file is what it was.
        return steps;
    }
    if let Some(writer) = &standing.writer {
        let why = format!("it goes on, in {writer}; to look again:");
        steps.push((
            why,
            Some(format!("sugarmill show {}", quoted(&report.run.file))),
        ));
        return steps;
    }
    match (standing.is_plan(), report.result) {
        (_, RunResult::Running | RunResult::Succeeded) => {}
        (true, RunResult::Refused | RunResult::Failed) => {
            match (&ways.past_limits, &standing.undoes) {
                (Some(options), Some(undoes)) => {
                    let command = again("undo", &undoes.file, instance);
                    steps.push(step(
                        "nothing was sent; to take it back all the same, if so much is meant:",
                        format!("{command}{options}"),
                    ));
                }
                (Some(options), None) => {
                    steps.push(step(
                        "nothing was sent; to apply it all the same, if so much is meant:",
                        apply(&format!("{expecting}{options}")),
                    ));
                    steps.push((
                        "otherwise change the playbook and plan again".to_owned(),
                        None,
                    ));
                }
                (None, _) => steps.push((
                    "mend what is listed above and plan again; nothing was sent".to_owned(),
                    None,
                )),
            }
        }
        (_, RunResult::Refused) => {
            if let Some(options) = &ways.past_limits {
                steps.push(step(
                    "nothing more was sent; to go on all the same, if so much is meant:",
                    apply(options),
                ));
            }
            steps.push((
                match ways.past_limits {
                    Some(_) => "otherwise change the playbook and plan again",
                    None => "nothing more was sent; change the playbook and plan again",
                }
                .to_owned(),
                None,
            ));
        }
        // Half a plan.
        (true, RunResult::Interrupted) if standing.stage == Stage::Refused => {
            let why = "nothing was written to the instance, and half a plan cannot be applied;";
            steps.push(match &standing.undoes {
                Some(undoes) => {
                    let command = again("undo", &undoes.file, instance);
                    (format!("{why} to begin again:"), Some(command))
                }
                None => (format!("{why} give the same command again"), None),
            });
        }
        (true, RunResult::Interrupted) => steps.push(step("to go on:", apply(""))),
        (true, _) if !is_open(report) => {}
        (true, _) => steps.push(step("to do exactly this:", apply(&expecting))),
        (_, RunResult::Interrupted | RunResult::Planned) => {
            let why = match ending {
                Some(Ending::Lost(_)) => "to go on, when the instance answers again:",
                Some(Ending::Denied(_) | Ending::Halted(_)) => "to go on, when that is mended:",
                _ => "to go on where it ended:",
            };
            steps.push(step(why, apply("")));
        }
        (_, RunResult::Failed) => {}
    }
    // What a guard refused is not to be gone on with as it is.
    if !standing.is_plan() && report.result != RunResult::Refused {
        let by_data = failed_with(report, LocalLabel::OF_DATA) + ways.not_taken;
        if summary.failed > by_data + failed_with(report, &HOPELESS) {
            let why = "to try what failed again, and what was skipped because of it:";
            steps.push(step(why, apply(" --retry-failed")));
        }
        if by_data > 0 {
            let why = format!(
                "{} failed for what the data or the playbook says: mend that and plan again; what has a key is not made twice",
                cells::counted(by_data, "operation")
            );
            steps.push((why, None));
        }
        // After an interruption the command that goes on asks for these as well.
        if summary.unknown > 0 && report.result != RunResult::Interrupted {
            let why = "to ask again what became of what is unknown:";
            steps.push(step(why, apply("")));
            let why = "to send that again, if you found that it was not done:";
            steps.push(step(why, apply(" --retry-unknown")));
        }
    }
    // A sandbox that lived for one command is named by its seed, and has nothing left to take back.
    let is_gone = instance.url.starts_with("sandbox:");
    if report.kind == Kind::Run && ways.can_be_undone && !is_gone {
        let why = match is_open(report) {
            true => "to take back what was done, in place of going on:",
            false => "to take it back:",
        };
        steps.push(step(why, command("undo", "")));
    }
    if report.kind == Kind::Undo && summary.labels.contains_key(DRIFT) && !standing.is_plan() {
        let undone = standing.undoes.as_ref().map_or("", |undoes| &undoes.file);
        let command = format!("{} --force", again("undo", undone, instance));
        let why = "to take back what somebody changed since, too:";
        steps.push(step(why, command));
    }
    steps
}

/// Advice in which `sugarmill apply FILE` stands for the command that works with the file as it is named now.
pub fn naming(advice: &str, apply: &str) -> String {
    advice.replace("sugarmill apply FILE", apply)
}

/// A command on a run file that names the instance as the command line of its plan did.
pub fn again(verb: &str, file: &str, instance: &Instance) -> String {
    let mut command = format!("sugarmill {verb} {}", quoted(file));
    let confirm = instance.confirm.iter();
    let confirm = confirm.flat_map(|host| ["--confirm", host]);
    for flag in instance.flags.iter().map(String::as_str).chain(confirm) {
        command.push(' ');
        command.push_str(&quoted(flag));
    }
    command
}

/// As a shell takes it for one word.
pub(in crate::report) fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./+:@%,".contains(letter);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_names_the_instance_as_the_last_one_did() {
        let instance = |flags: &[&str], confirm: Option<&str>| Instance {
            url: "https://crm.example.com".into(),
            user: "ops".into(),
            user_id: "1".into(),
            metadata_hash: None,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            confirm: confirm.map(str::to_owned),
        };
        for (instance, command) in [
            (instance(&[], None), "sugarmill apply a.run"),
            (
                instance(&["--profile", "my crm"], Some("crm.example.com")),
                "sugarmill apply a.run --profile 'my crm' --confirm crm.example.com",
            ),
            (
                instance(&["--sandbox"], None),
                "sugarmill apply a.run --sandbox",
            ),
        ] {
            assert_eq!(again("apply", "a.run", &instance), command);
        }
    }

    #[test]
    fn paths_are_one_word_for_a_shell() {
        assert_eq!(quoted("runs/a-1.run"), "runs/a-1.run");
        assert_eq!(quoted("my runs/it's.run"), r"'my runs/it'\''s.run'");
    }
}
