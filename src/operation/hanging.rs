//! What hangs on a record: others that are linked to it and lose it when it is deleted. A delete's before-image holds
//! their ids under the names of the links.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::diag::listed;
use crate::wire::LinkName;
use crate::wire::RecordId;

/// The name under which a number stands where there are too many to name.
const COUNT: &str = "count";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hung {
    These(BTreeSet<RecordId>),
    /// So many that nobody names them.
    Many(u64),
}

/// What hangs on one record, by link. Links through which nothing does are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hanging(BTreeMap<LinkName, Hung>);

impl Hung {
    pub fn count(&self) -> u64 {
        match self {
            Self::These(ids) => ids.len() as u64,
            Self::Many(count) => *count,
        }
    }
}

impl Hanging {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, link: LinkName, hung: Hung) {
        if hung.count() > 0 {
            self.0.insert(link, hung);
        }
    }

    /// Those that are known by their ids.
    pub fn named(&self) -> impl Iterator<Item = (&LinkName, &BTreeSet<RecordId>)> {
        self.0.iter().filter_map(|(link, hung)| match hung {
            Hung::These(ids) => Some((link, ids)),
            Hung::Many(_) => None,
        })
    }

    /// Leaves out some of those that are known by their ids.
    #[must_use]
    pub fn without(self, is_out: impl Fn(&LinkName, &RecordId) -> bool) -> Self {
        let mut left = Self::default();
        for (link, hung) in self.0 {
            let hung = match hung {
                Hung::These(mut ids) => {
                    ids.retain(|id| !is_out(&link, id));
                    Hung::These(ids)
                }
                many @ Hung::Many(_) => many,
            };
            left.add(link, hung);
        }
        left
    }

    /// What of it did not hang there before.
    #[must_use]
    pub fn beyond(self, before: &Self) -> Self {
        let mut more = Self::default();
        for (link, now) in self.0 {
            let new = match (now, before.0.get(&link)) {
                (now, None) => now,
                (Hung::These(mut now), Some(Hung::These(before))) => {
                    now.retain(|id| !before.contains(id));
                    Hung::These(now)
                }
                (now, Some(before)) => Hung::Many(now.count().saturating_sub(before.count())),
            };
            more.add(link, new);
        }
        more
    }

    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0
            .iter()
            .map(|(link, hung)| (link.as_str(), hung.count()))
    }

    /// "2 `contacts` and 1 `cases`".
    pub fn told(&self) -> String {
        let said: Vec<String> = self
            .counts()
            .map(|(link, count)| format!("{count} `{link}`"))
            .collect();
        match said.is_empty() {
            true => "nothing".to_owned(),
            false => listed(said),
        }
    }

    pub fn to_map(&self) -> Map<String, Json> {
        let value = |hung: &Hung| match hung {
            Hung::These(ids) => json!(ids),
            Hung::Many(count) => json!({ COUNT: count }),
        };
        self.0
            .iter()
            .map(|(link, hung)| (link.as_str().to_owned(), value(hung)))
            .collect()
    }

    /// What a before-image holds under the names of these links.
    pub fn from_map(before: &Map<String, Json>, is_link: impl Fn(&str) -> bool) -> Self {
        let mut hanging = Self::default();
        for (name, value) in before.iter().filter(|(name, _)| is_link(name)) {
            let hung = match value {
                Json::Array(ids) => Hung::These(
                    ids.iter()
                        .filter_map(Json::as_str)
                        .map(RecordId::new)
                        .collect(),
                ),
                Json::Object(map) => match map.get(COUNT).and_then(Json::as_u64) {
                    Some(count) => Hung::Many(count),
                    None => continue,
                },
                _ => continue,
            };
            hanging.add(LinkName::new(name.as_str()), hung);
        }
        hanging
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hanging(map: &Json) -> Hanging {
        Hanging::from_map(map.as_object().unwrap(), |name| name != "tag")
    }

    #[test]
    fn a_before_image_reads_back() {
        let held = json!({
            "cases": [], "contacts": ["a", "b"], "notes": { "count": 1500 }, "name": "A7", "tag": ["t"],
            "assigned_user_link": { "id": "u" },
        });
        let found = hanging(&held);
        let counts: Vec<(&str, u64)> = found.counts().collect();
        assert_eq!(counts, [("contacts", 2), ("notes", 1500)]);
        assert_eq!(hanging(&Json::Object(found.to_map())), found);
        assert_eq!(found.told(), "2 `contacts` and 1500 `notes`");
    }

    #[test]
    fn less_than_before_is_nothing_new() {
        let before =
            hanging(&json!({ "contacts": ["a", "b"], "notes": { "count": 1500 }, "calls": ["c"] }));
        let beyond = |now: Json| Json::Object(hanging(&now).beyond(&before).to_map());
        assert_eq!(
            beyond(json!({ "contacts": ["a"], "notes": ["n"] })),
            json!({})
        );
        assert_eq!(
            beyond(
                json!({ "contacts": ["b", "d"], "notes": { "count": 1502 }, "calls": { "count": 1001 }, "cases": ["e"] })
            ),
            json!({ "contacts": ["d"], "notes": { "count": 2 }, "calls": { "count": 1000 }, "cases": ["e"] })
        );
    }

    #[test]
    fn some_are_left_out() {
        let found =
            hanging(&json!({ "contacts": ["a", "b"], "cases": ["a"], "notes": { "count": 1500 } }));
        let left = found.without(|link, id| id.as_str() == "a" && link.as_str() == "contacts");
        assert_eq!(left.told(), "1 `cases`, 1 `contacts` and 1500 `notes`");
    }
}
