//! A server for the tests that answers byte by byte as told, on loopback: what a framework would never send is the point.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value as Json;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What to send back.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Json(u16, Json),
    Text(u16, &'static str),
    /// With headers of its own, each ended by a line break.
    Headed(u16, &'static str, Json),
    /// Byte for byte, head and all.
    Raw(Vec<u8>),
    Late(Duration, Json),
    HangUp,
}

/// What was asked.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) token: Option<String>,
    pub(super) body: Json,
}

pub(super) struct Script {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Script {
    /// `answer` is asked with each request and with how many there were of the same path before it.
    pub(super) async fn play(
        answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::<Heard>::new()));
        let (all, answer) = (Arc::clone(&heard), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = hear(&mut stream).await else {
                        return;
                    };
                    let reply = {
                        let mut all = all.lock().unwrap();
                        let before = all.iter().filter(|one| one.path == request.path).count();
                        all.push(request.clone());
                        answer(&request, before)
                    };
                    say(&mut stream, reply).await;
                });
            }
        });
        Self { url, heard }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn times(&self, path: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|one| one.path.ends_with(path)).count()
    }
}

/// The grant of a session; its tokens carry the number.
pub(super) fn tokens(number: usize, expires_in: u64) -> Reply {
    Reply::Json(
        200,
        json!({
            "access_token": format!("access-{number}"),
            "refresh_token": format!("refresh-{number}"),
            "expires_in": expires_in,
            "token_type": "bearer",
            "scope": null,
        }),
    )
}

pub(super) fn refusal(status: u16, label: &str) -> Reply {
    Reply::Json(
        status,
        json!({ "error": label, "error_message": "said the server" }),
    )
}

/// An answer of `/bulk` from pairs of status and contents.
pub(super) fn bulk(entries: &[(u16, Json)]) -> Reply {
    let entries: Vec<Json> = entries
        .iter()
        .map(|(status, contents)| json!({ "contents": contents, "headers": [], "status": status }))
        .collect();
    Reply::Json(200, entries.into())
}

async fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let header = |name: &str| {
        text.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut line = text.split(' ');
    Some(Heard {
        method: line.next()?.to_owned(),
        path: line.next()?.to_owned(),
        token: header("oauth-token"),
        body: serde_json::from_slice(&bytes[head..]).unwrap_or_default(),
    })
}

async fn say(stream: &mut TcpStream, reply: Reply) {
    let (status, headers, body) = match reply {
        Reply::Json(status, body) => (status, "", body.to_string()),
        Reply::Text(status, text) => (status, "", text.to_owned()),
        Reply::Headed(status, headers, body) => (status, headers, body.to_string()),
        Reply::Raw(bytes) => {
            let _ = stream.write_all(&bytes).await;
            return;
        }
        Reply::Late(wait, body) => {
            tokio::time::sleep(wait).await;
            (200, "", body.to_string())
        }
        Reply::HangUp => return,
    };
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(text.as_bytes()).await;
}
