//! What a link or an unlink moves: which records, with what of the relation, and what they leave for it.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value as Json;

use super::OperationReport;
use super::text::cells;
use super::text::value;
use crate::metadata::value::is_empty;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Relations;
use crate::wire::LinkTarget;

/// Columns of a relation's own value.
const VALUE: usize = 30;

/// Of a link or unlink what its `before` and `after` do not say in a word.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Linked {
    /// Through which link.
    pub(super) through: String,
    /// Id → what it sets of the relation.
    pub(super) columns: BTreeMap<String, Map<String, Json>>,
    /// Id → what of the relation stands there before.
    pub(super) held: BTreeMap<String, Map<String, Json>>,
    /// Id of a record that has one at most → the one it leaves, or the fields that name it.
    pub(super) leaves: BTreeMap<String, Map<String, Json>>,
}

/// The name under which a former record stands that no field names.
const FORMER: &str = "";

impl Linked {
    /// Of an operation as the run file has it; nothing where it is no link.
    pub(super) fn of(
        change: Option<&Change>,
        before: &Map<String, Json>,
        hide: impl Fn(&Map<String, Json>) -> Map<String, Json>,
    ) -> Option<Self> {
        let (link, targets): (_, &[LinkTarget]) = match change? {
            Change::Link { link, targets, .. } => (link, targets),
            Change::Unlink { link, .. } => (link, &[]),
            _ => return None,
        };
        let with_columns = targets.iter().filter(|target| !target.columns.is_empty());
        let before = Relations::from_map(before);
        let held = before.columns.iter();
        let held = held.map(|(id, columns)| (id.as_str().to_owned(), hide(columns)));
        let held = held.collect();
        let replaced = before.replaces.into_iter();
        Some(Self {
            through: link.as_str().to_owned(),
            columns: with_columns
                .map(|target| (target.id.as_str().to_owned(), hide(&target.columns)))
                .collect(),
            held,
            leaves: replaced
                .map(|replaced| {
                    let former = match replaced.former {
                        Former::Fields(fields) => hide(&fields),
                        Former::Linked(target) => {
                            let id = Json::from(target.id.as_str());
                            std::iter::once((FORMER.to_owned(), id)).collect()
                        }
                    };
                    (replaced.record.as_str().to_owned(), former)
                })
                .collect(),
        })
    }

    /// `leaves 5f0c…`, of a record that is bound to another one by now.
    fn left_by(&self, id: &str) -> Option<String> {
        let former = self.leaves.get(id)?;
        let former: Vec<String> = former
            .iter()
            .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
            .map(|(name, value)| match (name.as_str(), value) {
                (FORMER, Json::String(id)) => cells::visible(id),
                (name, Json::String(id)) => {
                    format!("{} {}", cells::visible(name), cells::visible(id))
                }
                (name, value) => format!("{} {}", cells::visible(name), value::shown(value, VALUE)),
            })
            .collect();
        Some(match former.is_empty() {
            true => "leaves the one it had".to_owned(),
            false => format!("leaves {}", former.join(", ")),
        })
    }

    /// An id, and behind it what is set of the relation and what it leaves.
    fn target(&self, id: &str) -> String {
        let columns = self.columns.get(id).into_iter().flatten();
        let held = self.held.get(id);
        let columns = columns.map(|(name, value)| {
            let was = held.and_then(|held| held.get(name));
            let was = was.filter(|was| !is_empty(was) && *was != value);
            let was = was.map(|was| format!("{} → ", value::shown(was, VALUE)));
            format!(
                "{} {}{}",
                cells::visible(name),
                was.unwrap_or_default(),
                value::shown(value, VALUE)
            )
        });
        let pieces: Vec<String> = columns.chain(self.left_by(id)).collect();
        match pieces.is_empty() {
            true => cells::visible(id),
            false => format!("{} ({})", cells::visible(id), pieces.join(", ")),
        }
    }
}

/// Behind the record: `→ 3 ids through link`; of an unlink, the ids that are taken away.
pub(super) fn summary(operation: &OperationReport) -> Option<String> {
    let link = &operation.aside.link.as_ref()?.through;
    let (before, after) = (ids(&operation.before).len(), ids(&operation.after).len());
    let counted = |count: usize| cells::counted(count as u64, "id");
    Some(match operation.action {
        Action::Unlink => {
            let taken = counted(before.saturating_sub(after));
            format!("→ {taken} less through {link}")
        }
        _ if before > 0 => {
            format!(
                "→ {} through {link}, {before} of them already",
                counted(after)
            )
        }
        _ => format!("→ {} through {link}", counted(after)),
    })
}

/// The first records that it moves, each with what it leaves, those that leave one before the others; then how many
/// more there are.
pub(super) fn moved(operation: &OperationReport, most: usize) -> Vec<String> {
    let Some(linked) = &operation.aside.link else {
        return Vec::new();
    };
    let (before, after) = (ids(&operation.before), ids(&operation.after));
    let mut moved: Vec<&str> = match operation.action {
        Action::Unlink => before
            .into_iter()
            .filter(|id| !after.contains(id))
            .collect(),
        // Of those that are linked already only the relation's columns may change.
        _ => {
            let is_news = |id: &&str| !before.contains(id) || linked.columns.contains_key(*id);
            after.into_iter().filter(is_news).collect()
        }
    };
    moved.sort_by_key(|id| !linked.leaves.contains_key(*id));
    let itself = operation.record.as_deref();
    let itself = itself.and_then(|record| linked.left_by(record));
    let mut said: Vec<String> = itself
        .map(|leaves| format!("the record itself {leaves}"))
        .into_iter()
        .collect();
    let rest = moved.split_off(moved.len().min(most));
    said.extend(moved.iter().map(|id| linked.target(id)));
    if !rest.is_empty() {
        let leaving = rest.iter().filter(|id| linked.leaves.contains_key(**id));
        let leaving = match leaving.count() as u64 {
            0 => String::new(),
            count => format!(
                ", {} of them leaving the one they had",
                cells::grouped(count)
            ),
        };
        said.push(format!(
            "and {} more{leaving}",
            cells::grouped(rest.len() as u64)
        ));
    }
    said
}

fn ids(fields: &Map<String, Json>) -> Vec<&str> {
    let list = fields.get("to").and_then(Json::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect()
}
