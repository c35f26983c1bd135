//! One item of a step into what is to be done for it.

use jiff::tz::TimeZone;
use serde_json::Map;
use serde_json::Value as Json;

use super::draft::Draft;
use super::ending::Stop;
use super::opening::Opening;
use super::reads;
use super::reads::ReadPlan;
use super::values::Judge;
use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::RenderedJudge;
use crate::diag::Row;
use crate::diag::Vault;
use crate::diag::all_of;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Seq;
use crate::expr::Template;
use crate::expr::World;
use crate::metadata::Metadata;
use crate::operation::Key;
use crate::operation::KeyError;
use crate::operation::Operation;
use crate::operation::Origin;
use crate::operation::Stability;
use crate::playbook::Assume;
use crate::wire::LocalLabel;

/// One item of a step, before anything is worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub seq: Seq,
    pub source: ItemSource,
    pub row: Option<Row>,
}

/// What an item comes to.
#[derive(Debug)]
pub enum Expanded {
    Write(Draft),
    Read(ReadPlan),
    /// All conditions of an assert hold.
    Holds,
    /// Deferred, skipped or failed: there is nothing to send.
    Ended(Box<Operation>),
}

/// Everything planning needs that is the same for all items.
pub struct Planner<'a> {
    pub checked: &'a Checked,
    pub metadata: &'a Metadata,
    pub world: &'a World,
    pub origin: &'a Origin,
    /// Only to see whether a secret suits its field.
    pub vault: &'a Vault,
    pub zone: Option<TimeZone>,
}

impl Planner<'_> {
    pub fn scope(&self, step: &CheckedStep, source: &ItemSource) -> Scope {
        match step.items {
            Some(_) => self
                .world
                .item_scope_in(step.included, &step.item_name, source.clone()),
            None => self.world.scope_in(step.included),
        }
    }

    /// The key of an item, where the step gives one. The key of a read without `for_each` is of its records.
    pub(super) fn key(
        &self,
        step: &CheckedStep,
        source: &ItemSource,
    ) -> Result<Option<Key>, Failure> {
        let Some(template) = step
            .key
            .as_ref()
            .filter(|_| step.items.is_some() || step.is_write())
        else {
            return Ok(None);
        };
        key_of(template, &self.scope(step, source)).map(Some)
    }

    /// What an item is called: its key, where that can be made.
    pub fn called(&self, step: &CheckedStep, item: &Item) -> Key {
        match self.key(step, &item.source) {
            Ok(Some(key)) => key,
            Ok(None) => Key::from_index(item.seq.index()),
            Err(_) => unnamed(step, item),
        }
    }

    /// The key of a record that a read without `for_each` found.
    pub fn record_key(
        &self,
        step: &CheckedStep,
        record: &Map<String, Json>,
    ) -> Result<Option<Key>, Failure> {
        let Some(template) = step.key.as_ref().filter(|_| step.items.is_none()) else {
            return Ok(None);
        };
        let source = ItemSource::Value(Json::Object(record.clone()));
        let scope = self
            .world
            .item_scope_in(step.included, &step.item_name, source);
        key_of(template, &scope).map(Some)
    }

    /// Works an item out. `opening` is what [`Planner::open`] gave for it.
    pub fn expand(&self, step: &CheckedStep, item: &Item, opening: Opening) -> Expanded {
        let scope = self.scope(step, &item.source);
        let mut touched = opening.touched;
        let (key, stability, failure) = match opening.key {
            Ok(Some(key)) => (key, Stability::Keyed, None),
            Ok(None) => (
                Key::from_index(item.seq.index()),
                Stability::OfThisRun,
                None,
            ),
            Err(failure) => (unnamed(step, item), Stability::OfThisRun, Some(failure)),
        };
        let result = match (opening.stop, failure) {
            (Some(stop), _) => Err(stop),
            (None, None) => self.act(step, item, &key, stability, &scope),
            (None, Some(failure)) => {
                // A key that could not be worked out touched what it waits for in a scope of its own.
                if let Some(template) = &step.key {
                    let _ = template.eval(&scope);
                }
                Err(Stop::Failure(failure))
            }
        };
        touched.merge(scope.take_touched());
        match result {
            Ok(Expanded::Write(mut draft)) => {
                draft.needs = touched.operations.into_iter().collect();
                Expanded::Write(draft)
            }
            Ok(other) => other,
            Err(stop) => Expanded::Ended(Box::new(self.end(step, item, key, touched, stop))),
        }
    }

    fn act(
        &self,
        step: &CheckedStep,
        item: &Item,
        key: &Key,
        stability: Stability,
        scope: &Scope,
    ) -> Result<Expanded, Stop> {
        match &step.action {
            CheckedAction::Read(read) => Ok(Expanded::Read(reads::plan(
                self.rendered(step),
                read,
                scope,
            )?)),
            CheckedAction::Write(write) => {
                let (change, upsert) = match write {
                    CheckedWrite::Upsert {
                        module,
                        matching,
                        set,
                        ..
                    } => {
                        let (change, upsert) =
                            self.upsert(step, &module.value, matching, set, scope)?;
                        (change, Some(Box::new(upsert)))
                    }
                    CheckedWrite::UpsertByKey {
                        module,
                        sync_key,
                        set,
                    } => {
                        let (change, upsert) =
                            self.upsert_by_key(step, &module.value, sync_key, set, scope)?;
                        (change, Some(Box::new(upsert)))
                    }
                    _ => (self.change(step, write, key, stability, scope)?, None),
                };
                let assume = match write {
                    CheckedWrite::Create { assume, .. } => *assume,
                    _ => Assume::Nothing,
                };
                let edits = self.edits(step, write, scope)?;
                Ok(Expanded::Write(Draft {
                    seq: item.seq,
                    key: key.clone(),
                    row: item.row.clone(),
                    change,
                    edits,
                    upsert,
                    found_by: Vec::new(),
                    assume,
                    needs: Vec::new(),
                }))
            }
            // It is written when all else is done.
            CheckedAction::Export { .. } => Err(Failure::Unknown.into()),
            CheckedAction::Assert {
                conditions,
                message,
            } => {
                for condition in conditions {
                    if condition.holds(scope)? {
                        continue;
                    }
                    let message = match message {
                        Some(template) => match template.eval(scope)? {
                            Rendered::Value(Json::String(text)) => text,
                            Rendered::Value(other) => other.to_string(),
                            Rendered::Omit => String::new(),
                        },
                        None => format!("`{}` does not hold", condition.text()),
                    };
                    return Err(Stop::Failed {
                        label: LocalLabel::Expect.into(),
                        message,
                    });
                }
                Ok(Expanded::Holds)
            }
        }
    }

    /// Judges what the templates of a step gave.
    pub(super) fn rendered<'s>(&'s self, step: &'s CheckedStep) -> RenderedJudge<'s> {
        RenderedJudge {
            checked: self.checked,
            metadata: self.metadata,
            step,
        }
    }

    pub(super) fn judge(&self) -> Judge<'_> {
        Judge {
            metadata: self.metadata,
            zone: self.zone.as_ref(),
            vault: self.vault,
        }
    }
}

/// The name of an item whose key is not known. Where items have none, their numbers serve.
pub fn unnamed(step: &CheckedStep, item: &Item) -> Key {
    match step.key {
        Some(_) => Key::of_unnamed(item.seq.index()),
        None => Key::from_index(item.seq.index()),
    }
}

fn key_of(template: &Template, scope: &Scope) -> Result<Key, Failure> {
    let failed = |message: String| Failure::Template {
        message,
        span: Some(template.span()),
    };
    match template.eval(scope)? {
        Rendered::Value(value) => Key::from_value(&value).map_err(|error| {
            let empty = match error {
                KeyError::Empty => template.empty_references(scope),
                KeyError::Decimal(_) | KeyError::Kind(_) | KeyError::Taken(_) => Vec::new(),
            };
            failed(match empty.is_empty() {
                true => error.to_string(),
                false => format!("{error}: {} holds nothing here", all_of(empty)),
            })
        }),
        Rendered::Omit => Err(failed("a key cannot be omitted".into())),
    }
}
