//! A run file as reports read it: whole, at any time, without writing.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use serde_json::Map;
use serde_json::Value as Json;

use super::Advice;
use super::AppliedBy;
use super::ClientIds;
use super::Digest;
use super::Ending;
use super::ExceededLimit;
use super::ExceededLimits;
use super::Finished;
use super::GivenLimits;
use super::Header;
use super::Outputs;
use super::ProblemView;
use super::Requests;
use super::RunFileError;
use super::Salt;
use super::Stage;
use super::Steered;
use super::Undoes;
use super::UndoneBy;
use super::from_db;
use super::meta;
use super::opening;
use super::opening::Opening;
use super::words;
use crate::expr::Effect;
use crate::expr::StepNo;
use crate::operation::State;
use crate::playbook::Limits;

#[derive(Debug)]
pub struct RunView {
    pub(super) connection: Connection,
    path: PathBuf,
    hindrance: Option<Hindrance>,
    pub(super) beside: Vec<ProblemView>,
}

/// What kept a command from going on with a file, where it does not stand in the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    pub ending: Ending,
    /// The code of the diagnostic that says it.
    pub code: &'static str,
    pub help: Option<String>,
    /// Whether it is the limit by which a guard refused when the file was written last.
    pub is_of_limit: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StepView {
    pub number: StepNo,
    pub id: String,
    pub verb: String,
    pub module: Option<String>,
    pub writes: bool,
    pub expanded: bool,
    pub items: u64,
    pub records: u64,
    pub count: Option<u64>,
    pub reason: Option<String>,
    /// Operations by state; reads and asserts only where they are open or went wrong.
    pub counts: BTreeMap<State, u64>,
    pub labels: BTreeMap<String, u64>,
    /// The same, apart by state.
    pub labelled: BTreeMap<(State, String), u64>,
}

impl RunView {
    /// Opens a file that somebody names, which may be anything.
    pub fn open(path: &Path) -> Result<Self, RunFileError> {
        Self::to_read(path, opening::sound)
    }

    /// The same of one that this command has made, or opened before.
    pub fn open_again(path: &Path) -> Result<Self, RunFileError> {
        Self::to_read(path, opening::ours)
    }

    fn to_read(path: &Path, open: Opening) -> Result<Self, RunFileError> {
        Ok(Self {
            connection: open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
            path: path.to_owned(),
            hindrance: None,
            beside: Vec::new(),
        })
    }

    /// The file as it is after a command that could not write down its end.
    #[must_use]
    pub fn hindered(mut self, by: Hindrance) -> Self {
        self.hindrance = Some(by);
        self
    }

    /// With what went wrong beside the file, and does not stand in it.
    #[must_use]
    pub fn beside(mut self, problems: Vec<ProblemView>) -> Self {
        self.beside = problems;
        self
    }

    /// The same under the name of another file, where its own is nobody's to know.
    #[must_use]
    pub fn named(mut self, path: &Path) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub fn hindrance(&self) -> Option<&Hindrance> {
        self.hindrance.as_ref()
    }

    /// Who writes it at this moment, if somebody on this machine does.
    pub fn writer(&self) -> Option<String> {
        super::lock::writer_of(&self.path)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn header(&self) -> Result<Header, RunFileError> {
        meta::get(&self.connection)?.ok_or_else(|| RunFileError::inconsistent("it has no header"))
    }

    pub fn stage(&self) -> Result<Stage, RunFileError> {
        Ok(meta::get(&self.connection)?.unwrap_or(Stage::Plan))
    }

    pub fn ending(&self) -> Result<Option<Ending>, RunFileError> {
        match &self.hindrance {
            Some(hindrance) => Ok(Some(hindrance.ending.clone())),
            None => meta::get(&self.connection),
        }
    }

    /// What to do about the refusal with which the last command ended, where that is known.
    pub fn advice(&self) -> Result<Option<String>, RunFileError> {
        match &self.hindrance {
            Some(hindrance) => Ok(hindrance.help.clone()),
            None => Ok(meta::get::<Advice>(&self.connection)?.map(|advice| advice.0)),
        }
    }

    /// The limits by which a guard refused last.
    pub fn exceeded_limits(&self) -> Result<Vec<ExceededLimit>, RunFileError> {
        Ok(meta::get::<ExceededLimits>(&self.connection)?
            .unwrap_or_default()
            .0)
    }

    pub fn digest(&self) -> Result<Option<String>, RunFileError> {
        Ok(meta::get::<Digest>(&self.connection)?.map(|digest| digest.0))
    }

    pub fn finished(&self) -> Result<Option<String>, RunFileError> {
        Ok(meta::get::<Finished>(&self.connection)?.map(|at| at.0))
    }

    /// Nobody before an apply.
    pub fn applied_by(&self) -> Result<AppliedBy, RunFileError> {
        Ok(meta::get(&self.connection)?.unwrap_or_default())
    }

    /// Which run this one takes back, if it does.
    pub fn undoes(&self) -> Result<Option<Undoes>, RunFileError> {
        meta::get(&self.connection)
    }

    pub fn undone_by(&self) -> Result<Option<UndoneBy>, RunFileError> {
        meta::get(&self.connection)
    }

    /// Limits that an apply was given in place of the playbook's.
    pub fn given_limits(&self) -> Result<Option<Limits>, RunFileError> {
        Ok(meta::get::<GivenLimits>(&self.connection)?.map(|given| given.0))
    }

    /// What the run learned of the instance's handling of ids.
    pub fn client_ids(&self) -> Result<ClientIds, RunFileError> {
        Ok(meta::get(&self.connection)?.unwrap_or(ClientIds::Unseen))
    }

    /// How much was sent at once at the end; nothing before an apply.
    pub fn steered(&self) -> Result<Option<Steered>, RunFileError> {
        meta::get(&self.connection)
    }

    pub fn requests(&self) -> Result<Requests, RunFileError> {
        Ok(meta::get(&self.connection)?.unwrap_or_default())
    }

    pub fn salt(&self) -> Result<Salt, RunFileError> {
        Ok(meta::get(&self.connection)?.unwrap_or_default())
    }

    pub fn outputs(&self) -> Result<Map<String, Json>, RunFileError> {
        Ok(meta::get::<Outputs>(&self.connection)?
            .unwrap_or_default()
            .0)
    }

    pub fn steps(&self) -> Result<Vec<StepView>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, name, verb, module, effect, expanded, items, records, count, reason FROM step ORDER BY id",
        )?;
        let mut steps = Vec::new();
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            steps.push(StepView {
                number: StepNo(row.get(0)?),
                id: row.get(1)?,
                verb: row.get(2)?,
                module: row.get(3)?,
                writes: words::effect(&row.get::<_, String>(4)?)? != Effect::Reads,
                expanded: row.get(5)?,
                items: from_db(row.get(6)?),
                records: from_db(row.get(7)?),
                count: row.get::<_, Option<i64>>(8)?.map(from_db),
                reason: row.get(9)?,
                counts: BTreeMap::new(),
                labels: BTreeMap::new(),
                labelled: BTreeMap::new(),
            });
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT step, state, nullif(label, ''), sum(count) FROM tally WHERE count > 0 GROUP BY 1, 2, 3")?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            let number: u32 = row.get(0)?;
            let Some(step) = steps.get_mut(number as usize) else {
                return Err(RunFileError::inconsistent(format!(
                    "an operation is of step {number}, which is not there"
                )));
            };
            let count = from_db(row.get(3)?);
            let state = words::state(&row.get::<_, String>(1)?)?;
            *step.counts.entry(state).or_default() += count;
            if let Some(label) = row.get::<_, Option<String>>(2)? {
                *step.labels.entry(label.clone()).or_default() += count;
                *step.labelled.entry((state, label)).or_default() += count;
            }
        }
        Ok(steps)
    }
}
