//! Processor time that an apply needs for an operation, run file included, over bare loops that send the same bodies.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use super::Failure;
use super::count32;
use super::report;
use super::shop::Shop;
use super::shop::own_processor_time;
use super::shop::together;

const CREATES: usize = 20_000;

/// Requests under way at once, in all of them.
const SLOTS: usize = 4;

const ROUNDS: usize = 3;

/// What the loop does with an answer.
#[derive(Clone, Copy)]
enum Answers {
    Dropped,
    /// Every entry has a status of its own, so that who does not read it knows nothing.
    Read,
    /// And that each operation is sent, then what became of it, is on disk before it goes on: the least that somebody
    /// needs who may be killed.
    WrittenDown,
}

pub(crate) async fn run() -> Result<(), Failure> {
    report(
        "client, processor time an operation     sugarmill   bare loop   over it (<= 2)   answers read   over it   \
         written down   over it",
    )?;
    let bodies = bodies().await?;
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    let mut read = Vec::new();
    let mut written = Vec::new();
    for _ in 0..ROUNDS {
        let shop = prepared(true).await?;
        ours.push(shop.mill("apply job.run").await?.processor);
        bare.push(sent(&bodies, Answers::Dropped).await?);
        read.push(sent(&bodies, Answers::Read).await?);
        written.push(sent(&bodies, Answers::WrittenDown).await?);
    }
    let each = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6 / f64::from(count32(CREATES))
    };
    let (ours, bare, read, written) = (each(ours), each(bare), each(read), each(written));
    report(&format!(
        "{CREATES} creates in batches of 100         {ours:>7.1} µs {bare:>8.1} µs {:>16.1} {read:>11.1} µs {:>9.1} {written:>11.1} µs {:>9.1}",
        ours / bare,
        ours / read,
        ours / written
    ))
}

/// A plan, ready to be applied to a server in a process of its own, so that its time is not counted.
async fn prepared(is_away: bool) -> Result<Shop, Failure> {
    let shop = match is_away {
        true => Shop::away().await?,
        false => Shop::open(None).await?,
    };
    shop.write(
        "job.yaml",
        &format!(
            "version: 1\nname: load\nidentity: bench\nsettings: {{ concurrency: {SLOTS} }}
limits: {{ max_changes: 1000000 }}\nsteps:
  - id: accounts
    for_each: '{{{{ range({CREATES}) | list }}}}'
    key: '{{{{ item }}}}'
    create: Accounts
    set: {{ name: 'Account {{{{ item }}}}', industry: Retail, website: 'https://example.com/{{{{ item }}}}' }}
"
        ),
    )?;
    shop.mill("plan job.yaml -o job.run").await?;
    Ok(shop)
}

/// A `/bulk` with so many operations.
struct Body {
    text: Vec<u8>,
    operations: Range<usize>,
}

/// What an apply sends, as its server saw it.
async fn bodies() -> Result<Vec<Body>, Failure> {
    let shop = prepared(false).await?;
    let before = shop.log()?.len();
    shop.mill("apply job.run").await?;
    let mut batches: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for line in &shop.log()?[before..] {
        if line["entry"].is_u64() && line["path"] == "/Accounts" {
            let entry = json!({ "url": "/v11_5/Accounts", "method": "POST", "data": line["body"] });
            let request = line["request"].as_u64().ok_or("a line without a request")?;
            batches.entry(request).or_default().push(entry);
        }
    }
    let mut bodies = Vec::new();
    let mut first = 0;
    for requests in batches.into_values() {
        bodies.push(Body {
            operations: first..first + requests.len(),
            text: serde_json::to_vec(&json!({ "requests": requests }))?,
        });
        first += requests.len();
    }
    Ok(bodies)
}

/// Sends all of them to a new server.
async fn sent(bodies: &[Body], answers: Answers) -> Result<Duration, Failure> {
    let shop = &Shop::away().await?;
    let notes = &Notes::new()?;
    let before = own_processor_time()?;
    let shares = (0..SLOTS).map(|slot| async move {
        for body in bodies.iter().skip(slot).step_by(SLOTS) {
            if let Answers::WrittenDown = answers {
                notes.note(&body.operations, "sent")?;
            }
            let answer = shop.bare(body.text.clone()).await?;
            if let Answers::Dropped = answers {
                continue;
            }
            let entries: Vec<Value> = serde_json::from_slice(&answer)?;
            if entries.iter().any(|entry| entry["status"] != 200) {
                return Err("an entry was refused".into());
            }
            if let Answers::WrittenDown = answers {
                notes.note(&body.operations, "ok")?;
            }
        }
        Ok(())
    });
    together(shares).await?;
    Ok(own_processor_time()?.saturating_sub(before))
}

/// A database with a row for each operation and nothing else, as durable as a run file.
struct Notes {
    _folder: TempDir,
    connection: Connection,
}

impl Notes {
    fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let connection = Connection::open(folder.path().join("notes.db"))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(
            "CREATE TABLE operation (id INTEGER PRIMARY KEY, state TEXT NOT NULL)",
        )?;
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1) \
             INSERT INTO operation SELECT i, 'planned' FROM n",
            (i64::try_from(CREATES)?,),
        )?;
        Ok(Self {
            _folder: folder,
            connection,
        })
    }

    /// All operations of a batch.
    fn note(&self, operations: &Range<usize>, state: &str) -> Result<(), Failure> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut update =
            transaction.prepare_cached("UPDATE operation SET state = ?2 WHERE id = ?1")?;
        for operation in operations.clone() {
            update.execute((i64::try_from(operation)?, state))?;
        }
        drop(update);
        Ok(transaction.commit()?)
    }
}
