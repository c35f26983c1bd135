//! The names a template may use, and the steps of a playbook.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Object;

use super::Access;
use super::Item;
use super::step::Step;
use crate::expr::dates;
use crate::expr::results::StepNo;

/// The root of an evaluation: the names a template may use.
#[derive(Debug)]
pub(in crate::expr) struct Context {
    pub(in crate::expr) access: Access,
    pub(in crate::expr) vars: Value,
    /// Before the ids of the steps that templates name: empty in the outer playbook.
    pub(in crate::expr) prefix: String,
    pub(in crate::expr) clock: Value,
    pub(in crate::expr) item: Option<(String, Value)>,
    pub(in crate::expr) own: Option<Own>,
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

/// The steps of a playbook, or of one that it includes.
#[derive(Debug)]
pub(in crate::expr) struct Steps {
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
