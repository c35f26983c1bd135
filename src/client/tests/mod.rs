//! The client against a server that misbehaves as told.

mod connecting;
mod definitions;
mod faults;
mod probing;
mod sending;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value as Json;
use serde_json::json;

use super::script::Heard;
use super::script::Reply;
use super::script::Script;
use super::script::bulk;
use super::script::refusal;
use super::script::tokens;
use super::*;
use crate::runfile::Permit;
use crate::wire::Fault;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Reaction;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::Sent;
use crate::wire::SugarLabel;
use crate::wire::Write;

const TOKEN: &str = "/rest/v11_5/oauth2/token";
const BULK: &str = "/rest/v11_5/bulk";

fn connection(url: &str) -> Connection {
    let site = Site::parse(url, PlainHttp::LoopbackOnly).unwrap();
    Connection::new(
        site,
        Credentials::Password {
            username: "admin".into(),
            password: SecretString::from("hunter2"),
        },
    )
}

fn reader(script: &Script) -> Reader {
    Reader::new(connection(&script.url)).unwrap()
}

/// A server that grants sessions, numbered from 0, and answers the rest as told.
async fn granting(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Script {
    Script::play(move |heard, before| match heard.path.as_str() {
        TOKEN => tokens(before, 3600),
        _ => answer(heard, before),
    })
    .await
}

/// What one ping met.
async fn met(answer: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Fault {
    let script = granting(answer).await;
    let mut connection = connection(&script.url);
    connection.request_timeout = Duration::from_millis(400);
    let reader = Reader::new(connection).unwrap();
    let mut entries = reader.send(vec![Read::Ping]).await.unwrap();
    entries.remove(0).unwrap_err()
}

fn get(record: &str) -> Read {
    Read::Get {
        module: ModuleName::new("Accounts"),
        record: RecordId::new(record),
        fields: None,
    }
}

fn delete(record: &str) -> Arc<Write> {
    Arc::new(Write::Delete {
        module: ModuleName::new("Accounts"),
        record: RecordId::new(record),
    })
}

fn urls(heard: &Heard) -> Vec<&str> {
    let entries = heard.body["requests"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["url"].as_str().unwrap())
        .collect()
}
