//! A sandbox with a client that is logged in.

use std::sync::Once;

use reqwest::Client;
use reqwest::Method;
use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use crate::sandbox::Config;
use crate::sandbox::Demo;
use crate::sandbox::Running;
use crate::sandbox::start;

pub(super) struct Site {
    pub(super) running: Running,
    pub(super) client: Client,
    pub(super) token: String,
}

pub(super) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl Site {
    /// Without demo records.
    pub(super) async fn empty() -> Self {
        Self::with(Config {
            demo: Demo::None,
            ..Config::default()
        })
        .await
    }

    pub(super) async fn demo() -> Self {
        Self::with(Config::default()).await
    }

    pub(super) async fn with(config: Config) -> Self {
        let running = start(config).await.unwrap();
        let mut site = Self {
            running,
            client: client(),
            token: String::new(),
        };
        site.token = site.login("admin").await;
        site
    }

    pub(super) async fn login(&self, user: &str) -> String {
        let (status, answer) = self.login_with(json!({ "username": user })).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn login_with(&self, more: Value) -> (u16, Value) {
        let mut body = json!({
            "grant_type": "password", "client_id": "sugar", "client_secret": "", "username": "admin",
            "password": self.running.password(), "platform": "base",
        });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        send(self.client.post(self.url("oauth2/token")).json(&body)).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/rest/v11_5/{path}", self.running.url())
    }

    pub(super) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, self.url(path))
            .header("OAuth-Token", &self.token)
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        send(self.request(method, path).json(&body)).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, answer) = send(self.request("GET", path)).await;
        assert_eq!(status, 200, "GET {path}: {answer}");
        answer
    }

    /// A call that works out.
    pub(super) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    pub(super) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.call(method, path, body).await;
        (
            status,
            answer["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub(super) async fn create(&self, module: &str, fields: Value) -> String {
        self.ok("POST", module, fields).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub(super) async fn send(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")),
    )
}

/// The ids or names of a list's records.
pub(super) fn column(list: &Value, key: &str) -> Vec<String> {
    list["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record[key].as_str().unwrap_or_default().to_owned())
        .collect()
}
