//! From files and flags to a checked playbook with its variables.

use std::path::Path;
use std::path::PathBuf;

use super::args::Variables;
use super::failure::Failure;
use super::settings::Environment;
use crate::check;
use crate::check::Checked;
use crate::check::Given;
use crate::check::GivenVars;
use crate::check::Headings;
use crate::check::Origin;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::metadata::Metadata;
use crate::playbook;
use crate::playbook::Action;
use crate::playbook::Broken;
use crate::playbook::DataFile;
use crate::playbook::ForEach;
use crate::playbook::Library;
use crate::playbook::Limits;
use crate::playbook::OutOfReach;
use crate::playbook::Playbook;
use crate::playbook::Reach;
use crate::playbook::VarDecl;
use crate::playbook::VarKind;
use crate::playbook::code::OUTSIDE;
use crate::playbook::rows;
use crate::playbook::yaml;
use crate::runfile::PlaybookText;
use crate::runfile::RunView;
use crate::runfile::Undoes;

/// In MiB.
const LARGEST_VARS_FILE: usize = 1;

const TIMEZONE: Code = Code("unknown_timezone");
const MISSING_FOLDER: Code = Code("missing_folder");
const SAME_FILE: Code = Code("same_file");

/// A playbook that can be planned.
pub(crate) struct Loaded {
    /// Its file, as it was named.
    pub(crate) path: String,
    pub(crate) checked: Checked,
    pub(crate) warnings: Problems,
    pub(crate) sources: Sources,
    pub(crate) text: String,
    pub(crate) zone: Option<jiff::tz::TimeZone>,
    /// Where its exports may be written.
    pub(crate) exports: Reach,
}

/// Reads and checks a playbook as far as that goes without an instance.
pub(crate) fn playbook(path: &Path, allowed: &[PathBuf]) -> Result<Loaded, Failure> {
    playbook_against(path, allowed, None)
}

/// The same, judged by metadata where there are any. All mistakes are found at once, whatever kind they are of.
pub(crate) fn playbook_against(
    path: &Path,
    allowed: &[PathBuf],
    metadata: Option<&Metadata>,
) -> Result<Loaded, Failure> {
    let mut sources = Sources::default();
    let name = path.display().to_string();
    let refused = |problems, sources| Failure::Problems {
        file: name.clone(),
        problems,
        sources,
    };
    let playbook = match playbook::load_as_far(path, allowed, &mut sources) {
        Ok(playbook) => playbook,
        Err(Broken { problems, readable }) => {
            let Some(readable) = readable else {
                return Err(refused(problems, sources));
            };
            let text = String::new();
            return Err(
                match check_loaded(*readable, sources, text, allowed, metadata) {
                    Ok(loaded) => refused(
                        joined(problems, check::of_the_readable(loaded.warnings)),
                        loaded.sources,
                    ),
                    Err((found, sources)) => {
                        refused(joined(problems, check::of_the_readable(found)), sources)
                    }
                },
            );
        }
    };
    let text = sources.get(playbook.name.span.source).text.to_string();
    check_loaded(playbook, sources, text, allowed, metadata)
        .map_err(|(problems, sources)| refused(problems, sources))
}

fn joined(mut problems: Problems, more: Problems) -> Problems {
    problems.append(more);
    problems.sort();
    problems
}

/// Checks a playbook again that a run file holds. Its data files are not looked at: their rows are in the run file too.
pub(crate) fn stored(stored: &PlaybookText, allowed: &[PathBuf]) -> Result<Loaded, Failure> {
    let PlaybookText {
        path: name,
        text,
        includes,
        ..
    } = stored;
    let mut sources = Sources::default();
    let source = sources.add(name, text.as_str());
    let refused = |problems, sources| Failure::Problems {
        file: name.clone(),
        problems,
        sources,
    };
    let library = Library::Stored(includes);
    let playbook = playbook::parse(source, Path::new(""), &sources)
        .and_then(|playbook| playbook::assemble(playbook, library, &mut sources));
    let playbook = match playbook {
        Ok(playbook) => playbook,
        Err(problems) => return Err(refused(problems, sources)),
    };
    let zone = zone(&playbook).map_err(|problem| refused(problem.into(), sources.clone()))?;
    let (checked, problems) = check::check(playbook, &sources, &Headings::new());
    match checked {
        Some(checked) => Ok(Loaded {
            path: name.clone(),
            checked,
            warnings: problems,
            sources,
            text: text.clone(),
            zone,
            exports: working_folder(allowed),
        }),
        None => Err(refused(problems, sources)),
    }
}

/// What a run file was made of: its playbook, or what takes a run of that back.
pub(crate) fn recorded(view: &RunView, allowed: &[PathBuf]) -> Result<Loaded, Failure> {
    let loaded = stored(&view.header()?.playbook, allowed)?;
    let loaded = match view.undoes()? {
        Some(undoes) => taking_back(loaded, &undoes),
        None => loaded,
    };
    Ok(loaded.under(&view.given_limits()?.unwrap_or_default()))
}

impl Loaded {
    /// With limits that were given in place of its own.
    pub(crate) fn under(mut self, given: &Limits) -> Self {
        self.checked.limits = given.over(&self.checked.limits);
        self
    }
}

/// The steps that take a run of a playbook back, under limits of their own.
pub(crate) fn taking_back(loaded: Loaded, undoes: &Undoes) -> Loaded {
    let limits = Limits {
        max_changes: None,
        max_deletes: Some(undoes.max_deletes),
        max_failures: None,
        max_calls: None,
    };
    Loaded {
        checked: loaded.checked.undone(undoes.times, limits),
        ..loaded
    }
}

fn check_loaded(
    playbook: Playbook,
    sources: Sources,
    text: String,
    allowed: &[PathBuf],
    metadata: Option<&Metadata>,
) -> Result<Loaded, (Problems, Sources)> {
    let mut problems = Problems::default();
    let path = sources.get(playbook.name.span.source).name.clone();
    let exports = working_folder(allowed);
    export_paths(&playbook, &exports, &mut problems);
    let mut headings = Headings::new();
    for step in &playbook.steps {
        let Some(ForEach::File(file)) = step.for_each.as_ref().map(|source| &source.value) else {
            continue;
        };
        let (heading, problem) = heading(file, &playbook.reach);
        headings.extend(heading.map(|heading| (step.id.value.clone(), heading)));
        problems.extend(problem.map(|problem| problem.step(&step.id.value)));
    }
    let zone = match zone(&playbook) {
        Ok(zone) => zone,
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let (checked, found) = check::check_with(playbook, &sources, &headings, metadata);
    problems.append(found);
    problems.sort();
    match checked {
        Some(checked) if !problems.has_errors() => Ok(Loaded {
            path,
            checked,
            warnings: problems,
            sources,
            text,
            zone,
            exports,
        }),
        _ => Err((problems, sources)),
    }
}

/// The names that rows of a file have, and what is wrong with it.
fn heading(file: &DataFile, reach: &Reach) -> (Option<Vec<String>>, Option<Problem>) {
    let seen =
        rows::heading(file, reach).and_then(|heading| Ok((heading, rows::glimpse(file, reach)?)));
    match seen {
        Ok((heading, glimpse)) => {
            let (names, problem) = check::attributes(file, &glimpse);
            (heading.or(names), problem)
        }
        Err(error) => (None, Some(error.problem(file))),
    }
}

/// Where a command may write files that a playbook names.
fn working_folder(allowed: &[PathBuf]) -> Reach {
    Reach::of(Path::new(".")).allowing(allowed)
}

/// Files of exports whose names are known already: inside the working folder, and none that a step reads.
fn export_paths(playbook: &Playbook, reach: &Reach, problems: &mut Problems) {
    let read: Vec<PathBuf> = playbook
        .steps
        .iter()
        .filter_map(|step| match &step.for_each.as_ref()?.value {
            ForEach::File(file) => playbook
                .reach
                .file(&file.beside.join(&file.path.value))
                .ok(),
            _ => None,
        })
        .collect();
    for step in &playbook.steps {
        let Action::Export(export) = &step.action else {
            continue;
        };
        let to = &export.to;
        if to.value.contains("{{") {
            continue;
        }
        match reach.place(Path::new(&to.value)) {
            Err(OutOfReach::Outside) => problems.push(
                Problem::error(OUTSIDE, format!("`{}` leaves the working folder", to.value))
                    .at(to.span, "written here")
                    .help("write to a file below the folder in which sugarmill runs, or allow its folder: `--allow-path DIR`")
                    .step(&step.id.value),
            ),
            Ok(place) if read.contains(&place) => problems.push(
                Problem::error(
                    SAME_FILE,
                    format!("`{}` is read by this playbook and would be overwritten", to.value),
                )
                .at(to.span, "written here")
                .help("give the file another name")
                .step(&step.id.value),
            ),
            // It may be made until then; apply looks again before it sends anything.
            Err(OutOfReach::Missing) => problems.push(
                Problem::warning(
                    MISSING_FOLDER,
                    format!("the folder of `{}` is not there", to.value),
                )
                .at(to.span, "written here")
                .help("make the folder before the playbook is applied: `apply` and `run` send nothing without it")
                .step(&step.id.value),
            ),
            // Whether it can be written is found when it is.
            Ok(_) | Err(_) => {}
        }
    }
}

fn zone(playbook: &Playbook) -> Result<Option<jiff::tz::TimeZone>, Problem> {
    let Some(name) = &playbook.settings.timezone else {
        return Ok(None);
    };
    jiff::tz::TimeZone::get(&name.value).map(Some).map_err(|_| {
        Problem::error(TIMEZONE, format!("`{}` is not a time zone", name.value))
            .at(name.span, "this zone")
            .help("write a name such as `Europe/Berlin` or `UTC`")
    })
}

/// Gathers what is given for variables; a flag wins over a file, a file over the environment.
pub(crate) fn given_vars(
    variables: &Variables,
    environment: &Environment,
    declared: &[VarDecl],
) -> Result<GivenVars, Failure> {
    let mut given = GivenVars::new();
    for (name, value) in environment.playbook_vars() {
        given.insert(
            name,
            Given {
                value: value.into(),
                origin: Origin::Environment,
            },
        );
    }
    let has_secrets = declared.iter().any(|var| var.kind == VarKind::Secret);
    for path in &variables.vars_file {
        given.extend(match vars_file(path) {
            Err(failure) if has_secrets => return Err(without_text(path, failure)),
            read => read?,
        });
    }
    for text in &variables.vars {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::Arguments {
                message: format!("`--var {text}` gives no value"),
                help: Some("write `--var NAME=VALUE`".into()),
            });
        };
        given.insert(
            name.to_owned(),
            Given {
                value: value.into(),
                origin: Origin::Flag,
            },
        );
    }
    Ok(given)
}

/// What is wrong with a file of variables, without its text, in which there may be a secret.
fn without_text(path: &Path, failure: Failure) -> Failure {
    let Failure::Problems {
        problems, sources, ..
    } = failure
    else {
        return failure;
    };
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| match problem.labels.first() {
            Some((span, _)) => {
                let line = sources.position(*span).line;
                format!("line {line} ({})", problem.code.0)
            }
            None => problem.code.0.to_owned(),
        })
        .collect();
    Failure::Arguments {
        message: format!("`{}` cannot be read: {}", path.display(), lines.join(", ")),
        help: Some("its text is not shown, since there may be secrets in it".into()),
    }
}

fn vars_file(path: &Path) -> Result<GivenVars, Failure> {
    let name = path.display().to_string();
    let mut sources = Sources::default();
    let refused = |problems, sources| Failure::Problems {
        file: name.clone(),
        problems,
        sources,
    };
    let source = match playbook::read_text(path, LARGEST_VARS_FILE, &mut sources) {
        Ok(source) => source,
        Err(problems) => return Err(refused(problems, sources)),
    };
    let root = match yaml::read(source, &sources.get(source).text) {
        Ok(root) => root,
        Err(problems) => return Err(refused(problems, sources)),
    };
    match root.value {
        playbook::Node::Map(entries) => Ok(entries
            .into_iter()
            .map(|(key, node)| {
                let origin = Origin::File(name.clone());
                (
                    key.value,
                    Given {
                        value: node.value.to_json(),
                        origin,
                    },
                )
            })
            .collect()),
        playbook::Node::Null => Ok(GivenVars::new()),
        other => {
            let problem = Problem::error(
                Code("vars_file"),
                format!("a file of variables is a map, and this is {}", other.kind()),
            )
            .at(root.span, "not a map")
            .help("write a line `name: value` for each variable");
            Err(refused(problem.into(), sources))
        }
    }
}
