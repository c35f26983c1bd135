//! A playbook and those it includes into one: every step with its full id, every file found beside the playbook that
//! names it.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use super::Playbook;
use super::ast::DependsOn;
use super::ast::ForEach;
use super::ast::Include;
use super::ast::Included;
use super::ast::IncludedNo;
use super::ast::IncludedText;
use super::ast::Step;
use super::ast::Unread;
use super::code;
use super::parse::parse_as_far;
use super::parse::read_playbook;
use super::reach::OutOfReach;
use super::reach::Reach;
use super::reach::plain;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;

/// How deep playbooks may include each other. Nobody can follow more.
const DEEPEST: usize = 8;

/// How many playbooks one may include in all: a file that includes another twice doubles with every level.
const MOST: usize = 200;

/// Where the texts of included playbooks are.
#[derive(Debug, Clone, Copy)]
pub enum Library<'a> {
    Disk,
    /// In a run file.
    Stored(&'a [IncludedText]),
}

/// Reads everything a playbook includes.
///
/// # Errors
/// All problems of the included files, and of the includes that lead to them.
pub fn assemble(
    outer: Playbook,
    library: Library<'_>,
    sources: &mut Sources,
) -> Result<Playbook, Problems> {
    match assemble_as_far(outer, library, sources) {
        (playbook, problems) if !problems.has_errors() => Ok(playbook),
        (_, problems) => Err(problems),
    }
}

/// The same, with what can be read where something cannot.
pub(super) fn assemble_as_far(
    mut outer: Playbook,
    library: Library<'_>,
    sources: &mut Sources,
) -> (Playbook, Problems) {
    if outer.includes.is_empty() {
        return (outer, Problems::default());
    }
    let own = &sources.get(outer.name.span.source).name;
    let own = Path::new(own)
        .file_name()
        .map(PathBuf::from)
        .unwrap_or_default();
    let mut assembly = Assembly {
        library,
        reach: outer.reach.clone(),
        sources,
        problems: Problems::default(),
        broken: BTreeSet::new(),
        steps: Vec::new(),
        included: Vec::new(),
        texts: Vec::new(),
        unread: std::mem::take(&mut outer.unread),
    };
    let home = Home {
        number: None,
        prefix: String::new(),
        beside: PathBuf::new(),
        way: vec![own],
        tags: Vec::new(),
        depends_on: Vec::new(),
    };
    let (steps, includes) = (
        std::mem::take(&mut outer.steps),
        std::mem::take(&mut outer.includes),
    );
    assembly.add(steps, includes, &home);
    assembly.spread_dependencies();
    outer.steps = assembly.steps;
    outer.included = assembly.included;
    outer.texts = assembly.texts;
    outer.unread = assembly.unread;
    (outer, assembly.problems)
}

/// The playbook whose steps are added.
struct Home {
    number: Option<IncludedNo>,
    /// `load.`, before the ids of its steps.
    prefix: String,
    /// The way from the outer playbook's folder to its own.
    beside: PathBuf,
    /// Its file and those that lead to it, the outer one first.
    way: Vec<PathBuf>,
    /// What its includes say for all of its steps.
    tags: Vec<String>,
    depends_on: Vec<DependsOn>,
}

struct Assembly<'a> {
    library: Library<'a>,
    reach: Reach,
    sources: &'a mut Sources,
    problems: Problems,
    /// Files whose mistakes are told already.
    broken: BTreeSet<PathBuf>,
    steps: Vec<Step>,
    included: Vec<Included>,
    texts: Vec<IncludedText>,
    /// Of the outer playbook.
    unread: Unread,
}

impl Assembly<'_> {
    /// Steps and includes as they stand in the file, one after the other.
    fn add(&mut self, steps: Vec<Step>, includes: Vec<Include>, home: &Home) {
        let mut includes = includes.into_iter().peekable();
        for (place, step) in steps.into_iter().enumerate() {
            while let Some(include) = includes.next_if(|include| include.place <= place) {
                self.include(include, home);
            }
            self.step(step, home);
        }
        for include in includes {
            self.include(include, home);
        }
    }

    fn step(&mut self, mut step: Step, home: &Home) {
        step.included = home.number;
        step.id.value = format!("{}{}", home.prefix, step.id.value);
        step.tags.extend(home.tags.iter().cloned());
        step.depends_on = in_full(step.depends_on, home);
        if let Some(Located {
            value: ForEach::File(file),
            ..
        }) = &mut step.for_each
        {
            file.beside.clone_from(&home.beside);
        }
        self.steps.push(step);
    }

    fn include(&mut self, include: Include, home: &Home) {
        let path = plain(&home.beside.join(&include.file.value));
        let id = format!("{}{}", home.prefix, include.id.value);
        if let Err(problem) = self.bounds(&include, &path, home) {
            self.problems.push(problem.step(id));
            self.leave_out(include.id.value, home);
            return;
        }
        let text = match self.text(&include.file, &path) {
            Ok(text) => text,
            Err(problems) => {
                for problem in problems {
                    let problem = problem.at(include.file.span, "included here");
                    self.problems.push(problem.step(&id));
                }
                self.leave_out(include.id.value, home);
                return;
            }
        };
        let shown = match self.reach.folder() {
            folder if folder == Path::new(".") => path.clone(),
            folder => folder.join(&path),
        };
        let source = self.sources.add_included(
            shown.display().to_string(),
            text.as_str(),
            include.file.span,
        );
        let (read, problems) = parse_as_far(source, self.reach.folder(), self.sources)
            .unwrap_or_else(|problems| (None, problems));
        // A file that is included twice has its mistakes once.
        if problems.has_errors() && self.broken.insert(path.clone()) {
            self.problems.append(problems);
        }
        let Some(read) = read else {
            self.leave_out(include.id.value, home);
            return;
        };
        let name = path.display().to_string();
        if !self.texts.iter().any(|known| known.path == name) {
            self.texts.push(IncludedText { path: name, text });
        }
        let number = IncludedNo(self.included.len());
        let id = Located::new(id, include.id.span);
        let inner = Home {
            number: Some(number),
            prefix: format!("{}.", id.value),
            beside: path.parent().map(PathBuf::from).unwrap_or_default(),
            way: home.way.iter().cloned().chain([path]).collect(),
            tags: home.tags.iter().cloned().chain(include.tags).collect(),
            depends_on: in_full(include.depends_on, home),
        };
        self.included.push(Included {
            id,
            within: home.number,
            with: include.with,
            when: include.when,
            is_known: include.is_known,
            vars: read.vars,
            limits: read.limits,
            settings: read.settings,
            outputs: read.outputs,
            unread: read.unread,
        });
        self.add(read.steps, read.includes, &inner);
    }

    /// The steps of an include that cannot be read may have any names.
    fn leave_out(&mut self, id: String, home: &Home) {
        let unread = match home.number {
            Some(number) => &mut self.included[number.0].unread,
            None => &mut self.unread,
        };
        unread.steps.push(id);
    }

    /// Neither in a circle, nor too deep, nor too many.
    fn bounds(&self, include: &Include, path: &Path, home: &Home) -> Result<(), Problem> {
        let refused = |message: String, label: &str| {
            Err(Problem::error(code::INCLUDE, message).at(include.file.span, label))
        };
        let name = path.display();
        if let Some(begin) = home.way.iter().position(|file| file == path) {
            let by_way: Vec<String> = home.way[begin + 1..]
                .iter()
                .map(|file| format!("`{}`", file.display()))
                .collect();
            let message = match by_way.as_slice() {
                [] => format!("`{name}` includes itself"),
                by_way => format!("`{name}` includes itself, by way of {}", by_way.join(", ")),
            };
            return refused(message, "begins again here").map_err(|problem: Problem| {
                problem.help("break the circle: an include has to end somewhere")
            });
        }
        if home.way.len() > DEEPEST {
            let message = format!("`{name}` would be included {} levels deep", home.way.len());
            return refused(message, "too deep").map_err(|problem: Problem| {
                problem.help(format!(
                    "playbooks include each other {DEEPEST} levels deep at most"
                ))
            });
        }
        if self.included.len() >= MOST {
            return refused(
                format!("more than {MOST} playbooks are included"),
                "one too many",
            )
            .map_err(|problem: Problem| {
                problem.help("each include of a file counts, and so do those inside it")
            });
        }
        Ok(())
    }

    fn text(&mut self, file: &Located<String>, path: &Path) -> Result<String, Problems> {
        let stored = match self.library {
            Library::Disk => None,
            Library::Stored(texts) => Some(texts),
        };
        if let Some(texts) = stored {
            let name = path.display().to_string();
            let found = texts.iter().find(|text| text.path == name);
            return found.map(|found| found.text.clone()).ok_or_else(|| {
                Problem::error(
                    code::UNREADABLE_FILE,
                    format!("the run file does not hold `{name}`"),
                )
                .into()
            });
        }
        let name = &file.value;
        let problem = |code, message: String| Problem::error(code, message);
        let found = self.reach.file(path).map_err(|error| match error {
            OutOfReach::Outside => problem(code::OUTSIDE, format!("`{name}` leaves the playbook's folder"))
                .help("put the file into the playbook's folder, or allow its folder: `--allow-path DIR`"),
            OutOfReach::Missing => problem(code::UNREADABLE_FILE, format!("there is no file `{name}`"))
                .help("paths of included playbooks begin at the folder of the playbook that includes them"),
            OutOfReach::NotAFile => problem(code::UNREADABLE_FILE, format!("`{name}` is not a file")),
            OutOfReach::Unreadable(error) => {
                problem(code::UNREADABLE_FILE, format!("`{name}` cannot be read: {}", error.kind()))
            }
        })?;
        let source = read_playbook(&found, self.sources)?;
        Ok(self.sources.get(source).text.to_string())
    }

    /// Who waits for an include waits for all of its steps.
    fn spread_dependencies(&mut self) {
        let ids: Vec<String> = self
            .steps
            .iter()
            .map(|step| step.id.value.clone())
            .collect();
        let includes: BTreeSet<&str> = self
            .included
            .iter()
            .map(|included| included.id.value.as_str())
            .collect();
        for step in &mut self.steps {
            if !step
                .depends_on
                .iter()
                .any(|on| includes.contains(on.step.value.as_str()))
            {
                continue;
            }
            let mut spread = Vec::new();
            for on in std::mem::take(&mut step.depends_on) {
                if !includes.contains(on.step.value.as_str()) {
                    spread.push(on);
                    continue;
                }
                let prefix = format!("{}.", on.step.value);
                spread.extend(ids.iter().filter(|id| id.starts_with(&prefix)).map(|id| {
                    DependsOn {
                        step: Located::new(id.clone(), on.step.span),
                        wait: on.wait,
                    }
                }));
            }
            step.depends_on = spread;
        }
    }
}

/// What steps wait for, by full ids, and what their includes wait for.
fn in_full(depends_on: Vec<DependsOn>, home: &Home) -> Vec<DependsOn> {
    let own = depends_on.into_iter().map(|on| DependsOn {
        step: on.step.map(|step| format!("{}{step}", home.prefix)),
        wait: on.wait,
    });
    own.chain(home.depends_on.iter().cloned()).collect()
}
