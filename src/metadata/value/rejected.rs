//! Why a value does not suit its field.

use crate::diag::all_of;
use crate::diag::did_you_mean;

/// The text is about the value; whoever shows it names field, module and place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("`{value}` is not true or false")]
    NotBool { value: String },
    #[error("`{value}` is not a whole number")]
    NotWhole { value: String },
    #[error("`{value}` is not a number")]
    NotNumber { value: String },
    #[error("`{value}` has {digits} digits before the decimal point, the field holds {most}")]
    TooLarge {
        value: String,
        digits: usize,
        most: usize,
    },
    #[error("`{value}` is not a date")]
    NotDate { value: String },
    #[error("`{value}` has a time, the field is a date")]
    DateWithTime { value: String },
    #[error("`{value}` is not a date and time")]
    NotDateTime { value: String },
    #[error("`{value}` has no offset, so its instant is not known")]
    NoOffset { value: String },
    #[error("`{value}` is not a time of day")]
    NotTime { value: String },
    #[error("{found} characters, the field holds {most}: `{value}`")]
    TooLong {
        value: String,
        found: usize,
        most: u32,
    },
    #[error("`{value}` is not one of the field's values")]
    NotAnOption {
        value: String,
        options: Vec<String>,
        /// The key whose label this is, or which differs in case only.
        meant: Option<String>,
    },
    #[error("`{value}` is not an e-mail address")]
    NotEmail { value: String },
    #[error("{found} where {wanted} is wanted")]
    Shape {
        found: &'static str,
        wanted: &'static str,
    },
    #[error("unknown key `{key}` in a link, which takes `add`, `create` and `delete`")]
    LinkAction { key: String },
    #[error("{of} has no `{key}`")]
    UnknownKey {
        key: String,
        of: &'static str,
        known: &'static [&'static str],
    },
    #[error("`{flag}` of {of} is true or false, not `{value}`")]
    NotFlag {
        flag: &'static str,
        of: &'static str,
        value: String,
    },
    #[error("`{flag}` is set on {found}, and only one can have it")]
    SeveralPrimary { flag: &'static str, found: usize },
    #[error("`{value}` is added and taken out at once")]
    AddedAndTakenOut { value: String },
}

impl Rejected {
    /// What to do about it, where that can be said without more knowledge.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotBool { .. } | Self::NotFlag { .. } => Some("write `true`, `false`, `1` or `0`".into()),
            Self::NotNumber { value } if value.contains(',') => {
                Some("write a decimal point and no thousands separator, as in `1234.50`".into())
            }
            Self::NotDate { .. } => Some(
                "write `2026-01-31`, or read another form with `parse_date(text, format)`".into(),
            ),
            Self::DateWithTime { value } => value
                .trim()
                .get(..10)
                .map(|date| format!("write only the date, `{date}`")),
            Self::NotDateTime { .. } => Some(
                "write `2026-01-31T10:00:00+01:00`, or read another form with `parse_date(text, format)`"
                    .into(),
            ),
            Self::NoOffset { .. } => {
                Some("end it in `Z` or an offset like `+01:00`, or set `settings.timezone`".into())
            }
            Self::NotTime { .. } => Some("write `10:00` or `10:00:00`".into()),
            Self::NotAnOption {
                value,
                meant: Some(meant),
                ..
            } if value.trim() == meant => Some(format!("without the blanks it is one: `{meant}`")),
            Self::NotAnOption {
                meant: Some(meant), ..
            } => Some(format!("the key of that value is `{meant}`")),
            Self::NotAnOption { value, options, .. } => Some(
                did_you_mean(value, options.iter().map(String::as_str))
                    .unwrap_or_else(|| some_of(options)),
            ),
            Self::UnknownKey { key, known, .. } => Some(
                did_you_mean(key, known.iter().copied())
                    // `email` for `email_address`, `primary` for `primary_address`.
                    .or_else(|| {
                        let mut known = known.iter();
                        let meant = known.find(|known| known.starts_with(&format!("{key}_")))?;
                        Some(format!("did you mean `{meant}`?"))
                    })
                    .unwrap_or_else(|| format!("it takes {}", all_of(known.iter().copied()))),
            ),
            Self::SeveralPrimary { .. } => {
                Some("leave it on the one that is meant".into())
            }
            _ => None,
        }
    }
}

/// The first values of a list, with the number of the others.
fn some_of(options: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = options
        .iter()
        .filter(|key| !key.is_empty())
        .take(SHOWN)
        .map(|key| format!("`{key}`"))
        .collect();
    let rest = options
        .iter()
        .filter(|key| !key.is_empty())
        .count()
        .saturating_sub(SHOWN);
    let shown = shown.join(", ");
    match rest {
        0 => format!("its values are {shown}"),
        rest => format!("its values are {shown} and {rest} more"),
    }
}
