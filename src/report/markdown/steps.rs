//! The table of steps.

use super::Told;
use super::inert;
use super::page::Page;
use crate::operation::Action;
use crate::report::text;

const ROOM: usize = 12_000;

pub(super) fn put(page: &mut Page, told: &Told<'_>) {
    let steps = &told.report.steps;
    if steps.is_empty() {
        return;
    }
    let mut part = page.part(ROOM);
    part.add("\n#### Steps\n\n| | step | does | outcome |\n|---|---|---|---|\n");
    let mut shown = 0;
    for step in steps {
        let (mark, _) = text::mark(step.outcome, Action::parse(&step.aside.does));
        let mark = match mark {
            // At the beginning of a cell these would be read as a list.
            '+' | '-' | '~' => format!("`{mark}`"),
            mark => mark.to_string(),
        };
        let mut id = inert::short_code(&step.id, 60);
        if let Some(name) = &step.name {
            id.push_str(&format!("<br>{}", inert::prose(name)));
        }
        let action = inert::prose(&text::action(step));
        let mut said = inert::prose(&text::said(step));
        if let Some(reason) = &step.reason {
            said.push_str(&format!("<br>{}", inert::prose(reason)));
        }
        if !part.add(&format!("| {mark} | {id} | {action} | {said} |\n")) {
            break;
        }
        shown += 1;
    }
    let what = ["step of the table", "steps of the table"];
    page.leave_out(what, steps.len() as u64 - shown);
    page.put(&part);
}
