//! Results as expressions read them, through a connection of their own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use super::from_db;
use super::search;
use super::standings;
use super::states::GOOD;
use super::to_db;
use super::words;
use crate::diag::Row;
use crate::expr::Hit;
use crate::expr::ItemResult;
use crate::expr::ItemSource;
use crate::expr::KeyHit;
use crate::expr::Phase;
use crate::expr::Repeat;
use crate::expr::Results;
use crate::expr::ResultsError;
use crate::expr::Seq;
use crate::expr::Standing;
use crate::expr::StepNo;
use crate::expr::StepResult;
use crate::expr::Tally;
use crate::operation::Key;
use crate::operation::State;
use crate::wire::Label;

/// The reading end. Each call sees what is committed at that moment.
#[derive(Debug)]
pub struct StoredResults {
    connection: Mutex<Connection>,
    /// Where the last walk over a step's records ended: position, item, record. Walking on costs nothing then.
    walks: Mutex<BTreeMap<StepNo, (u64, i64, i64)>>,
}

type Read<T> = Result<T, RunFileError>;

impl StoredResults {
    pub(super) fn open(path: &Path) -> Read<Self> {
        let connection = super::opening::open_to_read(path)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            connection: Mutex::new(connection),
            walks: Mutex::new(BTreeMap::new()),
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Results for StoredResults {
    fn step(&self, name: &str) -> Result<Option<StepResult>, ResultsError> {
        step(&self.connection(), name).map_err(|error| told(&error))
    }

    fn item(&self, step: StepNo, index: u64) -> Result<Option<ItemResult>, ResultsError> {
        item(&self.connection(), Seq::new(step, index)).map_err(|error| told(&error))
    }

    fn by_key(&self, step: StepNo, key: &str) -> Result<Option<KeyHit>, ResultsError> {
        by_key(&self.connection(), step, key).map_err(|error| told(&error))
    }

    fn records(
        &self,
        step: StepNo,
        range: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError> {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        let from = walks
            .get(&step)
            .copied()
            .filter(|(position, ..)| *position == range.start);
        let (found, end) =
            records(&self.connection(), step, range, from).map_err(|error| told(&error))?;
        if let Some(end) = end {
            walks.insert(step, end);
        }
        Ok(found)
    }

    fn item_records(
        &self,
        step: StepNo,
        index: u64,
        range: Range<u64>,
    ) -> Result<Vec<Map<String, Json>>, ResultsError> {
        item_records(&self.connection(), step, index, range).map_err(|error| told(&error))
    }

    fn selected(&self, step: StepNo, item: Option<u64>) -> Result<Option<Json>, ResultsError> {
        selected(&self.connection(), step, item).map_err(|error| told(&error))
    }

    fn find(&self, step: StepNo, field: &str, value: &str) -> Result<Hit, ResultsError> {
        search::find(&self.connection(), step, field, value).map_err(|error| told(&error))
    }

    fn tally(&self, step: StepNo) -> Result<Tally, ResultsError> {
        tally(&self.connection(), step).map_err(|error| told(&error))
    }
}

fn told(error: &RunFileError) -> ResultsError {
    ResultsError(error.to_string())
}

fn step(connection: &Connection, name: &str) -> Read<Option<StepResult>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, effect, repeat, expanded, items, records, count FROM step WHERE name = ?1",
    )?;
    let mut found = statement.query((name,))?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let mut result = StepResult {
        number: StepNo(row.get(0)?),
        effect: words::effect(&row.get::<_, String>(1)?)?,
        repeat: words::repeat(&row.get::<_, String>(2)?)?,
        // An expanded step is open or settled; which one, its operations say.
        phase: match row.get(3)? {
            true => Phase::Open,
            false => Phase::Pending,
        },
        items: from_db(row.get(4)?),
        records: from_db(row.get(5)?),
        count: row.get::<_, Option<i64>>(6)?.map(from_db),
        bad: None,
    };
    if result.phase == Phase::Open && standings::unsettled(connection, result.number)? == 0 {
        result.phase = Phase::Settled;
    }
    if result.repeat == Repeat::Once && result.phase == Phase::Settled {
        let seq = Seq::new(result.number, 0);
        if let Some((state, label)) = state(connection, seq)?
            && !state.is_good()
        {
            result.bad = Some((seq, label));
        }
    }
    Ok(Some(result))
}

fn state(connection: &Connection, seq: Seq) -> Read<Option<(State, Option<Label>)>> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT state, label FROM op WHERE seq = ?1")?
        .query_row((seq.0,), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found
        .map(|(state, label)| {
            Ok((
                words::state(&state)?,
                label.map(|label| Label::parse(&label)),
            ))
        })
        .transpose()
}

/// An item's key, row and source.
pub(crate) type StoredItem = (Option<Key>, Option<Row>, ItemSource);

pub(super) fn item_row(connection: &Connection, seq: Seq) -> Read<Option<StoredItem>> {
    type Columns = (
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<String>,
        Option<u32>,
        Option<i64>,
    );
    let found: Option<Columns> = connection
        .prepare_cached("SELECT key, file, line, source, src_step, src_idx FROM item WHERE step = ?1 AND idx = ?2")?
        .query_row(params![seq.step().0, to_db(seq.index())], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .optional()?;
    let Some((key, file, line, source, src_step, src_idx)) = found else {
        return Ok(None);
    };
    let source = match (source, src_step, src_idx) {
        (Some(text), _, _) => ItemSource::Value(words::json(&text)?),
        (None, Some(step), Some(index)) => ItemSource::Item {
            step: StepNo(step),
            index: from_db(index),
        },
        // It stands for a whole step.
        (None, ..) => ItemSource::Value(Json::Null),
    };
    let row = file.zip(line).map(|(file, line)| Row {
        file,
        line: from_db(line),
    });
    Ok(Some((key.map(Key::stored), row, source)))
}

fn item(connection: &Connection, seq: Seq) -> Read<Option<ItemResult>> {
    let Some((key, _, source)) = item_row(connection, seq)? else {
        return Ok(None);
    };
    let operation = state(connection, seq)?;
    let outcome = operation.as_ref().map_or(State::Ok, |(state, _)| *state);
    let mut results = connection.prepare_cached(
        "SELECT fields FROM result WHERE step = ?1 AND idx = ?2 ORDER BY n LIMIT 1",
    )?;
    let first: Option<String> = results
        .query_row(params![seq.step().0, to_db(seq.index())], |row| row.get(0))
        .optional()?;
    let record = first.as_deref().map(words::map).transpose()?;
    let (standing, label) = match operation {
        None => (Standing::Known, None),
        Some((state, label)) => {
            let standing = match (state, &record) {
                (State::Ok | State::Unchanged, _) => Standing::Known,
                (State::Planned | State::Sent, Some(_)) => Standing::Predicted(seq),
                (State::Deferred | State::Planned | State::Sent, _) => Standing::Waiting(seq),
                (State::Failed | State::Skipped | State::Unknown, _) => Standing::Bad {
                    operation: seq,
                    label: label.clone(),
                },
            };
            (standing, label)
        }
    };
    let (records, count): (i64, Option<i64>) = connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM result WHERE step = ?1 AND idx = ?2), count FROM item \
             WHERE step = ?1 AND idx = ?2",
        )?
        .query_row(params![seq.step().0, to_db(seq.index())], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(Some(ItemResult {
        standing,
        key: key.map(|key| key.as_str().to_owned()),
        record: record.unwrap_or_default(),
        records: from_db(records),
        count: count.map(from_db),
        outcome: outcome.outcome(),
        label,
        source,
    }))
}

fn by_key(connection: &Connection, step: StepNo, key: &str) -> Read<Option<KeyHit>> {
    let item: Option<i64> = connection
        .prepare_cached("SELECT idx FROM item WHERE step = ?1 AND key = ?2")?
        .query_row(params![step.0, key], |row| row.get(0))
        .optional()?;
    if let Some(index) = item {
        return Ok(Some(KeyHit::Item(from_db(index))));
    }
    // Without `key` an item's index serves; a read without `for_each` has no items.
    let index = key
        .parse()
        .ok()
        .filter(|index: &u64| index.to_string() == key);
    if let Some(index) = index {
        let found: Option<i64> = connection
            .prepare_cached(
                "SELECT idx FROM item JOIN step ON step.id = item.step WHERE item.step = ?1 AND idx = ?2 \
                 AND item.key IS NULL AND step.repeat = 'for_each'",
            )?
            .query_row(params![step.0, to_db(index)], |row| row.get(0))
            .optional()?;
        if let Some(index) = found {
            return Ok(Some(KeyHit::Item(from_db(index))));
        }
    }
    let record: Option<String> = connection
        .prepare_cached(&format!(
            "SELECT r.fields FROM result r LEFT JOIN op ON op.seq = (?1 << 40 | r.idx) \
             WHERE r.step = ?1 AND r.key = ?2 AND (op.state IS NULL OR op.state IN {GOOD})",
        ))?
        .query_row(params![step.0, key], |row| row.get(0))
        .optional()?;
    record
        .as_deref()
        .map(|text| words::map(text).map(KeyHit::Record))
        .transpose()
}

type Walked = (Vec<Map<String, Json>>, Option<(u64, i64, i64)>);

/// Records of good items in item order. `from` is where the page begins, if it is known.
fn records(
    connection: &Connection,
    step: StepNo,
    range: Range<u64>,
    from: Option<(u64, i64, i64)>,
) -> Read<Walked> {
    let (index, n, skip) = match from {
        Some((_, index, n)) => (index, n, 0),
        None => (-1, -1, range.start),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT r.idx, r.n, r.fields FROM result r LEFT JOIN op ON op.seq = (?1 << 40 | r.idx) \
         WHERE r.step = ?1 AND (r.idx, r.n) > (?2, ?3) AND (op.state IS NULL OR op.state IN {GOOD}) \
         ORDER BY r.idx, r.n LIMIT ?4 OFFSET ?5",
    ))?;
    let length = range.end.saturating_sub(range.start);
    let mut rows = statement.query(params![step.0, index, n, to_db(length), to_db(skip)])?;
    let mut found = Vec::new();
    let mut end = None;
    while let Some(row) = rows.next()? {
        found.push(words::map(&row.get::<_, String>(2)?)?);
        end = Some((range.start + found.len() as u64, row.get(0)?, row.get(1)?));
    }
    Ok((found, end))
}

fn item_records(
    connection: &Connection,
    step: StepNo,
    index: u64,
    range: Range<u64>,
) -> Read<Vec<Map<String, Json>>> {
    let mut statement = connection.prepare_cached(
        "SELECT fields FROM result WHERE step = ?1 AND idx = ?2 AND n >= ?3 AND n < ?4 ORDER BY n",
    )?;
    let mut rows = statement.query(params![
        step.0,
        to_db(index),
        to_db(range.start),
        to_db(range.end)
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(words::map(&row.get::<_, String>(0)?)?);
    }
    Ok(found)
}

/// What `select` found for an item, or for all items that went well, joined in their order.
fn selected(connection: &Connection, step: StepNo, item: Option<u64>) -> Read<Option<Json>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT item.selected FROM item LEFT JOIN op ON op.seq = (?1 << 40 | item.idx) \
         WHERE item.step = ?1 AND (?2 IS NULL OR item.idx = ?2) AND item.selected IS NOT NULL \
         AND (op.state IS NULL OR op.state IN {GOOD}) ORDER BY item.idx",
    ))?;
    let mut rows = statement.query(params![step.0, item.map(to_db)])?;
    let mut found: Option<Vec<Json>> = None;
    while let Some(row) = rows.next()? {
        if let Json::Array(list) = words::json(&row.get::<_, String>(0)?)? {
            found.get_or_insert_default().extend(list);
        }
    }
    Ok(found.map(Json::Array))
}

fn tally(connection: &Connection, step: StepNo) -> Read<Tally> {
    let mut statement = connection.prepare_cached(
        "SELECT state, nullif(label, ''), count FROM tally WHERE step = ?1 AND count > 0",
    )?;
    let mut rows = statement.query((step.0,))?;
    let mut counts: BTreeMap<State, u64> = BTreeMap::new();
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        let count = from_db(row.get(2)?);
        *counts
            .entry(words::state(&row.get::<_, String>(0)?)?)
            .or_default() += count;
        if let Some(label) = row.get::<_, Option<String>>(1)? {
            *tally.labels.entry(label).or_default() += count;
        }
    }
    tally.failed = counts.get(&State::Failed).copied().unwrap_or(0);
    tally.outcome = State::worst(counts.keys().copied())
        .unwrap_or(State::Ok)
        .outcome();
    Ok(tally)
}
