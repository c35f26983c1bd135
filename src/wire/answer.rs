//! What came back: an answer, or a fault that says what it means for the run.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value as Json;

use super::Label;
use super::LocalLabel;
use super::SugarLabel;

/// A success with its JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Json,
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

/// What a fault means for the run (design, section 8).
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

/// Takes a `/bulk` answer apart. Its own 200 says nothing; every entry has its status (fact sheet 2).
pub fn judge_bulk(body: Json, expected: usize) -> Result<Vec<Result<Answer, Fault>>, Fault> {
    let broken = |detail: String| Fault::NotJson {
        status: 200,
        excerpt: detail,
        retry_after: None,
    };
    let Json::Array(entries) = body else {
        return Err(broken("the answer of /bulk is not a list".into()));
    };
    if entries.len() != expected {
        return Err(broken(format!(
            "/bulk answered {} entries of {expected}",
            entries.len()
        )));
    }
    entries
        .into_iter()
        .map(|mut entry| {
            let status = entry
                .get("status")
                .and_then(number)
                .and_then(|n| u16::try_from(n).ok());
            let Some(status) = status else {
                return Err(broken("an entry of /bulk has no status".into()));
            };
            let contents = entry
                .get_mut("contents")
                .map(Json::take)
                .unwrap_or_default();
            Ok(judge(status, contents, None))
        })
        .collect()
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
        let entries = judge_bulk(body, 3).unwrap();
        assert_eq!(entries[0].as_ref().unwrap().body["id"], "a");
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
        assert!(judge_bulk(json!([]), 1).is_err());
        assert!(judge_bulk(json!({ "a": 1 }), 1).is_err());
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
