//! Which endpoint a method and a path mean (reference, section 1).

use super::call::Method;

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

impl<'a> Endpoint<'a> {
    /// The endpoint of a path whose version was taken off; nothing where Sugar answers `no_method`.
    pub(crate) fn of(method: Method, segments: &'a [String]) -> Option<Self> {
        use Method::Delete;
        use Method::Get;
        use Method::Patch;
        use Method::Post;
        use Method::Put;
        let mut path = [""; MAX_SEGMENTS];
        let path = path.get_mut(..segments.len())?;
        for (slot, segment) in path.iter_mut().zip(segments) {
            *slot = segment;
        }
        let endpoint = match (method, &*path) {
            (Post, ["oauth2", "token"]) => Self::Token,
            (Post, ["oauth2", "logout"]) => Self::Logout,
            (Get, ["ping"]) => Self::Ping,
            (Get, ["ping", "whattimeisit"]) => Self::Clock,
            (Get, ["me"]) => Self::Me,
            (Post, ["bulk"]) => Self::Bulk,
            (Get | Post, ["metadata"]) => Self::Metadata,
            (Get, ["metadata", "public"]) => Self::MetadataPublic,
            (Get, ["metadata", "_hash"]) => Self::MetadataHash,
            (Get, ["metadata", module, segment]) => Self::MetadataSegment { module, segment },
            (Get | Post, ["search"]) => Self::Search,
            (
                _,
                [
                    "oauth2" | "ping" | "me" | "bulk" | "metadata" | "search",
                    ..,
                ],
            ) => return None,
            (Get, [module]) | (Get | Post, [module, "filter"]) => Self::List { module },
            (Post, [module]) => Self::Create { module },
            (Get | Post, [module, "count"] | [module, "filter", "count"]) => Self::Count { module },
            (Get, [module, "enum", field]) => Self::Enum { module, field },
            (Get, [module, id]) => Self::Read { module, id },
            (Put | Patch, [module, id]) => Self::Update { module, id },
            (Delete, [module, id]) => Self::Delete { module, id },
            (Put, [module, id, "favorite"]) => Self::Favorite { module, id },
            (Delete, [module, id, "favorite"]) | (Put, [module, id, "unfavorite"]) => {
                Self::Unfavorite { module, id }
            }
            (Post, [module, id, "link"]) => Self::LinkMany { module, id },
            (Get, [module, id, "link", link] | [module, id, "link", link, "filter"]) => {
                Self::Related { module, id, link }
            }
            (
                Get,
                [module, id, "link", link, "count"]
                | [module, id, "link", link, "filter", "count" | "leancount"],
            ) => Self::RelatedCount { module, id, link },
            (Post, [module, id, "link", link]) => Self::CreateRelated { module, id, link },
            (Get, [module, id, "link", link, far_id]) => Self::ReadRelated {
                module,
                id,
                link,
                far_id,
            },
            (Post, [module, id, "link", link, far_id]) => Self::LinkOne {
                module,
                id,
                link,
                far_id,
            },
            (Put, [module, id, "link", link, far_id]) => Self::UpdateLink {
                module,
                id,
                link,
                far_id,
            },
            (Delete, [module, id, "link", link, far_id]) => Self::Unlink {
                module,
                id,
                link,
                far_id,
            },
            _ => return None,
        };
        Some(endpoint)
    }

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
            Self::Create { .. } | Self::CreateRelated { .. } => Work::Create,
            Self::Update { .. }
            | Self::Favorite { .. }
            | Self::Unfavorite { .. }
            | Self::LinkMany { .. }
            | Self::LinkOne { .. }
            | Self::UpdateLink { .. } => Work::Update,
            Self::Delete { .. } | Self::Unlink { .. } => Work::Delete,
            Self::Read { .. }
            | Self::ReadRelated { .. }
            | Self::List { .. }
            | Self::Count { .. }
            | Self::Related { .. }
            | Self::RelatedCount { .. }
            | Self::Search => Work::Read,
            Self::Token
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

/// The longest path Sugar has: `integrate/<m>/<f>/<v>/link/<l>/<f>/<v>`.
const MAX_SEGMENTS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: Method, path: &str) -> Option<String> {
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        Endpoint::of(method, &segments).map(|endpoint| format!("{endpoint:?}"))
    }

    #[test]
    fn words_of_the_path_win_over_ids() {
        assert_eq!(
            of(Method::Post, "Accounts/filter"),
            Some(r#"List { module: "Accounts" }"#.into())
        );
        assert_eq!(
            of(Method::Get, "Accounts/count"),
            Some(r#"Count { module: "Accounts" }"#.into())
        );
        assert_eq!(
            of(Method::Get, "Accounts/1/link/contacts/filter/leancount"),
            Some(r#"RelatedCount { module: "Accounts", id: "1", link: "contacts" }"#.into())
        );
        assert_eq!(of(Method::Delete, "Accounts"), None);
        assert_eq!(of(Method::Get, "a/b/c/d/e/f/g/h/i"), None);
    }
}
