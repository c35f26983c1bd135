//! The sandbox over its front door: its filters, which become SQL there, and whole requests. Whatever they say, the answer
//! is one of Sugar's.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::sync::OnceLock;

use serde_json::Value as Json;
use serde_json::json;
use sugarmill::sandbox::Config;
use sugarmill::sandbox::Running;
use sugarmill::sandbox::start;

struct Site {
    host: String,
    token: String,
    // Serves for as long as they live.
    _server: Running,
    _runtime: tokio::runtime::Runtime,
}

static SITE: OnceLock<Site> = OnceLock::new();

/// The bytes as the filter of a list, if they are JSON.
pub fn sandbox_filter(bytes: &[u8]) {
    let Ok(filter) = serde_json::from_slice::<Json>(bytes) else {
        return;
    };
    let site = SITE.get_or_init(open);
    let body = json!({ "filter": filter, "max_num": 2, "fields": "id" });
    let (status, answer) = call(&site.host, "Accounts/filter", &site.token, &body);
    assert!(matches!(status, 200 | 404 | 422), "{status} {answer}");
}

/// The first line as method, path and query, the rest as the body: whatever they are, the answer is no failure of the
/// server's.
pub fn sandbox_request(bytes: &[u8]) {
    let Some((line, body)) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    let Some((method, path)) = line.split_once(' ') else {
        return;
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    // Two that would end the session or the site under test.
    if !is_plain(method) || !is_plain(path) || method.is_empty() || path.contains("logout") {
        return;
    }
    // The HTTP server hangs up where this follows a line that it cannot read: somebody speaks HTTP/2 to it.
    if body.contains("PRI * HTTP/2.0") {
        return;
    }
    let site = SITE.get_or_init(open);
    let (status, answer) = send(&site.host, method, path, &site.token, body);
    assert!((200..500).contains(&status), "{status} {answer}");
}

fn open() -> Site {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let server = runtime
        .block_on(start(Config::default()))
        .expect("loopback has a port");
    let host = server.url().trim_start_matches("http://").to_owned();
    let login = json!({
        "grant_type": "password", "client_id": "sugar", "client_secret": "", "platform": "base",
        "username": server.username(), "password": server.password(),
    });
    let (_, answer) = call(&host, "oauth2/token", "", &login);
    let token = answer["access_token"].as_str().expect("a login").to_owned();
    Site {
        host,
        token,
        _server: server,
        _runtime: runtime,
    }
}

fn call(host: &str, path: &str, token: &str, body: &Json) -> (u16, Json) {
    send(host, "POST", path, token, &body.to_string())
}

fn send(host: &str, method: &str, path: &str, token: &str, body: &str) -> (u16, Json) {
    let mut stream = TcpStream::connect(host).expect("the sandbox listens");
    let request = format!(
        "{method} /rest/v11_5/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nOAuth-Token: {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // It may answer, and close, before it has read everything.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .expect("it answers to everything");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.expect("a status"),
        serde_json::from_str(body).unwrap_or(Json::Null),
    )
}
