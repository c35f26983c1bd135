//! One HTTP exchange with the sandbox, by hand: what judges the client shares nothing with it.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;

/// Sends a request to `http://…` and gives status and body.
pub(crate) fn call(method: &str, url: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let (host, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    let body = body.to_string();
    let token = token.map_or_else(String::new, |token| format!("OAuth-Token: {token}\r\n"));
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}
