//! One explanation, and finding it.

use serde::Serialize;

use super::found::FOUND;
use super::local;
use super::sugar;
use crate::wire::Fault;
use crate::wire::LocalLabel;
use crate::wire::Reaction;
use crate::wire::Sent;
use crate::wire::SugarLabel;

/// Both texts are sentences for people, values in backticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) meaning: &'static str,
    pub(super) advice: &'static str,
}

/// A mistake found in what somebody wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) code: &'static str,
    pub(super) words: Words,
}

/// Who gives the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Sugar, in an answer. `check` uses the same word for the same mistake.
    Sugar,
    /// sugarmill, of an operation.
    Local,
    /// sugarmill, of a playbook, before anything is sent.
    Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub label: &'static str,
    pub origin: Origin,
    /// The HTTP status Sugar sends with it, where that is published.
    pub status: Option<u16>,
    pub meaning: &'static str,
    pub advice: &'static str,
    /// Whether and how sugarmill repeats what met it.
    pub repeated: &'static str,
}

/// Codes that tell how a run ended or what it met: something may have been sent.
const OF_RUNS: &[&str] = &[
    "denied",
    "halted",
    "ids_ignored",
    "interrupted",
    "lost",
    "refused",
    "stopped",
];

/// All of them: Sugar's, sugarmill's own, those of diagnostics; each by name.
pub fn explanations() -> Vec<Explanation> {
    let of_sugar = SugarLabel::ALL.iter().map(|label| {
        let Words { meaning, advice } = sugar::words(*label);
        Explanation {
            label: label.as_str(),
            origin: Origin::Sugar,
            status: label.status(),
            meaning,
            advice,
            repeated: by_reaction(reaction_to(*label)),
        }
    });
    let of_ours = LocalLabel::ALL.iter().map(|label| {
        let Words { meaning, advice } = local::words(*label);
        Explanation {
            label: label.as_str(),
            origin: Origin::Local,
            status: None,
            meaning,
            advice,
            repeated: repeated(*label),
        }
    });
    let mut of_check: Vec<&Found> = FOUND.iter().collect();
    of_check.sort_by_key(|found| found.code);
    let of_check = of_check.into_iter().map(|found| Explanation {
        label: found.code,
        origin: Origin::Check,
        status: None,
        meaning: found.words.meaning,
        advice: found.words.advice,
        repeated: match found.code {
            code if OF_RUNS.contains(&code) => "no: what can go on does so with `apply FILE`",
            _ => "no: nothing was sent",
        },
    });
    of_sugar.chain(of_ours).chain(of_check).collect()
}

/// The explanation of a label. The prefix `local:` may be left out where that is clear.
pub fn explain(label: &str) -> Option<Explanation> {
    let all = explanations();
    let named = |name: &str| all.iter().find(|known| known.label == name).copied();
    named(label).or_else(|| named(&format!("local:{label}")))
}

/// The engine's own judgement, asked rather than written down a second time.
fn reaction_to(label: SugarLabel) -> Reaction {
    let fault = Fault::Refused {
        status: label.status().unwrap_or(500),
        label: label.into(),
        message: String::new(),
        retry_after: None,
    };
    fault.reaction()
}

fn by_reaction(reaction: Reaction) -> &'static str {
    match reaction {
        Reaction::Login => "yes, once, after a refresh of the session or a new login",
        Reaction::Fail => "no: the operation failed, and `on_error` decides how the run goes on",
        Reaction::Reread => "no: the record is read again and judged by the rule of `local:drift`",
        Reaction::Metadata => {
            "yes, after the metadata is fetched again and what is left is checked"
        }
        Reaction::Split => "yes, in smaller batches; an operation that is too large alone fails",
        Reaction::Repeat => {
            "yes, what is safe to repeat, with growing pauses; five attempts unless `retry.attempts` says otherwise"
        }
        Reaction::Stop => "no: the run stops with exit 4",
    }
}

fn repeated(label: LocalLabel) -> &'static str {
    let fault = match label {
        LocalLabel::Network => Fault::Network {
            sent: Sent::Perhaps,
            detail: String::new(),
        },
        LocalLabel::Timeout => Fault::Timeout {
            after: std::time::Duration::ZERO,
        },
        LocalLabel::NotJson => Fault::NotJson {
            status: 502,
            excerpt: String::new(),
            retry_after: None,
        },
        LocalLabel::Http => return "yes for 429 and 5xx, as far as it is safe; no otherwise",
        LocalLabel::Condition | LocalLabel::LeftOut => return "no: that is no failure",
        LocalLabel::Export => {
            return "by the next `apply` of the run file, which writes its exports again";
        }
        LocalLabel::Irreversible => {
            return "no: nothing would make it reversible, and the rest is taken back all the same";
        }
        LocalLabel::NotStored => return "no, not by `apply --retry-failed` either: it was written",
        LocalLabel::Dependency => {
            return "not by itself; `apply --retry-failed` tries it together with what it waits for";
        }
        LocalLabel::Ambiguous
        | LocalLabel::Conflict
        | LocalLabel::Drift
        | LocalLabel::DuplicateKey
        | LocalLabel::EmptyMatch
        | LocalLabel::Expect
        | LocalLabel::IdTaken
        | LocalLabel::InvalidValue
        | LocalLabel::MissingKey
        | LocalLabel::Template => {
            return "no: it would only happen again, and `on_error` decides how the run goes on";
        }
    };
    by_reaction(fault.reaction())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_is_explained_twice_and_no_explanation_is_empty() {
        let mut seen = BTreeSet::new();
        for explanation in explanations() {
            let label = explanation.label;
            assert!(seen.insert(label), "{label}");
            for text in [explanation.meaning, explanation.advice] {
                assert!(!text.is_empty(), "{label}");
                assert!(!text.ends_with('.'), "{label}: {text}");
                assert!(text.matches('`').count() % 2 == 0, "{label}: {text}");
            }
        }
    }

    #[test]
    fn only_of_what_is_found_before_it_is_said_that_nothing_was_sent() {
        let says_so =
            |code| explain(code).is_some_and(|found| found.repeated.contains("nothing was sent"));
        for code in OF_RUNS {
            assert!(explain(code).is_some() && !says_so(code), "{code}");
        }
        assert!(says_so("cycle"));
    }

    #[test]
    fn the_prefix_may_be_left_out() {
        assert_eq!(
            explain("drift").map(|found| found.label),
            Some("local:drift")
        );
        // Both exist; what was written is meant.
        assert_eq!(
            explain("duplicate_key").map(|found| found.origin),
            Some(Origin::Check)
        );
        assert_eq!(explain("nothing_of_the_kind"), None);
    }
}
