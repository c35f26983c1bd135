//! What a run itself does to the records that hang on another one before it deletes that one.

use super::ties::End;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::operation::Hanging;
use crate::operation::Operation;
use crate::operation::State;
use crate::wire::LinkName;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;

/// What a change means to a record that hangs on another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is hung there.
    Comes,
    /// It is taken away, moved to another record, or deleted.
    Goes,
}

impl End {
    /// What becomes of another record, as far as it hangs on this one.
    pub fn fate(&self, other: &RecordId, change: &Change, metadata: &Metadata) -> Option<Fate> {
        let by_field = || {
            let far = metadata.far_module(self.module.as_str(), self.link.as_str());
            let is_about =
                far == change.module().map(ModuleName::as_str) && change.record() == Some(other);
            is_about.then(|| self.set(change, metadata)).flatten()
        };
        match change {
            Change::Delete { module, record } => {
                let far = metadata.far_module(self.module.as_str(), self.link.as_str());
                (far == Some(module.as_str()) && record == other).then_some(Fate::Goes)
            }
            Change::Create { id, under, .. } => {
                let tied = under.as_ref().and_then(|parent| {
                    let pair = (&parent.module, &parent.record, &parent.link);
                    self.tied_to(&self.nears(other, pair, &[id], metadata))
                });
                tied.or_else(by_field)
            }
            Change::Update { .. } | Change::UpsertByKey { .. } => by_field(),
            Change::Link {
                module,
                record,
                link,
                ..
            } => {
                let pair = (module, record, link);
                self.tied_to(&self.nears(other, pair, &change.others(), metadata))
            }
            Change::Unlink {
                module,
                record,
                link,
                ..
            } => {
                let pair = (module, record, link);
                let nears = self.nears(other, pair, &change.others(), metadata);
                nears.contains(&&self.record).then_some(Fate::Goes)
            }
            Change::Favorite { .. } | Change::Unfavorite { .. } | Change::Call { .. } => None,
        }
    }

    /// Whether another record hangs on this one because this one was made below it.
    pub fn is_below(&self, other: &RecordId, parent: &Parent, metadata: &Metadata) -> bool {
        let pair = (&parent.module, &parent.record, &parent.link);
        let nears = self.nears(other, pair, &[&self.record], metadata);
        nears.contains(&&self.record)
    }

    /// What is linked to another record of the module through the same link is moved there, though both may have it.
    fn tied_to(&self, nears: &[&RecordId]) -> Option<Fate> {
        match nears.contains(&&self.record) {
            true => Some(Fate::Comes),
            false => (!nears.is_empty()).then_some(Fate::Goes),
        }
    }

    /// The records at this end of the relation that a link or an unlink, written from whichever end, is about together
    /// with another record.
    fn nears<'a>(
        &self,
        other: &RecordId,
        (module, record, link): (&ModuleName, &'a RecordId, &LinkName),
        others: &[&'a RecordId],
        metadata: &Metadata,
    ) -> Vec<&'a RecordId> {
        if self.module == *module && self.link == *link {
            let is_named = others.contains(&other);
            return is_named.then_some(record).into_iter().collect();
        }
        let far = metadata.far_side(module.as_str(), link.as_str());
        let leads_here = far.is_some_and(|far| {
            far.module == self.module.as_str() && far.link == Some(self.link.as_str())
        });
        match leads_here && record == other {
            true => others.to_vec(),
            false => Vec::new(),
        }
    }

    /// What the field says that binds it to one record.
    fn set(&self, change: &Change, metadata: &Metadata) -> Option<Fate> {
        let field = metadata.binding_field(self.module.as_str(), self.link.as_str())?;
        let fields = change.fields();
        let value = fields.get(field)?;
        Some(match value.as_str() == Some(self.record.as_str()) {
            true => Fate::Comes,
            false => Fate::Goes,
        })
    }
}

/// An undo's delete of a record on which others hang that it does not take away before: it is left alone. `theirs` are
/// those that the run has nothing to do with.
pub fn left_for(operation: Operation, stays: &Hanging, theirs: &Hanging) -> Operation {
    let message = match theirs.is_empty() {
        true => format!(
            "{} that the undo leaves alone are linked to it; it is left as it is",
            stays.told()
        ),
        false => format!(
            "somebody linked {} to it after the run; it is left as it is",
            theirs.told()
        ),
    };
    Operation {
        state: State::Failed,
        label: Some(LocalLabel::Drift.into()),
        message: Some(message),
        ..operation
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;

    fn metadata() -> Metadata {
        read(&json!({
            "modules": {
                "Accounts": { "fields": {
                    "contacts": { "type": "link", "relationship": "accounts_contacts" },
                    "notes": { "type": "link", "relationship": "account_notes" },
                } },
                "Contacts": { "fields": {
                    "accounts": { "type": "link", "relationship": "accounts_contacts" },
                    "account_id": { "type": "relate", "id_name": "account_id", "link": "accounts" },
                    "cases": { "type": "link", "relationship": "contacts_cases" },
                } },
                "Cases": { "fields": { "contacts": { "type": "link", "relationship": "contacts_cases" } } },
                "Notes": { "fields": { "accounts": { "type": "link", "relationship": "account_notes" } } },
            },
            "relationships": {
                "accounts_contacts": {
                    "lhs_module": "Accounts", "rhs_module": "Contacts", "relationship_type": "many-to-many",
                    "true_relationship_type": "one-to-many", "join_table": "accounts_contacts",
                },
                "contacts_cases": {
                    "lhs_module": "Contacts", "rhs_module": "Cases", "relationship_type": "many-to-many",
                    "join_table": "contacts_cases",
                },
                "account_notes": {
                    "lhs_module": "Accounts", "rhs_module": "Notes", "rhs_key": "parent_id",
                    "relationship_type": "one-to-many",
                },
            },
        }))
        .metadata
    }

    fn change(json: serde_json::Value) -> Change {
        serde_json::from_value(json).unwrap()
    }

    fn end(module: &str, link: &str) -> End {
        End {
            module: ModuleName::new(module),
            record: RecordId::new("a"),
            link: LinkName::new(link),
        }
    }

    fn fate(end: &End, json: serde_json::Value) -> Option<Fate> {
        end.fate(&RecordId::new("x"), &change(json), &metadata())
    }

    #[test]
    fn a_link_brings_it_or_moves_it_away_from_whichever_end() {
        let ends = [end("Accounts", "contacts"), end("Contacts", "cases")];
        let names = [
            ("Accounts", "contacts", "Contacts", "accounts"),
            ("Contacts", "cases", "Cases", "contacts"),
        ];
        for (end, (near, link, far, back)) in ends.iter().zip(names) {
            let tied = |verb: &str, record: &str, other: &str| {
                let others = if verb == "link" { "targets" } else { "others" };
                let (near_id, far_id) = match verb {
                    "link" => (
                        json!([{ "id": record, "columns": {} }]),
                        json!([{ "id": other, "columns": {} }]),
                    ),
                    _ => (json!([record]), json!([other])),
                };
                let from_here = json!({ verb: { "module": near, "record": record, "link": link, others: far_id } });
                let from_there = json!({ verb: { "module": far, "record": other, "link": back, others: near_id } });
                let found = fate(end, from_here);
                assert_eq!(fate(end, from_there), found, "{verb} {record} {other}");
                found
            };
            assert_eq!(tied("link", "a", "x"), Some(Fate::Comes));
            assert_eq!(tied("link", "b", "x"), Some(Fate::Goes));
            assert_eq!(tied("link", "a", "y"), None);
            assert_eq!(tied("unlink", "a", "x"), Some(Fate::Goes));
            assert_eq!(tied("unlink", "b", "x"), None);
            assert_eq!(tied("unlink", "a", "y"), None);
        }
    }

    #[test]
    fn a_field_of_its_own_binds_it() {
        let update = |module: &str, record: &str, fields: serde_json::Value| json!({ "update": { "module": module, "record": record, "fields": fields } });
        let contacts = end("Accounts", "contacts");
        let set = |record: &str, fields| fate(&contacts, update("Contacts", record, fields));
        assert_eq!(set("x", json!({ "account_id": "a" })), Some(Fate::Comes));
        assert_eq!(set("x", json!({ "account_id": "b" })), Some(Fate::Goes));
        assert_eq!(set("x", json!({ "account_id": "" })), Some(Fate::Goes));
        assert_eq!(set("x", json!({ "title": "a" })), None);
        assert_eq!(set("y", json!({ "account_id": "b" })), None);
        let notes = end("Accounts", "notes");
        let moved = update(
            "Notes",
            "x",
            json!({ "parent_id": "b", "parent_type": "Contacts" }),
        );
        assert_eq!(fate(&notes, moved.clone()), Some(Fate::Goes));
        assert_eq!(fate(&contacts, moved), None);
    }

    #[test]
    fn what_is_made_comes_and_what_is_deleted_goes() {
        let contacts = end("Accounts", "contacts");
        let made = |parent: &str| {
            let under = json!({ "module": "Accounts", "record": parent, "link": "contacts" });
            json!({ "create": { "module": "Contacts", "id": "x", "fields": {}, "under": under } })
        };
        assert_eq!(fate(&contacts, made("a")), Some(Fate::Comes));
        let deleted = |module: &str| json!({ "delete": { "module": module, "record": "x" } });
        assert_eq!(fate(&contacts, deleted("Contacts")), Some(Fate::Goes));
        assert_eq!(fate(&contacts, deleted("Cases")), None);
        let parent = |module: &str, link: &str| Parent {
            module: ModuleName::new(module),
            record: RecordId::new("x"),
            link: LinkName::new(link),
        };
        let below = |link: &str, parent: &Parent| {
            end("Contacts", link).is_below(&RecordId::new("x"), parent, &metadata())
        };
        assert!(below("cases", &parent("Cases", "contacts")));
        assert!(!below("cases", &parent("Accounts", "contacts")));
    }
}
