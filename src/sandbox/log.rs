//! The request log: one line of JSON for each request, and one for each entry of a bulk.

use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use super::call::Call;

/// What the log keeps of a call before it is served.
#[derive(Debug)]
pub(crate) struct Seen {
    method: String,
    path: String,
    query: Value,
    body: Value,
}

impl Seen {
    /// Without secrets, and of a bulk without the entries, which have lines of their own.
    pub(crate) fn of(call: &Call) -> Self {
        let mut body = call.body.clone();
        if let Value::Object(map) = &mut body
            && let Some(requests) = map.get_mut("requests")
        {
            *requests = MASK.into();
        }
        mask(&mut body);
        // A form's fields stand among the query's parameters too.
        let mut query = Value::Object(call.query.clone());
        mask(&mut query);
        Self {
            method: call.method.to_string(),
            path: format!("/{}", call.segments.join("/")),
            query,
            body,
        }
    }
}

impl Seen {
    /// Of a request that could not be decoded.
    pub(crate) fn unreadable(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: target.split('?').next().unwrap_or_default().to_owned(),
            query: Value::Null,
            body: Value::Null,
        }
    }
}

const MASK: &str = "***";

/// What nobody may read in a log, wherever it stands in a request.
const SECRETS: [&str; 9] = [
    "password",
    "old_password",
    "new_password",
    "user_hash",
    "client_secret",
    "access_token",
    "refresh_token",
    "download_token",
    "oauth_token",
];

fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if SECRETS
                    .iter()
                    .any(|secret| key.eq_ignore_ascii_case(secret))
                {
                    *inner = MASK.into();
                } else {
                    mask(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// How a line ends: with a status, or with none where the connection was broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) status: Option<u16>,
    pub(crate) took: Duration,
}

pub(crate) struct Log {
    file: Mutex<BufWriter<fs_err::File>>,
}

impl Log {
    /// Appends to the file, so that a log spans restarts.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        Ok(Self {
            file: Mutex::new(BufWriter::new(file)),
        })
    }

    /// Writes a line: `entry` counts within a bulk.
    pub(crate) fn write(&self, request: u64, entry: Option<usize>, seen: &Seen, outcome: Outcome) {
        let line = json!({
            "at": Timestamp::now().to_string(),
            "request": request,
            "entry": entry,
            "method": seen.method,
            "path": seen.path,
            "query": seen.query,
            "body": seen.body,
            "status": outcome.status,
            "ms": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{line}") {
            tracing::warn!(%error, "the request log cannot be written");
        }
    }

    /// Brings the lines of a request onto the disk before its answer leaves.
    pub(crate) fn flush(&self) {
        if let Err(error) = self
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
        {
            tracing::warn!(%error, "the request log cannot be written");
        }
    }
}
