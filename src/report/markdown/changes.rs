//! What changes, step by step: equal changes together, a few records, oddities; then as many operations as fit.

use super::Told;
use super::inert;
use super::operation;
use super::page::Noun;
use super::page::Page;
use super::page::Part;
use crate::report::Outcome;
use crate::report::ReportError;
use crate::report::StepReport;
use crate::report::source::FieldChanges;
use crate::report::source::Group;
use crate::report::source::StepChanges;
use crate::report::text;
use crate::report::text::cells::counted;
use crate::report::text::grouped;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Groups shown of a field.
const GROUPS: usize = 20;

/// Records shown of a step.
const SAMPLES: u32 = 3;

const OPERATIONS: Noun = ["operation", "operations"];

const CLOSING: &str = "\n</details>\n";

/// A step with less room than this is not begun.
const LEAST: usize = 600;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let mut steps = Vec::new();
    for (step, about) in told.source.steps.iter().zip(&told.report.steps) {
        let count = match step.writes {
            true => told.source.count(step, Which::Changing)?,
            false => 0,
        };
        // Deletes are listed before everything else.
        if count > 0 && told.source.count(step, Which::Deletes)? < count {
            steps.push((step, about, count));
        }
    }
    let mut parts = Vec::new();
    let mut listed = Vec::new();
    let mut used = 0;
    for (index, (step, about, count)) in steps.iter().enumerate() {
        let left = steps.len() - index;
        // What a step does not need goes to the next ones. A third is for the operations behind, but what is odd and a few
        // records of every step are worth more.
        let room = page.room().saturating_sub(used) / left;
        let for_groups = (page.room() * 2 / 3).saturating_sub(used) / left;
        let mut part = page.part(room);
        if room < LEAST {
            page.leave_out(["step with changes", "steps with changes"], 1);
            page.leave_out(OPERATIONS, *count);
        } else {
            let told_step = ToldStep {
                step,
                about,
                count: *count,
                changes: &told.source.changes(step, GROUPS)?,
            };
            let shown = one(page, &mut part, told, &told_step, for_groups)?;
            if *count > shown {
                listed.push((*step, *count, shown));
            }
        }
        used += part.len();
        parts.push(part);
    }
    if parts.iter().any(|part| !part.is_empty()) {
        let mut heading = page.part(LEAST);
        heading.add("\n#### Changes\n");
        page.put(&heading);
    }
    for part in &parts {
        page.put(part);
    }
    listed.sort_by_key(|(_, count, shown)| count - shown);
    rest(page, told, &listed)
}

/// A step with changes.
struct ToldStep<'a> {
    step: &'a StepView,
    about: &'a StepReport<()>,
    count: u64,
    changes: &'a StepChanges,
}

/// One step, folded. What is odd and a few records have their room first; equal changes, of which there may be any number,
/// stand before them and take what is left of theirs. Gives how many operations it shows.
fn one(
    page: &mut Page,
    part: &mut Part,
    told: &Told<'_>,
    of: &ToldStep<'_>,
    for_groups: usize,
) -> Result<u64, ReportError> {
    let counts = [Outcome::Planned, Outcome::Deferred, Outcome::Ok];
    let counts: Vec<String> = counts
        .into_iter()
        .filter_map(|outcome| Some((of.about.counts.get(&outcome)?, outcome)))
        .map(|(count, outcome)| format!("{} {outcome}", grouped(*count)))
        .collect();
    let id = inert::code_in_html(&of.step.id);
    let action = inert::code_in_html(&text::action(of.about));
    let opening = format!(
        "\n<details><summary>{id}: {action}, {}</summary>\n\n",
        counts.join(", ")
    );
    if !part.add(&opening) {
        return Ok(0);
    }
    let has_many = of.count > u64::from(SAMPLES);
    let mut behind = part.within(part.room().saturating_sub(CLOSING.len()));
    oddities(&mut behind, told, of.changes, page);
    let shown = samples(&mut behind, told, of, has_many)?;
    // A few small records say it all by themselves.
    if has_many || of.changes.fields.len() > operation::FIELDS {
        let left = part.room().saturating_sub(behind.len() + CLOSING.len());
        let mut before = part.within(left.min(for_groups.saturating_sub(behind.len())));
        groups(page, &mut before, of.changes);
        part.put(&before);
    }
    part.put(&behind);
    part.close(CLOSING);
    Ok(shown)
}

fn samples(
    body: &mut Part,
    told: &Told<'_>,
    of: &ToldStep<'_>,
    has_many: bool,
) -> Result<u64, ReportError> {
    let (found, _) = told.source.page(of.step, Which::Changing, None, SAMPLES)?;
    let lines = found
        .iter()
        .map(|one| format!("- {}\n", operation::line(told, one)));
    let mut shown = 0;
    for (index, line) in lines.enumerate() {
        let heading = match index {
            0 if has_many => "For example:\n\n",
            _ => "",
        };
        if !body.add(&format!("{heading}{line}")) {
            break;
        }
        shown += 1;
    }
    Ok(shown)
}

fn groups(page: &mut Page, body: &mut Part, changes: &StepChanges) {
    let (made, changed): (Vec<_>, Vec<_>) = changes.fields.iter().partition(|field| field.is_made);
    let mut left_out = changes.further;
    for field in made {
        left_out += u64::from(!body.add(&values(field)));
    }
    // Where no row fits, neither does the head of the table.
    let mut head = "| field | before → after | × |\n|---|---|--:|\n";
    for field in changed {
        let mut others = field.others;
        let name = inert::short_code(&field.name, 60);
        let mut is_named = false;
        for group in &field.groups {
            let cell = if is_named { "" } else { name.as_str() };
            if body.add(&format!("{head}{}", row(cell, group))) {
                (is_named, head) = (true, "");
            } else {
                others += group.count;
            }
        }
        if others > 0 {
            let cell = if is_named { "" } else { name.as_str() };
            let line = format!("{head}| {cell} | others | {} |\n", grouped(others));
            match body.add(&line) {
                true => head = "",
                false => left_out += 1,
            }
        }
    }
    page.leave_out(["changed field", "changed fields"], left_out);
    body.add("\n");
}

/// The values a field gets in records that are made.
fn values(field: &FieldChanges) -> String {
    let name = inert::short_code(&field.name, 60);
    let groups = field
        .groups
        .iter()
        .map(|group| format!("{} {}", inert::shown(&group.after), times(group)));
    let others = (field.others > 0).then(|| format!("others × {}", grouped(field.others)));
    let pieces: Vec<String> = groups.chain(others).collect();
    format!("- {name}: {}\n", pieces.join(", "))
}

fn row(name: &str, group: &Group) -> String {
    let (before, after) = (inert::shown(&group.before), inert::shown(&group.after));
    let at_least = if group.at_least { "at least " } else { "" };
    let count = grouped(group.count);
    format!("| {name} | {before} → {after} | {at_least}{count} |\n")
}

fn times(group: &Group) -> String {
    let at_least = if group.at_least { "at least " } else { "" };
    format!("× {at_least}{}", grouped(group.count))
}

fn oddities(body: &mut Part, told: &Told<'_>, changes: &StepChanges, page: &mut Page) {
    let mut left_out = 0;
    for found in &changes.oddities {
        let named: Vec<String> = found
            .first
            .iter()
            .map(|one| operation::name(told, one))
            .collect();
        let more = found.count.saturating_sub(named.len() as u64);
        let more = match more {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        let line = format!(
            "- **{}**: {} × {}: {}{more}\n",
            found.oddity.as_str(),
            inert::short_code(&found.field, 60),
            grouped(found.count),
            named.join(", ")
        );
        left_out += u64::from(!body.add(&line));
    }
    page.leave_out(["oddity", "oddities"], left_out);
    if !changes.oddities.is_empty() {
        body.add("\n");
    }
}

/// The other operations, as far as there is room: each step gets its share. The shortest come first, so that what they
/// do not use goes to the longer ones.
fn rest(
    page: &mut Page,
    told: &Told<'_>,
    steps: &[(&StepView, u64, u64)],
) -> Result<(), ReportError> {
    for (index, (step, count, already)) in steps.iter().enumerate() {
        let mut part = page.part(page.room() / (steps.len() - index));
        let id = inert::code_in_html(&step.id);
        let what = counted(count - already, "other operation");
        let opening = format!("\n<details><summary>{id}: {what}</summary>\n\n");
        let mut body = part.within(part.room().saturating_sub(opening.len() + CLOSING.len()));
        let mut shown = *already;
        let already = u32::try_from(*already).unwrap_or(SAMPLES);
        let (_, mut after) = told
            .source
            .page(step, Which::Changing, None, already.max(1))?;
        if already == 0 {
            after = None;
        }
        'pages: loop {
            let (found, more) = told.source.page(step, Which::Changing, after, 100)?;
            for one in &found {
                if !body.add(&format!("- {}\n", operation::line(told, one))) {
                    break 'pages;
                }
                shown += 1;
            }
            match more {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        if shown < *count {
            body.remark(&format!("- … and {} more\n", grouped(count - shown)));
        }
        if shown > u64::from(already) && part.add(&opening) {
            part.put(&body);
            part.close(CLOSING);
        }
        page.leave_out(OPERATIONS, count - shown);
        page.put(&part);
    }
    Ok(())
}
