//! What real clients send and Sugar bears (fact sheet 0).

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::site::Site;
use super::site::send;

#[tokio::test]
async fn urls_come_in_many_spellings() {
    let site = Site::empty().await;
    let base = site.running.url();
    for path in [
        "/rest/v10/ping",
        "/rest/v11/ping/",
        "//rest/v11_24/ping",
        "/rest/v11.17//ping",
        "/rest/v11_5/ping?x[]=1",
    ] {
        let (status, answer) = send(
            site.client
                .get(format!("{base}{path}"))
                .header("OAuth-Token", &site.token),
        )
        .await;
        assert_eq!((status, answer), (200, json!("pong")), "{path}");
    }
    let accept = "application/vnd.sugarcrm.core+json; version=11.1";
    let request = site
        .client
        .get(format!("{base}/rest/ping"))
        .header("OAuth-Token", &site.token);
    assert_eq!(send(request.header("Accept", accept)).await.0, 200);
    let both = site.request("GET", "ping").header("Accept", accept);
    assert_eq!(send(both).await.0, 301, "one place or the other");
}

#[tokio::test]
async fn a_wrong_version_is_a_301_without_location() {
    let site = Site::empty().await;
    for path in ["/rest/v4/ping", "/rest/v99/ping", "/rest/ping"] {
        let request = site.client.get(format!("{}{path}", site.running.url()));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 301);
        assert!(response.headers().get("location").is_none());
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["error"], "incorrect_version");
    }
}

#[tokio::test]
async fn unknown_routes_and_verbs_are_no_method() {
    let site = Site::empty().await;
    for (method, path) in [
        ("DELETE", "Accounts"),
        ("PUT", "ping"),
        ("GET", "Accounts/1/2/3"),
        ("OPTIONS", "Accounts"),
        // Documented for keys of other systems, and for GET, only.
        ("PATCH", "Accounts/1"),
        ("POST", "search"),
    ] {
        let refused = site.refused(method, path, json!(null)).await;
        assert_eq!(refused, (404, "no_method".into()), "{method} {path}");
    }
    assert_eq!(
        site.refused("GET", "Nomodule", json!(null)).await,
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn tokens_are_asked_for_in_forms_and_untyped() {
    let site = Site::empty().await;
    let password = site.running.password();
    let form = [
        ("grant_type", "password"),
        ("username", "admin"),
        ("password", password),
        ("client_id", "sugar"),
        ("platform", ""),
    ];
    let request = site
        .client
        .post(site.url("oauth2/token/"))
        .header("OAuth-Token", "admin");
    assert_eq!(send(request.form(&form)).await.0, 200);
    let body =
        json!({ "grant_type": "password", "username": "admin", "password": password }).to_string();
    assert_eq!(
        send(site.client.post(site.url("oauth2/token")).body(body))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn bodies_on_get_and_broken_bodies() {
    let site = Site::empty().await;
    assert_eq!(
        site.ok("GET", "Accounts", json!({})).await["records"],
        json!([])
    );
    let (status, answer) = send(
        site.request("POST", "Accounts")
            .header("Content-Type", "application/json")
            .body("{broken"),
    )
    .await;
    assert_eq!(
        (status, answer["error"].as_str().unwrap()),
        (422, "invalid_parameter")
    );
    assert_eq!(
        site.refused("POST", "Accounts", json!([1])).await,
        (422, "invalid_parameter".into())
    );
}

#[tokio::test]
async fn http_1_0_gets_a_length_and_no_chunks() {
    let site = Site::empty().await;
    let address = site.running.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "GET /rest/v10/ping HTTP/1.0\r\nOAuth-Token: {}\r\n\r\n",
        site.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let lower = answer.to_ascii_lowercase();
    assert!(lower.starts_with("http/1.0 200"), "{answer}");
    assert!(lower.contains("content-length: 6"), "{answer}");
    assert!(!lower.contains("chunked"), "{answer}");
    assert!(answer.ends_with("\"pong\""), "{answer}");
}

#[tokio::test]
async fn bodies_that_say_nothing_are_refused() {
    let site = Site::empty().await;
    for (kind, body) in [
        ("text/xml", "<a/>"),
        ("text/plain", "name=foo"),
        ("application/octet-stream", "name"),
    ] {
        let request = site
            .request("POST", "Accounts")
            .header("Content-Type", kind);
        let (status, answer) = send(request.body(body)).await;
        assert_eq!(
            (status, answer["error"].as_str().unwrap()),
            (422, "invalid_parameter"),
            "{kind}"
        );
    }
    for body in [
        json!([{ "name": "x" }]),
        json!("x"),
        json!({ "order_by": 7 }),
        json!({ "order_by": ["name"] }),
        json!({ "q": 7 }),
        json!({ "filter_id": {} }),
        json!({ "fields": [{ "name": "contacts", "max_num": "many" }] }),
        json!({ "fields": [{ "name": "contacts", "order_by": 7 }] }),
    ] {
        assert_eq!(
            site.refused("POST", "Accounts/filter", body.clone()).await,
            (422, "invalid_parameter".into()),
            "{body}"
        );
    }
    assert_eq!(site.get("Accounts/count").await["record_count"], 0);
}

#[tokio::test]
async fn a_record_may_be_called_rest() {
    let site = Site::empty().await;
    site.create("Accounts", json!({ "id": "rest" })).await;
    site.get("Accounts/rest").await;
    let requests = json!({ "requests": [{ "url": "/v11_5/Accounts/rest" }, { "url": "v11/Accounts/rest/link/contacts" }] });
    let answers = site.ok("POST", "bulk", requests).await;
    assert_eq!(
        (&answers[0]["contents"]["id"], &answers[1]["status"]),
        (&json!("rest"), &json!(200))
    );
}

/// A form as curl sends it: fields, and a file.
fn form(fields: &[(&str, &str)], file: &str) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        form +=
            &format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    form + &format!(
        "--B\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"f.txt\"\r\n\r\ncontent\r\n--B--\r\n"
    )
}

#[tokio::test]
async fn files_come_in_forms_and_as_they_are() {
    let site = Site::empty().await;
    let note = site.create("Notes", json!({ "name": "N" })).await;
    let path = format!("Notes/{note}/file/filename");
    let multipart = "multipart/form-data; boundary=B";
    let token = ("oauth_token", site.token.as_str());
    let posted = |fields: &[(&str, &str)], file: &str| {
        site.client
            .post(site.url(&path))
            .header("Content-Type", multipart)
            .body(form(fields, file))
    };
    let (status, answer) = send(posted(&[("format", "sugar-html-json"), token], "filename")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["filename"]["name"], "f.txt");
    assert_eq!(send(posted(&[], "filename")).await.0, 401);
    let (status, answer) = send(posted(&[token], "other")).await;
    assert_eq!(
        (status, &answer["error"]),
        (422, &json!("missing_parameter")),
        "the part is named like the field"
    );
    for kind in [None, Some("text/plain"), Some("application/json")] {
        let mut request = site.request("PUT", &path).body("plain text");
        if let Some(kind) = kind {
            request = request.header("Content-Type", kind);
        }
        let (status, answer) = send(request).await;
        assert_eq!(status, 200, "{kind:?}: {answer}");
        let stored = site.request("GET", &path).send().await.unwrap();
        assert_eq!(stored.text().await.unwrap(), "plain text", "{kind:?}");
    }
    let deleted = [token, ("delete_if_fails", "1")];
    assert_eq!(send(posted(&deleted, "other")).await.0, 422);
    let gone = site
        .refused("GET", &format!("Notes/{note}"), json!(null))
        .await;
    assert_eq!(gone.0, 404);
}
