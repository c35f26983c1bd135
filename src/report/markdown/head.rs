//! Verdict, digest, and counts against limits.

use super::Told;
use super::inert;
use super::page::Page;
use super::page::counted;
use crate::report::Kind;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::text;
use crate::report::text::Ink;
use crate::report::text::grouped;

pub(super) fn put(page: &mut Page, told: &Told<'_>) -> Result<(), ReportError> {
    let report = told.report;
    let mut part = page.part(8_000);
    part.add(&marker(&report.playbook.name));

    let (ink, verdict) = text::verdict(&told.source.standing, report);
    let sign = match ink {
        Ink::Good => "✓",
        Ink::Bad => "✗",
        Ink::Warn | Ink::Plain | Ink::Strong | Ink::Faint => "!",
    };
    let name = inert::short_code(&report.playbook.name, 100);
    part.add(&format!(
        "### {sign} {} of {name}: {verdict}\n\n",
        kind(report.kind)
    ));
    if let Some(digest) = &report.digest {
        part.add(&format!("Digest {}\n\n", inert::short_code(digest, 128)));
    }

    part.add("| | counted | limit |\n|---|--:|---|\n");
    for bound in told.source.bounds()? {
        let at_least = if bound.at_least { "at least " } else { "" };
        let found = format!("{at_least}{}", grouped(bound.found));
        let exceeded = bound.exceeded_by();
        let found = match exceeded {
            Some(_) => format!("**{found}**"),
            None => found,
        };
        let limit = match &bound.limit {
            Some(limit) => {
                let given = if limit.is_given {
                    ", given to apply"
                } else {
                    ""
                };
                let exceeded = exceeded.map(|by| format!(", **exceeded by {}**", grouped(by)));
                let exceeded = exceeded.unwrap_or_default();
                format!("`{}: {}`{given}{exceeded}", bound.name, limit.text())
            }
            None => format!("`{}` {}", bound.name, bound.otherwise),
        };
        part.add(&format!("| {} | {found} | {limit} |\n", bound.what));
    }
    part.add(&format!(
        "\n{}. {} as {}, {}.\n",
        text::counts(report),
        inert::short_code(&report.instance.url, 200),
        inert::short_code(&told.source.users(), 100),
        time(told),
    ));
    let irreversible = text::irreversible(told.source)?;
    if irreversible > 0 {
        part.add(&format!(
            "\n**Careful**: {} that cannot be taken back.\n",
            counted(irreversible, ["change", "changes"])
        ));
    }
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

/// Of a command that came to no run file, and perhaps not as far as to the playbook's name.
pub(super) fn of_failure<O>(page: &mut Page, report: &Report<O>) {
    let playbook = &report.playbook;
    let name = match playbook.name.is_empty() {
        true => &playbook.path,
        false => &playbook.name,
    };
    let mut part = page.part(1_000);
    part.add(&marker(name));
    part.add(&format!(
        "### ✗ {} of {}: {}\n",
        kind(report.kind),
        inert::short_code(name, 100),
        report.result.as_str()
    ));
    page.put(&part);
}

/// Who posts the document as one comment that is replaced finds that comment by this line.
fn marker(name: &str) -> String {
    let letters = name
        .chars()
        .map(|letter| match letter.is_ascii_alphanumeric() {
            true => letter,
            false => '.',
        });
    format!(
        "<!-- sugarmill {} -->\n",
        letters.take(80).collect::<String>()
    )
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Plan => "Plan",
        Kind::Run => "Run",
        Kind::Undo => "Undo",
    }
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
