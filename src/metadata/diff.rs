//! What became different between two descriptions of an instance. Pure; which playbooks it breaks is for `check` to say.
//!
//! A module that only one side describes is not compared field by field: a snapshot may hold fewer modules than the
//! instance has, and what was not fetched has not changed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::FieldKind;
use super::Metadata;
use super::Module;

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    #[serde(flatten)]
    pub subject: Subject,
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    Server,
    Module {
        module: String,
    },
    Field {
        module: String,
        field: String,
    },
    Link {
        module: String,
        link: String,
    },
    /// Something this user may not do: `edit`, or `write` of a field.
    Refusal {
        module: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        action: String,
    },
    Relationship {
        relationship: String,
    },
    Value {
        dropdown: String,
        value: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Removed,
    Changed { attributes: Vec<Attribute> },
}

/// An attribute that differs, in the words of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attribute {
    pub name: String,
    pub before: Json,
    pub after: Json,
}

/// All differences: the server, then modules with their fields and links, relationships, and values of dropdown lists.
pub fn diff(before: &Metadata, after: &Metadata) -> Vec<Change> {
    let mut changes = Vec::new();
    changed(
        Subject::Server,
        attributes(&before.server, &after.server),
        &mut changes,
    );
    modules(before, after, &mut changes);
    relationships(before, after, &mut changes);
    dropdowns(before, after, &mut changes);
    changes
}

/// First which modules came and went, then what changed inside those that stayed.
fn modules(before: &Metadata, after: &Metadata, changes: &mut Vec<Change>) {
    let names: BTreeSet<&str> = before.module_names().chain(after.module_names()).collect();
    for name in names {
        let kind = match (before.has_module(name), after.has_module(name)) {
            (true, false) => ChangeKind::Removed,
            (false, true) => ChangeKind::Added,
            _ => continue,
        };
        let subject = Subject::Module {
            module: name.to_owned(),
        };
        changes.push(Change { subject, kind });
    }
    for (name, old) in &before.modules {
        if let Some(new) = after.module(name) {
            fields(name, old, new, changes);
            refusals(name, old, new, changes);
        }
    }
}

fn fields(module: &str, before: &Module, after: &Module, changes: &mut Vec<Change>) {
    // A module of which only the hash came says nothing of its fields.
    if before.fields.is_empty() || after.fields.is_empty() {
        return;
    }
    for (name, pair) in paired(&before.fields, &after.fields) {
        let is_link = match pair {
            Pair::Both(_, new) => new.kind == FieldKind::Link,
            Pair::Old(field) | Pair::New(field) => field.kind == FieldKind::Link,
        };
        let subject = if is_link {
            Subject::Link {
                module: module.to_owned(),
                link: name.clone(),
            }
        } else {
            Subject::Field {
                module: module.to_owned(),
                field: name.clone(),
            }
        };
        push(subject, &pair, changes);
    }
}

fn refusals(module: &str, before: &Module, after: &Module, changes: &mut Vec<Change>) {
    let (before, after) = (refused(before), refused(after));
    for refusal in before.symmetric_difference(&after) {
        let kind = if after.contains(refusal) {
            ChangeKind::Added
        } else {
            ChangeKind::Removed
        };
        let (field, action) = *refusal;
        let subject = Subject::Refusal {
            module: module.to_owned(),
            field: field.map(str::to_owned),
            action: action.to_owned(),
        };
        changes.push(Change { subject, kind });
    }
}

/// Every action that is refused, of a field or of the whole module.
fn refused(module: &Module) -> BTreeSet<(Option<&str>, &str)> {
    let whole = module
        .acl
        .denied
        .iter()
        .map(|action| (None, action.as_str()));
    let fields = module.acl.fields.iter().flat_map(|(field, actions)| {
        let of_field = |action| (Some(field.as_str()), action);
        actions.iter().map(String::as_str).map(of_field)
    });
    whole.chain(fields).collect()
}

fn relationships(before: &Metadata, after: &Metadata, changes: &mut Vec<Change>) {
    // Asked for few modules, an instance may leave out relationships of the others, or all.
    if before.relationships.is_empty() || after.relationships.is_empty() {
        return;
    }
    for (name, pair) in paired(&before.relationships, &after.relationships) {
        let subject = Subject::Relationship {
            relationship: name.clone(),
        };
        push(subject, &pair, changes);
    }
}

fn dropdowns(before: &Metadata, after: &Metadata, changes: &mut Vec<Change>) {
    for (dropdown, old) in &before.dropdowns {
        // A list that only one side has belongs to a field that came or went, or could not be read.
        let Some(new) = after.dropdowns.get(dropdown) else {
            continue;
        };
        for (value, pair) in paired(old.labels(), new.labels()) {
            let subject = Subject::Value {
                dropdown: dropdown.clone(),
                value: value.clone(),
            };
            push(subject, &pair, changes);
        }
    }
}

/// What stands under one name.
#[derive(Debug, Clone, Copy)]
enum Pair<'a, T> {
    Old(&'a T),
    New(&'a T),
    Both(&'a T, &'a T),
}

/// Both maps at once, by name.
fn paired<'a, K: Ord, T>(
    before: &'a BTreeMap<K, T>,
    after: &'a BTreeMap<K, T>,
) -> impl Iterator<Item = (&'a K, Pair<'a, T>)> {
    let names: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter_map(|name| {
        let pair = match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) => Pair::Both(old, new),
            (Some(old), None) => Pair::Old(old),
            (None, new) => Pair::New(new?),
        };
        Some((name, pair))
    })
}

fn push<T: Serialize>(subject: Subject, pair: &Pair<'_, T>, changes: &mut Vec<Change>) {
    let kind = match *pair {
        Pair::Old(_) => ChangeKind::Removed,
        Pair::New(_) => ChangeKind::Added,
        Pair::Both(old, new) => return changed(subject, attributes(old, new), changes),
    };
    changes.push(Change { subject, kind });
}

fn changed(subject: Subject, attributes: Vec<Attribute>, changes: &mut Vec<Change>) {
    if !attributes.is_empty() {
        let kind = ChangeKind::Changed { attributes };
        changes.push(Change { subject, kind });
    }
}

/// What differs between two of a kind, by the names a snapshot uses: so no attribute can be forgotten here.
fn attributes<T: Serialize>(before: &T, after: &T) -> Vec<Attribute> {
    let (before, after) = (spread(before), spread(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Attribute {
            name: name.clone(),
            before: before.get(name).cloned().unwrap_or_default(),
            after: after.get(name).cloned().unwrap_or_default(),
        })
        .collect()
}

/// As a map from attribute to value. Marks become attributes of their own, which hold or not; a plain value is a label.
fn spread<T: Serialize>(of: &T) -> Map<String, Json> {
    let value = serde_json::to_value(of).expect("metadata has text keys only");
    let Json::Object(mut map) = value else {
        return Map::from_iter([("label".to_owned(), value)]);
    };
    if let Some(Json::Array(marks)) = map.remove("marks") {
        for mark in marks {
            if let Json::String(mark) = mark {
                map.insert(mark, true.into());
            }
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;

    fn metadata() -> Json {
        json!({
            "full_module_list": { "Accounts": "Accounts", "Calls": "Calls", "Leads": "Leads" },
            "modules": {
                "Accounts": { "fields": {
                    "name": { "type": "name", "len": 150 },
                    "old_c": { "type": "varchar" },
                    "industry": { "type": "enum", "options": "industry_dom" },
                    "calls": { "type": "link", "relationship": "account_calls" },
                }, "acl": { "delete": "no" } },
                "Leads": { "fields": { "status": { "type": "varchar" } } },
            },
            "relationships": { "account_calls": { "lhs_module": "Accounts", "rhs_module": "Calls" } },
            "server_info": { "flavor": "ENT", "version": "14.0.0" },
        })
    }

    fn with_list(body: &Json, keys: &[&str]) -> Metadata {
        let mut metadata = read(body).metadata;
        let list = keys.iter().map(|key| (*key, *key)).collect();
        metadata.set_dropdown("Accounts", "industry", list);
        metadata
    }

    #[test]
    fn the_same_is_no_difference_and_neither_is_what_was_not_fetched() {
        let before = read(&metadata()).metadata;
        assert_eq!(diff(&before, &before), []);
        let mut fewer = metadata();
        fewer["modules"].as_object_mut().unwrap().remove("Leads");
        fewer["relationships"] = json!({});
        assert_eq!(diff(&before, &read(&fewer).metadata), []);
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let mut now = metadata();
        now["server_info"]["version"] = "25.1.0".into();
        now["full_module_list"] =
            json!({ "Accounts": "Accounts", "Tasks": "Tasks", "Leads": "Leads" });
        now["modules"]["Accounts"]["acl"] = json!({ "fields": { "name": { "write": "no" } } });
        let fields = &mut now["modules"]["Accounts"]["fields"];
        fields["name"] = json!({ "type": "name", "len": 100, "required": true });
        fields["new_c"] = json!({ "type": "varchar" });
        fields.as_object_mut().unwrap().remove("old_c");
        fields.as_object_mut().unwrap().remove("calls");
        let before = with_list(&metadata(), &["Banking", "Retail"]);
        let after = with_list(&now, &["Banking", "Energy"]);
        let found: Vec<String> = diff(&before, &after)
            .iter()
            .map(|change| serde_json::to_string(change).unwrap())
            .collect();
        let expected = [
            r#"{"subject":"server","change":"changed","attributes":[{"name":"version","before":"14.0.0","after":"25.1.0"}]}"#,
            r#"{"subject":"module","module":"Calls","change":"removed"}"#,
            r#"{"subject":"module","module":"Tasks","change":"added"}"#,
            r#"{"subject":"link","module":"Accounts","link":"calls","change":"removed"}"#,
            r#"{"subject":"field","module":"Accounts","field":"name","change":"changed","attributes":[{"name":"length","before":150,"after":100},{"name":"required","before":null,"after":true}]}"#,
            r#"{"subject":"field","module":"Accounts","field":"new_c","change":"added"}"#,
            r#"{"subject":"field","module":"Accounts","field":"old_c","change":"removed"}"#,
            r#"{"subject":"refusal","module":"Accounts","action":"delete","change":"removed"}"#,
            r#"{"subject":"refusal","module":"Accounts","field":"name","action":"write","change":"added"}"#,
            r#"{"subject":"value","dropdown":"industry_dom","value":"Energy","change":"added"}"#,
            r#"{"subject":"value","dropdown":"industry_dom","value":"Retail","change":"removed"}"#,
        ];
        assert_eq!(found, expected);
    }
}
