//! `vars`, `limits` and `settings`.

use super::super::ast::LimitPlaces;
use super::super::ast::Limits;
use super::super::ast::Settings;
use super::super::ast::Tolerance;
use super::super::ast::VarDecl;
use super::super::ast::VarKind;
use super::super::code;
use super::super::language::LIMITS;
use super::super::language::SETTINGS;
use super::super::language::VAR;
use super::super::node::Node;
use super::entries::Entries;
use super::entries::missing;
use super::reader::Reader;
use super::reader::wants;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;

const KINDS: [(&str, VarKind); 8] = [
    ("string", VarKind::String),
    ("integer", VarKind::Integer),
    ("number", VarKind::Number),
    ("boolean", VarKind::Boolean),
    ("date", VarKind::Date),
    ("datetime", VarKind::Datetime),
    ("list", VarKind::List),
    ("secret", VarKind::Secret),
];

pub(super) fn vars(reader: &mut Reader<'_>, node: Located<Node>) -> Vec<VarDecl> {
    match node.value {
        Node::Map(vars) => vars
            .into_iter()
            .filter_map(|(name, node)| var(reader, name, node))
            .collect(),
        value => {
            reader.wrong_kind("vars", "a map of names", &Located::new(value, node.span));
            Vec::new()
        }
    }
}

/// The type that is named in place of a declaration, or that of a value.
fn kind_of(value: &Node) -> &str {
    match value {
        Node::Text(kind) if KINDS.iter().any(|(word, _)| word == kind) => kind,
        Node::Text(text) if text.parse::<jiff::Timestamp>().is_ok() => "datetime",
        Node::Text(text) if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() => "date",
        Node::Int(_) => "integer",
        Node::Float(_) => "number",
        Node::Bool(_) => "boolean",
        Node::List(_) => "list",
        _ => "string",
    }
}

fn var(reader: &mut Reader<'_>, name: Located<String>, node: Located<Node>) -> Option<VarDecl> {
    reader.named("a var", &name);
    let known = name.value.clone();
    if !matches!(node.value, Node::Map(_)) {
        let kind = kind_of(&node.value);
        let rest = match &node.value {
            Node::Null => String::new(),
            Node::Text(text) if text == kind => String::new(),
            _ => format!(", default: {}", reader.written(node.span)),
        };
        let problem = wants(&known, "a map", &node)
            .help(format!("write `{known}: {{ type: {kind}{rest} }}`"));
        reader.report(problem);
        return None;
    }
    let mut entries = Entries::of(reader, &known, node)?;
    entries.mend(reader, "a var", &VAR.iter().map(|key| key.name));
    let kind = if let Some(node) = entries.take("type") {
        reader.choice("type", &node, &KINDS)
    } else {
        reader.report(missing(&format!("`{known}`"), &VAR[0], name.span));
        None
    };
    let required = entries.take_entry("required");
    let default = entries.take_entry("default");
    let description = entries
        .take("description")
        .and_then(|node| reader.text("description", node));
    entries.finish(reader, "a var", VAR);

    let is_required = match &required {
        Some((_, node)) => reader.boolean("required", node)?,
        None => false,
    };
    match (&required, &default) {
        (Some((required, _)), Some((default, _))) if is_required => {
            let message = format!("`{known}` is required, so that its default is never used");
            let problem = Problem::error(code::INVALID_PARAMETER, message)
                .at(default.span, "never used")
                .at(required.span, "because of this")
                .help("remove one of the two");
            reader.report(problem);
        }
        (_, Some((default, _))) if kind == Some(VarKind::Secret) => {
            let message = format!("`{known}` is a secret: its value cannot stand in a playbook");
            let variable = format!("SUGARMILL_VAR_{}", known.to_uppercase());
            let problem = Problem::error(code::INVALID_PARAMETER, message)
                .at(default.span, "a secret in the open")
                .help(format!("remove `default` and set `{variable}`"));
            reader.report(problem);
        }
        _ => {}
    }
    Some(VarDecl {
        name,
        kind: kind?,
        required: is_required,
        default: default.map(|(_, node)| node),
        description: description.map(|text| text.value),
    })
}

/// The limits, and where they are written below their key.
pub(super) fn limits(
    reader: &mut Reader<'_>,
    key: Span,
    node: Located<Node>,
) -> Option<(Limits, LimitPlaces)> {
    let mut entries = Entries::of(reader, "limits", node)?;
    entries.mend(reader, "`limits`", &LIMITS.iter().map(|key| key.name));
    let places = LimitPlaces {
        key: Some(key),
        each: entries.keys().cloned().collect(),
    };
    let mut number = |name: &'static str| {
        let node = entries.take(name)?;
        reader.whole(name, &node, 0).map(|number| number.value)
    };
    let limits = Limits {
        max_changes: number("max_changes"),
        max_deletes: number("max_deletes"),
        max_calls: number("max_calls"),
        max_failures: None,
    };
    let max_failures = entries
        .take("max_failures")
        .and_then(|node| tolerance(reader, &node));
    entries.finish(reader, "`limits`", LIMITS);
    let limits = Limits {
        max_failures,
        ..limits
    };
    Some((limits, places))
}

fn tolerance(reader: &mut Reader<'_>, node: &Located<Node>) -> Option<Tolerance> {
    let wants = "a number of failures or a percentage such as `5%`";
    match &node.value {
        Node::Int(_) => reader
            .whole("max_failures", node, 0)
            .map(|number| Tolerance::Count(number.value)),
        Node::Text(text) => {
            // A number in quotation marks is no number.
            let percent = text
                .parse()
                .ok()
                .filter(|read| matches!(read, Tolerance::Percent(_)));
            if percent.is_none() {
                let problem = Problem::error(
                    code::INVALID_PARAMETER,
                    format!("`max_failures` wants {wants}"),
                )
                .at(node.span, "neither of the two")
                .help("a percentage is between `0%` and `100%`");
                reader.report(problem);
            }
            percent
        }
        _ => {
            reader.wrong_kind("max_failures", wants, node);
            None
        }
    }
}

pub(super) fn settings(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Settings> {
    let mut entries = Entries::of(reader, "settings", node)?;
    entries.mend(reader, "`settings`", &SETTINGS.iter().map(|key| key.name));
    let settings = Settings {
        batch_size: entries
            .take("batch_size")
            .and_then(|node| reader.whole_small("batch_size", &node, 1)),
        concurrency: entries
            .take("concurrency")
            .and_then(|node| reader.whole_small("concurrency", &node, 1)),
        max_requests_per_second: entries
            .take("max_requests_per_second")
            .and_then(|node| reader.positive("max_requests_per_second", &node)),
        request_timeout: entries
            .take("request_timeout")
            .and_then(|node| reader.duration("request_timeout", &node)),
        max_outage: entries
            .take("max_outage")
            .and_then(|node| reader.duration("max_outage", &node)),
        timezone: entries
            .take("timezone")
            .and_then(|node| reader.plain_text("timezone", node)),
    };
    entries.finish(reader, "`settings`", SETTINGS);
    Some(settings)
}
