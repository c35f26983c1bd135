//! What a step changes, field by field: equal changes counted together, however many there are.
//!
//! A bounded number of groups is held for each field, by a hash of the values and the first operation that has them.
//! What is shown of a group is read again, behind the curtain.

use std::collections::BTreeMap;
use std::collections::HashMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::PAGE;
use super::Source;
use super::operations::changed;
use crate::expr::Seq;
use crate::metadata::value::is_empty;
use crate::operation::Action;
use crate::report::OperationReport;
use crate::report::ReportError;
use crate::runfile::FieldsView;
use crate::runfile::StepView;
use crate::runfile::Which;

/// Groups held for a field before the smaller half is let go.
const HELD: usize = 2000;

/// Fields of a step that are counted by themselves.
const FIELDS: usize = 200;

/// Operations named of an oddity.
const NAMED: usize = 3;

/// All that a step does to fields of records.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::report) struct StepChanges {
    pub(in crate::report) fields: Vec<FieldChanges>,
    /// Changes of further fields, which are too many to be told apart.
    pub(in crate::report) further: u64,
    pub(in crate::report) oddities: Vec<OddityCount>,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct FieldChanges {
    pub(in crate::report) name: String,
    /// How many operations change it.
    pub(in crate::report) count: u64,
    /// Whether all of these make the record, so that there is no value before.
    pub(in crate::report) is_made: bool,
    /// The largest first.
    pub(in crate::report) groups: Vec<Group>,
    /// Changes that are in none of the groups.
    pub(in crate::report) others: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Group {
    pub(in crate::report) before: Json,
    pub(in crate::report) after: Json,
    pub(in crate::report) count: u64,
    /// Whether some more of it may have been counted among the others.
    pub(in crate::report) at_least: bool,
}

/// What is worth a second look, though it may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Oddity {
    /// It had a value and gets none.
    Cleared,
    /// A text loses its end, or most of itself.
    Shortened,
    /// Another user is responsible.
    Reassigned,
}

#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct OddityCount {
    pub(in crate::report) oddity: Oddity,
    pub(in crate::report) field: String,
    pub(in crate::report) count: u64,
    pub(in crate::report) first: Vec<OperationReport>,
}

impl Oddity {
    pub(in crate::report) fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Shortened => "shortened",
            Self::Reassigned => "a new assigned user",
        }
    }

    fn of(field: &str, before: &Json, after: &Json) -> Option<Self> {
        if is_empty(before) {
            return None;
        }
        if is_empty(after) {
            return Some(Self::Cleared);
        }
        if field == "assigned_user_id" {
            return Some(Self::Reassigned);
        }
        let (before, after) = (before.as_str()?, after.as_str()?);
        let (long, short) = (before.chars().count(), after.chars().count());
        let loses = short < long && (before.starts_with(after) || short * 2 < long);
        (loses && long > 8).then_some(Self::Shortened)
    }
}

impl Source<'_> {
    /// At most so many groups of each field of an update, or of a record that is made. Of these only values that come
    /// up again are of interest, and a few of the rest to see what they are like.
    pub(in crate::report) fn changes(
        &self,
        step: &StepView,
        largest: usize,
    ) -> Result<StepChanges, ReportError> {
        let mut counts = Counts::default();
        let mut after = None;
        loop {
            let page = self
                .view
                .fields(step.number, Which::Changing, after, PAGE)?;
            for operation in &page {
                let module = operation.module.as_deref().or(step.module.as_deref());
                self.count_in(&mut counts, module, operation);
            }
            after = page.last().map(|operation| operation.seq);
            if page.len() < PAGE as usize {
                break;
            }
        }
        self.told(step, counts, largest)
    }

    fn count_in(&self, counts: &mut Counts, module: Option<&str>, operation: &FieldsView) {
        let FieldsView { before, after, .. } = operation;
        let names = match operation.action {
            Action::Update | Action::Upsert => {
                changed(&self.header.metadata, module, before, after)
            }
            Action::Create => filled(after),
            Action::Delete
            | Action::Link
            | Action::Unlink
            | Action::Favorite
            | Action::Unfavorite
            | Action::Call
            | Action::Read
            | Action::Assert
            | Action::Export => return,
        };
        for name in names {
            let none = Json::Null;
            let (from, to) = (
                before.get(&name).unwrap_or(&none),
                after.get(&name).unwrap_or(&none),
            );
            if let Some(oddity) = Oddity::of(&name, from, to) {
                let entry = counts.oddities.entry((oddity, name.clone())).or_default();
                entry.0 += 1;
                if entry.1.len() < NAMED {
                    entry.1.push(operation.seq);
                }
            }
            counts.add(name, from, to, operation);
        }
    }

    /// Reads again what is shown.
    fn told(
        &self,
        step: &StepView,
        counts: Counts,
        largest: usize,
    ) -> Result<StepChanges, ReportError> {
        let mut known: BTreeMap<Seq, OperationReport> = BTreeMap::new();
        let mut read = |seq: Seq| -> Result<OperationReport, ReportError> {
            if let Some(operation) = known.get(&seq) {
                return Ok(operation.clone());
            }
            let operation = self.at(step, seq)?;
            known.insert(seq, operation.clone());
            Ok(operation)
        };
        let mut fields = Vec::new();
        for (name, field) in counts.fields {
            let mut groups = Vec::new();
            let mut left = field.count;
            for counted in field.largest(largest) {
                left -= counted.count;
                let operation = read(counted.first)?;
                let value = |of: &Map<String, Json>| of.get(&name).cloned().unwrap_or_default();
                groups.push(Group {
                    before: value(&operation.before),
                    after: value(&operation.after),
                    count: counted.count,
                    at_least: counted.is_late,
                });
            }
            fields.push(FieldChanges {
                name,
                count: field.count,
                is_made: field.is_made,
                groups,
                others: left,
            });
        }
        fields.sort_by_key(|field| std::cmp::Reverse(field.count));
        let mut oddities = Vec::new();
        for ((oddity, field), (count, first)) in counts.oddities {
            let first = first.into_iter().map(&mut read);
            oddities.push(OddityCount {
                oddity,
                field,
                count,
                first: first.collect::<Result<_, _>>()?,
            });
        }
        Ok(StepChanges {
            fields,
            further: counts.further,
            oddities,
        })
    }
}

fn filled(fields: &Map<String, Json>) -> Vec<String> {
    let filled = fields
        .iter()
        .filter(|(name, value)| name.as_str() != "id" && !is_empty(value));
    filled.map(|(name, _)| name.clone()).collect()
}

#[derive(Debug, Default)]
struct Counts {
    fields: BTreeMap<String, Field>,
    further: u64,
    oddities: BTreeMap<(Oddity, String), (u64, Vec<Seq>)>,
}

#[derive(Debug, Default)]
struct Field {
    count: u64,
    /// Whether all of these make the record.
    is_made: bool,
    groups: HashMap<[u8; 32], Counted>,
    /// Whether some were let go, so that what comes now may have been there before.
    is_pruned: bool,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    count: u64,
    first: Seq,
    is_late: bool,
}

impl Counts {
    fn add(&mut self, name: String, before: &Json, after: &Json, operation: &FieldsView) {
        if !self.fields.contains_key(&name) && self.fields.len() >= FIELDS {
            self.further += 1;
            return;
        }
        let is_made = operation.action == Action::Create;
        let field = self.fields.entry(name).or_default();
        field.is_made = is_made && (field.is_made || field.count == 0);
        field.add(before, after, operation.seq);
    }
}

impl Field {
    fn add(&mut self, before: &Json, after: &Json, seq: Seq) {
        self.count += 1;
        // A line break stands in no JSON text, so that two pairs are never one.
        let key = blake3::hash(format!("{before}\n{after}").as_bytes());
        let counted = self.groups.entry(*key.as_bytes()).or_insert(Counted {
            count: 0,
            first: seq,
            is_late: self.is_pruned,
        });
        counted.count += 1;
        if self.groups.len() > HELD {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let mut counts: Vec<(u64, Seq)> = self.groups.values().map(Counted::rank).collect();
        counts.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        let last = counts[HELD / 2];
        self.groups.retain(|_, counted| {
            let (count, first) = counted.rank();
            (std::cmp::Reverse(count), first) < (std::cmp::Reverse(last.0), last.1)
        });
        self.is_pruned = true;
    }

    fn largest(&self, most: usize) -> Vec<Counted> {
        /// Values that come up once, shown of what is made.
        const SINGLE: usize = 3;
        let mut groups: Vec<Counted> = self.groups.values().copied().collect();
        groups.sort_unstable_by_key(|counted| (std::cmp::Reverse(counted.count), counted.first));
        let repeated = groups.iter().filter(|counted| counted.count > 1).count();
        groups.truncate(most);
        if self.is_made {
            groups.truncate(repeated.max(SINGLE));
        }
        groups
    }
}

impl Counted {
    fn rank(&self) -> (u64, Seq) {
        (self.count, self.first)
    }
}
