//! The keys of a step that say how it runs: `expect`, `on_error`, `depends_on`, `retry`, `verify`.

use super::super::ast::DependsOn;
use super::super::ast::Expect;
use super::super::ast::OnError;
use super::super::ast::OnErrorAction;
use super::super::ast::Retry;
use super::super::ast::Verify;
use super::super::ast::VerifyMode;
use super::super::ast::Wait;
use super::super::code;
use super::super::language::EXPECT;
use super::super::language::RETRY;
use super::super::node::Node;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::wants;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::did_you_mean;
use crate::wire::LocalLabel;

const ACTIONS: [(&str, OnErrorAction); 3] = [
    ("stop", OnErrorAction::Stop),
    ("continue", OnErrorAction::Continue),
    ("ignore", OnErrorAction::Ignore),
];
/// What it can be for failures of every kind.
const FOR_ALL: [(&str, OnErrorAction); 2] = [
    ("stop", OnErrorAction::Stop),
    ("continue", OnErrorAction::Continue),
];
const MODES: [(&str, VerifyMode); 3] = [
    ("fail", VerifyMode::Fail),
    ("warn", VerifyMode::Warn),
    ("off", VerifyMode::Off),
];
const FINISHED: &str = "finished";

/// A count, an expression, or a list of both.
pub(super) fn expect(reader: &mut Reader<'_>, node: Located<Node>) -> Vec<Expect> {
    match node.value {
        Node::List(items) => items
            .into_iter()
            .filter_map(|item| expectation(reader, item))
            .collect(),
        _ => expectation(reader, node).into_iter().collect(),
    }
}

fn expectation(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Expect> {
    match &node.value {
        Node::Map(_) => count(reader, node),
        Node::Int(number) => {
            let problem = wants(
                "expect",
                "`{count: n}`, `{min: n, max: n}` or an expression",
                &node,
            )
            .help(format!("write `expect: {{ count: {number} }}`"));
            reader.report(problem);
            None
        }
        Node::Text(text) if let Some(counted) = counted(text) => {
            let message = "`expect` counts records with a map".to_owned();
            let help = format!("write `{{ {counted} }}`");
            reader.invalid(node.span, message, "no name by itself", help);
            None
        }
        _ => reader.expression("expect", node).map(Expect::Holds),
    }
}

/// `count > 0` as the map that says it.
fn counted(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("count")?.trim_start();
    let (sign, number) = rest.split_at(rest.find(|sign| !"<>=".contains(sign))?);
    let number: u64 = number.trim().parse().ok()?;
    match sign {
        "=" | "==" => Some(format!("count: {number}")),
        ">=" => Some(format!("min: {number}")),
        ">" => Some(format!("min: {}", number.checked_add(1)?)),
        "<=" => Some(format!("max: {number}")),
        "<" => Some(format!("max: {}", number.checked_sub(1)?)),
        _ => None,
    }
}

fn count(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Expect> {
    let span = node.span;
    let mut entries = Entries::of(reader, "expect", node)?;
    entries.mend(reader, "`expect`", &EXPECT.iter().map(|key| key.name));
    let exactly = entries.take_entry("count");
    let lowest = entries.take_entry("min");
    let highest = entries.take_entry("max");
    let is_empty = exactly.is_none() && lowest.is_none() && highest.is_none();
    let has_unknown = entries.keys().next().is_some();
    entries.finish(reader, "`expect`", EXPECT);
    if is_empty {
        if !has_unknown {
            let help = "write `{ count: 1 }` or `{ min: 1 }`".to_owned();
            reader.invalid(
                span,
                "`expect` expects nothing".to_owned(),
                "an empty map",
                help,
            );
        }
        return None;
    }
    if let (Some((exactly, _)), Some((other, _))) = (&exactly, lowest.as_ref().or(highest.as_ref()))
    {
        let problem = Problem::error(code::INVALID_PARAMETER, "`count` says all there is to say")
            .at(other.span, "adds nothing")
            .at(exactly.span, "already exact")
            .help("remove one of the two");
        reader.report(problem);
        return None;
    }
    let mut number = |entry: Option<(Located<String>, Located<Node>)>| match entry {
        Some((key, node)) => reader
            .whole(&key.value, &node, 0)
            .map(|number| Some(number.value)),
        None => Some(None),
    };
    let (exactly, lowest, highest) = (number(exactly), number(lowest), number(highest));
    let (exactly, lowest, highest) = (exactly?, lowest?, highest?);
    if let (Some(lowest), Some(highest)) = (lowest, highest)
        && lowest > highest
    {
        let message = format!("`expect` can never hold: `min` {lowest} is above `max` {highest}");
        reader.invalid(
            span,
            message,
            "the wrong way round",
            "swap the two".to_owned(),
        );
        return None;
    }
    Some(Expect::Count {
        min: exactly.or(lowest),
        max: exactly.or(highest),
        span,
    })
}

pub(super) fn on_error(reader: &mut Reader<'_>, node: Located<Node>) -> Option<OnError> {
    let Node::Map(labels) = node.value else {
        if !matches!(node.value, Node::Text(_)) {
            let wanted = "`stop`, `continue` or a map of labels";
            reader.report(wants("on_error", wanted, &node).help("such as `{ not_found: ignore }`"));
            return None;
        }
        if matches!(&node.value, Node::Text(text) if text == "ignore") {
            let message = "`on_error` ignores only failures it names".to_owned();
            let help = "name the label: `on_error: { not_found: ignore }`".to_owned();
            reader.invalid(node.span, message, "this would hide everything", help);
            return None;
        }
        let action = reader.choice("on_error", &node, &FOR_ALL)?;
        return Some(OnError {
            otherwise: Some(action),
            by_label: Vec::new(),
        });
    };
    let by_label = labels
        .into_iter()
        .filter_map(|(label, node)| {
            known_label(reader, &label);
            let action = reader.choice(&label.value, &node, &ACTIONS)?;
            Some((label, action))
        })
        .collect();
    Some(OnError {
        otherwise: None,
        by_label,
    })
}

/// Sugar's labels are open: modules bring their own. Those of sugarmill are all known.
fn known_label(reader: &mut Reader<'_>, label: &Located<String>) {
    let known = || LocalLabel::ALL.iter().map(|label| label.as_str());
    if label.value.starts_with("local:") && !known().any(|known| known == label.value) {
        let problem = Problem::error(
            code::INVALID_PARAMETER,
            format!("no label is called `{}`", label.value),
        )
        .at(label.span, "unknown label")
        .help_if(did_you_mean(&label.value, known()));
        reader.report(problem);
    }
}

/// `x`, `[x, y]`, `{x: finished}`, `[x, {y: finished}]`.
pub(super) fn depends_on(reader: &mut Reader<'_>, node: Located<Node>) -> Vec<DependsOn> {
    let mut steps = Vec::new();
    match node.value {
        Node::List(items) => {
            for item in items {
                dependency(reader, item, &mut steps);
            }
        }
        _ => dependency(reader, node, &mut steps),
    }
    steps
}

fn dependency(reader: &mut Reader<'_>, node: Located<Node>, steps: &mut Vec<DependsOn>) {
    match node.value {
        Node::Text(step) => steps.push(DependsOn {
            step: Located::new(step, node.span),
            wait: Wait::Succeeded,
        }),
        Node::Map(waits) => {
            for (step, node) in waits {
                match &node.value {
                    Node::Text(word) if word == FINISHED => steps.push(DependsOn {
                        step,
                        wait: Wait::Finished,
                    }),
                    _ => reader.report(not_finished(&step, &node)),
                }
            }
        }
        value => {
            let found = Located::new(value, node.span);
            reader.wrong_kind("depends_on", "the ids of steps", &found);
        }
    }
}

fn not_finished(step: &Located<String>, node: &Located<Node>) -> Problem {
    let step = &step.value;
    Problem::error(
        code::INVALID_PARAMETER,
        format!("`{step}` can only be `{FINISHED}` here"),
    )
    .at(node.span, "not known here")
    .help(format!(
        "`[{step}]` waits until it has gone well, `{{ {step}: {FINISHED} }}` until it has ended"
    ))
}

pub(super) fn retry(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Retry> {
    if let Node::Int(attempts) = node.value {
        let problem = wants("retry", "a map", &node)
            .help(format!("write `retry: {{ attempts: {attempts} }}`"));
        reader.report(problem);
        return None;
    }
    let mut entries = Entries::of(reader, "retry", node)?;
    entries.mend(reader, "`retry`", &RETRY.iter().map(|key| key.name));
    let retry = Retry {
        attempts: entries
            .take("attempts")
            .and_then(|node| reader.whole_small("attempts", &node, 1)),
        backoff: entries
            .take("backoff")
            .and_then(|node| reader.duration("backoff", &node)),
    };
    entries.finish(reader, "`retry`", RETRY);
    Some(retry)
}

/// One mode for every field, or one by field.
pub(super) fn verify(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Verify> {
    let Node::Map(fields) = node.value else {
        let otherwise = reader.choice("verify", &node, &MODES)?;
        return Some(Verify {
            otherwise,
            by_field: Vec::new(),
        });
    };
    let by_field = fields
        .into_iter()
        .filter_map(|(field, node)| {
            let mode = reader.choice(&field.value, &node, &MODES)?;
            Some((field, mode))
        })
        .collect();
    Some(Verify {
        otherwise: VerifyMode::default(),
        by_field,
    })
}
