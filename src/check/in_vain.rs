//! Keys that change nothing where they stand: warnings.

use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::did_you_mean;
use crate::metadata::Metadata;
use crate::metadata::Module;
use crate::playbook::Action;
use crate::playbook::ForEach;
use crate::playbook::Node;
use crate::playbook::Retry;
use crate::playbook::Step;

const NO_EFFECT: Code = Code("no_effect");

pub(super) fn check(step: &Step, metadata: Option<&Metadata>, problems: &mut Problems) {
    let mut warn = |problem: Problem| problems.push(problem.step(&step.id.value));
    if matches!(step.action, Action::Assert(_) | Action::Export(_))
        && step.retry != Retry::default()
    {
        let verb = step.action.verb();
        warn(
            Problem::warning(NO_EFFECT, format!("`retry` does nothing for `{verb}`"))
                .at(step.verb_span, "sends nothing that could be repeated")
                .help("leave it out"),
        );
    }
    if step.verify.by_field.is_empty() && step.unchecked.is_empty() {
        return;
    }
    let Some(set) = set(&step.action) else {
        return;
    };
    let module = step.action.module().and_then(|module| {
        let described = metadata?.module(&module.value)?;
        (!described.fields.is_empty()).then_some(described)
    });
    let is_set = |name: &str| set.iter().any(|(known, _)| known.value == name);
    let names = || set.iter().map(|(name, _)| name.value.as_str());
    for (name, _) in &step.verify.by_field {
        // That there is no such field is told already.
        let is_told = module.is_some_and(|module| module.field(&name.value).is_none());
        if !is_told && !is_set(&name.value) {
            warn(
                Problem::warning(
                    NO_EFFECT,
                    format!(
                        "this step does not set `{}`, so there is nothing to verify",
                        name.value
                    ),
                )
                .at(name.span, "named here")
                .help_if(did_you_mean(&name.value, names())),
            );
        }
    }
    for name in &step.unchecked {
        let field = name.value.as_str();
        let meant = did_you_mean(field, names());
        let is_in_vain = match module {
            Some(module) => !may_be_left_out(step, module, field),
            None => meant.is_some(),
        };
        let stands_elsewhere = is_set(field) || set.iter().any(|(_, value)| names_it(value, field));
        if is_in_vain && !stands_elsewhere && !is_in_templates(step, field) {
            warn(
                Problem::warning(
                    NO_EFFECT,
                    format!(
                        "this step does not set `{field}`, so there is nothing to leave unchecked"
                    ),
                )
                .at(name.span, "named here")
                .help_if(meant),
            );
        }
    }
}

/// The fields that a step sends, if it sends fields.
fn set(action: &Action) -> Option<Vec<(&Located<String>, &Located<Node>)>> {
    let lists: Vec<_> = match action {
        Action::Create(args) => vec![&args.set],
        Action::Update(args) => vec![&args.set, &args.add, &args.remove],
        Action::Upsert(args) => vec![&args.matching, &args.set, &args.add, &args.remove],
        Action::UpsertByKey(args) => vec![&args.set],
        _ => return None,
    };
    let fields = lists.into_iter().flatten();
    Some(fields.map(|(name, value)| (name, value)).collect())
}

/// Whether it is a mistake to leave a field out, which `unchecked` allows.
fn may_be_left_out(step: &Step, module: &Module, name: &str) -> bool {
    let is_made = matches!(step.action, Action::Create(_) | Action::Upsert(_));
    let Some(field) = module.field(name) else {
        return false;
    };
    let belongs_to_another = name == "currency_id" || module.parent_companion(name).is_some();
    belongs_to_another || is_made && field.wants_a_value()
}

/// Whether a name stands in a value: of a record that is made along, for one.
fn names_it(value: &Located<Node>, name: &str) -> bool {
    match &value.value {
        Node::Map(entries) => {
            let mut entries = entries.iter();
            entries.any(|(key, value)| key.value == name || names_it(value, name))
        }
        Node::List(items) => items.iter().any(|item| names_it(item, name)),
        Node::Text(text) => text.contains(name),
        Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Unread => false,
    }
}

/// A field that a condition compares is one that may be unchecked.
fn is_in_templates(step: &Step, name: &str) -> bool {
    let texts = [&step.when, &step.key].into_iter().flatten();
    let for_each = step.for_each.as_ref().map(|items| &items.value);
    texts.into_iter().any(|text| text.value.contains(name))
        || matches!(
            for_each,
            Some(ForEach::Template(text) | ForEach::JsonPath(text))
                if text.contains(name)
        )
}
