//! The JSON report, version 1: within it fields are added, never changed or taken away.
//!
//! The order of fields is the order in which people read them. Everything personal is hidden before it gets here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use super::Estimate;
use super::Kind;
use super::Outcome;
use super::RunResult;
use super::linked::Linked;
use crate::diag;
use crate::operation::Action;

/// The version of the report's format.
pub(super) const VERSION: u32 = 1;

/// What a run file says. `O` is a step's operations: a list, or what writes one page by page.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "sugarmill report", rename = "Report")]
pub struct Report<O = Vec<OperationReport>> {
    #[schemars(schema_with = "version")]
    pub version: u32,
    pub kind: Kind,
    /// What tells this plan from another.
    pub digest: Option<String>,
    pub playbook: PlaybookReport,
    pub instance: InstanceReport,
    pub run: RunReport,
    pub result: RunResult,
    pub summary: Summary,
    pub requests: RequestCounts,
    /// Of a plan with something to send: what that will cost, and what may follow.
    pub estimate: Option<Estimate>,
    pub steps: Vec<StepReport<O>>,
    /// The playbook's outputs by name.
    pub outputs: Map<String, Json>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaybookReport {
    pub name: String,
    pub path: String,
    /// Of the text, in hexadecimal digits.
    pub sha256: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstanceReport {
    pub url: String,
    pub user: String,
    pub metadata_hash: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunReport {
    pub id: String,
    /// The run file.
    pub file: String,
    /// When the plan was begun.
    pub started: String,
    /// When the last command on the run file ended; null while an apply is at it, or where it was killed.
    pub finished: Option<String>,
    /// Limits that an apply was given in place of the playbook's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, String>,
}

/// Writes by outcome, and reads and asserts that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    pub ok: u64,
    pub unchanged: u64,
    pub failed: u64,
    pub skipped: u64,
    pub unknown: u64,
    pub planned: u64,
    pub deferred: u64,
    /// Label → how many of these have it.
    pub labels: BTreeMap<String, u64>,
}

/// What was sent, by all commands on the run file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestCounts {
    pub http: u64,
    pub bulk: u64,
    /// Entries of bulk requests and single requests, reads included.
    pub operations: u64,
    pub retries: u64,
    /// How much was sent at once at the end, as the instance took it best; absent before anything was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steered: Option<SteeredReport>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Steered")]
pub struct SteeredReport {
    /// Batches under way at most.
    pub slots: u64,
    /// Entries of a batch at most.
    pub batch_size: u64,
    /// Bytes of a batch at most, where the instance refused more.
    pub byte_limit: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepReport<O = Vec<OperationReport>> {
    pub id: String,
    /// What the playbook calls it, where it gives it a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub verb: String,
    pub module: Option<String>,
    /// The first present of failed, unknown, deferred, planned, ok, unchanged, skipped. A read that ran is ok.
    pub outcome: Outcome,
    /// Records read, or made and changed; of a `count` the number the instance gave.
    pub records: u64,
    /// Outcome → operations, of those the summary counts.
    pub counts: BTreeMap<Outcome, u64>,
    /// Label → how many operations have it, skipped reads included.
    pub labels: BTreeMap<String, u64>,
    /// Why the step is as it is, where its operations do not say it.
    pub reason: Option<String>,
    /// Writes, and failed reads and asserts, in item order.
    pub operations: O,
    /// What the terminal shows besides.
    #[serde(skip)]
    pub(super) aside: StepAside,
}

/// Of a step, for renderings that say more than the JSON report.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StepAside {
    /// Its verb; of one that takes an upsert back, which may be the one or the other, what its operations do.
    pub(super) does: String,
    pub(super) labelled: BTreeMap<(Outcome, String), u64>,
    pub(super) skipped_reads: u64,
    pub(super) writes: bool,
    /// Fields that changed besides those that were set → in how many operations.
    pub(super) besides: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Operation")]
pub struct OperationReport {
    pub key: String,
    /// Of a link the left record.
    pub record: Option<String>,
    #[schemars(schema_with = "actions")]
    pub action: Action,
    pub outcome: Outcome,
    pub label: Option<String>,
    /// The HTTP status of the answer.
    pub status: Option<u16>,
    pub message: Option<String>,
    /// The fields it sets as they were found; of a delete the whole record, with the ids of what hangs on it by link.
    pub before: Map<String, Json>,
    /// The fields it sets as they will be or are; of a link `to`, the ids on the far side.
    pub after: Map<String, Json>,
    /// Fields that changed besides those it set: what formulas, hooks and workflows of the instance did.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub side_effects: BTreeMap<String, SideEffect>,
    pub reversible: bool,
    /// `step[key]` of the operations it needs, then the steps it needs whole.
    pub depends_on: Vec<String>,
    pub batch: Option<u64>,
    pub attempts: u64,
    /// The row of the data file it came from.
    pub row: Option<RowReport>,
    /// What the terminal shows besides.
    #[serde(skip)]
    pub(super) aside: OperationAside,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SideEffect {
    pub before: Json,
    pub after: Json,
}

/// Of an operation, for renderings that say more than the JSON report.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct OperationAside {
    /// Of the record it writes.
    pub(super) module: Option<String>,
    /// The fields whose value changes, as Sugar compares values.
    pub(super) changed: Vec<String>,
    /// Of a link or unlink, through what, and what moves.
    pub(super) link: Option<Linked>,
    /// Of a create below another record, which that is and through what.
    pub(super) below: Option<String>,
    /// Of a delete, the links through which others hang on the record, with how many.
    pub(super) hanging: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowReport {
    pub file: String,
    /// From 1; the heading of a CSV is a line too.
    pub line: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// As `check --format json` writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub help: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
    pub column: Option<u64>,
    /// Behind the last character of the place, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<PlaceEnd>,
    pub step: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlaceEnd {
    pub line: u64,
    pub column: u64,
}

fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": VERSION })
}

fn actions(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    json_schema!({ "type": "string", "enum": names })
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl From<diag::Severity> for Severity {
    fn from(severity: diag::Severity) -> Self {
        match severity {
            diag::Severity::Error => Self::Error,
            diag::Severity::Warning => Self::Warning,
        }
    }
}
