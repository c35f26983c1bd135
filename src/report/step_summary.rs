//! A short Markdown of a run, for the summary of a step that GitHub shows on the page of a workflow.

use std::fmt::Write as _;

use super::Diagnostic;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::Severity;
use super::StepReport;
use super::source::Source;
use super::text;
use super::text::grouped;
use super::went_wrong;
use crate::runfile::RunView;

/// Groups of failures listed, and operations of each.
const GROUPS: usize = 20;
const LISTED: usize = 3;

/// Steps and diagnostics listed. A summary is for a glance; the other formats have all.
const STEPS: usize = 100;
const DIAGNOSTICS: usize = 20;

/// Verdict, digest, counts, steps, and what went wrong.
pub fn step_summary(view: &RunView, privacy: Privacy) -> Result<String, ReportError> {
    let source = Source::open(view, privacy)?;
    let report: Report<()> = source.report(|_| Ok(()))?;
    let verdict = text::verdict_text(&source.standing, &report);
    let mut page = heading(&report, verdict);
    if let Some(digest) = &report.digest {
        line(&mut page, &format!("- digest `{digest}`"));
    }
    line(&mut page, &format!("- {}", text::counts(&report.summary)));
    line(
        &mut page,
        &format!(
            "- on {} as {}",
            escaped(&report.instance.url),
            escaped(&report.instance.user)
        ),
    );
    steps(&mut page, &report.steps);
    diagnostics(&mut page, &report.diagnostics);
    failures(&mut page, &source)?;
    Ok(page)
}

/// The same of a command that came to no run file.
pub fn step_summary_of_failure<O>(report: &Report<O>) -> String {
    let mut page = heading(report, report.result.as_str());
    diagnostics(&mut page, &report.diagnostics);
    page
}

fn heading<O>(report: &Report<O>, verdict: &str) -> String {
    let playbook = &report.playbook;
    let name = match playbook.name.is_empty() {
        true => &playbook.path,
        false => &playbook.name,
    };
    format!(
        "### {} of {}: {verdict}\n\n",
        report.kind.as_str(),
        escaped(name)
    )
}

fn steps(page: &mut String, steps: &[StepReport<()>]) {
    if steps.is_empty() {
        return;
    }
    page.push_str("\n| step | does | outcome |\n|---|---|---|\n");
    for step in steps.iter().take(STEPS) {
        let does = escaped(&text::action(step));
        let said = escaped(&text::said(step));
        line(
            page,
            &format!("| {} | {does} | {said} |", escaped(&step.id)),
        );
    }
    if let more @ 1.. = steps.len().saturating_sub(STEPS) {
        line(page, &format!("\n… and {more} more steps"));
    }
}

fn diagnostics(page: &mut String, diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    page.push('\n');
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    for diagnostic in sorted.iter().take(DIAGNOSTICS) {
        let sign = match diagnostic.severity {
            Severity::Error => "✗",
            Severity::Warning => "!",
        };
        let place = diagnostic.file.as_deref().map_or_else(String::new, |file| {
            let line = diagnostic
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            format!(" {}{line}", escaped(file))
        });
        line(
            page,
            &format!(
                "- {sign} {}{place}: {}",
                escaped(&diagnostic.code),
                escaped(&diagnostic.message)
            ),
        );
        if let Some(help) = &diagnostic.help {
            line(page, &format!("  - {}", escaped(help)));
        }
    }
    if let more @ 1.. = diagnostics.len().saturating_sub(DIAGNOSTICS) {
        line(page, &format!("- … and {more} more"));
    }
}

fn failures(page: &mut String, source: &Source<'_>) -> Result<(), ReportError> {
    let mut listed = 0;
    for step in &source.steps {
        for group in went_wrong::groups(source, step, LISTED)? {
            if listed == 0 {
                page.push('\n');
            }
            listed += 1;
            if listed > GROUPS {
                continue;
            }
            line(
                page,
                &format!(
                    "- {} in {}: {} × {}",
                    group.outcome,
                    escaped(&step.id),
                    escaped(group.name()),
                    grouped(group.count)
                ),
            );
            for operation in &group.samples {
                let said = went_wrong::line(&step.id, operation);
                line(page, &format!("  - {}", escaped(&said)));
            }
        }
    }
    if let more @ 1.. = listed.saturating_sub(GROUPS) {
        line(page, &format!("- … and {more} other kinds of failure"));
    }
    Ok(())
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("a string takes any text");
}

/// Text that Markdown shows as it is, on one line.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text::visible(text).chars() {
        match letter {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            // An `@name` would write to somebody, and `#1` points at a discussion.
            '@' => shown.push_str("&#64;"),
            '#' => shown.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                shown.push('\\');
                shown.push(letter);
            }
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markdown() {
        assert_eq!(
            escaped("a|b `c` <img> @team #1\n_x_ ![y](z)"),
            "a\\|b \\`c\\` &lt;img&gt; &#64;team &#35;1\\\\n\\_x\\_ \\!\\[y\\](z)"
        );
    }
}
