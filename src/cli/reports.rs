//! A run file into the reports that were asked for.

use std::io::Write;
use std::path::Path;

use super::args::Format;
use super::args::Operations;
use super::exit::Exit;
use super::failure::Failure;
use super::printer;
use super::settings::OutputSettings;
use super::settings::Settings;
use super::step_summary;
use super::written::write_file_by;
use crate::diag::Colour;
use crate::diag::Severity;
use crate::diag::Style;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Listing;
use crate::report::PlaceEnd;
use crate::report::ReportError;
use crate::report::TextOptions;
use crate::runfile::ProblemView;
use crate::runfile::RunView;

/// The code of what went wrong with a command, and not with what it works on.
const COMMAND: &str = "command";

/// Gives what a command on a run file owes: files, the summary of a workflow's step, and the report on stdout.
pub(crate) fn give(
    settings: &Settings,
    output: &OutputSettings,
    view: RunView,
) -> Result<Exit, Failure> {
    // A person reads beside the report which files are not written; programs find it in the report.
    let for_people = output.format == Format::Text;
    let shown = for_people.then(|| print(settings, output, &view));
    let (exit, view) = give_beside(settings, output, view);
    shown.unwrap_or_else(|| print(settings, output, &view))?;
    Ok(exit)
}

/// The same without stdout, where a person has been told already.
pub(crate) fn give_beside(
    settings: &Settings,
    output: &OutputSettings,
    view: RunView,
) -> (Exit, RunView) {
    let (exit, view) = write_files(settings, output, view);
    step_summary::append(settings, |out| {
        report::write_markdown(&view, output.privacy, out)
    });
    (exit, view)
}

/// Files and stdout, which gets its document whatever becomes of a file.
pub(crate) fn show(
    settings: &Settings,
    output: &OutputSettings,
    view: RunView,
) -> Result<Exit, Failure> {
    let (exit, view) = write_files(settings, output, view);
    print(settings, output, &view)?;
    Ok(exit)
}

fn print(settings: &Settings, output: &OutputSettings, view: &RunView) -> Result<(), Failure> {
    let color = settings.color_on_stdout();
    let mut out = printer::results();
    write(settings, output, view, output.format, color, &mut out)?;
    out.flush().map_err(ReportError::Write)?;
    Ok(())
}

/// One file that cannot be written is said, and keeps nobody from the others. What is reported afterwards says it too.
pub(crate) fn write_files(
    settings: &Settings,
    output: &OutputSettings,
    view: RunView,
) -> (Exit, RunView) {
    let mut exit = Exit::Success;
    let mut lost = Vec::new();
    for (format, path) in &output.files {
        let written = write_file_by(path, |out| {
            write(settings, output, &view, *format, false, out)
        });
        if let Err(failure) = written {
            printer::failure(settings, &failure);
            exit = failure.exit();
            lost.push(ProblemView {
                code: COMMAND.into(),
                severity: report::Severity::Error.as_str().into(),
                message: failure.to_string(),
                help: failure.help(),
                file: None,
                line: None,
                column: None,
                step: None,
            });
        }
    }
    (exit, view.beside(lost))
}

/// The code of a command: its own, unless nothing but its reports went wrong.
pub(crate) fn exit(settings: &Settings, own: Exit, given: Result<Exit, Failure>) -> Exit {
    let given = given.unwrap_or_else(|failure| {
        printer::failure(settings, &failure);
        failure.exit()
    });
    match own {
        Exit::Success | Exit::Changes if given != Exit::Success => given,
        own => own,
    }
}

/// In memory, for a terminal.
pub(crate) fn rendered(
    settings: &Settings,
    output: &OutputSettings,
    view: &RunView,
    format: Format,
    color: bool,
) -> Result<String, Failure> {
    let mut out = Vec::new();
    write(settings, output, view, format, color, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Writes a report as it is made, so that memory does not grow with the run.
pub(crate) fn write(
    settings: &Settings,
    output: &OutputSettings,
    view: &RunView,
    format: Format,
    color: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let privacy = output.privacy;
    match format {
        Format::Json => report::write_json(view, output.json(), out)?,
        Format::Junit => report::write_junit(view, privacy, out)?,
        Format::Github => report::write_github(view, privacy, out)?,
        Format::Ndjson => report::write_ndjson(view, privacy, out)?,
        Format::Csv => report::write_csv(view, privacy, out)?,
        Format::Html => report::write_html(view, privacy, out)?,
        Format::Markdown => report::write_markdown(view, privacy, out)?,
        Format::Text => {
            let colour = if color { Colour::Ansi } else { Colour::None };
            let style = Style {
                width: settings.environment.width(),
                colour,
            };
            let listing = match output.operations {
                Operations::Some => Listing::Brief,
                Operations::All => Listing::All,
            };
            let options = TextOptions {
                style,
                privacy,
                listing,
            };
            report::write_text(view, options, out)?;
        }
    }
    Ok(())
}

/// A command on a run file that names the instance as its plan did.
pub(crate) fn again(verb: &str, path: &Path) -> Result<String, Failure> {
    let header = RunView::open_again(path)?.header()?;
    Ok(report::again(
        verb,
        &path.display().to_string(),
        &header.instance,
    ))
}

/// A failure as `check --format json` lists it.
pub(crate) fn diagnostics(failure: &Failure) -> Vec<Diagnostic> {
    let Failure::Problems {
        problems, sources, ..
    } = failure
    else {
        return vec![Diagnostic {
            code: COMMAND.into(),
            severity: report::Severity::Error,
            message: failure.to_string(),
            help: failure.help(),
            file: None,
            line: None,
            column: None,
            end: None,
            step: None,
        }];
    };
    problems_as_diagnostics(problems, sources)
}

pub(crate) fn problems_as_diagnostics(
    problems: &crate::diag::Problems,
    sources: &crate::diag::Sources,
) -> Vec<Diagnostic> {
    problems
        .iter()
        .map(|problem| {
            let span = problem.labels.first().map(|(span, _)| *span);
            let (file, line, column, end) = match (&problem.row, span) {
                (Some(row), _) => (Some(row.file.clone()), Some(row.line), None, None),
                (None, Some(span)) => {
                    let (at, end) = (sources.position(span), sources.end(span));
                    (
                        Some(sources.get(span.source).name.clone()),
                        Some(at.line as u64),
                        Some(at.column as u64),
                        Some(PlaceEnd {
                            line: end.line as u64,
                            column: end.column as u64,
                        }),
                    )
                }
                (None, None) => (None, None, None, None),
            };
            Diagnostic {
                code: problem.code.0.to_owned(),
                severity: match problem.severity {
                    Severity::Error => report::Severity::Error,
                    Severity::Warning => report::Severity::Warning,
                },
                message: problem.said(),
                help: problem.help.clone(),
                file,
                line,
                column,
                end,
                step: problem.step.clone(),
            }
        })
        .collect()
}
