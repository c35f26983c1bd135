//! What changed in an instance's metadata, as text: grouped by module and by list, one line a change.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::diag::Colour;
use crate::diag::counted;
use crate::metadata::Attribute;
use crate::metadata::Change;
use crate::metadata::ChangeKind;
use crate::metadata::Subject;

/// The changes for people; without any, one line that says so.
pub fn metadata_diff_text(changes: &[Change], colour: Colour) -> String {
    if changes.is_empty() {
        return "the metadata has not changed\n".into();
    }
    let mut text = format!("{}\n", counted(changes.len(), "change"));
    let mut group = None;
    for change in changes {
        let (heading, what) = placed(&change.subject);
        if group.as_ref() != Some(&heading) {
            write!(text, "\n{heading}\n").expect("a string takes any text");
            group = Some(heading);
        }
        let line = match &change.kind {
            ChangeKind::Added => painted(colour, "32", &format!("+ {what}")),
            ChangeKind::Removed => painted(colour, "31", &format!("- {what}")),
            ChangeKind::Changed { attributes } => {
                painted(colour, "33", &format!("~ {what}: {}", listed(attributes)))
            }
        };
        writeln!(text, "  {line}").expect("a string takes any text");
    }
    text
}

/// The heading a subject stands under, and what it is called there.
fn placed(subject: &Subject) -> (String, String) {
    match subject {
        Subject::Server => ("instance".into(), "server".into()),
        Subject::Module { module } => ("modules".into(), format!("module {module}")),
        Subject::Field { module, field } => (module.clone(), format!("field {field}")),
        Subject::Link { module, link } => (module.clone(), format!("link {link}")),
        Subject::Refusal {
            module,
            field,
            action,
        } => {
            let what = match field {
                Some(field) => format!("refusal: {action} {field}"),
                None => format!("refusal: {action}"),
            };
            (module.clone(), what)
        }
        Subject::Relationship { relationship } => (
            "relationships".into(),
            format!("relationship {relationship}"),
        ),
        Subject::Value { dropdown, value } => (
            format!("list {dropdown}"),
            format!("value {}", Json::from(value.as_str())),
        ),
    }
}

fn listed(attributes: &[Attribute]) -> String {
    let shown = |value: &Json| match value {
        Json::Null => "none".to_owned(),
        value => value.to_string(),
    };
    let each: Vec<String> = attributes
        .iter()
        .map(|attribute| match (&attribute.before, &attribute.after) {
            (Json::Null, Json::Bool(true)) => format!("now {}", attribute.name),
            (Json::Bool(true), Json::Null) => format!("no longer {}", attribute.name),
            (before, after) => format!("{} {} → {}", attribute.name, shown(before), shown(after)),
        })
        .collect();
    each.join(", ")
}

fn painted(colour: Colour, code: &str, text: &str) -> String {
    match colour {
        Colour::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        Colour::None => text.to_owned(),
    }
}
