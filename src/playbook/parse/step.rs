//! One step: its verb, and the keys every step may have.

use super::super::ast::Empty;
use super::super::ast::ForEach;
use super::super::ast::Include;
use super::super::ast::OnDuplicate;
use super::super::ast::Step;
use super::super::code;
use super::super::language::Verb;
use super::super::language::VerbKind;
use super::super::language::find;
use super::super::node::Node;
use super::action;
use super::controls;
use super::entries::Entries;
use super::export::export;
use super::for_each::Walker;
use super::for_each::for_each;
use super::include::include;
use super::reader::Reader;
use super::reader::is_template;
use super::reader::wants;
use super::verb;
use crate::diag::Located;
use crate::diag::Problem;

/// What an item is called unless `as` says otherwise.
pub(super) const ITEM: &str = "item";
const DUPLICATES: [(&str, OnDuplicate); 3] = [
    ("error", OnDuplicate::Error),
    ("first", OnDuplicate::First),
    ("last", OnDuplicate::Last),
];
const EMPTIES: [(&str, Empty); 2] = [("keep", Empty::Keep), ("clear", Empty::Clear)];

/// An entry of `steps`.
pub(super) enum Entry {
    Step(Box<Step>),
    Include(Box<Include>),
}

/// An entry as far as it could be read.
#[derive(Default)]
pub(super) struct Listed {
    /// More than one, where a dash is missing between two entries.
    pub(super) ids: Vec<Located<String>>,
    /// None, where so much of it is missing that the rest cannot be judged.
    pub(super) entry: Option<Entry>,
}

pub(super) fn entry(reader: &mut Reader<'_>, node: Located<Node>) -> Listed {
    if !matches!(node.value, Node::Map(_)) {
        let problem = wants("steps", "a map for every step", &node)
            .help("write `- id: …` and a verb such as `get: Accounts` below it");
        reader.report(problem);
        return Listed::default();
    }
    let Some(mut entries) = Entries::of(reader, "steps", node) else {
        return Listed::default();
    };
    let id = entries.take("id");
    let written = match &id {
        Some(Located {
            value: Node::Text(id),
            ..
        }) => Some(id.as_str()),
        _ => None,
    };
    reader.enter_step(written, entries.span);
    let id = if let Some(node) = id {
        reader.step_id(node)
    } else {
        reader.report(no_id(&entries));
        None
    };
    let mut ids: Vec<Located<String>> = id.iter().cloned().collect();
    let mut is_one = true;
    let mut record = None;
    for (key, value) in entries.twice() {
        if let ("id", Node::Text(id)) = (key.value.as_str(), &value.value)
            && is_template(id)
        {
            let help = format!("the id of a record stands behind `record`: `record: \"{id}\"`");
            reader.explain(key.span, &help);
            record = Some((Located::new("record".to_owned(), key.span), value.clone()));
        }
        if let ("id", Node::Text(id)) = (key.value.as_str(), &value.value)
            && !is_template(id)
        {
            ids.push(Located::new(id.clone(), value.span));
        }
        is_one &= !tells_what_others_mean(&key.value);
    }
    let takes_record = entries.keys().any(|key| {
        Verb::named(&key.value).is_some_and(|verb| find(verb.arguments, "record").is_some())
    });
    if let Some(record) = record.filter(|_| takes_record) {
        entries.add(record);
    }
    let entry = rest(reader, entries, id);
    reader.leave_step();
    Listed {
        ids,
        entry: entry.filter(|_| is_one),
    }
}

/// Keys of which it must be known which of two counts, before anything else of the step can be judged.
fn tells_what_others_mean(key: &str) -> bool {
    Verb::named(key).is_some() || ["id", "for_each", "as", "key", "through", "under"].contains(&key)
}

fn no_id(entries: &Entries) -> Problem {
    Problem::error(code::MISSING_PARAMETER, "this step has no `id`")
        .at(entries.span, "nothing can refer to it")
        .help("begin it with `- id: …`")
}

fn rest(
    reader: &mut Reader<'_>,
    mut entries: Entries,
    id: Option<Located<String>>,
) -> Option<Entry> {
    let span = entries.span;
    let verb = verb::find_verb(reader, &mut entries, span);
    if let Some(verb) = verb {
        verb::mend(reader, &mut entries, verb);
    }
    if let Some(verb) = verb.filter(|verb| verb.kind == VerbKind::Include) {
        let (key, subject) = entries.take_entry("include")?;
        let include = include(reader, entries, verb, id, key.span, subject)?;
        return Some(Entry::Include(Box::new(include)));
    }
    if let Some(verb) = verb.filter(|verb| verb.kind == VerbKind::Export) {
        let (key, rows) = entries.take_entry("export")?;
        let step = export(reader, entries, verb, id, key.span, rows)?;
        return Some(Entry::Step(Box::new(step)));
    }
    let name = entries
        .take("name")
        .and_then(|node| reader.text("name", node));
    let tags = entries
        .take("tags")
        .and_then(|node| reader.plain_texts("tags", node));
    let items = items(reader, &mut entries);
    let when = entries
        .take("when")
        .and_then(|node| reader.expression("when", node));
    let select = entries
        .take("select")
        .and_then(|node| reader.json_path("select", node));
    let expect = entries
        .take("expect")
        .map(|node| controls::expect(reader, node));
    let on_error = entries
        .take("on_error")
        .and_then(|node| controls::on_error(reader, node));
    let depends_on = entries
        .take("depends_on")
        .map(|node| controls::depends_on(reader, node));
    let max = entries
        .take("max")
        .and_then(|node| reader.whole("max", &node, 0));
    let alone = entries
        .take("alone")
        .and_then(|node| reader.boolean("alone", &node));
    let retry = entries
        .take("retry")
        .and_then(|node| controls::retry(reader, node));
    let verify = entries
        .take("verify")
        .and_then(|node| controls::verify(reader, node));
    let unchecked = entries
        .take("unchecked")
        .and_then(|node| reader.plain_texts("unchecked", node));
    let empty = entries
        .take("empty")
        .and_then(|node| reader.choice("empty", &node, &EMPTIES));

    let done = verb.and_then(|verb| {
        let (key, subject) = entries.take_entry(verb.name)?;
        let action = action::action(reader, &mut entries, verb, key.span, subject);
        Some((key.span, action))
    });
    verb::leftovers(reader, &entries, verb);

    let (verb_span, action) = done?;
    let id = id?;
    Some(Entry::Step(Box::new(Step {
        included: None,
        name: name.map(|text| text.value),
        tags: tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| tag.value)
            .collect(),
        item_name: items
            .name
            .unwrap_or_else(|| Located::new(ITEM.to_owned(), id.span)),
        for_each: items.source,
        key: items.key,
        on_duplicate: items.on_duplicate,
        when,
        select,
        expect: expect.unwrap_or_default(),
        on_error: on_error.unwrap_or_default(),
        depends_on: depends_on.unwrap_or_default(),
        max,
        alone: alone.unwrap_or_default(),
        retry: retry.unwrap_or_default(),
        verify: verify.unwrap_or_default(),
        unchecked: unchecked.unwrap_or_default(),
        empty: empty.unwrap_or_default(),
        action: action?,
        id,
        verb_span,
        span,
    })))
}

/// What a step runs over, and what an item is called and known by.
struct Items {
    source: Option<Located<ForEach>>,
    name: Option<Located<String>>,
    key: Option<Located<String>>,
    on_duplicate: OnDuplicate,
}

fn items(reader: &mut Reader<'_>, entries: &mut Entries) -> Items {
    let source = entries.take("for_each");
    let name = entries.take_entry("as");
    let key = entries.take("key");
    let on_duplicate = entries.take_entry("on_duplicate");
    if let (Some((name, _)), None) = (&name, &source) {
        reader.report(needs(name, "for_each", "it names an item of `for_each`"));
    }
    if let (Some((on_duplicate, _)), None) = (&on_duplicate, &key) {
        reader.report(needs(
            on_duplicate,
            "key",
            "it says which of two equal keys counts",
        ));
    }
    Items {
        source: source.map(|node| for_each(reader, Walker::ForEach, node)),
        name: name.and_then(|(_, node)| reader.item_name(node)),
        key: key.and_then(|node| item_key(reader, node)),
        on_duplicate: on_duplicate
            .and_then(|(_, node)| reader.choice("on_duplicate", &node, &DUPLICATES))
            .unwrap_or_default(),
    }
}

/// Keys are text; a number or a boolean is as good as the text it is written as.
fn item_key(reader: &mut Reader<'_>, node: Located<Node>) -> Option<Located<String>> {
    match node.value {
        Node::Int(_) | Node::Bool(_) => Some(Located::new(
            reader.written(node.span).to_owned(),
            node.span,
        )),
        _ => reader.text("key", node),
    }
}

/// A key that says nothing without another.
fn needs(key: &Located<String>, other: &str, why: &str) -> Problem {
    let message = format!("`{}` has no effect without `{other}`", key.value);
    Problem::error(code::MISPLACED_KEY, message)
        .at(key.span, why)
        .help(format!("add `{other}`, or remove `{}`", key.value))
}
