//! `set`: fields that can be set, values they take, pairs that are whole, and nothing required left out.

use std::collections::BTreeMap;

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::meant_field;
use super::examiner::missing;
use super::examiner::not_authorized;
use super::examiner::warned;
use super::values::Ask;
use crate::check::Part;
use crate::check::PartField;
use crate::check::SetField;
use crate::check::contradicted;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;
use crate::diag::all_of;
use crate::expr::Tree;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Right;
use crate::metadata::Writable;
use crate::metadata::is_single_address;
use crate::metadata::value;
use crate::metadata::value::Context;
use crate::metadata::value::Edit;

/// Whether a record is made or changed: only one that is made can lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Update,
    /// Either of the two, as it turns out.
    Upsert,
}

/// A field and what it is set to.
#[derive(Clone, Copy)]
struct Given<'a> {
    name: &'a Located<String>,
    value: &'a Tree,
}

impl<'a> Examiner<'a> {
    pub(super) fn set(
        &mut self,
        described: Described<'a>,
        set: impl Iterator<Item = &'a SetField>,
        purpose: Purpose,
    ) {
        let given = set.map(|field| (&field.name, &field.value));
        self.record(described, given, purpose, self.step.verb_span);
    }

    /// The fields of one record that is made or changed at a place.
    pub(super) fn record(
        &mut self,
        described: Described<'a>,
        fields: impl Iterator<Item = (&'a Located<String>, &'a Tree)>,
        purpose: Purpose,
        place: Span,
    ) {
        let given: BTreeMap<&str, Given<'a>> = fields
            .map(|(name, value)| (name.value.as_str(), Given { name, value }))
            .collect();
        for field in given.values() {
            self.set_field(described, *field, purpose);
        }
        self.halves(described, &given);
        self.parent(described, &given);
        self.amounts(described, &given);
        if purpose != Purpose::Update {
            self.required(described, &given, place);
        }
    }

    fn set_field(&mut self, described: Described<'a>, set: Given<'a>, purpose: Purpose) {
        let name = set.name.value.as_str();
        let Some(field) = self.field(described, name, set.name.span) else {
            return;
        };
        let Some(writable) = described.module.writable(name) else {
            return;
        };
        let allowed = self.allowed(described, set, field, writable, purpose);
        if !allowed {
            return;
        }
        self.literal(described, field, name, set.value, Ask::Stored);
        self.cleared(described, field, set, purpose);
        if field.kind == FieldKind::Link {
            self.link_actions(described, name, set.value);
        }
        // Of the two this one is asked first, because few values are ids of records, and to find what is behind a field is to
        // go through all of the module.
        if self.meanings.module_of_id(self.step, set.value).is_some()
            && let Some(far) = self.meanings.module_behind(described.name, name)
            && let Some(problem) = self.id_of_another(far, name, set.value)
        {
            self.push_of(name, problem);
        }
    }

    /// Sugar stores a required field without a value as readily as any other.
    fn cleared(
        &mut self,
        described: Described<'a>,
        field: &Field,
        set: Given<'a>,
        purpose: Purpose,
    ) {
        let is_cleared = set.value.literal().as_deref().is_some_and(value::is_empty);
        if purpose == Purpose::Update && is_cleared && field.wants_a_value() {
            let name = &set.name.value;
            let problem = missing(format!(
                "`{name}` of `{}` is required, and this clears it",
                described.name
            ))
            .at(set.value.span, "leaves nothing in it")
            .help(format!(
                "leave it out of `set` to keep what is there, or write `unchecked: [{name}]` if it may be empty"
            ));
            self.push_of(name, problem);
        }
    }

    /// What finds the record of an upsert: fields with one plain value, which this user may read.
    pub(super) fn matching(&mut self, described: Described<'a>, matching: &'a [SetField]) {
        for field in matching {
            let (name, span) = (field.name.value.as_str(), field.name.span);
            // That there is such a field is judged with what is set.
            let Some(known) = described.module.field(name) else {
                continue;
            };
            self.readable(described, name, span);
            if value::has_parts(known) || known.kind == FieldKind::Collection {
                let problem = invalid(format!(
                    "`{name}` of `{}` cannot find a record",
                    described.name
                ))
                .at(span, "holds a list")
                .help_if((known.kind == FieldKind::Email).then(|| "match by `email1`".to_owned()));
                self.push_of(name, problem);
            }
        }
    }

    /// What is added to a field or taken out of it: the field must hold several things.
    pub(super) fn parts(&mut self, described: Described<'a>, parts: &'a [PartField]) {
        for part in parts {
            let name = part.name.value.as_str();
            let Some(field) = self.field(described, name, part.name.span) else {
                continue;
            };
            if !value::has_parts(field) {
                let link = field.kind == FieldKind::Link;
                let help = match (link, part.part) {
                    (true, Part::Added) => "write a step `link`",
                    (true, Part::Removed) => "write a step `unlink`",
                    (false, _) => "write it in `set`",
                };
                let problem = invalid(format!(
                    "`{name}` of `{}` does not hold a list",
                    described.name
                ))
                .at(
                    part.name.span,
                    format!("is of type `{}`", field.kind.as_str()),
                )
                .help(help);
                self.push_of(name, problem);
                continue;
            }
            if described.module.writable(name) == Some(Writable::Denied) {
                self.refused(described, name, part.name.span);
            }
            // A value that the dropdown has no more can still be taken out.
            if part.part == Part::Added {
                self.literal(described, field, name, &part.value, Ask::Stored);
            }
        }
        self.contradictions(described, parts);
    }

    /// What is added and taken out at once in another spelling; in the same it is found without metadata.
    fn contradictions(&mut self, described: Described<'a>, parts: &'a [PartField]) {
        for added in parts.iter().filter(|part| part.part == Part::Added) {
            let name = added.name.value.as_str();
            let mut others = parts.iter();
            let removed = others
                .find(|part| part.part == Part::Removed && part.name.value == added.name.value);
            let (Some(field), Some(removed)) = (described.module.field(name), removed) else {
                continue;
            };
            if contradicted::taken_out(added, parts).is_some() {
                continue;
            }
            let (Some(add), Some(remove)) = (added.value.literal(), removed.value.literal()) else {
                continue;
            };
            let mut edit = Edit::default();
            let context = Context::default();
            if edit.add(field, &add, context).is_err() || edit.remove(field, &remove).is_err() {
                continue;
            }
            if let Err(rejected) = edit.contradicted(field) {
                let problem = invalid(format!(
                    "`{name}` of `{}` cannot be changed so",
                    described.name
                ))
                .because(added.value.span, rejected.to_string())
                .at(removed.value.span, "taken out here");
                self.push_of(name, problem);
            }
        }
    }

    /// `email1` is one address out of `email`. What comes of setting both is not documented.
    pub(super) fn addresses(
        &mut self,
        described: Described<'a>,
        set: &'a [SetField],
        parts: &'a [PartField],
    ) {
        let single = set
            .iter()
            .map(|field| &field.name)
            .find(|name| is_single_address(&name.value));
        let set = set.iter().map(|field| &field.name);
        let mut names = set.chain(parts.iter().map(|part| &part.name));
        let whole = names.find(|name| {
            let field = described.module.field(&name.value);
            field.is_some_and(|field| field.kind == FieldKind::Email)
                && !is_single_address(&name.value)
        });
        let (Some(single), Some(whole)) = (single, whole) else {
            return;
        };
        let (one, all) = (&single.value, &whole.value);
        let problem = invalid(format!(
            "`{one}` of `{}` is one of the addresses in `{all}`, and both are changed",
            described.name
        ))
        .at(single.span, "sets one address")
        .at(whole.span, "changes the list that it is in")
        .help(format!(
            "write all addresses in `{all}`, the first of them with `primary_address: true`"
        ));
        self.push_of(one, problem);
    }

    /// Says why a field cannot be set, and whether its value is worth judging.
    fn allowed(
        &mut self,
        described: Described<'a>,
        set: Given<'a>,
        field: &Field,
        writable: Writable<'_>,
        purpose: Purpose,
    ) -> bool {
        let name = set.name.value.as_str();
        let module = described.name;
        if writable == Writable::Yes && matches!(field.kind, FieldKind::File | FieldKind::Image) {
            let problem = invalid(format!("`{name}` of `{module}` is a file, and files are not sent"))
                .at(set.name.span, "set here")
                .help(format!(
                    "leave it out, or write `unchecked: [{name}]` where the name of a file is to be kept without the file"
                ));
            self.push_of(name, problem);
            return true;
        }
        let refusal = match writable {
            Writable::Yes => {
                if purpose != Purpose::Update && described.module.acl.denies_field(name, Right::Create)
                {
                    self.refused(described, name, set.name.span);
                    return false;
                }
                return true;
            }
            Writable::Denied => {
                self.refused(described, name, set.name.span);
                return false;
            }
            Writable::Perhaps => {
                let problem = invalid(format!(
                    "`{name}` is no column of `{module}`, and Sugar may drop it"
                ))
                .at(set.name.span, "set here")
                .help("what comes back is compared with what was sent, so a loss will be seen");
                self.push_of(name, warned(problem));
                return true;
            }
            // Records to be linked along with the write.
            Writable::Link
                if field.kind == FieldKind::Link
                    && purpose == Purpose::Create
                    && is_of_actions(set.value) =>
            {
                return true;
            }
            Writable::Link if is_of_actions(set.value) => {
                invalid(format!("an update does not take actions on the link `{name}`")).help(format!(
                    "write steps of their own, `link: {module}`, `unlink: {module}` or a `create` with `under`: those \
                     are planned, and can be repeated and undone"
                ))
            }
            Writable::Link => {
                let step = format!("a step `link: {module}` with `through: {name}`");
                invalid(format!("`{name}` of `{module}` is a link, not a value")).help(match purpose {
                    Purpose::Create => format!("write `{name}: {{ add: [ID] }}`, or {step}"),
                    Purpose::Update | Purpose::Upsert => format!("write {step}"),
                })
            }
            Writable::Readonly => invalid(format!("`{name}` of `{module}` is read-only"))
                .help("leave it out: the instance keeps it itself"),
            Writable::Calculated => invalid(format!("`{name}` of `{module}` is calculated"))
                .help("leave it out: a formula gives its value whenever the record is saved"),
            Writable::FromParts => {
                invalid(format!("`{name}` of `{module}` is put together from its parts"))
                    .help("set `first_name` and `last_name`")
            }
            Writable::UseId(id) => {
                invalid(format!("`{name}` of `{module}` only shows what `{id}` leads to"))
                    .help(format!("set `{id}` to the record's id"))
            }
            Writable::Identifier => {
                invalid("the id of a record cannot be set").help(match purpose {
                    Purpose::Create => "give the step a `key`: the id follows from it",
                    Purpose::Update => "`record` says which record is meant",
                    Purpose::Upsert => "a record whose id is known is changed by `update`",
                })
            }
        };
        self.push_of(name, refusal.at(set.name.span, "set here"));
        false
    }

    fn refused(&mut self, described: Described<'a>, name: &str, span: Span) {
        let problem = not_authorized(format!(
            "this user may not set `{name}` of `{}`",
            described.name
        ))
        .at(span, "set here");
        if self.step.unchecked.contains(name) {
            self.push_of(name, problem);
        } else {
            self.push_refusal(problem);
        }
    }

    /// The id of a parent without its module, or the other way round.
    fn halves(&mut self, described: Described<'a>, given: &BTreeMap<&str, Given<'a>>) {
        for (id, kind) in described.module.parents() {
            let (name, set, other) = match (given.get(id), given.get(kind)) {
                (Some(set), None) => (id, set, kind),
                (None, Some(set)) => (kind, set, id),
                _ => continue,
            };
            let problem = missing(format!("`{name}` means something only with `{other}`"))
                .at(set.name.span, "is half of a pair")
                .help(format!("set `{other}` too"));
            self.push_of(name, problem);
        }
    }

    /// A parent's id that comes from records of another module than the type says.
    fn parent(&mut self, described: Described<'a>, given: &BTreeMap<&str, Given<'a>>) {
        for (name, kind) in described.module.parents() {
            let (Some(set), Some(kind)) = (given.get(name), given.get(kind)) else {
                continue;
            };
            let Some(module) = kind.value.scalar().and_then(serde_json::Value::as_str) else {
                continue;
            };
            // Of the two it is the id that a template takes from records.
            if let Some(problem) = self.id_of_another(module, name, set.value) {
                let problem = problem
                    .at(kind.value.span, "says the module")
                    .help("let `parent_type` and `parent_id` name the same record");
                self.push_of(name, problem);
            }
        }
    }

    fn amounts(&mut self, described: Described<'a>, given: &BTreeMap<&str, Given<'a>>) {
        const CURRENCY: &str = "currency_id";
        if given.contains_key(CURRENCY) || described.module.field(CURRENCY).is_none() {
            return;
        }
        let amounts: Vec<&Given<'a>> = given
            .iter()
            .filter(|(name, _)| {
                described
                    .module
                    .field(name)
                    .is_some_and(|field| field.kind == FieldKind::Currency)
            })
            .map(|(_, set)| set)
            .collect();
        let Some(first) = amounts.first() else { return };
        let names = all_of(amounts.iter().map(|set| set.name.value.as_str()));
        let problem = missing(format!("{names} without `{CURRENCY}`"))
            .at(first.name.span, "in which currency?")
            .help(format!("set `{CURRENCY}`; the base currency is `\"-99\"`"));
        self.push_of(&first.name.value, warned(problem));
    }

    /// Sugar does not enforce what it declares (fact sheet 4.2), so this is the only place that asks.
    fn required(
        &mut self,
        described: Described<'a>,
        given: &BTreeMap<&str, Given<'a>>,
        place: Span,
    ) {
        let is_given = |field: &Field| {
            given
                .get(field.name.as_str())
                .is_some_and(|set| !set.value.literal().as_deref().is_some_and(value::is_empty))
        };
        // A name that is misspelt is one mistake, not one and a missing field.
        let meant: Vec<&str> = given
            .keys()
            .filter(|name| described.module.field(name).is_none())
            .filter_map(|name| meant_field(described, name))
            .collect();
        let (let_pass, lacking): (Vec<&Field>, Vec<&Field>) = described
            .module
            .fields
            .values()
            .filter(|field| field.wants_a_value() && !is_given(field))
            .filter(|field| !meant.contains(&field.name.as_str()))
            .partition(|field| self.step.unchecked.contains(&field.name));
        if !lacking.is_empty() {
            self.push(lacks(described, &lacking).at(place, "created here").help(
                "set what is missing, or add to `unchecked` what the instance fills in itself",
            ));
        }
        if !let_pass.is_empty() {
            self.push(warned(
                lacks(described, &let_pass).at(place, "created here"),
            ));
        }
    }
}

fn lacks(described: Described<'_>, fields: &[&Field]) -> Problem {
    let names = all_of(fields.iter().map(|field| field.name.as_str()));
    missing(format!(
        "a new record of `{}` needs {names}",
        described.name
    ))
}

/// A map of `add`, `create` and `delete`: its shape is judged like any other value.
fn is_of_actions(value: &Tree) -> bool {
    value.map().is_some()
}
