//! `vars`, `steps` and an item as templates see them. Each access is recorded, and nothing is read before it is asked for.

use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Enumerator;
use minijinja::value::Object;
use minijinja::value::ObjectRepr;
use serde_json::Map;
use serde_json::Value as Json;

use super::dates;
use super::results::Effect;
use super::results::Hit;
use super::results::ItemResult;
use super::results::ItemSource;
use super::results::KeyHit;
use super::results::Phase;
use super::results::Repeat;
use super::results::Results;
use super::results::ResultsError;
use super::results::Standing;
use super::results::StepNo;
use super::results::StepResult;
use super::scope::Shared;
use super::touched::EdgeKind;
use super::touched::Recorder;
use super::touched::Sought;
use super::touched::Unknown;
use super::value::from_json;
use super::value::to_json;

/// Records read at once when a whole list is walked.
const PAGE: u64 = 500;

/// What every object of one evaluation needs.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) results: Arc<dyn Results>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) shared: Arc<Shared>,
}

/// The root of an evaluation: the names a template may use.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) access: Access,
    pub(super) vars: Value,
    /// Before the ids of the steps that templates name: empty in the outer playbook.
    pub(super) prefix: String,
    pub(super) clock: Value,
    pub(super) item: Option<(String, Value)>,
    pub(super) own: Option<Own>,
}

/// The item whose result an expectation is about. There its step's name means that result.
#[derive(Debug, Clone)]
pub struct Own {
    /// The full id of the step.
    pub name: String,
    pub step: StepNo,
    pub index: u64,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        match (name, &self.item) {
            (_, Some((item, value))) if item == name => Some(value.clone()),
            ("vars", _) => Some(self.vars.clone()),
            ("steps", _) => Some(Value::from_object(Steps {
                access: self.access.clone(),
                prefix: self.prefix.clone(),
                own: self.own.clone(),
            })),
            (dates::NOW, _) => Some(self.clock.clone()),
            _ => None,
        }
    }
}

impl Access {
    fn broken(&self, error: &ResultsError) -> Value {
        self.recorder
            .record()
            .broken
            .get_or_insert_with(|| error.to_string());
        stop("a result could not be read")
    }

    fn missing(&self, step: &str, sought: Sought) {
        self.recorder
            .record()
            .missing
            .get_or_insert_with(|| (step.to_owned(), sought));
    }

    fn unknown(&self, what: Unknown) -> Value {
        self.recorder.record().unknown.insert(what);
        stop("the value is not known yet")
    }

    fn selected(&self, step: StepNo, item: Option<u64>) -> Value {
        match self.results.selected(step, item) {
            Ok(found) => found.as_ref().map_or(Value::UNDEFINED, from_json),
            Err(error) => self.broken(&error),
        }
    }
}

/// An invalid value: the engine stops at it. What it means is in the recorder.
pub(super) fn stop(detail: &'static str) -> Value {
    Value::from(Error::new(ErrorKind::InvalidOperation, detail))
}

/// The steps of a playbook, or of one that it includes.
#[derive(Debug)]
pub(super) struct Steps {
    access: Access,
    prefix: String,
    own: Option<Own>,
}

impl Object for Steps {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let access = &self.access;
        let name = format!("{}{}", self.prefix, key.as_str()?);
        if access.shared.includes.contains(&name) {
            return Some(Value::from_object(Self {
                access: access.clone(),
                prefix: format!("{name}."),
                own: self.own.clone(),
            }));
        }
        if let Some(own) = self.own.as_ref().filter(|own| own.name == name) {
            return Some(Value::from_object(Item {
                access: access.clone(),
                step: own.step,
                index: own.index,
            }));
        }
        match access.results.step(&name) {
            Ok(step) => step.map(|step| {
                Value::from_object(Step {
                    access: access.clone(),
                    name,
                    step,
                })
            }),
            Err(error) => Some(access.broken(&error)),
        }
    }
}

#[derive(Debug)]
struct Step {
    access: Access,
    name: String,
    step: StepResult,
}

/// Attributes of a step's result; also what `check` knows of.
pub(super) const STEP_ATTRIBUTES: &[&str] = &[
    "records", "ids", "first", "id", "count", "selected", "outcome", "failed", "labels", "items",
    "by_key",
];

/// Attributes of an item's result, beside the fields of its record.
pub(super) const ITEM_ATTRIBUTES: &[&str] = &[
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

#[derive(Debug, Clone, Copy)]
enum RecordPart {
    Whole,
    Id,
}

/// The records of a step, or of one of its items, read page by page.
#[derive(Debug)]
struct Records {
    access: Access,
    step: StepNo,
    item: Option<u64>,
    len: u64,
    part: RecordPart,
}

impl Records {
    fn page(&self, from: u64, to: u64) -> Result<Vec<Map<String, Json>>, ResultsError> {
        match self.item {
            None => self.access.results.records(self.step, from..to),
            Some(index) => self.access.results.item_records(self.step, index, from..to),
        }
    }

    fn values(&self, from: u64, to: u64) -> Vec<Value> {
        match self.page(from, to) {
            Err(error) => vec![self.access.broken(&error)],
            Ok(records) => records
                .into_iter()
                .map(|record| part(record, self.part))
                .collect(),
        }
    }
}

fn part(record: Map<String, Json>, part: RecordPart) -> Value {
    match part {
        RecordPart::Whole => from_json(&Json::Object(record)),
        RecordPart::Id => record.get("id").map_or(Value::UNDEFINED, from_json),
    }
}

impl Object for Records {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize()? as u64;
        (index < self.len).then(|| self.values(index, index + 1).pop())?
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let this = Arc::clone(self);
        let pages = (0..self.len.div_ceil(PAGE)).flat_map(move |page| {
            let from = page * PAGE;
            this.values(from, (from + PAGE).min(this.len))
        });
        Enumerator::Iter(Box::new(pages))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        usize::try_from(self.len).ok()
    }
}

/// Searches the records of a step for one; nothing where the list is not of that kind.
pub(super) fn find(
    records: &Value,
    field: &str,
    wanted: &Json,
) -> Option<Result<Option<Value>, Error>> {
    let records = records.downcast_object_ref::<Records>()?;
    // Only the records of a whole step are indexed.
    if records.item.is_some() {
        return None;
    }
    let wanted = match wanted {
        Json::String(text) => text.clone(),
        // As SQLite gives them.
        Json::Bool(flag) => u8::from(*flag).to_string(),
        other => other.to_string(),
    };
    let access = &records.access;
    Some(Ok(
        match access.results.find(records.step, field, &wanted) {
            Ok(Hit::One(record)) => Some(from_json(&Json::Object(record))),
            Ok(Hit::None) => None,
            Ok(Hit::Several) => {
                return Some(Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!(
                        "several records have the `{field}` `{wanted}`; which one is meant cannot be told"
                    ),
                )));
            }
            Err(error) => Some(access.broken(&error)),
        },
    ))
}

/// No record has the value looked for.
pub(super) fn missing(step: &Value, field: &str, wanted: &Value) -> Value {
    if let Some(step) = step.downcast_object_ref::<Step>() {
        let sought = Sought::Record {
            field: field.to_owned(),
            value: wanted.to_string(),
        };
        step.access.missing(&step.name, sought);
    }
    stop("no record has this value")
}

#[derive(Debug)]
struct Items {
    access: Access,
    step: StepNo,
    len: u64,
}

impl Object for Items {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize()? as u64;
        (index < self.len).then(|| {
            Value::from_object(Item {
                access: self.access.clone(),
                step: self.step,
                index,
            })
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        usize::try_from(self.len).map_or(Enumerator::NonEnumerable, Enumerator::Seq)
    }
}

#[derive(Debug)]
struct ByKey {
    access: Access,
    step: StepNo,
    name: String,
}

impl Object for ByKey {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = match sought(key) {
            Ok(Some(key)) => key,
            Ok(None) => {
                self.access.missing(&self.name, Sought::Key(None));
                return Some(stop("an empty key is no item's"));
            }
            Err(error) => return Some(Value::from(error)),
        };
        Some(match self.access.results.by_key(self.step, &key) {
            Err(error) => self.access.broken(&error),
            Ok(Some(KeyHit::Item(index))) => Value::from_object(Item {
                access: self.access.clone(),
                step: self.step,
                index,
            }),
            Ok(Some(KeyHit::Record(record))) => from_json(&Json::Object(record)),
            Ok(None) => {
                self.access.missing(&self.name, Sought::Key(Some(key)));
                stop("there is no item with this key")
            }
        })
    }
}

/// A key as items have it; none, where there is nothing to look for.
fn sought(key: &Value) -> Result<Option<String>, Error> {
    match to_json(key)? {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        whole @ (Json::Bool(_) | Json::Number(_)) if !whole.is_f64() => Ok(Some(whole.to_string())),
        other => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("`{other}` is no key: keys are text, whole numbers, true and false"),
        )),
    }
}

/// The result of one item.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) access: Access,
    pub(super) step: StepNo,
    pub(super) index: u64,
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
pub(super) fn source(access: &Access, source: ItemSource) -> Value {
    match source {
        ItemSource::Value(value) => from_json(&value),
        ItemSource::Item { step, index } => Value::from_object(Item {
            access: access.clone(),
            step,
            index,
        }),
    }
}
