//! Run files as a list: when, what, result.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::Kind;
use super::Outcome;
use super::ReportError;
use super::RunResult;
use super::outcome::Standing;
use super::source;
use super::text::cells;
use crate::runfile::RunView;

/// A run file, or what only has its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    pub file: String,
    #[serde(flatten)]
    pub found: Found,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Found {
    Run(RunFacts),
    Unreadable { error: String },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    pub id: String,
    pub playbook: String,
    pub instance: String,
    /// When the plan was begun.
    pub started: String,
    /// When the last command on the file ended; null while an apply is at it, or where it was killed.
    pub finished: Option<String>,
    pub kind: Kind,
    pub result: RunResult,
    /// Outcome → operations.
    pub counts: BTreeMap<Outcome, u64>,
    /// Whether some step's operations are not known yet.
    #[serde(skip)]
    is_open: bool,
}

impl RunFacts {
    /// Of a run that has no operations, why.
    fn without_operations(&self) -> &'static str {
        match self.result {
            RunResult::Planned if self.is_open => "not known yet",
            RunResult::Planned | RunResult::Succeeded => "nothing to do",
            RunResult::Running
            | RunResult::Failed
            | RunResult::Interrupted
            | RunResult::Refused => "nothing done",
        }
    }
}

impl RunLine {
    fn started(&self) -> Option<&str> {
        match &self.found {
            Found::Run(facts) => Some(&facts.started),
            Found::Unreadable { .. } => None,
        }
    }
}

/// What the files say of themselves, the latest first; what does not open stands last, with the reason.
pub fn run_lines(files: &[impl AsRef<Path>]) -> Vec<RunLine> {
    let mut lines: Vec<RunLine> = files
        .iter()
        .map(AsRef::as_ref)
        .map(|file| RunLine {
            file: file.display().to_string(),
            found: match facts(file) {
                Ok(facts) => Found::Run(facts),
                Err(error) => Found::Unreadable {
                    error: error.to_string(),
                },
            },
        })
        .collect();
    lines.sort_by(|one, other| {
        let by_time = other.started().cmp(&one.started());
        by_time.then_with(|| one.file.cmp(&other.file))
    });
    lines
}

fn facts(file: &Path) -> Result<RunFacts, ReportError> {
    let view = RunView::open(file)?;
    let header = view.header()?;
    let standing = Standing::of(&view)?;
    let steps = standing.steps(&view)?;
    let mut counts = BTreeMap::new();
    for (outcome, count) in steps.iter().flat_map(source::counted) {
        *counts.entry(outcome).or_default() += count;
    }
    Ok(RunFacts {
        id: header.run_id,
        playbook: header.playbook.name,
        instance: header.instance.url,
        started: header.started,
        finished: view.finished()?,
        kind: standing.kind(),
        result: standing.result(&steps),
        counts,
        is_open: steps.iter().any(|step| step.writes && !step.expanded),
    })
}

/// The list for people: two lines a file, so that it stands on a narrow terminal too.
pub fn runs_text(lines: &[RunLine]) -> String {
    if lines.is_empty() {
        return "no run files here; `sugarmill plan PLAYBOOK` writes one\n".into();
    }
    let mut text = String::new();
    for line in lines {
        let file = cells::visible(&line.file);
        match &line.found {
            Found::Run(facts) => {
                let counts: Vec<String> = Outcome::IN_COUNTS
                    .iter()
                    .filter_map(|outcome| {
                        let count = facts.counts.get(outcome).filter(|count| **count > 0)?;
                        Some(format!("{} {}", cells::grouped(*count), outcome.as_str()))
                    })
                    .collect();
                let counts = match counts.as_slice() {
                    [] => facts.without_operations().to_owned(),
                    counts => counts.join(", "),
                };
                let of = match facts.kind {
                    Kind::Undo => "undo of ",
                    Kind::Plan | Kind::Run => "",
                };
                text.push_str(&format!(
                    "{}  {:<11}  {file}\n    {of}{} on {}: {counts}\n",
                    facts.started,
                    facts.result.as_str(),
                    cells::visible(&facts.playbook),
                    cells::visible(&facts.instance),
                ));
            }
            Found::Unreadable { error } => {
                text.push_str(&format!(
                    "{:<20}  {:<11}  {file}\n    {error}\n",
                    "", "unreadable"
                ));
            }
        }
    }
    text
}
