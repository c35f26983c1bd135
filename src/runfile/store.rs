//! Putting what was planned into the file, a page of items in one transaction.

use rusqlite::OptionalExtension;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::put;
use super::results::StoredItem;
use super::span::Span;
use super::tally::Counted;
use super::tally::Counts;
use super::to_db;
use super::words;
use crate::diag::Row;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::Repeat;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::kill;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::State;
use crate::wire::LocalLabel;

/// One item with what the plan makes of it.
#[derive(Debug)]
pub struct PlannedItem {
    pub index: u64,
    /// Only where the playbook gives one.
    pub key: Option<Key>,
    pub row: Option<Row>,
    pub source: ItemSource,
    pub outcome: ItemOutcome,
}

impl PlannedItem {
    pub fn operation(&self) -> Option<&Operation> {
        match &self.outcome {
            ItemOutcome::Operation { operation, .. } => Some(operation),
            ItemOutcome::Read(_) => None,
        }
    }
}

#[derive(Debug)]
pub enum ItemOutcome {
    /// A write, or a read that is deferred or went wrong. `result` is what the plan knows of its record.
    Operation {
        operation: Box<Operation>,
        result: Option<Map<String, Json>>,
    },
    /// A read that is done.
    Read(ReadResult),
}

#[derive(Debug, Default)]
pub struct ReadResult {
    /// How many records it found; they are in the file already, see [`RunFile::add_found`].
    pub records: u64,
    pub count: Option<u64>,
    pub selected: Option<Vec<Json>>,
}

impl RunFile {
    /// Names the steps; nothing of them is known yet.
    pub fn add_step(
        &self,
        number: StepNo,
        name: &str,
        verb: &str,
        module: Option<&str>,
        effect: Effect,
        repeat: Repeat,
    ) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("INSERT INTO step (id, name, verb, module, effect, repeat) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                number.0,
                name,
                verb,
                module,
                effect.as_str(),
                repeat.as_str()
            ])?;
        Ok(())
    }

    /// Adds a page of a step's items. The step counts as expanded only when [`RunFile::expanded`] says so.
    pub fn add_items(&mut self, step: StepNo, items: &[PlannedItem]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for item in items {
            put::add_item(&transaction, step, item)?;
        }
        transaction
            .prepare_cached("UPDATE step SET items = items + ?2 WHERE id = ?1")?
            .execute(params![step.0, to_db(items.len() as u64)])?;
        transaction.commit()?;
        Ok(())
    }

    /// All items of the step are known.
    pub fn expanded(&self, step: StepNo) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("UPDATE step SET expanded = 1 WHERE id = ?1")?
            .execute((step.0,))?;
        Ok(())
    }

    /// An export is written.
    pub fn exported(&self, step: StepNo, rows: u64, reason: &str) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached(
                "UPDATE step SET expanded = 1, records = ?2, reason = ?3 WHERE id = ?1",
            )?
            .execute(params![step.0, to_db(rows), reason])?;
        Ok(())
    }

    /// What an earlier command exported is to be written anew.
    pub fn forget_export(&mut self, step: StepNo) -> Result<(), RunFileError> {
        self.forget_items(step)?;
        self.connection
            .prepare_cached("UPDATE step SET expanded = 0, reason = NULL WHERE id = ?1")?
            .execute((step.0,))?;
        Ok(())
    }

    /// Whether the plan was asked to do without this step.
    pub fn is_left_out(&self, step: StepNo) -> Result<bool, RunFileError> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM op WHERE seq = ?1 AND label = ?2")?
            .exists(params![
                super::pages::first(step).0,
                LocalLabel::LeftOut.as_str()
            ])?)
    }

    /// Why a step is as it is, where its operations do not say it; or that there is nothing more to say.
    pub fn explain_step(&self, step: StepNo, reason: Option<&str>) -> Result<(), RunFileError> {
        self.connection
            .prepare_cached("UPDATE step SET reason = ?2 WHERE id = ?1")?
            .execute(params![step.0, reason])?;
        Ok(())
    }

    /// Deferred operations can be planned now: they are taken out and put in anew. Of those that turn out to be final,
    /// what waits for them hears in the same transaction.
    pub fn replace(&mut self, outcomes: &[(Seq, ItemOutcome)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        let mut ended_badly = Vec::new();
        for (seq, outcome) in outcomes {
            put::remove_operation(&transaction, *seq)?;
            // What a read found is there already.
            if let ItemOutcome::Operation { .. } = outcome {
                put::forget_results(&transaction, *seq)?;
            }
            kill::passes(kill::Point::InReplace);
            put::add_outcome(&transaction, *seq, outcome)?;
            let state = match outcome {
                ItemOutcome::Read(_) => State::Ok,
                ItemOutcome::Operation { operation, .. } => operation.state,
            };
            if state.is_settled() {
                super::settle::count_down(&transaction, Span::one(*seq))?;
            }
            if state.is_settled() && !state.is_good() {
                ended_badly.push(*seq);
            }
        }
        transaction.commit()?;
        for seq in ended_badly {
            self.skip_dependents(seq)?;
        }
        Ok(())
    }

    /// Takes out what a run that was killed while it expanded a step left of it. Nothing of that can have been sent,
    /// since a step's operations go only when all of them are known.
    pub fn forget_items(&mut self, step: StepNo) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        put::forget_step(&transaction, step)?;
        transaction.commit()?;
        Ok(())
    }

    /// What there was before operations is not what the plan saw.
    pub fn found_before(&mut self, found: &[(Seq, Map<String, Json>)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        for (seq, before) in found {
            transaction
                .prepare_cached("UPDATE body SET before = ?2 WHERE seq = ?1")?
                .execute(params![seq.0, words::to_text(before)?])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The item that a key of a step names already, and where it came from.
    pub fn find_key(
        &self,
        step: StepNo,
        key: &Key,
    ) -> Result<Option<(u64, Option<Row>)>, RunFileError> {
        let found = self
            .connection
            .prepare_cached("SELECT idx, file, line FROM item WHERE step = ?1 AND key = ?2")?
            .query_row(params![step.0, key.as_str()], |row| {
                let place = row
                    .get::<_, Option<String>>(1)?
                    .zip(row.get::<_, Option<i64>>(2)?);
                Ok((super::from_db(row.get(0)?), place))
            })
            .optional()?;
        Ok(found.map(|(index, place)| {
            (
                index,
                place.map(|(file, line)| Row {
                    file,
                    line: super::from_db(line),
                }),
            )
        }))
    }

    /// Takes a key from the item that holds it and skips what that item would do (`on_duplicate: last`).
    pub fn give_way(
        &mut self,
        step: StepNo,
        index: u64,
        message: &str,
    ) -> Result<(), RunFileError> {
        let seq = Seq::new(step, index);
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("UPDATE item SET key = NULL WHERE step = ?1 AND idx = ?2")?
            .execute(params![step.0, to_db(index)])?;
        transaction
            .prepare_cached("DELETE FROM result WHERE step = ?1 AND idx = ?2")?
            .execute(params![step.0, to_db(index)])?;
        let waiting = Counted::find(&transaction, Span::one(seq))?
            .pop()
            .filter(|counted| matches!(counted.state(), State::Planned | State::Deferred));
        if let Some(counted) = waiting {
            let label = LocalLabel::DuplicateKey.as_str();
            let mut counts = Counts::default();
            counts.labelled(counted, State::Skipped, Some(label.to_owned()));
            counts.write(&transaction)?;
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?2, label = ?3, message = ?4 WHERE seq = ?1",
                )?
                .execute(params![seq.0, State::Skipped.as_str(), label, message])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Where an item came from and what it is.
    pub fn item(&self, seq: Seq) -> Result<Option<StoredItem>, RunFileError> {
        super::results::item_row(&self.connection, seq)
    }
}
