//! Names that must not be mixed up: a module, a link, a record's id.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A module as it stands in a path: `Accounts`.
    ModuleName
}

name! {
    /// A link field of a module: `contacts` on Accounts. Not the relationship's name (`accounts_contacts`).
    LinkName
}

name! {
    /// A record's id. Any text: seed data uses ids that are no GUIDs (fact sheet 4.1), so nothing validates it.
    RecordId
}
