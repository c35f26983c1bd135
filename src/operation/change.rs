//! What an operation does to the instance, and the requests that do it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Reversible;
use crate::text_enum::text_enum;
use crate::wire::LINKED_AT_ONCE;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::RecordId;
use crate::wire::RestPath;
use crate::wire::Write;
use crate::wire::WriteMethod;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Create {
        module: ModuleName,
        id: RecordId,
        fields: Map<String, Json>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<Parent>,
        /// Of an upsert: made only if no record has these values.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unless: Option<Map<String, Json>>,
    },
    Update {
        module: ModuleName,
        record: RecordId,
        fields: Map<String, Json>,
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
        others: Vec<RecordId>,
    },
    Favorite {
        module: ModuleName,
        record: RecordId,
    },
    Unfavorite {
        module: ModuleName,
        record: RecordId,
    },
    /// An upsert by a key of another system; the instance itself decides whether that is an update or a create.
    UpsertByKey {
        module: ModuleName,
        sync_key: String,
        fields: Map<String, Json>,
        /// The fields the answer is to show.
        shown: Vec<String>,
        /// The record that has the key: as far as the plan could see, then as it was answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<RecordId>,
    },
    /// Any other endpoint. What it does nobody knows but who wrote it.
    Call {
        method: WriteMethod,
        path: RestPath,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        query: Vec<(String, String)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Json>,
    },
}

/// The field in which an answer shows the user's own mark (fact sheet 1.3).
const FAVORITE: &str = "my_favorite";

/// The field that an upsert by key gives a new record.
pub const SYNC_KEY: &str = "sync_key";

text_enum! {
    /// The word for it in reports. What changes nothing in Sugar is listed only when it fails.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Action {
        Create => "create",
        Update => "update",
        /// Before it is known which of the two it is.
        Upsert => "upsert",
        Delete => "delete",
        Link => "link",
        Unlink => "unlink",
        Favorite => "favorite",
        Unfavorite => "unfavorite",
        Call => "call",
        Read => "read",
        Assert => "assert",
        Export => "export",
    }
}

impl Action {
    /// What takes back what it did, as far as there is something.
    #[must_use]
    pub fn taken_back_by(self) -> Self {
        match self {
            Self::Create => Self::Delete,
            Self::Delete => Self::Create,
            Self::Link => Self::Unlink,
            Self::Unlink => Self::Link,
            Self::Favorite => Self::Unfavorite,
            Self::Unfavorite => Self::Favorite,
            Self::Update | Self::Upsert | Self::Call | Self::Read | Self::Assert | Self::Export => {
                self
            }
        }
    }

    /// Whether what it does can be taken back, as far as that is known before it is known on what it works.
    pub fn reversible(self) -> Reversible {
        match self {
            // Sugar gives no way to bring a deleted record back (fact sheet 1.1), and nobody knows what a call did.
            Self::Delete | Self::Call => Reversible::No,
            Self::Create
            | Self::Update
            | Self::Upsert
            | Self::Link
            | Self::Unlink
            | Self::Favorite
            | Self::Unfavorite
            | Self::Read
            | Self::Assert
            | Self::Export => Reversible::Yes,
        }
    }

    pub fn is_write(self) -> bool {
        !matches!(self, Self::Read | Self::Assert | Self::Export)
    }
}

impl Change {
    pub fn action(&self) -> Action {
        match self {
            Self::Create { .. } => Action::Create,
            Self::Update { .. } => Action::Update,
            Self::Delete { .. } => Action::Delete,
            Self::Link { .. } => Action::Link,
            Self::Unlink { .. } => Action::Unlink,
            Self::Favorite { .. } => Action::Favorite,
            Self::Unfavorite { .. } => Action::Unfavorite,
            Self::UpsertByKey { .. } => Action::Upsert,
            Self::Call { .. } => Action::Call,
        }
    }

    /// The module it works on; a call has none that anybody can tell.
    pub fn module(&self) -> Option<&ModuleName> {
        match self {
            Self::Create { module, .. }
            | Self::Update { module, .. }
            | Self::Delete { module, .. }
            | Self::Link { module, .. }
            | Self::Unlink { module, .. }
            | Self::Favorite { module, .. }
            | Self::Unfavorite { module, .. }
            | Self::UpsertByKey { module, .. } => Some(module),
            Self::Call { .. } => None,
        }
    }

    /// The record it works on, if that is known; of a link the left one.
    pub fn record(&self) -> Option<&RecordId> {
        match self {
            Self::Create { id, .. } => Some(id),
            Self::Update { record, .. }
            | Self::Delete { record, .. }
            | Self::Link { record, .. }
            | Self::Unlink { record, .. }
            | Self::Favorite { record, .. }
            | Self::Unfavorite { record, .. } => Some(record),
            Self::UpsertByKey { record, .. } => record.as_ref(),
            Self::Call { .. } => None,
        }
    }

    /// The record it works on, with its module.
    pub fn about(&self) -> Option<(&ModuleName, &RecordId)> {
        self.module().zip(self.record())
    }

    /// The key of another system by which it finds its record.
    pub fn sync_key(&self) -> Option<&str> {
        match self {
            Self::UpsertByKey { sync_key, .. } => Some(sync_key),
            _ => None,
        }
    }

    /// Whether its request is sent as itself and not in `/bulk`, where not every endpoint is known to work.
    pub fn goes_as_itself(&self) -> bool {
        matches!(self, Self::Call { .. })
    }

    /// The change on the record that the instance says it was done to: a create may be given another id than it was
    /// planned with, and the record of a key is known only then.
    #[must_use]
    pub fn with_id(&self, given: RecordId) -> Self {
        let mut change = self.clone();
        match &mut change {
            Self::Create { id, .. } => *id = given,
            Self::UpsertByKey { record, .. } => *record = Some(given),
            _ => {}
        }
        change
    }

    /// The record that a new one is created below.
    pub fn parent(&self) -> Option<&Parent> {
        match self {
            Self::Create { under, .. } => under.as_ref(),
            _ => None,
        }
    }

    /// Of a create that is an upsert: the values that no record may have.
    pub fn unless(&self) -> Option<&Map<String, Json>> {
        match self {
            Self::Create { unless, .. } => unless.as_ref(),
            _ => None,
        }
    }

    /// The fields it sets, and to what.
    pub fn fields(&self) -> Cow<'_, Map<String, Json>> {
        let mark = |is_set: bool| Map::from_iter([(FAVORITE.to_owned(), Json::Bool(is_set))]);
        match self {
            Self::Create { fields, .. }
            | Self::Update { fields, .. }
            | Self::UpsertByKey { fields, .. } => Cow::Borrowed(fields),
            Self::Favorite { .. } => Cow::Owned(mark(true)),
            Self::Unfavorite { .. } => Cow::Owned(mark(false)),
            Self::Delete { .. } | Self::Link { .. } | Self::Unlink { .. } | Self::Call { .. } => {
                Cow::Owned(Map::new())
            }
        }
    }

    /// What of it a report shows as sent: a record's fields, with the key they are sent by, or all of a call.
    pub fn told(&self) -> Map<String, Json> {
        let Self::Call {
            method,
            path,
            query,
            body,
        } = self
        else {
            let mut told = self.fields().into_owned();
            if let Some(sync_key) = self.sync_key() {
                told.insert(SYNC_KEY.into(), sync_key.into());
            }
            return told;
        };
        let mut told = Map::new();
        told.insert("method".into(), method.as_str().into());
        told.insert("path".into(), path.to_string().into());
        if !query.is_empty() {
            let query = query.iter().cloned();
            let query: Map<String, Json> =
                query.map(|(name, value)| (name, value.into())).collect();
            told.insert("query".into(), query.into());
        }
        if let Some(body) = body {
            told.insert("body".into(), body.clone());
        }
        told
    }

    /// Whether the run file will hold what is needed to take it back.
    pub fn reversible(&self) -> Reversible {
        match self {
            // Records that Sugar makes along with this one have ids of their own, which no answer shows; and what a
            // record added along with it was linked to before is not asked.
            Self::Create { fields, .. } if fields.values().any(is_link_action) => Reversible::No,
            // Whether it made the record or changed it is not known for certain before it is done.
            Self::UpsertByKey { .. } => Reversible::No,
            change => change.action().reversible(),
        }
    }

    /// Whether records of which it does not give the ids are made along with it.
    pub fn makes_others(&self) -> bool {
        self.fields()
            .values()
            .any(|value| is_link_action(value) && value.get("create").is_some())
    }

    /// The records at the far end of a link or an unlink.
    pub fn others(&self) -> Vec<&RecordId> {
        match self {
            Self::Link { targets, .. } => targets.iter().map(|target| &target.id).collect(),
            Self::Unlink { others, .. } => others.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Takes records at the far end out of a link or an unlink.
    pub fn take_out(&mut self, is_out: impl Fn(&RecordId) -> bool) -> Vec<LinkTarget> {
        match self {
            Self::Link { targets, .. } => {
                let out = |target: &mut LinkTarget| is_out(&target.id);
                targets.extract_if(.., out).collect()
            }
            Self::Unlink { others, .. } => {
                let out = others.extract_if(.., |id| is_out(id));
                out.map(LinkTarget::plain).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Puts back what was taken out.
    pub fn put_back(&mut self, target: LinkTarget) {
        match self {
            Self::Link { targets, .. } => targets.push(target),
            Self::Unlink { others, .. } => others.push(target.id),
            _ => {}
        }
    }

    /// How much of `max_changes` it takes: one, or one for each id linked or unlinked.
    pub fn weight(&self) -> u64 {
        match self {
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::Favorite { .. }
            | Self::Unfavorite { .. }
            | Self::UpsertByKey { .. }
            | Self::Call { .. } => 1,
            Self::Link { targets, .. } => targets.len() as u64,
            Self::Unlink { others, .. } => others.len() as u64,
        }
    }

    /// The requests that do it; only unlinks and very long links need more than one.
    pub fn requests(&self) -> Vec<Write> {
        match self {
            Self::Create {
                module,
                id,
                fields,
                under,
                unless: _,
            } => {
                let mut fields = fields.clone();
                fields.insert("id".into(), id.as_str().into());
                vec![match under {
                    Some(parent) => Write::CreateRelated {
                        parent: parent.clone(),
                        fields,
                    },
                    None => Write::Create {
                        module: module.clone(),
                        fields,
                    },
                }]
            }
            Self::Update {
                module,
                record,
                fields,
            } => vec![Write::Update {
                module: module.clone(),
                record: record.clone(),
                fields: fields.clone(),
                expected: None,
            }],
            Self::Delete { module, record } => {
                vec![Write::Delete {
                    module: module.clone(),
                    record: record.clone(),
                }]
            }
            Self::Link {
                module,
                record,
                link,
                targets,
            } => targets
                .chunks(LINKED_AT_ONCE)
                .map(|targets| Write::Link {
                    module: module.clone(),
                    record: record.clone(),
                    link: link.clone(),
                    targets: targets.to_vec(),
                })
                .collect(),
            Self::Unlink {
                module,
                record,
                link,
                others,
            } => others
                .iter()
                .map(|other| Write::Unlink {
                    module: module.clone(),
                    record: record.clone(),
                    link: link.clone(),
                    other: other.clone(),
                })
                .collect(),
            Self::Favorite { module, record } => vec![Write::Favorite {
                module: module.clone(),
                record: record.clone(),
            }],
            Self::Unfavorite { module, record } => vec![Write::Unfavorite {
                module: module.clone(),
                record: record.clone(),
            }],
            Self::UpsertByKey {
                module,
                sync_key,
                fields,
                shown,
                record: _,
            } => vec![Write::UpsertByKey {
                module: module.clone(),
                sync_key: sync_key.clone(),
                fields: fields.clone(),
                shown: shown.clone(),
            }],
            Self::Call {
                method,
                path,
                query,
                body,
            } => vec![Write::Call {
                method: *method,
                path: path.clone(),
                query: query.clone(),
                body: body.clone(),
            }],
        }
    }
}

/// `{add, create, delete}` in the place of a link's value (fact sheet 4.3).
fn is_link_action(value: &Json) -> bool {
    let Json::Object(map) = value else {
        return false;
    };
    ["add", "create", "delete"]
        .iter()
        .any(|action| map.contains_key(*action))
}
