//! What came back: an answer, or a fault that says what it means for the run.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::Body;
use super::Label;
use super::LocalLabel;
use super::SugarLabel;

/// A success with its JSON, which is read, or text still (`Answer<Body>`).
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<B = Json> {
    pub status: u16,
    pub body: B,
}

/// A page of a list, as every list, filter and related call answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    pub records: Vec<Map<String, Json>>,
    /// Where the next page begins; `None` at the end. Never to be guessed from a short page (fact sheet 3).
    pub next_offset: Option<u64>,
}

impl Answer {
    /// Reads `{"next_offset": n, "records": [...]}`; `None` when the answer has another shape.
    pub fn records(self) -> Option<Records> {
        let Json::Object(mut body) = self.body else {
            return None;
        };
        let Some(Json::Array(records)) = body.remove("records") else {
            return None;
        };
        let next_offset = body
            .get("next_offset")
            .and_then(number)
            .and_then(|n| u64::try_from(n).ok());
        let records = records
            .into_iter()
            .map(|record| match record {
                Json::Object(map) => Some(map),
                _ => None,
            })
            .collect::<Option<_>>()?;
        Some(Records {
            records,
            next_offset,
        })
    }

    /// Reads `{"record_count": n}`; Sugar prints numbers as text now and then.
    pub fn count(&self) -> Option<u64> {
        self.body
            .get("record_count")
            .and_then(number)
            .and_then(|n| u64::try_from(n).ok())
    }
}

fn number(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Why a request brought no answer, as far as it can be told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    #[error("{message}")]
    Refused {
        status: u16,
        label: Label,
        message: String,
        retry_after: Option<Duration>,
    },
    #[error("HTTP {status} with an answer that cannot be read: {excerpt}")]
    NotJson {
        status: u16,
        excerpt: String,
        retry_after: Option<Duration>,
    },
    #[error("{detail}")]
    Network { sent: Sent, detail: String },
    #[error("no answer within {} s", after.as_secs())]
    Timeout { after: Duration },
}

/// Whether a request can have reached the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    No,
    Perhaps,
}

/// What a fault means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Refresh or log in, once for everybody, and repeat.
    Login,
    /// This operation failed; `on_error` decides.
    Fail,
    /// Read again and judge by the rule of drift.
    Reread,
    /// Fetch the metadata and check again.
    Metadata,
    /// Send less at once.
    Split,
    /// Repeat what is safe to repeat, later.
    Repeat,
    /// Nothing can be done from here.
    Stop,
}

impl Fault {
    pub fn label(&self) -> Label {
        match self {
            Self::Refused { label, .. } => label.clone(),
            Self::NotJson { .. } => LocalLabel::NotJson.into(),
            Self::Network { .. } => LocalLabel::Network.into(),
            Self::Timeout { .. } => LocalLabel::Timeout.into(),
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::NotJson { status, .. } => Some(*status),
            Self::Network { .. } | Self::Timeout { .. } => None,
        }
    }

    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::NotJson { retry_after, .. } => *retry_after,
            Self::Network { .. } | Self::Timeout { .. } => None,
        }
    }

    pub fn reaction(&self) -> Reaction {
        match self {
            Self::Refused {
                label: Label::Sugar(label),
                ..
            } => of_label(*label),
            Self::Refused { status, .. } => of_status(*status).unwrap_or(Reaction::Fail),
            Self::NotJson { status, .. } => match of_status(*status) {
                Some(Reaction::Split) => Reaction::Split,
                _ => Reaction::Repeat,
            },
            Self::Network { .. } | Self::Timeout { .. } => Reaction::Repeat,
        }
    }

    /// Whether the write can have happened although no proper answer came.
    pub fn may_have_happened(&self) -> bool {
        match self {
            // Turned away at the door: too many requests, or no service.
            Self::Refused {
                status: 429 | 503, ..
            } => false,
            Self::Refused { .. } => self.reaction() == Reaction::Repeat,
            Self::NotJson { status, .. } => !matches!(status, 401 | 403 | 404 | 413 | 429 | 503),
            Self::Network { sent, .. } => *sent == Sent::Perhaps,
            Self::Timeout { .. } => true,
        }
    }
}

fn of_label(label: SugarLabel) -> Reaction {
    match label {
        SugarLabel::NeedLogin | SugarLabel::InvalidGrant => Reaction::Login,
        SugarLabel::NotAuthorized
        | SugarLabel::InactivePortalUser
        | SugarLabel::PortalNotConfigured
        | SugarLabel::NotFound
        | SugarLabel::NoMethod
        | SugarLabel::MissingParameter
        | SugarLabel::InvalidParameter
        | SugarLabel::SearchRuntime => Reaction::Fail,
        SugarLabel::EditConflict => Reaction::Reread,
        SugarLabel::MetadataOutOfDate => Reaction::Metadata,
        SugarLabel::RequestTooLarge => Reaction::Split,
        SugarLabel::FatalError
        | SugarLabel::RequestFailure
        | SugarLabel::BadGateway
        | SugarLabel::SearchUnavailable
        | SugarLabel::Maintenance
        | SugarLabel::ServiceUnavailable => Reaction::Repeat,
        SugarLabel::IncorrectVersion | SugarLabel::ClientOutdated => Reaction::Stop,
    }
}

fn of_status(status: u16) -> Option<Reaction> {
    match status {
        401 => Some(Reaction::Login),
        413 => Some(Reaction::Split),
        429 | 500..=599 => Some(Reaction::Repeat),
        _ => None,
    }
}

/// Judges one answer, of a single request or of an entry inside `/bulk`.
pub fn judge(status: u16, body: Json, retry_after: Option<Duration>) -> Result<Answer, Fault> {
    let refused = body.get("error").is_some_and(Json::is_string) && status != 200;
    if (200..300).contains(&status) && !refused {
        return Ok(Answer { status, body });
    }
    let Some(label) = body.get("error").and_then(Json::as_str) else {
        return Err(match body {
            Json::Object(_) | Json::Array(_) | Json::Null => Fault::Refused {
                status,
                label: LocalLabel::Http.into(),
                message: format!("HTTP {status} without a Sugar label"),
                retry_after,
            },
            other => Fault::NotJson {
                status,
                excerpt: excerpt(&other.to_string()),
                retry_after,
            },
        });
    };
    let message = match body.get("error_message") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Object(fields)) => by_field(fields),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Err(Fault::Refused {
        status,
        label: Label::parse(label),
        message,
        retry_after,
    })
}

/// `error_message` may be a map from field to a message or a list of them (fact sheet 6).
fn by_field(fields: &Map<String, Json>) -> String {
    let said = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Array(list) => list
            .iter()
            .map(|item| {
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            })
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    };
    fields
        .iter()
        .map(|(field, value)| format!("{field}: {}", said(value)))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Answer<Body> {
    /// With its contents read.
    pub fn read(self) -> Result<Answer, Fault> {
        let status = self.status;
        match self.body.shown().json() {
            Some(body) => Ok(Answer { status, body }),
            None => Err(broken(
                status,
                "JSON with a text or a number that breaks its rules",
            )),
        }
    }
}

/// What a `/bulk` answers: entries whose contents are text still.
#[derive(Debug)]
pub struct BulkAnswer(Vec<BulkEntry>);

#[derive(Debug)]
struct BulkEntry {
    status: Json,
    contents: Option<Body>,
}

/// An entry as it is written.
#[derive(Deserialize)]
struct WrittenEntry<'a> {
    #[serde(default)]
    status: Json,
    #[serde(borrow, default)]
    contents: Option<&'a RawValue>,
}

impl BulkAnswer {
    /// Gives the text back where it is no list of entries.
    pub fn read(text: String) -> Result<Self, String> {
        let whole = Arc::new(text);
        let Ok(entries) = serde_json::from_str::<Vec<WrittenEntry<'_>>>(&whole) else {
            return Err(Arc::unwrap_or_clone(whole));
        };
        let body = |written: &str| {
            let from = written.as_ptr().addr() - whole.as_ptr().addr();
            Body::part(&whole, from..from + written.len())
        };
        let entries = entries.into_iter().map(|entry| BulkEntry {
            status: entry.status,
            contents: entry.contents.map(RawValue::get).map(body),
        });
        Ok(Self(entries.collect()))
    }

    pub fn of_json(body: Json) -> Result<Self, Fault> {
        let Json::Array(entries) = body else {
            return Err(broken(200, "the answer of /bulk is not a list"));
        };
        let entries = entries.into_iter().map(|mut entry| BulkEntry {
            contents: entry.get_mut("contents").map(|body| body.take().into()),
            status: entry.get_mut("status").map(Json::take).unwrap_or_default(),
        });
        Ok(Self(entries.collect()))
    }

    /// Takes it apart. Its own 200 says nothing; every entry has its status (fact sheet 2).
    pub fn judge(self, expected: usize) -> Result<Vec<Result<Answer<Body>, Fault>>, Fault> {
        let Self(entries) = self;
        if entries.len() != expected {
            let detail = format!("/bulk answered {} entries of {expected}", entries.len());
            return Err(broken(200, &detail));
        }
        entries.into_iter().map(BulkEntry::judge).collect()
    }
}

impl BulkEntry {
    fn judge(self) -> Result<Result<Answer<Body>, Fault>, Fault> {
        let status = number(&self.status).and_then(|n| u16::try_from(n).ok());
        let Some(status) = status else {
            return Err(broken(200, "an entry of /bulk has no status"));
        };
        let body = self.contents.unwrap_or_else(|| Json::Null.into());
        // What a 200 holds is for whoever asked.
        if status == 200 {
            return Ok(Ok(Answer { status, body }));
        }
        let answer = Answer { status, body };
        let judged = answer.clone().read();
        Ok(judged
            .and_then(|read| judge(status, read.body, None))
            .map(|_| answer))
    }
}

fn broken(status: u16, detail: &str) -> Fault {
    Fault::NotJson {
        status,
        excerpt: detail.to_owned(),
        retry_after: None,
    }
}

/// The beginning of a foreign text, on one line.
pub fn excerpt(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(120) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bulk_answer_is_judged_entry_by_entry() {
        let body = json!([
            { "contents": { "id": "a" }, "headers": [], "status": 200 },
            { "contents": { "error": "not_found", "error_message": "no" }, "headers": [], "status": 404 },
            { "contents": "<html>", "headers": {}, "status": "502" },
        ]);
        let entries = BulkAnswer::of_json(body).unwrap().judge(3).unwrap();
        let first = entries[0].clone().unwrap().read().unwrap();
        assert_eq!(first.body["id"], "a");
        let refused = entries[1].as_ref().unwrap_err();
        assert_eq!(
            (refused.label().as_str(), refused.reaction()),
            ("not_found", Reaction::Fail)
        );
        assert_eq!(
            entries[2].as_ref().unwrap_err().reaction(),
            Reaction::Repeat
        );
    }

    #[test]
    fn a_short_bulk_answer_is_a_fault() {
        let short = |text: &str| {
            let of_json = || BulkAnswer::of_json(serde_json::from_str(text).unwrap());
            let answer = BulkAnswer::read(text.to_owned()).or_else(|_| of_json());
            answer.and_then(|answer| answer.judge(1)).is_err()
        };
        assert!(short("[]"));
        assert!(short(r#"{ "a": 1 }"#));
        assert!(short(r#"["a"]"#));
        assert!(short(r#"[{ "contents": 1 }]"#));
    }

    #[test]
    fn a_message_may_be_a_map_of_fields() {
        let body = json!({ "error": "invalid_parameter", "error_message": { "name": ["too long", "odd"], "x": "no" } });
        assert_eq!(
            judge(422, body, None).unwrap_err().to_string(),
            "name: too long, odd; x: no"
        );
    }

    #[test]
    fn counts_come_as_numbers_or_text() {
        let of = |body| Answer { status: 200, body }.count();
        assert_eq!(of(json!({ "record_count": 3 })), Some(3));
        assert_eq!(of(json!({ "record_count": "12" })), Some(12));
        assert_eq!(of(json!({})), None);
    }
}
