//! The words that an outcome can be, where a condition compares one with something else.

use super::checked::CheckedStep;
use super::known::Known;
use super::places::Place;
use super::shape::Shape;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Severity;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::Comparison;
use crate::expr::Part;
use crate::expr::Sign;
use crate::expr::Template;
use crate::wire::SugarLabel;

const INVALID_PARAMETER: Code = Code(SugarLabel::InvalidParameter.as_str());

/// The words of the reports.
const OUTCOMES: [&str; 7] = [
    "ok",
    "unchanged",
    "failed",
    "skipped",
    "unknown",
    "planned",
    "deferred",
];

const OUTCOME: &str = "outcome";

impl Known<'_> {
    pub(super) fn outcomes(&self, step: &CheckedStep, templates: &[Place<'_>]) -> Vec<Problem> {
        let named = |template: &Template| {
            let mut references = template.references().iter();
            references
                .any(|reference| matches!(reference.parts.last(), Some(Part::Name(name)) if name == OUTCOME))
        };
        let mut found = Vec::new();
        for Place { template, item, .. } in templates.iter().filter(|place| named(place.template)) {
            for comparison in template.comparisons() {
                let reference = template.reference_at(&comparison.of);
                let shape = reference.and_then(|reference| self.led_to(step, *item, reference));
                if matches!(shape, Some(Shape::Value(OUTCOME))) {
                    found.extend(wrong(template, &comparison));
                }
            }
        }
        found
    }
}

/// Words that no outcome is. An error, where with them the condition can never hold.
fn wrong(template: &Template, comparison: &Comparison) -> Vec<Problem> {
    let is_known = |text: &str| OUTCOMES.contains(&text);
    let never_holds = comparison.sign == Sign::Is
        && !comparison
            .texts
            .iter()
            .any(|written| is_known(&written.text));
    let unknown = comparison
        .texts
        .iter()
        .filter(|written| !is_known(&written.text));
    unknown
        .map(|written| {
            let text = &written.text;
            let severity = match never_holds {
                true => Severity::Error,
                false => Severity::Warning,
            };
            let problem = Problem {
                severity,
                ..Problem::error(INVALID_PARAMETER, format!("no outcome is `{text}`"))
            };
            problem
                .at(template.span_of(&written.range), "compared with this")
                .help(meant(text).unwrap_or_else(|| format!("it is one of {}", all_of(OUTCOMES))))
        })
        .collect()
}

/// What others call it.
fn meant(text: &str) -> Option<String> {
    let translated = match text.to_lowercase().as_str() {
        "success" | "succeeded" | "successful" | "done" => {
            "`ok`, or `unchanged` where nothing had to be changed"
        }
        "failure" | "error" => "`failed`",
        "pending" => "`planned`, or `deferred` where it waits for another",
        _ => return did_you_mean(text, OUTCOMES),
    };
    Some(format!("it is called {translated}"))
}
