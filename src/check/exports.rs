//! Exports run after all else: nothing can wait for one, and no two of them write one file.
//!
//! A name that is a template is known only when it is evaluated; the plan looks at those.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

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
    let mut files: BTreeMap<PathBuf, (&Step, Span)> = BTreeMap::new();
    let mut exports: BTreeSet<&str> = BTreeSet::new();
    for step in &playbook.steps {
        let Action::Export(args) = &step.action else {
            continue;
        };
        exports.insert(&step.id.value);
        if ["{{", "{%", "{#"]
            .iter()
            .any(|mark| args.to.value.contains(mark))
        {
            continue;
        }
        let file = plain_path(&args.to.value);
        match files.get(&file) {
            None => drop(files.insert(file, (step, args.to.span))),
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

/// A path as it is when all of it that leads nowhere is left out: `./a.csv` and `b/../a.csv` are `a.csv`.
pub fn plain_path(path: &str) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
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
