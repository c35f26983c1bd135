//! Which links say what hangs on a record: what loses it when the record is deleted.

use super::Metadata;
use super::Module;
use super::Parentage;
use super::Right;

/// Modules whose records stand beside others and do not hang on them: people and what they may see, labels, addresses,
/// marks, and what is written down of every record.
const BESIDE: [&str; 11] = [
    "Users",
    "Employees",
    "Teams",
    "TeamSets",
    "Tags",
    "EmailAddresses",
    "SugarFavorites",
    "Subscriptions",
    "Followers",
    "Activities",
    "Audit",
];

impl Metadata {
    /// The links of a module by which records that this user may see hang on one of its own. What a record holds in a field of its
    /// own, such as the account of a contact, goes with the record and is no such link.
    pub fn hanging_links(&self, module: &str) -> Vec<&str> {
        let known = self.module(module).into_iter();
        known
            .flat_map(Module::links)
            .map(|link| link.name.as_str())
            .filter(|link| self.is_hung_by(module, link))
            .collect()
    }

    /// The field by which records at the far end of a link are bound to one at this end, where each has one at most.
    pub fn binding_field(&self, module: &str, link: &str) -> Option<&str> {
        let far = self.far_side(module, link)?;
        let back = far.link?;
        match self.leads_to_one(far.module, back) {
            true => self.own_field(far.module, back),
            false => None,
        }
    }

    fn is_hung_by(&self, module: &str, link: &str) -> bool {
        let Some(far) = self.far_module(module, link) else {
            return false;
        };
        // Few modules are described here, all that this user has are listed.
        let is_closed = self
            .module(far)
            .is_some_and(|known| known.acl.denies(Right::Access));
        let is_seen = self.has_module(far) && !is_closed;
        is_seen && !BESIDE.contains(&far) && !self.is_held_by_itself(module, link)
    }

    fn is_held_by_itself(&self, module: &str, link: &str) -> bool {
        match self.leads_to_one(module, link) {
            true => self.own_field(module, link).is_some(),
            // Of a module that is on both sides of a relation only a field can tell which end is which.
            false => {
                let is_own = self.far_module(module, link) == Some(module);
                is_own && self.id_field_of_link(module, link).is_some_and(is_key)
            }
        }
    }

    /// The field in which a record holds the id of the one that a link leads to.
    fn own_field(&self, module: &str, link: &str) -> Option<&str> {
        match self.parentage(module, link) {
            Parentage::Fields(fields) => fields.first().copied(),
            Parentage::Row { id_field, .. } => id_field,
        }
        .filter(|field| is_key(field))
    }
}

/// Fields that show columns of a relation name the record's own id as their key.
fn is_key(field: &str) -> bool {
    field != "id"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metadata::read;

    fn metadata() -> Metadata {
        let link = |relationship: &str| json!({ "type": "link", "relationship": relationship });
        let one = |relationship: &str| json!({ "type": "link", "relationship": relationship, "link_type": "one" });
        let relation = |left: &str, right: &str, key: &str| json!({ "lhs_module": left, "rhs_module": right, "rhs_key": key, "relationship_type": "one-to-many" });
        let rows = |left: &str, right: &str, kind: &str| {
            json!({
                "lhs_module": left, "rhs_module": right, "relationship_type": "many-to-many", "join_table": "rows",
                "true_relationship_type": kind,
            })
        };
        read(&json!({
            "modules": {
                "Accounts": { "fields": {
                    "contacts": link("accounts_contacts"),
                    "cases": link("account_cases"),
                    "notes": link("account_notes"),
                    "members": link("member_accounts"),
                    "member_of": one("member_accounts"),
                    "secrets": link("account_secrets"),
                    "elsewhere": link("account_elsewhere"),
                    "leads": link("account_leads"),
                    "tag_link": link("accounts_tags"),
                    "assigned_user_link": one("accounts_assigned"),
                } },
                "Contacts": { "fields": {
                    "accounts": link("accounts_contacts"),
                    "account_id": { "type": "relate", "id_name": "account_id", "link": "accounts", "source": "non-db" },
                    "cases": link("contacts_cases"),
                    "case_role": { "type": "relate", "id_name": "id", "link": "cases", "source": "non-db" },
                    "direct_reports": link("direct_reports"),
                    "reports_to_link": link("direct_reports"),
                    "report_to_name": { "type": "relate", "id_name": "reports_to_id", "link": "reports_to_link" },
                } },
                "Cases": { "fields": {
                    "accounts": link("account_cases"),
                    "contacts": link("contacts_cases"),
                } },
                "Notes": { "fields": {
                    "accounts": link("account_notes"),
                    "parent_name": { "type": "parent", "id_name": "parent_id", "type_name": "parent_type" },
                } },
                "Quotes": { "fields": { "opportunities": link("quotes_opportunities") } },
                "Opportunities": { "fields": { "quotes": link("quotes_opportunities") } },
                "Secrets": { "fields": {}, "acl": { "access": "no" } },
                "Tags": { "fields": {} },
                "Users": { "fields": {} },
            },
            "relationships": {
                "accounts_contacts": rows("Accounts", "Contacts", "one-to-many"),
                "contacts_cases": rows("Contacts", "Cases", "many-to-many"),
                "quotes_opportunities": rows("Quotes", "Opportunities", "many-to-one"),
                "accounts_tags": rows("Accounts", "Tags", "many-to-many"),
                "account_cases": relation("Accounts", "Cases", "account_id"),
                "account_notes": relation("Accounts", "Notes", "parent_id"),
                "account_secrets": relation("Accounts", "Secrets", "account_id"),
                "account_elsewhere": relation("Accounts", "Elsewhere", "account_id"),
                "account_leads": relation("Accounts", "Leads", "account_id"),
                "member_accounts": relation("Accounts", "Accounts", "parent_id"),
                "direct_reports": relation("Contacts", "Contacts", "reports_to_id"),
                "accounts_assigned": relation("Users", "Accounts", "assigned_user_id"),
            },
            "full_module_list": { "Leads": "Leads" },
        }))
        .metadata
    }

    #[test]
    fn what_a_record_does_not_hold_itself_hangs_on_it() {
        let metadata = metadata();
        let links = |module: &str| metadata.hanging_links(module);
        assert_eq!(
            links("Accounts"),
            ["cases", "contacts", "leads", "members", "notes"]
        );
        assert_eq!(links("Contacts"), ["cases", "direct_reports"]);
        assert_eq!(links("Cases"), ["contacts"]);
        assert!(links("Notes").is_empty() && links("Nowhere").is_empty());
        // A row of a table binds it to one, which no field of its own shows.
        assert_eq!(links("Quotes"), ["opportunities"]);
        assert_eq!(links("Opportunities"), ["quotes"]);
    }

    #[test]
    fn a_field_of_theirs_binds_those_that_have_one_at_most() {
        let metadata = metadata();
        let field = |link: &str| metadata.binding_field("Accounts", link);
        assert_eq!(field("contacts"), Some("account_id"));
        assert_eq!(field("cases"), Some("account_id"));
        assert_eq!(field("notes"), Some("parent_id"));
        assert_eq!(field("members"), Some("parent_id"));
        assert_eq!(metadata.binding_field("Contacts", "cases"), None);
    }
}
