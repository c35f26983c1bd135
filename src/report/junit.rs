//! A run file as test results in the XML of `JUnit`, which every CI draws: a suite for the playbook, a case for each step.
//!
//! Nothing in it comes from a clock, so that the same run file gives the same bytes.

use std::io;
use std::io::Write;

use quick_junit::NonSuccessKind;
use quick_junit::Property;
use quick_junit::TestCase;
use quick_junit::TestCaseStatus;
use quick_junit::TestSuite;
use quick_junit::XmlString;

use super::Diagnostic;
use super::Outcome;
use super::Privacy;
use super::Report;
use super::ReportError;
use super::RunResult;
use super::Severity;
use super::StepReport;
use super::places::Places;
use super::source::STOPPED;
use super::source::Source;
use super::text::cells;
use super::text::grouped;
use super::went_wrong;
use super::went_wrong::Group;
use crate::runfile::RunView;
use crate::runfile::StepView;

/// Operations listed of each group of failures; the others are counted.
const LISTED: u32 = 5;

/// The test case of what belongs to no step. A step's id has no blanks, so it is none of them.
const WHOLE: &str = "the run as a whole";

pub fn write_junit(
    view: &RunView,
    privacy: Privacy,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, privacy)?;
    let report: Report<()> = source.report(|_| Ok(()))?;
    let places = source.places();
    let mut suite = suite(&report);
    for (step, about) in source.steps.iter().zip(&report.steps) {
        let groups = went_wrong::groups(&source, step, LISTED)?;
        let found: Vec<&Diagnostic> = errors(&report.diagnostics)
            .filter(|diagnostic| diagnostic.step.as_deref() == Some(step.id.as_str()))
            .collect();
        let status = status(source.standing.is_plan(), about, &groups, &found);
        suite.add_test_case(case(&report, step, about, status, &places));
    }
    // What stopped the run is the failure of a step, and that is counted there.
    let is_told = suite.failures + suite.errors > 0;
    let whole: Vec<&Diagnostic> = errors(&report.diagnostics)
        .filter(|diagnostic| !is_of_a_step(&source.steps, diagnostic))
        .filter(|diagnostic| !is_told || diagnostic.code != STOPPED)
        .collect();
    finish(suite, &report, &whole, out)
}

/// The same of a command that came to no run file: one test case, which failed.
pub fn write_junit_of_failure<O>(
    report: &Report<O>,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let whole: Vec<&Diagnostic> = errors(&report.diagnostics).collect();
    finish(suite(report), report, &whole, out)
}

fn errors(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
}

fn is_of_a_step(steps: &[StepView], diagnostic: &Diagnostic) -> bool {
    let id = diagnostic.step.as_deref();
    id.is_some_and(|id| steps.iter().any(|step| step.id == id))
}

/// The playbook by its name, or by its path where it could not be read.
fn playbook<O>(report: &Report<O>) -> XmlString {
    let playbook = &report.playbook;
    match playbook.name.is_empty() {
        true => xml(&playbook.path),
        false => xml(&playbook.name),
    }
}

fn suite<O>(report: &Report<O>) -> TestSuite {
    let mut suite = TestSuite::new(playbook(report));
    if let Some(started) = report.run.started.strip_suffix('Z') {
        // In UTC, and in the one form that the schemas of JUnit have in common.
        suite.extra.insert("timestamp".into(), xml(started));
    }
    for (name, value) in [
        ("kind", report.kind.as_str()),
        ("result", report.result.as_str()),
        ("run", &report.run.id),
        ("instance", &report.instance.url),
        ("digest", report.digest.as_deref().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            suite.add_property(Property::new(name, xml(value)));
        }
    }
    suite
}

fn finish<O>(
    mut suite: TestSuite,
    report: &Report<O>,
    whole: &[&Diagnostic],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let went_on = matches!(report.result, RunResult::Planned | RunResult::Succeeded);
    let failures = || suite.failures + suite.errors > 0;
    if let Some(first) = whole.first() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(xml(&first.code));
        status.set_message(xml(&first.message));
        status.set_description(text(&described(whole)));
        add_whole(&mut suite, report, status);
    } else if !went_on && !failures() {
        // A run that was cut off has no failure of its own, and is no success either.
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(report.result.as_str());
        status.set_message(format!("the run is {}", report.result.as_str()));
        add_whole(&mut suite, report, status);
    }
    let warnings = report.diagnostics.iter();
    let warnings: Vec<&Diagnostic> = warnings
        .filter(|found| found.severity == Severity::Warning || found.code == STOPPED)
        .collect();
    if !warnings.is_empty() {
        suite.set_system_err(text(&described(&warnings)));
    }
    let mut document = quick_junit::Report::new("sugarmill");
    document.add_test_suite(suite);
    document
        .serialize(out)
        .map_err(|error| ReportError::Write(io::Error::other(error)))
}

fn add_whole<O>(suite: &mut TestSuite, report: &Report<O>, status: TestCaseStatus) {
    let mut case = TestCase::new(WHOLE, status);
    case.set_classname(playbook(report));
    suite.add_test_case(case);
}

fn case(
    report: &Report<()>,
    step: &StepView,
    about: &StepReport<()>,
    status: TestCaseStatus,
    places: &Places,
) -> TestCase {
    let mut case = TestCase::new(xml(&step.id), status);
    case.set_classname(playbook(report));
    if let Some(place) = places.of_step(&step.id) {
        case.extra.insert("file".into(), xml(&place.file));
        case.extra
            .insert("line".into(), place.line.to_string().into());
    }
    let said = cells::visible(&super::text::said(about));
    if !said.is_empty() {
        let action = super::text::action(about);
        let name = about.name.as_deref().map(cells::visible);
        let name = name.map_or_else(String::new, |name| format!("{name}\n"));
        case.set_system_out(text(&format!("{name}{action}: {said}")));
    }
    case
}

fn status(
    is_plan: bool,
    about: &StepReport<()>,
    groups: &[Group],
    found: &[&Diagnostic],
) -> TestCaseStatus {
    if let Some(worst) = groups.first() {
        // Of what is unknown nobody can say that it failed.
        let kind = match worst.outcome {
            Outcome::Unknown => NonSuccessKind::Error,
            _ => NonSuccessKind::Failure,
        };
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(xml(worst.name()));
        status.set_message(xml(&summed_up(groups)));
        let mut description = listed(&about.id, groups);
        if !found.is_empty() {
            description.push_str(&described(found));
        }
        status.set_description(text(&description));
        return status;
    }
    if let Some(first) = found.first() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(xml(&first.code));
        status.set_message(xml(&first.message));
        status.set_description(text(&described(found)));
        return status;
    }
    let skipped = |reason: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(xml(reason));
        status
    };
    match about.outcome {
        Outcome::Skipped => skipped(&why_skipped(about)),
        Outcome::Planned | Outcome::Deferred if !is_plan => {
            skipped("the run ended before all of it was sent")
        }
        Outcome::Planned
        | Outcome::Deferred
        | Outcome::Ok
        | Outcome::Unchanged
        | Outcome::Failed
        | Outcome::Unknown => TestCaseStatus::success(),
    }
}

/// `not_authorized: 2 operations failed`, and what else there is.
fn summed_up(groups: &[Group]) -> String {
    let of = |group: &Group| {
        let operations = match group.count {
            1 => "1 operation".to_owned(),
            count => format!("{} operations", grouped(count)),
        };
        let one = match (group.count, group.samples.first()) {
            (1, Some(only)) => only.message.as_deref(),
            _ => None,
        };
        match (group.outcome, one) {
            (_, Some(message)) => format!("{}: {}", group.name(), cells::visible(message)),
            (Outcome::Unknown, None) => {
                format!("{}: {operations} with an unknown end", group.name())
            }
            (_, None) => format!("{}: {operations} failed", group.name()),
        }
    };
    let all: Vec<String> = groups.iter().map(of).collect();
    all.join("; ")
}

fn listed(step: &str, groups: &[Group]) -> String {
    let mut lines = String::new();
    for group in groups {
        lines.push_str(&format!("{} × {}\n", group.name(), grouped(group.count)));
        for operation in &group.samples {
            lines.push_str(&format!("  {}\n", went_wrong::line(step, operation)));
        }
        let more = group.more();
        if more > 0 && !group.samples.is_empty() {
            lines.push_str(&format!("  and {} more\n", grouped(more)));
        }
    }
    lines
}

fn described(found: &[&Diagnostic]) -> String {
    let mut lines = String::new();
    for diagnostic in found {
        let mut place = diagnostic.file.as_deref().map(cells::visible);
        if let (Some(file), Some(line)) = (&mut place, diagnostic.line) {
            file.push_str(&format!(":{line}"));
        }
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        lines.push_str(&format!(
            "{place}{}: {}\n",
            diagnostic.code,
            cells::visible(&diagnostic.message)
        ));
        if let Some(help) = &diagnostic.help {
            lines.push_str(&format!("  help: {}\n", cells::visible(help)));
        }
    }
    lines
}

fn why_skipped(about: &StepReport<()>) -> String {
    if let Some(reason) = &about.reason {
        return cells::visible(reason);
    }
    let labels: Vec<&str> = about.labels.keys().map(String::as_str).collect();
    match labels.as_slice() {
        [] => "skipped".to_owned(),
        labels => labels.join(", "),
    }
}

/// One line.
fn xml(line: &str) -> XmlString {
    text(&cells::visible(line))
}

/// Several lines. The crate takes away control characters; two more that are no characters of XML are left to us.
fn text(lines: &str) -> XmlString {
    XmlString::new(lines.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}
