//! The report as Markdown, for a comment of a pull request: what a reviewer decides by comes first, and all of it fits.

mod careful;
mod changes;
mod cost;
mod head;
mod inert;
mod operation;
mod page;
mod problems;
mod steps;

use std::io::Write;

use super::Privacy;
use super::Report;
use super::ReportError;
use super::source::Source;
use super::text;
use crate::runfile::RunView;
use page::Page;

/// Bytes of the commands at the end; longer ones are of paths that nobody copies out of a comment.
const COMMANDS: usize = 6_000;

/// What the sections look at.
struct Told<'a> {
    source: &'a Source<'a>,
    report: &'a Report<()>,
    /// The command that shows everything, as code.
    all: String,
}

/// Writes at most 65,536 characters, however large the run. What is left out is counted, and the command said that
/// leaves nothing out.
pub fn write_markdown(
    view: &RunView,
    privacy: Privacy,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, privacy)?;
    let report: Report<()> = source.report(|_| Ok(()))?;
    let file = text::quoted(&report.run.file);
    let told = Told {
        source: &source,
        report: &report,
        all: inert::short_code(&format!("sugarmill show {file} --operations all"), 180),
    };
    let end = end(&told)?;
    let mut page = Page::ending_with(&end);
    head::put(&mut page, &told)?;
    problems::put(&mut page, &told)?;
    careful::put(&mut page, &told)?;
    cost::put(&mut page, &told);
    steps::put(&mut page, &told);
    changes::put(&mut page, &told)?;
    out.write_all(page.finish(&told.all, &end).as_bytes())?;
    Ok(())
}

/// The document of a command that came to no run file: what stood in the way.
pub fn markdown_of_failure<O>(report: &Report<O>) -> String {
    let mut page = Page::ending_with("");
    head::of_failure(&mut page, report);
    problems::diagnostics(&mut page, &report.diagnostics);
    page.finish("", "")
}

/// What can be done now, as commands to copy.
fn end(told: &Told<'_>) -> Result<String, ReportError> {
    let mut end = String::new();
    for (why, command) in text::next_steps(told.source, told.report)? {
        end.push_str(&format!("\n{}\n", sentence(&why)));
        if let Some(command) = command {
            let command = text::cells::visible(&command);
            let ticks = longest_run(&command, '`').max(2) + 1;
            let fence = "`".repeat(ticks);
            end.push_str(&format!("\n{fence}sh\n{command}\n{fence}\n"));
        }
    }
    Ok(match end.len() <= COMMANDS {
        true => end,
        false => String::new(),
    })
}

fn sentence(text: &str) -> String {
    let text = inert::prose(text);
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn longest_run(text: &str, sign: char) -> usize {
    let runs = text.split(|letter| letter != sign).map(str::len);
    runs.max().unwrap_or(0)
}
