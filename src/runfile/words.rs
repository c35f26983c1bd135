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
    Action::parse(text)
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no action `{text}`")))
}

pub(super) fn state(text: &str) -> Result<State, RunFileError> {
    State::parse(text)
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no state `{text}`")))
}

pub(super) fn effect(text: &str) -> Result<Effect, RunFileError> {
    [Effect::Reads, Effect::Writes, Effect::Calls]
        .into_iter()
        .find(|effect| effect_name(*effect) == text)
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no effect `{text}`")))
}

pub(super) fn repeat(text: &str) -> Result<Repeat, RunFileError> {
    [Repeat::Once, Repeat::ForEach]
        .into_iter()
        .find(|repeat| repeat_name(*repeat) == text)
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no repetition `{text}`")))
}

pub(super) fn edge(text: &str) -> Result<EdgeKind, RunFileError> {
    [EdgeKind::Order, EdgeKind::Value, EdgeKind::PredictedId]
        .into_iter()
        .find(|kind| edge_name(*kind) == text)
        .ok_or_else(|| RunFileError::inconsistent(format!("there is no edge `{text}`")))
}

pub(super) fn map(text: &str) -> Result<Map<String, Json>, RunFileError> {
    serde_json::from_str(text)
        .map_err(|error| RunFileError::inconsistent(format!("fields do not read: {error}")))
}

pub(super) fn json(text: &str) -> Result<Json, RunFileError> {
    serde_json::from_str(text)
        .map_err(|error| RunFileError::inconsistent(format!("a value does not read: {error}")))
}

pub(super) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "reads",
        Effect::Writes => "writes",
        Effect::Calls => "calls",
    }
}

pub(super) fn repeat_name(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Once => "once",
        Repeat::ForEach => "for_each",
    }
}

pub(super) fn edge_name(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Order => "order",
        EdgeKind::Value => "value",
        EdgeKind::PredictedId => "predicted_id",
    }
}

pub(super) fn to_text<T: serde::Serialize>(value: &T) -> Result<String, RunFileError> {
    serde_json::to_string(value).map_err(|error| RunFileError::inconsistent(error.to_string()))
}
