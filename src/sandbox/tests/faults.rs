//! Misbehaviour on request.

use serde_json::Value;
use serde_json::json;

use super::site::Site;
use super::site::send;
use crate::sandbox::Config;
use crate::sandbox::Demo;
use crate::sandbox::Faults;

async fn fault(site: &Site, text: &str) {
    let url = format!("{}/sandbox/faults", site.running.url());
    let (status, answer) = send(site.client.post(url).json(&json!({ "fault": text }))).await;
    assert_eq!(status, 200, "{answer}");
}

async fn clear(site: &Site) {
    send(
        site.client
            .delete(format!("{}/sandbox/faults", site.running.url())),
    )
    .await;
}

#[tokio::test]
async fn every_label_can_be_provoked() {
    let site = Site::empty().await;
    for label in crate::wire::SugarLabel::ALL {
        fault(
            &site,
            &format!("label:{},times=1,path=/ping", label.as_str()),
        )
        .await;
        let (status, error) = site.refused("GET", "ping", json!(null)).await;
        assert_eq!(error, label.as_str());
        assert_eq!(status, label.status().unwrap_or(500), "{error}");
        assert_eq!(site.get("ping").await, "pong");
    }
}

#[tokio::test]
async fn a_connection_drops_before_or_after_the_write() {
    let site = Site::empty().await;
    for (text, stored) in [
        ("drop_before,method=POST,times=1", 0),
        ("drop_after,method=POST,times=1", 1),
    ] {
        fault(&site, text).await;
        let error = site
            .request("POST", "Accounts")
            .json(&json!({ "name": "A" }))
            .send()
            .await
            .unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(
            site.get("Accounts/count").await["record_count"],
            stored,
            "{text}"
        );
    }
}

/// An answer's body as far as it arrives, and whether that is all of it.
async fn arrived(request: reqwest::RequestBuilder) -> (String, bool) {
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = String::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => body.push_str(std::str::from_utf8(&bytes).unwrap()),
            Ok(None) => return (body, true),
            Err(_) => return (body, false),
        }
    }
}

#[tokio::test]
async fn an_answer_is_cut_in_half() {
    let site = Site::empty().await;
    let (whole, _) = arrived(site.request("GET", "metadata")).await;
    for (path, half) in [("metadata", &whole[..whole.len() / 2]), ("ping", "\"po")] {
        fault(&site, "truncate,times=1").await;
        let (body, complete) = arrived(site.request("GET", path)).await;
        assert!(!complete, "{path}");
        assert!(body == half, "{path}: {}", body.len());
    }
    fault(&site, "truncate,scope=entry,skip=1,times=1").await;
    let entry = json!({ "url": "/v11/Accounts", "method": "POST", "data": {} });
    let body = json!({ "requests": [entry, entry, entry] });
    let (body, complete) = arrived(site.request("POST", "bulk").json(&body)).await;
    assert!(body.starts_with("[{\"contents\":") && !complete, "{body}");
    assert_eq!(
        site.get("Accounts/count").await["record_count"],
        2,
        "the work is done as far as the answer would tell"
    );
}

#[tokio::test]
async fn a_bulk_dies_half_done() {
    let site = Site::empty().await;
    fault(&site, "drop_before,scope=entry,skip=2").await;
    let entry = json!({ "url": "/v11/Accounts", "method": "POST", "data": {} });
    let body = json!({ "requests": [entry, entry, entry, entry] });
    assert!(
        site.request("POST", "bulk")
            .json(&body)
            .send()
            .await
            .is_err()
    );
    clear(&site).await;
    assert_eq!(site.get("Accounts/count").await["record_count"], 2);
}

#[tokio::test]
async fn one_entry_of_a_bulk_is_refused() {
    let site = Site::empty().await;
    fault(
        &site,
        "label:fatal_error,scope=entry,path=/Accounts,skip=1,times=1",
    )
    .await;
    let entry = json!({ "url": "/v11/Accounts", "method": "POST", "data": {} });
    let answer = site
        .ok("POST", "bulk", json!({ "requests": [entry, entry, entry] }))
        .await;
    let statuses: Vec<&Value> = answer
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["status"])
        .collect();
    assert_eq!(statuses, [200, 500, 200]);
}

#[tokio::test]
async fn gateways_and_limits_answer_in_their_own_way() {
    let site = Site::empty().await;
    fault(&site, "html:502,times=1").await;
    let response = site.request("GET", "ping").send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["content-type"]
        ),
        (502, &"text/html".parse().unwrap())
    );
    fault(&site, "status:429:7,times=1").await;
    let response = site.request("GET", "ping").send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (429, &"7".parse().unwrap())
    );
}

#[tokio::test]
async fn others_come_in_between() {
    let site = Site::empty().await;
    let account = site.ok("POST", "Accounts", json!({ "name": "A" })).await;
    let path = format!("Accounts/{}", account["id"].as_str().unwrap());
    fault(&site, "edit:industry:Banking,method=PUT,times=1").await;
    let stamp = account["date_modified"].as_str().unwrap();
    let put = site
        .request("PUT", &path)
        .header("X-Timestamp", stamp)
        .json(&json!({ "name": "B" }));
    assert_eq!(
        send(put).await.0,
        409,
        "the edit is seen even within the same second"
    );
    let now = site.get(&path).await;
    assert_eq!(
        (&now["industry"], &now["modified_user_id"]),
        (&json!("Banking"), &json!("seed_max_id"))
    );

    let hash = site.get("metadata/_hash").await["_hash"].clone();
    fault(&site, "metadata,times=1,path=/ping").await;
    site.get("ping").await;
    assert_ne!(site.get("metadata/_hash").await["_hash"], hash);
    fault(&site, "expire,times=1").await;
    assert_eq!(
        site.refused("GET", "ping", json!(null)).await,
        (401, "invalid_grant".into())
    );
    fault(&site, "logout,times=1").await;
    assert_eq!(
        site.refused("GET", "ping", json!(null)).await,
        (401, "need_login".into())
    );
}

#[tokio::test]
async fn faults_come_by_configuration_and_ids_change_while_it_runs() {
    let faults = Faults {
        rules: vec!["latency:30,path=/ping".parse().unwrap()],
    };
    let site = Site::with(Config {
        demo: Demo::None,
        faults,
        ..Config::default()
    })
    .await;
    let begun = std::time::Instant::now();
    site.get("ping").await;
    assert!(begun.elapsed().as_millis() >= 30);
    let base = format!("{}/sandbox", site.running.url());
    let (_, listed) = send(site.client.get(format!("{base}/faults"))).await;
    assert_eq!(listed["faults"], json!(["latency:30,path=/ping"]));
    send(
        site.client
            .put(format!("{base}/ids"))
            .json(&json!({ "ids": "ignore" })),
    )
    .await;
    assert_ne!(
        site.create("Accounts", json!({ "id": "mine" })).await,
        "mine"
    );
    for (method, path, body) in [
        ("POST", "faults", json!({ "fault": "nonsense" })),
        ("PUT", "ids", json!({})),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(
            send(
                site.client
                    .request(method, format!("{base}/{path}"))
                    .json(&body)
            )
            .await
            .0,
            422
        );
    }
}

#[tokio::test]
async fn what_could_never_strike_is_refused() {
    let site = Site::empty().await;
    for (method, path, body) in [
        ("POST", "faults", json!({ "fault": "expire,method=NOPE" })),
        ("POST", "faults", json!({ "fault": "label::500" })),
        ("POST", "faults", json!({ "fault": "metadata:Nope.x" })),
        ("POST", "faults", json!({ "fault": "metadata:Accounts.x" })),
        ("POST", "faults", json!({ "faults": ["expire", 7] })),
        ("POST", "faults", json!({ "fault": "expire", "faluts": [] })),
        (
            "PUT",
            "roles",
            json!([{ "name": "R", "users": ["nobody"] }]),
        ),
        (
            "PUT",
            "roles",
            json!([{ "name": "R", "modules": { "Nope": {} } }]),
        ),
        (
            "PUT",
            "roles",
            json!([{ "name": "R", "modules": { "Accounts": { "fields": { "nope": "none" } } } }]),
        ),
    ] {
        let url = format!("{}/sandbox/{path}", site.running.url());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let (status, answer) = send(site.client.request(method, url).json(&body)).await;
        assert_eq!(status, 422, "{body}: {answer}");
    }
    let given = Config {
        faults: Faults {
            rules: vec!["metadata:Nope.x".parse().unwrap()],
        },
        ..Config::default()
    };
    let error = crate::sandbox::start(given).await.unwrap_err().to_string();
    assert!(error.contains("Nope.x"), "{error}");
}

#[tokio::test]
async fn the_administrative_calls_answer_what_holds() {
    let site = Site::empty().await;
    for (method, path, body, expected) in [
        (
            "POST",
            "faults",
            json!({ "fault": "latency:1,path=/x", "faults": ["expire,path=/y", "metadata:Accounts.phone_fax,path=/z"] }),
            json!({ "faults": ["latency:1,path=/x", "expire,path=/y", "metadata:Accounts.phone_fax,path=/z"] }),
        ),
        ("DELETE", "faults", json!(null), json!({ "faults": [] })),
        (
            "PUT",
            "ids",
            json!({ "ids": "ignore" }),
            json!({ "ids": "ignore" }),
        ),
        (
            "PUT",
            "roles",
            json!([{ "name": "R", "users": ["jim"] }]),
            json!({ "roles": ["R"] }),
        ),
        (
            "PUT",
            "cost",
            json!({ "create": 3, "workers": 2 }),
            json!({ "cost": { "request": 0.0, "create": 3.0, "update": 0.0, "delete": 0.0, "read": 0.0, "workers": 2 } }),
        ),
    ] {
        let url = format!("{}/sandbox/{path}", site.running.url());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let answer = send(site.client.request(method, url).json(&body)).await;
        assert_eq!(answer, (200, expected), "{path}");
    }
}
