//! An operation on several records at once that is done to some of them only: what it left out and why, and what it
//! wrote although it did not go well.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Action;
use super::Change;
use super::Relations;
use crate::diag::listed;
use crate::wire::Label;
use crate::wire::LinkTarget;
use crate::wire::LocalLabel;
use crate::wire::RecordId;

/// Records that a message names one by one; of the others it says how many they are.
const NAMED: usize = 5;

/// Why a record is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Somebody bound it to another record since it was planned.
    BoundTo(RecordId),
    /// Somebody took away what it was bound to.
    Freed,
    /// Somebody changed these columns of its link.
    Changed(Vec<String>),
    /// The instance refused it.
    Refused { label: Label, message: String },
}

/// Records that are to be left out.
pub type Omissions = BTreeMap<RecordId, Why>;

/// A record that was left out, with all that is needed to try it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Omitted {
    pub target: LinkTarget,
    /// What the plan saw of it.
    pub before: Relations,
    pub why: Why,
}

/// What of an operation that did not go well was written all the same: undo takes it back, and it is not repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    All,
    /// Links to these records, or their removal.
    These(Vec<RecordId>),
}

impl Written {
    pub fn holds(&self, id: &RecordId) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(id),
        }
    }

    /// How many records were written, of an operation on several.
    pub fn count(&self) -> usize {
        match self {
            Self::All => 0,
            Self::These(ids) => ids.len(),
        }
    }
}

/// What an operation on several records holds in three places.
pub struct Parts<'a> {
    pub change: &'a mut Change,
    pub before: &'a mut Map<String, Json>,
    pub after: &'a mut Map<String, Json>,
}

impl Parts<'_> {
    /// Takes records out, those as well that were linked already; what there is no word of is not there to be left out.
    pub fn take_out(&mut self, omissions: &Omissions) -> Vec<Omitted> {
        let mut before = Relations::from_map(self.before);
        let mut after = Relations::from_map(self.after);
        let mut targets = self.change.take_out(|id| omissions.contains_key(id));
        // Nothing was to be sent for them, so the change does not name them.
        let linked = after.to.iter().filter(|id| {
            omissions.contains_key(*id) && !targets.iter().any(|target| target.id == **id)
        });
        let linked: Vec<LinkTarget> = linked
            .map(|id| LinkTarget {
                id: id.clone(),
                columns: after.columns.get(id).cloned().unwrap_or_default(),
            })
            .collect();
        targets.extend(linked);
        let omitted: Vec<Omitted> = targets
            .into_iter()
            .filter_map(|target| {
                let why = omissions.get(&target.id)?.clone();
                after.take_out(&target.id);
                let before = before.take_out(&target.id);
                Some(Omitted {
                    target,
                    before,
                    why,
                })
            })
            .collect();
        if !omitted.is_empty() {
            *self.before = before.to_map();
            *self.after = after.to_map();
        }
        omitted
    }

    /// Puts back what was taken out.
    pub fn put_back(&mut self, omitted: Vec<Omitted>) {
        let mut before = Relations::from_map(self.before);
        let mut after = Relations::from_map(self.after);
        for one in omitted {
            if self.change.action() == Action::Link {
                after.to.push(one.target.id.clone());
                if !one.target.columns.is_empty() {
                    let columns = one.target.columns.clone();
                    after.columns.insert(one.target.id.clone(), columns);
                }
            }
            before.put_back(one.before);
            self.change.put_back(one.target);
        }
        *self.before = before.to_map();
        *self.after = after.to_map();
    }
}

/// The label of an operation that left records out. What an instance refused weighs more than what somebody changed:
/// by itself it would stop a run.
pub fn label_of<'a>(why: impl IntoIterator<Item = &'a Why>) -> Label {
    let refused = why.into_iter().find_map(|why| match why {
        Why::Refused { label, .. } => Some(label.clone()),
        Why::BoundTo(_) | Why::Freed | Why::Changed(_) => None,
    });
    refused.unwrap_or_else(|| LocalLabel::Drift.into())
}

/// What became of the records that were left out: the first few by name.
pub fn told<'a>(omitted: impl IntoIterator<Item = (&'a RecordId, &'a Why)>) -> String {
    let mut moved: Vec<(&Why, Vec<&RecordId>)> = Vec::new();
    let mut refused = Vec::new();
    for (id, why) in omitted {
        if let Why::Refused { message, .. } = why {
            refused.push(format!("`{id}`: {message}"));
            continue;
        }
        match moved.iter_mut().find(|(known, _)| *known == why) {
            Some((_, ids)) => ids.push(id),
            None => moved.push((why, vec![id])),
        }
    }
    let mut room = NAMED;
    let mut clauses = Vec::new();
    let mut more = 0;
    for (why, ids) in moved {
        let named: Vec<String> = ids.iter().take(room).map(|id| format!("`{id}`")).collect();
        room -= named.len();
        more += ids.len() - named.len();
        if named.is_empty() {
            continue;
        }
        let named = listed(named);
        clauses.push(match why {
            Why::BoundTo(other) => format!("linked {named} to `{other}`"),
            Why::Changed(columns) => {
                let columns: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
                format!("set {} of the link to {named}", listed(columns))
            }
            Why::Freed | Why::Refused { .. } => format!("took the link of {named} away"),
        });
    }
    let mut told = Vec::new();
    if !clauses.is_empty() {
        let more = match more {
            0 => String::new(),
            more => format!(", and did the like to {more} more"),
        };
        told.push(format!(
            "somebody {} since it was planned{more}",
            listed(clauses)
        ));
    }
    if !refused.is_empty() {
        let named = refused.len().min(NAMED);
        let more = match refused.len() - named {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let named = refused[..named].join(", ");
        told.push(format!("the instance refused {named}{more}"));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::Former;
    use crate::operation::Replaced;
    use crate::wire::LinkName;
    use crate::wire::ModuleName;

    fn id(text: &str) -> RecordId {
        RecordId::new(text)
    }

    fn map(value: Json) -> Map<String, Json> {
        match value {
            Json::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn link() -> Change {
        let target = |name: &str| LinkTarget {
            id: id(name),
            columns: map(json!({ "role": name })),
        };
        Change::Link {
            module: ModuleName::new("Accounts"),
            record: id("a"),
            link: LinkName::new("contacts"),
            targets: vec![target("c1"), target("c2"), target("c3")],
        }
    }

    fn before() -> Map<String, Json> {
        let replaced = |contact: &str| Replaced {
            module: ModuleName::new("Contacts"),
            record: id(contact),
            former: Former::Linked(LinkTarget::plain(id("b"))),
        };
        Relations {
            to: vec![id("c0"), id("c1")],
            columns: [(id("c1"), map(json!({ "role": "old" })))].into(),
            replaces: vec![replaced("c2"), replaced("c3")],
        }
        .to_map()
    }

    #[test]
    fn what_is_taken_out_is_in_none_of_the_three_and_comes_back_whole() {
        let (mut change, mut before, mut after) =
            (link(), before(), map(json!({ "to": ["c1", "c2", "c3"] })));
        let whole = (change.clone(), before.clone(), after.clone());
        let mut parts = Parts {
            change: &mut change,
            before: &mut before,
            after: &mut after,
        };
        let omissions =
            Omissions::from([(id("c1"), Why::Freed), (id("c3"), Why::BoundTo(id("d")))]);
        let omitted = parts.take_out(&omissions);
        let kept: Vec<Omitted> =
            serde_json::from_value(serde_json::to_value(&omitted).unwrap()).unwrap();
        assert_eq!(kept, omitted, "a run file keeps it");
        assert_eq!(change.others(), [&id("c2")]);
        assert_eq!(Json::Object(after.clone()), json!({ "to": ["c2"] }));
        let left = Relations::from_map(&before);
        assert_eq!(left.to, [id("c0")]);
        assert!(left.columns.is_empty());
        assert_eq!(left.replaces.len(), 1);

        let mut parts = Parts {
            change: &mut change,
            before: &mut before,
            after: &mut after,
        };
        parts.put_back(omitted);
        let sorted = |change: &Change| {
            let mut ids = change.others().into_iter().cloned().collect::<Vec<_>>();
            ids.sort();
            ids
        };
        assert_eq!(sorted(&change), sorted(&whole.0));
        let (now, then) = (Relations::from_map(&before), Relations::from_map(&whole.1));
        assert_eq!((now.to, now.columns), (then.to, then.columns));
        assert_eq!(now.replaces.len(), then.replaces.len());
        assert_eq!(after["to"], json!(["c2", "c1", "c3"]));
    }

    #[test]
    fn what_was_linked_already_is_taken_out_and_is_to_be_done_when_it_comes_back() {
        let role = map(json!({ "role": "boss" }));
        let mut change = link();
        change.take_out(|other| *other == id("c1"));
        let mut before = map(json!({ "to": ["c1"], "columns": { "c1": { "role": "boss" } } }));
        let columns = json!({ "c1": { "role": "boss" }, "c2": { "role": "c2" } });
        let mut after = map(json!({ "to": ["c1", "c2", "c3"], "columns": columns }));
        let mut parts = Parts {
            change: &mut change,
            before: &mut before,
            after: &mut after,
        };
        let omitted = parts.take_out(&Omissions::from([(id("c1"), Why::Freed)]));
        assert_eq!(omitted[0].target.columns, role);
        assert_eq!(omitted[0].before.to, [id("c1")]);
        assert_eq!(parts.after["to"], json!(["c2", "c3"]));
        assert_eq!(parts.before["to"], json!([]));
        parts.put_back(omitted);
        assert_eq!(parts.before["to"], json!(["c1"]));
        assert!(change.others().contains(&&id("c1")), "{change:?}");
    }

    #[test]
    fn the_first_few_are_named() {
        let moved = |count: usize| -> Omissions {
            let ids = (1..=count).map(|number| id(&format!("c{number}")));
            ids.map(|one| (one, Why::BoundTo(id("d")))).collect()
        };
        let refused = Why::Refused {
            label: Label::parse("not_found"),
            message: "not_found: no such record".into(),
        };
        let mut mixed = moved(1);
        mixed.insert(id("c2"), Why::Freed);
        let drifted = LocalLabel::Drift.into();
        assert_eq!(label_of(mixed.values()), drifted);
        let mut told: Vec<String> = vec![told(&moved(1)), told(&mixed)];
        mixed.insert(id("c3"), refused);
        assert_eq!(label_of(mixed.values()), Label::parse("not_found"));
        told.extend([super::told(&mixed), super::told(&moved(7))]);
        insta::assert_snapshot!(told.join("\n"), @r"
        somebody linked `c1` to `d` since it was planned
        somebody linked `c1` to `d` and took the link of `c2` away since it was planned
        somebody linked `c1` to `d` and took the link of `c2` away since it was planned; the instance refused `c3`: not_found: no such record
        somebody linked `c1`, `c2`, `c3`, `c4` and `c5` to `d` since it was planned, and did the like to 2 more
        ");
    }
}
