//! `include`: the steps of another playbook, and what is said of all of them at once.

use super::super::ast::Include;
use super::super::code;
use super::super::language::STEP;
use super::super::language::Verb;
use super::super::node::Node;
use super::controls;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::wants;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;

/// Reads an include; its verb and what stands behind that are taken already.
pub(super) fn include(
    reader: &mut Reader<'_>,
    mut entries: Entries,
    verb: &Verb,
    id: Option<Located<String>>,
    verb_span: Span,
    subject: Located<Node>,
) -> Option<Include> {
    let span = entries.span;
    let file = match subject.value {
        Node::Map(_) => {
            let message = "`include` wants the file of a playbook".to_owned();
            let help =
                "write `include: other.yaml`, and its vars beside it: `with: { … }`".to_owned();
            reader.invalid(verb_span, message, "a map stands behind it", help);
            None
        }
        Node::Text(_) => reader.plain_text("include", subject),
        _ => {
            let problem = wants("include", "the file of a playbook", &subject)
                .help("such as `include: other.yaml`");
            reader.report(problem);
            None
        }
    };
    // An item of a misplaced `for_each` has a name too.
    let mut is_known = !entries.keys().any(|key| key.value == "for_each");
    let with = match entries.take("with") {
        None => Vec::new(),
        Some(Located {
            value: Node::Map(vars),
            ..
        }) => vars,
        Some(other) => {
            reader.wrong_kind("with", "a map of the vars it declares", &other);
            is_known = false;
            Vec::new()
        }
    };
    let _ = entries
        .take("name")
        .and_then(|node| reader.text("name", node));
    let tags = entries
        .take("tags")
        .and_then(|node| reader.plain_texts("tags", node));
    let when = entries
        .take("when")
        .and_then(|node| reader.expression("when", node));
    let depends_on = entries
        .take("depends_on")
        .map(|node| controls::depends_on(reader, node));
    for key in STEP.iter().filter(|key| !verb.goes_with(key.name)) {
        if let Some((found, _)) = entries.take_entry(key.name) {
            reader.report(misplaced(&found));
        }
    }
    entries.finish(reader, "`include`", verb.arguments);
    Some(Include {
        id: id?,
        file: file?,
        with,
        tags: tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| tag.value)
            .collect(),
        when,
        depends_on: depends_on.unwrap_or_default(),
        is_known,
        place: 0,
        span,
    })
}

fn misplaced(key: &Located<String>) -> Problem {
    let message = format!("`{}` does not go with `include`", key.value);
    let help = match key.value.as_str() {
        // The ids of steps are known before any item is.
        "for_each" => {
            "hand the list over, `with: { rows: \"{{ … }}\" }`, and let the steps of the included playbook go \
             through it: `for_each: \"{{ vars.rows }}\"`"
        }
        _ => {
            "it is of one step: write it in the included playbook; `when`, `depends_on` and `tags` go for all its steps"
        }
    };
    Problem::error(code::MISPLACED_KEY, message)
        .at(key.span, "not of an include")
        .help(help)
}
