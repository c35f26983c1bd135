//! What it costs that nobody knows beforehand how an instance will be: the time over what somebody would need who knew.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::BATCH;
use super::Failure;
use super::count32;
use super::price::Price;
use super::price::cost;
use super::report;
use super::shop::Shop;

/// How much faster than the published instance the sandbox is.
const FASTER: u32 = 5;

/// How an instance changes: from so many seconds on it has these workers, and takes so many times as long.
type Weather = &'static [(f64, usize, f64)];

const WEATHERS: [(&str, Weather); 3] = [
    ("nothing changes", &[(0.0, 8, 1.0)]),
    (
        "costs triple for 15 s",
        &[(0.0, 8, 1.0), (12.0, 8, 3.0), (27.0, 8, 1.0)],
    ),
    ("16 workers become 4", &[(0.0, 16, 1.0), (12.0, 4, 1.0)]),
];

pub(crate) async fn run() -> Result<(), Failure> {
    report(&format!(
        "steering, costs of sugar-2016 divided by {FASTER}   creates    least     took   lost (aim <= 15 %)"
    ))?;
    let price = Price::measured(FASTER).await?;
    for (name, weather) in WEATHERS {
        // Who knows the instance has to start and log in all the same.
        let one = took(&weather[..1], 1).await?;
        let start = one.saturating_sub(price.request + price.create);
        // As much work as the instance does until then.
        let creates = done_by(weather, &price, start, 40.0);
        let least = time_for(weather, &price, start, creates);
        let took = took(weather, creates).await?;
        report(&format!(
            "{name:<42} {creates:>9} {least:>8.1?} {took:>8.1?}   {:>6.1} %",
            100.0 * (took.as_secs_f64() / least.as_secs_f64() - 1.0),
        ))?;
    }
    Ok(())
}

/// The creates that would be done by then, with full batches and all workers always busy from the start on.
fn done_by(weather: Weather, price: &Price, start: Duration, seconds: f64) -> usize {
    let each = price.create.as_secs_f64() + price.request.as_secs_f64() / f64::from(count32(BATCH));
    let mut done = 0.0;
    for (place, (from, workers, slower)) in weather.iter().enumerate() {
        let to = weather.get(place + 1).map_or(f64::INFINITY, |next| next.0);
        let lasts = (to.min(seconds) - from.max(start.as_secs_f64())).max(0.0);
        done += lasts * f64::from(count32(*workers)) / (each * slower);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some thousands"
    )]
    let done = done as usize;
    done
}

fn time_for(weather: Weather, price: &Price, start: Duration, creates: usize) -> Duration {
    let mut seconds = 0.0;
    while done_by(weather, price, start, seconds) < creates {
        seconds += 0.01;
    }
    Duration::from_secs_f64(seconds)
}

/// Applies so many creates while the instance changes.
async fn took(weather: Weather, creates: usize) -> Result<Duration, Failure> {
    let (_, workers, _) = weather[0];
    let shop = Shop::open(Some(cost(workers, FASTER))).await?;
    shop.write(
        "job.yaml",
        &format!(
            "version: 1\nname: load\nidentity: bench\nlimits: {{ max_changes: 1000000 }}\nsteps:
  - id: accounts
    for_each: '{{{{ range({creates}) | list }}}}'
    key: '{{{{ item }}}}'
    create: Accounts
    assume: new
    set: {{ name: 'Account {{{{ item }}}}' }}
"
        ),
    )?;
    shop.mill("plan job.yaml -o job.run").await?;
    let begun = Instant::now();
    let changes = async {
        for (from, workers, slower) in &weather[1..] {
            let at = begun + Duration::from_secs_f64(*from);
            tokio::time::sleep_until(at.into()).await;
            shop.administer("cost", &costing(*workers, *slower)).await?;
        }
        // The run ends first.
        std::future::pending::<Result<Duration, Failure>>().await
    };
    let apply = async {
        shop.mill("apply job.run").await?;
        Ok(begun.elapsed())
    };
    tokio::select! {
        took = apply => took,
        failed = changes => failed,
    }
}

fn costing(workers: usize, slower: f64) -> Value {
    let whole = cost(workers, FASTER);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0 * slower;
    json!({ "workers": workers, "request": milliseconds(whole.request), "create": milliseconds(whole.create) })
}
