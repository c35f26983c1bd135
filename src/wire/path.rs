//! A path that somebody else wrote, behind the version: taken apart and checked, so that it leads to nothing outside the
//! interface of the instance.
//!
//! It is kept as its parts, unescaped, and each is escaped when it is sent. So a text can name no other host, has no query
//! of its own, and no part can grow into several on the way.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value as Json;

use super::encoded::escaped;

/// `/Accounts/duplicateCheck`, in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct RestPath(Vec<String>);

/// Why a path is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path has an empty part")]
    EmptyPart,
    #[error("the path names a host")]
    Host,
    #[error("the path begins with `{0}`, which stands before every path already")]
    Version(String),
    #[error("the path has `{0}` in it, which leads out of where it stands")]
    Dots(String),
    #[error("the path has a query in it")]
    Query,
    #[error("the path has `{0}` in it")]
    Character(char),
    #[error("a part of the path holds a character that cannot be printed")]
    Control,
    #[error("the path is {0}, neither text nor a list of its parts")]
    Kind(&'static str),
}

impl PathError {
    /// What to write instead.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty | Self::Kind(_) => {
                "write what follows the version, such as `/Accounts/duplicateCheck`"
            }
            Self::EmptyPart => {
                "write one `/` between two parts and none at the end; a value may have come out empty"
            }
            Self::Host => {
                "write only what follows the version; the instance is given by the profile"
            }
            Self::Version(_) => "remove it: the path begins behind the version",
            Self::Dots(_) => "write the path from the version on, without steps back",
            Self::Query => {
                "remove `?` and what follows, and write it as a map: `query: { max_num: 5 }`"
            }
            Self::Character(_) => {
                "write the path unescaped; a part that holds this character is written in a list: \
                 `path: [Accounts, sync_key, \"50%\"]`"
            }
            Self::Control => "remove line breaks and other control characters",
        }
    }
}

impl RestPath {
    /// Reads a text: parts between slashes, with or without one at the beginning.
    ///
    /// It is written unescaped. A percent sign could be one, or could escape a slash or a dot, so it is refused, and
    /// with it all that a server may read as an end of the path or as another slash.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.trim().is_empty() {
            return Err(PathError::Empty);
        }
        if text.contains("://") || text.starts_with("//") {
            return Err(PathError::Host);
        }
        if text.contains('?') {
            return Err(PathError::Query);
        }
        if let Some(found) = text.chars().find(|c| matches!(c, '%' | '#' | '\\')) {
            return Err(PathError::Character(found));
        }
        let text = text.strip_prefix('/').unwrap_or(text);
        Self::of_parts(text.split('/').map(str::to_owned).collect())
    }

    /// Takes parts as they are, each of which stays one.
    pub fn of_parts(parts: Vec<String>) -> Result<Self, PathError> {
        let Some(first) = parts.first() else {
            return Err(PathError::Empty);
        };
        if first == "rest" || is_version(first) {
            return Err(PathError::Version(first.clone()));
        }
        for part in &parts {
            if part.trim().is_empty() {
                return Err(PathError::EmptyPart);
            }
            // An escaped slash may be unescaped by whatever stands before the instance.
            if let Some(dots) = part.split(['/', '\\']).find(|piece| is_dots(piece)) {
                return Err(PathError::Dots(dots.to_owned()));
            }
            if part.chars().any(char::is_control) {
                return Err(PathError::Control);
            }
        }
        Ok(Self(parts))
    }

    /// Reads what a template gave.
    pub fn of_value(value: &Json) -> Result<Self, PathError> {
        let part = |part: &Json| match part {
            Json::String(text) => Ok(text.clone()),
            Json::Number(number) => Ok(number.to_string()),
            Json::Null => Err(PathError::EmptyPart),
            Json::Bool(_) => Err(PathError::Kind("a list with a boolean in it")),
            Json::Array(_) | Json::Object(_) => Err(PathError::Kind("a list of more than texts")),
        };
        match value {
            Json::String(text) => Self::parse(text),
            Json::Array(parts) => Self::of_parts(parts.iter().map(part).collect::<Result<_, _>>()?),
            Json::Null => Err(PathError::Empty),
            Json::Bool(_) => Err(PathError::Kind("a boolean")),
            Json::Number(_) => Err(PathError::Kind("a number")),
            Json::Object(_) => Err(PathError::Kind("a map")),
        }
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The endpoint, where one call of it can do any number of things that nobody sees before: it wants leave.
    pub fn sweeping(&self) -> Option<&'static str> {
        let mut parts = self.parts();
        let is = |part: Option<&str>, name: &str| {
            part.is_some_and(|part| part.eq_ignore_ascii_case(name))
        };
        let first = parts.next();
        match parts.next() {
            _ if is(first, "bulk") => Some("/bulk"),
            _ if is(first, "oauth2") => Some("/oauth2"),
            second if is(second, "MassUpdate") => Some("MassUpdate"),
            _ => None,
        }
    }
}

/// Whether a text can be one part of a path: what stands for this folder, or the one above, is taken away on the way.
pub fn is_dots(part: &str) -> bool {
    matches!(part, "." | "..")
}

/// `v11`, `v11_5`, `v11.17`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit())
            && number
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '_' | '.'))
    })
}

/// As it is sent: a slash inside a part is told from one between two.
impl fmt::Display for RestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|part| write!(f, "/{}", escaped(part)))
    }
}

impl TryFrom<Vec<String>> for RestPath {
    type Error = PathError;

    fn try_from(parts: Vec<String>) -> Result<Self, PathError> {
        Self::of_parts(parts)
    }
}

impl From<RestPath> for Vec<String> {
    fn from(path: RestPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::Read;

    #[test]
    fn a_path_is_written_with_or_without_its_first_slash() {
        for text in ["/Accounts/1/audit", "Accounts/1/audit"] {
            assert_eq!(
                RestPath::parse(text).unwrap().to_string(),
                "/Accounts/1/audit"
            );
        }
        assert_eq!(RestPath::parse("v").unwrap().to_string(), "/v");
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for (text, error) in [
            ("", PathError::Empty),
            (" / ", PathError::EmptyPart),
            ("/", PathError::EmptyPart),
            ("https://example.com/rest/v11/me", PathError::Host),
            ("//example.com/me", PathError::Host),
            ("/Accounts//audit", PathError::EmptyPart),
            ("Accounts/", PathError::EmptyPart),
            ("/Accounts/../Users", PathError::Dots("..".into())),
            ("../../soap.php", PathError::Dots("..".into())),
            ("/Accounts/./1", PathError::Dots(".".into())),
            ("/Accounts/%2e%2e/Users", PathError::Character('%')),
            ("/Accounts?max_num=1", PathError::Query),
            ("/Accounts#x", PathError::Character('#')),
            ("/Accounts\\..\\Users", PathError::Character('\\')),
            ("/Accounts/a\nb", PathError::Control),
            ("/rest/v11_5/Accounts", PathError::Version("rest".into())),
            ("v11_5/Accounts", PathError::Version("v11_5".into())),
            ("v11.17/Accounts", PathError::Version("v11.17".into())),
        ] {
            assert_eq!(RestPath::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_list_stays_one_part() {
        let path = RestPath::of_value(&json!(["Accounts", "sync_key", "50% a/b?c"])).unwrap();
        let read = Read::Raw {
            path,
            query: Vec::new(),
        };
        assert_eq!(read.encode().path(), "/Accounts/sync_key/50%25%20a%2Fb%3Fc");
        let out = RestPath::of_value(&json!(["Accounts", "../../x"]));
        assert_eq!(out, Err(PathError::Dots("..".into())));
    }

    #[test]
    fn what_sweeps_is_known_however_it_is_written() {
        for (text, sweeping) in [
            ("/bulk", Some("/bulk")),
            ("BULK", Some("/bulk")),
            ("/oauth2/token", Some("/oauth2")),
            ("/Accounts/massupdate", Some("MassUpdate")),
            ("/Accounts/duplicateCheck", None),
            ("/MassUpdate", None),
        ] {
            assert_eq!(
                RestPath::parse(text).unwrap().sweeping(),
                sweeping,
                "{text}"
            );
        }
    }

    proptest! {
        /// Whatever is let through is sent below the version, in as many parts as were seen.
        #[test]
        fn nothing_leaves_the_interface(text in "[a-z./%\\\\?#:@ ]{0,16}") {
            if let Ok(path) = RestPath::parse(&text) {
                let parts = path.parts().count();
                let read = Read::Raw { path, query: Vec::new() };
                let sent = read.encode();
                let sent = sent.path().strip_prefix('/').unwrap();
                prop_assert_eq!(sent.split('/').count(), parts);
                for part in sent.split('/') {
                    prop_assert!(!part.is_empty() && !is_dots(part), "{}", sent);
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~%".contains(c);
                    prop_assert!(part.chars().all(is_plain), "{}", sent);
                }
            }
        }
    }
}
