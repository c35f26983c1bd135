//! A filter read to its end: time of a page at the end over that of one at the start, and the most memory of who reads.

use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::report;
use super::shop::Shop;

const PLAYBOOK: &str = "version: 1
name: walk
identity: bench
limits: { max_changes: 10 }
steps:
  - { id: before, create: Notes, key: one, set: { name: Before } }
  - id: planned
    filter: Accounts
    where: { industry: Retail }
    fields: [name, industry]
  - id: deferred
    filter: Accounts
    where: { industry: Retail }
    fields: [name, industry]
    depends_on: [before]
  - { id: counted, assert: ['steps.deferred.count == steps.planned.count'] }
  - { id: written, export: '{{ steps.deferred.records }}', to: all.jsonl }
outputs:
  found: '{{ steps.planned.count }}'
";

/// Reads so many records in a plan, and again in an apply, which also exports them.
pub(crate) async fn run(records: usize) -> Result<(), Failure> {
    let shop = Shop::of_accounts(records).await?;
    shop.write("walk.yaml", PLAYBOOK)?;
    report(&format!(
        "walking {records} records   a page at the start    at the end   of the aim (<= 1.1)   peak"
    ))?;
    for (what, line) in [
        ("in a plan", "plan walk.yaml -o walk.run"),
        ("in an apply, with an export", "apply walk.run"),
    ] {
        let before = shop.log()?.len();
        let peak = shop.mill(line).await?.peak;
        let pages = pages(&shop.log()?[before..])?;
        let tenth = (pages.len() / 10).max(1);
        let first = median(&pages[..tenth]);
        let last = median(&pages[pages.len() - tenth..]);
        report(&format!(
            "{what:<28} {first:>14.2?} {last:>14.2?}   {:>19.2}   {peak} KiB",
            last.as_secs_f64() / first.as_secs_f64()
        ))?;
    }
    Ok(())
}

/// From one page to the next, server and client together.
fn pages(log: &[Value]) -> Result<Vec<Duration>, Failure> {
    let mut times: Vec<jiff::Timestamp> = Vec::new();
    for line in log {
        if line["path"] == "/Accounts/filter" {
            times.push(
                line["at"]
                    .as_str()
                    .ok_or("a line without a time")?
                    .parse()?,
            );
        }
    }
    let between = times
        .windows(2)
        .map(|pair| Duration::try_from(pair[1] - pair[0]));
    Ok(between.collect::<Result<_, _>>()?)
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
