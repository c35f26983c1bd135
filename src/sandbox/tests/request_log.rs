//! The request log: everything that came, without its secrets.

use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::site::Site;
use super::site::send;
use crate::sandbox::Config;
use crate::sandbox::Demo;
use crate::sandbox::Limits;

struct Logged {
    site: Site,
    path: PathBuf,
    _folder: TempDir,
}

impl Logged {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requests.jsonl");
        let site = Site::with(Config {
            demo: Demo::None,
            log: Some(path.clone()),
            limits: Limits {
                body: 1_000,
                ..Limits::default()
            },
            ..Config::default()
        })
        .await;
        Self {
            site,
            path,
            _folder: folder,
        }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Sends bytes as they are, and gives back the status line.
    async fn raw(&self, request: &str) -> String {
        let address = self.site.running.url().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }
}

#[tokio::test]
async fn the_log_tells_what_came() {
    let log = Logged::start().await;
    let site = &log.site;
    let entry =
        json!({ "url": "/v11/Accounts?fields=name", "method": "POST", "data": "{\"name\":\"A\"}" });
    site.ok("POST", "bulk", json!({ "requests": [entry, entry] }))
        .await;
    let lines = log.lines();
    assert_eq!(lines.len(), 4, "{lines:?}");
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

#[tokio::test]
async fn no_secret_stands_in_the_log() {
    let log = Logged::start().await;
    let site = &log.site;
    let password = site.running.password();
    let form = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", password),
        ("client_secret", "secret-1"),
    ];
    let (_, session) = send(site.client.post(site.url("oauth2/token")).form(&form)).await;
    let refresh = session["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let (_, session) = send(site.client.post(site.url("oauth2/token")).form(&form)).await;
    let token = session["access_token"].as_str().unwrap();
    let user = json!({ "user_name": "new", "user_hash": "secret-2" });
    for (method, path, body) in [
        ("GET", "ping".to_owned(), json!(null)),
        (
            "PUT",
            "me/password".to_owned(),
            json!({ "old_password": "secret-3", "new_password": "secret-4" }),
        ),
        ("POST", "Users".to_owned(), user.clone()),
        (
            "POST",
            "Calls".to_owned(),
            json!({ "users": { "create": [user] } }),
        ),
        (
            "POST",
            "bulk".to_owned(),
            json!({ "requests": [{ "url": "/v11/Users", "method": "POST", "data": user.to_string() }] }),
        ),
        ("GET", "Users?x[user_hash]=secret-5".to_owned(), json!(null)),
    ] {
        let joint = if path.contains('?') { '&' } else { '?' };
        let url = site.url(&format!("{path}{joint}oauth_token={token}"));
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        send(site.client.request(method, url).json(&body)).await;
    }
    let text = log.text();
    for secret in [password, refresh, token, "secret-"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(log.lines().len(), 1 + 2 + 6 + 1);
}

#[tokio::test]
async fn what_did_not_arrive_whole_is_logged_too() {
    let log = Logged::start().await;
    let long = json!({ "name": "x".repeat(2_000) });
    let refused = log.site.refused("POST", "Accounts", long).await;
    assert_eq!(refused, (413, "request_too_large".into()));
    let chunked =
        "POST /rest/v11/Leads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx";
    let answer = log.raw(chunked).await;
    assert!(answer.contains("invalid_parameter"), "{answer}");
    log.raw("POST /rest/v11/Cases HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{\"name\"")
        .await;
    log.site.get("ping").await;
    let mut seen: Vec<(u64, String, Value)> = log
        .lines()
        .iter()
        .map(|line| {
            let number = line["request"].as_u64().unwrap();
            let path = line["path"].as_str().unwrap().to_owned();
            (number, path, line["status"].clone())
        })
        .collect();
    seen.sort_by_key(|(number, ..)| *number);
    assert_eq!(
        seen[1..],
        [
            (1, "/rest/v11_5/Accounts".to_owned(), json!(413)),
            (2, "/rest/v11/Leads".to_owned(), json!(422)),
            (3, "/rest/v11/Cases".to_owned(), json!(422)),
            (4, "/ping".to_owned(), json!(200)),
        ]
    );
}
