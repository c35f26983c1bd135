//! The stock modules, compiled in. The files under `stock/` are meant to be corrected by hand.

pub(crate) const TEMPLATES: &str = include_str!("../stock/templates.json");
pub(crate) const DROPDOWNS: &str = include_str!("../stock/dropdowns.json");
pub(crate) const ROLES: &str = include_str!("../stock/roles.json");
pub(crate) const RELATIONSHIPS: &str = include_str!("../stock/relationships.json");

macro_rules! modules {
    ($($name:literal),+ $(,)?) => {
        /// Module name and definition file.
        pub(crate) const MODULES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../stock/modules/", $name, ".json")))),+];
    };
}

modules![
    "ACLRoles",
    "Accounts",
    "Bugs",
    "Calls",
    "CampaignLog",
    "CampaignTrackers",
    "Campaigns",
    "Cases",
    "Contacts",
    "Documents",
    "Emails",
    "Leads",
    "Meetings",
    "Notes",
    "Opportunities",
    "ProductBundles",
    "Products",
    "Project",
    "ProspectLists",
    "Prospects",
    "Quotes",
    "RevenueLineItems",
    "Tags",
    "Tasks",
    "Teams",
    "Users",
    "WebLogicHooks",
];
