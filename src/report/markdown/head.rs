//! Verdict, digest, and counts against limits.

use super::Told;
use super::inert;
use super::page::Page;
use crate::report::Kind;
use crate::report::ReportError;
use crate::report::text;
use crate::report::text::Ink;
use crate::report::text::grouped;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let report = told.report;
    let mut part = page.part(8_000);
    // Who posts it as one comment that is replaced finds that comment by this line.
    let name: String = report
        .playbook
        .name
        .chars()
        .map(|letter| match letter.is_ascii_alphanumeric() {
            true => letter,
            false => '.',
        })
        .take(80)
        .collect();
    part.add(&format!("<!-- sugarmill {name} -->\n"));

    let (ink, verdict) = text::verdict(&told.source.standing, report);
    let sign = match ink {
        Ink::Good => "✓",
        Ink::Bad => "✗",
        Ink::Warn | Ink::Plain | Ink::Strong | Ink::Faint => "!",
    };
    let kind = match report.kind {
        Kind::Plan => "Plan",
        Kind::Run => "Run",
        Kind::Undo => "Undo",
    };
    let name = inert::short_code(&report.playbook.name, 100);
    part.add(&format!("### {sign} {kind} of {name}: {verdict}\n\n"));
    if let Some(digest) = &report.digest {
        part.add(&format!("Digest {}\n\n", inert::short_code(digest, 128)));
    }

    part.add("| | counted | limit |\n|---|--:|---|\n");
    for bound in told.source.bounds()? {
        let at_least = if bound.at_least { "at least " } else { "" };
        let found = format!("{at_least}{}", grouped(bound.found));
        let found = match bound.is_passed {
            true => format!("**{found}**"),
            false => found,
        };
        let limit = match &bound.limit {
            Some((name, limit)) => {
                let passed = if bound.is_passed { ", **passed**" } else { "" };
                format!("`{name}: {limit}`{passed}")
            }
            None => "none".to_owned(),
        };
        part.add(&format!("| {} | {found} | {limit} |\n", bound.what));
    }
    part.add(&format!(
        "\n{}. {} as {}, {}.\n",
        text::counts(&report.summary),
        inert::short_code(&report.instance.url, 200),
        inert::short_code(&report.instance.user, 100),
        time(told),
    ));
    if !told.source.standing.is_plan() {
        part.add(&format!("Requests: {}.\n", text::requests(report)));
    }
    if let Some(undoes) = &told.source.standing.undoes {
        let file = inert::short_code(&undoes.file, 200);
        part.add(&format!("It takes {file} back.\n"));
    }
    page.put(&part);
    Ok(())
}

fn time(told: &Told<'_>) -> String {
    let run = &told.report.run;
    let started = inert::short_code(&run.started, 40);
    match &run.finished {
        Some(finished) if !told.source.standing.is_plan() => {
            format!(
                "planned {started}, ended {}",
                inert::short_code(finished, 40)
            )
        }
        _ => format!("planned {started}"),
    }
}
