//! What a run file says of itself: everything apply needs beside the operations.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::RunFileError;
use crate::diag::Seals;
use crate::metadata::Metadata;
use crate::plan::Drifted;
use crate::playbook::IncludedText;
use crate::playbook::Limits;

/// Fixed when the plan is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub run_id: String,
    pub tool: String,
    pub started: String,
    pub playbook: PlaybookText,
    pub vars: Map<String, Json>,
    /// Of included playbooks, by the full ids of their includes.
    pub included_vars: BTreeMap<String, Map<String, Json>>,
    /// Of vars of `type: secret`, for which the values above are stand-ins.
    #[serde(default, skip_serializing_if = "Seals::is_empty")]
    pub seals: Seals,
    pub instance: Instance,
    pub identity: String,
    /// The plan's `now`, RFC 9557 with its zone.
    pub now: String,
    /// Given in place of the playbook's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybookText {
    pub name: String,
    /// As it was given, for people.
    pub path: String,
    pub text: String,
    /// The files it includes.
    pub includes: Vec<IncludedText>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub url: String,
    pub user: String,
    pub user_id: String,
    pub metadata_hash: Option<String>,
    /// What the command line said of where the instance is, so that the next command can say it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// The host that has to be typed before anything is written there, where a profile calls it production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// Who applied it: each user once, the one who did so last at the end. Whoever planned it may be somebody else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedBy(pub Vec<User>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub id: String,
}

impl AppliedBy {
    #[must_use]
    pub fn and(mut self, user: User) -> Self {
        self.0.retain(|known| known.id != user.id);
        self.0.push(user);
        self
    }
}

/// What a run file is: from a plan to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Planned, and nothing sent.
    Plan,
    /// Planned, but with mistakes: it can be read, not applied.
    Refused,
    /// Something was sent.
    Run,
}

/// How the last command on it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    Finished,
    /// `on_error: stop`, or too many failures: a later plain `apply` sends nothing.
    Stopped(String),
    Interrupted,
    /// The instance could not be reached any more.
    Lost(String),
    /// The instance answered, and what it said is no way to go on: a refused login, another version.
    Denied(String),
    /// Something on this machine kept it from going on.
    Halted(String),
    /// A guard said no.
    Refused(String),
}

impl Ending {
    /// Whether it was cut off by something that lies outside of the playbook, so that the same command goes on.
    pub fn may_go_on(&self) -> bool {
        match self {
            Self::Interrupted | Self::Lost(_) | Self::Denied(_) | Self::Halted(_) => true,
            Self::Finished | Self::Stopped(_) | Self::Refused(_) => false,
        }
    }
}

/// What is known of an instance's handling of ids that a client gives (fact sheet: unknown).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientIds {
    Unseen,
    Honoured,
    Ignored,
}

/// Requests sent so far, by all commands on this file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    pub http: u64,
    pub bulk: u64,
    pub operations: u64,
    pub retries: u64,
    /// What they took together, one by one.
    pub milliseconds: u64,
}

/// How much the last apply sent at once, as it found to be best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steered {
    /// Batches under way at most.
    pub slots: usize,
    /// Entries of a batch at most.
    pub entries: usize,
    /// Bytes of a batch at most, where the instance refused more.
    pub byte_limit: Option<usize>,
}

/// Of a run file that takes another back: which, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    pub run_id: String,
    /// As it was given, for people.
    pub file: String,
    /// 1 takes a run back, 2 takes that back again, and so on.
    pub times: u32,
    pub drifted: Drifted,
    pub max_deletes: u64,
}

/// Of a run file that was taken back: by which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneBy {
    pub run_id: String,
    pub file: String,
    /// How far that one was when it was last written down here.
    pub stage: Stage,
}

/// Limits that an apply was given in place of the playbook's. They hold for every later apply too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GivenLimits(pub Limits);

/// What to do about the refusal with which the last command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice(pub String);

/// The limits by which a guard refused last, so that a report finds where they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceededLimits(pub Vec<ExceededLimit>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceededLimit {
    /// As it is written in a playbook.
    pub name: String,
    /// The include whose playbook sets it.
    pub include: Option<String>,
}

/// A value that stands in the file under a name of its own.
pub trait Entry: Serialize + for<'de> Deserialize<'de> {
    const NAME: &'static str;
}

macro_rules! entries {
    ($($kind:ty => $name:literal,)+) => { $(impl Entry for $kind { const NAME: &'static str = $name; })+ };
}

entries! {
    Header => "header",
    AppliedBy => "applied_by",
    Stage => "stage",
    Ending => "ending",
    Advice => "advice",
    ExceededLimits => "exceeded_limits",
    ClientIds => "client_ids",
    Requests => "requests",
    Steered => "steered",
    Digest => "digest",
    Finished => "finished",
    Outputs => "outputs",
    Undoes => "undoes",
    UndoneBy => "undone_by",
    GivenLimits => "given_limits",
    Salt => "salt",
}

/// What tells one plan from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(pub String);

/// When the last command on it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished(pub String);

/// What the tags of hidden values are made with. Known to nobody who has only a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Salt(pub String);

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Outputs(pub Map<String, Json>);

pub(super) fn put<E: Entry>(connection: &Connection, value: &E) -> Result<(), RunFileError> {
    let text = serde_json::to_string(value)
        .map_err(|error| RunFileError::inconsistent(error.to_string()))?;
    connection
        .prepare_cached(
            "INSERT INTO meta (k, v) VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET v = ?2 WHERE v <> ?2",
        )?
        .execute((E::NAME, text))?;
    Ok(())
}

pub(super) fn get<E: Entry>(connection: &Connection) -> Result<Option<E>, RunFileError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT v FROM meta WHERE k = ?1")?
        .query_row((E::NAME,), |row| row.get(0))
        .optional()?;
    text.map(|text| {
        serde_json::from_str(&text).map_err(|error| {
            RunFileError::inconsistent(format!("`{}` does not read: {error}", E::NAME))
        })
    })
    .transpose()
}

pub(super) fn remove<E: Entry>(connection: &Connection) -> Result<(), RunFileError> {
    connection
        .prepare_cached("DELETE FROM meta WHERE k = ?1")?
        .execute((E::NAME,))?;
    Ok(())
}
