//! Broken playbooks, each with what a reader sees. A new case is a new file in `tests/diagnostics/cases`; its name says
//! the mistake.

use std::path::Path;

use sugarmill::check;
use sugarmill::diag::Colour;
use sugarmill::diag::Problems;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::metadata::Metadata;
use sugarmill::playbook;
use sugarmill::playbook::ForEach;
use sugarmill::playbook::Playbook;

const STYLE: Style = Style {
    width: 80,
    colour: Colour::None,
};

#[test]
fn every_mistake_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../diagnostics/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../diagnostics/cases", "*.yaml", |path| {
            insta::assert_snapshot!("seen", seen(path));
        });
    });
}

/// What a reader sees, the file named as if they stood beside it.
fn seen(path: &Path) -> String {
    let mut sources = Sources::default();
    let bytes = std::fs::read(path).expect("the case was listed a moment ago");
    let source = match playbook::yaml::decode("playbook.yaml", &bytes, &mut sources) {
        Ok(source) => source,
        Err(problems) => return draw(&problems, &sources, STYLE),
    };
    match playbook::parse(source, Path::new("."), &sources) {
        Ok(_) => panic!("{} has no mistake", path.display()),
        Err(problems) => draw(&problems, &sources, STYLE),
    }
}

/// Mistakes that are found only when a playbook is read with its files: includes, data files, names. A case stands in
/// `tests/diagnostics/whole`, what it names in the folder `parts` beside it.
#[test]
fn every_mistake_of_a_whole_playbook_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../diagnostics/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../diagnostics/whole", "*.yaml", |path| {
            insta::assert_snapshot!("whole", seen_whole(path));
        });
    });
}

fn seen_whole(path: &Path) -> String {
    let mut sources = Sources::default();
    let problems = mistakes(path, &mut sources, None);
    assert!(!problems.is_empty(), "{} has no mistake", path.display());
    let folder = format!(
        "{}/",
        path.parent().expect("it stands in a folder").display()
    );
    draw(&problems, &sources, STYLE).replace(&folder, "")
}

/// All that is found in a playbook and what it includes, also if some of it cannot be read.
pub(crate) fn mistakes(
    path: &Path,
    sources: &mut Sources,
    metadata: Option<&Metadata>,
) -> Problems {
    let (playbook, mut problems) = match playbook::load_as_far(path, &[], sources) {
        Ok(playbook) => (Some(Box::new(playbook)), Problems::default()),
        Err(broken) => (broken.readable, broken.problems),
    };
    let Some(playbook) = playbook else {
        return problems;
    };
    let is_broken = problems.has_errors();
    let headings = headings(&playbook, &mut problems);
    let (_, found) = check::check_with(*playbook, sources, &headings, metadata);
    problems.append(if is_broken {
        check::of_the_readable(found)
    } else {
        found
    });
    problems.sort();
    problems
}

fn headings(playbook: &Playbook, problems: &mut Problems) -> check::Headings {
    let mut headings = check::Headings::new();
    for step in &playbook.steps {
        let Some(ForEach::File(file)) = step.for_each.as_ref().map(|items| &items.value) else {
            continue;
        };
        let seen = match playbook::rows::heading(file, &playbook.reach) {
            Ok(Some(heading)) => Ok((Some(heading), None)),
            Ok(None) => playbook::rows::glimpse(file, &playbook.reach)
                .map(|glimpse| check::attributes(file, &glimpse)),
            Err(error) => Err(error),
        };
        match seen {
            Ok((heading, problem)) => {
                headings.extend(heading.map(|heading| (step.id.value.clone(), heading)));
                problems.extend(problem);
            }
            Err(error) => problems.push(error.problem(file)),
        }
    }
    headings
}
