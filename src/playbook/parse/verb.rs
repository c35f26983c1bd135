//! Which verb a step has, and which of its keys are mistakes.

use super::super::code;
use super::super::language::Key;
use super::super::language::STEP;
use super::super::language::VERBS;
use super::super::language::Verb;
use super::super::language::find;
use super::entries::Entries;
use super::entries::unknown_key;
use super::reader::Reader;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Span;
use crate::diag::all_of;
use crate::diag::nearest;
use crate::diag::one_of;

/// What other interfaces call a verb.
const OTHER_VERBS: &[(&str, &str)] = &[
    ("read", "get"),
    ("fetch", "get"),
    ("retrieve", "get"),
    ("find", "filter"),
    ("query", "filter"),
    ("select_from", "filter"),
    ("insert", "create"),
    ("post", "create"),
    ("put", "update"),
    ("patch", "update"),
    ("edit", "update"),
    ("remove_record", "delete"),
    ("relate", "link"),
    ("unrelate", "unlink"),
    ("check", "assert"),
    ("request", "call"),
];

/// The verb of a step; with none or two, what is wrong. One that is misspelt is taken for the one that was meant, where the
/// step's other keys suit that.
pub(super) fn find_verb(
    reader: &mut Reader<'_>,
    entries: &mut Entries,
    step: Span,
) -> Option<&'static Verb> {
    let found = {
        let mut verbs = entries
            .keys()
            .filter_map(|key| Some((key.span, Verb::named(&key.value)?)));
        (verbs.next(), verbs.next())
    };
    match found {
        (Some((_, verb)), None) => Some(verb),
        // What others call `through`.
        (Some((_, one)), Some((second, other)))
            if takes_link(one, other) || takes_link(other, one) =>
        {
            let verb = if takes_link(one, other) { one } else { other };
            let link = entries.keys().find(|key| key.value == "link");
            let span = link.map_or(second, |link| link.span);
            let message = format!("`link` is a verb, and this step has `{}`", verb.name);
            let problem = Problem::error(code::TWO_VERBS, message)
                .at(span, "a second verb")
                .help("the name of a link stands behind `through`");
            reader.report(problem);
            entries.read_as("link", "through");
            Some(verb)
        }
        (Some((first, one)), Some((second, other))) => {
            let message = format!(
                "a step has one verb, this one has `{}` and `{}`",
                one.name, other.name
            );
            let problem = Problem::error(code::TWO_VERBS, message)
                .at(second, "the second")
                .at(first, "the first")
                .help("make two steps of it");
            reader.report(problem);
            None
        }
        (None, _) => {
            let misspelt = entries
                .keys()
                .find_map(|key| Some((key.clone(), meant_verb(&key.value)?)));
            let Some((key, verb)) = misspelt else {
                reader.report(no_verb(step));
                return None;
            };
            let message = format!("unknown verb `{}`", key.value);
            let problem = Problem::error(code::UNKNOWN_VERB, message)
                .at(key.span, "not a verb")
                .help(format!("did you mean `{verb}`?"));
            reader.report(problem);
            let verb = Verb::named(verb).filter(|verb| suits(verb, entries, &key.value))?;
            entries.read_as(&key.value, verb.name);
            Some(verb)
        }
    }
}

/// Whether the second is `link`, and the first goes through one.
fn takes_link(verb: &Verb, other: &Verb) -> bool {
    other.name == "link" && find(verb.arguments, "through").is_some()
}

/// Whether a step has nothing that does not go with a verb, and, where that is only another word for it, all that it wants.
fn suits(verb: &Verb, entries: &Entries, written: &str) -> bool {
    let is_there = |name: &str| entries.keys().any(|key| key.value == name);
    let mut required = verb.arguments.iter().filter(|key| key.is_required());
    let mut others = entries.keys().filter(|key| key.value != written);
    let goes_with_it =
        |name: &str| find(verb.arguments, name).is_some() || owners(name).next().is_none();
    others.all(|key| goes_with_it(&key.value))
        && (nearest(written, [verb.name]).is_some() || required.all(|key| is_there(key.name)))
}

/// Takes misspelt keys of a step for those that were meant.
pub(super) fn mend(reader: &mut Reader<'_>, entries: &mut Entries, verb: &'static Verb) {
    let known = verb.arguments.iter().chain(STEP).map(|key| key.name);
    // The verb itself, and an argument of another verb, are no slips of the pen.
    let is_meant = |name: &str| {
        name == verb.name || owners(name).next().is_some() || begun(name, verb).is_some()
    };
    let is_known = |name: &str| find(verb.arguments, name).is_some() || find(STEP, name).is_some();
    let is_meant = |name: &str| !is_known(name) && is_meant(name);
    entries.mend_all_but(is_meant, reader, &format!("`{}`", verb.name), &known);
}

fn no_verb(step: Span) -> Problem {
    let verbs = VERBS.iter().map(|verb| verb.name);
    Problem::error(code::NO_VERB, "this step has no verb")
        .at(step, "does nothing")
        .help(format!("say what it does: {}", one_of(verbs)))
}

/// The verb that an unknown key was meant to be, if it looks like one.
fn meant_verb(written: &str) -> Option<&'static str> {
    if is_known(written) {
        return None;
    }
    let other = OTHER_VERBS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(written));
    if let Some((_, ours)) = other {
        return Some(ours);
    }
    // A misspelt key of a step is likelier than a misspelt verb, when both are as near.
    let names = STEP
        .iter()
        .map(|key| key.name)
        .chain(VERBS.iter().map(|verb| verb.name));
    nearest(written, names).filter(|name| Verb::named(name).is_some())
}

fn is_known(name: &str) -> bool {
    find(STEP, name).is_some() || Verb::named(name).is_some() || owners(name).next().is_some()
}

/// The verbs that take this argument.
fn owners(argument: &str) -> impl Iterator<Item = &'static str> {
    VERBS
        .iter()
        .filter(move |verb| find(verb.arguments, argument).is_some())
        .map(|verb| verb.name)
}

/// The argument of another verb of which only the end is missing, where no key of its own begins so too.
fn begun(written: &str, verb: &Verb) -> Option<&'static str> {
    let begins = |key: &&Key| written.len() > 3 && key.name.starts_with(written);
    let has_own = verb.arguments.iter().chain(STEP).any(|key| begins(&key));
    let mut arguments = VERBS.iter().flat_map(|verb| verb.arguments);
    arguments
        .find(|key| !has_own && begins(key))
        .map(|key| key.name)
}

/// Reports what is left when every known key of the step has been taken.
pub(super) fn leftovers(reader: &mut Reader<'_>, entries: &Entries, verb: Option<&'static Verb>) {
    for key in entries.keys() {
        let problem = match verb {
            Some(verb) => leftover(key, verb),
            // Without a verb nobody can tell which arguments are right.
            None if is_known(&key.value) || meant_verb(&key.value).is_some() => continue,
            None => unknown_key(key, "a step", STEP.iter().map(|key| key.name)),
        };
        reader.report(problem);
    }
}

fn leftover(key: &Located<String>, verb: &'static Verb) -> Problem {
    let arguments = || verb.arguments.iter().map(|key| key.name);
    if owners(&key.value).next().is_some() {
        let takes = match arguments().count() {
            0 => format!("`{}` takes nothing beside it", verb.name),
            _ => format!("`{}` takes {}", verb.name, all_of(arguments())),
        };
        let message = format!("`{}` does not go with `{}`", key.value, verb.name);
        return Problem::error(code::MISPLACED_KEY, message)
            .at(
                key.span,
                format!("an argument of {}", one_of(owners(&key.value))),
            )
            .help(takes);
    }
    let owner = format!("`{}`", verb.name);
    if let Some(meant) = begun(&key.value, verb) {
        let takes = all_of(arguments());
        let problem = unknown_key(key, &owner, std::iter::empty());
        return problem.help(format!(
            "did you mean `{meant}`? `{}` has none, it takes {takes}",
            verb.name
        ));
    }
    let of_steps = STEP.iter().filter(|key| verb.goes_with(key.name));
    unknown_key(key, &owner, arguments().chain(of_steps.map(|key| key.name)))
}

/// A required argument that is not there.
pub(super) fn missing_argument(verb: &Verb, key: &Key, verb_span: Span) -> Problem {
    Problem::error(
        code::MISSING_PARAMETER,
        format!("`{}` wants `{}`", verb.name, key.name),
    )
    .at(verb_span, format!("no `{}` beside it", key.name))
    .help(format!("add `{}`: {}", key.name, key.help))
}
