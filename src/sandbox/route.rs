//! Which endpoint a method and a path mean (fact sheet 1).

use super::call::Method;
use super::endpoint::Endpoint;
use super::favorites::Mark;
use super::integrate::Key;
use super::integrate::SYNC_KEY;
use super::integrate::Tie;
use super::mass;

/// The longest path Sugar has: `integrate/<m>/<f>/<v>/link/<l>/<f>/<v>`.
const MAX_SEGMENTS: usize = 8;

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
            (Post, ["oauth2", "sudo", user]) => Self::Sudo { user },
            (Get, ["ping"]) => Self::Ping,
            (Get, ["ping", "whattimeisit"]) => Self::Clock,
            (Get, ["me"]) => Self::Me,
            (Put, ["me"]) => Self::UpdateMe,
            (Get, ["me", "preferences"]) => Self::Preferences,
            (Get, ["me", "preference", name]) => Self::ReadPreference { name },
            (Put | Post, ["me", "preference", name]) => Self::WritePreference { name },
            (Delete, ["me", "preference", name]) => Self::DeletePreference { name },
            (Get, ["me", "following"]) => Self::Following,
            (Put, ["me", "password"]) => Self::Password,
            (Post, ["bulk"]) => Self::Bulk,
            (Get | Post, ["metadata"]) => Self::Metadata,
            (Get, ["metadata", "public"]) => Self::MetadataPublic,
            (Get, ["metadata", "_hash"]) => Self::MetadataHash,
            (Get, ["metadata", module, segment]) => Self::MetadataSegment { module, segment },
            (Get, ["search"]) => Self::Search,
            (Get | Post, ["globalsearch"]) => Self::GlobalSearch { module: None },
            (Get, ["mostactiveusers"]) => Self::MostActiveUsers,
            (Put | Patch, ["integrate", module, field, value]) => Self::Upsert {
                module,
                key: Key { field, value },
            },
            (Get, ["integrate", module, field, value]) => Self::ReadByKey {
                module,
                key: Key { field, value },
            },
            (Delete, ["integrate", module, field, value]) => Self::DeleteByKey {
                module,
                key: Key { field, value },
            },
            (Put, ["integrate", module, id, field, value]) => Self::SetKey {
                module,
                id,
                key: Key { field, value },
            },
            (
                Post | Delete,
                [
                    "integrate",
                    module,
                    field,
                    value,
                    "link",
                    link,
                    far_field,
                    far_value,
                ],
            ) => Self::Tie {
                tie: if method == Post {
                    Tie::Link
                } else {
                    Tie::Unlink
                },
                module,
                near: Key { field, value },
                link,
                far: Key {
                    field: far_field,
                    value: far_value,
                },
            },
            (
                _,
                [
                    "oauth2" | "ping" | "me" | "bulk" | "metadata" | "search" | "globalsearch"
                    | "mostactiveusers" | "integrate",
                    ..,
                ],
            ) => return None,
            (Get, [module]) | (Get | Post, [module, "filter"]) => Self::List { module },
            (Post, [module]) => Self::Create { module },
            (Get | Post, [module, "count"] | [module, "filter", "count"]) => Self::Count { module },
            (Put, [module, "MassUpdate"]) => Self::Mass {
                module,
                change: mass::Change::Update,
            },
            (Delete, [module, "MassUpdate"]) => Self::Mass {
                module,
                change: mass::Change::Delete,
            },
            (Post, [module, "duplicateCheck"]) => Self::DuplicateCheck { module },
            (Get | Post, [module, "globalsearch"]) => Self::GlobalSearch {
                module: Some(module),
            },
            (Put | Patch, [module, "sync_key", value]) => Self::Upsert {
                module,
                key: Key {
                    field: SYNC_KEY,
                    value,
                },
            },
            (Post, [module, "temp", "file", field]) => Self::TemporaryFile { module, field },
            (Post | Delete, [module, near, "link_by_sync_keys", link, far]) => Self::Tie {
                tie: if method == Post {
                    Tie::Link
                } else {
                    Tie::Unlink
                },
                module,
                near: Key {
                    field: SYNC_KEY,
                    value: near,
                },
                link,
                far: Key {
                    field: SYNC_KEY,
                    value: far,
                },
            },
            (Get, [module, "enum", field]) => Self::Enum { module, field },
            (Get, [module, id]) => Self::Read { module, id },
            (Put, [module, id]) => Self::Update { module, id },
            (Delete, [module, id]) => Self::Delete { module, id },
            (Put, [module, id, "favorite"]) => Self::Favorite { module, id },
            (Delete, [module, id, "favorite"]) | (Put, [module, id, "unfavorite"]) => {
                Self::Unfavorite { module, id }
            }
            (Post, [module, id, "subscribe"]) => Self::Follow {
                module,
                id,
                mark: Mark::Set,
            },
            (Delete, [module, id, "subscribe" | "unsubscribe"]) => Self::Follow {
                module,
                id,
                mark: Mark::Unset,
            },
            (Get, [module, id, "audit"]) => Self::Audit { module, id },
            (Get, [module, id, "file"]) => Self::Files { module, id },
            (Get, [module, id, "file", field]) => Self::Download { module, id, field },
            (Post | Put, [module, id, "file", field]) => Self::Upload { module, id, field },
            (Delete, [module, id, "file", field]) => Self::RemoveFile { module, id, field },
            (Post, [module, id, "link"]) => Self::LinkMany { module, id },
            (
                Get,
                [module, id, "link" | "collection", link] | [module, id, "link", link, "filter"],
            ) => Self::Related { module, id, link },
            (
                Get,
                [module, id, "link", link, "count"] | [module, id, "link", link, "filter", "count"],
            ) => Self::RelatedCount { module, id, link },
            (Get, [module, id, "link", link, "filter", "leancount"]) => {
                Self::LeanCount { module, id, link }
            }
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
}

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
            of(Method::Get, "Accounts/1/link/contacts/filter/count"),
            Some(r#"RelatedCount { module: "Accounts", id: "1", link: "contacts" }"#.into())
        );
        assert_eq!(of(Method::Delete, "Accounts"), None);
        // Documented for keys of other systems only, as a search is for GET only.
        assert_eq!(of(Method::Patch, "Accounts/1"), None);
        assert!(of(Method::Patch, "Accounts/sync_key/1").is_some());
        assert_eq!(of(Method::Post, "search"), None);
        assert_eq!(of(Method::Get, "a/b/c/d/e/f/g/h/i"), None);
    }
}
