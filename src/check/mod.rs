//! Mistakes found before anything is sent: a [`Playbook`] in, a [`Checked`] one out, or problems. Pure.

mod advice;
mod against;
mod beside;
mod calls;
mod checked;
mod compile;
mod defaults;
mod exports;
mod graph;
mod included;
mod names;
mod projection;
mod sealing;
mod secrets;
mod select;
mod shape;
mod undone;
mod vars;
mod wanted;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub use against::WriteAccess;
pub use against::against;
pub use against::against_with;
pub use against::far_modules;
pub use against::modules;
pub use checked::Call;
pub use checked::Checked;
pub use checked::CheckedAction;
pub use checked::CheckedRead;
pub use checked::CheckedStep;
pub use checked::CheckedWrite;
pub use checked::Expectation;
pub use checked::Items;
pub use checked::Output;
pub use checked::Part;
pub use checked::PartField;
pub use checked::Projection;
pub use checked::SetField;
pub use checked::Sharing;
pub use checked::Under;
use compile::Compiler;
pub use included::CheckedInclude;
use names::Known;
pub use sealing::give_stand_ins;
pub use sealing::take_secrets;
pub use sealing::too_short;
pub use select::LeftOut;
pub use select::Selection;
pub use select::select;
pub use vars::Given;
pub use vars::GivenVars;
pub use vars::IncludedVars;
pub use vars::Origin;
pub use vars::included_names;
pub use vars::resolve_included;
pub use vars::resolve_vars;

use crate::diag::Problems;
use crate::diag::Sources;
use crate::expr::StepNo;
use crate::metadata::Metadata;
use crate::playbook::IncludedNo;
use crate::playbook::Playbook;
use crate::playbook::Unread;
use crate::playbook::VarDecl;

/// Headings of the CSV files and sheets that steps read, by step id: the only thing check needs that is not in the playbook.
pub type Headings = BTreeMap<String, Vec<String>>;

/// Compiles a playbook, finds the order of its steps and checks every name in it. What was found besides the result
/// may be warnings; with an error there is no result.
pub fn check(
    playbook: &Playbook,
    sources: &Sources,
    headings: &Headings,
) -> (Option<Checked>, Problems) {
    check_with(playbook, sources, headings, None)
}

/// The same, with everything that metadata contradict: of a playbook with mistakes, too, so that all are found at once.
pub fn check_with(
    playbook: &Playbook,
    sources: &Sources,
    headings: &Headings,
    metadata: Option<&Metadata>,
) -> (Option<Checked>, Problems) {
    let ids: BTreeSet<String> = playbook
        .included
        .iter()
        .map(|included| included.id.value.clone())
        .collect();
    let mut compiler = Compiler {
        sources,
        problems: Problems::default(),
        prefix: String::new(),
        includes: &ids,
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
    let includes = included::compile(playbook, &mut compiler);
    let compiled: Vec<Option<CheckedStep>> = playbook
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| {
            compiler.prefix = included::prefix(playbook, step.included);
            compiler.step(step, number(place), &written)
        })
        .collect();
    let outputs = outputs(playbook, &mut compiler);
    let mut problems = compiler.problems;

    let unread = playbook.unread.steps.iter();
    let steps: BTreeMap<&str, Option<&CheckedStep>> = playbook
        .steps
        .iter()
        .zip(&compiled)
        .map(|(step, compiled)| (step.id.value.as_str(), compiled.as_ref()))
        .chain(unread.map(|id| (id.as_str(), None)))
        .collect();
    let known: Vec<Known<'_>> = playbooks(playbook)
        .map(|(number, vars)| Known {
            steps: &steps,
            vars: vars
                .iter()
                .map(|var| var.name.value.as_str())
                .chain(playbook.unread.vars.iter().map(String::as_str))
                .collect(),
            headings,
            prefix: included::prefix(playbook, number),
            includes: &ids,
        })
        .collect();
    for (_, vars) in playbooks(playbook) {
        defaults::check(vars, sources, &mut problems);
    }
    depends_on(playbook, &known, &mut problems);
    exports::check(playbook, &mut problems);
    calls::check(playbook, &mut problems);
    let mut vars_used: Vec<BTreeSet<String>> = vec![BTreeSet::new(); known.len()];
    let given = included::check(playbook, &includes, &known, &mut vars_used, &mut problems);
    let mut needs = graph::Needs::new();
    let mut reads = graph::Needs::new();
    for (place, step) in compiled.iter().enumerate() {
        let on = needs.entry(place).or_default();
        on.extend(
            playbook.steps[place]
                .depends_on
                .iter()
                .filter_map(|on| places.get(on.step.value.as_str()).copied()),
        );
        let Some(step) = step else { continue };
        let home = included::place(step.included);
        let used = known[home].check(step, &mut problems);
        let mut ids = used.steps;
        if let Some(number) = step.included {
            let given = &given[number.0];
            ids.extend(given.when.iter().cloned());
            for var in &used.vars {
                ids.extend(given.vars.get(var).into_iter().flatten().cloned());
            }
        }
        let read = ids.iter().filter_map(|id| places.get(id.as_str()).copied());
        let read: BTreeSet<usize> = read.collect();
        exports::not_needed(playbook, place, &read, &mut problems);
        on.extend(&read);
        reads.insert(place, read);
        vars_used[home].extend(used.vars);
    }
    for output in &outputs {
        let home = included::place(output.included);
        let used = known[home].check_tree(&output.value, "", &mut problems);
        vars_used[home].extend(used.vars);
    }
    secrets::check(
        playbooks(playbook),
        &compiled,
        &includes,
        &outputs,
        &mut problems,
    );
    let order = graph::order(&playbook.steps, &needs)
        .map_err(|cycles| cycles.into_iter().for_each(|cycle| problems.push(cycle)));
    // A step with a broken text names nothing, so that what is unused cannot be told.
    if compiled.iter().all(Option::is_some) {
        for ((_, vars), used) in playbooks(playbook).zip(&vars_used) {
            advice::unused_vars(vars, used, &mut problems);
        }
    }
    advice::creates_without_key(playbook, &mut problems);
    advice::labels(playbook, &mut problems);
    // Where names are wrong, what a step waits for is not known either.
    if let Ok(order) = &order
        && !problems.has_errors()
    {
        beside::check(playbook, &needs, order, &mut problems);
        advice::unreachable(&compiled, order, &mut problems);
    }
    let is_sound = order.is_ok() && !problems.has_errors();
    if !is_sound && metadata.is_none() {
        problems.sort();
        return (None, problems);
    }
    let order = order.unwrap_or_else(|()| (0..playbook.steps.len()).collect());
    let graph = Graph { needs, reads };
    let checked = arrange(playbook, compiled, outputs, includes, &order, &graph);
    if let Some(metadata) = metadata {
        problems.append(against(&checked, metadata));
    }
    problems.sort();
    (is_sound.then_some(checked), problems)
}

/// What check finds in a playbook of which parts could not be read, without what only seems wrong because they are missing.
pub fn of_the_readable(problems: Problems, unread: &Unread) -> Problems {
    const OF_NAMES: &[&str] = &["unused_var", "unreachable", "read_beside_write", "cycle"];
    problems
        .into_iter()
        .filter(|problem| match problem.code.0 {
            "unknown_step" => !unread.hides_steps,
            "unknown_var" => !unread.hides_vars,
            code => !OF_NAMES.contains(&code),
        })
        .collect()
}

/// The outer playbook and those it includes, each with its variables.
fn playbooks(playbook: &Playbook) -> impl Iterator<Item = (Option<IncludedNo>, &[VarDecl])> {
    let included = playbook
        .included
        .iter()
        .enumerate()
        .map(|(number, included)| (Some(IncludedNo(number)), included.vars.as_slice()));
    std::iter::once((None, playbook.vars.as_slice())).chain(included)
}

fn outputs(playbook: &Playbook, compiler: &mut Compiler<'_>) -> Vec<Output> {
    let included = playbook
        .included
        .iter()
        .enumerate()
        .map(|(number, included)| (Some(IncludedNo(number)), &included.outputs));
    let mut outputs = Vec::new();
    for (number, written) in std::iter::once((None, &playbook.outputs)).chain(included) {
        compiler.prefix = included::prefix(playbook, number);
        for (name, node) in written {
            outputs.extend(compiler.tree(node).map(|value| Output {
                name: format!("{}{}", compiler.prefix, name.value),
                value,
                included: number,
            }));
        }
    }
    outputs
}

fn number(place: usize) -> StepNo {
    StepNo(u32::try_from(place).expect("a playbook has fewer than 2^32 steps"))
}

/// What each step needs, by places in the file.
struct Graph {
    needs: graph::Needs,
    /// Of those the ones whose results it reads.
    reads: graph::Needs,
}

/// Puts steps into their order and numbers them by it.
fn arrange(
    playbook: &Playbook,
    compiled: Vec<Option<CheckedStep>>,
    outputs: Vec<Output>,
    included: Vec<CheckedInclude>,
    order: &[usize],
    graph: &Graph,
) -> Checked {
    let final_number: BTreeMap<usize, StepNo> = order
        .iter()
        .enumerate()
        .map(|(sorted, place)| (*place, number(sorted)))
        .collect();
    let renumbered = |written: StepNo| final_number[&(written.0 as usize)];
    let mut steps: Vec<CheckedStep> = compiled
        .into_iter()
        .enumerate()
        .filter_map(|(place, step)| {
            let mut step = step?;
            step.number = final_number[&place];
            step.depends_on = step
                .depends_on
                .iter()
                .map(|(on, wait)| (renumbered(*on), *wait))
                .collect();
            let numbers = |needs: &graph::Needs| {
                let needs = needs.get(&place).into_iter().flatten();
                needs.map(|need| final_number[need]).collect()
            };
            step.upstream = numbers(&graph.needs);
            step.reads = numbers(&graph.reads);
            Some(step)
        })
        .collect();
    steps.sort_by_key(|step| step.number);
    let mut used = projection::of(&steps, &outputs, &included);
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
        reach: playbook.reach.clone(),
        vars: playbook.vars.clone(),
        limits: playbook.limits.clone(),
        settings: playbook.settings.clone(),
        steps,
        outputs,
        included,
        texts: playbook.texts.clone(),
    }
}

fn depends_on(playbook: &Playbook, known: &[Known<'_>], problems: &mut Problems) {
    for step in &playbook.steps {
        for on in &step.depends_on {
            if let Err(problem) = known[included::place(step.included)].step_named(&on.step.value) {
                problems.push(problem.at(on.step.span, "named here").step(&step.id.value));
            }
        }
    }
}
