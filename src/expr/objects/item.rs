//! The result of one item.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;
use serde_json::Value as Json;

use super::Access;
use super::records::RecordPart;
use super::records::Records;
use super::stop;
use crate::expr::results::ItemResult;
use crate::expr::results::ItemSource;
use crate::expr::results::Standing;
use crate::expr::results::StepNo;
use crate::expr::touched::EdgeKind;
use crate::expr::touched::Unknown;
use crate::expr::value::from_json;

#[derive(Debug)]
pub(in crate::expr) struct Item {
    pub(in crate::expr) access: Access,
    pub(in crate::expr) step: StepNo,
    pub(in crate::expr) index: u64,
}

impl Object for Item {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let result = match self.access.results.item(self.step, self.index) {
            Ok(Some(result)) => result,
            Ok(None) => return None,
            Err(error) => return Some(self.access.broken(&error)),
        };
        match name {
            "source" => Some(source(&self.access, result.source)),
            "key" => result.key.as_deref().map(Value::from),
            "outcome" => Some(self.final_only(&result, || Value::from(result.outcome))),
            "failed" => Some(self.final_only(&result, || {
                Value::from(u64::from(result.outcome == "failed"))
            })),
            "labels" => Some(self.final_only(&result, || {
                Value::from_pairs(result.label.iter().map(|label| (label.as_str(), 1)))
            })),
            _ => self.good(&result, name),
        }
    }
}

impl Item {
    /// What became of an item can be read however it went, once it is final.
    fn final_only(&self, result: &ItemResult, value: impl FnOnce() -> Value) -> Value {
        match result.standing {
            Standing::Known | Standing::Bad { .. } => value(),
            Standing::Predicted(seq) | Standing::Waiting(seq) => {
                self.access.unknown(Unknown::Operation(seq))
            }
        }
    }

    fn good(&self, result: &ItemResult, name: &str) -> Option<Value> {
        match &result.standing {
            Standing::Waiting(seq) => Some(self.access.unknown(Unknown::Operation(*seq))),
            Standing::Bad { operation, label } => {
                self.access
                    .recorder
                    .record()
                    .bad
                    .get_or_insert_with(|| (*operation, label.clone()));
                Some(stop("it was built on something that did not succeed"))
            }
            Standing::Predicted(seq) => {
                let kind = if name == "id" {
                    EdgeKind::PredictedId
                } else {
                    EdgeKind::Value
                };
                let known = match name {
                    "first" => Some(from_json(&Json::Object(result.record.clone()))),
                    _ => result.record.get(name).map(from_json),
                };
                match known {
                    Some(value) => {
                        self.access.recorder.record().edge(*seq, kind);
                        Some(value)
                    }
                    None => Some(self.access.unknown(Unknown::Operation(*seq))),
                }
            }
            Standing::Known => match name {
                "records" | "ids" => Some(Value::from_object(Records {
                    access: self.access.clone(),
                    step: self.step,
                    item: Some(self.index),
                    len: result.records,
                    part: if name == "ids" {
                        RecordPart::Id
                    } else {
                        RecordPart::Whole
                    },
                })),
                "first" => (!result.record.is_empty())
                    .then(|| from_json(&Json::Object(result.record.clone()))),
                "count" => Some(Value::from(result.count.unwrap_or(result.records))),
                "selected" => Some(self.access.selected(self.step, Some(self.index))),
                field => result.record.get(field).map(from_json),
            },
        }
    }
}

/// What an item was made from, as a template sees it.
pub(in crate::expr) fn source(access: &Access, source: ItemSource) -> Value {
    match source {
        ItemSource::Value(value) => from_json(&value),
        ItemSource::Item { step, index } => Value::from_object(Item {
            access: access.clone(),
            step,
            index,
        }),
    }
}
