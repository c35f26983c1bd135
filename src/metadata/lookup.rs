//! Questions other modules ask of the metadata.

use super::Dropdown;
use super::Field;
use super::FieldKind;
use super::Metadata;
use super::Module;

/// Where a link ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FarSide<'a> {
    pub module: &'a str,
    /// The link that leads back, if the far module is described here and has one.
    pub link: Option<&'a str>,
}

impl Metadata {
    pub fn module(&self, module: &str) -> Option<&Module> {
        self.modules.get(module)
    }

    /// Whether the instance has this module, described here or not.
    pub fn has_module(&self, module: &str) -> bool {
        self.modules.contains_key(module) || self.module_list.contains(module)
    }

    /// All names, for "did you mean".
    pub fn module_names(&self) -> impl Iterator<Item = &str> {
        let undescribed = self
            .module_list
            .iter()
            .filter(|name| !self.modules.contains_key(*name));
        self.modules.keys().chain(undescribed).map(String::as_str)
    }

    pub fn field(&self, module: &str, field: &str) -> Option<&Field> {
        self.module(module)?.field(field)
    }

    /// The values a field may take; `None` when they are not known, and then not checked.
    pub fn dropdown(&self, module: &str, field: &str) -> Option<&Dropdown> {
        let field = self.field(module, field)?;
        self.dropdowns
            .get(&dropdown_key(module, field))
            .filter(|list| !list.is_empty())
    }

    pub fn set_dropdown(&mut self, module: &str, field: &str, list: Dropdown) {
        if let Some(field) = self.field(module, field) {
            let key = dropdown_key(module, field);
            self.dropdowns.insert(key, list);
        }
    }

    /// One field for each dropdown list of these modules that is not known yet; all modules where none is named.
    pub fn missing_dropdowns(&self, modules: &[&str]) -> Vec<(&str, &str)> {
        let mut seen = std::collections::BTreeSet::new();
        let mut missing = Vec::new();
        for (name, module) in &self.modules {
            if !modules.is_empty() && !modules.contains(&name.as_str()) {
                continue;
            }
            for field in module.fields.values().filter(|f| f.kind.has_dropdown()) {
                let key = dropdown_key(name, field);
                if !self.dropdowns.contains_key(&key) && seen.insert(key) {
                    missing.push((name.as_str(), field.name.as_str()));
                }
            }
        }
        missing
    }

    /// The module a link leads to: as its field says, else the other side of its relationship.
    pub fn far_module(&self, module: &str, link: &str) -> Option<&str> {
        let field = self.module(module)?.link(link)?;
        if let Some(far) = &field.module {
            return Some(far);
        }
        let relationship = self.relationships.get(field.relationship.as_ref()?)?;
        let (left, right) = (
            relationship.lhs_module.as_deref()?,
            relationship.rhs_module.as_deref()?,
        );
        match (left == module, right == module) {
            (true, _) => Some(right),
            (false, true) => Some(left),
            (false, false) => None,
        }
    }

    /// Where a link ends, and the link that leads back through the same relationship.
    pub fn far_side(&self, module: &str, link: &str) -> Option<FarSide<'_>> {
        let far = self.far_module(module, link)?;
        let relationship = self.module(module)?.link(link)?.relationship.as_deref();
        let back = relationship.and_then(|relationship| {
            self.module(far)?
                .links()
                .find(|field| {
                    field.relationship.as_deref() == Some(relationship)
                        && (far != module || field.name != link)
                })
                .map(|field| field.name.as_str())
        });
        Some(FarSide {
            module: far,
            link: back,
        })
    }

    /// The id field that a link sets on records of `module` itself (`account_id` for `accounts` on Contacts), so that
    /// linking and setting can be seen to be the same change.
    pub fn id_field_of_link(&self, module: &str, link: &str) -> Option<&str> {
        self.module(module)?
            .fields
            .values()
            .filter(|field| field.kind == FieldKind::Relate && field.link.as_deref() == Some(link))
            .find_map(|field| field.id_name.as_deref())
    }
}

impl Module {
    pub fn field(&self, field: &str) -> Option<&Field> {
        self.fields.get(field)
    }

    pub fn link(&self, link: &str) -> Option<&Field> {
        self.field(link)
            .filter(|field| field.kind == FieldKind::Link)
    }

    pub fn links(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .values()
            .filter(|field| field.kind == FieldKind::Link)
    }

    /// The field that holds the id of a relate's or a parent's name half.
    pub fn id_field(&self, field: &str) -> Option<&str> {
        let field = self.field(field)?;
        let id = field.id_name.as_deref()?;
        (matches!(field.kind, FieldKind::Relate | FieldKind::Parent) && id != field.name)
            .then_some(id)
    }

    /// The pairs of fields that hold a flexible parent: its id, such as `parent_id`, and its module, `parent_type`.
    pub fn parents(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .values()
            .filter(|field| field.kind == FieldKind::Parent)
            .filter_map(|parent| Some((parent.id_name.as_deref()?, parent.type_name.as_deref()?)))
    }

    /// The other half of a flexible parent: `parent_type` for `parent_id`, and the other way round.
    pub fn parent_companion(&self, field: &str) -> Option<&str> {
        self.parents().find_map(|(id, kind)| match field {
            _ if field == id => Some(kind),
            _ if field == kind => Some(id),
            _ => None,
        })
    }
}

fn dropdown_key(module: &str, field: &Field) -> String {
    field
        .options
        .clone()
        .unwrap_or_else(|| format!("{module}.{}", field.name))
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
                    "members": { "type": "link", "relationship": "member_accounts" },
                    "member_of": { "type": "link", "relationship": "member_accounts" },
                    "account_type": { "type": "enum", "options": "account_type_dom" },
                } },
                "Contacts": { "fields": {
                    "accounts": { "type": "link", "relationship": "accounts_contacts" },
                    "account_id": { "type": "relate", "id_name": "account_id", "link": "accounts", "source": "non-db" },
                    "account_name": { "type": "relate", "id_name": "account_id", "link": "accounts", "source": "non-db" },
                    "lost": { "type": "link", "relationship": "nobody_knows" },
                    "kind": { "type": "enum" },
                    "other_kind": { "type": "multienum", "options": "account_type_dom" },
                } },
                "Notes": { "fields": {
                    "parent_name": { "type": "parent", "id_name": "parent_id", "type_name": "parent_type" },
                } },
            },
            "relationships": {
                "accounts_contacts": { "lhs_module": "Accounts", "rhs_module": "Contacts" },
                "member_accounts": { "lhs_module": "Accounts", "rhs_module": "Accounts" },
            },
            "full_module_list": { "Accounts": "Accounts", "Calls": "Calls", "_hash": "x" },
        }))
        .metadata
    }

    #[test]
    fn a_link_leads_to_the_other_side_of_its_relationship() {
        let metadata = metadata();
        assert_eq!(
            metadata.far_module("Contacts", "accounts"),
            Some("Accounts")
        );
        assert_eq!(
            metadata.far_module("Accounts", "contacts"),
            Some("Contacts")
        );
        assert_eq!(metadata.far_module("Accounts", "members"), Some("Accounts"));
        assert_eq!(metadata.far_module("Contacts", "lost"), None);
        assert_eq!(metadata.far_module("Contacts", "account_name"), None);
        let far = metadata.far_side("Accounts", "members").unwrap();
        assert_eq!((far.module, far.link), ("Accounts", Some("member_of")));
        let far = metadata.far_side("Accounts", "contacts").unwrap();
        assert_eq!((far.module, far.link), ("Contacts", Some("accounts")));
    }

    #[test]
    fn pairs_name_each_other() {
        let metadata = metadata();
        let contacts = metadata.module("Contacts").unwrap();
        assert_eq!(contacts.id_field("account_name"), Some("account_id"));
        assert_eq!(contacts.id_field("account_id"), None);
        assert_eq!(
            metadata.id_field_of_link("Contacts", "accounts"),
            Some("account_id")
        );
        let notes = metadata.module("Notes").unwrap();
        assert_eq!(notes.parent_companion("parent_id"), Some("parent_type"));
        assert_eq!(notes.parent_companion("parent_type"), Some("parent_id"));
        assert_eq!(notes.parent_companion("name"), None);
    }

    #[test]
    fn one_list_serves_every_field_that_names_it() {
        let mut metadata = metadata();
        assert_eq!(
            metadata.missing_dropdowns(&[]),
            [("Accounts", "account_type"), ("Contacts", "kind")]
        );
        metadata.set_dropdown(
            "Accounts",
            "account_type",
            [("Partner", "Partner")].into_iter().collect(),
        );
        assert!(metadata.dropdown("Contacts", "other_kind").is_some());
        assert!(metadata.dropdown("Contacts", "kind").is_none());
        assert_eq!(metadata.missing_dropdowns(&["Accounts"]), []);
    }

    #[test]
    fn modules_count_whether_described_or_not() {
        let metadata = metadata();
        assert!(metadata.has_module("Calls") && !metadata.has_module("_hash"));
        let names: Vec<&str> = metadata.module_names().collect();
        assert_eq!(names, ["Accounts", "Contacts", "Notes", "Calls"]);
    }
}
