//! How fast the sandbox is. Run by hand: `cargo test --release --lib sandbox::tests::speed -- --ignored --nocapture`.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use crate::sandbox::Config;
use crate::sandbox::Demo;

/// Entries a second of two clients that send bulks of one kind.
async fn rate(site: &Site, entries: impl Fn(usize) -> Value) -> f64 {
    const BULKS: usize = 50;
    const ENTRIES: usize = 100;
    let send = |client: usize| {
        let entries = &entries;
        async move {
            for bulk in 0..BULKS {
                let first = (client * BULKS + bulk) * ENTRIES;
                let requests: Vec<Value> = (first..first + ENTRIES).map(entries).collect();
                let request = site
                    .request("POST", "bulk")
                    .json(&json!({ "requests": requests }));
                let bytes = request.send().await.unwrap().bytes().await.unwrap();
                assert!(
                    !bytes.windows(7).any(|word| word == b"\"error\""),
                    "{bytes:?}"
                );
            }
        }
    };
    let begun = Instant::now();
    tokio::join!(send(0), send(1));
    let sent = u32::try_from(2 * BULKS * ENTRIES).unwrap();
    f64::from(sent) / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; meaningful in a release build only"]
async fn bulk_entries_a_second() {
    let site = Site::empty().await;
    let create = |index: usize| {
        json!({ "url": "/v11_5/Accounts", "method": "POST",
            "data": { "id": format!("id-{index}"), "name": format!("Account {index}"), "industry": "Retail" } })
    };
    let read =
        |index: usize| json!({ "url": format!("/v11_5/Accounts/id-{index}?fields=name,industry") });
    let read_all = |index: usize| json!({ "url": format!("/v11_5/Accounts/id-{index}") });
    let update = |index: usize| json!({ "url": format!("/v11_5/Accounts/id-{index}"), "method": "PUT", "data": { "industry": "Banking" } });
    let delete =
        |index: usize| json!({ "url": format!("/v11_5/Accounts/id-{index}"), "method": "DELETE" });
    for (name, rate) in [
        ("create", rate(&site, create).await),
        ("read two fields", rate(&site, read).await),
        ("read all fields", rate(&site, read_all).await),
        ("update", rate(&site, update).await),
        ("delete", rate(&site, delete).await),
    ] {
        report(&format!("{name}: {rate:.0} entries a second"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "fills a million records"]
async fn a_million_records_filter_by_index() {
    let site = Site::with(Config {
        demo: Demo::None,
        ..Config::default()
    })
    .await;
    let begun = Instant::now();
    for bulk in 0..1_000 {
        let requests: Vec<Value> = (0..1_000)
            .map(|entry| {
                let number = bulk * 1_000 + entry;
                json!({ "url": "/v11_5/Accounts", "method": "POST", "data": { "id": format!("id-{number:07}"),
                    "name": format!("Account {number}"), "industry": format!("I{}", number % 50_000),
                    "email1": format!("a{number}@example.com"),
                    "parent_id": format!("id-{:07}", number / 100) } })
            })
            .collect();
        site.ok("POST", "bulk", json!({ "requests": requests }))
            .await;
    }
    report(&format!("a million records in {:?}", begun.elapsed()));
    for filter in [
        json!([{ "name": "Account 777777" }]),
        json!([{ "name": { "$starts": "Account 77777" } }]),
        json!([{ "industry": "I77" }]),
        json!([{ "id": { "$gt": "id-0500000" } }]),
        json!([{ "id": { "$in": ["id-0000001", "id-0999999"] } }]),
        json!([{ "parent_name": "Account 77" }]),
        json!([{ "members.name": "Account 777777" }]),
        json!([{ "email": "a777777@example.com" }]),
        json!([{ "date_modified": { "$gte": "2020-01-01T00:00:00Z" } }]),
    ] {
        let order = if filter[0].get("id").is_some() {
            "id:ASC"
        } else {
            ""
        };
        let body = json!({ "filter": filter, "fields": "name", "order_by": order });
        let begun = Instant::now();
        let found = site.ok("POST", "Accounts/filter", body).await;
        let took = begun.elapsed();
        report(&format!(
            "{filter}: {} records in {took:?}",
            found["records"].as_array().unwrap().len()
        ));
        assert!(took < Duration::from_millis(100), "{filter} took {took:?}");
    }
}

/// The measurements go to the terminal, which is what this file is for.
fn report(line: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}").unwrap();
}
