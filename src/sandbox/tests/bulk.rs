//! Bulk (fact sheet 2).

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::send;
use crate::sandbox::Config;
use crate::sandbox::CostModel;
use crate::sandbox::Demo;
use crate::sandbox::Limits;

async fn bulk(site: &Site, requests: Value) -> Vec<Value> {
    let answer = site
        .ok("POST", "bulk", json!({ "requests": requests }))
        .await;
    answer.as_array().unwrap().clone()
}

#[tokio::test]
async fn entries_are_served_in_order_and_fail_alone() {
    let site = Site::empty().await;
    let answers = bulk(
        &site,
        json!([
            { "url": "/v10/Accounts", "method": "POST", "data": "{\"id\":\"a1\",\"name\":\"One\"}" },
            { "url": "v11_5/Accounts", "method": "POST", "data": { "id": "a1" } },
            { "url": "/v11.17/Accounts/a1", "method": "PUT", "data": { "name": "Two" } },
            { "url": "/v10/Accounts/a1?fields=name" },
            { "url": "/v10/Accounts/filter", "method": "POST", "data": "{\"filter\":[{\"name\":\"Two\"}]}" },
            { "url": "/v10/bulk", "method": "POST", "data": { "requests": [] } },
            { "url": "/v4/Accounts" },
            { "method": "GET" },
            { "url": "/v10/ping", "headers": ["X-Metadata-Hash: stale"] },
            { "url": "/v10/ping", "headers": { "x-metadata-hash": "stale" } },
            { "url": "/v10/ping", "headers": [] },
            { "url": "/v10/Accounts", "method": "POST", "data": "{broken" },
            { "url": "/v10/oauth2/logout", "method": "POST" },
        ]),
    )
    .await;
    let statuses: Vec<u64> = answers
        .iter()
        .map(|answer| answer["status"].as_u64().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [
            200, 422, 200, 200, 200, 404, 301, 422, 412, 412, 200, 422, 404
        ]
    );
    assert_eq!(answers[3]["contents"]["name"], "Two");
    assert_eq!(answers[4]["contents"]["records"][0]["id"], "a1");
    assert_eq!(answers[5]["contents"]["error"], "no_method");
    assert_eq!(answers[8]["contents"]["error"], "metadata_out_of_date");
    assert_eq!(
        answers[10],
        json!({ "contents": "pong", "headers": [], "status": 200 })
    );
}

#[tokio::test]
async fn a_bulk_needs_a_token_and_requests() {
    let mut site = Site::empty().await;
    assert_eq!(
        site.refused("POST", "bulk", json!({})).await,
        (422, "missing_parameter".into())
    );
    assert_eq!(
        site.ok("POST", "bulk", json!({ "requests": [] })).await,
        json!([])
    );
    site.token = "foreign".into();
    let body = json!({ "requests": [{ "url": "/v10/ping" }] });
    assert_eq!(
        site.refused("POST", "bulk", body).await,
        (401, "need_login".into())
    );
}

#[tokio::test]
async fn too_much_is_refused() {
    let limits = Limits {
        body: 400,
        bulk: 3,
        page: 5,
        ..Limits::default()
    };
    let site = Site::with(Config {
        demo: Demo::None,
        limits,
        ..Config::default()
    })
    .await;
    let requests: Vec<Value> = (0..4).map(|_| json!({ "url": "/v10/ping" })).collect();
    let body = json!({ "requests": requests });
    assert_eq!(
        site.refused("POST", "bulk", body).await,
        (413, "request_too_large".into())
    );
    let body = json!({ "description": "x".repeat(500) });
    assert_eq!(
        site.refused("POST", "Accounts", body).await,
        (413, "request_too_large".into())
    );
    assert_eq!(
        site.get("Users?max_num=1000").await["records"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn the_cost_model_takes_its_time() {
    let cost = CostModel {
        request: Duration::from_millis(50),
        create: Duration::from_millis(30),
        workers: 1,
        ..CostModel::SUGAR_2016
    };
    let site = Site::with(Config {
        demo: Demo::None,
        cost: Some(cost),
        ..Config::default()
    })
    .await;
    let entry = json!({ "url": "/v10/Accounts", "method": "POST", "data": {} });
    let start = Instant::now();
    let requests = json!([entry, entry, entry, entry]);
    tokio::join!(bulk(&site, requests.clone()), bulk(&site, requests));
    let took = start.elapsed();
    assert!(
        took >= Duration::from_millis(340),
        "two bulks one after the other: {took:?}"
    );
}

#[tokio::test]
async fn the_cost_can_change_while_it_runs() {
    let site = Site::empty().await;
    let url = format!("{}/sandbox/cost", site.running.url());
    let set = async |cost: Value| send(site.client.put(&url).json(&cost)).await.0;
    let took = async || {
        let begun = Instant::now();
        site.create("Accounts", json!({ "name": "A" })).await;
        begun.elapsed()
    };
    assert_eq!(set(json!({ "create": 80 })).await, 200);
    let slow = took().await;
    assert!(slow >= Duration::from_millis(80), "{slow:?}");
    // What is not named stays.
    assert_eq!(set(json!({ "request": 40.5, "workers": 2 })).await, 200);
    let slower = took().await;
    assert!(slower >= Duration::from_millis(120), "{slower:?}");
    for wrong in [
        json!({ "create": -1 }),
        json!({ "workers": 0 }),
        json!({ "creates": 1 }),
        json!([]),
    ] {
        assert_eq!(set(wrong.clone()).await, 422, "{wrong}");
    }
}
