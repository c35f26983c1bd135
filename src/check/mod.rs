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
mod places;
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
use std::collections::HashMap;

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
pub use exports::plain_path;
pub use included::CheckedInclude;
use names::Known;
use names::Steps;
use names::UNKNOWN_NAME;
use projection::Uses;
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

use jiff::tz::TimeZone;

use crate::diag::Problems;
use crate::diag::Sources;
use crate::expr::StepNo;
use crate::expr::Template;
use crate::metadata::Metadata;
use crate::playbook::IncludedNo;
use crate::playbook::Playbook;
use crate::playbook::Step;
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
    let places: HashMap<&str, usize> = playbook
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| (step.id.value.as_str(), place))
        .collect();
    let includes = included::compile(playbook, &mut compiler);
    let mut uses = Uses::new(&places);
    let mut compiled = Vec::with_capacity(playbook.steps.len());
    for (place, step) in playbook.steps.iter().enumerate() {
        compiler.prefix = included::prefix(playbook, step.included);
        let step = compiler.owned_by(&step.id.value, |compiler| {
            compiler.step(step, place, &places)
        });
        uses.learn(&step);
        compiled.push(step);
    }
    let outputs = outputs(playbook, &mut compiler);
    let mut problems = compiler.problems;
    let are_all_read = problems.is_empty();

    let unread: Vec<String> = playbooks(playbook)
        .flat_map(|file| {
            let ids = file.unread.steps.iter();
            ids.map(move |id| format!("{}{id}", included::prefix(playbook, file.number)))
        })
        .collect();
    let steps = Steps {
        places: &places,
        compiled: &compiled,
        unread: unread.iter().map(String::as_str).collect(),
        hidden: playbooks(playbook)
            .filter(|file| file.unread.hides_steps)
            .map(|file| included::prefix(playbook, file.number))
            .collect(),
    };
    let known: Vec<Known<'_>> = playbooks(playbook)
        .map(|file| Known {
            steps: &steps,
            vars: file
                .vars
                .iter()
                .map(|var| var.name.value.as_str())
                .chain(file.unread.vars.iter().map(String::as_str))
                .collect(),
            hides_vars: file.unread.hides_vars,
            headings,
            prefix: included::prefix(playbook, file.number),
            includes: &ids,
        })
        .collect();
    // Only whether there is one matters here: what comes of it is thrown away.
    let any = TimeZone::UTC;
    let zone = playbook.settings.timezone.as_ref().map(|_| &any);
    for file in playbooks(playbook) {
        defaults::check(file.vars, zone, sources, &mut problems);
    }
    exports::check(playbook, &mut problems);
    let mut vars_used: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); known.len()];
    let given = included::check(
        playbook,
        &includes,
        &known,
        zone,
        &mut vars_used,
        &mut problems,
    );
    let mut graph = Graph {
        needs: Vec::with_capacity(playbook.steps.len()),
        reads: Vec::with_capacity(playbook.steps.len()),
    };
    // Ten thousand steps are tens of megabytes, so that all there is to say of one is said in one go.
    for (place, (written, step)) in playbook.steps.iter().zip(&compiled).enumerate() {
        let home = included::place(written.included);
        let mut needs = depends_on(written, &known[home], &mut problems);
        calls::check(playbook, written, &mut problems);
        advice::create_without_key(written, &mut problems);
        advice::labels(written, &mut problems);
        let templates = places::templates(step);
        uses.step(place, step, &templates);
        let mut used = known[home].check(step, &templates, &mut problems);
        if let Some(number) = step.included {
            let given = &given[number.0];
            used.steps.extend(&given.when);
            for var in &used.vars {
                used.steps.extend(given.vars.get(var).into_iter().flatten());
            }
        }
        let reads: Vec<usize> = used.steps.into_iter().collect();
        exports::not_needed(playbook, place, &reads, &mut problems);
        needs.extend(&reads);
        vars_used[home].extend(used.vars);
        graph.needs.push(needs.into_iter().collect());
        graph.reads.push(reads);
    }
    for (file, known) in playbooks(playbook).zip(&known) {
        left_out(file.unread, known, sources, &mut problems);
    }
    for output in &outputs {
        let home = included::place(output.included);
        let used = known[home].check_tree(&output.value, "", &mut problems);
        vars_used[home].extend(used.vars);
    }
    secrets::check(
        playbooks(playbook).map(|file| file.vars),
        &compiled,
        &includes,
        &outputs,
        &mut problems,
    );
    let order = graph::order(&playbook.steps, &graph.needs)
        .map_err(|cycles| cycles.into_iter().for_each(|cycle| problems.push(cycle)));
    // What a text names that cannot be read is not known, so that what is unused cannot be told.
    if are_all_read {
        for (file, used) in playbooks(playbook).zip(&vars_used) {
            advice::unused_vars(file.vars, used, &mut problems);
        }
    }
    // Where names are wrong, what a step waits for is not known either.
    if let Ok(order) = &order
        && !problems.has_errors()
    {
        beside::check(playbook, &graph.needs, order, &mut problems);
        advice::unreachable(&compiled, order, &mut problems);
    }
    let is_sound = order.is_ok() && !problems.has_errors();
    if !is_sound && metadata.is_none() {
        problems.sort();
        return (None, problems);
    }
    let order = order.unwrap_or_else(|()| (0..playbook.steps.len()).collect());
    let projections = uses.close(&outputs, &includes);
    let mut steps = compiled;
    arrange(&mut steps, &order, &graph, projections);
    let checked = Checked {
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
        included: includes,
        texts: playbook.texts.clone(),
        moved_before_deletes: BTreeSet::new(),
    };
    if let Some(metadata) = metadata {
        problems.append(against(&checked, metadata));
    }
    problems.sort();
    (is_sound.then_some(checked), problems)
}

/// What check finds in a playbook of which parts could not be read, without what may only seem so because they are missing.
pub fn of_the_readable(problems: Problems) -> Problems {
    const OF_ALL: &[&str] = &["unused_var", "unreachable", "read_beside_write"];
    problems
        .into_iter()
        .filter(|problem| !OF_ALL.contains(&problem.code.0))
        .collect()
}

/// What one playbook's file declares.
struct PlaybookFile<'a> {
    number: Option<IncludedNo>,
    vars: &'a [VarDecl],
    unread: &'a Unread,
}

/// The outer playbook and those it includes.
fn playbooks(playbook: &Playbook) -> impl Iterator<Item = PlaybookFile<'_>> {
    let outer = PlaybookFile {
        number: None,
        vars: &playbook.vars,
        unread: &playbook.unread,
    };
    let included = playbook.included.iter().enumerate();
    std::iter::once(outer).chain(included.map(|(number, included)| PlaybookFile {
        number: Some(IncludedNo(number)),
        vars: &included.vars,
        unread: &included.unread,
    }))
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
            outputs.push(Output {
                name: format!("{}{}", compiler.prefix, name.value),
                value: compiler.tree(node),
                included: number,
            });
        }
    }
    outputs
}

/// What can be told of templates whose step is missing: what they are written like, and which steps and variables they
/// name. What an item is nobody knows.
fn left_out(unread: &Unread, known: &Known<'_>, sources: &Sources, problems: &mut Problems) {
    for (id, text) in &unread.texts {
        let mut found = Problems::default();
        let template = Template::read(text, sources, &mut found)
            .within(included::names(&known.prefix, known.includes));
        known.check_template(&template, "", &mut found);
        let found = found
            .into_iter()
            .filter(|problem| problem.code != UNKNOWN_NAME);
        problems.extend(found.map(|problem| match id {
            Some(id) => problem.step(format!("{}{id}", known.prefix)),
            None => problem,
        }));
    }
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

/// Puts steps into their order and numbers them by it. In place: ten thousand steps are ten megabytes.
fn arrange(
    steps: &mut [CheckedStep],
    order: &[usize],
    graph: &Graph,
    mut projections: Vec<Projection>,
) {
    let mut final_number = vec![StepNo(0); order.len()];
    for (sorted, place) in order.iter().enumerate() {
        final_number[*place] = number(sorted);
    }
    let numbers = |places: &[usize]| places.iter().map(|place| final_number[*place]).collect();
    for step in &mut *steps {
        let place = step.number.0 as usize;
        step.number = final_number[place];
        for (on, _) in &mut step.depends_on {
            *on = final_number[on.0 as usize];
        }
        step.upstream = numbers(&graph.needs[place]);
        step.reads = numbers(&graph.reads[place]);
        let used = std::mem::replace(&mut projections[place], Projection::All);
        step.projection = match &step.fields {
            Some(fields) => {
                Projection::Fields(fields.iter().map(|field| field.value.clone()).collect())
            }
            None => used,
        };
    }
    steps.sort_unstable_by_key(|step| step.number);
}

/// The places of the steps that a step says it waits for.
fn depends_on(step: &Step, known: &Known<'_>, problems: &mut Problems) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    for on in &step.depends_on {
        match known.place(&on.step.value) {
            Some(place) => drop(places.insert(place)),
            None => {
                if let Err(problem) = known.step_named(&on.step.value) {
                    problems.push(problem.at(on.step.span, "named here").step(&step.id.value));
                }
            }
        }
    }
    places
}
