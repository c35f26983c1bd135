//! Labels: Sugar's short error names, and sugarmill's own, kept apart by type.
//!
//! Sugar's labels and their statuses: <https://support.sugarcrm.com>, Developer Guide, "API Exceptions".
//! Texts beside a label come from the instance's language pack, so nothing here reads them.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::text_enum::text_enum;

text_enum! {
    /// What Sugar itself says in the `error` member of an answer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum SugarLabel {
        BadGateway => "bad_gateway",
        ClientOutdated => "client_outdated",
        EditConflict => "edit_conflict",
        FatalError => "fatal_error",
        InactivePortalUser => "inactive_portal_user",
        IncorrectVersion => "incorrect_version",
        InvalidGrant => "invalid_grant",
        InvalidParameter => "invalid_parameter",
        Maintenance => "maintenance",
        MetadataOutOfDate => "metadata_out_of_date",
        MissingParameter => "missing_parameter",
        NeedLogin => "need_login",
        NoMethod => "no_method",
        NotAuthorized => "not_authorized",
        NotFound => "not_found",
        PortalNotConfigured => "portal_not_configured",
        RequestFailure => "request_failure",
        RequestTooLarge => "request_too_large",
        SearchRuntime => "search_runtime",
        SearchUnavailable => "search_unavailable",
        ServiceUnavailable => "service_unavailable",
    }
}

text_enum! {
    /// What sugarmill finds itself. The prefix keeps it from being taken for Sugar's.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum LocalLabel {
        Ambiguous => "local:ambiguous",
        Condition => "local:condition",
        Conflict => "local:conflict",
        Dependency => "local:dependency",
        Drift => "local:drift",
        DuplicateKey => "local:duplicate_key",
        EmptyMatch => "local:empty_match",
        Expect => "local:expect",
        Export => "local:export",
        Http => "local:http",
        IdTaken => "local:id_taken",
        InvalidValue => "local:invalid_value",
        Irreversible => "local:irreversible",
        LeftOut => "local:left_out",
        MissingKey => "local:missing_key",
        Network => "local:network",
        NotJson => "local:not_json",
        NotStored => "local:not_stored",
        Template => "local:template",
        Timeout => "local:timeout",
    }
}

impl LocalLabel {
    /// What only other data or another playbook would mend. An operation that was never sent and ended with one of
    /// these is what a plan has shown to fail, and is not tried again.
    pub const OF_DATA: &[Self] = &[
        Self::Ambiguous,
        Self::Conflict,
        Self::DuplicateKey,
        Self::EmptyMatch,
        Self::InvalidValue,
        Self::MissingKey,
        Self::Template,
    ];
}

impl SugarLabel {
    /// The HTTP status Sugar sends with this label, where a public source gives one.
    pub fn status(self) -> Option<u16> {
        Some(match self {
            Self::IncorrectVersion => 301,
            Self::NeedLogin | Self::InvalidGrant => 401,
            Self::NotAuthorized | Self::InactivePortalUser | Self::PortalNotConfigured => 403,
            Self::NoMethod | Self::NotFound => 404,
            Self::EditConflict => 409,
            Self::MetadataOutOfDate => 412,
            Self::RequestTooLarge => 413,
            Self::MissingParameter | Self::InvalidParameter => 422,
            Self::RequestFailure => 424,
            Self::ClientOutdated => 433,
            Self::FatalError => 500,
            Self::BadGateway => 502,
            Self::Maintenance | Self::ServiceUnavailable => 503,
            Self::SearchRuntime | Self::SearchUnavailable => return None,
        })
    }
}

/// Why an operation or a request did not end as asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    Sugar(SugarLabel),
    Local(LocalLabel),
    /// A label no public source names; carried as it came.
    Other(String),
}

impl Label {
    pub fn parse(text: &str) -> Self {
        SugarLabel::parse(text)
            .map(Self::Sugar)
            .or_else(|| LocalLabel::parse(text).map(Self::Local))
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Sugar(label) => label.as_str(),
            Self::Local(label) => label.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl From<SugarLabel> for Label {
    fn from(label: SugarLabel) -> Self {
        Self::Sugar(label)
    }
}

impl From<LocalLabel> for Label {
    fn from(label: LocalLabel) -> Self {
        Self::Local(label)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_reads_back_as_itself() {
        for label in SugarLabel::ALL {
            assert_eq!(Label::parse(label.as_str()), Label::Sugar(*label));
        }
        for label in LocalLabel::ALL {
            assert!(label.as_str().starts_with("local:"));
            assert_eq!(Label::parse(label.as_str()), Label::Local(*label));
        }
        assert_eq!(Label::parse("seen_nowhere").as_str(), "seen_nowhere");
    }
}
