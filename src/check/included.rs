//! Included playbooks: their vars against what their includes give, and which steps those values come from.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::compile::Compiler;
use super::known::Known;
use super::names::UNKNOWN_NAME;
use super::names::Used;
use super::vars;
use crate::diag::Code;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::expr::StepNames;
use crate::expr::Template;
use crate::expr::Tree;
use crate::playbook::Included;
use crate::playbook::IncludedNo;
use crate::playbook::Limits;
use crate::playbook::Playbook;
use crate::playbook::VarDecl;

const UNKNOWN_VAR: Code = Code("unknown_var");
const MISSING_VAR: Code = Code("missing_var");
const INVALID_VAR: Code = Code("invalid_var");
const UNUSED_SETTING: Code = Code("unused_setting");

/// An included playbook, checked.
#[derive(Debug, Clone)]
pub struct CheckedInclude {
    /// With its include path; the ids of its steps begin with it.
    pub id: String,
    pub within: Option<IncludedNo>,
    pub vars: Vec<VarDecl>,
    pub with: Vec<(Located<String>, Tree)>,
    pub when: Option<Template>,
    /// What it says itself, for its own steps; those of the outer playbook hold besides.
    pub limits: Limits,
}

/// The prefix of a playbook's step ids: `load.`, or nothing for the outer one.
pub(super) fn prefix(playbook: &Playbook, number: Option<IncludedNo>) -> String {
    number.map_or_else(String::new, |number| {
        format!("{}.", playbook.included[number.0].id.value)
    })
}

/// Compiles what includes say.
pub(super) fn compile(playbook: &Playbook, compiler: &mut Compiler<'_>) -> Vec<CheckedInclude> {
    let mut includes = Vec::with_capacity(playbook.included.len());
    for included in &playbook.included {
        compiler.prefix = prefix(playbook, included.within);
        let id = &included.id.value;
        let ((with, when), found) = compiler.apart(|compiler| {
            let with = included.with.iter();
            (
                with.map(|(name, node)| (name.clone(), compiler.tree(node.clone())))
                    .collect(),
                included.when.clone().map(|text| compiler.expression(text)),
            )
        });
        compiler.blame(id, found);
        includes.push(CheckedInclude {
            id: id.clone(),
            within: included.within,
            vars: included.vars.clone(),
            with,
            when,
            limits: included.limits.clone(),
        });
    }
    includes
}

/// Which steps the values of an include come from, by their places in the file.
#[derive(Debug, Default)]
pub(super) struct Needs<'a> {
    /// By the names of its vars.
    pub(super) vars: BTreeMap<&'a str, BTreeSet<usize>>,
    /// Of its `when` and of those around it.
    pub(super) when: BTreeSet<usize>,
}

/// Checks what each include says in the eyes of the playbook that includes it, and finds what that needs.
pub(super) fn check<'a>(
    playbook: &Playbook,
    includes: &'a [CheckedInclude],
    known: &[Known<'a>],
    zone: Option<&TimeZone>,
    used_vars: &mut [BTreeSet<&'a str>],
    problems: &mut Problems,
) -> Vec<Needs<'a>> {
    let mut all: Vec<Needs<'a>> = Vec::with_capacity(includes.len());
    for (written, include) in playbook.included.iter().zip(includes) {
        values(written, include, zone, problems);
        timezone(playbook, written, problems);
        let outer = place(include.within);
        let mut needs = Needs {
            when: include
                .within
                .map(|within| all[within.0].when.clone())
                .unwrap_or_default(),
            ..Needs::default()
        };
        // An outer playbook comes before those it includes, so that what its own vars need is known.
        let given = |used: Used<'a>, used_vars: &mut [BTreeSet<&'a str>]| {
            let mut steps = used.steps;
            if let Some(within) = include.within {
                for var in &used.vars {
                    steps.extend(all[within.0].vars.get(var).into_iter().flatten());
                }
            }
            used_vars[outer].extend(used.vars);
            steps
        };
        let mut found = Problems::default();
        for (name, tree) in &include.with {
            let used = known[outer].check_tree(tree, &include.id, &mut found);
            needs.vars.insert(&name.value, given(used, used_vars));
        }
        if let Some(when) = &include.when {
            let used = known[outer].check_template(when, &include.id, &mut found);
            needs.when.extend(given(used, used_vars));
        }
        problems.extend(
            found
                .into_iter()
                .filter(|problem| written.is_known || problem.code != UNKNOWN_NAME),
        );
        all.push(needs);
    }
    all
}

/// Where a playbook's names stand in a list that begins with the outer one.
pub(super) fn place(playbook: Option<IncludedNo>) -> usize {
    playbook.map_or(0, |number| number.0 + 1)
}

/// Only vars that are declared, all that are required, and of their kind where that can be seen.
fn values(
    written: &Included,
    include: &CheckedInclude,
    zone: Option<&TimeZone>,
    problems: &mut Problems,
) {
    let declared = || include.vars.iter().map(|var| var.name.value.as_str());
    let id = &include.id;
    for (name, tree) in &include.with {
        let Some(var) = include.vars.iter().find(|var| var.name.value == name.value) else {
            if written.unread.hides_vars || written.unread.vars.contains(&name.value) {
                continue;
            }
            let known = all_of(declared());
            problems.push(
                Problem::error(
                    UNKNOWN_VAR,
                    format!("the included playbook has no variable `{}`", name.value),
                )
                .at(name.span, "given in vain")
                .help(did_you_mean(&name.value, declared()).unwrap_or_else(|| {
                    if include.vars.is_empty() {
                        "it declares none".to_owned()
                    } else {
                        format!("it declares {known}")
                    }
                }))
                .step(id),
            );
            continue;
        };
        if let Some(Err(wanted)) = tree
            .literal()
            .as_deref()
            .map(|value| vars::typed(var.kind, value, zone))
        {
            problems.push(
                Problem::error(INVALID_VAR, format!("`{}` is not {wanted}", name.value))
                    .at(tree.span, "given here")
                    .at(var.name.span, format!("declared as {wanted}"))
                    .step(id),
            );
        }
    }
    for var in &include.vars {
        let name = &var.name.value;
        let is_given = include.with.iter().any(|(given, _)| given.value == *name);
        if var.required && var.default.is_none() && !is_given && written.is_known {
            let why = var.description.as_ref().map(|text| format!(" ({text})"));
            problems.push(
                Problem::error(MISSING_VAR, format!("the variable `{name}` has no value"))
                    .at(written.id.span, "included without it")
                    .at(var.name.span, "required")
                    .help(format!(
                        "give it: `with: {{ {name}: … }}`{}",
                        why.unwrap_or_default()
                    ))
                    .step(id),
            );
        }
    }
}

/// Two zones in one run would make two meanings of `today()`: that of the outer playbook holds.
fn timezone(playbook: &Playbook, written: &Included, problems: &mut Problems) {
    let zone = |settings: &crate::playbook::Settings| {
        settings.timezone.as_ref().map(|zone| zone.value.clone())
    };
    let Some(own) = &written.settings.timezone else {
        return;
    };
    let outer = zone(&playbook.settings);
    if outer.as_ref() != Some(&own.value) {
        problems.push(
            Problem::warning(
                UNUSED_SETTING,
                format!(
                    "the zone of the outer playbook holds, {}, and not this one",
                    outer.map_or_else(|| "UTC".to_owned(), |zone| format!("`{zone}`"))
                ),
            )
            .at(own.span, "not used here")
            .help("set the same `timezone` in both, or only in the outer playbook")
            .step(&written.id.value),
        );
    }
}

/// The names of steps as a playbook means them.
pub(super) fn names<'a>(prefix: &'a str, includes: &'a BTreeSet<String>) -> StepNames<'a> {
    StepNames { prefix, includes }
}
