//! The vars of an included playbook. What its include gives them may come from earlier steps, and is read when it is
//! asked for, in the eyes of the playbook that includes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::Error;
use minijinja::ErrorKind;
use minijinja::Value;
use minijinja::value::Object;
use minijinja::value::ValueKind;
use serde_json::Value as Json;

use super::objects::Access;
use super::objects::stop;
use super::scope::Failure;
use super::scope::Scope;
use super::template::Rendered;
use super::tree::Tree;
use super::value::from_json;
use crate::playbook::IncludedNo;
use crate::playbook::VarKind;

/// What the templates of an included playbook may name.
#[derive(Debug, Clone)]
pub struct IncludedNames {
    /// With its include path: `load.contacts`.
    pub id: String,
    /// The playbook that includes it.
    pub within: Option<IncludedNo>,
    pub vars: BTreeMap<String, IncludedVar>,
}

#[derive(Debug, Clone)]
pub enum IncludedVar {
    Known(Json),
    /// It is built on results.
    Late(LateVar),
}

#[derive(Debug, Clone)]
pub struct LateVar {
    pub value: Tree,
    pub kind: VarKind,
    /// Reads a value as a kind; fails with what is wanted.
    pub read: fn(VarKind, &Json, Option<&TimeZone>) -> Result<Json, &'static str>,
}

#[derive(Debug)]
pub(super) struct IncludedVars {
    access: Access,
    playbook: IncludedNo,
}

impl IncludedVars {
    pub(super) fn new(access: Access, playbook: IncludedNo) -> Self {
        Self { access, playbook }
    }
}

impl Object for IncludedVars {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let names = self.access.shared.included.get(self.playbook.0)?;
        let name = key.as_str()?;
        match names.vars.get(name)? {
            IncludedVar::Known(value) => Some(from_json(value)),
            IncludedVar::Late(late) => {
                let scope = Scope::new(self.access.clone(), names.within, None, None);
                Some(late.eval(name, &scope))
            }
        }
    }
}

impl LateVar {
    /// What it touches is recorded for the evaluation that asks.
    fn eval(&self, name: &str, scope: &Scope) -> Value {
        match self.list(scope).unwrap_or_else(|| self.whole(name, scope)) {
            Ok(value) => value,
            Err(Failure::Template { message, .. } | Failure::Row(message)) => {
                Value::from(Error::new(
                    ErrorKind::InvalidOperation,
                    format!("the var `{name}` cannot be worked out: {message}"),
                ))
            }
            // What it is stands in the record of what was touched.
            Err(
                Failure::Unknown
                | Failure::Bad { .. }
                | Failure::MissingKey { .. }
                | Failure::Results(_),
            ) => stop("the value is not known yet"),
        }
    }

    /// A list of results is handed on as it is: neither copied, nor taken for anything but those results.
    fn list(&self, scope: &Scope) -> Option<Result<Value, Failure>> {
        let template = self
            .value
            .template()
            .filter(|template| template.is_lone())?;
        match template.value(scope) {
            Ok(value) => (self.kind == VarKind::List
                && matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable))
            .then_some(Ok(value)),
            Err(failure) => Some(Err(failure)),
        }
    }

    fn whole(&self, name: &str, scope: &Scope) -> Result<Value, Failure> {
        match self.value.eval(scope)? {
            Rendered::Omit => Ok(Value::from(())),
            Rendered::Value(value) => (self.read)(self.kind, &value, scope.zone())
                .map(|value| from_json(&value))
                .map_err(|wanted| Failure::Template {
                    message: format!("`{name}` is not {wanted}"),
                    span: Some(self.value.span),
                }),
        }
    }
}
