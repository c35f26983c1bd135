//! How fast the sandbox is without a cost model: it must not be the thing that is measured when sugarmill is.
//!
//! `cargo bench --bench sandbox` prints the entries of `/bulk` a second of two clients, and how that stands to the aim.
//! `cargo bench --bench sandbox -- million` fills a million records and filters them by indexed fields.

use std::error::Error;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use reqwest::Client;
use serde_json::Value;
use serde_json::json;
use sugarmill::sandbox;
use sugarmill::sandbox::Config;
use sugarmill::sandbox::Demo;
use sugarmill::sandbox::Running;

type Failure = Box<dyn Error>;

/// Simple entries a second on two cores, client included.
const AIM: f64 = 20_000.0;

/// A filter by an indexed field.
const AIM_OF_A_FILTER: Duration = Duration::from_millis(10);

struct Site {
    running: Running,
    client: Client,
    token: String,
}

fn main() -> Result<(), Failure> {
    // The provider may be there already; either will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let million = std::env::args().any(|argument| argument == "million");
    runtime.block_on(async {
        let site = Site::start().await?;
        let measured = if million {
            filters(&site).await
        } else {
            rates(&site).await
        };
        site.running.stop().await;
        measured
    })
}

async fn rates(site: &Site) -> Result<(), Failure> {
    let path = |index: usize| format!("/v11_5/Accounts/id-{index}");
    let create = |index: usize| {
        json!({ "url": "/v11_5/Accounts", "method": "POST",
            "data": { "id": format!("id-{index}"), "name": format!("Account {index}"), "industry": "Retail" } })
    };
    let read = |index: usize| json!({ "url": format!("{}?fields=name,industry", path(index)) });
    let read_all = |index: usize| json!({ "url": path(index) });
    let update = |index: usize| json!({ "url": path(index), "method": "PUT", "data": { "industry": "Banking" } });
    let delete = |index: usize| json!({ "url": path(index), "method": "DELETE" });
    report("kind             entries/s   of the aim")?;
    for (name, rate) in [
        ("create", site.rate(create).await?),
        ("read two fields", site.rate(read).await?),
        ("read all fields", site.rate(read_all).await?),
        ("update", site.rate(update).await?),
        ("delete", site.rate(delete).await?),
    ] {
        report(&format!("{name:<16} {rate:>9.0}   {:>9.2}", rate / AIM))?;
    }
    Ok(())
}

async fn filters(site: &Site) -> Result<(), Failure> {
    let begun = Instant::now();
    for bulk in 0..1_000 {
        let requests: Vec<Value> = (bulk * 1_000..(bulk + 1) * 1_000)
            .map(|number| {
                json!({ "url": "/v11_5/Accounts", "method": "POST", "data": {
                    "id": format!("id-{number:07}"), "name": format!("Account {number}"),
                    "industry": format!("I{}", number % 50_000), "parent_id": format!("id-{:07}", number / 100) } })
            })
            .collect();
        site.bulk(&requests).await?;
    }
    report(&format!(
        "a million records written in {:?}",
        begun.elapsed()
    ))?;
    report("filter                                          took   of the aim")?;
    for filter in [
        json!([{ "name": "Account 777777" }]),
        json!([{ "name": { "$starts": "Account 77777" } }]),
        json!([{ "industry": "I77" }]),
        json!([{ "id": { "$gt": "id-0500000" } }]),
        json!([{ "id": { "$in": ["id-0000001", "id-0999999"] } }]),
        json!([{ "members.name": "Account 777777" }]),
        json!([{ "date_modified": { "$gte": "2020-01-01T00:00:00Z" } }]),
    ] {
        let order_by = if filter[0].get("id").is_some() {
            "id:ASC"
        } else {
            ""
        };
        let body = json!({ "filter": filter, "fields": "name", "order_by": order_by });
        let begun = Instant::now();
        site.post("Accounts/filter", &body).await?;
        let took = begun.elapsed();
        let ratio = took.as_secs_f64() / AIM_OF_A_FILTER.as_secs_f64();
        report(&format!(
            "{:<42} {:>9.2?}   {ratio:>9.2}",
            filter.to_string(),
            took
        ))?;
    }
    Ok(())
}

impl Site {
    async fn start() -> Result<Self, Failure> {
        let running = sandbox::start(Config {
            demo: Demo::None,
            ..Config::default()
        })
        .await?;
        let client = Client::builder().no_proxy().build()?;
        let mut site = Self {
            running,
            client,
            token: String::new(),
        };
        let login = json!({ "grant_type": "password", "client_id": "sugar", "client_secret": "",
            "username": site.running.username(), "password": site.running.password(), "platform": "base" });
        let answer: Value = serde_json::from_slice(&site.post("oauth2/token", &login).await?)?;
        let token = answer["access_token"]
            .as_str()
            .ok_or("the login gave no token")?;
        token.clone_into(&mut site.token);
        Ok(site)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>, Failure> {
        let url = format!("{}/rest/v11_5/{path}", self.running.url());
        let answer = self
            .client
            .post(url)
            .header("OAuth-Token", &self.token)
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        if !status.is_success() || bytes.windows(7).any(|word| word == b"\"error\"") {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(bytes.to_vec())
    }

    async fn bulk(&self, requests: &[Value]) -> Result<(), Failure> {
        self.post("bulk", &json!({ "requests": requests })).await?;
        Ok(())
    }

    /// Entries a second of two clients that send bulks of one kind.
    async fn rate(&self, entry: impl Fn(usize) -> Value) -> Result<f64, Failure> {
        const BULKS: usize = 50;
        const ENTRIES: usize = 100;
        let send = async |client: usize| -> Result<(), Failure> {
            for bulk in 0..BULKS {
                let first = (client * BULKS + bulk) * ENTRIES;
                let requests: Vec<Value> = (first..first + ENTRIES).map(&entry).collect();
                self.bulk(&requests).await?;
            }
            Ok(())
        };
        let begun = Instant::now();
        let (one, two) = tokio::join!(send(0), send(1));
        one.and(two)?;
        Ok(f64::from(u32::try_from(2 * BULKS * ENTRIES)?) / begun.elapsed().as_secs_f64())
    }
}

fn report(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
