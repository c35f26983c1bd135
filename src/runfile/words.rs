//! The words of columns and what stands there as JSON, into our types and back.

use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use crate::expr::EdgeKind;
use crate::expr::Effect;
use crate::expr::Repeat;
use crate::operation::Action;
use crate::operation::State;

/// A part of an operation that is kept as JSON.
pub(super) fn read<T: serde::de::DeserializeOwned>(
    text: Option<String>,
) -> Result<Option<T>, RunFileError> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| RunFileError::inconsistent(format!("an operation does not read: {error}")))
}

pub(super) fn action(text: &str) -> Result<Action, RunFileError> {
    known(Action::parse(text), "action", text)
}

pub(super) fn state(text: &str) -> Result<State, RunFileError> {
    known(State::parse(text), "state", text)
}

pub(super) fn effect(text: &str) -> Result<Effect, RunFileError> {
    known(Effect::parse(text), "effect", text)
}

pub(super) fn repeat(text: &str) -> Result<Repeat, RunFileError> {
    known(Repeat::parse(text), "repetition", text)
}

pub(super) fn edge(text: &str) -> Result<EdgeKind, RunFileError> {
    known(EdgeKind::parse(text), "edge", text)
}

fn known<T>(parsed: Option<T>, what: &str, text: &str) -> Result<T, RunFileError> {
    parsed.ok_or_else(|| RunFileError::inconsistent(format!("there is no {what} `{text}`")))
}

pub(super) fn map(text: &str) -> Result<Map<String, Json>, RunFileError> {
    serde_json::from_str(text)
        .map_err(|error| RunFileError::inconsistent(format!("fields do not read: {error}")))
}

pub(super) fn json(text: &str) -> Result<Json, RunFileError> {
    serde_json::from_str(text)
        .map_err(|error| RunFileError::inconsistent(format!("a value does not read: {error}")))
}

pub(super) fn to_text<T: serde::Serialize>(value: &T) -> Result<String, RunFileError> {
    serde_json::to_string(value).map_err(|error| RunFileError::inconsistent(error.to_string()))
}
