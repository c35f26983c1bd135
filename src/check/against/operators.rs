//! Sugar's filter operators: what each takes and the fields it suits (fact sheet 3).

use crate::metadata::FieldKind;

/// What stands behind an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A value of the field.
    Value,
    /// A list of values of the field.
    Values,
    /// A lowest and a highest value.
    Range,
    /// Part of a text; of a field with several values, a list of them.
    Part,
    /// Whatever it is, Sugar does not look at it.
    Nothing,
    /// A lowest and a highest day.
    Days,
    /// The name of a stretch of time.
    Period,
    /// A map of its own kind, not judged.
    Place,
}

/// The fields an operator means something for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suits {
    All,
    /// What has an order: numbers, dates, texts.
    Ordered,
    Text,
    TextOrList,
    Dates,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) suits: Suits,
}

pub(super) const OPERATORS: &[Operator] = &[
    operator("$equals", Takes::Value, Suits::All),
    operator("$not_equals", Takes::Value, Suits::All),
    operator("$in", Takes::Values, Suits::All),
    operator("$not_in", Takes::Values, Suits::All),
    operator("$starts", Takes::Part, Suits::Text),
    operator("$ends", Takes::Part, Suits::Text),
    operator("$contains", Takes::Part, Suits::TextOrList),
    operator("$not_contains", Takes::Part, Suits::TextOrList),
    operator("$is_null", Takes::Nothing, Suits::All),
    operator("$not_null", Takes::Nothing, Suits::All),
    operator("$empty", Takes::Nothing, Suits::All),
    operator("$not_empty", Takes::Nothing, Suits::All),
    operator("$lt", Takes::Value, Suits::Ordered),
    operator("$lte", Takes::Value, Suits::Ordered),
    operator("$gt", Takes::Value, Suits::Ordered),
    operator("$gte", Takes::Value, Suits::Ordered),
    operator("$between", Takes::Range, Suits::Ordered),
    operator("$dateBetween", Takes::Days, Suits::Dates),
    operator("$dateRange", Takes::Period, Suits::Dates),
    operator("$in_radius_from_coords", Takes::Place, Suits::All),
    operator("$in_radius_from_zip", Takes::Place, Suits::All),
];

/// Conditions on the record and the user, in a field's place.
pub(super) const MACROS: &[&str] = &["$owner", "$favorite", "$creator", "$following", "$tracker"];

/// Combine conditions, in a field's place.
pub(super) const COMBINATIONS: &[&str] = &["$or", "$and"];

pub(super) const PERIODS: &[&str] = &[
    "yesterday",
    "today",
    "tomorrow",
    "last_7_days",
    "next_7_days",
    "last_30_days",
    "next_30_days",
    "last_month",
    "this_month",
    "next_month",
    "last_year",
    "this_year",
    "next_year",
];

/// What other filter languages write.
const FOREIGN: &[(&str, &str)] = &[
    ("$eq", "$equals"),
    ("$ne", "$not_equals"),
    ("$neq", "$not_equals"),
    ("$nin", "$not_in"),
    ("$null", "$is_null"),
    ("$isnull", "$is_null"),
    ("$like", "$contains"),
    ("$regex", "$contains"),
    ("$startswith", "$starts"),
    ("$endswith", "$ends"),
    ("$before", "$lt"),
    ("$after", "$gt"),
    ("=", "$equals"),
    ("!=", "$not_equals"),
    ("<", "$lt"),
    ("<=", "$lte"),
    (">", "$gt"),
    (">=", "$gte"),
];

const fn operator(name: &'static str, takes: Takes, suits: Suits) -> Operator {
    Operator { name, takes, suits }
}

pub(super) fn find(name: &str) -> Option<Operator> {
    OPERATORS
        .iter()
        .find(|operator| operator.name == name)
        .copied()
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|operator| operator.name)
}

/// The operator of Sugar's that does what another language's does.
pub(super) fn translated(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    FOREIGN
        .iter()
        .find(|(foreign, _)| *foreign == name)
        .map(|(_, ours)| *ours)
}

impl Suits {
    /// A kind nobody documents suits everything: what is not understood is not judged.
    pub(super) fn fits(self, kind: &FieldKind) -> bool {
        let one_of_several = matches!(
            kind,
            FieldKind::MultiEnum | FieldKind::Tag | FieldKind::Email | FieldKind::TeamSet
        );
        let dated = matches!(kind, FieldKind::Date | FieldKind::DateTime);
        let counted = kind.is_decimal() || kind.is_whole_number();
        match self {
            _ if matches!(kind, FieldKind::Other(_) | FieldKind::Json) => true,
            Self::All => true,
            Self::Ordered => !one_of_several && *kind != FieldKind::Bool,
            Self::Text => {
                !dated
                    && !counted
                    && !matches!(
                        kind,
                        FieldKind::Bool
                            | FieldKind::Time
                            | FieldKind::MultiEnum
                            | FieldKind::TeamSet
                    )
            }
            Self::TextOrList => one_of_several || Self::Text.fits(kind),
            Self::Dates => dated,
        }
    }

    /// What the fields it suits hold, for a message.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::All => "any value",
            Self::Ordered => "values with an order",
            Self::Text => "text",
            Self::TextOrList => "text or several values",
            Self::Dates => "dates",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_suit_their_fields() {
        for (name, kind, expected) in [
            ("$contains", "multienum", true),
            ("$starts", "multienum", false),
            ("$starts", "enum", true),
            ("$starts", "date", false),
            ("$contains", "int", false),
            ("$contains", "email", true),
            ("$lt", "varchar", true),
            ("$lt", "bool", false),
            ("$gte", "tag", false),
            ("$dateRange", "datetimecombo", true),
            ("$dateRange", "varchar", false),
            ("$dateRange", "hologram", true),
            ("$is_null", "link", true),
        ] {
            let operator = find(name).unwrap();
            assert_eq!(operator.suits.fits(&kind.into()), expected, "{name} {kind}");
        }
    }

    #[test]
    fn every_translation_is_an_operator() {
        for (foreign, ours) in FOREIGN {
            assert!(find(ours).is_some() && find(foreign).is_none(), "{foreign}");
        }
    }
}
