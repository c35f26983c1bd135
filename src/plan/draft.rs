//! A write that is worked out but for what the instance has now.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use crate::diag::Row;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::metadata::value::Edit;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Replaced;
use crate::playbook::Assume;
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Everything about an operation that the playbook says.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub seq: Seq,
    pub key: Key,
    pub row: Option<Row>,
    pub change: Change,
    /// Parts of fields, merged into what the record has once that is known.
    pub edits: Vec<(String, Edit)>,
    /// Of an upsert, which is written as a create until it is known whether a record matches.
    pub upsert: Option<Box<Upsert>>,
    /// Of an upsert for which a record matches: the fields by which it was found.
    pub found_by: Vec<String>,
    /// Of a create: what need not be asked.
    pub assume: Assume,
    /// Operations whose results it uses.
    pub needs: Vec<(Seq, EdgeKind)>,
}

/// What an upsert is if a record matches, and why it cannot be a create if none does.
#[derive(Debug, Clone, PartialEq)]
pub struct Upsert {
    /// The fields an update sets.
    pub set: Map<String, Json>,
    pub lacking: Option<(Label, String)>,
}

/// What must be known of the instance before a draft is an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// Nothing: there is nothing to do.
    Nothing,
    /// Nothing: only this run will make the record.
    Absent,
    Record {
        module: ModuleName,
        record: RecordId,
        fields: Fields,
    },
    /// Which of these are linked already.
    Links {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
        others: Vec<RecordId>,
        /// The relation's own columns that are wanted with them.
        columns: Vec<String>,
    },
}

impl Need {
    /// The same of another record.
    #[must_use]
    pub fn of_record(&self, other: &RecordId) -> Self {
        let mut need = self.clone();
        if let Self::Record { record, .. } | Self::Links { record, .. } = &mut need {
            record.clone_from(other);
        }
        need
    }
}

/// Which fields of a record are needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fields {
    All,
    These(BTreeSet<String>),
}

/// What the instance has.
#[derive(Debug, Clone, PartialEq)]
pub enum Current {
    /// There is no such record, or this user does not see it.
    Missing,
    Record(Map<String, Json>),
    /// The record is there, but not linked to the one that it was to be created below.
    Detached(Map<String, Json>),
    /// The record that a new one was to be created below is not there.
    NoParent,
    Links(Linked),
}

/// What of the relation asked about there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    /// The records that are linked, with the relation's columns as far as they were asked for.
    pub present: BTreeMap<RecordId, Map<String, Json>>,
    /// Records at either end that have one at most, and have one.
    pub held: Vec<Replaced>,
    /// Records to be linked that are not there, or that this user does not see.
    pub missing: Vec<(ModuleName, RecordId)>,
}

impl Linked {
    pub fn contains(&self, other: &RecordId) -> bool {
        self.present.contains_key(other)
    }
}

impl Draft {
    /// `others` are fields that later steps use of the record.
    pub fn need(&self, others: &BTreeSet<String>) -> Need {
        // A call has no record, and an upsert by key may lead to one that is not there.
        let Some((module, about)) = self.change.about() else {
            return Need::Absent;
        };
        if self.assume == Assume::New {
            return Need::Absent;
        }
        let record = |fields: Fields| Need::Record {
            module: module.clone(),
            record: about.clone(),
            fields,
        };
        let links = |link: &LinkName, others: Vec<RecordId>| match others.is_empty() {
            true => Need::Nothing,
            false => Need::Links {
                module: module.clone(),
                record: about.clone(),
                link: link.clone(),
                others,
                columns: Vec::new(),
            },
        };
        match &self.change {
            Change::Create { .. }
            | Change::Update { .. }
            | Change::Favorite { .. }
            | Change::Unfavorite { .. }
            | Change::UpsertByKey { .. } => record(Fields::These(
                self.change
                    .fields()
                    .keys()
                    .chain(self.edits.iter().map(|(name, _)| name))
                    .chain(&self.found_by)
                    .chain(others)
                    .cloned()
                    .collect(),
            )),
            // A delete's before-image is the whole record.
            Change::Delete { .. } => record(Fields::All),
            Change::Link { link, targets, .. } => links(
                link,
                targets.iter().map(|target| target.id.clone()).collect(),
            ),
            Change::Unlink { link, others, .. } => links(link, others.clone()),
            Change::Call { .. } => Need::Absent,
        }
    }
}
