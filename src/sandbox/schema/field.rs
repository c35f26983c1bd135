//! One field: its definition as metadata shows it, the kind of its values, and the place they live in.

use serde_json::Map;
use serde_json::Value;

use super::Link;

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// The most characters the column takes; longer text is cut.
    pub(crate) length: Option<usize>,
    /// The name of the dropdown list.
    pub(crate) options: Option<String>,
    pub(crate) access: Access,
    /// What a new record holds when the body does not say.
    pub(crate) default: Option<String>,
    /// Numbers itself (`case_number`).
    pub(crate) counted: bool,
    pub(crate) audited: bool,
    /// Looked through by `/search` and `q`.
    pub(crate) searched: bool,
    pub(crate) definition: Map<String, Value>,
}

/// Whether a body may set the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Writable,
    ReadOnly,
}

/// How values of a field look (fact sheet 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    MultiEnum,
    Bool,
    Int,
    /// Printed as a string; rounded to so many places.
    Decimal {
        places: u8,
    },
    Date,
    DateTime,
}

/// Where the values of a field live.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a column of the module's own table.
    Column,
    /// In another field of the same record (`name` of Documents is `document_name`).
    Alias(String),
    /// Made of first and last name.
    FullName,
    /// In a related record.
    Relate(Relate),
    /// In the record that `parent_type` and `parent_id` point to.
    ParentName,
    Email(EmailPart),
    Tags,
    Teams,
    Favorite,
    Following,
    Link(Link),
    /// Nowhere: shown empty, dropped on writing.
    Nowhere,
}

#[derive(Debug)]
pub(crate) struct Relate {
    pub(crate) through: Through,
    pub(crate) module: String,
    /// The field of the related record that is shown.
    pub(crate) shows: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// The id stands in this column of the record itself.
    Column(String),
    /// The id stands in a join table, behind this link.
    Link(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmailPart {
    Collection,
    Primary,
    Second,
    OptOut,
    Invalid,
}

impl Kind {
    /// Reads Sugar's type name; what it does not know falls back to the type of the column.
    pub(crate) fn parse(type_name: &str, column_type: Option<&str>, places: Option<u8>) -> Self {
        let decimal = Self::Decimal {
            places: places.unwrap_or(6),
        };
        match type_name {
            "id" | "assigned_user_name" | "team_list" | "currency_id" => Self::Id,
            "bool" => Self::Bool,
            // Whole numbers that lie in a column of decimals are printed as these are, as samples show of `probability`.
            "int" if matches!(column_type, Some("double" | "decimal" | "float")) => {
                Self::Decimal { places: 0 }
            }
            "int" | "integer" | "uint" | "short" | "long" | "tinyint" => Self::Int,
            "currency" | "decimal" | "decimal2" | "float" | "double" => decimal,
            "date" => Self::Date,
            "datetime" | "datetimecombo" => Self::DateTime,
            "multienum" => Self::MultiEnum,
            _ => match column_type {
                Some(other) if other != type_name => Self::parse(other, None, places),
                _ => Self::Text,
            },
        }
    }

    /// The column declaration. Text compares without regard to ASCII case, as the collations of `MySQL` do.
    pub(crate) fn column_type(self) -> &'static str {
        match self {
            Self::Id | Self::Date | Self::DateTime | Self::Decimal { .. } => "TEXT",
            Self::Text | Self::MultiEnum => "TEXT COLLATE NOCASE",
            Self::Bool | Self::Int => "INTEGER",
        }
    }
}

impl Field {
    pub(crate) fn is_writable(&self) -> bool {
        self.access == Access::Writable
    }

    /// Sugar's name of the type.
    pub(crate) fn type_name(&self) -> Option<&str> {
        self.definition.get("type").and_then(Value::as_str)
    }

    pub(crate) fn is_link(&self) -> bool {
        matches!(self.place, Place::Link(_))
    }
}
