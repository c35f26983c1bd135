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

#[tokio::test]
async fn an_answer_is_cut_in_half() {
    let site = Site::empty().await;
    fault(&site, "truncate,times=1").await;
    let response = site.request("GET", "metadata").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
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
async fn the_log_tells_what_came() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("requests.jsonl");
    let site = Site::with(Config {
        demo: Demo::None,
        log: Some(log.clone()),
        ..Config::default()
    })
    .await;
    let entry =
        json!({ "url": "/v11/Accounts?fields=name", "method": "POST", "data": "{\"name\":\"A\"}" });
    site.ok("POST", "bulk", json!({ "requests": [entry, entry] }))
        .await;
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(!text.contains(site.running.password()));
    assert_eq!(
        (
            &lines[1]["entry"],
            &lines[1]["path"],
            &lines[1]["body"]["name"]
        ),
        (&json!(0), &json!("/Accounts"), &json!("A"))
    );
    assert_eq!(
        (&lines[3]["path"], &lines[3]["status"], &lines[3]["request"]),
        (&json!("/bulk"), &json!(200), &json!(1))
    );
}
