//! A run file as reports read it: whole, at any time, without writing.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::Advice;
use super::ClientIds;
use super::Digest;
use super::Ending;
use super::ExceededLimit;
use super::ExceededLimits;
use super::Finished;
use super::GivenLimits;
use super::Header;
use super::Outputs;
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
use super::pages;
use super::rows;
use super::to_db;
use crate::diag::Row;
use crate::expr::Effect;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::State;
use crate::playbook::Limits;

#[derive(Debug)]
pub struct RunView {
    pub(super) connection: Connection,
    path: PathBuf,
    hindrance: Option<Hindrance>,
    beside: Vec<ProblemView>,
}

/// What kept a command from going on with a file, where it does not stand in the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    pub ending: Ending,
    pub help: Option<String>,
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

#[derive(Debug, Clone, PartialEq)]
pub struct OperationView {
    pub seq: Seq,
    pub key: String,
    pub action: Action,
    pub module: Option<String>,
    pub record: Option<String>,
    pub state: State,
    pub label: Option<String>,
    pub message: Option<String>,
    pub status: Option<u16>,
    pub reversible: bool,
    pub batch: Option<u64>,
    pub attempts: u64,
    pub change: Option<Change>,
    pub before: Map<String, Json>,
    pub after: Map<String, Json>,
    /// Field → `{before, after}` of what changed besides what was sent.
    pub side_effects: Map<String, Json>,
    pub row: Option<Row>,
    /// `step[key]` of the operations it needs, then the steps it needs whole.
    pub depends_on: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    pub code: String,
    pub severity: String,
    pub message: String,
    pub help: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
    pub column: Option<u64>,
    pub step: Option<String>,
}

/// Which operations of a step are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Failed and unknown ones.
    Bad,
    /// The same while others are under way, which are not unknown before nobody waits for them any more.
    BadSoFar,
    /// The others.
    Fine,
    /// Nothing went wrong, and there is still something to say: skipped for another reason than its condition or
    /// the flags of the plan, or unchanged with a remark.
    Noted,
    /// What changes the instance, or would: planned, deferred or done.
    Changing,
    /// Of the changing ones those that cannot be taken back.
    Irreversible,
    /// Deletes that are planned, under way or done.
    Deletes,
    /// Irreversible ones that are no deletes.
    OtherIrreversible,
    /// What is not known before something else has run.
    Deferred,
}

impl Which {
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::All => "1",
            Self::Bad => "op.state IN ('failed', 'unknown', 'sent')",
            Self::BadSoFar => "op.state IN ('failed', 'unknown')",
            Self::Fine => "op.state NOT IN ('failed', 'unknown', 'sent')",
            Self::Noted => {
                "((op.state = 'skipped' AND op.label NOT IN ('local:condition', 'local:left_out')) \
                 OR (op.state = 'unchanged' AND op.message IS NOT NULL))"
            }
            Self::Changing => "op.state IN ('planned', 'deferred', 'ok')",
            Self::Irreversible => {
                "op.reversible = 0 AND op.state IN ('planned', 'deferred', 'sent', 'unknown', 'ok')"
            }
            Self::Deletes => {
                "op.action = 'delete' AND op.state IN ('planned', 'deferred', 'sent', 'unknown', 'ok')"
            }
            Self::OtherIrreversible => {
                "op.reversible = 0 AND op.action <> 'delete' AND op.state IN ('planned', 'sent', 'unknown', 'ok')"
            }
            Self::Deferred => "op.state = 'deferred'",
        }
    }
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

    /// Empty in a file of an earlier version.
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
                writes: rows::effect(&row.get::<_, String>(4)?)? != Effect::Reads,
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
            let state = rows::state(&row.get::<_, String>(1)?)?;
            *step.counts.entry(state).or_default() += count;
            if let Some(label) = row.get::<_, Option<String>>(2)? {
                *step.labels.entry(label.clone()).or_default() += count;
                *step.labelled.entry((state, label)).or_default() += count;
            }
        }
        Ok(steps)
    }

    /// A page of a step's operations in item order, after `after`.
    pub fn operations(
        &self,
        step: StepNo,
        which: Which,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<OperationView>, RunFileError> {
        let condition = which.condition();
        let sql = format!(
            "SELECT op.seq, op.key, op.action, op.module, op.record, op.state, op.label, op.message, op.status, \
             op.reversible, op.batch, op.attempts, body.change, body.before, body.after, item.file, item.line, body.side_effects \
             FROM op JOIN body ON body.seq = op.seq \
             LEFT JOIN item ON item.step = ?1 AND item.idx = op.seq - (?1 << 40) \
             WHERE op.seq > ?2 AND op.seq < ?3 AND {condition} ORDER BY op.seq LIMIT ?4"
        );
        let from = after.map_or(pages::first(step).0 - 1, |seq| seq.0);
        let to = pages::first(pages::next(step)).0;
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut found = statement.query(params![step.0, from, to, limit])?;
        let mut operations = Vec::new();
        while let Some(row) = found.next()? {
            operations.push(operation(row)?);
        }
        for operation in &mut operations {
            operation.depends_on = self.needs_of(operation.seq)?;
        }
        Ok(operations)
    }

    /// How many operations of a step there are of this kind.
    pub fn count(&self, step: StepNo, which: Which) -> Result<u64, RunFileError> {
        let condition = which.condition();
        let sql =
            format!("SELECT count(*) FROM op WHERE op.seq >= ?1 AND op.seq < ?2 AND {condition}");
        let range = (pages::first(step).0, pages::first(pages::next(step)).0);
        let count = self
            .connection
            .prepare_cached(&sql)?
            .query_row(range, |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Which fields a step's operations changed besides what they sent, and how many did.
    pub fn besides(&self, step: StepNo) -> Result<BTreeMap<String, u64>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT field.key, count(*) FROM body, json_each(body.side_effects) field \
             WHERE body.side_effects IS NOT NULL AND body.seq >= ?1 AND body.seq < ?2 GROUP BY field.key",
        )?;
        let range = (pages::first(step).0, pages::first(pages::next(step)).0);
        let found = statement.query_map(range, |row| Ok((row.get(0)?, from_db(row.get(1)?))))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// What the operations of a step do.
    pub fn actions(&self, step: StepNo) -> Result<Vec<Action>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT action FROM tally WHERE step = ?1 AND count > 0 ORDER BY action DESC",
        )?;
        let found = statement.query_map((step.0,), |row| row.get::<_, String>(0))?;
        found.map(|name| rows::action(&name?)).collect()
    }

    /// Module, link and number of what may hang on the records of deletes, as their before-images have it: lists of texts,
    /// and maps with a number. Which of them are links, the metadata say.
    pub fn hanging(&self) -> Result<Vec<(String, String, u64)>, RunFileError> {
        // Most before-images have nothing of the kind, and are not worth being parsed.
        let sql = format!(
            "SELECT op.module, held.key, \
             sum(CASE held.type WHEN 'array' THEN json_array_length(held.value) ELSE held.value ->> '$.count' END) \
             FROM op JOIN body ON body.seq = op.seq, json_each(body.before) held \
             WHERE {} AND op.module IS NOT NULL \
             AND (instr(body.before, '\":[\"') > 0 OR instr(body.before, '\":{{\"count\":') > 0) \
             AND (held.type = 'array' OR (held.type = 'object' AND json_type(held.value, '$.count') = 'integer')) \
             GROUP BY op.module, held.key",
            Which::Deletes.condition()
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map((), |row| {
            Ok((row.get(0)?, row.get(1)?, from_db(row.get(2)?)))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn needs_of(&self, seq: Seq) -> Result<Vec<String>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT step.name, op.key FROM edge JOIN op ON op.seq = edge.up JOIN step ON step.id = op.seq >> 40 \
             WHERE edge.down = ?1 ORDER BY edge.up",
        )?;
        let operations = statement.query_map((seq.0,), |row| {
            Ok(format!(
                "{}[{}]",
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?
            ))
        })?;
        let mut names = operations.collect::<Result<Vec<_>, _>>()?;
        let mut statement = self.connection.prepare_cached(
            "SELECT step.name FROM op_step_wait wait JOIN step ON step.id = wait.step \
             WHERE wait.seq = ?1 ORDER BY step.id",
        )?;
        for step in statement.query_map((seq.0,), |row| row.get(0))? {
            names.push(step?);
        }
        Ok(names)
    }

    /// Everything about one run that tells its plan from another's, in order, for the digest.
    pub fn each_planned(&self, mut see: impl FnMut(&OperationView)) -> Result<(), RunFileError> {
        const PAGE: u32 = 1000;
        for step in self.steps()? {
            let mut after = None;
            loop {
                let page = self.operations(step.number, Which::All, after, PAGE)?;
                page.iter().for_each(&mut see);
                after = page.last().map(|operation| operation.seq);
                if page.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(())
    }

    pub fn problems(&self) -> Result<Vec<ProblemView>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, severity, message, help, file, line, \"column\", step FROM problem ORDER BY id",
        )?;
        let found = statement.query_map((), |row| {
            Ok(ProblemView {
                code: row.get(0)?,
                severity: row.get(1)?,
                message: row.get(2)?,
                help: row.get(3)?,
                file: row.get(4)?,
                line: row.get::<_, Option<i64>>(5)?.map(from_db),
                column: row.get::<_, Option<i64>>(6)?.map(from_db),
                step: row.get(7)?,
            })
        })?;
        let mut problems = found.collect::<Result<Vec<_>, _>>()?;
        problems.extend(self.beside.iter().cloned());
        Ok(problems)
    }

    /// How many operations there are in all.
    pub fn operation_count(&self) -> Result<u64, RunFileError> {
        let count: i64 =
            self.connection
                .query_row("SELECT count(*) FROM op", params![], |row| row.get(0))?;
        Ok(from_db(count.max(to_db(0))))
    }
}

fn operation(row: &rusqlite::Row<'_>) -> Result<OperationView, RunFileError> {
    let change: Option<String> = row.get(12)?;
    let place = row
        .get::<_, Option<String>>(15)?
        .zip(row.get::<_, Option<i64>>(16)?);
    Ok(OperationView {
        seq: Seq(row.get(0)?),
        key: row.get(1)?,
        action: rows::action(&row.get::<_, String>(2)?)?,
        module: row.get(3)?,
        record: row.get(4)?,
        state: rows::state(&row.get::<_, String>(5)?)?,
        label: row.get(6)?,
        message: row.get(7)?,
        status: row.get(8)?,
        reversible: row.get(9)?,
        batch: row.get::<_, Option<i64>>(10)?.map(from_db),
        attempts: from_db(row.get(11)?),
        change: change
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| {
                RunFileError::inconsistent(format!("an operation does not read: {error}"))
            })?,
        before: rows::map(&row.get::<_, String>(13)?)?,
        after: rows::map(&row.get::<_, String>(14)?)?,
        side_effects: match row.get::<_, Option<String>>(17)? {
            Some(text) => rows::map(&text)?,
            None => Map::new(),
        },
        row: place.map(|(file, line)| Row {
            file,
            line: from_db(line),
        }),
        depends_on: Vec::new(),
    })
}
