//! Why a call was refused, and the error body Sugar sends for it.

use serde_json::json;

use super::answer::Answer;
use crate::wire::SugarLabel;

/// A call that did not work out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Refused by Sugar's rules; the client sees label and message.
    #[error("{label:?}: {message}")]
    Refused { label: SugarLabel, message: String },
    /// The store failed; the client sees `fatal_error`, the log sees the cause.
    #[error("the store failed")]
    Store(#[from] rusqlite::Error),
}

impl Failure {
    pub(crate) fn new(label: SugarLabel, message: impl Into<String>) -> Self {
        Self::Refused {
            label,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(SugarLabel::InvalidParameter, message)
    }

    /// More than the sandbox takes at once; a client may split it.
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(SugarLabel::RequestTooLarge, message)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(
            SugarLabel::MissingParameter,
            format!("Missing parameter: {parameter}"),
        )
    }

    pub(crate) fn no_module(module: &str) -> Self {
        Self::new(
            SugarLabel::NotFound,
            format!("Could not find module: {module}"),
        )
    }

    pub(crate) fn no_record(module: &str, id: &str) -> Self {
        Self::new(
            SugarLabel::NotFound,
            format!("Could not find record: {id} in module: {module}"),
        )
    }

    pub(crate) fn no_link(module: &str, link: &str) -> Self {
        Self::new(
            SugarLabel::NotFound,
            format!("Could not find a relationship named: {link} in module: {module}"),
        )
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(SugarLabel::NotAuthorized, message)
    }

    pub(crate) fn into_answer(self) -> Answer {
        match self {
            Self::Refused { label, message } => refusal(label, &message),
            Self::Store(error) => {
                // SQLite repeats the statement, which may be as long as the request that it came from.
                let error: String = error.to_string().chars().take(500).collect();
                tracing::error!(%error, "the sandbox's store failed");
                refusal(SugarLabel::FatalError, "Unknown Error.")
            }
        }
    }
}

/// The status Sugar sends with a label. The two search labels have no published one; 500 is the sandbox's choice.
pub(crate) fn status(label: SugarLabel) -> u16 {
    label.status().unwrap_or(500)
}

fn refusal(label: SugarLabel, message: &str) -> Answer {
    Answer::json(
        status(label),
        json!({ "error": label.as_str(), "error_message": message }),
    )
}
