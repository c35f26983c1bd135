//! The operators that stand under a field.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    Starts,
    Ends,
    Contains,
    NotContains,
    In,
    NotIn,
    IsNull,
    NotNull,
    Empty,
    NotEmpty,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Between,
    DateBetween,
    DateRange,
}

impl Operator {
    pub(crate) const ALL: &[(&str, Self)] = &[
        ("$equals", Self::Equals),
        ("$not_equals", Self::NotEquals),
        ("$starts", Self::Starts),
        ("$ends", Self::Ends),
        ("$contains", Self::Contains),
        ("$not_contains", Self::NotContains),
        ("$in", Self::In),
        ("$not_in", Self::NotIn),
        ("$is_null", Self::IsNull),
        ("$not_null", Self::NotNull),
        ("$empty", Self::Empty),
        ("$not_empty", Self::NotEmpty),
        ("$lt", Self::Less),
        ("$lte", Self::LessOrEqual),
        ("$gt", Self::Greater),
        ("$gte", Self::GreaterOrEqual),
        ("$between", Self::Between),
        ("$dateBetween", Self::DateBetween),
        ("$dateRange", Self::DateRange),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(spelling, _)| *spelling == name)
            .map(|(_, operator)| *operator)
    }

    /// The operator this one denies. A negative operator holds wherever its positive does not, so also where nothing
    /// is stored or linked.
    pub(crate) fn denies(self) -> Option<Self> {
        match self {
            Self::NotEquals => Some(Self::Equals),
            Self::NotContains => Some(Self::Contains),
            Self::NotIn => Some(Self::In),
            Self::IsNull => Some(Self::NotNull),
            Self::Empty => Some(Self::NotEmpty),
            _ => None,
        }
    }
}
