//! Requests that change records. Only a `client::Writer` takes them.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::LinkName;
use super::ModuleName;
use super::RecordId;
use super::encoded::Encoded;
use super::encoded::Method;
use super::path::RestPath;

/// Records that one request of a link names.
pub const LINKED_AT_ONCE: usize = 200;

/// A record on the far side of a link, with the relationship's own columns (`contact_role`, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkTarget {
    pub id: RecordId,
    pub columns: Map<String, Json>,
}

/// The record that a new one is created below, and the link that leads from it to the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub module: ModuleName,
    pub record: RecordId,
    pub link: LinkName,
}

/// The methods that may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WriteMethod {
    Post,
    Put,
    Patch,
    Delete,
}

impl WriteMethod {
    pub fn as_str(self) -> &'static str {
        self.method().as_str()
    }

    fn method(self) -> Method {
        match self {
            Self::Post => Method::Post,
            Self::Put => Method::Put,
            Self::Patch => Method::Patch,
            Self::Delete => Method::Delete,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Write {
    Create {
        module: ModuleName,
        fields: Map<String, Json>,
    },
    CreateRelated {
        parent: Parent,
        fields: Map<String, Json>,
    },
    Update {
        module: ModuleName,
        record: RecordId,
        fields: Map<String, Json>,
        /// The `date_modified` the change was planned against, sent as `X-Timestamp`. That Sugar reads this header is
        /// unknown (fact sheet, Unknown); an instance that does not is none the worse.
        expected: Option<String>,
    },
    Delete {
        module: ModuleName,
        record: RecordId,
    },
    Link {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
        targets: Vec<LinkTarget>,
    },
    Unlink {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
        other: RecordId,
    },
    /// Marks a record for the user who asks; nobody else sees it.
    Favorite {
        module: ModuleName,
        record: RecordId,
    },
    Unfavorite {
        module: ModuleName,
        record: RecordId,
    },
    /// An update of the record with this key in another system, or a create. Documented as `PATCH` (fact sheet 1.7).
    UpsertByKey {
        module: ModuleName,
        sync_key: String,
        fields: Map<String, Json>,
        /// The fields to show in the answer, which is an id alone unless some are named.
        shown: Vec<String>,
    },
    /// Anything else, as somebody wrote it.
    Call {
        method: WriteMethod,
        path: RestPath,
        query: Vec<(String, String)>,
        body: Option<Json>,
    },
}

impl Write {
    /// Whether it makes a record, so that repeating it may make another. An upsert by key would find the first one.
    pub fn creates(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::CreateRelated { .. })
    }

    /// Whether nobody knows what repeating it would do.
    pub fn is_call(&self) -> bool {
        matches!(self, Self::Call { .. })
    }

    /// The records at the far end of a link, or of its removal.
    pub fn others(&self) -> Vec<RecordId> {
        match self {
            Self::Link { targets, .. } => targets.iter().map(|target| target.id.clone()).collect(),
            Self::Unlink { other, .. } => vec![other.clone()],
            _ => Vec::new(),
        }
    }

    pub fn encode(&self) -> Encoded {
        match self {
            Self::Create { module, fields } => {
                Encoded::new(Method::Post, &[module.as_str()]).with(fields)
            }
            Self::CreateRelated { parent, fields } => Encoded::new(
                Method::Post,
                &[
                    parent.module.as_str(),
                    parent.record.as_str(),
                    "link",
                    parent.link.as_str(),
                ],
            )
            .with(fields),
            Self::Update {
                module,
                record,
                fields,
                expected,
            } => {
                let encoded =
                    Encoded::new(Method::Put, &[module.as_str(), record.as_str()]).with(fields);
                match expected {
                    Some(modified) => encoded.header("X-Timestamp", modified.clone()),
                    None => encoded,
                }
            }
            Self::Delete { module, record } => {
                Encoded::new(Method::Delete, &[module.as_str(), record.as_str()])
            }
            Self::Link {
                module,
                record,
                link,
                targets,
            } => {
                let ids: Vec<Json> = targets.iter().map(LinkTarget::to_json).collect();
                Encoded::new(Method::Post, &[module.as_str(), record.as_str(), "link"])
                    .with(&json!({ "link_name": link.as_str(), "ids": ids }))
            }
            Self::Unlink {
                module,
                record,
                link,
                other,
            } => Encoded::new(
                Method::Delete,
                &[
                    module.as_str(),
                    record.as_str(),
                    "link",
                    link.as_str(),
                    other.as_str(),
                ],
            ),
            Self::Favorite { module, record } => {
                Encoded::new(Method::Put, &[module.as_str(), record.as_str(), "favorite"])
            }
            // Of the two ways seen in use, the one that most clients take (fact sheet 1.3).
            Self::Unfavorite { module, record } => Encoded::new(
                Method::Delete,
                &[module.as_str(), record.as_str(), "favorite"],
            ),
            Self::UpsertByKey {
                module,
                sync_key,
                fields,
                shown,
            } => Encoded::new(Method::Patch, &[module.as_str(), "sync_key", sync_key])
                .query("fields", &shown.join(","))
                .with(fields),
            Self::Call {
                method,
                path,
                query,
                body,
            } => {
                let encoded = Encoded::of_path(method.method(), path, query);
                match body {
                    Some(body) => encoded.with(body),
                    None => encoded,
                }
            }
        }
    }
}

impl LinkTarget {
    pub fn plain(id: RecordId) -> Self {
        Self {
            id,
            columns: Map::new(),
        }
    }

    fn to_json(&self) -> Json {
        if self.columns.is_empty() {
            return Json::from(self.id.as_str());
        }
        let mut map = self.columns.clone();
        map.insert("id".into(), self.id.as_str().into());
        Json::Object(map)
    }
}
