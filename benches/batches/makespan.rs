//! The time of an import over the least possible, and beside how others would send it.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::BATCH;
use super::Failure;
use super::count32;
use super::jobs::import;
use super::price::Price;
use super::price::cost;
use super::report;
use super::shop;
use super::shop::Shop;

/// How much faster than the published instance the sandbox is, so that a run takes seconds.
const FASTER: u32 = 10;

pub(crate) async fn run() -> Result<(), Failure> {
    report(&format!(
        "makespan, costs of sugar-2016 divided by {FASTER}   least     took   of the aim (<= 1.10)   one by one   20 x 4   creates, then links"
    ))?;
    for workers in [1, 4, 16] {
        let accounts = 170 * workers;
        let price = Price::measured(FASTER).await?;
        let operations = accounts * 5;
        let work = price.create * 3 * count32(accounts) + price.link * 2 * count32(accounts);
        let requests = price.request * count32(operations.div_ceil(BATCH));
        // The longest chain is an account, a contact and their link, each a request of its own.
        let chain = price.request * 3 + price.create * 2 + price.link;
        let least = ((work + requests) / count32(workers)).max(chain);

        let shop = Shop::open(Some(cost(workers, FASTER))).await?;
        let playbook = format!(
            "version: 1\nname: import\nidentity: bench\nlimits: {{ max_changes: 100000 }}\nsteps:\n{}",
            import(accounts, 2)
        );
        shop.write("job.yaml", &playbook)?;
        shop.mill("plan job.yaml -o job.run").await?;
        let begun = Instant::now();
        shop.mill("apply job.run").await?;
        let took = begun.elapsed();

        let singly = singly(accounts).await?;
        let threads = batched(workers, accounts, 20, 4).await?;
        let levels = batched(workers, accounts, BATCH, 1).await?;
        report(&format!(
            "{workers:>2} workers, {operations:>6} operations                   {least:>7.1?} {took:>8.1?}   {:>20.2}   {:>9.1}x {:>7.1}x {:>21.1}x",
            took.as_secs_f64() / least.as_secs_f64(),
            singly.as_secs_f64() / took.as_secs_f64(),
            threads.as_secs_f64() / took.as_secs_f64(),
            levels.as_secs_f64() / took.as_secs_f64(),
        ))?;
    }
    Ok(())
}

/// As the first script anybody writes: a request for each operation, one behind the other. A twentieth is done, and the
/// time taken twenty times.
async fn singly(accounts: usize) -> Result<Duration, Failure> {
    const PART: usize = 20;
    let shop = Shop::open(Some(cost(1, FASTER))).await?;
    let begun = Instant::now();
    for entry in levels(accounts.div_ceil(PART)).into_iter().flatten() {
        shop.single(&entry).await?;
    }
    Ok(begun.elapsed() * count32(PART))
}

/// All of a level in batches of one size by some threads, then the next level.
async fn batched(
    workers: usize,
    accounts: usize,
    size: usize,
    threads: usize,
) -> Result<Duration, Failure> {
    let shop = Shop::open(Some(cost(workers, FASTER))).await?;
    let begun = Instant::now();
    for level in levels(accounts) {
        let batches: Vec<&[Value]> = level.chunks(size).collect();
        let shares: Vec<Vec<&[Value]>> = (0..threads)
            .map(|thread| {
                batches
                    .iter()
                    .skip(thread)
                    .step_by(threads)
                    .copied()
                    .collect()
            })
            .collect();
        let sends = shares.into_iter().map(|share| async {
            for batch in share {
                shop.bulk(batch).await?;
            }
            Ok::<(), Failure>(())
        });
        shop::together(sends).await?;
    }
    Ok(begun.elapsed())
}

/// The import as others would send it: what is created, then what is linked.
fn levels(accounts: usize) -> [Vec<Value>; 2] {
    let account = |number: usize| {
        shop::post(
            "Accounts",
            json!({ "id": format!("a{number}"), "name": format!("Account {number}") }),
        )
    };
    let contact = |number: usize| {
        shop::post(
            "Contacts",
            json!({ "id": format!("c{number}"), "last_name": format!("Contact {number}") }),
        )
    };
    let link = |number: usize| shop::link(&format!("a{}", number / 2), &format!("c{number}"));
    let creates = (0..accounts).map(account);
    [
        creates.chain((0..accounts * 2).map(contact)).collect(),
        (0..accounts * 2).map(link).collect(),
    ]
}
