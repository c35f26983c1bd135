//! Diagnostics as workflow commands of GitHub Actions, which put them beside the lines of a pull request.
//!
//! GitHub shows ten annotations of a kind a step and drops the others without a word, so that the rest is counted here.

use std::fmt::Write;

use super::Diagnostic;
use super::Severity;
use crate::diag::counted;

/// Annotations of one kind that GitHub shows of a step.
pub(super) const SHOWN: usize = 10;

/// What `check` found.
pub fn github_annotations(diagnostics: &[Diagnostic]) -> String {
    annotations(diagnostics, "sugarmill check --format text")
}

/// One line for each diagnostic, errors and warnings up to ten each, and one that says how many more there are and which
/// command shows them.
pub(super) fn annotations(diagnostics: &[Diagnostic], command: &str) -> String {
    let mut text = String::new();
    let mut left_out = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        let of_kind = || {
            diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == severity)
        };
        for diagnostic in of_kind().take(SHOWN) {
            text.push_str(&annotation(diagnostic));
        }
        let more = of_kind().count().saturating_sub(SHOWN);
        if more > 0 {
            left_out.push(counted(more, &format!("more {}", severity.as_str())));
        }
    }
    if !left_out.is_empty() {
        // A notice: that kind has ten of its own.
        writeln!(
            text,
            "::notice title=sugarmill::{}",
            data(&format!(
                "{} not shown as annotations; `{command}` shows all",
                left_out.join(" and ")
            ))
        )
        .expect("a string takes any text");
    }
    text
}

fn annotation(diagnostic: &Diagnostic) -> String {
    let title = match &diagnostic.step {
        Some(step) => format!("{} in step {step}", diagnostic.code),
        None => diagnostic.code.clone(),
    };
    let mut properties: Vec<(&str, String)> = Vec::new();
    properties.extend(diagnostic.file.clone().map(|file| ("file", file)));
    properties.extend(diagnostic.line.map(|line| ("line", line.to_string())));
    properties.extend(diagnostic.column.map(|column| ("col", column.to_string())));
    properties.push(("title", title));
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    let message = match &diagnostic.help {
        Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    format!(
        "::{} {}::{}\n",
        diagnostic.severity.as_str(),
        properties.join(","),
        data(&message)
    )
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property ends at a comma, and all of them at a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(severity: Severity) -> Diagnostic {
        Diagnostic {
            code: "unknown_key".into(),
            severity,
            message: "unknown key `a`".into(),
            help: None,
            file: Some("a.yaml".into()),
            line: Some(3),
            column: Some(5),
            end: None,
            step: None,
        }
    }

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let odd = Diagnostic {
            message: "100% wrong:\r\nas, said".into(),
            help: Some("mend it".into()),
            file: Some("a,b:c%.yaml".into()),
            step: Some("one".into()),
            column: None,
            end: None,
            ..diagnostic(Severity::Warning)
        };
        assert_eq!(
            github_annotations(&[odd]),
            "::warning file=a%2Cb%3Ac%25.yaml,line=3,title=unknown_key in step one::100%25 wrong:%0D%0Aas, said%0Ahelp: mend it\n"
        );
    }

    #[test]
    fn what_has_no_place_says_so_all_the_same() {
        let placeless = Diagnostic {
            file: None,
            line: None,
            column: None,
            end: None,
            ..diagnostic(Severity::Error)
        };
        assert_eq!(
            github_annotations(&[placeless]),
            "::error title=unknown_key::unknown key `a`\n"
        );
        assert_eq!(github_annotations(&[]), "");
    }

    #[test]
    fn beyond_ten_of_a_kind_they_are_counted() {
        let many: Vec<Diagnostic> = std::iter::repeat_n(diagnostic(Severity::Warning), 11)
            .chain(std::iter::repeat_n(diagnostic(Severity::Error), 13))
            .collect();
        let text = github_annotations(&many);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 21);
        assert!(lines[..10].iter().all(|line| line.starts_with("::error ")));
        assert_eq!(
            lines[20],
            "::notice title=sugarmill::3 more errors and 1 more warning not shown as annotations; \
             `sugarmill check --format text` shows all"
        );
    }
}
