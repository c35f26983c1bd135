//! HTTP requests of five jobs over the fewest that would do.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::BATCH;
use super::Failure;
use super::jobs::Job;
use super::jobs::jobs;
use super::ratio;
use super::report;
use super::shop;
use super::shop::Shop;

pub(crate) async fn run() -> Result<(), Failure> {
    report(
        "requests                    writes   floor   reads   of the aim (<= 1.05)   with 16 slots",
    )?;
    for job in jobs() {
        let one = count(&job, 1).await?;
        let sixteen = count(&job, 16).await?;
        let floor: usize = job.levels.iter().map(|level| level.div_ceil(BATCH)).sum();
        report(&format!(
            "{:<26} {:>7} {floor:>7} {:>7}   {:>20.2}   {:>6} + {}",
            job.name,
            one.0,
            one.1,
            ratio(one.0 + one.1, floor + one.1),
            sixteen.0,
            sixteen.1,
        ))?;
    }
    Ok(())
}

/// HTTP requests that write, and those that do not, of a whole run.
async fn count(job: &Job, slots: usize) -> Result<(usize, usize), Failure> {
    let shop = Shop::open(None).await?;
    stock(&shop).await?;
    let before = shop.log()?.len();
    let settings = format!("settings: {{ batch_size: {BATCH}, concurrency: {slots} }}");
    shop.write("job.yaml", &job.playbook.replace("settings: {}", &settings))?;
    shop.mill("run job.yaml -o job.run --yes").await?;
    let mut writes = BTreeSet::new();
    let mut all = BTreeSet::new();
    for line in &shop.log()?[before..] {
        let number = line["request"].as_u64();
        all.insert(number);
        if is_write(line) {
            writes.insert(number);
        }
    }
    Ok((writes.len(), all.len() - writes.len()))
}

fn is_write(line: &Value) -> bool {
    let path = line["path"].as_str().unwrap_or_default();
    let reads = ["/bulk", "/filter", "/oauth2/token", "/oauth2/logout"];
    line["method"] != "GET" && !reads.iter().any(|read| path.ends_with(read))
}

/// Records for the jobs to work on.
async fn stock(shop: &Shop) -> Result<(), Failure> {
    let many = |module: &str, count: usize, fields: &dyn Fn(usize) -> Value| -> Vec<Value> {
        let entry = |number| shop::post(module, fields(number));
        (0..count).map(entry).collect()
    };
    let mut entries = many("Leads", 10_000, &|number| {
        let status = if number < 600 { "New" } else { "In Process" };
        json!({ "last_name": format!("Lead {number}"), "status": status, "lead_source": "Other",
            "assigned_user_id": "1" })
    });
    entries.extend(many("Contacts", 600, &|number| {
        let title = if number % 2 == 0 { "Kept?" } else { "Double" };
        json!({ "last_name": format!("Contact {}", number / 2), "title": title })
    }));
    for module in ["Accounts", "Cases", "Tasks"] {
        entries.extend(many(
            module,
            300,
            &|number| json!({ "name": format!("{module} {number}"), "assigned_user_id": "1" }),
        ));
    }
    for part in entries.chunks(1_000) {
        shop.bulk(part).await?;
    }
    Ok(())
}
