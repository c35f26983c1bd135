//! What a reviewer must not miss: deletes, what cannot be taken back, what is not known yet.

use super::Told;
use super::inert;
use super::operation;
use super::page::Page;
use super::problems;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::text;
use crate::report::text::cells::counted;
use crate::report::text::grouped;
use crate::runfile::Which;

/// Bytes for each of the lists.
const ROOM: usize = 10_000;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let deletes = |count| counted(count, "delete");
    list(page, told, Which::Deletes, "deletes", deletes)?;
    let others = |count| {
        format!(
            "{} that cannot be taken back",
            counted(count, "other change")
        )
    };
    list(
        page,
        told,
        Which::OtherIrreversible,
        "changes that cannot be taken back",
        others,
    )?;
    deferred(page, told)
}

fn list(
    page: &mut Page,
    told: &Told<'_>,
    which: Which,
    what: &'static str,
    heading: impl Fn(u64) -> String,
) -> Result<(), ReportError> {
    let mut counts = Vec::new();
    for step in &told.source.steps {
        counts.push(told.source.count(step, which)?);
    }
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return Ok(());
    }
    let mut part = page.part(ROOM);
    part.add(&format!("\n#### {}\n\n", heading(all)));
    let mut shown = 0;
    'steps: for (step, count) in told.source.steps.iter().zip(counts) {
        let mut after = None;
        let mut left = count;
        while left > 0 {
            let (found, more) = told.source.page(step, which, after, 100)?;
            for one in &found {
                let line = operation::line(told, one);
                let step = inert::short_code(&step.id, 60);
                if !part.add(&format!("- {step} {line}\n")) {
                    break 'steps;
                }
                shown += 1;
            }
            left = left.saturating_sub(found.len() as u64);
            match more {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    problems::more(page, &mut part, what, all, shown);
    page.put(&part);
    Ok(())
}

/// Step by step: what they wait for is the same for all of a step, as a rule.
fn deferred(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let is_open = |step: &&crate::report::StepReport<()>| {
        step.aside.writes && step.outcome == Outcome::Deferred
    };
    let waiting = told.report.steps.iter().filter(is_open).count() as u64;
    let known = told.report.summary.deferred;
    if known == 0 && waiting == 0 {
        return Ok(());
    }
    let mut part = page.part(ROOM);
    let heading = match known {
        0 => format!("{} not known yet", counted(waiting, "step")),
        known => format!("at least {} deferred", grouped(known)),
    };
    part.add(&format!("\n#### {heading}\n\n"));
    let mut left_out = 0;
    for (step, about) in told.source.steps.iter().zip(&told.report.steps) {
        let count = about.counts.get(&Outcome::Deferred).copied().unwrap_or(0);
        if !about.aside.writes || (count == 0 && about.outcome != Outcome::Deferred) {
            continue;
        }
        let (first, _) = told.source.page(step, Which::Deferred, None, 1)?;
        let why = match (first.first(), &about.reason) {
            (Some(first), _) => operation::waits_for(first),
            (None, Some(reason)) => inert::prose(reason),
            (None, None) => "not known before other steps have run".to_owned(),
        };
        let action = inert::prose(&text::action(about));
        let number = match count {
            0 => "any number".to_owned(),
            count => grouped(count),
        };
        let step = inert::short_code(&step.id, 60);
        if !part.add(&format!("- {step}: {action}, {number}, {why}\n")) {
            left_out += count.max(1);
        }
    }
    page.leave_out("deferred operations", left_out);
    page.put(&part);
    Ok(())
}
