//! The endpoints: those of fact sheet 1 and its extras, and what each costs.

use super::favorites::Mark;
use super::integrate::Key;
use super::integrate::Tie;
use super::mass;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    Token,
    Logout,
    Ping,
    Clock,
    Me,
    Bulk,
    Metadata,
    MetadataPublic,
    MetadataHash,
    MetadataSegment {
        module: &'a str,
        segment: &'a str,
    },
    Search,
    Enum {
        module: &'a str,
        field: &'a str,
    },
    List {
        module: &'a str,
    },
    Count {
        module: &'a str,
    },
    Create {
        module: &'a str,
    },
    Read {
        module: &'a str,
        id: &'a str,
    },
    Update {
        module: &'a str,
        id: &'a str,
    },
    Delete {
        module: &'a str,
        id: &'a str,
    },
    Favorite {
        module: &'a str,
        id: &'a str,
    },
    Unfavorite {
        module: &'a str,
        id: &'a str,
    },
    Related {
        module: &'a str,
        id: &'a str,
        link: &'a str,
    },
    RelatedCount {
        module: &'a str,
        id: &'a str,
        link: &'a str,
    },
    LinkMany {
        module: &'a str,
        id: &'a str,
    },
    CreateRelated {
        module: &'a str,
        id: &'a str,
        link: &'a str,
    },
    ReadRelated {
        module: &'a str,
        id: &'a str,
        link: &'a str,
        far_id: &'a str,
    },
    LinkOne {
        module: &'a str,
        id: &'a str,
        link: &'a str,
        far_id: &'a str,
    },
    UpdateLink {
        module: &'a str,
        id: &'a str,
        link: &'a str,
        far_id: &'a str,
    },
    Unlink {
        module: &'a str,
        id: &'a str,
        link: &'a str,
        far_id: &'a str,
    },
    LeanCount {
        module: &'a str,
        id: &'a str,
        link: &'a str,
    },
    Mass {
        module: &'a str,
        change: mass::Change,
    },
    Upsert {
        module: &'a str,
        key: Key<'a>,
    },
    ReadByKey {
        module: &'a str,
        key: Key<'a>,
    },
    DeleteByKey {
        module: &'a str,
        key: Key<'a>,
    },
    SetKey {
        module: &'a str,
        id: &'a str,
        key: Key<'a>,
    },
    Tie {
        tie: Tie,
        module: &'a str,
        near: Key<'a>,
        link: &'a str,
        far: Key<'a>,
    },
    DuplicateCheck {
        module: &'a str,
    },
    Files {
        module: &'a str,
        id: &'a str,
    },
    Download {
        module: &'a str,
        id: &'a str,
        field: &'a str,
    },
    Upload {
        module: &'a str,
        id: &'a str,
        field: &'a str,
    },
    RemoveFile {
        module: &'a str,
        id: &'a str,
        field: &'a str,
    },
    TemporaryFile {
        module: &'a str,
        field: &'a str,
    },
    Audit {
        module: &'a str,
        id: &'a str,
    },
    Follow {
        module: &'a str,
        id: &'a str,
        mark: Mark,
    },
    GlobalSearch {
        module: Option<&'a str>,
    },
    MostActiveUsers,
    Sudo {
        user: &'a str,
    },
    UpdateMe,
    Preferences,
    ReadPreference {
        name: &'a str,
    },
    WritePreference {
        name: &'a str,
    },
    DeletePreference {
        name: &'a str,
    },
    Following,
    Password,
}

/// What kind of work an endpoint is, for what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Create,
    Update,
    Delete,
    Read,
    /// Costs the request alone.
    Nothing,
}

impl Endpoint<'_> {
    /// Whether the endpoint answers without a token.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::Token | Self::MetadataPublic)
    }

    /// Whether the endpoint is there to fetch new metadata, and so must not be refused for old one.
    pub(crate) fn is_metadata(self) -> bool {
        matches!(
            self,
            Self::Metadata
                | Self::MetadataPublic
                | Self::MetadataHash
                | Self::MetadataSegment { .. }
                | Self::Token
        )
    }

    pub(crate) fn work(self) -> Work {
        match self {
            Self::Create { .. } | Self::CreateRelated { .. } | Self::TemporaryFile { .. } => {
                Work::Create
            }
            Self::Update { .. }
            | Self::Favorite { .. }
            | Self::Unfavorite { .. }
            | Self::LinkMany { .. }
            | Self::Mass { .. }
            | Self::Upsert { .. }
            | Self::SetKey { .. }
            | Self::Tie { .. }
            | Self::Upload { .. }
            | Self::RemoveFile { .. }
            | Self::Follow { .. }
            | Self::UpdateMe
            | Self::LinkOne { .. }
            | Self::UpdateLink { .. } => Work::Update,
            Self::Delete { .. } | Self::DeleteByKey { .. } | Self::Unlink { .. } => Work::Delete,
            Self::Read { .. }
            | Self::ReadRelated { .. }
            | Self::List { .. }
            | Self::Count { .. }
            | Self::Related { .. }
            | Self::RelatedCount { .. }
            | Self::LeanCount { .. }
            | Self::ReadByKey { .. }
            | Self::DuplicateCheck { .. }
            | Self::Files { .. }
            | Self::Download { .. }
            | Self::Audit { .. }
            | Self::GlobalSearch { .. }
            | Self::Search => Work::Read,
            Self::Sudo { .. }
            | Self::Preferences
            | Self::ReadPreference { .. }
            | Self::WritePreference { .. }
            | Self::DeletePreference { .. }
            | Self::Following
            | Self::Password
            | Self::MostActiveUsers
            | Self::Token
            | Self::Logout
            | Self::Ping
            | Self::Clock
            | Self::Me
            | Self::Bulk
            | Self::Metadata
            | Self::MetadataPublic
            | Self::MetadataHash
            | Self::MetadataSegment { .. }
            | Self::Enum { .. } => Work::Nothing,
        }
    }
}
