//! Links and unlinks of one pair of records, seen from one of its ends: what earlier ones leave behind for later ones.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::draft::Current;
use super::draft::Linked;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::operation::State;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// A record, and the link through which others are seen from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub module: ModuleName,
    pub record: RecordId,
    pub link: LinkName,
}

/// What becomes of a pair.
#[derive(Debug, Clone, PartialEq)]
pub enum Tied {
    /// With these columns of the relation.
    Together(Map<String, Json>),
    Apart,
}

/// An earlier operation on a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Tie {
    pub seq: Seq,
    pub state: State,
    pub other: RecordId,
    pub tied: Tied,
}

impl End {
    /// The end that a link or an unlink is written from, and the records at the other one.
    pub fn of(change: &Change) -> Option<(Self, BTreeSet<RecordId>)> {
        let (module, record, link, others) = match change {
            Change::Link {
                module,
                record,
                link,
                targets,
            } => {
                let ids = targets.iter().map(|target| target.id.clone());
                (module, record, link, ids.collect())
            }
            Change::Unlink {
                module,
                record,
                link,
                others,
            } => (module, record, link, others.iter().cloned().collect()),
            _ => return None,
        };
        let end = Self {
            module: module.clone(),
            record: record.clone(),
            link: link.clone(),
        };
        Some((end, others))
    }

    /// The records that a change ties to this one or takes from it, written from whichever end.
    pub fn tied_by(&self, change: &Change, metadata: &Metadata) -> Vec<(RecordId, Tied)> {
        let (end, others) = match change {
            Change::Create {
                id,
                under: Some(parent),
                ..
            } => {
                let end = Self {
                    module: parent.module.clone(),
                    record: parent.record.clone(),
                    link: parent.link.clone(),
                };
                (end, vec![(id.clone(), Tied::Together(Map::new()))])
            }
            Change::Link { targets, .. } => {
                let Some((end, _)) = Self::of(change) else {
                    return Vec::new();
                };
                let tied = targets
                    .iter()
                    .map(|target| (target.id.clone(), Tied::Together(target.columns.clone())));
                (end, tied.collect())
            }
            Change::Unlink { others, .. } => {
                let Some((end, _)) = Self::of(change) else {
                    return Vec::new();
                };
                let tied = others.iter().map(|other| (other.clone(), Tied::Apart));
                (end, tied.collect())
            }
            _ => return Vec::new(),
        };
        if end == *self {
            return others;
        }
        let far = metadata.far_side(end.module.as_str(), end.link.as_str());
        let leads_here = far.is_some_and(|far| {
            far.module == self.module.as_str() && far.link == Some(self.link.as_str())
        });
        let ours = others
            .into_iter()
            .filter(|(id, _)| leads_here && *id == self.record);
        ours.map(|(_, tied)| (end.record.clone(), tied)).collect()
    }
}

impl Tied {
    /// Whether a change asks for the contrary.
    pub fn is_contrary_to(&self, change: &Change) -> bool {
        match self {
            Self::Together(_) => matches!(change, Change::Unlink { .. }),
            Self::Apart => matches!(change, Change::Link { .. }),
        }
    }
}

/// What is linked once earlier operations are done that are not yet.
pub fn with_ties(current: Current, earlier: &[Tie]) -> Current {
    let mut open = earlier
        .iter()
        .filter(|tie| !tie.state.is_settled())
        .peekable();
    if open.peek().is_none() {
        return current;
    }
    let mut linked = match current {
        Current::Links(linked) => linked,
        // One that is tied in this run and not there before it is made in this run.
        Current::Missing => Linked::default(),
        other => return other,
    };
    for tie in open {
        match &tie.tied {
            Tied::Together(columns) => {
                let held = linked.present.entry(tie.other.clone()).or_default();
                held.extend(columns.clone());
            }
            Tied::Apart => drop(linked.present.remove(&tie.other)),
        }
    }
    Current::Links(linked)
}
