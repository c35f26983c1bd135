//! What a link does to the records at its two ends: who may have one only, and what goes with a field's value.

use std::collections::BTreeSet;

use super::FieldKind;
use super::Mark;
use super::Metadata;
use super::Module;
use super::Writable;

/// How a record is bound to the one record it may have at the other end of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parentage<'a> {
    /// By fields of its own: the key, and beside it the module where that varies (`parent_id`, `parent_type`).
    Fields(Vec<&'a str>),
    /// By a row of a join table. `id_field` shows whom it is bound to, if a field does.
    Row {
        /// The link of the bound record that leads to its one.
        link: Option<&'a str>,
        id_field: Option<&'a str>,
    },
}

impl Metadata {
    /// Whether a link leads to one record at most: as its field says, else as its relationship does.
    pub fn leads_to_one(&self, module: &str, link: &str) -> bool {
        let Some(field) = self.module(module).and_then(|module| module.link(link)) else {
            return false;
        };
        let by_relationship = || {
            let relationship = self.relationships.get(field.relationship.as_ref()?)?;
            let kind = relationship
                .true_kind
                .as_deref()
                .or(relationship.kind.as_deref())?;
            let (left, right) = (
                relationship.lhs_module.as_deref() == Some(module),
                relationship.rhs_module.as_deref() == Some(module),
            );
            Some(match kind {
                "one-to-one" => true,
                // Of a module that is on both sides only the field can tell.
                "one-to-many" => right && !left,
                "many-to-one" => left && !right,
                _ => false,
            })
        };
        field.is(Mark::Single) || by_relationship().unwrap_or(false)
    }

    /// How a record of `module` is bound to the one that its `link` leads to.
    pub fn parentage(&self, module: &str, link: &str) -> Parentage<'_> {
        let relationship = self
            .module(module)
            .and_then(|module| module.link(link)?.relationship.as_ref())
            .and_then(|name| self.relationships.get(name));
        let own_key = relationship
            .filter(|relationship| {
                relationship.join_table.is_none()
                    && relationship.rhs_module.as_deref() == Some(module)
            })
            .and_then(|relationship| relationship.rhs_key.as_deref())
            .filter(|key| *key != "id");
        match own_key {
            Some(key) => {
                let kind = self
                    .module(module)
                    .and_then(|module| module.parent_companion(key));
                Parentage::Fields(std::iter::once(key).chain(kind).collect())
            }
            None => Parentage::Row {
                link: self
                    .module(module)
                    .and_then(|module| module.link(link))
                    .map(|field| field.name.as_str()),
                id_field: self.id_field_of_link(module, link),
            },
        }
    }

    /// The companions of several fields of a module that are not among them.
    pub fn companions<'a>(
        &self,
        module: &str,
        fields: impl Iterator<Item = &'a String> + Clone,
    ) -> BTreeSet<String> {
        let Some(module) = self.module(module) else {
            return BTreeSet::new();
        };
        let mut found: BTreeSet<String> = fields
            .clone()
            .flat_map(|name| module.companions(name))
            .map(str::to_owned)
            .collect();
        for name in fields {
            found.remove(name);
        }
        found
    }

    /// The columns that a relation has of its own.
    pub fn columns(&self, module: &str, link: &str) -> Option<&BTreeSet<String>> {
        let name = self.module(module)?.link(link)?.relationship.as_ref()?;
        self.relationships
            .get(name)
            .map(|relationship| &relationship.columns)
            .filter(|columns| !columns.is_empty())
    }
}

impl Module {
    /// The fields whose old values must be known beside a field's own before it can be put back: the other half of a
    /// parent, the currency and rate of an amount, and all addresses where one of them is set by itself.
    pub fn companions(&self, field: &str) -> Vec<&str> {
        let mut found: Vec<&str> = self.parent_companion(field).into_iter().collect();
        let known = self.field(field);
        if known.is_some_and(|known| known.kind == FieldKind::Currency) {
            found.extend(self.present(&["currency_id", "base_rate"]));
        }
        if is_single_address(field) {
            found.extend(self.present(&["email"]));
        }
        found.retain(|name| *name != field);
        found
    }

    fn present<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let settable = |name: &&&str| self.writable(name) == Some(Writable::Yes);
        names.iter().filter(settable).copied().collect()
    }
}

/// A field that shows one address out of `email`. Setting it leaves the others where they were.
pub fn is_single_address(field: &str) -> bool {
    matches!(field, "email1" | "email2")
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
                    "contacts": { "type": "link", "relationship": "accounts_contacts", "module": "Contacts" },
                    "cases": { "type": "link", "relationship": "account_cases" },
                    "notes": { "type": "link", "relationship": "account_notes" },
                    "email": { "type": "email", "source": "non-db" },
                    "email1": { "type": "varchar", "source": "non-db" },
                } },
                "Contacts": { "fields": {
                    "accounts": { "type": "link", "relationship": "accounts_contacts", "link_type": "one" },
                    "account_id": { "type": "relate", "id_name": "account_id", "link": "accounts", "source": "non-db" },
                } },
                "Cases": { "fields": {
                    "accounts": { "type": "link", "relationship": "account_cases" },
                    "amount": { "type": "currency" },
                    "currency_id": { "type": "currency_id" },
                } },
                "Notes": { "fields": {
                    "accounts": { "type": "link", "relationship": "account_notes" },
                    "parent_name": { "type": "parent", "id_name": "parent_id", "type_name": "parent_type" },
                } },
            },
            "relationships": {
                "accounts_contacts": {
                    "lhs_module": "Accounts", "rhs_module": "Contacts", "rhs_key": "id",
                    "relationship_type": "many-to-many", "join_table": "accounts_contacts",
                    "join_key_lhs": "account_id",
                    "fields": { "id": {}, "account_id": {}, "primary_account": { "name": "primary_account" } },
                },
                "account_cases": {
                    "lhs_module": "Accounts", "rhs_module": "Cases", "rhs_key": "account_id",
                    "relationship_type": "one-to-many",
                },
                "account_notes": {
                    "lhs_module": "Accounts", "rhs_module": "Notes", "rhs_key": "parent_id",
                    "relationship_type": "one-to-many",
                },
            },
        }))
        .metadata
    }

    #[test]
    fn a_side_that_has_one_is_known_by_its_link_or_its_relationship() {
        let metadata = metadata();
        assert!(metadata.leads_to_one("Contacts", "accounts"));
        assert!(metadata.leads_to_one("Cases", "accounts"));
        assert!(!metadata.leads_to_one("Accounts", "contacts"));
        assert!(!metadata.leads_to_one("Accounts", "cases"));
        assert!(!metadata.leads_to_one("Accounts", "nowhere"));
        let columns = metadata.columns("Accounts", "contacts").unwrap();
        assert_eq!(columns.iter().collect::<Vec<_>>(), ["primary_account"]);
        assert_eq!(metadata.columns("Accounts", "cases"), None);
    }

    #[test]
    fn what_binds_a_record_to_its_one() {
        let metadata = metadata();
        assert_eq!(
            metadata.parentage("Contacts", "accounts"),
            Parentage::Row {
                link: Some("accounts"),
                id_field: Some("account_id")
            }
        );
        assert_eq!(
            metadata.parentage("Cases", "accounts"),
            Parentage::Fields(vec!["account_id"])
        );
        assert_eq!(
            metadata.parentage("Notes", "accounts"),
            Parentage::Fields(vec!["parent_id", "parent_type"])
        );
    }

    #[test]
    fn some_values_are_put_back_together() {
        let metadata = metadata();
        let of = |module: &str, field: &str| {
            let names = metadata.module(module).unwrap().companions(field);
            names.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of("Notes", "parent_id"), ["parent_type"]);
        assert_eq!(of("Cases", "amount"), ["currency_id"]);
        assert_eq!(of("Accounts", "email1"), ["email"]);
        assert!(of("Cases", "currency_id").is_empty());
    }
}
