//! Which steps of a playbook a run takes: `--only`, `--skip` and `--tags`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Checked;
use super::CheckedStep;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::nearest_and_all;
use crate::expr::StepNo;
use crate::playbook::Wait;

const UNKNOWN_STEP: Code = Code("unknown_step");
const UNKNOWN_TAG: Code = Code("unknown_tag");
const LEFT_OUT: Code = Code("left_out");

/// What somebody chose. The id of an include stands for all of its steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These alone; with `tags`, those and these.
    pub only: Vec<String>,
    pub tags: Vec<String>,
    /// Not these, whatever else is said.
    pub skip: Vec<String>,
}

/// Steps that a run leaves out, each with the reason.
pub type LeftOut = BTreeMap<StepNo, String>;

impl Selection {
    fn is_everything(&self) -> bool {
        self.only.is_empty() && self.tags.is_empty()
    }
}

/// Works out what is left out. A read that something chosen needs runs all the same, since nothing can be known without
/// it; a write does not, since it would change what nobody chose.
pub fn select(checked: &Checked, selection: &Selection) -> Result<LeftOut, Problems> {
    let mut problems = Problems::default();
    for name in selection.only.iter().chain(&selection.skip) {
        if !checked.steps.iter().any(|step| is_named(step, name)) {
            let known = checked.steps.iter().map(|step| step.id.as_str());
            problems.push(
                Problem::error(UNKNOWN_STEP, format!("the playbook has no step `{name}`"))
                    .help(nearest_and_all(name, "step", known)),
            );
        }
    }
    for tag in &selection.tags {
        if !checked.steps.iter().any(|step| step.tags.contains(tag)) {
            let known: BTreeSet<&str> = checked
                .steps
                .iter()
                .flat_map(|step| step.tags.iter().map(String::as_str))
                .collect();
            problems.push(
                Problem::error(UNKNOWN_TAG, format!("no step has the tag `{tag}`"))
                    .help(nearest_and_all(tag, "tag", known)),
            );
        }
    }
    if problems.has_errors() {
        return Err(problems);
    }
    let mut left_out: LeftOut = checked
        .steps
        .iter()
        .filter_map(|step| Some((step.number, reason(step, selection)?)))
        .collect();
    // Needs come before what needs them, so from the last to the first each is seen after all that need it.
    for step in checked.steps.iter().rev() {
        if left_out.contains_key(&step.number) {
            continue;
        }
        for need in step.upstream.iter().filter(|need| needs(step, **need)) {
            let needed = checked.step(*need);
            let Some(reason) = left_out.get(need) else {
                continue;
            };
            if needed.is_write() {
                problems.push(
                    Problem::error(
                        LEFT_OUT,
                        format!(
                            "step `{}` needs `{}`, which is left out",
                            step.id, needed.id
                        ),
                    )
                    .at(step.verb_span, "runs")
                    .at(needed.verb_span, reason.clone())
                    .help(format!(
                        "take `{}` in as well, or leave `{}` out",
                        needed.id, step.id
                    )),
                );
            } else {
                left_out.remove(need);
            }
        }
    }
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(left_out)
    }
}

/// Whether a step needs another to run, and does not only wait until it has ended.
fn needs(step: &CheckedStep, on: StepNo) -> bool {
    !step.depends_on.contains(&(on, Wait::Finished)) || step.reads.contains(&on)
}

fn reason(step: &CheckedStep, selection: &Selection) -> Option<String> {
    if let Some(name) = selection.skip.iter().find(|name| is_named(step, name)) {
        return Some(format!("left out by `--skip {name}`"));
    }
    let is_chosen = selection.is_everything()
        || selection.only.iter().any(|name| is_named(step, name))
        || selection.tags.iter().any(|tag| step.tags.contains(tag));
    (!is_chosen).then(|| {
        let flags = selection
            .only
            .iter()
            .map(|name| format!("--only {name}"))
            .chain(selection.tags.iter().map(|tag| format!("--tags {tag}")));
        format!("left out by `{}`", flags.collect::<Vec<_>>().join(" "))
    })
}

/// By its id, or by that of an include around it.
fn is_named(step: &CheckedStep, name: &str) -> bool {
    step.id
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
