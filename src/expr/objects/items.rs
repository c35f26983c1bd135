//! The results of a step's items, by number and by key.

use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Enumerator;
use minijinja::value::Object;
use minijinja::value::ObjectRepr;
use serde_json::Value as Json;

use super::Access;
use super::Item;
use super::stop;
use crate::expr::results::KeyHit;
use crate::expr::results::StepNo;
use crate::expr::touched::Sought;
use crate::expr::value::from_json;
use crate::expr::value::to_json;

#[derive(Debug)]
pub(super) struct Items {
    pub(super) access: Access,
    pub(super) step: StepNo,
    pub(super) len: u64,
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
pub(super) struct ByKey {
    pub(super) access: Access,
    pub(super) step: StepNo,
    pub(super) name: String,
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
