//! What stands in the way and what went wrong: diagnostics, then failures by label.

use super::Told;
use super::inert;
use super::operation;
use super::page::Page;
use super::page::Part;
use crate::report::Diagnostic;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::Severity;
use crate::report::text;
use crate::report::text::cells::counted;
use crate::report::text::grouped;
use crate::report::went_wrong;

/// Bytes for diagnostics, and for failures.
const ROOM: usize = 12_000;

/// Operations shown of a label in a step.
const SAMPLES: u32 = 3;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    diagnostics(page, &told.report.diagnostics);
    failures(page, told)
}

pub(super) fn diagnostics(page: &mut Page, diagnostics: &[Diagnostic]) {
    // Errors first: they are what stands in the way.
    for (severity, what) in [(Severity::Error, "errors"), (Severity::Warning, "warnings")] {
        let found = || diagnostics.iter().filter(|one| one.severity == severity);
        let count = found().count() as u64;
        if count == 0 {
            continue;
        }
        let mut part = page.part(ROOM);
        let heading = counted(count, severity.as_str());
        part.add(&format!("\n#### {heading}\n\n"));
        let mut shown = 0;
        for diagnostic in found() {
            if !part.add(&one(diagnostic)) {
                break;
            }
            shown += 1;
        }
        more(page, &mut part, what, count, shown);
        page.put(&part);
    }
}

fn one(diagnostic: &Diagnostic) -> String {
    let mut line = format!("- {}", inert::short_code(&diagnostic.code, 60));
    if let Some(step) = &diagnostic.step {
        line.push_str(&format!(", step {}", inert::short_code(step, 60)));
    }
    if let Some(file) = &diagnostic.file {
        let numbers = [diagnostic.line, diagnostic.column].into_iter().flatten();
        let place = numbers.fold(file.clone(), |place, number| format!("{place}:{number}"));
        line.push_str(&format!(", {}", inert::short_code(&place, 120)));
    }
    line.push_str(&format!(": {}", inert::prose(&diagnostic.message)));
    if let Some(help) = &diagnostic.help {
        line.push_str(&format!(" *Help:* {}", inert::prose(help)));
    }
    line.push('\n');
    line
}

/// The most frequent label first.
fn failures(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let summary = &told.report.summary;
    let all = summary.failed + summary.unknown;
    if all == 0 {
        return Ok(());
    }
    let mut part = page.part(ROOM);
    let pieces = [
        (summary.failed, Outcome::Failed),
        (summary.unknown, Outcome::Unknown),
    ];
    let pieces = pieces.iter().filter(|(count, _)| *count > 0);
    let heading: Vec<String> = pieces
        .map(|(count, outcome)| format!("{} {outcome}", grouped(*count)))
        .collect();
    part.add(&format!("\n#### {}\n\n", heading.join(", ")));
    let mut shown = 0;
    'all: for found in went_wrong::by_label(told.source, SAMPLES)? {
        let label = match &found.label {
            Some(label) => inert::short_code(label, 60),
            None => "no answer".to_owned(),
        };
        let line = format!(
            "- **{label}**, {} {}\n",
            grouped(found.count),
            found.outcome
        );
        if !part.add(&line) {
            break;
        }
        for (step, group) in &found.steps {
            let line = format!(
                "  - {} in {}\n",
                grouped(group.count),
                inert::short_code(step, 60)
            );
            if !part.add(&line) {
                break 'all;
            }
            for sample in &group.samples {
                let mut line = operation::name(told, sample);
                if let Some(place) = text::place(sample) {
                    line.push_str(&format!(", {}", inert::short_code(&place, 120)));
                }
                let why = sample.message.as_deref().map(inert::prose);
                let why = why.unwrap_or_else(|| inert::prose(&text::explained(sample)));
                if !part.add(&format!("    - {line}: {why}\n")) {
                    break 'all;
                }
                shown += 1;
            }
            if group.more() > 0 {
                part.add(&format!("    - … and {} more\n", grouped(group.more())));
            }
        }
    }
    page.leave_out("failed or unknown operations", all - shown);
    page.put(&part);
    Ok(())
}

/// Behind a list that was cut.
pub(super) fn more(page: &mut Page, part: &mut Part, what: &'static str, count: u64, shown: u64) {
    let rest = count.saturating_sub(shown);
    if rest > 0 {
        part.remark(&format!("- … and {} more\n", grouped(rest)));
        page.leave_out(what, rest);
    }
}
