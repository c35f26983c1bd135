//! What a plan will cost, and what may follow from it.

use super::Told;
use super::inert;
use super::page::Page;

/// Bytes of the section. What may follow is one line a kind, and there are few kinds.
const ROOM: usize = 3_000;

pub(super) fn put(page: &mut Page, told: &Told<'_>) {
    let Some(estimate) = &told.report.estimate else {
        return;
    };
    let mut part = page.part(ROOM);
    part.add(&format!(
        "\nEstimate: {} requests, {} {}, run file {}.\n",
        estimate.requests_text(),
        estimate.time_text(),
        inert::prose(estimate.rate_text()),
        estimate.size_text(),
    ));
    if !estimate.may_follow.is_empty() {
        part.add("\nMay follow:\n\n");
    }
    for one in &estimate.may_follow {
        part.add(&format!("- {}\n", inert::prose(&one.message)));
    }
    page.put(&part);
}
