//! The ways between states, each one transaction with everything that follows from it.

use rusqlite::Connection;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFile;
use super::RunFileError;
use super::Seen;
use super::store;
use super::tally::Counted;
use super::tally::Counts;
use super::to_db;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Change;
use crate::operation::Omissions;
use crate::operation::State;
use crate::operation::Written;
use crate::wire::Label;
use crate::wire::LocalLabel;

/// Dependents skipped in one transaction; a failed parent may have a million of them.
const SKIPS_AT_ONCE: u32 = 1000;

/// What becomes of an operation that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    AsItWas,
    /// It is planned once more.
    WorkedOut,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    pub state: State,
    pub label: Option<Label>,
    pub message: Option<String>,
    pub status: Option<u16>,
    /// What was done in truth, where that is not what was planned: a create that was given another id.
    pub change: Option<Change>,
    /// Records that it was not done to.
    pub omitted: Omissions,
    /// Of one that did not go well: what was written all the same.
    pub written: Option<Written>,
    /// Fields of the record that others may use; of a call all records in its answer.
    pub records: Vec<Map<String, Json>>,
    /// What `select` found in the answer.
    pub selected: Option<Vec<Json>>,
    /// Records it wrote or touched, as the answer shows them.
    pub seen: Vec<Seen>,
    /// Field → `{before, after}` of what changed besides what was sent.
    pub side_effects: Map<String, Json>,
}

impl Settlement {
    pub fn new(state: State) -> Self {
        Self {
            state,
            label: None,
            message: None,
            status: None,
            change: None,
            omitted: Omissions::new(),
            written: None,
            records: Vec::new(),
            selected: None,
            seen: Vec::new(),
            side_effects: Map::new(),
        }
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<Label>, message: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self.message = Some(message.into());
        self
    }

    #[must_use]
    pub fn status(mut self, status: Option<u16>) -> Self {
        self.status = status;
        self
    }
}

impl RunFile {
    /// Marks operations as sent, in one transaction that is on disk before the request leaves. Gives the batch's number.
    pub fn send(
        &mut self,
        operations: &[Seq],
        entries: usize,
        now: &str,
    ) -> Result<u64, RunFileError> {
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("INSERT INTO batch (sent_at, entries) VALUES (?1, ?2)")?
            .execute(params![now, to_db(entries as u64)])?;
        let batch = transaction.last_insert_rowid();
        let mut counts = Counts::default();
        for seq in operations {
            let from = may_change(&transaction, *seq, State::Sent)?;
            counts.moved(from, State::Sent);
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?2, batch = ?3, attempts = attempts + 1 WHERE seq = ?1",
                )?
                .execute(params![seq.0, State::Sent.as_str(), batch])?;
            kill::passes(kill::Point::InSent);
        }
        counts.write(&transaction)?;
        super::meta::put(&transaction, &super::Stage::Run)?;
        transaction.commit()?;
        Ok(super::from_db(batch))
    }

    /// Operations that were sent more often than once before they came back, and how often besides.
    pub fn sent_again(&mut self, operations: &[(Seq, u32)]) -> Result<(), RunFileError> {
        if operations.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        for (seq, times) in operations {
            transaction
                .prepare_cached("UPDATE op SET attempts = attempts + ?2 WHERE seq = ?1")?
                .execute((seq.0, times))?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A batch came back: writes that down together with the outcomes that it brought, and with what was sent up to then.
    pub fn land(
        &mut self,
        batch: u64,
        settlements: &[(Seq, Settlement)],
        now: &str,
        requests: &super::Requests,
    ) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("UPDATE batch SET done_at = ?2 WHERE id = ?1")?
            .execute(params![to_db(batch), now])?;
        super::meta::put(&transaction, requests)?;
        settle_all(&transaction, settlements)?;
        transaction.commit()?;
        self.follow(settlements)
    }

    /// Writes down outcomes and counts down what waits for them. Dependents of what did not go well are skipped.
    pub fn settle(&mut self, settlements: &[(Seq, Settlement)]) -> Result<(), RunFileError> {
        let transaction = self.connection.transaction()?;
        settle_all(&transaction, settlements)?;
        transaction.commit()?;
        self.follow(settlements)
    }

    /// What outcomes that are written down mean for others.
    fn follow(&mut self, settlements: &[(Seq, Settlement)]) -> Result<(), RunFileError> {
        kill::passes(kill::Point::AfterSettle);
        for (seq, settlement) in settlements {
            if settlement.state.is_settled() && !settlement.state.is_good() {
                self.skip_dependents(*seq)?;
            }
        }
        Ok(())
    }

    /// Skips everything that is built on an operation that did not go well, in chunks, so that a kill in between only
    /// means that the rest is skipped next time.
    pub fn skip_dependents(&mut self, root: Seq) -> Result<(), RunFileError> {
        let mut open = vec![root];
        while let Some(up) = open.pop() {
            let name = self.name_of(up)?;
            loop {
                let waiting = self.waiting_for(up)?;
                if waiting.is_empty() {
                    break;
                }
                let transaction = self.connection.transaction()?;
                let mut counts = Counts::default();
                for down in &waiting {
                    let message = format!("it needs {name}, which did not succeed");
                    let skipped =
                        Settlement::new(State::Skipped).label(LocalLabel::Dependency, message);
                    settle(&transaction, *down, &skipped, &mut counts)?;
                }
                counts.write(&transaction)?;
                transaction.commit()?;
                kill::passes(kill::Point::InSkip);
                open.extend(waiting);
            }
        }
        Ok(())
    }

    /// Operations that need another's value and are not final. Those that only keep an order are not skipped for it.
    fn waiting_for(&self, up: Seq) -> Result<Vec<Seq>, RunFileError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT edge.down FROM edge JOIN op ON op.seq = edge.down \
             WHERE edge.up = ?1 AND edge.kind <> 'order' AND op.state IN ('planned', 'deferred') LIMIT ?2",
        )?;
        let found = statement.query_map(params![up.0, SKIPS_AT_ONCE], |row| row.get(0).map(Seq))?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Skips what a run that was killed between an outcome and its consequences left standing.
    pub fn skip_left_behind(&mut self) -> Result<(), RunFileError> {
        let sql = "SELECT DISTINCT edge.up FROM op down JOIN edge ON edge.down = down.seq JOIN op up ON up.seq = edge.up \
                   WHERE down.state IN ('planned', 'deferred') AND edge.kind <> 'order' \
                   AND up.state IN ('failed', 'skipped', 'unknown')";
        let roots: Vec<Seq> = self
            .connection
            .prepare(sql)?
            .query_map((), |row| row.get(0).map(Seq))?
            .collect::<Result<_, _>>()?;
        for root in roots {
            self.skip_dependents(root)?;
        }
        Ok(())
    }

    /// `step[key]`, as messages and reports name an operation.
    pub fn name_of(&self, seq: Seq) -> Result<String, RunFileError> {
        let name = self
            .connection
            .prepare_cached(
                "SELECT step.name, op.key FROM step LEFT JOIN op ON op.seq = ?2 WHERE step.id = ?1",
            )?
            .query_row(params![seq.step().0, seq.0], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
            })?;
        Ok(format!(
            "`{}[{}]`",
            name.0,
            name.1.unwrap_or_else(|| seq.index().to_string())
        ))
    }

    /// Brings failed operations back, and what was skipped because of them (`--retry-failed`). Gives their number.
    pub fn retry_failed(&mut self) -> Result<u64, RunFileError> {
        // What was written is done, whatever the operation is called; repeating it would only do it again. And nothing
        // makes an irreversible operation reversible.
        let count = self.bring_back(
            &format!(
                "op.action NOT IN ('assert', 'export') AND ((op.state = 'failed' AND op.label <> '{}' \
                 AND (body.written IS NULL OR body.omitted IS NOT NULL)) OR (op.state = 'skipped' AND op.label = '{}'))",
                LocalLabel::Irreversible.as_str(),
                LocalLabel::Dependency.as_str(),
            ),
            self.anew()?,
        )?;
        // What is built on something that stays failed is no change that anybody has to count.
        self.skip_left_behind()?;
        Ok(count)
    }

    /// Brings back what was skipped because of something that has cleared up. Where something else that it needs did not
    /// succeed, it is skipped anew.
    pub fn retry_skipped(&mut self) -> Result<(), RunFileError> {
        self.bring_back(
            &format!(
                "op.state = 'skipped' AND op.label = '{}' AND op.action NOT IN ('assert', 'export')",
                LocalLabel::Dependency.as_str()
            ),
            self.anew()?,
        )?;
        self.skip_left_behind()
    }

    /// Brings back what was left alone because somebody had changed it. Gives their number.
    pub fn retry_drifted(&mut self) -> Result<u64, RunFileError> {
        let label = LocalLabel::Drift.as_str();
        self.bring_back(
            &format!("op.state = 'failed' AND op.label = '{label}'"),
            self.anew()?,
        )
    }

    /// What takes something back is compared anew with what the instance has now; a playbook's operation stays what was
    /// reviewed.
    fn anew(&self) -> Result<Again, RunFileError> {
        Ok(match self.get::<super::Undoes>()? {
            Some(_) => Again::WorkedOut,
            None => Again::AsItWas,
        })
    }

    /// Brings back what nobody could tell the end of, and what was skipped because of it (`--retry-unknown`). Where
    /// something else that it needs did not succeed, it is skipped anew.
    pub fn retry_unknown(&mut self) -> Result<u64, RunFileError> {
        let label = LocalLabel::Dependency.as_str();
        self.bring_back(
            &format!(
                "op.state = 'unknown' OR (op.state = 'skipped' AND op.label = '{label}' AND op.action NOT IN \
                 ('assert', 'export') AND EXISTS (SELECT 1 FROM op WHERE op.state = 'unknown'))"
            ),
            Again::AsItWas,
        )
    }

    fn bring_back(&mut self, condition: &str, again: Again) -> Result<u64, RunFileError> {
        let transaction = self.connection.transaction()?;
        let of_data: Vec<String> = LocalLabel::OF_DATA
            .iter()
            .map(|label| format!("'{}'", label.as_str()))
            .collect();
        let sql = format!(
            "SELECT op.seq, body.change IS NOT NULL, body.written IS NOT NULL, \
             op.state = 'failed' AND op.attempts = 0 AND op.label IN ({}) \
             FROM op JOIN body ON body.seq = op.seq WHERE {condition} ORDER BY op.seq",
            of_data.join(", ")
        );
        let candidates: Vec<(i64, bool, bool, bool)> = transaction
            .prepare(&sql)?
            .query_map((), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut found: Vec<(i64, State)> = Vec::with_capacity(candidates.len());
        for (seq, has_change, is_written, failed_by_data) in candidates {
            let to = match again {
                Again::AsItWas if has_change => State::Planned,
                // Worked out anew, it would take its own work for somebody else's.
                Again::WorkedOut if is_written => State::Planned,
                // What was never worked out is worked out anew.
                Again::AsItWas | Again::WorkedOut => State::Deferred,
            };
            // Its data is in the run file and stays what it is; a step that ended as a whole may get other items.
            if !failed_by_data || super::reopen::stands_for_all(&transaction, Seq(seq))? {
                found.push((seq, to));
            }
        }
        let count = found.len() as u64;
        let all: Vec<Seq> = found.iter().map(|(seq, _)| Seq(*seq)).collect();
        let reopened = super::reopen::reopen(&transaction, &all)?;
        let found: Vec<_> = found
            .into_iter()
            .filter(|(seq, _)| !reopened.contains(&Seq(*seq).step()))
            .collect();
        let mut counts = Counts::default();
        for (seq, to) in &found {
            let from = may_change(&transaction, Seq(*seq), *to)?;
            counts.labelled(from, *to, None);
            super::parts::put_back(&transaction, Seq(*seq))?;
            transaction
                .prepare_cached(
                    "UPDATE op SET state = ?2, label = NULL, message = NULL, status = NULL WHERE seq = ?1",
                )?
                .execute((seq, to.as_str()))?;
        }
        counts.write(&transaction)?;
        // Only now is it known which of those needed are open again.
        for (seq, _) in &found {
            transaction
                .prepare_cached(
                    "UPDATE op SET wait = (SELECT count(*) FROM edge JOIN op up ON up.seq = edge.up \
                     WHERE edge.down = op.seq AND up.state IN ('planned', 'deferred', 'sent')) WHERE seq = ?1",
                )?
                .execute((seq,))?;
        }
        transaction.commit()?;
        Ok(count)
    }
}

fn settle_all(
    connection: &Connection,
    settlements: &[(Seq, Settlement)],
) -> Result<(), RunFileError> {
    let mut counts = Counts::default();
    for (seq, settlement) in settlements {
        settle(connection, *seq, settlement, &mut counts)?;
    }
    counts.write(connection)
}

fn settle(
    connection: &Connection,
    seq: Seq,
    settlement: &Settlement,
    counts: &mut Counts,
) -> Result<(), RunFileError> {
    let from = may_change(connection, seq, settlement.state)?;
    let was_settled = from.state().is_settled();
    let label = settlement.label.as_ref().map(Label::as_str);
    counts.labelled(from, settlement.state, label.map(str::to_owned));
    connection
        .prepare_cached(
            "UPDATE op SET state = ?2, label = ?3, message = ?4, status = coalesce(?5, status) WHERE seq = ?1",
        )?
        .execute(params![
            seq.0,
            settlement.state.as_str(),
            label,
            settlement.message,
            settlement.status,
        ])?;
    if let Some(change) = &settlement.change {
        if let Some(record) = change.record() {
            connection
                .prepare_cached("UPDATE op SET record = ?2 WHERE seq = ?1")?
                .execute(params![seq.0, record.as_str()])?;
        }
        store::put_change(connection, seq, change)?;
        defer_users(connection, seq, counts)?;
    }
    super::parts::take_out(connection, seq, &settlement.omitted)?;
    if let Some(written) = &settlement.written {
        super::parts::put_written(connection, seq, written)?;
    }
    for (n, fields) in (0..).zip(&settlement.records) {
        store::put_result(connection, seq, n, fields)?;
    }
    if let Some(found) = &settlement.selected {
        store::put_selected(connection, seq, found)?;
    }
    if !settlement.side_effects.is_empty() {
        connection
            .prepare_cached("UPDATE body SET side_effects = ?2 WHERE seq = ?1")?
            .execute(params![seq.0, store::to_text(&settlement.side_effects)?])?;
    }
    for seen in &settlement.seen {
        super::stamps::put(connection, seq, seen)?;
    }
    if settlement.state.is_good() {
        let records = match settlement.records.len() {
            0 => store::records_of(connection, seq)?,
            several => several as u64,
        };
        counts.gave(seq.step(), records);
    }
    kill::passes(kill::Point::InSettle);
    if settlement.state.is_settled() && !was_settled {
        count_down(connection, seq)?;
    }
    Ok(())
}

/// The predicted id of a create was wrong: what was planned with it is planned again. In the transaction that learns so,
/// or a kill would leave operations behind that are sent with an id nothing has.
fn defer_users(connection: &Connection, up: Seq, counts: &mut Counts) -> Result<(), RunFileError> {
    let users: Vec<i64> = connection
        .prepare_cached(
            "SELECT edge.down FROM edge JOIN op ON op.seq = edge.down \
             WHERE edge.up = ?1 AND edge.kind = 'predicted_id' AND op.state = 'planned'",
        )?
        .query_map((up.0,), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for down in users {
        let from = may_change(connection, Seq(down), State::Deferred)?;
        counts.moved(from, State::Deferred);
        connection
            .prepare_cached("UPDATE op SET state = ?2 WHERE seq = ?1")?
            .execute(params![down, State::Deferred.as_str()])?;
    }
    Ok(())
}

/// One operation less that others wait for.
pub(super) fn count_down(connection: &Connection, seq: Seq) -> Result<(), RunFileError> {
    // Two statements: with the edges as a part of the update, each operation would pay for a table of them, and most have
    // none.
    let mut edges = connection.prepare_cached("SELECT down FROM edge WHERE up = ?1")?;
    let mut edges = edges.query((seq.0,))?;
    while let Some(edge) = edges.next()? {
        connection
            .prepare_cached("UPDATE op SET wait = wait - 1 WHERE seq = ?1 AND wait > 0")?
            .execute((edge.get::<_, i64>(0)?,))?;
    }
    Ok(())
}

/// The one place that says whether a state may change. Gives how the operation is counted before it does.
fn may_change(connection: &Connection, seq: Seq, to: State) -> Result<Counted, RunFileError> {
    let counted = Counted::find(connection, seq)?
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no operation {}", seq.0)))?;
    let from = counted.state();
    if !from.next().contains(&to) {
        return Err(RunFileError::inconsistent(format!(
            "operation {} cannot go from {from} to {to}",
            seq.0
        )));
    }
    Ok(counted)
}
