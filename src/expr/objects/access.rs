//! The way from an object to the results, and the record of what was asked.

use std::sync::Arc;

use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;

use crate::expr::results::Results;
use crate::expr::results::ResultsError;
use crate::expr::results::StepNo;
use crate::expr::scope::Shared;
use crate::expr::touched::Recorder;
use crate::expr::touched::Sought;
use crate::expr::touched::Unknown;
use crate::expr::value::from_json;

/// What every object of one evaluation needs.
#[derive(Debug, Clone)]
pub(in crate::expr) struct Access {
    pub(in crate::expr) results: Arc<dyn Results>,
    pub(in crate::expr) recorder: Arc<Recorder>,
    pub(in crate::expr) shared: Arc<Shared>,
}

impl Access {
    pub(super) fn broken(&self, error: &ResultsError) -> Value {
        self.recorder
            .record()
            .broken
            .get_or_insert_with(|| error.to_string());
        stop("a result could not be read")
    }

    pub(super) fn missing(&self, step: &str, sought: Sought) {
        self.recorder
            .record()
            .missing
            .get_or_insert_with(|| (step.to_owned(), sought));
    }

    pub(super) fn unknown(&self, what: Unknown) -> Value {
        self.recorder.record().unknown.insert(what);
        stop("the value is not known yet")
    }

    pub(super) fn selected(&self, step: StepNo, item: Option<u64>) -> Value {
        match self.results.selected(step, item) {
            Ok(found) => found.as_ref().map_or(Value::UNDEFINED, from_json),
            Err(error) => self.broken(&error),
        }
    }
}

/// An invalid value: the engine stops at it. What it means is in the recorder.
pub(in crate::expr) fn stop(detail: &'static str) -> Value {
    Value::from(Error::new(ErrorKind::InvalidOperation, detail))
}
