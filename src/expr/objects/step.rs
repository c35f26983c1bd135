//! The result of a step.

use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Object;
use serde_json::Value as Json;

use super::Access;
use super::Item;
use super::items::ByKey;
use super::items::Items;
use super::records::RecordPart;
use super::records::Records;
use super::stop;
use crate::expr::results::Effect;
use crate::expr::results::Phase;
use crate::expr::results::Repeat;
use crate::expr::results::StepResult;
use crate::expr::touched::Sought;
use crate::expr::touched::Unknown;
use crate::expr::value::from_json;

#[derive(Debug)]
pub(super) struct Step {
    pub(super) access: Access,
    pub(super) name: String,
    pub(super) step: StepResult,
}

/// Attributes of a step's result; also what `check` knows of.
pub(in crate::expr) const STEP_ATTRIBUTES: &[&str] = &[
    "records", "ids", "first", "id", "count", "selected", "outcome", "failed", "labels", "items",
    "by_key",
];

/// Attributes of an item's result, beside the fields of its record.
pub(in crate::expr) const ITEM_ATTRIBUTES: &[&str] = &[
    "records", "ids", "first", "id", "count", "selected", "outcome", "failed", "labels", "source",
    "key",
];

impl Object for Step {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let step = &self.step;
        if step.phase == Phase::Pending {
            return Some(self.access.unknown(Unknown::Step(step.number)));
        }
        let name = key.as_str()?;
        match name {
            "items" => Some(Value::from_object(Items {
                access: self.access.clone(),
                step: step.number,
                len: step.items,
            })),
            // The key of a read without for_each is of its records, which are there when it is done.
            "by_key" if step.repeat == Repeat::ForEach || step.effect != Effect::Reads => {
                Some(self.by_key())
            }
            _ if !STEP_ATTRIBUTES.contains(&name) => None,
            // The one write of a step without for_each has a result that the plan can predict.
            "id" | "first" | "records" | "ids"
                if step.repeat == Repeat::Once && step.effect == Effect::Writes =>
            {
                let item = Value::from_object(Item {
                    access: self.access.clone(),
                    step: step.number,
                    index: 0,
                });
                match name {
                    "id" => item.get_attr("id").ok(),
                    "first" => Some(item),
                    "records" => Some(Value::from(vec![item])),
                    _ => item.get_attr("id").ok().map(|id| Value::from(vec![id])),
                }
            }
            _ if step.phase == Phase::Open => Some(self.access.unknown(Unknown::Step(step.number))),
            "outcome" | "failed" | "labels" => Some(self.tally(name)),
            _ if step.bad.is_some() => {
                let (operation, label) = step.bad.clone()?;
                self.access
                    .recorder
                    .record()
                    .bad
                    .get_or_insert((operation, label));
                Some(stop("it was built on something that did not succeed"))
            }
            _ => {
                self.access.recorder.record().steps.insert(step.number);
                Some(self.settled(name))
            }
        }
    }
}

impl Step {
    fn settled(&self, name: &str) -> Value {
        let step = &self.step;
        let list = |ids_only| {
            Value::from_object(Records {
                access: self.access.clone(),
                step: step.number,
                item: None,
                len: step.records,
                part: if ids_only {
                    RecordPart::Id
                } else {
                    RecordPart::Whole
                },
            })
        };
        match name {
            "records" => list(false),
            "ids" => list(true),
            "first" | "id" => match self.access.results.records(step.number, 0..1) {
                Err(error) => self.access.broken(&error),
                Ok(found) => {
                    let first = found.into_iter().next().map(Json::Object);
                    match (first, name) {
                        (None, _) => Value::from(Error::new(
                            ErrorKind::UndefinedError,
                            format!("step `{}` has no records", self.name),
                        )),
                        (Some(record), "id") => from_json(&record["id"]),
                        (Some(record), _) => from_json(&record),
                    }
                }
            },
            "count" => Value::from(step.count.unwrap_or(step.records)),
            "selected" => self.access.selected(step.number, None),
            "by_key" => self.by_key(),
            _ => Value::UNDEFINED,
        }
    }

    fn by_key(&self) -> Value {
        Value::from_object(ByKey {
            access: self.access.clone(),
            step: self.step.number,
            name: self.name.clone(),
        })
    }

    fn tally(&self, name: &str) -> Value {
        match self.access.results.tally(self.step.number) {
            Err(error) => self.access.broken(&error),
            Ok(tally) => match name {
                "outcome" => Value::from(tally.outcome),
                "failed" => Value::from(tally.failed),
                _ => Value::from_pairs(tally.labels),
            },
        }
    }
}

/// No record has the value looked for.
pub(in crate::expr) fn missing(step: &Value, field: &str, wanted: &Value) -> Value {
    if let Some(step) = step.downcast_object_ref::<Step>() {
        let sought = Sought::Record {
            field: field.to_owned(),
            value: wanted.to_string(),
        };
        step.access.missing(&step.name, sought);
    }
    stop("no record has this value")
}
