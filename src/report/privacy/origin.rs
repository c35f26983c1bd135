//! Where the values come from that a template may use: the steps it names, those that their items are made of, and so on.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::derived::Judge;
use super::words::words;
use super::words::words_of;
use crate::playbook::Action;
use crate::playbook::ForEach;
use crate::playbook::Playbook;
use crate::playbook::Step;

/// Steps that go through each other's items at most; nobody writes more.
const DEEPEST: usize = 16;

/// What the values of one template may come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin<'a> {
    /// By their ids.
    pub(super) steps: BTreeSet<&'a str>,
    pub(super) modules: BTreeSet<&'a str>,
    pub(super) files: BTreeSet<String>,
}

/// The steps of a playbook, and of each those that its items are made of.
pub(super) struct Origins<'a> {
    judge: &'a dyn Judge,
    steps: &'a [Step],
    /// Their places, by the names that templates have for them.
    places: BTreeMap<&'a str, Vec<usize>>,
    /// By places: what a step's `for_each` names.
    named: Vec<Vec<usize>>,
}

impl<'a> Origins<'a> {
    pub(super) fn of(playbook: &'a Playbook, judge: &'a dyn Judge) -> Self {
        let steps = playbook.steps.as_slice();
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, step) in steps.iter().enumerate() {
            let id = step.id.value.as_str();
            // An included step is named by its last part, as its own playbook names it.
            let name = id.rsplit('.').next().unwrap_or(id);
            places.entry(name).or_default().push(place);
        }
        let mut origins = Self {
            judge,
            steps,
            places,
            named: Vec::new(),
        };
        let named = steps
            .iter()
            .map(|step| origins.mentioned(&gone_through(step)));
        origins.named = named.collect();
        origins
    }

    /// What a template that has these words may use: what it names, and the items of the step at its place.
    pub(super) fn of_template(&self, place: Option<usize>, words: &BTreeSet<String>) -> Origin<'a> {
        let mut origin = Origin::default();
        let mut next = self.mentioned(words);
        if let Some(place) = place {
            origin.files.extend(file(&self.steps[place]));
            next.extend(&self.named[place]);
        }
        for _ in 0..=DEEPEST {
            let reached = std::mem::take(&mut next);
            for place in reached {
                let step = &self.steps[place];
                if !origin.steps.insert(&step.id.value) {
                    continue;
                }
                origin.files.extend(file(step));
                origin.modules.extend(self.modules(step));
                next.extend(&self.named[place]);
            }
        }
        origin
    }

    /// The steps that a text names.
    fn mentioned(&self, words: &BTreeSet<String>) -> Vec<usize> {
        if !words.contains("steps") {
            return Vec::new();
        }
        let places = words
            .iter()
            .filter_map(|word| self.places.get(word.as_str()));
        places.flatten().copied().collect()
    }

    /// The modules whose records a step may give.
    fn modules(&self, step: &'a Step) -> impl Iterator<Item = &'a str> {
        let own = step.action.module().map(|module| module.value.as_str());
        let far = match &step.action {
            // Its records are those of the far side.
            Action::Related(args) => self
                .judge
                .far_module(&args.module.value, &args.through.value),
            _ => None,
        };
        own.into_iter().chain(far)
    }
}

/// The words of what a step goes through, where that is no file.
fn gone_through(step: &Step) -> BTreeSet<String> {
    match step.for_each.as_ref().map(|items| &items.value) {
        None | Some(ForEach::File(_)) => BTreeSet::new(),
        Some(ForEach::Template(text) | ForEach::JsonPath(text)) => words(text),
        Some(ForEach::Literal(items)) => items
            .iter()
            .flat_map(|item| words_of(&item.value))
            .collect(),
    }
}

/// The file whose rows are a step's items.
pub(super) fn file(step: &Step) -> Option<String> {
    match step.for_each.as_ref().map(|items| &items.value) {
        Some(ForEach::File(file)) => Some(file.name()),
        Some(ForEach::Template(_) | ForEach::JsonPath(_) | ForEach::Literal(_)) | None => None,
    }
}
