//! How far a run is, in numbers: for guards, progress lines and endings.

use super::RunFile;
use super::RunFileError;
use super::RunView;
use super::from_db;
use super::states::CHANGING;
use super::states::GOOD;
use super::words;
use crate::event::Progress;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::State;
use crate::wire::Label;
use rusqlite::Connection;
use rusqlite::OptionalExtension;

impl RunFile {
    pub fn progress(&self) -> Result<Progress, RunFileError> {
        whole(&self.connection)
    }

    /// The same for some steps alone; how many are not expanded is left out.
    pub fn progress_of(&self, steps: &[StepNo]) -> Result<Progress, RunFileError> {
        let numbers: Vec<String> = steps.iter().map(|step| step.0.to_string()).collect();
        let these = numbers.join(",");
        counted(
            &self.connection,
            &format!("tally.step IN ({these})"),
            &format!("(op.seq >> 40) IN ({these})"),
        )
    }

    /// What failed, by step and label.
    pub fn failures(&self) -> Result<Vec<(StepNo, Label, u64)>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT step, label, sum(count) FROM tally WHERE state = 'failed' AND count > 0 GROUP BY step, label",
        )?;
        let found = statement.query_map((), |row| {
            Ok((
                StepNo(row.get(0)?),
                Label::parse(&row.get::<_, String>(1)?),
                from_db(row.get(2)?),
            ))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Deletes of a step that are planned.
    pub fn planned_deletes(&self, step: StepNo) -> Result<u64, RunFileError> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(count), 0) FROM tally WHERE step = ?1 AND action = 'delete' AND state = 'planned'",
            )?
            .query_row((step.0,), |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Whether anything was sent.
    pub fn has_sent(&self) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM batch LIMIT 1")?
            .exists(())?)
    }

    /// When the batch an operation rode in was sent.
    pub fn sent_at(&self, seq: Seq) -> Result<Option<String>, RunFileError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT sent_at FROM batch JOIN op ON op.batch = batch.id WHERE op.seq = ?1",
            )?
            .query_row((seq.0,), |row| row.get(0))
            .optional()?)
    }
}

impl RunView {
    /// How far the run is, to be held against its limits.
    pub fn progress(&self) -> Result<Progress, RunFileError> {
        whole(&self.connection)
    }
}

fn whole(connection: &Connection) -> Result<Progress, RunFileError> {
    let mut progress = counted(connection, "1", "1")?;
    let unexpanded: i64 = connection
        .prepare_cached("SELECT count(*) FROM step WHERE expanded = 0")?
        .query_row((), |row| row.get(0))?;
    progress.unexpanded = from_db(unexpanded);
    Ok(progress)
}

/// Counts by the tallies that meet a condition, and by the operations that meet the same one in its own words.
fn counted(
    connection: &Connection,
    of_tallies: &str,
    of_operations: &str,
) -> Result<Progress, RunFileError> {
    let mut progress = Progress::default();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT state, action, sum(count), sum(weight) FROM tally \
         WHERE {of_tallies} AND count > 0 \
         AND (action NOT IN ('read', 'assert', 'export') OR state NOT IN {GOOD}) \
         GROUP BY state, action",
    ))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let state = words::state(&row.get::<_, String>(0)?)?;
        let action = words::action(&row.get::<_, String>(1)?)?;
        let (count, weight) = (from_db(row.get(2)?), from_db(row.get(3)?));
        let (counter, counts) = match state {
            State::Planned => (&mut progress.planned, true),
            State::Deferred => (&mut progress.deferred, true),
            State::Sent => (&mut progress.sent, true),
            State::Ok => (&mut progress.ok, true),
            State::Unknown => (&mut progress.unknown, true),
            State::Unchanged => (&mut progress.unchanged, false),
            State::Failed => (&mut progress.failed, false),
            State::Skipped => (&mut progress.skipped, false),
        };
        *counter += count;
        if counts {
            add_changes(&mut progress, action, weight);
        }
    }
    // What did not go well is a change as far as it was written.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT op.action, sum(coalesce(json_array_length(body.written, '$.these'), op.weight)) \
         FROM body JOIN op ON op.seq = body.seq \
         WHERE body.written IS NOT NULL AND op.state NOT IN {CHANGING} \
         AND {of_operations} GROUP BY op.action",
    ))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let action = words::action(&row.get::<_, String>(0)?)?;
        add_changes(&mut progress, action, from_db(row.get(1)?));
    }
    Ok(progress)
}

fn add_changes(progress: &mut Progress, action: Action, weight: u64) {
    progress.changes += weight;
    match action {
        Action::Delete => progress.deletes += weight,
        Action::Call => progress.calls += weight,
        _ => {}
    }
}
