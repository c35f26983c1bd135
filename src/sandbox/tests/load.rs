//! Requests that ask for much: what is only long is served, what would stop everybody else is refused.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::column;

/// How long anybody may wait behind another's request, with room for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

async fn site() -> Site {
    let site = Site::empty().await;
    site.create("Accounts", json!({ "name": "Beta", "sic_code": "7" }))
        .await;
    site
}

fn repeated(times: usize, condition: impl Fn(usize) -> Value) -> Value {
    (0..times).map(condition).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn filters_may_be_long() {
    let site = site().await;
    let many = |number: usize| number.to_string();
    for (name, filter) in [
        (
            "100,000 values",
            json!([{ "sic_code": { "$in": (0..100_000).map(many).collect::<Vec<_>>() } }]),
        ),
        (
            "numbers among them",
            json!([{ "employees": { "$not_in": (0..100_000).map(many).collect::<Vec<_>>() } }]),
        ),
        (
            "5,000 conditions, all of which hold",
            repeated(
                5_000,
                |number| json!({ "name": { "$not_equals": number.to_string() } }),
            ),
        ),
        (
            "5,000 conditions, one of which holds",
            json!([{ "$or": repeated(5_000, |number| json!({ "sic_code": number.to_string() })) }]),
        ),
        (
            "2,000 tests of a field",
            json!([{ "name": vec!["$not_null"; 2_000] }]),
        ),
        (
            "1,000 looks into other records",
            json!([{ "$or": repeated(999, |number| json!({ "contacts.last_name": number.to_string() }))
                .as_array().unwrap().iter().cloned().chain([json!({ "name": "Beta" })]).collect::<Vec<_>>() }]),
        ),
        (
            "16 links",
            json!([{ "$or": [{ "name": "Beta" }, { format!("{}name", "members.".repeat(16)): "x" }] }]),
        ),
    ] {
        let begun = Instant::now();
        let found = site
            .ok("POST", "Accounts/filter", json!({ "filter": filter }))
            .await;
        assert_eq!(column(&found, "name"), ["Beta"], "{name}");
        assert!(begun.elapsed() < PATIENCE, "{name}: {:?}", begun.elapsed());
    }
    let terms = ["name", "industry:desc", "name:DESC"]
        .repeat(1_000)
        .join(",");
    let ordered = json!({ "order_by": terms });
    assert_eq!(
        column(&site.ok("POST", "Accounts/filter", ordered).await, "name"),
        ["Beta"]
    );
}

#[tokio::test]
async fn filters_that_would_stop_everybody_are_refused() {
    let site = site().await;
    let too_large = (413, "request_too_large".to_owned());
    let invalid = (422, "invalid_parameter".to_owned());
    let deep = |levels: usize| json!([{ format!("{}name", "members.".repeat(levels)): "x" }]);
    for (name, filter, expected) in [
        ("17 links", deep(17), &invalid),
        ("2,000 links", deep(2_000), &invalid),
        ("100,000 links", deep(100_000), &invalid),
        (
            "5,001 conditions",
            repeated(5_001, |_| json!({ "name": "x" })),
            &too_large,
        ),
        (
            "5,001 tests of a field",
            json!([{ "name": vec!["$is_null"; 5_001] }]),
            &too_large,
        ),
        (
            "30,000 looks into other records",
            json!([{ "$or": repeated(30_000, |number| json!({ "contacts.last_name": number.to_string() })) }]),
            &too_large,
        ),
        (
            "1,001 tags",
            json!([{ "$or": repeated(1_001, |_| json!({ "tag": "x" })) }]),
            &too_large,
        ),
    ] {
        let refused = site
            .refused("POST", "Accounts/filter", json!({ "filter": filter }))
            .await;
        assert_eq!(&refused, expected, "{name}");
    }
    let by_get = format!(
        "Accounts/filter?filter[0][{}name]=x",
        "members.".repeat(2_000)
    );
    assert_eq!(site.refused("GET", &by_get, json!(null)).await, invalid);
    let words = format!("Accounts?q={}", "a+".repeat(101));
    assert_eq!(site.refused("GET", &words, json!(null)).await, too_large);
    assert_eq!(site.get("ping").await, "pong");
}

#[tokio::test]
async fn lists_of_linked_records_are_counted() {
    let site = Site::demo().await;
    let link = json!({ "name": "contacts", "fields": ["last_name"], "max_num": 1_000 });
    let few = json!({ "fields": [link], "max_num": 50 });
    let found = site.ok("POST", "Accounts/filter", few).await;
    assert_eq!(found["records"].as_array().unwrap().len(), 50);
    let many = json!({ "fields": vec![link; 1_000], "max_num": 50 });
    assert_eq!(
        site.refused("POST", "Accounts/filter", many).await,
        (413, "request_too_large".into())
    );
    let twice = "globalsearch?q=a&module_list=".to_owned() + &vec!["Leads"; 1_000].join(",");
    let once = site.get("globalsearch?q=a&module_list=Leads").await;
    assert_eq!(site.get(&twice).await["total"], once["total"]);
}
