//! Exports run after all else: nothing can wait for one, and no two of them write one file.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::playbook::Action;
use crate::playbook::Playbook;
use crate::playbook::Step;

const EXPORT_NEEDED: Code = Code("export_needed");
const SAME_FILE: Code = Code("same_file");

/// Looks for a second export of a file, and for steps that say they wait for one.
pub(super) fn check(playbook: &Playbook, problems: &mut Problems) {
    let mut files: BTreeMap<&str, (&Step, Span)> = BTreeMap::new();
    let mut exports: BTreeSet<&str> = BTreeSet::new();
    for step in &playbook.steps {
        let Action::Export(args) = &step.action else {
            continue;
        };
        exports.insert(&step.id.value);
        match files.get(args.to.value.as_str()) {
            None => drop(files.insert(&args.to.value, (step, args.to.span))),
            Some((first, span)) => problems.push(
                Problem::error(
                    SAME_FILE,
                    format!(
                        "`{}` and `{}` write the same file",
                        first.id.value, step.id.value
                    ),
                )
                .at(args.to.span, "the second")
                .at(*span, "the first")
                .help("give one of them another name")
                .step(&step.id.value),
            ),
        }
    }
    for step in &playbook.steps {
        for on in &step.depends_on {
            if exports.contains(on.step.value.as_str()) {
                problems.push(needed(&on.step.value, on.step.span).step(&step.id.value));
            }
        }
    }
}

/// Whether a step reads the result of an export.
pub(super) fn not_needed(
    playbook: &Playbook,
    place: usize,
    read: &[usize],
    problems: &mut Problems,
) {
    let step = &playbook.steps[place];
    for read in read {
        let export = &playbook.steps[*read];
        if matches!(export.action, Action::Export(_)) {
            problems.push(needed(&export.id.value, step.verb_span).step(&step.id.value));
        }
    }
}

fn needed(export: &str, span: Span) -> Problem {
    Problem::error(
        EXPORT_NEEDED,
        format!("nothing can wait for the export `{export}`"),
    )
    .at(span, "waits for it")
    .help("an export is written when all else is done; use what it reads, not what it writes")
}
