//! The kinds of field, from the `type` attribute of a field definition.

use serde::Deserialize;
use serde::Serialize;

/// Declares the kinds with the type names that mean them; the first is the one that is written.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident => $text:literal $(| $other:literal)*,)+) => {
        /// What a field holds. A type nobody has documented is carried as it came, and not checked.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum FieldKind {
            $($(#[$doc])* $variant,)+
            Other(String),
        }

        impl FieldKind {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for FieldKind {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text $(| $other)* => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($text,)+];
    };
}

kinds! {
    Id => "id",
    /// The name of a record; on persons put together from its parts.
    Name => "name",
    FullName => "fullname",
    Varchar => "varchar" | "char" | "username" | "user_name",
    Text => "text" | "longtext" | "mediumtext" | "longhtml",
    Html => "html",
    Url => "url" | "iframe",
    Phone => "phone",
    Encrypted => "encrypt",
    Password => "password",
    Bool => "bool" | "boolean" | "checkbox",
    Int => "int" | "integer" | "long" | "ulong" | "uint" | "bigint" | "smallint" | "short" | "tinyint",
    AutoIncrement => "autoincrement",
    Float => "float" | "double",
    Decimal => "decimal" | "decimal2" | "discount",
    Currency => "currency",
    CurrencyId => "currency_id",
    Date => "date",
    Time => "time",
    /// `datetimecombo` differs in the user interface only.
    DateTime => "datetime" | "datetimecombo" | "timestamp",
    Enum => "enum" | "radioenum" | "dynamicenum",
    MultiEnum => "multienum",
    /// One of two halves: an id and the name that belongs to it.
    Relate => "relate",
    /// The name half of a relate whose module varies.
    Parent => "parent",
    /// The module a parent leads to.
    ParentType => "parent_type",
    Email => "email",
    Tag => "tag",
    TeamSet => "teamset" | "team_list",
    Link => "link",
    /// Several links shown as one list.
    Collection => "collection",
    File => "file",
    Image => "image",
    Json => "json",
}

impl FieldKind {
    /// Values are taken from a list that `/enum` gives.
    pub fn has_dropdown(&self) -> bool {
        matches!(self, Self::Enum | Self::MultiEnum | Self::ParentType)
    }

    pub fn is_decimal(&self) -> bool {
        matches!(self, Self::Float | Self::Decimal | Self::Currency)
    }

    pub fn is_whole_number(&self) -> bool {
        matches!(self, Self::Int | Self::AutoIncrement)
    }
}

impl From<FieldKind> for String {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Other(text) => text,
            known => known.as_str().to_owned(),
        }
    }
}

impl From<&str> for FieldKind {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_as_itself() {
        for name in NAMES {
            let kind = FieldKind::from(*name);
            assert!(!matches!(kind, FieldKind::Other(_)), "{name}");
            assert_eq!(kind.as_str(), *name);
        }
        assert_eq!(FieldKind::from("datetimecombo"), FieldKind::DateTime);
        assert_eq!(FieldKind::from("hologram").as_str(), "hologram");
    }
}
