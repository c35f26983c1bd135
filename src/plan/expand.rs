//! One item of a step into what is to be done for it.

use jiff::tz::TimeZone;
use serde_json::Map;
use serde_json::Value as Json;

use super::draft::Draft;
use super::draft::Upsert;
use super::reads;
use super::reads::ReadPlan;
use super::reads::ReadRefusal;
use super::values::Judge;
use super::values::Purpose;
use super::values::Refusal;
use crate::check::Checked;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::SetField;
use crate::diag::Row;
use crate::expr::EdgeKind;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Seq;
use crate::expr::Standing;
use crate::expr::Template;
use crate::expr::Touched;
use crate::expr::Tree;
use crate::expr::Unknown;
use crate::expr::World;
use crate::metadata::Metadata;
use crate::metadata::value::Edit;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::Origin;
use crate::operation::Stability;
use crate::operation::State;
use crate::playbook::OnErrorAction;
use crate::wire::Label;
use crate::wire::LinkTarget;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

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
    pub zone: Option<TimeZone>,
}

/// Why an item ends here.
enum Stop {
    Failure(Failure),
    Failed { label: Label, message: String },
    Skipped { label: LocalLabel, message: String },
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expression(failure) => Self::Failure(failure),
            Refusal::Value { label, message } => Self::Failed { label, message },
        }
    }
}

impl From<ReadRefusal> for Stop {
    fn from(refusal: ReadRefusal) -> Self {
        match refusal {
            ReadRefusal::Expression(failure) => Self::Failure(failure),
            ReadRefusal::Invalid(message) => Self::invalid(message),
        }
    }
}

impl Stop {
    fn invalid(message: impl Into<String>) -> Self {
        Self::Failed {
            label: LocalLabel::InvalidValue.into(),
            message: message.into(),
        }
    }
}

impl Planner<'_> {
    pub fn scope(&self, step: &CheckedStep, source: &ItemSource) -> Scope {
        match step.items {
            Some(_) => self.world.item_scope(&step.item_name, source.clone()),
            None => self.world.scope(),
        }
    }

    /// The key of an item, where the step gives one. The key of a read without `for_each` is of its records.
    pub fn key(&self, step: &CheckedStep, source: &ItemSource) -> Result<Option<Key>, Failure> {
        let Some(template) = step
            .key
            .as_ref()
            .filter(|_| step.items.is_some() || step.is_write())
        else {
            return Ok(None);
        };
        key_of(template, &self.scope(step, source)).map(Some)
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
        key_of(template, &self.world.item_scope(&step.item_name, source)).map(Some)
    }

    /// Works an item out. `key` is what [`Planner::key`] gave for it.
    pub fn expand(
        &self,
        step: &CheckedStep,
        item: &Item,
        key: Result<Option<Key>, Failure>,
    ) -> Expanded {
        let scope = self.scope(step, &item.source);
        let (key, stability, result) = match key {
            Ok(Some(key)) => (key, Stability::Keyed, Ok(())),
            Ok(None) => (
                Key::from_index(item.seq.index()),
                Stability::OfThisRun,
                Ok(()),
            ),
            Err(failure) => (
                Key::from_index(item.seq.index()),
                Stability::OfThisRun,
                Err(Stop::Failure(failure)),
            ),
        };
        // A key that could not be worked out touched what it waits for in a scope of its own.
        let mut touched = Touched::default();
        if result.is_err()
            && let Some(template) = &step.key
        {
            let _ = template.eval(&scope);
            touched.merge(scope.take_touched());
        }
        let result = result.and_then(|()| self.act(step, item, &key, stability, &scope));
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
        if let Some(when) = &step.when
            && !when.holds(scope)?
        {
            let message = format!("`when: {}` does not hold", when.text());
            return Err(Stop::Skipped {
                label: LocalLabel::Condition,
                message,
            });
        }
        match &step.action {
            CheckedAction::Read(read) => Ok(Expanded::Read(reads::plan(step, read, scope)?)),
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
                        (change, Some(upsert))
                    }
                    _ => (self.change(step, write, key, stability, scope)?, None),
                };
                let edits = self.edits(step, write, scope)?;
                Ok(Expanded::Write(Draft {
                    seq: item.seq,
                    key: key.clone(),
                    row: item.row.clone(),
                    change,
                    edits,
                    upsert,
                    needs: Vec::new(),
                }))
            }
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

    /// An upsert as the create it is if no record matches.
    ///
    /// The record's id is of this run only: in the next one it is found by its values, and somebody may have deleted it
    /// meanwhile. Equal matches give equal ids, by which two items that mean one record are found.
    fn upsert(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        matching: &[SetField],
        set: &[SetField],
        scope: &Scope,
    ) -> Result<(Change, Upsert), Stop> {
        let judge = self.judge();
        let matched = judge.matched(step, module, matching, scope)?;
        let set = judge.fields(step, module, set, Purpose::Update, scope)?;
        let mut fields = matched.clone();
        fields.extend(set.clone());
        let lacking = match judge.complete(step, module, &fields) {
            Ok(()) => None,
            Err(Refusal::Value { label, message }) => Some((label, message)),
            Err(Refusal::Expression(failure)) => return Err(failure.into()),
        };
        let name = Key::stored(Json::Object(matched.clone()).to_string());
        let change = Change::Create {
            module: module.clone(),
            id: self.origin.record_id(&step.id, &name, Stability::OfThisRun),
            fields,
            under: None,
            unless: Some(matched),
        };
        Ok((change, Upsert { set, lacking }))
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            metadata: self.metadata,
            zone: self.zone.as_ref(),
        }
    }

    fn edits(
        &self,
        step: &CheckedStep,
        write: &CheckedWrite,
        scope: &Scope,
    ) -> Result<Vec<(String, Edit)>, Stop> {
        let judge = self.judge();
        match write {
            CheckedWrite::Update { module, parts, .. }
            | CheckedWrite::Upsert { module, parts, .. } => {
                Ok(judge.edits(step, &module.value, parts, scope)?)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn change(
        &self,
        step: &CheckedStep,
        write: &CheckedWrite,
        key: &Key,
        stability: Stability,
        scope: &Scope,
    ) -> Result<Change, Stop> {
        let judge = self.judge();
        let module = write.module().value.clone();
        Ok(match write {
            CheckedWrite::Create { set, under, .. } => Change::Create {
                fields: judge.fields(step, &module, set, Purpose::Create, scope)?,
                id: self.origin.record_id(&step.id, key, stability),
                under: match under {
                    Some(under) => Some(Parent {
                        module: under.module.value.clone(),
                        record: reads::record_id(&under.record, scope)?,
                        link: under.link.value.clone(),
                    }),
                    None => None,
                },
                unless: None,
                module,
            },
            CheckedWrite::Update { record, set, .. } => Change::Update {
                record: reads::record_id(record, scope)?,
                fields: judge.fields(step, &module, set, Purpose::Update, scope)?,
                module,
            },
            CheckedWrite::Delete { record, .. } => Change::Delete {
                record: reads::record_id(record, scope)?,
                module,
            },
            CheckedWrite::Link {
                record, link, to, ..
            } => Change::Link {
                record: reads::record_id(record, scope)?,
                link: link.value.clone(),
                targets: targets(to, scope)?,
                module,
            },
            CheckedWrite::Unlink {
                record, link, to, ..
            } => Change::Unlink {
                record: reads::record_id(record, scope)?,
                link: link.value.clone(),
                others: targets(to, scope)?
                    .into_iter()
                    .map(|target| target.id)
                    .collect(),
                module,
            },
            CheckedWrite::Favorite { record, .. } => Change::Favorite {
                record: reads::record_id(record, scope)?,
                module,
            },
            // It is worked out by `upsert`, with what it is if a record matches.
            CheckedWrite::Upsert { matching, set, .. } => {
                self.upsert(step, &module, matching, set, scope)?.0
            }
            CheckedWrite::Unfavorite { record, .. } => Change::Unfavorite {
                record: reads::record_id(record, scope)?,
                module,
            },
        })
    }

    fn end(
        &self,
        step: &CheckedStep,
        item: &Item,
        key: Key,
        touched: Touched,
        stop: Stop,
    ) -> Operation {
        let stop = self.blamed(item, stop);
        let needs: Vec<_> = touched
            .operations
            .iter()
            .map(|(seq, kind)| (*seq, *kind))
            .collect();
        let base = Operation {
            needs,
            ..ended(step, item, key)
        };
        match stop {
            Stop::Failure(Failure::Unknown) => deferred(base, touched),
            Stop::Failure(Failure::Bad { operation, .. }) => {
                let name = format!("`{}`", self.checked.step(operation.step()).id);
                let mut needs = base.needs.clone();
                needs.push((operation, EdgeKind::Value));
                let message = format!("it is built on an operation of {name} that did not succeed");
                Operation {
                    needs,
                    ..finished(base, State::Skipped, LocalLabel::Dependency, message)
                }
            }
            Stop::Failure(failure @ Failure::MissingKey { .. }) => self.failed(
                step,
                base,
                LocalLabel::MissingKey.into(),
                failure.to_string(),
            ),
            Stop::Failure(failure @ (Failure::Template { .. } | Failure::Results(_))) => {
                self.failed(step, base, LocalLabel::Template.into(), failure.to_string())
            }
            Stop::Failed { label, message } => self.failed(step, base, label, message),
            Stop::Skipped { label, message } => finished(base, State::Skipped, label, message),
        }
    }

    /// Whatever fails on an item whose own result is bad, fails because of that.
    fn blamed(&self, item: &Item, stop: Stop) -> Stop {
        let is_failure = !matches!(
            stop,
            Stop::Failure(Failure::Unknown | Failure::Bad { .. }) | Stop::Skipped { .. }
        );
        let ItemSource::Item { step, index } = item.source else {
            return stop;
        };
        let standing = self.world.results().item(step, index).ok().flatten();
        match standing.map(|result| result.standing) {
            Some(Standing::Bad { operation, label }) if is_failure => {
                Stop::Failure(Failure::Bad { operation, label })
            }
            _ => stop,
        }
    }

    /// A failure that the playbook tolerates without counting it is a skip with its label.
    pub fn failed(
        &self,
        step: &CheckedStep,
        base: Operation,
        label: Label,
        message: String,
    ) -> Operation {
        let state = match super::decide(&step.on_error, &self.checked.limits, &label) {
            OnErrorAction::Ignore => State::Skipped,
            OnErrorAction::Stop | OnErrorAction::Continue => State::Failed,
        };
        finished(base, state, label, message)
    }
}

/// An operation of which nothing is known but where it stands.
pub fn ended(step: &CheckedStep, item: &Item, key: Key) -> Operation {
    let action = match &step.action {
        CheckedAction::Read(_) => Action::Read,
        CheckedAction::Assert { .. } => Action::Assert,
        CheckedAction::Write(write) => match write {
            CheckedWrite::Create { .. } => Action::Create,
            CheckedWrite::Update { .. } => Action::Update,
            CheckedWrite::Upsert { .. } => Action::Upsert,
            CheckedWrite::Delete { .. } => Action::Delete,
            CheckedWrite::Link { .. } => Action::Link,
            CheckedWrite::Unlink { .. } => Action::Unlink,
            CheckedWrite::Favorite { .. } => Action::Favorite,
            CheckedWrite::Unfavorite { .. } => Action::Unfavorite,
        },
    };
    Operation {
        seq: item.seq,
        key,
        action,
        change: None,
        state: State::Deferred,
        label: None,
        message: None,
        status: None,
        before: Map::new(),
        after: Map::new(),
        modified: None,
        reversible: action.reversible(),
        row: item.row.clone(),
        needs: Vec::new(),
        waits_for: Vec::new(),
    }
}

fn finished(base: Operation, state: State, label: impl Into<Label>, message: String) -> Operation {
    Operation {
        state,
        label: Some(label.into()),
        message: Some(message),
        ..base
    }
}

fn deferred(base: Operation, touched: Touched) -> Operation {
    let mut needs = base.needs.clone();
    let mut waits_for = Vec::new();
    for unknown in touched.unknown {
        match unknown {
            Unknown::Operation(seq) => needs.push((seq, EdgeKind::Value)),
            Unknown::Step(step) => waits_for.push(step),
        }
    }
    Operation {
        state: State::Deferred,
        needs,
        waits_for,
        ..base
    }
}

fn key_of(template: &Template, scope: &Scope) -> Result<Key, Failure> {
    let failed = |message: String| Failure::Template {
        message,
        span: Some(template.span()),
    };
    match template.eval(scope)? {
        Rendered::Value(value) => {
            Key::from_value(&value).map_err(|error| failed(error.to_string()))
        }
        Rendered::Omit => Err(failed("a key cannot be omitted".into())),
    }
}

/// `to`: an id, a list of ids, or maps with `id` and relationship columns.
fn targets(to: &Tree, scope: &Scope) -> Result<Vec<LinkTarget>, Stop> {
    let Rendered::Value(value) = to.eval(scope)? else {
        return Ok(Vec::new());
    };
    let list = match value {
        Json::Array(list) => list,
        one => vec![one],
    };
    let mut targets: Vec<LinkTarget> = Vec::with_capacity(list.len());
    for item in list {
        let target = target(item)?;
        if !targets.iter().any(|other| other.id == target.id) {
            targets.push(target);
        }
    }
    Ok(targets)
}

fn target(item: Json) -> Result<LinkTarget, Stop> {
    match item {
        Json::String(id) if !id.is_empty() => Ok(LinkTarget::plain(RecordId::new(id))),
        Json::Object(mut columns) => match columns.remove("id") {
            Some(Json::String(id)) if !id.is_empty() => Ok(LinkTarget {
                id: RecordId::new(id),
                columns,
            }),
            _ => Err(Stop::invalid("an item of `to` has no `id`")),
        },
        Json::Null | Json::String(_) => {
            let label = SugarLabel::MissingParameter.into();
            Err(Stop::Failed {
                label,
                message: "an id of `to` is empty".into(),
            })
        }
        other => Err(Stop::invalid(format!("`{other}` in `to` is not an id"))),
    }
}
