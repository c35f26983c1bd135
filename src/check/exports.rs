//! Exports run after all else: nothing can wait for one, and no two of them write one file.
//!
//! A name that is a template is known only when it is evaluated; the plan looks at those.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Span;
use crate::playbook::Action;
use crate::playbook::Step;

const EXPORT_NEEDED: Code = Code("export_needed");
const SAME_FILE: Code = Code("same_file");

/// The files that exports seen so far write, each with the step that does.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<PathBuf, (String, Span)>);

impl Files {
    /// Looks whether a step is the second export of a file.
    pub(super) fn step(&mut self, step: &Step, problems: &mut Problems) {
        let Action::Export(args) = &step.action else {
            return;
        };
        let (id, to) = (&step.id.value, &args.to);
        if ["{{", "{%", "{#"]
            .iter()
            .any(|mark| to.value.contains(mark))
        {
            return;
        }
        match self.0.entry(plain_path(&to.value)) {
            Entry::Vacant(file) => drop(file.insert((id.clone(), to.span))),
            Entry::Occupied(file) => {
                let (first, span) = file.get();
                problems.push(
                    Problem::error(
                        SAME_FILE,
                        format!("`{first}` and `{id}` write the same file"),
                    )
                    .at(to.span, "the second")
                    .at(*span, "the first")
                    .help("give one of them another name")
                    .step(id),
                );
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

/// An export that a step waits for, or whose result it reads.
pub(super) fn needed(export: &str, span: Span) -> Problem {
    Problem::error(
        EXPORT_NEEDED,
        format!("nothing can wait for the export `{export}`"),
    )
    .at(span, "waits for it")
    .help("an export is written when all else is done; use what it reads, not what it writes")
}
