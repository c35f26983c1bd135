//! What a playbook builds from personal values: fields, keys, messages and outputs that hold them under other names.
//!
//! It is read off the templates' words and not off their values, so that a short name is found as surely as a long one,
//! and what is not known yet as well. Where a word may mean something personal, it is taken to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::origin::Origin;
use super::origin::Origins;
use super::origin::file;
use super::words::columns;
use super::words::words;
use super::words::words_of;
use crate::operation::SYNC_KEY;
use crate::playbook::Action;
use crate::playbook::Fields;
use crate::playbook::Node;
use crate::playbook::Playbook;
use crate::playbook::Step;

/// Who knows what is personal.
pub(super) trait Judge {
    /// A field of a module, or by its name alone.
    fn is_personal(&self, module: Option<&str>, name: &str) -> bool;

    /// Whether a field can hold what somebody wrote, and not only an id, a choice of a list, or yes and no.
    fn holds_text(&self, module: Option<&str>, name: &str) -> bool;

    /// Where a link leads.
    fn far_module(&self, module: &str, link: &str) -> Option<&str>;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Derived {
    /// Of each step; names inside of a field's value too.
    pub(super) fields: BTreeMap<String, BTreeSet<String>>,
    /// Steps whose keys are built from personal values.
    pub(super) keys: BTreeSet<String>,
    /// Asserts whose message is.
    pub(super) messages: BTreeSet<String>,
    pub(super) outputs: BTreeSet<String>,
    /// Columns of data files that end in personal fields.
    columns: BTreeMap<String, BTreeSet<String>>,
}

/// Something that a playbook builds.
struct Built<'a> {
    what: What<'a>,
    words: BTreeSet<String>,
    origin: Origin<'a>,
}

enum What<'a> {
    /// Of the step that has the id.
    Key(&'a str),
    Message(&'a str),
    Field(Field<'a>),
    Output(&'a str),
}

struct Field<'a> {
    step: &'a str,
    module: Option<&'a str>,
    name: &'a str,
    /// The columns that it is made of, with their file.
    columns: Option<(String, BTreeSet<String>)>,
}

impl Derived {
    pub(super) fn of(playbook: &Playbook, judge: &dyn Judge) -> Self {
        let built = Built::all(playbook, judge);
        let mut derived = Self::default();
        // A step may use what a later one in the file says, so one walk is not enough; each finds more, or nothing.
        loop {
            let mut is_more = false;
            for one in &built {
                is_more |= derived.add(one, judge);
            }
            if !is_more {
                return derived;
            }
        }
    }

    /// Whether it was not known before that this is personal.
    fn add(&mut self, built: &Built<'_>, judge: &dyn Judge) -> bool {
        match &built.what {
            What::Key(step) => self.holds(built, judge) && self.keys.insert((*step).to_owned()),
            What::Message(step) => {
                self.holds(built, judge) && self.messages.insert((*step).to_owned())
            }
            What::Output(name) => {
                self.holds(built, judge) && self.outputs.insert((*name).to_owned())
            }
            What::Field(field) => {
                let is_built =
                    judge.holds_text(field.module, field.name) && self.holds(built, judge);
                let is_new = is_built && {
                    let fields = self.fields.entry(field.step.to_owned()).or_default();
                    fields.insert(field.name.to_owned())
                };
                let is_personal = is_built || judge.is_personal(field.module, field.name);
                (is_personal && self.add_columns(field)) || is_new
            }
        }
    }

    /// What a personal field is made of is personal wherever else it is used.
    fn add_columns(&mut self, field: &Field<'_>) -> bool {
        let Some((file, columns)) = &field.columns else {
            return false;
        };
        let known = self.columns.entry(file.clone()).or_default();
        let before = known.len();
        known.extend(columns.iter().cloned());
        known.len() > before
    }

    fn holds(&self, built: &Built<'_>, judge: &dyn Judge) -> bool {
        let Built { words, origin, .. } = built;
        words.iter().any(|word| {
            let of_steps = || {
                let mut steps = origin
                    .steps
                    .iter()
                    .filter_map(|step| self.fields.get(*step));
                steps.any(|fields| fields.contains(word))
            };
            let of_files = || {
                let mut files = origin
                    .files
                    .iter()
                    .filter_map(|file| self.columns.get(file));
                files.any(|columns| columns.contains(word))
            };
            let of_modules = || {
                let mut modules = origin.modules.iter();
                modules.any(|module| judge.is_personal(Some(module), word))
            };
            judge.is_personal(None, word) || of_modules() || of_steps() || of_files()
        }) || (words.contains("key") && origin.steps.iter().any(|step| self.keys.contains(*step)))
    }
}

impl<'a> Built<'a> {
    fn all(playbook: &'a Playbook, judge: &'a dyn Judge) -> Vec<Self> {
        let origins = Origins::of(playbook, judge);
        let mut all = Vec::new();
        for (place, step) in playbook.steps.iter().enumerate() {
            let mut add = |what, words: BTreeSet<String>| {
                all.push(Self {
                    what,
                    origin: origins.of_template(Some(place), &words),
                    words,
                });
            };
            let id = step.id.value.as_str();
            if let Some(key) = &step.key {
                add(What::Key(id), words(&key.value));
            }
            if let Action::Assert(assert) = &step.action
                && let Some(message) = &assert.message
            {
                add(What::Message(id), words(&message.value));
            }
            for (name, node) in written(&step.action) {
                add(What::Field(Field::of(step, name, &node)), words_of(&node));
            }
        }
        for (name, template) in &playbook.outputs {
            let words = words_of(&template.value);
            all.push(Self {
                what: What::Output(&name.value),
                origin: origins.of_template(None, &words),
                words,
            });
        }
        all
    }
}

impl<'a> Field<'a> {
    fn of(step: &'a Step, name: &'a str, node: &Node) -> Self {
        let columns = columns(node, &step.item_name.value);
        Self {
            step: &step.id.value,
            module: step.action.module().map(|module| module.value.as_str()),
            name,
            columns: file(step)
                .filter(|_| !columns.is_empty())
                .map(|file| (file, columns)),
        }
    }
}

/// Ids on the far side of a link.
pub(super) const TO: &str = "to";

/// What a step writes: its fields, and what stands inside of them under a name of its own.
fn written(action: &Action) -> Vec<(&str, Cow<'_, Node>)> {
    match action {
        Action::Create(args) => fields([&args.set]),
        Action::Update(args) => fields([&args.set, &args.add, &args.remove]),
        Action::Upsert(args) => fields([&args.matching, &args.set, &args.add, &args.remove]),
        Action::UpsertByKey(args) => {
            let key = Node::Text(args.sync_key.value.clone());
            let mut written = fields([&args.set]);
            written.push((SYNC_KEY, Cow::Owned(key)));
            written
        }
        Action::Link(args) | Action::Unlink(args) => inside(TO, &args.to.value),
        Action::Call(args) => {
            let body = args.body.iter();
            let mut written = fields([&args.query]);
            written.extend(body.flat_map(|body| inside("body", &body.value)));
            written
        }
        Action::Delete(_)
        | Action::Favorite(_)
        | Action::Unfavorite(_)
        | Action::List(_)
        | Action::Filter(_)
        | Action::Count(_)
        | Action::Get(_)
        | Action::Related(_)
        | Action::Search(_)
        | Action::Enum(_)
        | Action::Metadata(_)
        | Action::Me
        | Action::Ping
        | Action::Assert(_)
        | Action::Export(_) => Vec::new(),
    }
}

fn fields<'a>(groups: impl IntoIterator<Item = &'a Fields>) -> Vec<(&'a str, Cow<'a, Node>)> {
    let fields = groups.into_iter().flatten();
    fields
        .flat_map(|(name, node)| inside(&name.value, &node.value))
        .collect()
}

fn inside<'a>(name: &'a str, node: &'a Node) -> Vec<(&'a str, Cow<'a, Node>)> {
    match node {
        Node::Map(entries) => entries
            .iter()
            .flat_map(|(name, node)| inside(&name.value, &node.value))
            .collect(),
        Node::List(items) => items
            .iter()
            .flat_map(|item| inside(name, &item.value))
            .collect(),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::Text(_)
        | Node::Unread => vec![(name, Cow::Borrowed(node))],
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;
    use crate::diag::Sources;
    use crate::playbook;

    /// `phone` is personal, and nothing else.
    struct Phones;

    impl Judge for Phones {
        fn is_personal(&self, _: Option<&str>, name: &str) -> bool {
            name == "phone"
        }

        fn holds_text(&self, _: Option<&str>, _: &str) -> bool {
            true
        }

        fn far_module(&self, _: &str, _: &str) -> Option<&str> {
            None
        }
    }

    fn derived(text: &str) -> Derived {
        let mut sources = Sources::default();
        let text = format!("version: 1\nname: phones\nsteps:\n{text}");
        let source = playbook::yaml::decode("a.yaml", text.as_bytes(), &mut sources).unwrap();
        let playbook = playbook::parse(source, Path::new("."), &sources).unwrap();
        Derived::of(&playbook, &Phones)
    }

    #[test]
    fn steps_that_go_through_all_those_before_them_are_looked_at_once() {
        let mut text = String::new();
        let mut before = Vec::new();
        for number in 0..40 {
            let value = if number == 0 { "phone" } else { "description" };
            write!(
                text,
                "  - id: s{number}\n    create: Notes\n    key: '{{{{ item.id }}}}'\n"
            )
            .unwrap();
            match before.is_empty() {
                true => text.push_str("    for_each: [{ id: a, phone: b }]\n"),
                false => {
                    let joined = before.join(" + ");
                    writeln!(text, "    for_each: '{{{{ {joined} }}}}'").unwrap();
                }
            }
            writeln!(text, "    set: {{ description: '{{{{ item.{value} }}}}' }}").unwrap();
            before.push(format!("steps.s{number}.items"));
        }
        let derived = derived(&text);
        assert_eq!(derived.fields.len(), 40, "what the first says, all say");
    }

    #[test]
    fn what_every_verb_writes_is_looked_at() {
        let derived = derived(
            "  - id: by_key
    upsert: Contacts
    sync_key: 'x-{{ vars.phone }}'
    set: { description: '{{ vars.phone }}' }
  - id: called
    call: {}
    method: post
    path: Contacts/tell
    query: { who: '{{ vars.phone }}' }
    body: { text: ['{{ vars.phone }}', a], other: a }
",
        );
        let fields = |step: &str| {
            derived.fields[step]
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
        };
        assert_eq!(fields("by_key"), ["description", "sync_key"]);
        assert_eq!(fields("called"), ["text", "who"]);
    }
}
