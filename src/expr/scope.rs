//! What one evaluation may see, and why one gave no value.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;
use minijinja::Value;
use serde_json::Map;
use serde_json::Value as Json;

use super::dates::Clock;
use super::included::IncludedNames;
use super::included::IncludedVars;
use super::objects;
use super::objects::Access;
use super::objects::Context;
use super::objects::Own;
use super::results::ItemSource;
use super::results::Results;
use super::results::Seq;
use super::touched::Recorder;
use super::touched::Sought;
use super::touched::Touched;
use super::value::from_json;
use crate::diag::Span;
use crate::playbook::IncludedNo;
use crate::wire::Label;

/// The same for all evaluations of a run.
#[derive(Debug, Clone)]
pub struct World {
    results: Arc<dyn Results>,
    shared: Arc<Shared>,
}

/// What is known before any step runs.
#[derive(Debug)]
pub(super) struct Shared {
    vars: Value,
    clock: Arc<Clock>,
    pub(super) included: Vec<IncludedNames>,
    /// The full ids of includes.
    pub(super) includes: BTreeSet<String>,
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
    #[error("step `{step}` has no {sought}")]
    MissingKey { step: String, sought: Sought },
    #[error("{message}")]
    Template { message: String, span: Option<Span> },
    /// A row of a data file that is none: too many cells, or no JSON.
    #[error("{0}")]
    Row(String),
    #[error("the run file could not be read: {0}")]
    Results(String),
}

impl World {
    pub fn new(results: Arc<dyn Results>, vars: &Map<String, Json>, now: ZonedDateTime) -> Self {
        Self {
            results,
            shared: Arc::new(Shared {
                vars: from_json(&Json::Object(vars.clone())),
                clock: Arc::new(Clock { now, zone: None }),
                included: Vec::new(),
                includes: BTreeSet::new(),
            }),
        }
    }

    /// The same world with the names of included playbooks in it, by their numbers.
    #[must_use]
    pub fn including(self, included: Vec<IncludedNames>) -> Self {
        let shared = Shared {
            vars: self.shared.vars.clone(),
            clock: Arc::clone(&self.shared.clock),
            includes: included.iter().map(|names| names.id.clone()).collect(),
            included,
        };
        Self {
            shared: Arc::new(shared),
            ..self
        }
    }

    /// The same world where times that say no offset are of a zone, if one is set.
    #[must_use]
    pub fn in_zone(self, zone: Option<TimeZone>) -> Self {
        let now = self.shared.clock.now.clone();
        let shared = Shared {
            vars: self.shared.vars.clone(),
            clock: Arc::new(Clock { now, zone }),
            includes: self.shared.includes.clone(),
            included: self.shared.included.clone(),
        };
        Self {
            shared: Arc::new(shared),
            ..self
        }
    }

    pub fn results(&self) -> &Arc<dyn Results> {
        &self.results
    }

    /// For what a step of the outer playbook says once, outside any item.
    pub fn scope(&self) -> Scope {
        self.scope_in(None)
    }

    /// The same for a playbook that may be an included one.
    pub fn scope_in(&self, playbook: Option<IncludedNo>) -> Scope {
        Scope::new(self.access(), playbook, None, None)
    }

    pub fn item_scope_in(
        &self,
        playbook: Option<IncludedNo>,
        name: &str,
        source: ItemSource,
    ) -> Scope {
        let access = self.access();
        let item = (name.to_owned(), objects::source(&access, source));
        Scope::new(access, playbook, Some(item), None)
    }

    /// For what is expected of the result of an item.
    pub fn expectation_scope(
        &self,
        playbook: Option<IncludedNo>,
        name: &str,
        source: ItemSource,
        own: Own,
    ) -> Scope {
        let access = self.access();
        let item = (name.to_owned(), objects::source(&access, source));
        Scope::new(access, playbook, Some(item), Some(own))
    }

    fn access(&self) -> Access {
        Access {
            results: Arc::clone(&self.results),
            recorder: Arc::new(Recorder::default()),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Scope {
    /// What the templates of a playbook may see; what they touch is recorded in `access`.
    pub(super) fn new(
        access: Access,
        playbook: Option<IncludedNo>,
        item: Option<(String, Value)>,
        own: Option<Own>,
    ) -> Self {
        let included =
            playbook.and_then(|number| Some((number, access.shared.included.get(number.0)?)));
        let (vars, prefix) = match included {
            None => (access.shared.vars.clone(), String::new()),
            Some((number, names)) => (
                Value::from_object(IncludedVars::new(access.clone(), number)),
                format!("{}.", names.id),
            ),
        };
        let context = Context {
            access: access.clone(),
            vars,
            prefix,
            clock: Value::from_dyn_object(Arc::clone(&access.shared.clock)),
            item,
            own,
        };
        Self {
            context: Value::from_object(context),
            access,
        }
    }

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
        if let Some((step, sought)) = &touched.missing {
            return Failure::MissingKey {
                step: step.clone(),
                sought: sought.clone(),
            };
        }
        Failure::Template { message, span }
    }

    /// Of times that say no offset, where one is set.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.access.shared.clock.zone.as_ref()
    }

    pub(super) fn is_unknown(&self) -> bool {
        !self.access.recorder.record().unknown.is_empty()
    }
}
