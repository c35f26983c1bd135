//! Which modules' metadata a playbook needs, so that no more than that is fetched.

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::Under;
use crate::expr::Tree;
use crate::metadata::Metadata;
use crate::wire::ModuleName;

/// The modules a playbook names.
pub fn modules(checked: &Checked) -> BTreeSet<ModuleName> {
    let mut modules = BTreeSet::new();
    for step in &checked.steps {
        modules.extend(step.module().map(|module| module.value.clone()));
        modules.extend(under(step).map(|under| under.module.value.clone()));
        if let CheckedAction::Read(
            CheckedRead::Search { modules: named, .. } | CheckedRead::Metadata { modules: named },
        ) = &step.action
        {
            modules.extend(named.iter().map(|module| module.value.clone()));
        }
    }
    modules
}

/// The modules that links of a playbook lead to and that are not described yet: to be asked for once [`modules`] are
/// known.
pub fn far_modules(checked: &Checked, metadata: &Metadata) -> BTreeSet<ModuleName> {
    let mut far = BTreeSet::new();
    for step in &checked.steps {
        let Some(module) = step.module() else {
            continue;
        };
        for link in links(step) {
            if let Some(found) = metadata.far_module(module.value.as_str(), link)
                && metadata.module(found).is_none()
            {
                far.insert(ModuleName::new(found));
            }
        }
    }
    far
}

fn under(step: &CheckedStep) -> Option<&Under> {
    match &step.action {
        CheckedAction::Write(CheckedWrite::Create { under, .. }) => under.as_deref(),
        _ => None,
    }
}

/// The links a step names: the one it goes through, and those its conditions follow.
fn links(step: &CheckedStep) -> Vec<&str> {
    let mut links = Vec::new();
    match &step.action {
        CheckedAction::Write(
            CheckedWrite::Link { link, .. } | CheckedWrite::Unlink { link, .. },
        ) => {
            links.push(link.value.as_str());
        }
        // Records that are linked along with a create.
        CheckedAction::Write(CheckedWrite::Create { set, .. }) => {
            let actions = set.iter().filter(|field| field.value.map().is_some());
            links.extend(actions.map(|field| field.name.value.as_str()));
        }
        CheckedAction::Read(read) => match read {
            CheckedRead::Related { link, .. } => links.push(link.value.as_str()),
            CheckedRead::Filter {
                condition: Some(condition),
                ..
            }
            | CheckedRead::Count {
                condition: Some(condition),
                ..
            } => followed(condition, &mut links),
            _ => {}
        },
        CheckedAction::Write(_) | CheckedAction::Assert { .. } | CheckedAction::Export { .. } => {}
    }
    links
}

/// `link.field`, at any depth of a condition.
fn followed<'a>(condition: &'a Tree, links: &mut Vec<&'a str>) {
    for item in condition.list().unwrap_or_default() {
        followed(item, links);
    }
    for (name, value) in condition.map().unwrap_or_default() {
        if name.value.starts_with('$') {
            followed(value, links);
        } else if let Some((link, _)) = name.value.split_once('.') {
            links.push(link);
        }
    }
}
