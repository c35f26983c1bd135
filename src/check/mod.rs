//! Mistakes found before anything is sent: a [`Playbook`] in, a [`Checked`] one out, or problems. Pure.

mod against;
mod checked;
mod compile;
mod graph;
mod names;
mod projection;
mod undone;
mod vars;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub use against::WriteAccess;
pub use against::against;
pub use against::against_with;
pub use against::far_modules;
pub use against::modules;
pub use checked::Checked;
pub use checked::CheckedAction;
pub use checked::CheckedRead;
pub use checked::CheckedStep;
pub use checked::CheckedWrite;
pub use checked::Expectation;
pub use checked::Items;
pub use checked::Part;
pub use checked::PartField;
pub use checked::Projection;
pub use checked::SetField;
pub use checked::Sharing;
pub use checked::Under;
use compile::Compiler;
use names::Known;
pub use vars::Given;
pub use vars::GivenVars;
pub use vars::Origin;
pub use vars::resolve_vars;

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::did_you_mean;
use crate::expr::StepNo;
use crate::playbook::Action;
use crate::playbook::Playbook;

const UNKNOWN_STEP: Code = Code("unknown_step");
const UNUSED_VAR: Code = Code("unused_var");
const NO_KEY: Code = Code("no_key");

/// First lines of the CSV files that steps read, by step id: the only thing check needs that is not in the playbook.
pub type Headings = BTreeMap<String, Vec<String>>;

/// Compiles a playbook, finds the order of its steps and checks every name in it. What was found besides the result
/// may be warnings; with an error there is no result.
pub fn check(
    playbook: &Playbook,
    sources: &Sources,
    headings: &Headings,
) -> (Option<Checked>, Problems) {
    let mut compiler = Compiler {
        sources,
        problems: Problems::default(),
    };
    let places: BTreeMap<&str, usize> = playbook
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| (step.id.value.as_str(), place))
        .collect();
    // Numbers by place in the file for now; the order is known once the names are.
    let written: BTreeMap<&str, StepNo> = places
        .iter()
        .map(|(id, place)| (*id, number(*place)))
        .collect();
    let compiled: Vec<Option<CheckedStep>> = playbook
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| compiler.step(step, number(place), &written))
        .collect();
    let outputs: Vec<(String, crate::expr::Tree)> = playbook
        .outputs
        .iter()
        .filter_map(|(name, node)| compiler.tree(node).map(|tree| (name.value.clone(), tree)))
        .collect();
    let mut problems = compiler.problems;

    let known = Known {
        steps: places.keys().copied().collect(),
        vars: playbook
            .vars
            .iter()
            .map(|var| var.name.value.as_str())
            .collect(),
        headings,
    };
    depends_on(playbook, &known.steps, &mut problems);
    let mut needs = graph::Needs::new();
    let mut vars_used: BTreeSet<String> = BTreeSet::new();
    for (place, step) in compiled.iter().enumerate() {
        let on = needs.entry(place).or_default();
        on.extend(
            playbook.steps[place]
                .depends_on
                .iter()
                .filter_map(|on| places.get(on.step.value.as_str()).copied()),
        );
        let Some(step) = step else { continue };
        let used = known.check(step, &mut problems);
        on.extend(
            used.steps
                .iter()
                .filter_map(|id| places.get(id.as_str()).copied()),
        );
        vars_used.extend(used.vars);
    }
    for (_, tree) in &outputs {
        vars_used.extend(known.check_tree(tree, &mut problems).vars);
    }
    let order = graph::order(&playbook.steps, &needs)
        .map_err(|cycles| cycles.into_iter().for_each(|cycle| problems.push(cycle)));
    // A step with a broken text names nothing, so that what is unused cannot be told.
    if compiled.iter().all(Option::is_some) {
        unused_vars(playbook, &vars_used, &mut problems);
    }
    creates_without_key(playbook, &mut problems);
    problems.sort();
    let checked = match order {
        Ok(order) if !problems.has_errors() => {
            Some(arrange(playbook, compiled, outputs, &order, &needs))
        }
        _ => None,
    };
    (checked, problems)
}

fn number(place: usize) -> StepNo {
    StepNo(u32::try_from(place).expect("a playbook has fewer than 2^32 steps"))
}

/// Puts steps into their order and numbers them by it.
fn arrange(
    playbook: &Playbook,
    compiled: Vec<Option<CheckedStep>>,
    outputs: Vec<(String, crate::expr::Tree)>,
    order: &[usize],
    needs: &graph::Needs,
) -> Checked {
    let final_number: BTreeMap<usize, StepNo> = order
        .iter()
        .enumerate()
        .map(|(sorted, place)| (*place, number(sorted)))
        .collect();
    let renumbered = |written: StepNo| final_number[&(written.0 as usize)];
    let mut steps: Vec<CheckedStep> = compiled
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(place, mut step)| {
            step.number = final_number[&place];
            step.depends_on = step
                .depends_on
                .iter()
                .map(|(on, wait)| (renumbered(*on), *wait))
                .collect();
            step.upstream = needs[&place]
                .iter()
                .map(|need| final_number[need])
                .collect();
            step
        })
        .collect();
    steps.sort_by_key(|step| step.number);
    let mut used = projection::of(&steps, &outputs);
    for step in &mut steps {
        step.projection = match &step.fields {
            Some(fields) => {
                Projection::Fields(fields.iter().map(|field| field.value.clone()).collect())
            }
            None => used
                .remove(&step.number)
                .unwrap_or(Projection::Fields(BTreeSet::new())),
        };
    }
    Checked {
        name: playbook.name.value.clone(),
        identity: playbook
            .identity
            .as_ref()
            .map(|identity| identity.value.clone()),
        generation: playbook.generation,
        folder: playbook.folder.clone(),
        vars: playbook.vars.clone(),
        limits: playbook.limits.clone(),
        settings: playbook.settings.clone(),
        steps,
        outputs,
    }
}

fn depends_on(playbook: &Playbook, steps: &BTreeSet<&str>, problems: &mut Problems) {
    for step in &playbook.steps {
        for on in step
            .depends_on
            .iter()
            .filter(|on| !steps.contains(on.step.value.as_str()))
        {
            problems.push(
                Problem::error(
                    UNKNOWN_STEP,
                    format!("there is no step `{}`", on.step.value),
                )
                .at(on.step.span, "named here")
                .help_if(did_you_mean(&on.step.value, steps.iter().copied()))
                .step(&step.id.value),
            );
        }
    }
}

fn unused_vars(playbook: &Playbook, used: &BTreeSet<String>, problems: &mut Problems) {
    for var in playbook
        .vars
        .iter()
        .filter(|var| !used.contains(&var.name.value))
    {
        problems.push(
            Problem::warning(
                UNUSED_VAR,
                format!("the variable `{}` is used nowhere", var.name.value),
            )
            .at(var.name.span, "declared here"),
        );
    }
}

fn creates_without_key(playbook: &Playbook, problems: &mut Problems) {
    for step in &playbook.steps {
        if matches!(step.action, Action::Create(_)) && step.key.is_none() {
            problems.push(
                Problem::warning(
                    NO_KEY,
                    "this create has no `key`, so running the playbook again creates again",
                )
                .at(step.verb_span, "created here")
                .help(
                    "name the record by something that stays the same: `key: \"{{ item.code }}\"`",
                )
                .step(&step.id.value),
            );
        }
    }
}
