//! All that the template shows, in the words of reports.

use serde::Serialize;

use super::chart::Chart;
use super::operations;
use super::operations::Operation;
use super::operations::Room;
use super::sections;
use super::sections::Careful;
use super::sections::Changes;
use super::sections::Failure;
use super::sections::Limit;
use super::sections::Trouble;
use crate::operation::Action;
use crate::report::Kind;
use crate::report::Outcome;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::StepReport;
use crate::report::source::Source;
use crate::report::text;
use crate::report::text::Ink;
use crate::report::text::cells;
use crate::report::text::grouped;

/// Units of the bar of outcomes.
const BAR: u64 = 1000;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Page {
    kind: &'static str,
    name: String,
    verdict: &'static str,
    tone: &'static str,
    digest: Option<String>,
    facts: Vec<(&'static str, String)>,
    outcomes: Vec<Count>,
    /// Whether there may be more than is counted.
    at_least: bool,
    limits: Vec<Limit>,
    careful: Vec<Careful>,
    troubles: Vec<Trouble>,
    more_troubles: usize,
    failures: Vec<Failure>,
    more_failures: usize,
    chart: Option<Chart>,
    steps: Vec<Step>,
    outputs: Vec<(String, String)>,
    next: Vec<(String, Option<String>)>,
    /// Operations on the page, and those that are not.
    listed: Option<String>,
    left_out: Option<String>,
    all: String,
    hidden: &'static str,
    tool: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Count {
    outcome: &'static str,
    mark: char,
    count: String,
    x: u64,
    width: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    id: String,
    /// What the playbook calls it.
    name: Option<String>,
    action: String,
    outcome: &'static str,
    mark: char,
    said: String,
    reason: Option<String>,
    /// Whether it is not even known how many operations it will have.
    is_unknown: bool,
    changes: Option<Changes>,
    operations: Vec<Operation>,
    left_out: Option<String>,
}

impl Page {
    pub(super) fn of(source: &Source<'_>) -> Result<Self, ReportError> {
        let report: Report<()> = source.report(|_| Ok(()))?;
        let (ink, verdict) = text::verdict(&source.standing, &report);
        let (troubles, more_troubles) = sections::troubles(&report.diagnostics);
        let (failures, more_failures) = sections::failures(source)?;
        let chosen = operations::chosen(source, &mut Room::new())?;
        let mut steps = Vec::new();
        let (mut listed, mut left_out) = (0, 0);
        for ((step, about), operations) in source.steps.iter().zip(&report.steps).zip(chosen) {
            let all: u64 = about.counts.values().sum();
            let missing = all.saturating_sub(operations.len() as u64);
            listed += operations.len() as u64;
            left_out += missing;
            let changes = match step.writes {
                true => sections::changes(source, step)?,
                false => None,
            };
            let mut told = Step::of(about, changes, operations, missing);
            told.is_unknown = step.writes && !step.expanded;
            steps.push(told);
        }
        let file = text::quoted(&report.run.file);
        Ok(Self {
            kind: match report.kind {
                Kind::Plan => "Plan",
                Kind::Run => "Run",
                Kind::Undo => "Undo",
            },
            name: cells::visible(&report.playbook.name),
            verdict,
            tone: match ink {
                Ink::Good => "good",
                Ink::Bad => "bad",
                Ink::Warn | Ink::Plain | Ink::Strong | Ink::Faint => "warn",
            },
            digest: report.digest.clone(),
            facts: facts(source, &report),
            outcomes: outcomes(&report),
            at_least: steps.iter().any(|step| step.is_unknown),
            limits: sections::limits(source)?,
            careful: sections::careful(source)?,
            troubles,
            more_troubles,
            failures,
            more_failures,
            chart: source.batches()?.as_ref().map(Chart::of),
            steps,
            outputs: outputs(&report),
            next: text::next_steps(source, &report)?,
            listed: (listed > 0).then(|| cells::counted(listed, "operation")),
            left_out: (left_out > 0).then(|| more(left_out)),
            hidden: hidden(source),
            all: cells::visible(&format!("sugarmill show {file} --operations all")),
            tool: source.tool().to_owned(),
        })
    }
}

impl Step {
    fn of(
        about: &StepReport<()>,
        changes: Option<Changes>,
        operations: Vec<Operation>,
        missing: u64,
    ) -> Self {
        let (mark, _) = text::mark(about.outcome, Action::parse(&about.aside.does));
        Self {
            id: about.id.clone(),
            name: about.name.as_deref().map(cells::visible),
            action: cells::visible(&text::action(about)),
            outcome: about.outcome.as_str(),
            mark,
            said: text::said(about),
            reason: about.reason.as_deref().map(cells::visible),
            is_unknown: false,
            changes,
            operations,
            left_out: (missing > 0).then(|| more(missing)),
        }
    }
}

/// "1 more is", "250 more are".
fn more(count: u64) -> String {
    let are = if count == 1 { "is" } else { "are" };
    format!("{} more {are}", grouped(count))
}

/// What of personal data the page does not show.
fn hidden(source: &Source<'_>) -> &'static str {
    match (source.hides(), source.marks_personal()) {
        (false, _) => "Made with `--show-pii`: personal data is shown.",
        (true, true) => {
            "E-mail addresses, telephone numbers and the fields that the instance's metadata mark as personal are hidden \
             unless the page is made with `--show-pii`."
        }
        (true, false) => {
            "E-mail addresses and telephone numbers are hidden unless the page is made with `--show-pii`. Everything else is \
             shown, names too: the instance's metadata mark no field of these modules as personal."
        }
    }
}

fn facts(source: &Source<'_>, report: &Report<()>) -> Vec<(&'static str, String)> {
    let run = &report.run;
    let mut facts = vec![
        ("instance", report.instance.url.clone()),
        ("user", source.users()),
        ("playbook", report.playbook.path.clone()),
        ("run file", run.file.clone()),
    ];
    if let Some(undoes) = &source.standing.undoes {
        facts.push(("takes back", undoes.file.clone()));
    }
    facts.push(("planned", run.started.clone()));
    if !source.standing.is_plan() {
        facts.extend(run.finished.clone().map(|finished| ("ended", finished)));
        facts.push(("requests", text::requests(report)));
    }
    if let Some(estimate) = &report.estimate {
        let time = format!("{} {}", estimate.time_text(), estimate.rate_text());
        facts.push((
            "estimate",
            format!("{} requests, {time}", estimate.requests_text()),
        ));
        let may_follow = estimate.may_follow.iter();
        facts.extend(may_follow.map(|one| ("may follow", one.message.clone())));
    }
    for (_, text) in &mut facts {
        *text = cells::visible(text);
    }
    facts
}

/// What there is of each outcome, with its place in a bar of them all.
fn outcomes(report: &Report<()>) -> Vec<Count> {
    let mut counts: Vec<(Outcome, u64)> = Vec::new();
    for outcome in Outcome::IN_COUNTS {
        let of_steps = report
            .steps
            .iter()
            .filter_map(|step| step.counts.get(&outcome));
        counts.push((outcome, of_steps.sum()));
    }
    counts.retain(|(_, count)| *count > 0);
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let mut x = 0;
    let counts = counts.into_iter().map(|(outcome, count)| {
        // However few of a thousand there are, they are seen.
        let width = (count.saturating_mul(BAR) / all.max(1)).max(6);
        let place = x;
        x += width;
        Count {
            outcome: outcome.as_str(),
            mark: text::mark(outcome, None).0,
            count: grouped(count),
            x: place,
            width,
        }
    });
    counts.collect()
}

fn outputs(report: &Report<()>) -> Vec<(String, String)> {
    let outputs = report.outputs.iter().map(|(name, value)| {
        let value = text::value::shown(value, 600);
        (cells::visible(name), value)
    });
    outputs.collect()
}
