//! Whether a field can be set. Metadata does not say it exactly (fact sheet 4.2), so there is a "perhaps".

use super::Field;
use super::FieldKind;
use super::Mark;
use super::Module;
use super::Right;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writable<'a> {
    Yes,
    /// Not a column, and none of those that are known to be writable all the same: Sugar may drop it silently.
    Perhaps,
    Readonly,
    Calculated,
    /// A person's name is put together from its parts.
    FromParts,
    /// The name half of a pair; the id half is what is stored.
    UseId(&'a str),
    /// A link takes records, not a value.
    Link,
    /// The record's own id.
    Identifier,
    /// This user's role forbids it.
    Denied,
}

impl Writable<'_> {
    /// Whether setting it is a mistake for certain.
    pub fn is_refused(self) -> bool {
        !matches!(self, Self::Yes | Self::Perhaps)
    }
}

impl Module {
    pub fn writable(&self, field: &str) -> Option<Writable<'_>> {
        let field = self.field(field)?;
        Some(if self.acl.denies_field(&field.name, Right::Write) {
            Writable::Denied
        } else {
            self.by_definition(field)
        })
    }

    fn by_definition<'a>(&'a self, field: &'a Field) -> Writable<'a> {
        match &field.kind {
            FieldKind::Id if field.name == "id" => return Writable::Identifier,
            FieldKind::Link | FieldKind::Collection => return Writable::Link,
            FieldKind::FullName => return Writable::FromParts,
            FieldKind::AutoIncrement => return Writable::Readonly,
            _ if field.is(Mark::Readonly) => return Writable::Readonly,
            _ if field.is(Mark::Calculated) => return Writable::Calculated,
            FieldKind::Relate | FieldKind::Parent => {
                if let Some(id) = self.id_field(&field.name) {
                    return Writable::UseId(id);
                }
            }
            _ => {}
        }
        if !field.is(Mark::NonDb) || self.is_writable_beside_the_table(field) {
            Writable::Yes
        } else {
            Writable::Perhaps
        }
    }

    /// Fields known to be writable although they are no columns: e-mail, tags, teams, the id half of a relate
    /// (fact sheet 4.2).
    fn is_writable_beside_the_table(&self, field: &Field) -> bool {
        matches!(
            field.kind,
            FieldKind::Email | FieldKind::Tag | FieldKind::TeamSet
        ) || field.name == "email1"
            || self
                .fields
                .values()
                .any(|other| other.id_name.as_deref() == Some(field.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;

    #[test]
    fn what_can_be_set() {
        let reading = read(&json!({ "modules": { "Contacts": {
            "fields": {
                "id": { "type": "id" },
                "first_name": { "type": "varchar" },
                "full_name": { "type": "fullname", "source": "non-db" },
                "date_modified": { "type": "datetime", "readonly": "true" },
                "score": { "type": "int", "calculated": true, "enforced": "1" },
                "hint": { "type": "varchar", "calculated": true, "enforced": false },
                "case_number": { "type": "int", "auto_increment": true },
                "account_id": { "type": "relate", "source": "non-db", "id_name": "account_id" },
                "account_name": { "type": "relate", "source": "non-db", "id_name": "account_id" },
                "parent_name": { "type": "parent", "source": "non-db", "id_name": "parent_id", "type_name": "parent_type" },
                "parent_id": { "type": "id" },
                "accounts": { "type": "link", "source": "non-db" },
                "email": { "type": "email", "source": "non-db" },
                "email1": { "type": "varchar", "source": "non-db" },
                "tag": { "type": "tag", "source": "non-db" },
                "team_name": { "type": "relate", "custom_type": "teamset", "source": "non-db", "id_name": "team_id" },
                "c_accept_status_fields": { "type": "varchar", "source": "non-db" },
                "salary": { "type": "currency" },
            },
            "acl": { "fields": { "salary": { "write": "no" } } },
        } } }));
        let module = reading.metadata.module("Contacts").unwrap();
        for (field, expected) in [
            ("id", Writable::Identifier),
            ("first_name", Writable::Yes),
            ("full_name", Writable::FromParts),
            ("date_modified", Writable::Readonly),
            ("score", Writable::Calculated),
            ("hint", Writable::Yes),
            ("case_number", Writable::Readonly),
            ("account_id", Writable::Yes),
            ("account_name", Writable::UseId("account_id")),
            ("parent_name", Writable::UseId("parent_id")),
            ("parent_id", Writable::Yes),
            ("accounts", Writable::Link),
            ("email", Writable::Yes),
            ("email1", Writable::Yes),
            ("tag", Writable::Yes),
            ("team_name", Writable::Yes),
            ("c_accept_status_fields", Writable::Perhaps),
            ("salary", Writable::Denied),
        ] {
            assert_eq!(module.writable(field), Some(expected), "{field}");
        }
        assert_eq!(module.writable("nowhere"), None);
    }
}
