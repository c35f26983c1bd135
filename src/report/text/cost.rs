//! What a plan will cost, and what may follow from it.

use std::io;

use super::cells;
use super::sheet::Ink;
use super::sheet::Sheet;
use crate::report::Report;

/// Columns of a name before its value, as at the head.
const NAMES: usize = 10;

pub(super) fn draw<O>(sheet: &mut Sheet<'_>, report: &Report<O>) -> io::Result<()> {
    let Some(estimate) = &report.estimate else {
        return Ok(());
    };
    sheet.heading("estimate")?;
    let time = estimate.time_text();
    let time = format!("{time} {}", estimate.rate_text());
    for (name, text) in [
        ("requests", estimate.requests_text()),
        ("time", time),
        ("run file", estimate.size_text()),
    ] {
        sheet.wrapped(&cells::padded(name, NAMES), Ink::Plain, &text)?;
    }
    if !estimate.may_follow.is_empty() {
        sheet.heading("may follow")?;
    }
    for one in &estimate.may_follow {
        sheet.wrapped("- ", Ink::Plain, &one.message)?;
    }
    Ok(())
}
