//! What one evaluation may see, and why one gave no value.

use std::sync::Arc;

use jiff::ZonedDateTime;
use minijinja::Value;
use serde_json::Map;
use serde_json::Value as Json;

use super::dates::Moment;
use super::objects;
use super::objects::Access;
use super::objects::Context;
use super::results::ItemSource;
use super::results::Results;
use super::results::Seq;
use super::touched::Recorder;
use super::touched::Touched;
use super::value::from_json;
use crate::diag::Span;
use crate::wire::Label;

/// The same for all evaluations of a run.
#[derive(Debug, Clone)]
pub struct World {
    results: Arc<dyn Results>,
    vars: Value,
    now: ZonedDateTime,
}

/// One item's view of the world. It gathers what its evaluations touch.
#[derive(Debug)]
pub struct Scope {
    pub(super) context: Value,
    access: Access,
}

/// Why an evaluation gave no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    #[error("it needs something that is not known yet")]
    Unknown,
    #[error("it is built on an operation that did not succeed")]
    Bad {
        operation: Seq,
        label: Option<Label>,
    },
    #[error("step `{step}` has no item with the key `{key}`")]
    MissingKey { step: String, key: String },
    #[error("{message}")]
    Template { message: String, span: Option<Span> },
    #[error("the run file could not be read: {0}")]
    Results(String),
}

impl World {
    pub fn new(results: Arc<dyn Results>, vars: &Map<String, Json>, now: ZonedDateTime) -> Self {
        Self {
            results,
            vars: from_json(&Json::Object(vars.clone())),
            now,
        }
    }

    pub fn results(&self) -> &Arc<dyn Results> {
        &self.results
    }

    /// For what a step says once, outside any item.
    pub fn scope(&self) -> Scope {
        self.with(None)
    }

    pub fn item_scope(&self, name: &str, source: ItemSource) -> Scope {
        self.with(Some((name, source)))
    }

    fn with(&self, item: Option<(&str, ItemSource)>) -> Scope {
        let access = Access {
            results: Arc::clone(&self.results),
            recorder: Arc::new(Recorder::default()),
        };
        let item = item.map(|(name, source)| (name.to_owned(), objects::source(&access, source)));
        let context = Context {
            access: access.clone(),
            vars: self.vars.clone(),
            now: Value::from_object(Moment::Instant(self.now.clone())),
            item,
        };
        Scope {
            context: Value::from_object(context),
            access,
        }
    }
}

impl Scope {
    /// What was read since the last call.
    pub fn take_touched(&self) -> Touched {
        self.access.recorder.take()
    }

    /// Says why the engine stopped. What is not known yet outweighs everything: with it, any error may vanish.
    pub(super) fn failure(&self, message: String, span: Option<Span>) -> Failure {
        let touched = self.access.recorder.record();
        if let Some(broken) = &touched.broken {
            return Failure::Results(broken.clone());
        }
        if !touched.unknown.is_empty() {
            return Failure::Unknown;
        }
        if let Some((operation, label)) = &touched.bad {
            return Failure::Bad {
                operation: *operation,
                label: label.clone(),
            };
        }
        if let Some((step, key)) = &touched.missing_key {
            return Failure::MissingKey {
                step: step.clone(),
                key: key.clone(),
            };
        }
        Failure::Template { message, span }
    }

    pub(super) fn is_unknown(&self) -> bool {
        !self.access.recorder.record().unknown.is_empty()
    }
}
