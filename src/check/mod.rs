//! Mistakes found before anything is sent: a [`Playbook`] in, a [`Checked`] one out, or problems. Pure.

mod advice;
mod against;
mod arrange;
mod attributes;
mod beside;
mod braces;
mod calls;
mod checked;
mod compile;
mod contradicted;
mod defaults;
mod exports;
mod graph;
mod in_vain;
mod included;
mod names;
mod outcomes;
mod places;
mod projection;
mod sealing;
mod secrets;
mod select;
mod selected;
mod shape;
mod undone;
mod vars;
mod wanted;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

pub use against::RenderedJudge;
pub use against::WriteAccess;
pub use against::against;
pub use against::against_with;
pub use against::far_modules;
pub use against::modules;
pub use attributes::attributes;
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
use graph::Needs;
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
use shape::Outline;
pub use vars::Given;
pub use vars::GivenVars;
pub use vars::IncludedVars;
pub use vars::Origin;
pub use vars::included_names;
pub use vars::resolve_included;
pub use vars::resolve_vars;

use jiff::tz::TimeZone;

use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::expr::StepNo;
use crate::expr::Template;
use crate::metadata::Metadata;
use crate::playbook::IncludedNo;
use crate::playbook::Playbook;
use crate::playbook::Step;
use crate::playbook::Unread;
use crate::playbook::VarDecl;

/// Headings of the CSV files and sheets that steps read, and names that rows of JSON have, by step id: the only thing check
/// needs that is not in the playbook.
pub type Headings = BTreeMap<String, Vec<String>>;

/// Compiles a playbook, finds the order of its steps and checks every name in it. What was found besides the result
/// may be warnings; with an error there is no result.
pub fn check(
    playbook: Playbook,
    sources: &Sources,
    headings: &Headings,
) -> (Option<Checked>, Problems) {
    check_with(playbook, sources, headings, None)
}

/// The same, with everything that metadata contradict: of a playbook with mistakes, too, so that all are found at once.
pub fn check_with(
    playbook: Playbook,
    sources: &Sources,
    headings: &Headings,
    metadata: Option<&Metadata>,
) -> (Option<Checked>, Problems) {
    let lacking: HashSet<Span> = playbooks(&playbook)
        .flat_map(|file| file.unread.lacking.iter().copied())
        .collect();
    let (checked, problems) = checked(playbook, sources, headings, metadata, &lacking);
    if lacking.is_empty() {
        return (checked, problems);
    }
    // What such a step seems to lack may stand in the part of it that could not be read.
    let is_of_the_whole = |problem: &Problem| {
        let place = problem.labels.first();
        place.is_some_and(|(place, _)| lacking.contains(place))
    };
    let problems = problems
        .into_iter()
        .filter(|problem| !is_of_the_whole(problem));
    (checked, problems.collect())
}

fn checked(
    mut playbook: Playbook,
    sources: &Sources,
    headings: &Headings,
    metadata: Option<&Metadata>,
    lacking: &HashSet<Span>,
) -> (Option<Checked>, Problems) {
    let written = std::mem::take(&mut playbook.steps);
    let playbook = playbook;
    let mut places: HashMap<String, usize> = HashMap::with_capacity(written.len());
    let mut outlines: Vec<Outline> = Vec::with_capacity(written.len());
    for (place, step) in written.iter().enumerate() {
        places.insert(step.id.value.clone(), place);
        outlines.push(Outline::of(step));
    }
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
        bare: Vec::new(),
    };
    let includes = included::compile(&playbook, &mut compiler);
    let unread: Vec<String> = playbooks(&playbook)
        .flat_map(|file| {
            let ids = file.unread.steps.iter();
            ids.map(|id| format!("{}{id}", included::prefix(&playbook, file.number)))
                .collect::<Vec<_>>()
        })
        .collect();
    let steps = Steps {
        places: &places,
        outlines: &outlines,
        unread: unread.iter().map(String::as_str).collect(),
        hidden: playbooks(&playbook)
            .filter(|file| file.unread.hides_steps)
            .map(|file| included::prefix(&playbook, file.number))
            .collect(),
    };
    let known: Vec<Known<'_>> = playbooks(&playbook)
        .map(|file| Known {
            steps: &steps,
            vars: file
                .vars
                .iter()
                .map(|var| var.name.value.as_str())
                .chain(file.unread.vars.iter().map(String::as_str))
                .collect(),
            declared: file.vars,
            hides_vars: file.unread.hides_vars,
            headings,
            prefix: included::prefix(&playbook, file.number),
            includes: &ids,
        })
        .collect();
    // Only whether there is one matters here: what comes of it is thrown away.
    let any = TimeZone::UTC;
    let zone = playbook.settings.timezone.as_ref().map(|_| &any);
    let mut problems = Problems::default();
    for file in playbooks(&playbook) {
        defaults::check(file.vars, zone, sources, &mut problems);
    }
    let mut vars_used: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); known.len()];
    let given = included::check(
        &playbook,
        &includes,
        &known,
        zone,
        &mut vars_used,
        &mut problems,
    );
    // So far there are those of what is handed to included playbooks.
    let bare = compiler.bare.drain(..);
    braces::warn(bare, None, &known[0], None, &mut problems);
    let mut compiled: Vec<CheckedStep> = Vec::with_capacity(written.len());
    let mut uses = Uses::new(&places, written.len());
    let mut graph = Needs::default();
    let mut spans: Vec<Span> = Vec::with_capacity(written.len());
    let mut is_any_idle = false;
    let mut files = exports::Files::default();
    let mut modules = beside::Modules::default();
    let judge = metadata.map(|metadata| against::Judge {
        declared: against::Declared {
            vars: &playbook.vars,
            included: &includes,
            has_zone: zone.is_some(),
        },
        metadata,
        write_access: WriteAccess::Required,
    });
    let mut unjudged = Unjudged::default();
    let mut judged = Problems::default();
    // Ten thousand steps are tens of megabytes, more than is at hand at once. So all there is to say of one is said in one
    // go, and what was written of it is left to the next.
    for (place, written) in written.into_iter().enumerate() {
        let home = included::place(written.included);
        compiler.prefix.clone_from(&known[home].prefix);
        let mut needs = depends_on(&written, &known[home], &mut problems);
        calls::check(&playbook.limits, &written, &mut problems);
        advice::create_without_key(&written, headings.get(&written.id.value), &mut problems);
        advice::labels(&written, &mut problems);
        if !lacking.contains(&written.verb_span) {
            in_vain::check(&written, metadata, &mut problems);
        }
        files.step(&written, &mut problems);
        modules.step(place, &written);
        spans.push(written.id.span);
        let is_keyed = written.for_each.is_some() || !written.action.is_write();
        let (mut step, found) = compiler.apart(|compiler| compiler.step(written, place, &places));
        compiler.blame(&step.id, found);
        let item = is_keyed.then_some(step.item_name.as_str());
        let bare = compiler.bare.drain(..);
        braces::warn(bare, item, &known[home], Some(&step.id), &mut problems);
        contradicted::check(&step, &mut problems);

        let templates = places::templates(&step);
        uses.step(&step, &templates);
        let mut used = known[home].check(&step, &templates, &mut problems);
        if let Some(number) = step.included {
            let given = &given[number.0];
            used.steps.extend(&given.when);
            for var in &used.vars {
                used.steps.extend(given.vars.get(var).into_iter().flatten());
            }
        }
        for export in used.steps.iter().filter_map(|read| steps.export(*read)) {
            problems.push(exports::needed(export, step.verb_span).step(&step.id));
        }
        vars_used[home].extend(used.vars);
        needs.extend(&used.steps);
        step.reads = used.steps.iter().copied().map(number).collect();
        step.upstream = needs.iter().copied().map(number).collect();
        graph.push(needs);
        is_any_idle |= advice::is_idle(&step);
        compiled.push(step);
        if let Some(judge) = judge
            && unjudged.goes_on_with(place, &used.steps)
        {
            let steps = &compiled;
            let known = against::Known {
                steps,
                places: &places,
            };
            judge.step(&steps[place], known, &mut judged);
        }
    }
    let outputs = outputs(&playbook, &mut compiler);
    braces::warn(
        compiler.bare.drain(..),
        None,
        &known[0],
        None,
        &mut problems,
    );
    // What a text names that cannot be read is not known, so that what is unused cannot be told.
    let are_all_read = !compiler.problems.has_errors();
    problems.append(compiler.problems);
    for (file, known) in playbooks(&playbook).zip(&known) {
        left_out(file.unread, known, sources, &mut problems);
    }
    for output in &outputs {
        let home = included::place(output.included);
        let used = known[home].check_tree(&output.value, "", &mut problems);
        vars_used[home].extend(used.vars);
    }
    secrets::check(
        playbooks(&playbook).map(|file| file.vars),
        &compiled,
        &includes,
        &outputs,
        &mut problems,
    );
    if let Some(judge) = judge {
        let known = against::Known {
            steps: &compiled,
            places: &places,
        };
        for place in unjudged.0 {
            judge.step(&compiled[place], known, &mut judged);
        }
        judge.outputs(&outputs, known, &mut judged);
    }
    let order = graph::order(&compiled, &spans, &graph)
        .map_err(|cycles| cycles.into_iter().for_each(|cycle| problems.push(cycle)));
    if are_all_read {
        for (file, used) in playbooks(&playbook).zip(&vars_used) {
            advice::unused_vars(file.vars, used, &mut problems);
        }
    }
    // Where names are wrong, what a step waits for is not known either.
    if let Ok(order) = &order
        && !problems.has_errors()
    {
        modules.check(&compiled, &graph, order, &mut problems);
        if is_any_idle {
            advice::unreachable(&compiled, order, &mut problems);
        }
    }
    let is_sound = order.is_ok() && !problems.has_errors();
    if !is_sound && metadata.is_none() {
        problems.sort();
        return (None, problems);
    }
    let order = order.unwrap_or_else(|()| (0..compiled.len()).collect());
    let projections = uses.close(&outputs, &includes);
    let mut steps = compiled;
    arrange::fetch(&mut steps, projections);
    arrange::by(&mut steps, &order);
    let checked = Checked {
        name: playbook.name.value,
        identity: playbook.identity.map(|identity| identity.value),
        generation: playbook.generation,
        reach: playbook.reach,
        vars: playbook.vars,
        limits: playbook.limits,
        settings: playbook.settings,
        steps,
        outputs,
        included: includes,
        texts: playbook.texts,
        moved_before_deletes: BTreeSet::new(),
    };
    problems.append(judged);
    problems.sort();
    (is_sound.then_some(checked), problems)
}

/// Steps that cannot be held against metadata yet, because they name steps that stand below or that wait themselves.
#[derive(Debug, Default)]
struct Unjudged(Vec<usize>);

impl Unjudged {
    /// Whether the step at a place, behind all that were asked about before, can be judged; if not, it waits.
    fn goes_on_with(&mut self, place: usize, named: &BTreeSet<usize>) -> bool {
        let is_known = |named: &usize| *named <= place && self.0.binary_search(named).is_err();
        let goes_on = named.iter().all(is_known);
        if !goes_on {
            self.0.push(place);
        }
        goes_on
    }
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
                value: compiler.tree(node.clone()),
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
        let template = Template::read(text.clone(), sources, &mut found)
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

/// The places of the steps that a step says it waits for.
fn depends_on(step: &Step, known: &Known<'_>, problems: &mut Problems) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    for on in &step.depends_on {
        match known.place(&on.step.value) {
            Some(place) => {
                places.insert(place);
                if let Some(export) = known.steps.export(place) {
                    problems.push(exports::needed(export, on.step.span).step(&step.id.value));
                }
            }
            None => {
                if let Err(problem) = known.step_named(&on.step.value) {
                    problems.push(problem.at(on.step.span, "named here").step(&step.id.value));
                }
            }
        }
    }
    places
}
