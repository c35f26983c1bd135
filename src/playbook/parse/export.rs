//! `export`: rows of results written to a file.

use super::super::Action;
use super::super::ast::Empty;
use super::super::ast::ExportArgs;
use super::super::ast::ExportFormat;
use super::super::ast::OnDuplicate;
use super::super::ast::OnError;
use super::super::ast::Retry;
use super::super::ast::Step;
use super::super::ast::Verify;
use super::super::code;
use super::super::language::STEP;
use super::super::language::Verb;
use super::super::language::find;
use super::super::node::Node;
use super::controls;
use super::entries::Entries;
use super::for_each::Walker;
use super::for_each::for_each;
use super::for_each::unread_list;
use super::reader::Reader;
use super::step::ITEM;
use super::verb::leftovers;
use super::verb::missing_argument;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;
use crate::diag::one_of;

const FORMATS: [(&str, ExportFormat); 3] = [
    ("csv", ExportFormat::Csv),
    ("jsonl", ExportFormat::Jsonl),
    ("json", ExportFormat::Json),
];

/// Reads an export; its verb and the rows behind that are taken already.
pub(super) fn export(
    reader: &mut Reader<'_>,
    mut entries: Entries,
    verb: &'static Verb,
    id: Option<Located<String>>,
    verb_span: Span,
    rows: Located<Node>,
) -> Option<Step> {
    let span = entries.span;
    let rows = match rows.value {
        // Apply reads the run file and nothing else, and an export is written by apply.
        Node::Map(_) => {
            let message = "an export writes results, not the rows of a file".to_owned();
            let help = "name what the rows led to: `export: \"{{ steps.made.items }}\"`".to_owned();
            reader.invalid(rows.span, message, "a file", help);
            unread_list(rows.span)
        }
        _ => for_each(reader, Walker::Export, rows),
    };
    let to = match entries.take("to") {
        Some(node) => to(reader, node),
        None => {
            let key = find(verb.arguments, "to")?;
            reader.report(missing_argument(verb, key, verb_span));
            None
        }
    };
    let columns = match entries.take("columns") {
        None => None,
        Some(Located {
            value: Node::Map(columns),
            ..
        }) if !columns.is_empty() => Some(columns),
        Some(other) => {
            let wanted = "a map of columns, each with a template";
            reader.wrong_kind("columns", wanted, &other);
            None
        }
    };
    let name = entries
        .take("name")
        .and_then(|node| reader.text("name", node));
    let tags = entries
        .take("tags")
        .and_then(|node| reader.plain_texts("tags", node));
    let item_name = entries.take("as").map(|node| reader.item_name(node));
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
    leftovers(reader, &entries, Some(verb));

    let id = id?;
    let (to, format) = to?;
    Some(Step {
        included: None,
        name: name.map(|text| text.value),
        tags: tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| tag.value)
            .collect(),
        for_each: Some(rows),
        item_name: match item_name {
            Some(name) => name?,
            None => Located::new(ITEM.to_owned(), id.span),
        },
        key: None,
        on_duplicate: OnDuplicate::default(),
        when,
        select: None,
        expect: Vec::new(),
        on_error: OnError::default(),
        depends_on: depends_on.unwrap_or_default(),
        max: None,
        alone: false,
        retry: Retry::default(),
        verify: Verify::default(),
        unchecked: Vec::new(),
        empty: Empty::default(),
        action: Action::Export(ExportArgs {
            to,
            format,
            columns,
        }),
        id,
        verb_span,
        span,
    })
}

/// The file; its ending says what is written, so that has to be seen.
fn to(reader: &mut Reader<'_>, node: Located<Node>) -> Option<(Located<String>, ExportFormat)> {
    let to = reader.text("to", node)?;
    let ending = to.value.rsplit_once('.').map(|(_, ending)| ending.trim());
    let format = FORMATS
        .iter()
        .find(|(name, _)| ending.is_some_and(|ending| ending.eq_ignore_ascii_case(name)));
    if let Some((_, format)) = format {
        return Some((to, *format));
    }
    let endings: Vec<String> = FORMATS.iter().map(|(name, _)| format!(".{name}")).collect();
    reader.invalid(
        to.span,
        "which format is meant cannot be seen".to_owned(),
        "the ending says it",
        format!(
            "end the name of the file with {}",
            one_of(endings.iter().map(String::as_str))
        ),
    );
    None
}

fn misplaced(key: &Located<String>) -> Problem {
    let help = match key.value.as_str() {
        "for_each" => "the rows stand behind the verb: `export: \"{{ steps.made.items }}\"`",
        _ => {
            "it is of steps that ask or change an instance; `when` chooses rows, `depends_on` waits"
        }
    };
    Problem::error(
        code::MISPLACED_KEY,
        format!("`{}` does not go with `export`", key.value),
    )
    .at(key.span, "not of an export")
    .help(help)
}
