//! The first lines: the verdict, the digest, the counts, and of what.

use std::io;

use super::cells;
use super::cells::grouped;
use super::sheet::Ink;
use super::sheet::Sheet;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::RunResult;
use crate::report::StepReport;
use crate::report::Summary;
use crate::report::hanging;
use crate::report::outcome::Standing;
use crate::report::source::Source;
use crate::runfile::Ending;
use crate::runfile::Which;

/// Digits of a digest that people compare; the whole stands in the JSON report and in the command at the end.
const DIGEST_SHOWN: usize = 12;

/// Columns of a name before its value.
const NAMES: usize = 10;

pub(super) fn draw<O>(
    sheet: &mut Sheet<'_>,
    source: &Source<'_>,
    report: &Report<O>,
) -> Result<(), ReportError> {
    let (ink, verdict) = verdict(&source.standing, report);
    let kind = report.kind.as_str();
    let name = cells::visible(&report.playbook.name);
    let title = sheet.painted(Ink::Strong, &format!("{kind} of {name}: "));
    let verdict = sheet.painted(ink, verdict);
    sheet.line(&format!("{title}{verdict}"))?;

    if let Some(digest) = &report.digest {
        let short: String = digest.chars().take(DIGEST_SHOWN).collect();
        entry(sheet, "digest", &short)?;
    }
    entry(sheet, "counts", &counts(report))?;
    let irreversible = irreversible(source)?;
    if irreversible > 0 {
        let unlinked = source.unlinked()?;
        let unlinked = match unlinked.is_empty() {
            true => String::new(),
            false => format!("; also unlinked: {}", hanging::counted(&unlinked)),
        };
        let text = format!(
            "{} that cannot be taken back{unlinked}",
            cells::counted(irreversible, "change")
        );
        sheet.wrapped(&cells::padded("careful", NAMES), Ink::Warn, &text)?;
    }
    if !source.standing.is_plan() {
        entry(sheet, "requests", &requests(report))?;
    }
    if !report.run.limits.is_empty() {
        let limits = report.run.limits.iter();
        let limits: Vec<String> = limits
            .map(|(name, limit)| format!("{name}: {limit}"))
            .collect();
        let text = format!("{}, given to apply", limits.join(", "));
        entry(sheet, "limits", &text)?;
    }
    entry(sheet, "playbook", &cells::visible(&report.playbook.path))?;
    let (url, user) = (&report.instance.url, source.users());
    entry(
        sheet,
        "instance",
        &cells::visible(&format!("{url} as {user}")),
    )?;
    entry(sheet, "run file", &cells::visible(&report.run.file))?;
    if let Some(undoes) = &source.standing.undoes {
        entry(sheet, "undoes", &cells::visible(&undoes.file))?;
    }
    entry(sheet, "time", &time(&source.standing, report))?;
    Ok(())
}

/// What the playbook gives at its end.
pub(super) fn outputs<O>(sheet: &mut Sheet<'_>, report: &Report<O>) -> io::Result<()> {
    if report.outputs.is_empty() {
        return Ok(());
    }
    sheet.heading("outputs")?;
    let names = report.outputs.keys().map(|name| cells::columns(name));
    let column = names.max().unwrap_or(0) + 2;
    for (name, value) in &report.outputs {
        let room = sheet.width().saturating_sub(column);
        let value = super::value::shown(value, room);
        sheet.line(&format!("{}{value}", cells::padded(name, column)))?;
    }
    Ok(())
}

pub(in crate::report) fn verdict<O>(
    standing: &Standing,
    report: &Report<O>,
) -> (Ink, &'static str) {
    let ending = standing.ending.as_ref();
    if standing.is_hindered {
        return match ending {
            Some(Ending::Lost(_)) => (Ink::Warn, "nothing sent, the instance was not reached"),
            Some(Ending::Denied(_)) => (Ink::Warn, "nothing sent, the instance refused"),
            _ => (Ink::Bad, "refused, nothing sent"),
        };
    }
    match (standing.is_plan(), report.result) {
        (true, RunResult::Planned) if report.summary.failed > 0 => {
            (Ink::Warn, "can be applied, except what failed")
        }
        (true, RunResult::Planned) if !super::is_open(report) => (Ink::Good, "nothing to change"),
        (true, RunResult::Planned) => (Ink::Good, "can be applied"),
        (true, RunResult::Refused | RunResult::Failed) => (Ink::Bad, "cannot be applied"),
        (_, RunResult::Planned) => (Ink::Plain, "nothing sent yet"),
        (_, RunResult::Succeeded) if report.summary.ok == 0 => {
            (Ink::Good, "succeeded, nothing had to be changed")
        }
        (_, RunResult::Succeeded) => (Ink::Good, "succeeded"),
        (_, RunResult::Failed) => match ending {
            Some(Ending::Stopped(_)) => (Ink::Bad, "failed, and stopped for it"),
            _ => (Ink::Bad, "failed"),
        },
        (_, RunResult::Running) => (Ink::Plain, "running"),
        (_, RunResult::Interrupted) => match ending {
            Some(Ending::Lost(_)) => (Ink::Warn, "interrupted, the instance did not answer"),
            Some(Ending::Denied(_)) => (Ink::Warn, "interrupted, the instance refused to go on"),
            Some(Ending::Halted(_)) => (Ink::Warn, "interrupted, for a reason on this machine"),
            None => (Ink::Warn, "interrupted without a word, as by a kill"),
            _ if standing.is_plan() => (Ink::Warn, "interrupted before it was whole"),
            _ => (Ink::Warn, "interrupted"),
        },
        (_, RunResult::Refused) => (Ink::Bad, "refused"),
    }
}

fn entry(sheet: &mut Sheet<'_>, name: &str, text: &str) -> io::Result<()> {
    sheet.wrapped(&cells::padded(name, NAMES), Ink::Plain, text)
}

/// "847 ok, 2 failed"; what there is none of is not said. Of steps that nobody knows yet, it cannot be said how many
/// there will be.
pub(in crate::report) fn counts<O>(report: &Report<O>) -> String {
    let is_unknown = |step: &StepReport<O>| {
        step.aside.writes && step.outcome == Outcome::Deferred && step.counts.is_empty()
    };
    let counts = known(&report.summary);
    match report.steps.iter().any(is_unknown) {
        true if report.summary == Summary::default() => "not known yet".to_owned(),
        true => format!("at least {counts}"),
        false => counts,
    }
}

fn known(summary: &Summary) -> String {
    let of = |outcome| match outcome {
        Outcome::Ok => summary.ok,
        Outcome::Unchanged => summary.unchanged,
        Outcome::Failed => summary.failed,
        Outcome::Skipped => summary.skipped,
        Outcome::Unknown => summary.unknown,
        Outcome::Planned => summary.planned,
        Outcome::Deferred => summary.deferred,
    };
    let counts: Vec<String> = Outcome::IN_COUNTS
        .into_iter()
        .filter(|outcome| of(*outcome) > 0)
        .map(|outcome| format!("{} {outcome}", grouped(of(outcome))))
        .collect();
    if counts.is_empty() {
        return "no operations".to_owned();
    }
    counts.join(", ")
}

pub(in crate::report) fn requests<O>(report: &Report<O>) -> String {
    let requests = &report.requests;
    let retries = match requests.retries {
        1 => "1 retry".to_owned(),
        retries => format!("{} retries", grouped(retries)),
    };
    let steered = requests.steered.as_ref().map(|steered| {
        let (slots, size) = (grouped(steered.slots), grouped(steered.batch_size));
        format!("; steered to {slots} at once and {size} in a batch at most")
    });
    format!(
        "{} http, {} bulk, {}, {retries}{}",
        grouped(requests.http),
        grouped(requests.bulk),
        cells::counted(requests.operations, "operation"),
        steered.unwrap_or_default()
    )
}

fn time<O>(standing: &Standing, report: &Report<O>) -> String {
    match &report.run.finished {
        Some(finished) if !standing.is_plan() => {
            format!("planned {}, ended {finished}", report.run.started)
        }
        _ => format!("planned {}", report.run.started),
    }
}

pub(in crate::report) fn irreversible(source: &Source<'_>) -> Result<u64, ReportError> {
    let steps = source.steps.iter().filter(|step| step.writes);
    steps
        .map(|step| source.count(step, Which::Irreversible))
        .sum()
}
