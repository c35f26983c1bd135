//! Exports: rows of results written to files of this machine, when everything they read is final.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value as Json;
use tempfile::NamedTempFile;

use super::Engine;
use super::ExecuteError;
use super::included::Included;
use super::items::ItemWalk;
use super::items::RawItem;
use super::sheet::Sheet;
use super::turns::Barrier;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::SetField;
use crate::check::plain_path;
use crate::diag::counted;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Rendered;
use crate::expr::Standing;
use crate::expr::Template;
use crate::operation::State;
use crate::playbook::OutOfReach;
use crate::playbook::Reach;
use crate::wire::LocalLabel;

/// Rows worked on at once.
const PAGE: usize = 500;

/// Whether this command writes exports, and where it may.
#[derive(Debug, Clone)]
pub enum Exports {
    /// A plan, unless it is asked to.
    Later,
    /// What can be known already.
    Now(Reach),
    /// What is final.
    WhenFinal(Reach),
}

/// Why a file is not written.
pub(super) enum Stop {
    /// Something it reads is not known yet.
    NotYet,
    Failed(LocalLabel, String),
}

/// What a file holds.
#[derive(Default)]
struct Written {
    rows: u64,
    /// Rows built on an operation that did not go well.
    left_out: u64,
    /// Cells that a spreadsheet program would have taken for a formula.
    quoted: u64,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unknown => Self::NotYet,
            Failure::MissingKey { .. } => Self::Failed(LocalLabel::MissingKey, failure.to_string()),
            other => Self::Failed(LocalLabel::Template, other.to_string()),
        }
    }
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let message = format!("`{}` cannot be written: {error}", path.display());
    Stop::Failed(LocalLabel::Export, message)
}

/// Where a file is written.
fn place(name: &str, reach: &Reach) -> Result<PathBuf, Stop> {
    reach.place(Path::new(name)).map_err(|error| {
        let message = match error {
            OutOfReach::Outside => format!(
                "`{name}` leaves the working folder; allow its folder with `--allow-path DIR`"
            ),
            OutOfReach::Missing => format!("the folder of `{name}` is not there"),
            OutOfReach::NotAFile => format!("`{name}` is a folder"),
            OutOfReach::Unreadable(error) => format!("`{name}` cannot be written: {error}"),
        };
        Stop::Failed(LocalLabel::Export, message)
    })
}

/// A file beside the place and under another name, so that nobody ever finds half of it. It is gone when it is dropped.
fn beside(place: &Path) -> Result<NamedTempFile, Stop> {
    let folder = place.parent().unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| unwritable(place, &error))
}

impl Engine<'_> {
    /// Writes the exports whose time has come. One that cannot be written is a failure of its step alone.
    pub(super) fn write_exports(&mut self) -> Result<(), ExecuteError> {
        self.refuse_second_exports()?;
        let (reach, wait) = match self.exports.clone() {
            Exports::Later => return Ok(()),
            Exports::Now(reach) => (reach, false),
            Exports::WhenFinal(reach) => (reach, true),
        };
        let checked = self.checked;
        for step in checked.steps.iter().filter(|step| step.is_export()) {
            if self.file.step(step.number)?.expanded || (wait && !self.is_final(step)?) {
                continue;
            }
            match self.barrier(step)? {
                Barrier::Open => {}
                Barrier::Closed => continue,
                Barrier::Broken(on) => {
                    let name = &checked.step(on).id;
                    let message = format!("it waits for step `{name}`, which did not succeed");
                    self.end_whole(step, State::Skipped, LocalLabel::Dependency.into(), message)?;
                    continue;
                }
            }
            match self.included(step) {
                Ok(Included::Yes) => {}
                Ok(Included::No(message)) => {
                    self.end_whole(step, State::Skipped, LocalLabel::Condition.into(), message)?;
                    continue;
                }
                // What the rows say of it is better.
                Err(_) => {}
            }
            match self.export(step, &reach) {
                Ok((path, written)) => {
                    let reason = written.told(&path);
                    self.file.exported(step.number, written.rows, &reason)?;
                }
                Err(Stop::NotYet) => {
                    let reason = "not written: some of its rows are not known yet";
                    self.file.explain_step(step.number, Some(reason))?;
                }
                Err(Stop::Failed(label, message)) => {
                    self.end_whole(step, State::Failed, label.into(), message)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the exports whose file another one writes, as far as their names are known.
    fn refuse_second_exports(&mut self) -> Result<(), ExecuteError> {
        let checked = self.checked;
        for step in checked.steps.iter().filter(|step| step.is_export()) {
            if self.file.step(step.number)?.expanded {
                continue;
            }
            let Some(name) = self.known_name(step) else {
                continue;
            };
            for other in checked.steps.iter().filter(|step| step.is_export()) {
                let comes_first =
                    other.number < step.number || self.file.step(other.number)?.expanded;
                if other.number == step.number
                    || !comes_first
                    || self.file.has_ended_whole(other.number)?
                    || self.known_name(other).as_deref().map(plain_path) != Some(plain_path(&name))
                {
                    continue;
                }
                let message = format!(
                    "step `{}` writes `{name}` too; give one of the files another name",
                    other.id
                );
                let label = LocalLabel::Conflict.into();
                self.end_whole(step, State::Failed, label, message)?;
                break;
            }
        }
        Ok(())
    }

    fn known_name(&self, step: &CheckedStep) -> Option<String> {
        match &step.action {
            CheckedAction::Export { to, .. } => self.file_name(step, to).ok(),
            _ => None,
        }
    }

    /// Why files could not be written when all else is done, as far as their names are known. Records may be deleted by
    /// then that they are to save.
    pub fn hindered_exports(&self) -> Result<Vec<String>, ExecuteError> {
        let Exports::WhenFinal(reach) = &self.exports else {
            return Ok(Vec::new());
        };
        let mut hindrances = Vec::new();
        for step in self.checked.steps.iter().filter(|step| step.is_export()) {
            let CheckedAction::Export { to, .. } = &step.action else {
                continue;
            };
            let number = step.number;
            if self.file.is_left_out(number)? || self.file.step(number)?.expanded {
                continue;
            }
            let Ok(name) = self.file_name(step, to) else {
                continue;
            };
            let tried = place(&name, reach).and_then(|place| beside(&place));
            if let Err(Stop::Failed(_, why)) = tried {
                hindrances.push(why);
            }
        }
        Ok(hindrances)
    }

    /// Whether nothing that the step reads can change any more in this run.
    fn is_final(&self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        for on in &step.upstream {
            if !self.checked.step(*on).is_export() && !self.file.step(*on)?.is_settled() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn export(&self, step: &CheckedStep, reach: &Reach) -> Result<(String, Written), Stop> {
        let CheckedAction::Export {
            to,
            format,
            columns,
        } = &step.action
        else {
            return Err(Stop::NotYet);
        };
        let name = self.file_name(step, to)?;
        let place = place(&name, reach)?;
        let file = beside(&place)?;
        let mut sheet = Sheet::new(file, *format, &place, columns.as_deref());
        let mut written = Written::default();
        let scope = self.world.scope_in(step.included);
        let kept = self
            .file
            .kept_rows(step.number)
            .map_err(|error| Stop::Failed(LocalLabel::Export, error.to_string()))?;
        let mut walk = ItemWalk::open(self.checked, step, &scope, kept)?;
        loop {
            let page = walk.page(PAGE);
            if page.is_empty() {
                break;
            }
            for raw in page {
                let number = written.rows + written.left_out + 1;
                match self.row(step, columns.as_deref(), raw) {
                    Ok(Some(mut row)) => {
                        self.vault.veil_in(&mut row);
                        written.quoted += sheet.write(row)?;
                        written.rows += 1;
                    }
                    Ok(None) => {}
                    Err(Failure::Bad { .. }) => written.left_out += 1,
                    Err(failure) => {
                        return Err(match failure.into() {
                            Stop::Failed(label, message) => {
                                Stop::Failed(label, format!("row {number}: {message}"))
                            }
                            Stop::NotYet => Stop::NotYet,
                        });
                    }
                }
            }
        }
        sheet.finish()?;
        Ok((name, written))
    }

    fn file_name(&self, step: &CheckedStep, to: &Template) -> Result<String, Stop> {
        match to.eval(&self.world.scope_in(step.included))? {
            Rendered::Value(Json::String(name)) => Ok(name),
            Rendered::Value(other) => Ok(other.to_string()),
            Rendered::Omit => Err(Stop::Failed(
                LocalLabel::Export,
                "`to` names no file".to_owned(),
            )),
        }
    }

    /// A row as it is written; none where `when` leaves it out.
    fn row(
        &self,
        step: &CheckedStep,
        columns: Option<&[SetField]>,
        raw: RawItem,
    ) -> Result<Option<Json>, Failure> {
        if let Some(failure) = raw.bad {
            return Err(failure);
        }
        let scope = self.planner().scope(step, &raw.source);
        if let Some(when) = &step.when
            && !when.holds(&scope)?
        {
            return Ok(None);
        }
        let Some(columns) = columns else {
            return self.whole(raw.source).map(Some);
        };
        let mut row = Map::new();
        for column in columns {
            if let Rendered::Value(value) = column.value.eval(&scope)? {
                row.insert(column.name.value.clone(), value);
            }
        }
        Ok(Some(Json::Object(row)))
    }

    fn whole(&self, source: ItemSource) -> Result<Json, Failure> {
        let (step, index) = match source {
            ItemSource::Value(value) => return Ok(value),
            ItemSource::Item { step, index } => (step, index),
        };
        let found = self
            .world
            .results()
            .item(step, index)
            .map_err(|error| Failure::Results(error.to_string()))?;
        let Some(result) = found else {
            return Err(Failure::Unknown);
        };
        match result.standing {
            Standing::Known | Standing::Predicted(_) => Ok(Json::Object(result.record)),
            Standing::Waiting(_) => Err(Failure::Unknown),
            Standing::Bad { operation, label } => Err(Failure::Bad { operation, label }),
        }
    }
}

impl Written {
    fn told(&self, path: &str) -> String {
        let mut told = format!("{} written to `{path}`", counted(self.rows, "row"));
        if self.left_out > 0 {
            told += &format!(
                "; {} left out, built on what did not succeed",
                self.left_out
            );
        }
        if self.quoted > 0 {
            told += &format!(
                "; {} would be taken for a formula and got a `'` before it",
                counted(self.quoted, "cell")
            );
        }
        told
    }
}
