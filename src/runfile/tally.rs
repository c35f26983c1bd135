//! How many operations are in which state, and how many records steps gave: counted while a transaction runs, and
//! written once at its end, so that a batch of hundreds of operations moves a handful of counts.
//!
//! Operations that are put in or taken out are counted by triggers; whoever changes a state counts it here.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::params;

use super::RunFileError;
use super::span::Span;
use super::to_db;
use super::words;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::State;

/// Where an operation is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pile {
    step: StepNo,
    action: Action,
    state: State,
    label: Option<String>,
}

/// What an operation is counted by.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pile: Pile,
    weight: i64,
}

impl Counted {
    /// How operations are counted now, in their order; those that are not there are left out.
    pub(super) fn find(connection: &Connection, span: Span) -> Result<Vec<Self>, RunFileError> {
        let mut statement = connection.prepare_cached(
            "SELECT seq, action, state, label, weight FROM op WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query((span.first.0, span.last.0))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text =
                |column| Ok::<_, RunFileError>(row.get_ref(column)?.as_str().unwrap_or_default());
            found.push(Self {
                pile: Pile {
                    step: Seq(row.get(0)?).step(),
                    action: words::action(text(1)?)?,
                    state: words::state(text(2)?)?,
                    label: row.get(3)?,
                },
                weight: row.get(4)?,
            });
        }
        Ok(found)
    }

    pub(super) fn state(&self) -> State {
        self.pile.state
    }
}

/// What a transaction changes in the counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Operations and their weights, more or less.
    operations: BTreeMap<Pile, (i64, i64)>,
    records: BTreeMap<StepNo, u64>,
}

impl Counts {
    /// An operation changes its state and keeps its label.
    pub(super) fn moved(&mut self, from: Counted, to: State) {
        let label = from.pile.label.clone();
        self.labelled(from, to, label);
    }

    pub(super) fn labelled(&mut self, from: Counted, to: State, label: Option<String>) {
        let target = Pile {
            state: to,
            label,
            ..from.pile.clone()
        };
        for (pile, sign) in [(from.pile, -1), (target, 1)] {
            let (count, weight) = self.operations.entry(pile).or_default();
            *count += sign;
            *weight += sign * from.weight;
        }
    }

    /// Records that an operation of a step gave.
    pub(super) fn gave(&mut self, step: StepNo, records: u64) {
        *self.records.entry(step).or_default() += records;
    }

    /// To be called before the transaction ends.
    pub(super) fn write(self, connection: &Connection) -> Result<(), RunFileError> {
        for (pile, (count, weight)) in self.operations {
            if (count, weight) == (0, 0) {
                continue;
            }
            connection
                .prepare_cached(
                    "INSERT INTO tally (step, action, state, label, count, weight) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                     ON CONFLICT DO UPDATE SET count = count + excluded.count, weight = weight + excluded.weight",
                )?
                .execute(params![
                    pile.step.0,
                    pile.action.as_str(),
                    pile.state.as_str(),
                    pile.label.unwrap_or_default(),
                    count,
                    weight
                ])?;
        }
        for (step, records) in self.records {
            connection
                .prepare_cached("UPDATE step SET records = records + ?2 WHERE id = ?1")?
                .execute(params![step.0, to_db(records)])?;
        }
        Ok(())
    }
}
