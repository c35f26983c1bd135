//! What went wrong, and what is worth a look though nothing did: each with label, message and place.

use super::Limits;
use super::cells;
use super::cells::grouped;
use super::sheet::Ink;
use super::sheet::Sheet;
use crate::report::Diagnostic;
use crate::report::OperationReport;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::Severity;
use crate::report::source::Source;
use crate::report::went_wrong;
use crate::runfile::StepView;
use crate::runfile::Which;
use crate::wire::LocalLabel;

const DEPENDENCY: &str = LocalLabel::Dependency.as_str();

pub(super) fn draw<O>(
    sheet: &mut Sheet<'_>,
    source: &Source<'_>,
    report: &Report<O>,
    limits: Limits,
) -> Result<(), ReportError> {
    diagnostics(sheet, &report.diagnostics, limits.trouble)?;
    let wrong = source.standing.wrong();
    operations(sheet, source, wrong, "what went wrong", limits)?;
    operations(sheet, source, Which::Noted, "worth a look", limits)
}

fn diagnostics(
    sheet: &mut Sheet<'_>,
    diagnostics: &[Diagnostic],
    limit: u64,
) -> Result<(), ReportError> {
    if diagnostics.is_empty() {
        return Ok(());
    }
    let count = |severity| {
        let found = diagnostics.iter().filter(|one| one.severity == severity);
        found.count() as u64
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| cells::counted(count(severity), severity.as_str()))
        .collect();
    sheet.heading(&counts.join(", "))?;

    // Errors first: they are what stands in the way.
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    for diagnostic in sorted.iter().take(shown) {
        one_diagnostic(sheet, diagnostic)?;
    }
    sheet.more(diagnostics.len() as u64, limit)?;
    Ok(())
}

fn one_diagnostic(sheet: &mut Sheet<'_>, diagnostic: &Diagnostic) -> Result<(), ReportError> {
    let (mark, ink) = match diagnostic.severity {
        Severity::Error => ("✗", Ink::Bad),
        Severity::Warning => ("!", Ink::Warn),
    };
    let mut pieces = vec![(ink, format!("{mark} {}", diagnostic.code))];
    if let Some(step) = &diagnostic.step {
        pieces.push((Ink::Plain, format!("step {step}")));
    }
    if let Some(file) = &diagnostic.file {
        let mut place = cells::visible(file);
        for number in [diagnostic.line, diagnostic.column].into_iter().flatten() {
            place = format!("{place}:{number}");
        }
        pieces.push((Ink::Faint, place));
    }
    sheet.flow(4, &pieces)?;
    sheet.wrapped("    ", Ink::Plain, &cells::visible(&diagnostic.message))?;
    if let Some(help) = &diagnostic.help {
        sheet.wrapped("    help: ", Ink::Plain, &cells::visible(help))?;
    }
    Ok(())
}

fn operations(
    sheet: &mut Sheet<'_>,
    source: &Source<'_>,
    which: Which,
    heading: &str,
    limits: Limits,
) -> Result<(), ReportError> {
    let mut headed = false;
    for step in &source.steps {
        let count = source.count(step, which)?;
        if count == 0 {
            continue;
        }
        if !headed {
            sheet.heading(heading)?;
            headed = true;
        }
        let mut alike: Vec<Alike> = Vec::new();
        source.first(step, which, u64::MAX, |operation| {
            Alike::put(&mut alike, operation, limits);
            Ok(())
        })?;
        for alike in &alike {
            one(sheet, step, alike)?;
        }
        sheet.more(count, alike.iter().map(|alike| alike.count).sum())?;
    }
    Ok(())
}

/// Operations of a step of which the same is to be said.
struct Alike {
    first: OperationReport,
    count: u64,
    /// Whether each has a message of its own.
    differ: bool,
    /// Of the others the first ones, by key and row.
    others: Vec<(String, Option<String>)>,
}

impl Alike {
    /// Puts an operation to those like it; where there are groups enough, it is left out.
    fn put(groups: &mut Vec<Self>, operation: OperationReport, limits: Limits) {
        let has_room = (groups.len() as u64) < limits.trouble;
        match groups.iter_mut().find(|group| group.takes(&operation)) {
            Some(group) => {
                group.count += 1;
                group.differ |= group.first.message != operation.message;
                if (group.others.len() as u64) + 1 < limits.named {
                    let place = place(&operation);
                    group.others.push((operation.key, place));
                }
            }
            None if has_room => groups.push(Self {
                first: operation,
                count: 1,
                differ: false,
                others: Vec::new(),
            }),
            None => {}
        }
    }

    fn takes(&self, other: &OperationReport) -> bool {
        let told = |operation: &OperationReport| {
            (
                operation.outcome,
                operation.action,
                operation.status,
                operation.attempts,
            )
        };
        told(&self.first) == told(other)
            && self.first.label == other.label
            && (self.first.message == other.message || is_skipped_behind(other))
    }

    fn explained(&self) -> String {
        match self.differ {
            true => {
                format!("{DEPENDENCY}: each needs an operation that was skipped or did not succeed")
            }
            false => explained(&self.first),
        }
    }
}

/// Of what is skipped because of others, each names its own; that something went wrong is said of those.
fn is_skipped_behind(operation: &OperationReport) -> bool {
    operation.label.as_deref() == Some(DEPENDENCY)
}

fn one(sheet: &mut Sheet<'_>, step: &StepView, alike: &Alike) -> Result<(), ReportError> {
    let operation = &alike.first;
    let outcome = operation.outcome;
    let action = match &step.module {
        Some(module) => format!("{} {module}", operation.action.as_str()),
        None => operation.action.as_str().to_owned(),
    };
    let mut pieces = vec![(outcome.ink(), format!("{} {outcome}", outcome.mark()))];
    let name = |key: &str| super::changes::name(&step.id, key);
    if alike.count == 1 {
        pieces.push((Ink::Plain, name(&operation.key)));
        pieces.push((Ink::Plain, action));
        pieces.extend(place(operation).map(|place| (Ink::Faint, place)));
    } else {
        let count = cells::counted(alike.count, "operation");
        pieces.push((Ink::Plain, format!("{action}, {count}:")));
        let first = (operation.key.clone(), place(operation));
        for (key, place) in std::iter::once(&first).chain(&alike.others) {
            let place = place.as_deref().map(|place| format!(" ({place})"));
            let named = format!("{}{}", name(key), place.unwrap_or_default());
            pieces.push((Ink::Plain, named));
        }
    }
    let rest = alike.count - 1 - alike.others.len() as u64;
    if rest > 0 {
        pieces.push((Ink::Plain, format!("and {} more", grouped(rest))));
    }
    if operation.attempts > 1 {
        let attempts = cells::counted(operation.attempts, "attempt");
        pieces.push((Ink::Faint, format!("after {attempts}")));
    }
    sheet.flow(4, &pieces)?;
    sheet.wrapped("    ", Ink::Plain, &alike.explained())?;
    Ok(())
}

/// `label (status): message`.
pub(in crate::report) fn explained(operation: &OperationReport) -> String {
    let status = operation.status.map(|status| format!(" (HTTP {status})"));
    let label = operation.label.as_deref().map(|label| {
        let label = cells::visible(label);
        format!("{label}{}", status.unwrap_or_default())
    });
    match (label, went_wrong::why(operation)) {
        (Some(label), Some(message)) => format!("{label}: {message}"),
        (Some(text), None) | (None, Some(text)) => text,
        (None, None) => "no reason is known".to_owned(),
    }
}

pub(in crate::report) fn place(operation: &OperationReport) -> Option<String> {
    let row = operation.row.as_ref()?;
    Some(format!("{}:{}", cells::visible(&row.file), row.line))
}
