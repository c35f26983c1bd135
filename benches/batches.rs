//! What sugarmill makes of an instance's time: requests over the fewest that would do, and time over the least possible.
//!
//! `cargo bench --bench batches` runs everything; with a name behind `--` only that: `requests`, `makespan`, `memory`.
//! `memory` takes the larger number of rows besides, such as `memory 1000000`.

mod shop;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use shop::Shop;
use sugarmill::sandbox::CostModel;

type Failure = Box<dyn Error>;

/// Entries of a batch, which is the limit that the floors are worked out with.
const BATCH: usize = 100;

fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = ["requests", "makespan", "memory"];
    let chosen = |name: &str| {
        arguments.iter().any(|argument| argument == name)
            || !names
                .iter()
                .any(|name| arguments.iter().any(|argument| argument == name))
    };
    let rows = arguments.iter().find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if chosen("requests") {
            requests().await?;
        }
        if chosen("makespan") {
            makespan().await?;
        }
        if chosen("memory") {
            memory(rows.unwrap_or(200_000)).await?;
        }
        Ok(())
    })
}

/// A job, with how many operations it has on each level of dependency.
struct Job {
    name: &'static str,
    playbook: String,
    levels: Vec<usize>,
}

async fn requests() -> Result<(), Failure> {
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

fn jobs() -> Vec<Job> {
    let head = |name: &str| {
        format!(
            "version: 1\nname: {name}\nidentity: bench\nsettings: {{}}\nlimits: {{ max_changes: 100000, max_deletes: 1000 }}\nsteps:\n"
        )
    };
    let owned = |module: &str| {
        let step = module.to_lowercase();
        format!(
            "
  - id: {step}
    filter: {module}
    where: {{ assigned_user_id: '1' }}
  - id: move_{step}
    for_each: '{{{{ steps.{step}.records }}}}'
    update: {module}
    record: '{{{{ item.id }}}}'
    set: {{ assigned_user_id: successor }}
"
        )
    };
    vec![
        Job {
            name: "import",
            playbook: head("import") + &import(500, 2),
            levels: vec![1_500, 1_000],
        },
        Job {
            name: "hand-over",
            playbook: head("hand-over")
                + "
  - id: stale
    filter: Leads
    where: { status: New }
  - id: move
    for_each: '{{ steps.stale.records }}'
    update: Leads
    record: '{{ item.id }}'
    set: { status: Recycled }
  - id: explain
    for_each: '{{ steps.stale.records }}'
    create: Notes
    key: '{{ item.id }}'
    set: { name: Handed over }
  - id: attach
    for_each: '{{ steps.explain.items }}'
    link: Leads
    record: '{{ item.source.id }}'
    through: notes
    to: '{{ item.id }}'
",
            levels: vec![1_200, 600],
        },
        Job {
            name: "de-duplication",
            playbook: head("dedup")
                + "
  - id: doubles
    filter: Contacts
    where: { title: Double }
  - id: kept
    filter: Contacts
    where: { title: Kept? }
  - id: mark
    for_each: '{{ steps.kept.records }}'
    update: Contacts
    record: '{{ item.id }}'
    set: { title: Kept }
  - id: drop
    for_each: '{{ steps.doubles.records }}'
    delete: Contacts
    record: '{{ item.id }}'
",
            levels: vec![600],
        },
        Job {
            name: "picklist of 10,000 records",
            playbook: head("picklist")
                + "
  - id: old
    filter: Leads
    where: { lead_source: Other }
  - id: renamed
    for_each: '{{ steps.old.records }}'
    update: Leads
    record: '{{ item.id }}'
    set: { lead_source: Campaign }
",
            levels: vec![10_000],
        },
        Job {
            name: "leaver's records",
            playbook: head("leaver") + &owned("Accounts") + &owned("Cases") + &owned("Tasks"),
            levels: vec![900],
        },
    ]
}

/// Accounts, contacts and links between them.
fn import(accounts: usize, each: usize) -> String {
    format!(
        "
  - id: accounts
    for_each: '{{{{ range({accounts}) | list }}}}'
    create: Accounts
    key: '{{{{ item }}}}'
    set: {{ name: 'Account {{{{ item }}}}' }}
  - id: contacts
    for_each: '{{{{ range({}) | list }}}}'
    create: Contacts
    key: '{{{{ item }}}}'
    set: {{ last_name: 'Contact {{{{ item }}}}' }}
  - id: links
    for_each: '{{{{ steps.contacts.items }}}}'
    link: Accounts
    record: '{{{{ steps.accounts.by_key[item.source // {each}].id }}}}'
    through: contacts
    to: '{{{{ item.id }}}}'
",
        accounts * each
    )
}

/// How much faster than the published instance the sandbox is, so that a run takes seconds.
const FASTER: u32 = 10;

async fn makespan() -> Result<(), Failure> {
    report(&format!(
        "makespan, costs of sugar-2016 divided by {FASTER}   least     took   of the aim (<= 1.10)   one by one   20 x 4   creates, then links"
    ))?;
    for workers in [1, 4, 16] {
        let accounts = 170 * workers;
        let price = Price::measured().await?;
        let operations = accounts * 5;
        let work = price.create * 3 * count32(accounts) + price.link * 2 * count32(accounts);
        let requests = price.request * count32(operations.div_ceil(BATCH));
        // The longest chain is an account, a contact and their link, each a request of its own.
        let chain = price.request * 3 + price.create * 2 + price.link;
        let least = ((work + requests) / count32(workers)).max(chain);

        let shop = Shop::open(Some(cost(workers))).await?;
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

fn cost(workers: usize) -> CostModel {
    let whole = CostModel::SUGAR_2016;
    CostModel {
        request: whole.request / FASTER,
        create: whole.create / FASTER,
        update: whole.update / FASTER,
        delete: whole.delete / FASTER,
        read: whole.read / FASTER,
        workers,
    }
}

/// What a request and an entry take in truth: timers are no finer than a millisecond.
struct Price {
    request: Duration,
    create: Duration,
    link: Duration,
}

impl Price {
    async fn measured() -> Result<Self, Failure> {
        let shop = Shop::open(Some(cost(1))).await?;
        let timed = async |entries: Vec<Value>| -> Result<Duration, Failure> {
            let begun = Instant::now();
            shop.bulk(&entries).await?;
            Ok(begun.elapsed())
        };
        let create = |number: usize| {
            shop::post(
                "Accounts",
                json!({ "id": format!("a{number}"), "name": "A" }),
            )
        };
        let one = timed(vec![create(0)]).await?;
        let many = timed((1..52).map(create).collect()).await?;
        let each = many.saturating_sub(one) / 50;
        shop.bulk(&[shop::post(
            "Contacts",
            json!({ "id": "c", "last_name": "C" }),
        )])
        .await?;
        let link = |number: usize| shop::link(&format!("a{number}"), "c");
        let links = timed((0..50).map(link).collect()).await?;
        let request = one.saturating_sub(each);
        Ok(Self {
            request,
            create: each,
            link: links.saturating_sub(request) / 50,
        })
    }
}

/// As the first script anybody writes: a request for each operation, one behind the other. A twentieth is done, and the
/// time taken twenty times.
async fn singly(accounts: usize) -> Result<Duration, Failure> {
    const PART: usize = 20;
    let shop = Shop::open(Some(cost(1))).await?;
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
    let shop = Shop::open(Some(cost(workers))).await?;
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

async fn memory(rows: usize) -> Result<(), Failure> {
    report("memory: peak of an import          plan     apply   seconds")?;
    let mut peaks = BTreeMap::new();
    for rows in [rows / 10, rows] {
        let shop = Shop::open(None).await?;
        let mut csv = String::from("code,name\n");
        for row in 0..rows {
            csv.push_str(&format!("A{row},Account {row}\n"));
        }
        shop.write("rows.csv", &csv)?;
        shop.write(
            "job.yaml",
            "version: 1\nname: load\nidentity: bench\nlimits: { max_changes: 10000000 }\nsteps:
  - id: accounts
    for_each: { csv: rows.csv }
    as: row
    key: '{{ row.code }}'
    create: Accounts
    set: { name: '{{ row.name }}' }
",
        )?;
        let begun = Instant::now();
        let plan = shop.mill("plan job.yaml -o job.run").await?;
        let apply = shop.mill("apply job.run").await?;
        peaks.insert(rows, plan.max(apply));
        report(&format!(
            "{rows:>9} rows              {:>6} KiB {:>6} KiB   {:>7.1}",
            plan,
            apply,
            begun.elapsed().as_secs_f64()
        ))?;
    }
    if let (Some(small), Some(large)) = (peaks.values().next(), peaks.values().last()) {
        let (small, large) = (usize::try_from(*small)?, usize::try_from(*large)?);
        report(&format!(
            "of the aim (<= 1.1)          {:>6.2}",
            ratio(large, small)
        ))?;
    }
    Ok(())
}

fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn ratio(one: usize, other: usize) -> f64 {
    f64::from(count32(one)) / f64::from(count32(other.max(1)))
}

fn report(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
