//! Upserts of one item, as far as the playbook says: what it is if a record is found, and if none is.

use serde_json::Map;
use serde_json::Value as Json;

use super::draft::Upsert;
use super::ending::Stop;
use super::expand::Planner;
use super::reads;
use super::values::Purpose;
use super::values::Refusal;
use crate::check::CheckedStep;
use crate::check::SetField;
use crate::expr::Rendered;
use crate::expr::Scope;
use crate::expr::Template;
use crate::metadata::value::is_empty;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Stability;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::is_dots;

impl Planner<'_> {
    /// An upsert as the create it is if no record matches.
    ///
    /// The record's id is of this run only: in the next one it is found by its values, and somebody may have deleted it
    /// meanwhile. Equal matches give equal ids, by which two items that mean one record are found.
    pub(super) fn upsert(
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
        judge.whole_pairs(step, module, &fields)?;
        let lacking = self.lacking(step, module, &fields)?;
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

    /// An upsert by a key of another system. Which record that is, if any, is not looked for here.
    pub(super) fn upsert_by_key(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        sync_key: &Template,
        set: &[SetField],
        scope: &Scope,
    ) -> Result<(Change, Upsert), Stop> {
        let sync_key = match sync_key.eval(scope)? {
            Rendered::Value(value) if !is_empty(&value) => {
                reads::text_of(Rendered::Value(value), "sync_key")?
            }
            Rendered::Value(_) | Rendered::Omit => String::new(),
        };
        if sync_key.trim().is_empty() {
            return Err(Stop::Failed {
                label: LocalLabel::EmptyMatch.into(),
                message: "`sync_key` is empty".into(),
            });
        }
        if is_dots(&sync_key) {
            let message = format!("`{sync_key}` cannot be a key: it has no place in a path");
            return Err(Stop::invalid(message));
        }
        let judge = self.judge();
        let fields = judge.fields(step, module, set, Purpose::Update, scope)?;
        judge.whole_pairs(step, module, &fields)?;
        let lacking = self.lacking(step, module, &fields)?;
        let shown = step.projection.to_fields().into_iter().flatten();
        let shown = ["id".to_owned()]
            .into_iter()
            .chain(shown)
            .chain(fields.keys().cloned())
            .collect::<std::collections::BTreeSet<String>>();
        let change = Change::UpsertByKey {
            module: module.clone(),
            sync_key,
            fields: fields.clone(),
            shown: shown.into_iter().collect(),
            record: None,
        };
        let upsert = Upsert {
            set: fields,
            lacking,
        };
        Ok((change, upsert))
    }

    /// Why these fields make no record, if they do not.
    fn lacking(
        &self,
        step: &CheckedStep,
        module: &ModuleName,
        fields: &Map<String, Json>,
    ) -> Result<Option<(Label, String)>, Stop> {
        match self.judge().complete(step, module, fields) {
            Ok(()) => Ok(None),
            Err(Refusal::Value { label, message }) => Ok(Some((label, message))),
            Err(Refusal::Expression(failure)) => Err(failure.into()),
        }
    }
}
