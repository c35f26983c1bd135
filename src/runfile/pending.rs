//! What is left to do, in numbers: for an estimate of what it will cost, and of what may follow from it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::RunFileError;
use super::RunView;
use super::from_db;
use super::states::UNSENT;
use super::words;
use crate::expr::StepNo;
use crate::operation::Action;

/// Operations of a step that are not sent, of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    pub step: StepNo,
    pub action: Action,
    pub count: u64,
    /// As `max_changes` counts: of a link its ids.
    pub changes: u64,
    /// How many of them are not known yet.
    pub deferred: u64,
}

impl RunView {
    pub fn pending(&self) -> Result<Vec<Pending>, RunFileError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT step, action, sum(count), sum(weight), \
             coalesce(sum(count) FILTER (WHERE state = 'deferred'), 0) \
             FROM tally WHERE count > 0 AND state IN {UNSENT} GROUP BY step, action ORDER BY step, action",
        ))?;
        let mut found = statement.query(())?;
        let mut pending = Vec::new();
        while let Some(row) = found.next()? {
            pending.push(Pending {
                step: StepNo(row.get(0)?),
                action: words::action(&row.get::<_, String>(1)?)?,
                count: from_db(row.get(2)?),
                changes: from_db(row.get(3)?),
                deferred: from_db(row.get(4)?),
            });
        }
        Ok(pending)
    }

    /// Of each step those whose operations its operations need.
    pub fn needed_steps(&self) -> Result<BTreeMap<StepNo, BTreeSet<StepNo>>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT down >> 40, up >> 40 FROM edge \
             UNION SELECT DISTINCT seq >> 40, step FROM op_step_wait",
        )?;
        let mut found = statement.query(())?;
        let mut needed: BTreeMap<StepNo, BTreeSet<StepNo>> = BTreeMap::new();
        while let Some(row) = found.next()? {
            let (down, up) = (StepNo(row.get(0)?), StepNo(row.get(1)?));
            if down != up {
                needed.entry(down).or_default().insert(up);
            }
        }
        Ok(needed)
    }

    /// Planned operations that give a record an assigned user it did not have, who is not this one.
    pub fn reassigned(&self, except: &str) -> Result<u64, RunFileError> {
        let count = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM op JOIN body ON body.seq = op.seq \
                 WHERE op.state = 'planned' AND op.action IN ('create', 'update', 'upsert') \
                 AND json_extract(body.after, '$.assigned_user_id') NOT IN ('', ?1) \
                 AND json_extract(body.after, '$.assigned_user_id') \
                     IS NOT json_extract(body.before, '$.assigned_user_id')",
            )?
            .query_row((except,), |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Records that planned links take from the one they are linked to.
    pub fn moved(&self) -> Result<u64, RunFileError> {
        let count = self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(json_array_length(body.before, '$.replaces')), 0) \
                 FROM op JOIN body ON body.seq = op.seq WHERE op.state = 'planned' AND op.action = 'link'",
            )?
            .query_row((), |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Records whose primary address planned operations replace, and of which something is lost with the old one: a mark
    /// that it has, or one of several addresses, where the new one is among them already.
    pub fn addresses_lost(&self) -> Result<u64, RunFileError> {
        let count = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM op JOIN body ON body.seq = op.seq \
                 WHERE op.state = 'planned' AND op.action IN ('update', 'upsert') \
                 AND json_extract(body.after, '$.email1') <> '' AND json_extract(body.after, '$.email') IS NULL \
                 AND EXISTS (SELECT 1 FROM json_each(body.before, '$.email') AS old WHERE old.type = 'object' \
                   AND (lower(json_extract(old.value, '$.email_address')) = lower(json_extract(body.after, '$.email1'))) \
                     <> (coalesce(json_extract(old.value, '$.primary_address'), 0) IN (1, '1')) \
                   AND (coalesce(json_extract(old.value, '$.primary_address'), 0) NOT IN (1, '1') \
                     OR json_extract(old.value, '$.opt_out') IN (1, '1') \
                     OR json_extract(old.value, '$.invalid_email') IN (1, '1')))",
            )?
            .query_row((), |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Records that planned operations give a tag they do not have.
    pub fn tagged(&self) -> Result<u64, RunFileError> {
        let count = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM op JOIN body ON body.seq = op.seq \
                 WHERE op.state = 'planned' AND op.action IN ('create', 'update', 'upsert') \
                 AND EXISTS (SELECT 1 FROM json_each(body.after, '$.tag') AS new \
                   WHERE new.type = 'text' AND new.value <> '' \
                   AND NOT EXISTS (SELECT 1 FROM json_each(body.before, '$.tag') AS old \
                     WHERE lower(new.value) = lower(CASE old.type \
                       WHEN 'object' THEN json_extract(old.value, '$.name') ELSE old.value END)))",
            )?
            .query_row((), |row| row.get(0))?;
        Ok(from_db(count))
    }

    /// Bytes of the database. What a run adds to it is little beside what the plan holds.
    pub fn size(&self) -> Result<u64, RunFileError> {
        let bytes = self.connection.query_row(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            (),
            |row| row.get(0),
        )?;
        Ok(from_db(bytes))
    }
}
