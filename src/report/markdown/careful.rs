//! What a reviewer must not miss: deletes, what cannot be taken back, what is not known yet.

use super::Told;
use super::inert;
use super::operation;
use super::operation::Detail;
use super::page::Noun;
use super::page::Page;
use super::page::Part;
use super::page::counted;
use super::problems;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::hanging;
use crate::report::source::is_waiting;
use crate::report::text;
use crate::report::text::grouped;
use crate::runfile::Which;

/// Bytes for a list of what is no delete.
const ROOM: usize = 10_000;

const DELETES: Noun = ["delete", "deletes"];
const OTHERS: Noun = [
    "other change that cannot be taken back",
    "other changes that cannot be taken back",
];

/// Bytes that deletes leave to what comes behind them: of the estimate, and that something more is to be told.
const KEPT: usize = 3_000;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let unlinked = told.source.unlinked()?;
    let unlinked = match unlinked.is_empty() {
        true => String::new(),
        false => format!(
            ", also unlinked: {}",
            inert::prose(&hanging::counted(&unlinked))
        ),
    };
    let mut others_first = KEPT;
    if any(told, Which::OtherIrreversible)? {
        others_first += ROOM / 2;
    }
    if told.source.steps.iter().any(is_waiting) {
        others_first += ROOM / 2;
    }
    let room = page.room().saturating_sub(others_first).max(ROOM);
    list(page, told, Which::Deletes, DELETES, &unlinked, room)?;
    list(page, told, Which::OtherIrreversible, OTHERS, "", ROOM)?;
    deferred(page, told)
}

fn any(told: &Told<'_>, which: Which) -> Result<bool, ReportError> {
    for step in &told.source.steps {
        if told.source.count(step, which)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn list(
    page: &mut Page,
    told: &Told<'_>,
    which: Which,
    what: Noun,
    besides: &str,
    room: usize,
) -> Result<(), ReportError> {
    let mut counts = Vec::new();
    for step in &told.source.steps {
        counts.push(told.source.count(step, which)?);
    }
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return Ok(());
    }
    // The more there are, the less is said of each, so that none is missing.
    let mut fitting = None;
    for detail in Detail::ALL {
        let mut part = page.part(room);
        part.add(&format!("\n#### {}{besides}\n\n", counted(all, what)));
        let shown = lines(&mut part, told, which, &counts, detail)?;
        let is_whole = shown == all;
        fitting = Some((part, shown));
        if is_whole {
            break;
        }
    }
    if let Some((mut part, shown)) = fitting {
        problems::more(page, &mut part, what, all, shown);
        page.put(&part);
    }
    Ok(())
}

/// As many lines as fit. Gives how many that are.
fn lines(
    part: &mut Part,
    told: &Told<'_>,
    which: Which,
    counts: &[u64],
    detail: Detail,
) -> Result<u64, ReportError> {
    let mut shown = 0;
    for (step, count) in told.source.steps.iter().zip(counts) {
        let mut after = None;
        let mut left = *count;
        while left > 0 {
            let (found, more) = told.source.page(step, which, after, 100)?;
            for one in &found {
                let line = operation::line_with(told, one, detail);
                let step = inert::short_code(&step.id, 60);
                if !part.add(&format!("- {step} {line}\n")) {
                    return Ok(shown);
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
    Ok(shown)
}

/// Step by step: what they wait for is the same for all of a step, as a rule.
fn deferred(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let waiting = told.source.steps.iter().filter(|step| is_waiting(step));
    let waiting = waiting.count() as u64;
    let known = told.report.summary.deferred;
    if waiting == 0 {
        return Ok(());
    }
    let mut part = page.part(ROOM);
    let heading = match known {
        0 => format!("{} not known yet", counted(waiting, ["step", "steps"])),
        known => format!("at least {} deferred", grouped(known)),
    };
    part.add(&format!("\n#### {heading}\n\n"));
    let mut left_out = 0;
    for (step, about) in told.source.steps.iter().zip(&told.report.steps) {
        if !is_waiting(step) {
            continue;
        }
        let count = about.counts.get(&Outcome::Deferred).copied().unwrap_or(0);
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
    page.leave_out(["deferred operation", "deferred operations"], left_out);
    page.put(&part);
    Ok(())
}
