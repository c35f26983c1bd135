//! What a playbook builds from personal values: fields, keys, messages and outputs that hold them under other names.
//!
//! It is read off the templates' words and not off their values, so that a short name is found as surely as a long one,
//! and what is not known yet as well. Where a word may mean something personal, it is taken to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::playbook::Action;
use crate::playbook::Fields;
use crate::playbook::ForEach;
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

impl Derived {
    pub(super) fn of(playbook: &Playbook, judge: &dyn Judge) -> Self {
        let mut derived = Self::default();
        // A step may use what a later one in the file says, so one walk is not enough; each finds more, or nothing.
        loop {
            let known = derived.clone();
            for step in &playbook.steps {
                derived.add(playbook, step, judge);
            }
            for (name, template) in &playbook.outputs {
                let words = words_of(&template.value);
                let origin = Origin::default().mentioning(playbook, &words, judge);
                if derived.holds(&origin, &words, judge) {
                    derived.outputs.insert(name.value.clone());
                }
            }
            if derived == known {
                return derived;
            }
        }
    }

    fn add(&mut self, playbook: &Playbook, step: &Step, judge: &dyn Judge) {
        let origin = Origin::of(playbook, step, judge, 0);
        let id = &step.id.value;
        let holds = |derived: &Self, words: &BTreeSet<String>| {
            let origin = origin.clone().mentioning(playbook, words, judge);
            derived.holds(&origin, words, judge)
        };
        if let Some(key) = &step.key
            && holds(self, &words(&key.value))
        {
            self.keys.insert(id.clone());
        }
        if let Action::Assert(assert) = &step.action
            && let Some(message) = &assert.message
            && holds(self, &words(&message.value))
        {
            self.messages.insert(id.clone());
        }
        let module = step.action.module().map(|module| module.value.as_str());
        for (name, node) in written(&step.action) {
            let words = words_of(node);
            let is_known = self.fields.get(id).is_some_and(|of| of.contains(name));
            let is_built = judge.holds_text(module, name) && holds(self, &words);
            if is_built && !is_known {
                self.fields
                    .entry(id.clone())
                    .or_default()
                    .insert(name.to_owned());
            }
            if is_built || judge.is_personal(module, name) {
                self.add_columns(&origin, node);
            }
        }
    }

    /// What a personal field is made of is personal wherever else it is used.
    fn add_columns(&mut self, origin: &Origin, node: &Node) {
        let Some(file) = &origin.file else { return };
        let columns = columns(node, &origin.item);
        if !columns.is_empty() {
            self.columns
                .entry(file.clone())
                .or_default()
                .extend(columns);
        }
    }

    fn holds(&self, origin: &Origin, words: &BTreeSet<String>, judge: &dyn Judge) -> bool {
        words.iter().any(|word| {
            let of_steps = || {
                let mut steps = origin.steps.iter().filter_map(|step| self.fields.get(step));
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
        }) || (words.contains("key") && origin.steps.iter().any(|step| self.keys.contains(step)))
    }
}

/// Where the values a template may use come from.
#[derive(Debug, Clone, Default)]
struct Origin {
    steps: BTreeSet<String>,
    modules: BTreeSet<String>,
    files: BTreeSet<String>,
    /// The file whose rows are the items.
    file: Option<String>,
    /// What an item is called.
    item: String,
}

/// Steps that go through each other's items at most; nobody writes more, and a circle ends.
const DEEPEST: usize = 16;

impl Origin {
    fn of(playbook: &Playbook, step: &Step, judge: &dyn Judge, depth: usize) -> Self {
        let mut origin = Self {
            item: step.item_name.value.clone(),
            ..Self::default()
        };
        let words = match step.for_each.as_ref().map(|items| &items.value) {
            None => return origin,
            Some(ForEach::File(file)) => {
                origin.files.insert(file.name());
                origin.file = Some(file.name());
                return origin;
            }
            Some(ForEach::Template(text) | ForEach::JsonPath(text)) => words(text),
            Some(ForEach::Literal(items)) => items
                .iter()
                .flat_map(|item| words_of(&item.value))
                .collect(),
        };
        origin.add_mentioned(playbook, &words, judge, depth);
        origin
    }

    /// With the steps that a text names besides.
    fn mentioning(
        mut self,
        playbook: &Playbook,
        words: &BTreeSet<String>,
        judge: &dyn Judge,
    ) -> Self {
        self.add_mentioned(playbook, words, judge, 0);
        self
    }

    fn add_mentioned(
        &mut self,
        playbook: &Playbook,
        words: &BTreeSet<String>,
        judge: &dyn Judge,
        depth: usize,
    ) {
        if depth > DEEPEST || !words.contains("steps") {
            return;
        }
        for step in &playbook.steps {
            let id = &step.id.value;
            // An included step is named by its last part, as its own playbook names it.
            let name = id.rsplit('.').next().unwrap_or(id);
            if !words.contains(name) || !self.steps.insert(id.clone()) {
                continue;
            }
            self.modules
                .extend(step.action.module().map(|module| module.value.clone()));
            if let Action::Related(args) = &step.action {
                // Its records are those of the far side.
                let far = judge.far_module(&args.module.value, &args.through.value);
                self.modules.extend(far.map(str::to_owned));
            }
            let further = Self::of(playbook, step, judge, depth + 1);
            self.steps.extend(further.steps);
            self.modules.extend(further.modules);
            self.files.extend(further.files);
        }
    }
}

/// Ids on the far side of a link.
pub(super) const TO: &str = "to";

/// What a step writes: its fields, and what stands inside of them under a name of its own.
fn written(action: &Action) -> Vec<(&str, &Node)> {
    let groups: Vec<&Fields> = match action {
        Action::Create(args) => vec![&args.set],
        Action::Update(args) => vec![&args.set, &args.add, &args.remove],
        Action::Upsert(args) => vec![&args.matching, &args.set, &args.add, &args.remove],
        Action::Link(args) | Action::Unlink(args) => {
            return inside(TO, &args.to.value);
        }
        _ => Vec::new(),
    };
    let fields = groups.into_iter().flatten();
    fields
        .flat_map(|(name, node)| inside(&name.value, &node.value))
        .collect()
}

fn inside<'a>(name: &'a str, node: &'a Node) -> Vec<(&'a str, &'a Node)> {
    match node {
        Node::Map(entries) => entries
            .iter()
            .flat_map(|(name, node)| inside(&name.value, &node.value))
            .collect(),
        Node::List(items) => items
            .iter()
            .flat_map(|item| inside(name, &item.value))
            .collect(),
        _ => vec![(name, node)],
    }
}

/// The words of all templates in a value. Plain text is no template, and its words say what they say.
fn words_of(node: &Node) -> BTreeSet<String> {
    match node {
        Node::Text(text) if is_template(text) => words(text),
        Node::List(items) => items
            .iter()
            .flat_map(|item| words_of(&item.value))
            .collect(),
        Node::Map(entries) => entries
            .iter()
            .flat_map(|(_, value)| words_of(&value.value))
            .collect(),
        Node::Null
        | Node::Bool(_)
        | Node::Int(_)
        | Node::Float(_)
        | Node::Text(_)
        | Node::Unread => BTreeSet::new(),
    }
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.starts_with('$')
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The columns of an item that a template uses: the words right behind its name.
fn columns(node: &Node, item: &str) -> BTreeSet<String> {
    let Node::Text(text) = node else {
        return BTreeSet::new();
    };
    if !is_template(text) {
        return BTreeSet::new();
    }
    let words: Vec<&str> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .filter(|pair| pair[0] == item)
        .map(|pair| pair[1].to_owned())
        .collect()
}
