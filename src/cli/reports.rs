//! A run file into the reports that were asked for.

use std::io::Write;
use std::path::Path;

use serde_json::Map;
use serde_json::json;

use super::args::Format;
use super::args::Operations;
use super::failure::Failure;
use super::printer;
use super::settings::OutputSettings;
use super::settings::Settings;
use crate::diag::Colour;
use crate::diag::Severity;
use crate::diag::Style;
use crate::report;
use crate::report::Diagnostic;
use crate::report::Listing;
use crate::report::TextOptions;
use crate::runfile::RunView;

/// Prints the report and writes the files that were asked for.
pub(crate) fn give(
    settings: &Settings,
    output: &OutputSettings,
    view: &RunView,
) -> Result<(), Failure> {
    let color = settings.color_on_stdout();
    printer::result(&rendered(settings, output, view, output.format, color)?);
    for (format, path) in &output.files {
        write_file(
            path,
            rendered(settings, output, view, *format, false)?.as_bytes(),
        )?;
    }
    Ok(())
}

pub(crate) fn rendered(
    settings: &Settings,
    output: &OutputSettings,
    view: &RunView,
    format: Format,
    color: bool,
) -> Result<String, Failure> {
    let mut out = Vec::new();
    match format {
        Format::Json => report::write_json(view, output.json(), &mut out)?,
        Format::Html => report::write_html(view, output.privacy, &mut out)?,
        Format::Markdown => report::write_markdown(view, output.privacy, &mut out)?,
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
            report::write_text(
                view,
                TextOptions {
                    style,
                    privacy: output.privacy,
                    listing,
                },
                &mut out,
            )?;
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::Write {
        path: path.to_owned(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// With `--format json` stdout is one JSON document on every exit: here that of a command that made no run file.
pub(crate) fn give_failure(failure: &Failure, playbook: &Path) {
    let report = report::Report::<Vec<report::OperationReport>> {
        version: 1,
        kind: report::Kind::Plan,
        digest: None,
        playbook: report::PlaybookReport {
            name: String::new(),
            path: playbook.display().to_string(),
            sha256: String::new(),
        },
        instance: report::InstanceReport::default(),
        run: report::RunReport::default(),
        result: report::RunResult::Refused,
        summary: report::Summary::default(),
        requests: report::RequestCounts::default(),
        steps: Vec::new(),
        outputs: Map::new(),
        diagnostics: diagnostics(failure),
    };
    let text = serde_json::to_string_pretty(&report).unwrap_or_default();
    printer::result(&format!("{text}\n"));
}

/// The same for a command that would not have made a report.
pub(crate) fn give_diagnostics(failure: &Failure) {
    let document = json!({ "version": 1, "diagnostics": diagnostics(failure) });
    printer::result(&format!("{document:#}\n"));
}

/// A failure as `check --format json` lists it.
pub(crate) fn diagnostics(failure: &Failure) -> Vec<Diagnostic> {
    let Failure::Problems {
        problems, sources, ..
    } = failure
    else {
        return vec![Diagnostic {
            code: "command".into(),
            severity: report::Severity::Error,
            message: failure.to_string(),
            help: failure.help(),
            file: None,
            line: None,
            column: None,
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
            let place = problem
                .labels
                .first()
                .map(|(span, _)| (span, sources.position(*span)));
            let (file, line, column) = match (&problem.row, place) {
                (Some(row), _) => (Some(row.file.clone()), Some(row.line), None),
                (None, Some((span, at))) => (
                    Some(sources.get(span.source).name.clone()),
                    Some(at.line as u64),
                    Some(at.column as u64),
                ),
                (None, None) => (None, None, None),
            };
            Diagnostic {
                code: problem.code.0.to_owned(),
                severity: match problem.severity {
                    Severity::Error => report::Severity::Error,
                    Severity::Warning => report::Severity::Warning,
                },
                message: problem.message.clone(),
                help: problem.help.clone(),
                file,
                line,
                column,
                step: problem.step.clone(),
            }
        })
        .collect()
}
