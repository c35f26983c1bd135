//! A change that takes something back, as the run file of an undo keeps it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::addresses::Addresses;
use super::recover::LastSaved;
use crate::metadata::Metadata;
use crate::metadata::value::Print;
use crate::metadata::value::Verdict;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Replaced;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Linked;
use crate::plan::Need;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;

/// Field → values.
pub type Values = BTreeMap<String, Vec<Json>>;

/// A change that takes something back, and what must still be so for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    pub change: Change,
    /// Values a field may hold without somebody having changed it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left: Values,
    /// Where the run set one address by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Addresses>,
    /// Of a record that the run made: what all other fields held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print: Option<Print>,
    /// Of a link: the record that the run bound its records to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<RecordId>,
    /// Of a record that the run made below another: that one, which is linked to it for no other reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Parent>,
    /// Of links: the columns that the run gave them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<RecordId, Map<String, Json>>,
}

impl Recovery {
    pub(super) fn of(change: Change) -> Self {
        Self {
            change,
            left: Values::new(),
            addresses: None,
            print: None,
            from: None,
            below: None,
            columns: BTreeMap::new(),
        }
    }

    /// Whether it would change one of these. That there is nothing to delete, or to unlink, is as good as doing it.
    pub fn changes(&self, deleted: &BTreeSet<RecordId>) -> bool {
        match &self.change {
            Change::Update { record, .. }
            | Change::Favorite { record, .. }
            | Change::Unfavorite { record, .. } => deleted.contains(record),
            Change::Create { .. }
            | Change::Delete { .. }
            | Change::Link { .. }
            | Change::Unlink { .. }
            | Change::UpsertByKey { .. }
            | Change::Call { .. } => false,
        }
    }

    /// Whether it would lead a record to one of these.
    pub fn leads_to(&self, deleted: &BTreeSet<RecordId>) -> bool {
        let is_deleted = |id: &RecordId| deleted.contains(id);
        match &self.change {
            Change::Link {
                record, targets, ..
            } => is_deleted(record) || targets.iter().any(|target| is_deleted(&target.id)),
            Change::Update { fields, .. } => fields
                .values()
                .filter_map(Json::as_str)
                .any(|value| is_deleted(&RecordId::new(value))),
            _ => false,
        }
    }

    pub fn unlinks(&self) -> bool {
        matches!(self.change, Change::Unlink { .. })
    }

    /// What must be known of the instance before it is an operation.
    pub fn need(&self) -> Need {
        let Some((module, about)) = self.change.about() else {
            return Need::Nothing;
        };
        let record = |fields| Need::Record {
            module: module.clone(),
            record: about.clone(),
            fields,
        };
        let links = |link: &LinkName, others: Vec<RecordId>| Need::Links {
            module: module.clone(),
            record: about.clone(),
            link: link.clone(),
            others,
            columns: Vec::new(),
        };
        match &self.change {
            // What is deleted is kept whole.
            Change::Create { .. } | Change::Delete { .. } => record(Fields::All),
            Change::Update { fields, .. } => record(Fields::These(
                fields.keys().chain(self.left.keys()).cloned().collect(),
            )),
            change @ (Change::Favorite { .. } | Change::Unfavorite { .. }) => {
                record(Fields::These(change.fields().keys().cloned().collect()))
            }
            Change::Link { link, targets, .. } => {
                let ids = targets.iter().map(|target| target.id.clone());
                links(link, ids.collect())
            }
            Change::Unlink { link, others, .. } => links(link, others.clone()),
            // No inverse is one of these.
            Change::UpsertByKey { .. } | Change::Call { .. } => Need::Nothing,
        }
    }

    /// Who or what was changed since, as messages name it; nothing where nobody came after the run.
    pub(super) fn drift(
        &self,
        current: &Current,
        saved: LastSaved,
        metadata: &Metadata,
    ) -> Vec<String> {
        match current {
            Current::Record(record) | Current::Detached(record) => {
                self.changed_fields(record, saved, metadata)
            }
            Current::Links(linked) => {
                let mut changed = self.taken(linked);
                changed.extend(self.recast(linked));
                changed
            }
            Current::Missing | Current::NoParent => Vec::new(),
        }
    }

    fn changed_fields(
        &self,
        record: &Map<String, Json>,
        saved: LastSaved,
        metadata: &Metadata,
    ) -> Vec<String> {
        let module = self.change.module().map_or("", ModuleName::as_str);
        let mut changed: Vec<String> = self
            .left
            .iter()
            .filter(|(name, values)| {
                let field = metadata.field(module, name);
                let is_ours = |value: &Json| {
                    same(field, value, record.get(name.as_str())) != Verdict::Different
                };
                !values.iter().any(is_ours)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if let (Some(addresses), Some(now)) = (&self.addresses, record.get("email"))
            && addresses.are_changed(now)
        {
            changed.push("email".to_owned());
        }
        if let (Some(print), Some(known), LastSaved::ByAnybody) =
            (&self.print, metadata.module(module), saved)
        {
            let mut others = print.differing(&Print::of(known, record));
            others.retain(|name| !self.left.contains_key(name));
            changed.extend(others);
        }
        changed
            .into_iter()
            .map(|name| format!("`{name}`"))
            .collect()
    }

    /// Columns of links that somebody has set to something else since.
    fn recast(&self, linked: &Linked) -> Vec<String> {
        let wanted = |id: &RecordId| match &self.change {
            Change::Link { targets, .. } => targets.iter().find(|target| target.id == *id),
            _ => None,
        };
        let mut changed = Vec::new();
        for (id, given) in &self.columns {
            let Some(held) = linked.present.get(id) else {
                continue;
            };
            let back = wanted(id).map(|target| &target.columns);
            for (name, ours) in given {
                let is = |value: &Json| same(None, value, held.get(name)) != Verdict::Different;
                let is_back = back.and_then(|back| back.get(name)).is_some_and(is);
                if !is(ours) && !is_back {
                    changed.push(format!("`{name}` of the link to `{id}`"));
                }
            }
        }
        changed
    }

    /// Records that somebody has bound to another one since.
    fn taken(&self, linked: &Linked) -> Vec<String> {
        let is_ours = |replaced: &&Replaced| {
            let one = match &replaced.former {
                Former::Linked(one) => Some(one.id.as_str()),
                Former::Fields(fields) => fields.values().find_map(Json::as_str),
            };
            let from = self.from.as_ref();
            let left = self.change.record();
            // Bound already as it is to be: the one at the other end.
            let wanted = match left == Some(&replaced.record) {
                true => self.change.others(),
                false => left.into_iter().collect(),
            };
            let mut ours = from.into_iter().chain(wanted);
            one.is_some_and(|one| ours.any(|id| id.as_str() == one))
        };
        let taken = linked.held.iter().filter(|replaced| !is_ours(replaced));
        taken
            .map(|replaced| format!("whom {} `{}` belongs to", replaced.module, replaced.record))
            .collect()
    }
}
