//! Decides what is personal, and draws the curtain before it: fields, keys, messages, outputs alike.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use uuid::Uuid;

use super::Privacy;
use super::derived::Derived;
use super::derived::Judge;
use super::derived::TO;
use super::find::Personal;
use super::shape::Tags;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::playbook::Playbook;
use crate::runfile::Header;

/// Examples that advice gives in backticks (`metadata::value::Rejected::help`). They come from no record; a value that
/// is not here is hidden.
const EXAMPLES: &[&str] = &[
    "0",
    "1",
    "1234.50",
    "+01:00",
    "10:00",
    "10:00:00",
    "2026-01-31",
    "2026-01-31T10:00:00+01:00",
    "Z",
    "false",
    "parse_date(text, format)",
    "settings.timezone",
    "true",
];

/// Smaller ones are counts and no telephone numbers.
const SMALLEST_NUMBER: u64 = 100_000;

/// Everything a report takes out of a run file passes through here.
#[derive(Debug)]
pub(in crate::report) struct Curtain {
    privacy: Privacy,
    tags: Tags,
    metadata: Metadata,
    /// Fields that are personal in some module, for records whose module nobody names.
    anywhere: BTreeSet<String>,
    /// Steps whose keys are built from personal values.
    personal_keys: BTreeSet<String>,
    /// The names of all steps.
    steps: BTreeSet<String>,
    /// What the playbook builds from them.
    derived: Derived,
}

/// Of which step and module something is.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::report) struct Of<'a> {
    pub(in crate::report) step: Option<&'a str>,
    pub(in crate::report) module: Option<&'a str>,
}

impl Judge for Curtain {
    fn is_personal(&self, module: Option<&str>, name: &str) -> bool {
        let of = Of { step: None, module };
        (module.is_none() && self.anywhere.contains(name)) || self.hides_field(of, name)
    }

    fn holds_text(&self, module: Option<&str>, name: &str) -> bool {
        let field = module.and_then(|module| self.metadata.field(module, name));
        let is_choice = field.is_some_and(|field| {
            matches!(
                field.kind,
                FieldKind::Id | FieldKind::Bool | FieldKind::Enum | FieldKind::MultiEnum
            )
        });
        !is_choice && !matches!(name, "id" | TO)
    }

    fn far_module(&self, module: &str, link: &str) -> Option<&str> {
        self.metadata.far_module(module, link)
    }
}

impl Curtain {
    pub(in crate::report) fn new(privacy: Privacy, header: &Header, salt: &str) -> Self {
        let modules = header.metadata.modules.values();
        let anywhere = modules
            .flat_map(|module| module.fields.values())
            .filter(|field| field.is_personal())
            .map(|field| field.name.clone())
            .collect();
        Self {
            privacy,
            tags: Tags::of_run(&header.run_id, salt),
            metadata: header.metadata.clone(),
            anywhere,
            personal_keys: BTreeSet::new(),
            steps: BTreeSet::new(),
            derived: Derived::default(),
        }
    }

    /// Takes in what the playbook builds from personal values.
    pub(in crate::report) fn read(&mut self, playbook: &Playbook) {
        let derived = Derived::of(playbook, self);
        self.personal_keys.extend(derived.keys.iter().cloned());
        self.derived = derived;
        let steps = playbook.steps.iter();
        self.steps = steps.map(|step| step.id.value.clone()).collect();
    }

    pub(in crate::report) fn hides(&self) -> bool {
        self.privacy == Privacy::Hide
    }

    /// What is personal among an operation's fields.
    pub(in crate::report) fn personal<'a>(
        &self,
        of: Of<'_>,
        fields: impl IntoIterator<Item = &'a Map<String, Json>>,
    ) -> Personal {
        let mut personal = Personal::default();
        if self.hides() {
            for fields in fields {
                personal.add_fields(fields, |name| self.hides_field(of, name));
            }
        }
        personal
    }

    /// From now on keys of this step are hidden, wherever they turn up.
    pub(in crate::report) fn hide_keys_of(&mut self, step: &str) {
        self.personal_keys.insert(step.to_owned());
    }

    pub(in crate::report) fn hides_keys_of(&self, step: &str) -> bool {
        self.hides() && self.personal_keys.contains(step)
    }

    pub(in crate::report) fn fields(
        &self,
        of: Of<'_>,
        fields: &Map<String, Json>,
        personal: &Personal,
    ) -> Map<String, Json> {
        if !self.hides() {
            return fields.clone();
        }
        fields
            .iter()
            .map(|(name, value)| {
                let value = if self.hides_field(of, name) {
                    self.hidden(value)
                } else {
                    self.searched(of, value, personal)
                };
                (name.clone(), value)
            })
            .collect()
    }

    pub(in crate::report) fn key(&self, step: &str, key: &str, personal: &Personal) -> String {
        if self.hides_keys_of(step) {
            self.tags.hide(key)
        } else {
            self.text(key, personal)
        }
    }

    /// `step[key]`, as operations are named.
    pub(in crate::report) fn name(&self, name: &str, personal: &Personal) -> String {
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((step, key)) => format!("{step}[{}]", self.key(step, key, personal)),
            None => self.text(name, personal),
        }
    }

    /// A text without what is, or looks like, personal data.
    pub(in crate::report) fn text(&self, text: &str, personal: &Personal) -> String {
        if !self.hides() {
            return text.to_owned();
        }
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for place in personal.places(text) {
            shown.push_str(&text[from..place.start]);
            shown.push_str(&self.tags.hide(&text[place.clone()]));
            from = place.end;
        }
        shown.push_str(&text[from..]);
        shown
    }

    /// A message: values stand in backticks, and where it names a personal field, or a step with personal keys, every
    /// value in it may be personal.
    pub(in crate::report) fn message(
        &self,
        of: Of<'_>,
        message: &str,
        personal: &Personal,
    ) -> String {
        if !self.hides() {
            return message.to_owned();
        }
        if of
            .step
            .is_some_and(|step| self.derived.messages.contains(step))
        {
            return self.tags.hide(message);
        }
        let pieces: Vec<&str> = message.split('`').collect();
        let quoted = || pieces.iter().skip(1).step_by(2);
        let is_about_personal_data = quoted()
            .any(|piece| self.hides_field(of, piece) || self.personal_keys.contains(*piece));
        if is_about_personal_data && pieces.len().is_multiple_of(2) {
            // A value with a backtick in it: nobody can tell any more where values begin and end.
            return self.tags.hide(message);
        }
        let shown: Vec<String> = pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| match index % 2 {
                1 if is_about_personal_data && !self.is_name(of, piece) => self.tags.hide(piece),
                1 => self.name(piece, personal),
                _ => self.text(piece, personal),
            })
            .collect();
        shown.join("`")
    }

    /// A value somebody composed.
    pub(in crate::report) fn output(&self, name: &str, value: &Json) -> Json {
        // How many there are says nothing of any of them.
        let is_count = value.as_u64().is_some_and(|count| count < SMALLEST_NUMBER);
        if self.hides() && self.derived.outputs.contains(name) && !is_count {
            return self.hidden(value);
        }
        self.composed(value)
    }

    /// A map somebody composed, such as what a call sends.
    pub(in crate::report) fn composed_map(&self, map: &Map<String, Json>) -> Map<String, Json> {
        match self.composed(&Json::Object(map.clone())) {
            Json::Object(map) => map,
            // A map stays one.
            _ => Map::new(),
        }
    }

    fn composed(&self, value: &Json) -> Json {
        match value {
            Json::Object(map) if self.hides() => {
                let module = map.get("_module").and_then(Json::as_str);
                let hide = |(name, value): (&String, &Json)| {
                    let is_personal = match module {
                        Some(_) => self.hides_field(Of { module, step: None }, name),
                        None => {
                            self.anywhere.contains(name) || self.hides_field(Of::default(), name)
                        }
                    };
                    let value = if is_personal {
                        self.hidden(value)
                    } else {
                        self.composed(value)
                    };
                    (name.clone(), value)
                };
                map.iter().map(hide).collect()
            }
            Json::Array(list) if self.hides() => {
                list.iter().map(|item| self.composed(item)).collect()
            }
            other => self.searched(Of::default(), other, &Personal::default()),
        }
    }

    fn hides_field(&self, of: Of<'_>, name: &str) -> bool {
        let is_built = of
            .step
            .and_then(|step| self.derived.fields.get(step))
            .is_some_and(|fields| fields.contains(name));
        if is_built {
            return true;
        }
        let described = of
            .module
            .and_then(|module| self.metadata.field(module, name));
        match (of.module, described) {
            (Some(module), Some(field)) => {
                field.is_personal() || self.is_of_a_person(module, field)
            }
            _ => Field::new(name, FieldKind::Other(String::new())).is_personal(),
        }
    }

    /// The name of a person is put together from fields that are personal by themselves.
    fn is_of_a_person(&self, module: &str, field: &Field) -> bool {
        let is_name = matches!(field.kind, FieldKind::FullName | FieldKind::Name)
            || matches!(field.name.as_str(), "name" | "full_name");
        let is_person = |module: &str| {
            ["last_name", "first_name"]
                .iter()
                .filter_map(|part| self.metadata.field(module, part))
                .any(Field::is_personal)
        };
        // `contact_name` beside `contact_id`: what another record is called.
        let shows_a_person = field.kind == FieldKind::Relate
            && field.name.ends_with("_name")
            && field.module.as_deref().is_some_and(is_person);
        shows_a_person || (is_name && is_person(module))
    }

    /// Whether a piece of a message is a name of the instance or the playbook, or an example, and no value.
    fn is_name(&self, of: Of<'_>, piece: &str) -> bool {
        let is_field = of
            .module
            .is_some_and(|module| self.metadata.field(module, piece).is_some());
        is_field
            || self.metadata.has_module(piece)
            || self.personal_keys.contains(piece)
            || self.steps.contains(piece)
            || Uuid::parse_str(piece).is_ok()
            || EXAMPLES.contains(&piece)
    }

    /// Every text and number of a personal value. That one is missing, empty, or true, says nothing of a person.
    fn hidden(&self, value: &Json) -> Json {
        match value {
            Json::String(text) if !text.is_empty() => self.tags.hide(text).into(),
            Json::Number(number) => self.tags.hide(&number.to_string()).into(),
            Json::Array(list) => list.iter().map(|item| self.hidden(item)).collect(),
            Json::Object(map) => map
                .iter()
                .map(|(name, item)| (name.clone(), self.hidden(item)))
                .collect(),
            other => other.clone(),
        }
    }

    /// A value that is not personal by its field, without what is personal inside of it: by the names that a map in it
    /// has, and in its texts.
    fn searched(&self, of: Of<'_>, value: &Json, personal: &Personal) -> Json {
        match value {
            Json::String(text) => self.text(text, personal).into(),
            Json::Array(list) => list
                .iter()
                .map(|item| self.searched(of, item, personal))
                .collect(),
            Json::Object(map) if self.hides() => map
                .iter()
                .map(|(name, item)| {
                    // Of which module a record inside of another is, nobody says here.
                    let inside = Of { module: None, ..of };
                    let is_personal =
                        self.anywhere.contains(name) || self.hides_field(inside, name);
                    let item = if is_personal {
                        self.hidden(item)
                    } else {
                        self.searched(of, item, personal)
                    };
                    (name.clone(), item)
                })
                .collect(),
            other => other.clone(),
        }
    }
}
