//! What a relation was before a link or an unlink touched it: what a plan shows as `before`, and what undo puts back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Relations {
    /// Those of the records named that were linked.
    pub to: Vec<RecordId>,
    /// The relation's own columns of each, where it has any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<RecordId, Map<String, Json>>,
    /// Records whose link to another one ends here, because they have one at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Replaced>,
}

/// A record that is given another one in the place of the one it had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    pub module: ModuleName,
    pub record: RecordId,
    pub former: Former,
}

/// What bound it before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Former {
    /// Fields of its own.
    Fields(Map<String, Json>),
    /// A link to this record, with the relation's columns.
    Linked(LinkTarget),
}

impl Relations {
    pub fn to_map(&self) -> Map<String, Json> {
        match serde_json::to_value(self) {
            Ok(Json::Object(map)) => map,
            // A struct with named fields is a map.
            _ => Map::new(),
        }
    }

    /// Takes out all there is of one of the records named.
    pub fn take_out(&mut self, id: &RecordId) -> Self {
        let is_it = |replaced: &Replaced| replaced.record == *id;
        let (gone, stays) = std::mem::take(&mut self.replaces)
            .into_iter()
            .partition(is_it);
        self.replaces = stays;
        let to = self
            .to
            .iter()
            .filter(|known| *known == id)
            .cloned()
            .collect();
        self.to.retain(|known| known != id);
        Self {
            to,
            columns: self.columns.remove_entry(id).into_iter().collect(),
            replaces: gone,
        }
    }

    /// Puts back what was taken out.
    pub fn put_back(&mut self, other: Self) {
        self.to.extend(other.to);
        self.columns.extend(other.columns);
        self.replaces.extend(other.replaces);
    }

    /// What a run file kept; nothing where the operation was no link.
    pub fn from_map(before: &Map<String, Json>) -> Self {
        serde_json::from_value(Json::Object(before.clone())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_kept_reads_back() {
        let before = Relations {
            to: vec![RecordId::new("a")],
            columns: BTreeMap::new(),
            replaces: vec![Replaced {
                module: ModuleName::new("Contacts"),
                record: RecordId::new("c"),
                former: Former::Linked(LinkTarget::plain(RecordId::new("b"))),
            }],
        };
        assert_eq!(Relations::from_map(&before.to_map()), before);
        let plain = Relations {
            to: vec![RecordId::new("a")],
            ..Relations::default()
        };
        assert_eq!(Json::Object(plain.to_map()), json!({ "to": ["a"] }));
    }
}
