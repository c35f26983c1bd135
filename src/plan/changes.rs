//! What a write comes to for one item.

use serde_json::Map;
use serde_json::Value as Json;

use super::calls;
use super::ending::Stop;
use super::expand::Planner;
use super::reads;
use super::values::Purpose;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::SetField;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Tree;
use crate::metadata::value::Edit;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Stability;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;
use crate::wire::SugarLabel;
use crate::wire::is_dots;

impl Planner<'_> {
    pub(super) fn edits(
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

    /// `set` as it is sent, pairs whole.
    fn fields(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        set: &[SetField],
        purpose: Purpose,
        scope: &Scope,
    ) -> Result<Map<String, Json>, Stop> {
        let judge = self.judge();
        let fields = judge.fields(step, module, set, purpose, scope)?;
        judge.whole_pairs(step, module, &fields)?;
        for field in set {
            let name = &field.name.value;
            let Some(value) = fields.get(name).filter(|value| value.is_object()) else {
                continue;
            };
            let judge = self.rendered(step);
            if self
                .metadata
                .module(module.as_str())
                .is_some_and(|module| module.link(name).is_some())
                && let Some(problem) = judge.actions(module, name, &field.value, value)
            {
                return Err(Stop::contradicted(&problem));
            }
        }
        for (name, value) in &fields {
            let many = ["add", "create"]
                .iter()
                .filter_map(|action| value.get(action)?.as_array())
                .map(Vec::len);
            self.one_at_most(module, name, many.sum())?;
        }
        Ok(fields)
    }

    /// Through a link that leads to one, each record would take the place of the one before.
    fn one_at_most(&self, module: &ModuleName, link: &str, many: usize) -> Result<(), Stop> {
        match many > 1 && self.metadata.leads_to_one(module.as_str(), link) {
            true => Err(Stop::invalid(format!(
                "through `{link}` a record of {module} has one at most, and these are {many}"
            ))),
            false => Ok(()),
        }
    }

    pub(super) fn change(
        &self,
        step: &CheckedStep,
        write: &CheckedWrite,
        key: &Key,
        stability: Stability,
        scope: &Scope,
    ) -> Result<Change, Stop> {
        Ok(match write {
            CheckedWrite::Create {
                module, set, under, ..
            } => Change::Create {
                fields: self.fields(step, &module.value, set, Purpose::Create, scope)?,
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
                module: module.value.clone(),
            },
            CheckedWrite::Update {
                module,
                record,
                set,
                ..
            } => Change::Update {
                record: reads::record_id(record, scope)?,
                fields: self.fields(step, &module.value, set, Purpose::Update, scope)?,
                module: module.value.clone(),
            },
            CheckedWrite::Delete { module, record } => Change::Delete {
                record: reads::record_id(record, scope)?,
                module: module.value.clone(),
            },
            CheckedWrite::Link {
                module,
                record,
                link,
                to,
            } => {
                let value = rendered_targets(to, scope)?;
                let judge = self.rendered(step);
                if let Some(problem) = judge.targets(&module.value, &link.value, to, &value) {
                    return Err(Stop::contradicted(&problem));
                }
                let targets = targets(value)?;
                self.one_at_most(&module.value, link.value.as_str(), targets.len())?;
                Change::Link {
                    record: reads::record_id(record, scope)?,
                    link: link.value.clone(),
                    targets,
                    module: module.value.clone(),
                }
            }
            CheckedWrite::Unlink {
                module,
                record,
                link,
                to,
            } => Change::Unlink {
                record: reads::record_id(record, scope)?,
                link: link.value.clone(),
                others: targets(rendered_targets(to, scope)?)?
                    .into_iter()
                    .map(|target| target.id)
                    .collect(),
                module: module.value.clone(),
            },
            CheckedWrite::Favorite { module, record } => Change::Favorite {
                record: reads::record_id(record, scope)?,
                module: module.value.clone(),
            },
            CheckedWrite::Unfavorite { module, record } => Change::Unfavorite {
                record: reads::record_id(record, scope)?,
                module: module.value.clone(),
            },
            // They are worked out by `upsert`, with what they are if a record matches.
            CheckedWrite::Upsert {
                module,
                matching,
                set,
                ..
            } => self.upsert(step, &module.value, matching, set, scope)?.0,
            CheckedWrite::UpsertByKey {
                module,
                sync_key,
                set,
            } => {
                self.upsert_by_key(step, &module.value, sync_key, set, scope)?
                    .0
            }
            CheckedWrite::Call { method, call, body } => Change::Call {
                method: *method,
                path: calls::path(call, &self.checked.limits, scope)?,
                query: calls::query(call, scope)?,
                body: calls::body(body.as_ref(), scope)?,
            },
        })
    }
}

/// `to` as its templates give it; what is omitted is no record.
fn rendered_targets(to: &Tree, scope: &Scope) -> Result<Json, Stop> {
    Ok(match to.eval(scope)? {
        Rendered::Value(value) => value,
        Rendered::Omit => Json::Array(Vec::new()),
    })
}

/// `to`: an id, a list of ids, or maps with `id` and relationship columns.
fn targets(value: Json) -> Result<Vec<LinkTarget>, Stop> {
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
        Json::String(id) if is_dots(&id) => Err(Stop::invalid(format!(
            "`{id}` in `to` is no id of a record"
        ))),
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
