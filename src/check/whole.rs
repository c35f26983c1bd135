//! A playbook as a whole: its steps one by one, and what can be said only when all of them are known.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::Checked;
use super::Output;
use super::WriteAccess;
use super::advice;
use super::against::Declared;
use super::against::Judge;
use super::arrange;
use super::braces;
use super::compile::Compiler;
use super::defaults;
use super::graph;
use super::included;
use super::judging::Judging;
use super::known::Known;
use super::names::UNKNOWN_NAME;
use super::playbooks;
use super::playbooks::Ids;
use super::secrets;
use super::walk::Ground;
use super::walk::Walk;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Span;
use crate::expr::Template;
use crate::metadata::Metadata;
use crate::playbook::IncludedNo;
use crate::playbook::Playbook;
use crate::playbook::Unread;

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
    let lacking: HashSet<Span> = playbooks::files(&playbook)
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

/// What check finds in a playbook of which parts could not be read, without what may only seem so because they are missing.
pub fn of_the_readable(problems: Problems) -> Problems {
    const OF_ALL: &[&str] = &["unused_var", "unreachable", "read_beside_write"];
    problems
        .into_iter()
        .filter(|problem| !OF_ALL.contains(&problem.code.0))
        .collect()
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
    let ids = Ids::of(&playbook, &written);
    let mut compiler = Compiler {
        sources,
        problems: Problems::default(),
        prefix: String::new(),
        includes: &ids.includes,
        bare: Vec::new(),
    };
    let includes = included::compile(&playbook, &mut compiler);
    let steps = ids.steps(&playbook);
    let known = ids.known(&playbook, &steps, headings);
    // Only whether there is one matters here: what comes of it is thrown away.
    let any = TimeZone::UTC;
    let zone = playbook.settings.timezone.as_ref().map(|_| &any);
    let mut problems = Problems::default();
    for file in playbooks::files(&playbook) {
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
    let judging = Judging::by(metadata.map(|metadata| Judge {
        declared: Declared {
            vars: &playbook.vars,
            included: &includes,
            has_zone: zone.is_some(),
        },
        metadata,
        write_access: WriteAccess::Required,
    }));
    let ground = Ground {
        places: &ids.places,
        known: &known,
        given: &given,
        limits: &playbook.limits,
        lacking,
        metadata,
    };
    let mut walk = Walk::new(
        ground,
        written.len(),
        compiler,
        vars_used,
        judging,
        problems,
    );
    // Ten thousand steps are tens of megabytes, more than is at hand at once. So all there is to say of one is said in one
    // go, and what was written of it is left to the next.
    for step in written {
        walk.step(step);
    }
    let outputs = outputs(&playbook, &mut walk.compiler);
    let are_all_read = besides_steps(&playbook, &known, &outputs, &mut walk);
    secrets::check(
        playbooks::files(&playbook).map(|file| file.vars),
        &walk.steps,
        &includes,
        &outputs,
        &mut walk.problems,
    );
    let order = order(&playbook, are_all_read, &mut walk);
    let Walk {
        mut steps,
        uses,
        judging,
        mut problems,
        ..
    } = walk;
    let judged = judging.finish(&steps, &ids.places, &outputs);
    let is_sound = order.is_some() && !problems.has_errors();
    if !is_sound && metadata.is_none() {
        problems.sort();
        return (None, problems);
    }
    let order = order.unwrap_or_else(|| (0..steps.len()).collect());
    arrange::fetch(&mut steps, uses.close(&outputs, &includes));
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

/// What is named outside of the steps that were read: in outputs, and in templates whose step is missing. Tells whether
/// all texts could be read.
fn besides_steps<'a>(
    playbook: &Playbook,
    known: &[Known<'a>],
    outputs: &[Output],
    walk: &mut Walk<'a>,
) -> bool {
    let Walk {
        compiler,
        vars_used,
        problems,
        ..
    } = walk;
    braces::warn(compiler.bare.drain(..), None, &known[0], None, problems);
    let are_all_read = !compiler.problems.has_errors();
    problems.append(std::mem::take(&mut compiler.problems));
    for (file, known) in playbooks::files(playbook).zip(known) {
        left_out(file.unread, known, compiler.sources, problems);
    }
    for output in outputs {
        let home = included::place(output.included);
        let used = known[home].check_tree(&output.value, "", problems);
        vars_used[home].extend(used.vars);
    }
    are_all_read
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

/// The order of the steps, unless some need each other, and what only it shows.
fn order(playbook: &Playbook, are_all_read: bool, walk: &mut Walk<'_>) -> Option<Vec<usize>> {
    let order = graph::order(&walk.steps, &walk.ids, &walk.needs)
        .map_err(|cycles| walk.problems.extend(cycles))
        .ok();
    // What a text names that cannot be read is not known, so that what is unused cannot be told.
    if are_all_read {
        for (file, used) in playbooks::files(playbook).zip(&walk.vars_used) {
            advice::unused_vars(file.vars, used, &mut walk.problems);
        }
    }
    // Where names are wrong, what a step waits for is not known either.
    if let Some(order) = &order
        && !walk.problems.has_errors()
    {
        let Walk {
            steps,
            needs,
            modules,
            problems,
            ..
        } = walk;
        modules.check(steps, needs, order, problems);
        if walk.is_any_idle {
            advice::unreachable(&walk.steps, order, &mut walk.problems);
        }
    }
    order
}
