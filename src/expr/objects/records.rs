//! The records of a step or of one of its items, as a list and searched.

use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Enumerator;
use minijinja::value::Object;
use minijinja::value::ObjectRepr;
use serde_json::Map;
use serde_json::Value as Json;

use super::Access;
use crate::expr::results::Hit;
use crate::expr::results::ResultsError;
use crate::expr::results::StepNo;
use crate::expr::value::from_json;

/// Records read at once when a whole list is walked.
const PAGE: u64 = 500;

#[derive(Debug, Clone, Copy)]
pub(super) enum RecordPart {
    Whole,
    Id,
}

/// The records of a step, or of one of its items, read page by page.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) access: Access,
    pub(super) step: StepNo,
    pub(super) item: Option<u64>,
    pub(super) len: u64,
    pub(super) part: RecordPart,
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
pub(in crate::expr) fn find(
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
