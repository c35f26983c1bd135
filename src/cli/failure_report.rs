//! What is reported of a command that failed: with JSON one document on every exit, and every file that was asked for.
//!
//! Where there is a run file the reports show it, with the reason; otherwise they have the reason alone.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::json;

use super::args::Command;
use super::args::Format;
use super::args::Output;
use super::args::TextOrJson;
use super::exit::Exit;
use super::failure::Failure;
use super::inspect_args::MetadataCommand;
use super::printer;
use super::reports;
use super::settings::OutputSettings;
use super::settings::Settings;
use super::step_summary;
use super::written;
use crate::playbook;
use crate::report;
use crate::report::Report;
use crate::report::ReportError;
use crate::runfile::Ending;
use crate::runfile::Hindrance;
use crate::runfile::RunView;

/// What a command promises, whatever becomes of it.
pub(crate) enum Promise {
    Reports {
        output: Output,
        about: About,
        /// What `-o` names.
        out: Option<PathBuf>,
    },
    /// One document on stdout.
    Document,
    /// A check sees to its promise itself; the rest print nothing but what they are asked for.
    Nothing,
}

/// What its reports are about.
pub(crate) enum About {
    Playbook(PathBuf),
    RunFile(PathBuf),
    /// A run file that is taken back.
    Undone(PathBuf),
    /// A run file that is only looked at.
    Shown(PathBuf),
}

impl Promise {
    pub(crate) fn of(command: &Command) -> Self {
        let reports = |output: &Output, about, out: Option<&PathBuf>| Self::Reports {
            output: output.clone(),
            about,
            out: out.cloned(),
        };
        let document = |format| match format {
            TextOrJson::Json => Self::Document,
            TextOrJson::Text => Self::Nothing,
        };
        match command {
            Command::Plan(args) => reports(
                &args.output,
                About::Playbook(args.playbook.clone()),
                args.out.as_ref(),
            ),
            Command::Run(args) => reports(
                &args.output,
                About::Playbook(args.playbook.clone()),
                args.out.as_ref(),
            ),
            Command::Apply(args) => reports(&args.output, About::RunFile(args.file.clone()), None),
            Command::Undo(args) => reports(
                &args.output,
                About::Undone(args.file.clone()),
                args.out.as_ref(),
            ),
            Command::Show(args) => reports(
                &args.output,
                About::Shown(args.file.clone()),
                args.out.as_ref(),
            ),
            Command::Doctor(args) => document(args.format),
            Command::Explain(args) => document(args.format),
            Command::Runs(args) => document(args.format),
            Command::Sandbox(args) => document(args.format),
            Command::Metadata(args) => match &args.command {
                MetadataCommand::Diff(args) => document(args.format),
                MetadataCommand::Pull(_) => Self::Nothing,
            },
            Command::Check(_)
            | Command::Completions(_)
            | Command::Graph(_)
            | Command::Init(_)
            | Command::Man(_)
            | Command::Schema(_) => Self::Nothing,
        }
    }

    /// A failure, with the command that goes on where it was only interrupted.
    pub(crate) fn advised(&self, failure: Failure) -> Failure {
        let Failure::Interrupted { exit, help: None } = failure else {
            return failure;
        };
        let Self::Reports { about, .. } = self else {
            return Failure::Interrupted { exit, help: None };
        };
        let go_on = |verb: &str, path: &Path| {
            let command = reports::again(verb, path).ok();
            command.map(|command| format!("nothing was sent; to go on: `{command}`"))
        };
        let help = match about {
            About::RunFile(path) => go_on("apply", path),
            About::Undone(path) => go_on("undo", path),
            About::Playbook(_) => Some("nothing was sent; give the same command again".into()),
            About::Shown(_) => None,
        };
        Failure::Interrupted { exit, help }
    }

    /// Keeps the promise of a command that failed before it could.
    pub(crate) fn keep(&self, settings: &Settings, failure: &Failure) {
        match self {
            Self::Nothing => {}
            Self::Document => give_diagnostics(failure),
            Self::Reports { output, about, out } => {
                // Where the arguments of the reports are what is wrong, the format is still known.
                let (About::RunFile(read)
                | About::Undone(read)
                | About::Playbook(read)
                | About::Shown(read)) = about;
                let output = OutputSettings::resolve(output)
                    .ok()
                    .filter(|output| {
                        written::nothing_is_lost(output, &[read], out.as_deref()).is_ok()
                    })
                    .unwrap_or_else(|| OutputSettings::without_files(output));
                let view = match about {
                    // The run itself was not interrupted.
                    About::Undone(_) if matches!(failure, Failure::Interrupted { .. }) => None,
                    About::RunFile(path) | About::Undone(path) => RunView::open(path).ok(),
                    About::Playbook(_) | About::Shown(_) => None,
                };
                let kept = match view {
                    Some(view) => of_run_file(settings, &output, view, failure).map(drop),
                    None => of_nothing(settings, &output, about, failure),
                };
                if let Err(second) = kept {
                    printer::failure(settings, &second);
                }
            }
        }
    }
}

/// Reports on a run file with which a command could not go on, and says why.
pub(crate) fn give_hindered(
    settings: &Settings,
    output: &OutputSettings,
    path: &Path,
    failure: &Failure,
) -> Result<Exit, Failure> {
    let given = of_run_file(settings, output, RunView::open(path)?, failure);
    printer::failure(settings, failure);
    Ok(reports::exit(settings, failure.exit(), given))
}

fn of_run_file(
    settings: &Settings,
    output: &OutputSettings,
    view: RunView,
    failure: &Failure,
) -> Result<Exit, Failure> {
    let view = view.hindered(Hindrance {
        ending: failure.ending(),
        help: failure.help(),
    });
    // A person reads the reason on stderr, and what is in the file when they ask for it.
    match output.format {
        Format::Text => Ok(reports::give_beside(settings, output, view).0),
        _ => reports::give(settings, output, view),
    }
}

/// Of a command that came to no run file.
fn of_nothing(
    settings: &Settings,
    output: &OutputSettings,
    about: &About,
    failure: &Failure,
) -> Result<(), Failure> {
    let mut report = report_of(about, failure);
    let mut lost = Vec::new();
    for (format, path) in &output.files {
        let written = written::write_file_by(path, |out| write(&report, failure, *format, out));
        // One file that cannot be written keeps nobody from the others.
        if let Err(second) = written {
            printer::failure(settings, &second);
            lost.extend(reports::diagnostics(&second));
        }
    }
    report.diagnostics.extend(lost);
    if !matches!(about, About::Shown(_)) {
        let page = report::markdown_of_failure(&report);
        step_summary::append(settings, |out| Ok(out.write_all(page.as_bytes())?));
    }
    if output.format != Format::Text {
        let mut out = printer::results();
        write(&report, failure, output.format, &mut out)?;
        out.flush().map_err(ReportError::Write)?;
    }
    Ok(())
}

fn report_of(about: &About, failure: &Failure) -> Report {
    let (kind, path) = match about {
        About::Playbook(path) | About::Shown(path) => (report::Kind::Plan, path),
        About::RunFile(path) => (report::Kind::Run, path),
        About::Undone(path) => (report::Kind::Undo, path),
    };
    let name = match about {
        About::Playbook(path) => playbook::name_in(path),
        About::RunFile(_) | About::Undone(_) | About::Shown(_) => None,
    };
    Report {
        version: 1,
        kind,
        digest: None,
        playbook: report::PlaybookReport {
            name: name.unwrap_or_default(),
            path: path.display().to_string(),
            sha256: String::new(),
        },
        instance: report::InstanceReport::default(),
        run: report::RunReport::default(),
        result: match failure.ending() {
            Ending::Interrupted => report::RunResult::Interrupted,
            _ => report::RunResult::Refused,
        },
        summary: report::Summary::default(),
        requests: report::RequestCounts::default(),
        estimate: None,
        steps: Vec::new(),
        outputs: Map::new(),
        diagnostics: reports::diagnostics(failure),
    }
}

fn write(
    report: &Report,
    failure: &Failure,
    format: Format,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let text = match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, report)
                .map_err(|error| ReportError::Write(error.into()))?;
            "\n".into()
        }
        Format::Junit => return Ok(report::write_junit_of_failure(report, out)?),
        Format::Github => report::github_annotations(&report.diagnostics),
        // There is no operation to list.
        Format::Ndjson => String::new(),
        Format::Csv => report::csv_heading(),
        Format::Text => printer::plain_failure(failure),
        Format::Markdown => report::markdown_of_failure(report),
        Format::Html => {
            let text = printer::plain_failure(failure);
            return Ok(report::write_html_of_failure(report, &text, out)?);
        }
    };
    out.write_all(text.as_bytes()).map_err(ReportError::Write)?;
    Ok(())
}

/// Of a command line that makes no sense, as far as it can be seen what was asked for.
pub(crate) fn give_misused(arguments: &[String], format: Format, failure: &Failure) {
    // The file is not known: what was taken for it may be the value of a flag.
    let path = PathBuf::new();
    let about = match arguments.iter().find_map(|one| reporting(one)) {
        Some(about) => about(path),
        None if format == Format::Json => return give_diagnostics(failure),
        None => return,
    };
    // The command has failed already, and says so on stderr.
    let mut out = printer::results();
    let _ = write(&report_of(&about, failure), failure, format, &mut out);
    let _ = out.flush();
}

/// What a command of this name reports about.
fn reporting(command: &str) -> Option<fn(PathBuf) -> About> {
    match command {
        "plan" | "run" => Some(About::Playbook),
        "apply" => Some(About::RunFile),
        "undo" => Some(About::Undone),
        "show" => Some(About::Shown),
        _ => None,
    }
}

/// A failure as the one JSON document of a command that makes no report.
pub(crate) fn give_diagnostics(failure: &Failure) {
    let document = json!({ "version": 1, "diagnostics": reports::diagnostics(failure) });
    // The command has failed already, and says so on stderr.
    let _ = printer::result(&format!("{document:#}\n"));
}
