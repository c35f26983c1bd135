//! The top of a playbook.

use std::collections::HashMap;
use std::path::Path;

use super::super::Playbook;
use super::super::ast::Fields;
use super::super::ast::Include;
use super::super::ast::Step;
use super::super::ast::Unread;
use super::super::code;
use super::super::language::Key;
use super::super::language::PLAYBOOK;
use super::super::language::STEP;
use super::super::language::Verb;
use super::super::language::find;
use super::super::node::Node;
use super::super::reach::Reach;
use super::entries::Entries;
use super::reader::Reader;
use super::reader::wants;
use super::settings;
use super::step;
use super::step::Entry;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;

const OWNER: &str = "a playbook";
const LANGUAGE: i64 = 1;
/// The first: whoever has to raise it writes 2.
const FIRST_GENERATION: u64 = 1;

pub(super) fn playbook(
    reader: &mut Reader<'_>,
    root: Located<Node>,
    folder: &Path,
) -> Option<Playbook> {
    let span = root.span;
    let mut entries = top(reader, root)?;
    entries.mend(reader, OWNER, &PLAYBOOK.iter().map(|key| key.name));
    let hides_vars = reader.lacks_lines_of("vars", entries.extent("vars").as_ref());
    version(reader, &mut entries);
    if let Some(node) = entries.take("requires") {
        release(reader, &node);
    }
    let name = entries
        .require(reader, OWNER, key("name"))
        .and_then(|node| reader.plain_text("name", node));
    let description = entries
        .take("description")
        .and_then(|node| reader.text("description", node));
    let mut unread = Unread {
        hides_vars,
        ..Unread::default()
    };
    let vars = entries
        .take("vars")
        .map(|node| {
            let names = names(&node);
            unread.hides_vars |= names.is_none();
            unread.vars = names.unwrap_or_default();
            settings::vars(reader, node)
        })
        .unwrap_or_default();
    unread
        .vars
        .retain(|name| !vars.iter().any(|var| var.name.value == *name));
    let (limits, limit_places) = entries
        .take_entry("limits")
        .and_then(|(key, node)| settings::limits(reader, key.span, node))
        .unwrap_or_default();
    let settings = entries
        .take("settings")
        .and_then(|node| settings::settings(reader, node))
        .unwrap_or_default();
    let listed = entries
        .require(reader, OWNER, key("steps"))
        .map_or_else(Listed::unread, |node| steps(reader, node));
    let outputs = entries
        .take("outputs")
        .and_then(|node| outputs(reader, node))
        .unwrap_or_default();
    let identity = entries
        .take("identity")
        .and_then(|node| reader.plain_text("identity", node));
    let generation = entries
        .take("generation")
        .and_then(|node| reader.whole("generation", &node, 0))
        .map_or(FIRST_GENERATION, |number| number.value);
    entries.finish(reader, OWNER, PLAYBOOK);

    unread.steps = listed.unread;
    unread.hides_steps = listed.hides_steps;
    unread.lacking = reader.lacking();
    Some(Playbook {
        name: name.unwrap_or_else(|| Located::new(String::new(), span)),
        description: description.map(|text| text.value),
        reach: Reach::of(folder),
        vars,
        limits,
        limit_places,
        settings,
        steps: listed.steps,
        includes: listed.includes,
        included: Vec::new(),
        texts: Vec::new(),
        outputs,
        identity,
        generation,
        unread,
    })
}

fn top(reader: &mut Reader<'_>, root: Located<Node>) -> Option<Entries> {
    let shape = "a playbook begins with `version: 1` and has a `name` and `steps`";
    match root.value {
        Node::Map(_) => Entries::of(reader, "playbook", root),
        Node::Null => {
            reader.report(
                Problem::error(code::EMPTY_PLAYBOOK, "the playbook is empty")
                    .at(root.span, "nothing but comments here")
                    .help(shape),
            );
            None
        }
        other => {
            let message = format!("a playbook is a map, found {}", other.kind());
            let problem = Problem::error(code::INVALID_PARAMETER, message)
                .at(root.span, format!("this is {}", other.kind()))
                .help(shape);
            reader.report(problem);
            None
        }
    }
}

fn version(reader: &mut Reader<'_>, entries: &mut Entries) {
    let Some(node) = entries.require(reader, OWNER, key("version")) else {
        return;
    };
    match &node.value {
        Node::Int(LANGUAGE) => {}
        Node::Text(text) if text == "1" => {
            let problem =
                wants("version", "the number 1", &node).help("remove the quotes: `version: 1`");
            reader.report(problem);
        }
        Node::Int(_) | Node::Float(_) => {
            let written = reader.written(node.span);
            let message = format!("this sugarmill does not know version {written} of the language");
            let problem = Problem::error(code::WRONG_VERSION, message)
                .at(node.span, "knows only version 1")
                .help("write `version: 1`, or use a newer sugarmill");
            reader.report(problem);
        }
        _ => reader.wrong_kind("version", "the number 1", &node),
    }
}

/// The lowest version of sugarmill. A number is taken as it is written: `0.10` is not `0.1`.
fn release(reader: &mut Reader<'_>, node: &Located<Node>) {
    let written = match &node.value {
        Node::Text(text) => text.clone(),
        Node::Int(_) | Node::Float(_) => reader.written(node.span).to_owned(),
        _ => {
            reader.wrong_kind("requires", "a version", node);
            return;
        }
    };
    let Some(wanted) = numbers(&written) else {
        let message = "`requires` wants a version such as `0.2` or `1.0.3`".to_owned();
        reader.invalid(
            node.span,
            message,
            "not a version",
            "write the lowest version alone; newer ones are meant too".to_owned(),
        );
        return;
    };
    let own = env!("CARGO_PKG_VERSION");
    if numbers(own).is_some_and(|own| own < wanted) {
        let message = format!("the playbook requires sugarmill {written}, this is {own}");
        let problem = Problem::error(code::WRONG_VERSION, message)
            .at(node.span, "newer than this sugarmill")
            .help("install a newer sugarmill; other problems of this file may come from its age");
        reader.report(problem);
    }
}

fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    let mut parts = version.split('.');
    for (index, number) in numbers.iter_mut().enumerate() {
        match parts.next() {
            Some(part) => *number = part.parse().ok()?,
            None if index == 0 => return None,
            None => break,
        }
    }
    parts.next().is_none().then_some(numbers)
}

/// The entries of `steps`, by what they are.
struct Listed {
    steps: Vec<Step>,
    includes: Vec<Include>,
    /// The ids of those with mistakes in them.
    unread: Vec<String>,
    hides_steps: bool,
}

impl Listed {
    fn unread() -> Self {
        Self {
            steps: Vec::new(),
            includes: Vec::new(),
            unread: Vec::new(),
            hides_steps: true,
        }
    }
}

/// The keys of a map.
fn names(node: &Located<Node>) -> Option<Vec<String>> {
    match &node.value {
        Node::Map(entries) => Some(entries.iter().map(|(key, _)| key.value.clone()).collect()),
        Node::Null => Some(Vec::new()),
        _ => None,
    }
}

fn steps(reader: &mut Reader<'_>, node: Located<Node>) -> Listed {
    let span = node.span;
    let items = match node.value {
        Node::List(items) if items.is_empty() => {
            let message = "`steps` is empty".to_owned();
            let help = "a step has an `id` and a verb: `- { id: who, me: {} }`".to_owned();
            reader.invalid(span, message, "no steps", help);
            return Listed::unread();
        }
        Node::List(items) => items,
        Node::Map(_) => {
            let problem = wants("steps", "a list", &Located::new(node.value, span))
                .help("begin every step with `- id: …`");
            reader.report(problem);
            return Listed::unread();
        }
        value => {
            reader.wrong_kind("steps", "a list", &Located::new(value, span));
            return Listed::unread();
        }
    };
    let items = without_dashes_too_many(reader, items);
    let mut ids: HashMap<String, Span> = HashMap::with_capacity(items.len());
    let (missing, hides_steps) = reader.missing_steps();
    let mut listed = Listed {
        steps: Vec::with_capacity(items.len()),
        includes: Vec::new(),
        unread: missing,
        hides_steps,
    };
    let begins: Vec<usize> = items.iter().map(|item| item.span.start()).collect();
    let ends = begins.iter().skip(1).copied().chain([usize::MAX]);
    for (item, end) in items.into_iter().zip(ends) {
        let span = item.span;
        let is_cut = reader.goes_on_in(span.start()..end);
        let step::Listed { ids: own, entry } = step::entry(reader, item);
        let entry = entry.filter(|_| !is_cut);
        if entry.is_none() {
            reader.leave_out(own.first().map(|id| id.value.as_str()), span);
            listed.hides_steps |= own.is_empty();
            listed.unread.extend(own.iter().map(|id| id.value.clone()));
        }
        for id in own {
            match ids.get(&id.value) {
                Some(first) => {
                    let problem = duplicate(&id, *first);
                    reader.report(problem);
                    // Which of the two is meant elsewhere cannot be told.
                    listed.unread.push(id.value);
                }
                None => {
                    ids.insert(id.value, id.span);
                }
            }
        }
        match entry {
            Some(Entry::Step(step)) => listed.steps.push(*step),
            Some(Entry::Include(include)) => listed.includes.push(Include {
                place: listed.steps.len(),
                ..*include
            }),
            None => {}
        }
    }
    listed
}

/// `- id: a` and below it `- get: Accounts` are one step, of which the second dash is one too many.
fn without_dashes_too_many(
    reader: &mut Reader<'_>,
    items: Vec<Located<Node>>,
) -> Vec<Located<Node>> {
    let mut whole: Vec<Located<Node>> = Vec::with_capacity(items.len());
    for mut item in items {
        let begun = whole
            .last_mut()
            .filter(|begun| is_begun(begun) && has_verb_and_no_id(&item));
        let Some(begun) = begun else {
            whole.push(item);
            continue;
        };
        if let (Node::Map(first), Node::Map(second)) = (&mut begun.value, &mut item.value) {
            if let Some((key, _)) = second.first() {
                let problem = Problem::error(
                    code::MISPLACED_KEY,
                    "the step above goes on here, behind a second dash",
                )
                .at(key.span, "of the same step")
                .at(
                    first.first().map_or(begun.span, |(key, _)| key.span),
                    "begins here",
                )
                .help("remove the dash, and begin the line in the column of the keys above it");
                reader.report(problem);
            }
            first.append(second);
            begun.span = begun.span.to(item.span);
        }
    }
    whole
}

/// Whether nothing stands in an entry but an `id` and what every step may have.
fn is_begun(step: &Located<Node>) -> bool {
    let Node::Map(entries) = &step.value else {
        return false;
    };
    let mut keys = entries.iter().map(|(key, _)| key.value.as_str());
    keys.clone().any(|key| key == "id") && keys.all(|key| find(STEP, key).is_some())
}

fn has_verb_and_no_id(step: &Located<Node>) -> bool {
    let Node::Map(entries) = &step.value else {
        return false;
    };
    let mut keys = entries.iter().map(|(key, _)| key.value.as_str());
    keys.clone().any(|key| Verb::named(key).is_some()) && keys.all(|key| key != "id")
}

fn duplicate(id: &Located<String>, first: Span) -> Problem {
    Problem::error(
        code::DUPLICATE_STEP,
        format!("two steps have the id `{}`", id.value),
    )
    .at(id.span, "the second")
    .at(first, "the first")
    .help("give one of them another id")
    .step(&id.value)
}

fn outputs(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Fields> {
    match node.value {
        Node::Map(outputs) => Some(outputs),
        value => {
            let found = Located::new(value, node.span);
            reader.wrong_kind("outputs", "a map of names and templates", &found);
            None
        }
    }
}

fn key(name: &str) -> &'static Key {
    find(PLAYBOOK, name).expect("the table holds every key the parser asks for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(numbers("0.10"), Some([0, 10, 0]));
        assert!(numbers("0.10") > numbers("0.9.9"));
        for text in ["", "1.2.3.4", "^1.0", "one", "1."] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }
}
