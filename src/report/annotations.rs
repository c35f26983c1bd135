//! A run file as annotations of a GitHub workflow: what went wrong beside the line of its step or of its data row.

use std::io::Write;

use super::Checkout;
use super::Diagnostic;
use super::Outcome;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::Severity;
use super::github;
use super::source::STOPPED;
use super::source::Source;
use super::text::grouped;
use super::went_wrong;
use super::went_wrong::Group;
use crate::diag::counted;
use crate::operation::Action;
use crate::runfile::RunView;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Operations named in an annotation that stands for more of them.
const NAMED: u32 = 3;

/// Writes the annotations: of each operation that went wrong one, as long as GitHub shows them all; beyond that one of
/// each step and label.
pub fn write_github(
    view: &RunView,
    privacy: Privacy,
    checkout: Option<&Checkout>,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, privacy)?;
    let report: Report<()> = source.report(|_| Ok(()))?;
    let places = source.places();
    let bad: u64 = source
        .steps
        .iter()
        .map(|step| source.count(step, source.standing.wrong()))
        .sum::<Result<_, _>>()?;
    // What stopped the run stands beside its step already.
    let says_more = |found: &Diagnostic| found.severity == Severity::Error && found.code != STOPPED;
    let is_told = bad > 0 || report.diagnostics.iter().any(says_more);
    let mut found: Vec<Diagnostic> = report
        .diagnostics
        .into_iter()
        .filter(|diagnostic| !is_told || diagnostic.code != STOPPED)
        .map(|diagnostic| places.located(diagnostic))
        .collect();
    let errors = found
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    let room = github::SHOWN.saturating_sub(errors.count()) as u64;
    for step in &source.steps {
        if bad <= room {
            source.first(step, source.standing.wrong(), bad, |operation| {
                found.push(places.located(one(step, &operation)));
                Ok(())
            })?;
        } else {
            for group in went_wrong::groups(&source, step, NAMED)? {
                found.push(places.located(all_of(step, &group)));
            }
        }
        found.extend(noted(&source, step)?.map(|noted| places.located(noted)));
    }
    if let Some(checkout) = checkout {
        found = found.into_iter().map(|one| checkout.located(one)).collect();
    }
    let command = format!("sugarmill show {}", report.run.file);
    out.write_all(github::annotations(&found, &command).as_bytes())?;
    Ok(())
}

/// At its data row where it has one; that is where somebody would mend it.
fn one(step: &StepView, operation: &super::OperationReport) -> Diagnostic {
    let label = operation.label.as_deref();
    Diagnostic {
        file: operation.row.as_ref().map(|row| row.file.clone()),
        line: operation.row.as_ref().map(|row| row.line),
        ..at_step(
            step,
            label.unwrap_or(operation.outcome.as_str()),
            Severity::Error,
            match operation.action {
                // There is one of it; its number says nothing.
                Action::Assert => operation.message.clone().unwrap_or_default(),
                _ => went_wrong::line(&step.id, operation),
            },
        )
    }
}

fn all_of(step: &StepView, group: &Group) -> Diagnostic {
    let what = match group.outcome {
        Outcome::Unknown => "with an unknown end",
        _ => "failed",
    };
    let operations = match group.count {
        1 => "1 operation".to_owned(),
        count => format!("{} operations", grouped(count)),
    };
    let mut lines = vec![format!("{operations} {what}")];
    lines.extend(
        group
            .samples
            .iter()
            .map(|operation| went_wrong::line(&step.id, operation)),
    );
    let more = group.more();
    if more > 0 && !group.samples.is_empty() {
        lines.push(format!("and {} more", grouped(more)));
    }
    at_step(step, group.name(), Severity::Error, lines.join("\n"))
}

/// Skipped for another reason than its condition, or unchanged with a remark.
fn noted(source: &Source<'_>, step: &StepView) -> Result<Option<Diagnostic>, ReportError> {
    let count = source.count(step, Which::Noted)?;
    if count == 0 {
        return Ok(None);
    }
    let mut lines = vec![format!("{} worth a look", counted(count, "operation"))];
    let mut label = None;
    source.first(step, Which::Noted, u64::from(NAMED), |operation| {
        lines.push(went_wrong::line(&step.id, &operation));
        label = label.take().or(operation.label);
        Ok(())
    })?;
    let label = label.unwrap_or_else(|| "unchanged".into());
    Ok(Some(at_step(
        step,
        &label,
        Severity::Warning,
        lines.join("\n"),
    )))
}

fn at_step(step: &StepView, code: &str, severity: Severity, message: String) -> Diagnostic {
    Diagnostic {
        code: code.to_owned(),
        severity,
        message,
        help: None,
        file: None,
        line: None,
        column: None,
        end: None,
        step: Some(step.id.clone()),
    }
}
