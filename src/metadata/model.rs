//! The part of an instance's metadata that checks, plans and comparisons use.
//!
//! Everything is sorted and what is empty is not written, so that a committed snapshot is small and its diffs are too.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde_json::Value as Json;

use super::FieldKind;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Sugar's own `_hash` of the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    pub server: Server,
    /// Every module the instance has, described below or not.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub module_list: BTreeSet<String>,
    pub modules: BTreeMap<String, Module>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub relationships: BTreeMap<String, Relationship>,
    /// By the list's name (`account_type_dom`), or `Module.field` where a field names no list. Ask
    /// [`Metadata::dropdown`], which knows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dropdowns: BTreeMap<String, Dropdown>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flavor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    #[serde(deserialize_with = "named")]
    pub fields: BTreeMap<String, Field>,
    #[serde(skip_serializing_if = "Acl::is_empty")]
    pub acl: Acl,
}

/// Something that may be refused to a user. What sugarmill does not ask about has no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To a module at all.
    Access,
    List,
    View,
    Edit,
    Delete,
    /// A record, or of one that is new a field.
    Create,
    /// A field.
    Read,
    /// A field.
    Write,
}

/// What this user may not do. Sugar lists refusals; what is not listed is allowed (fact sheet 4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acl {
    /// `access`, `view`, `list`, `edit`, `create`, `delete`, ….
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<String>,
    /// Field → `read`, `write`, `create`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, BTreeSet<String>>,
}

/// A yes-or-no attribute of a field that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A formula gives the value on every save.
    Calculated,
    /// Not a column of the module's own table.
    NonDb,
    /// Personal data.
    Pii,
    Readonly,
    /// Of a link: it leads to one record at most.
    Single,
    /// Declared, not enforced by Sugar (fact sheet 4.2).
    Required,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The key it stands under, and written only there.
    #[serde(skip)]
    pub name: String,
    #[serde(rename = "type")]
    pub kind: FieldKind,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<Mark>,
    /// Characters at most; of a decimal, digits at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Digits behind the decimal point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u32>,
    /// The name of its dropdown list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
    /// Of a relate: the module it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Of a relate: the field that holds the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_name: Option<String>,
    /// Of a parent: the field that holds the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Of a relate: the field of the far record that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rname: Option<String>,
    /// Of a relate: the link it goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Of a link: the relationship's name, which is not the link's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Relationship {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lhs_module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lhs_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rhs_module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rhs_key: Option<String>,
    /// `one-to-many`, `many-to-many`, ….
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the relation is in truth, where its table could hold more (`one-to-many` of accounts and contacts).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_table: Option<String>,
    /// Columns of the relation itself, such as `contact_role`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub columns: BTreeSet<String>,
}

/// Key → label. Sugar's order of a list is not kept: nothing here depends on it, and sorted keys diff better.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dropdown(BTreeMap<String, String>);

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Field>, D::Error> {
    let mut fields = BTreeMap::<String, Field>::deserialize(deserializer)?;
    for (name, field) in &mut fields {
        field.name.clone_from(name);
    }
    Ok(fields)
}

impl Acl {
    pub fn is_empty(&self) -> bool {
        self.denied.is_empty() && self.fields.is_empty()
    }

    pub fn denies(&self, right: Right) -> bool {
        self.denied.contains(right.as_str())
    }

    /// Whether the right is refused, by itself or with the module as a whole.
    pub fn closes(&self, right: Right) -> bool {
        self.denies(Right::Access) || self.denies(right)
    }

    pub fn denies_field(&self, field: &str, right: Right) -> bool {
        self.fields
            .get(field)
            .is_some_and(|denied| denied.contains(right.as_str()))
    }
}

impl Right {
    /// As Sugar calls it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::List => "list",
            Self::View => "view",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl Field {
    pub fn new(name: impl Into<String>, kind: impl Into<FieldKind>) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            marks: BTreeSet::new(),
            length: None,
            precision: None,
            options: None,
            module: None,
            id_name: None,
            type_name: None,
            rname: None,
            link: None,
            relationship: None,
            default: None,
        }
    }

    #[cfg(test)]
    #[must_use]
    pub(crate) fn marked(mut self, mark: Mark) -> Self {
        self.marks.insert(mark);
        self
    }

    pub fn is(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Whether Sugar expects a creator to fill it: required, a column, not read-only and not the id
    /// (the vendor's own rule in its test tool, fact sheet 7), and with no default to stand in.
    pub fn wants_a_value(&self) -> bool {
        let defaulted = self
            .default
            .as_ref()
            .is_some_and(|value| !matches!(value, Json::Null) && value.as_str() != Some(""));
        self.is(Mark::Required)
            && !self.is(Mark::NonDb)
            && !self.is(Mark::Readonly)
            && !self.is(Mark::Calculated)
            && self.kind != FieldKind::Id
            && !defaulted
    }

    /// Whether reports hide it.
    pub fn is_personal(&self) -> bool {
        self.is(Mark::Pii)
            || matches!(self.kind, FieldKind::Email | FieldKind::Phone)
            || matches!(self.name.as_str(), "email" | "email1" | "email2")
    }
}

impl Dropdown {
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every key with its label.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The key somebody meant who wrote its label, or wrote it in another case; `None` when two fit.
    pub fn meant(&self, text: &str) -> Option<&str> {
        let text = text.trim().to_lowercase();
        let mut found = self
            .0
            .iter()
            .filter(|(key, label)| key.to_lowercase() == text || label.to_lowercase() == text)
            .map(|(key, _)| key.as_str())
            .filter(|key| !key.is_empty());
        match (found.next(), found.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl<K: Into<String>, L: Into<String>> FromIterator<(K, L)> for Dropdown {
    fn from_iter<I: IntoIterator<Item = (K, L)>>(choices: I) -> Self {
        Self(
            choices
                .into_iter()
                .map(|(key, label)| (key.into(), label.into()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_or_another_case_means_its_key() {
        let list: Dropdown = [("", ""), ("P1", "High"), ("P2", "Medium"), ("p1x", "HIGH")]
            .into_iter()
            .collect();
        assert_eq!(list.meant("medium"), Some("P2"));
        assert_eq!(list.meant("p2"), Some("P2"));
        assert_eq!(list.meant("high"), None, "two labels fit");
        assert_eq!(list.meant(""), None);
    }

    #[test]
    fn a_default_stands_in_for_a_required_value() {
        let mut status = Field::new("status", "enum").marked(Mark::Required);
        assert!(status.wants_a_value());
        status.default = Some("New".into());
        assert!(!status.wants_a_value());
        let email = Field::new("email", "email")
            .marked(Mark::Required)
            .marked(Mark::NonDb);
        assert!(!email.wants_a_value() && email.is_personal());
    }
}
