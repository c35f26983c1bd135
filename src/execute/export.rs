//! Exports: rows of results written to files of this machine, when everything they read is final.

use std::io::BufWriter;
use std::io::Write;
use std::path::Path;

use serde_json::Map;
use serde_json::Value as Json;
use tempfile::NamedTempFile;

use super::Engine;
use super::ExecuteError;
use super::included::Included;
use super::items::ItemWalk;
use super::items::RawItem;
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
use crate::playbook::ExportFormat;
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
enum Stop {
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

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    let message = format!("`{}` cannot be written: {error}", path.display());
    Stop::Failed(LocalLabel::Export, message)
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

    /// Files that could not be written when all else is done, as far as their names are known: their folders are missing.
    pub fn exports_without_folder(&self) -> Result<Vec<String>, ExecuteError> {
        let Exports::WhenFinal(reach) = &self.exports else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for step in self.checked.steps.iter().filter(|step| step.is_export()) {
            let CheckedAction::Export { to, .. } = &step.action else {
                continue;
            };
            if self.file.is_left_out(step.number)? {
                continue;
            }
            if let Ok(name) = self.file_name(step, to)
                && matches!(reach.place(Path::new(&name)), Err(OutOfReach::Missing))
            {
                names.push(name);
            }
        }
        Ok(names)
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
        let place = reach.place(Path::new(&name)).map_err(|error| {
            let message = match error {
                OutOfReach::Outside => format!(
                    "`{name}` leaves the working folder; allow its folder with `--allow-path DIR`"
                ),
                OutOfReach::Missing => format!("the folder of `{name}` is not there"),
                OutOfReach::NotAFile => format!("`{name}` is a folder"),
                OutOfReach::Unreadable(error) => format!("`{name}` cannot be written: {error}"),
            };
            Stop::Failed(LocalLabel::Export, message)
        })?;
        let folder = place.parent().unwrap_or(Path::new("."));
        // Beside the place and under another name, so that nobody ever finds half of it.
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(&place, &error))?;
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
        let count =
            |count: u64, of: &str| counted(usize::try_from(count).unwrap_or(usize::MAX), of);
        let mut told = format!("{} written to `{path}`", count(self.rows, "row"));
        if self.left_out > 0 {
            told += &format!(
                "; {} left out, built on what did not succeed",
                self.left_out
            );
        }
        if self.quoted > 0 {
            told += &format!(
                "; {} would be taken for a formula and got a `'` before it",
                count(self.quoted, "cell")
            );
        }
        told
    }
}

/// A file in the making. What is not finished is gone.
struct Sheet<'a> {
    out: Out,
    place: &'a Path,
    /// The columns, in their order; of rows as they are those of the first.
    heading: Option<Vec<String>>,
    is_first: bool,
}

enum Out {
    Csv(Box<csv::Writer<BufWriter<NamedTempFile>>>),
    Jsonl(BufWriter<NamedTempFile>),
    Json(BufWriter<NamedTempFile>),
}

impl<'a> Sheet<'a> {
    fn new(
        file: NamedTempFile,
        format: ExportFormat,
        place: &'a Path,
        columns: Option<&[SetField]>,
    ) -> Self {
        let file = BufWriter::new(file);
        let out = match format {
            ExportFormat::Csv => Out::Csv(Box::new(csv::Writer::from_writer(file))),
            ExportFormat::Jsonl => Out::Jsonl(file),
            ExportFormat::Json => Out::Json(file),
        };
        let heading = columns.map(|columns| {
            let names = columns.iter().map(|column| column.name.value.clone());
            names.collect()
        });
        Self {
            out,
            place,
            heading,
            is_first: true,
        }
    }

    /// Writes a row; gives how many of its cells were kept from being formulas.
    fn write(&mut self, row: Json) -> Result<u64, Stop> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        let place = self.place;
        let failed = |error: std::io::Error| unwritable(place, &error);
        match &mut self.out {
            Out::Jsonl(file) => {
                writeln!(file, "{row}").map_err(failed)?;
                Ok(0)
            }
            Out::Json(file) => {
                let before = if is_first { "[\n" } else { ",\n" };
                write!(file, "{before}{row}").map_err(failed)?;
                Ok(0)
            }
            Out::Csv(writer) => {
                let Json::Object(row) = row else {
                    return Err(Stop::Failed(
                        LocalLabel::Export,
                        "a row of a CSV file is a map, and this one is not: give `columns`"
                            .to_owned(),
                    ));
                };
                let heading = self
                    .heading
                    .get_or_insert_with(|| row.keys().cloned().collect());
                if let Some(more) = row.keys().find(|key| !heading.contains(key)) {
                    let message =
                        format!("the first row has no `{more}`, and this one has: give `columns`");
                    return Err(Stop::Failed(LocalLabel::Export, message));
                }
                let failed = |error: csv::Error| unwritable(place, &error.into());
                if is_first {
                    writer.write_record(&*heading).map_err(failed)?;
                }
                let mut quoted = 0;
                for name in heading.iter() {
                    let cell = cell(row.get(name));
                    let is_formula = is_formula(&cell);
                    quoted += u64::from(is_formula);
                    let cell = if is_formula { format!("'{cell}") } else { cell };
                    writer.write_field(cell).map_err(failed)?;
                }
                writer.write_record(None::<&[u8]>).map_err(failed)?;
                Ok(quoted)
            }
        }
    }

    /// Puts the file under its name, whole and on disk.
    fn finish(self) -> Result<(), Stop> {
        let Self {
            out,
            place,
            heading,
            is_first,
        } = self;
        let failed = |error: std::io::Error| unwritable(place, &error);
        let file = match out {
            Out::Csv(mut writer) => {
                // A file without rows has its heading all the same.
                if let Some(heading) = heading.filter(|_| is_first) {
                    writer
                        .write_record(&heading)
                        .map_err(|error| failed(error.into()))?;
                }
                writer
                    .into_inner()
                    .map_err(|error| failed(error.into_error()))?
            }
            Out::Jsonl(file) => file,
            Out::Json(mut file) => {
                let end: &[u8] = if is_first { b"[]\n" } else { b"\n]\n" };
                file.write_all(end).map_err(failed)?;
                file
            }
        };
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(place).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Text as it is, nothing for null, anything else as JSON.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whether a spreadsheet program may run the cell. A number or a telephone number begins like a formula and can do
/// nothing, and a quote before it would spoil it.
fn is_formula(cell: &str) -> bool {
    match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => cell.chars().skip(1).any(|character| {
            !(character.is_ascii_digit()
                || matches!(character, ' ' | '.' | ',' | '-' | '/' | '(' | ')'))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_told_from_numbers() {
        for cell in [
            "=1+1",
            "@SUM(A1)",
            "+cmd|' /C calc'!A0",
            "-2+3+A1",
            "\t=1",
            "\r=1",
        ] {
            assert!(is_formula(cell), "{cell}");
        }
        for cell in [
            "",
            "Acme",
            "-5",
            "-12.50",
            "+49 (0)30 123-45/67",
            "a=b",
            "-",
        ] {
            assert!(!is_formula(cell), "{cell}");
        }
    }
}
