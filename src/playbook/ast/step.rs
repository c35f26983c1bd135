//! A step, and the keys that every step may have.

use std::path::PathBuf;
use std::time::Duration;

use super::super::node::Node;
use super::Action;
use super::IncludedNo;
use crate::diag::Located;
use crate::diag::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// With its include path: `load.accounts`.
    pub id: Located<String>,
    /// The playbook it is of; the outer one, where none.
    pub included: Option<IncludedNo>,
    pub name: Option<String>,
    pub tags: Vec<String>,
    pub for_each: Option<Located<ForEach>>,
    /// The name an item has in templates; `item` unless `as` says otherwise.
    pub item_name: Located<String>,
    /// A template.
    pub key: Option<Located<String>>,
    pub on_duplicate: OnDuplicate,
    /// An expression, with or without `{{ }}`.
    pub when: Option<Located<String>>,
    /// A JSONPath over the answer.
    pub select: Option<Located<String>>,
    pub expect: Vec<Expect>,
    pub on_error: OnError,
    pub depends_on: Vec<DependsOn>,
    pub max: Option<Located<u64>>,
    pub alone: bool,
    pub retry: Retry,
    pub verify: Verify,
    pub unchecked: Vec<Located<String>>,
    pub empty: Empty,
    pub action: Action,
    /// The place of the verb's key.
    pub verb_span: Span,
    /// The whole entry.
    pub span: Span,
}

/// Where a step's items come from.
#[derive(Debug, Clone, PartialEq)]
pub enum ForEach {
    /// A template that gives a list.
    Template(String),
    /// RFC 9535, begins with `$`.
    JsonPath(String),
    Literal(Vec<Located<Node>>),
    File(Box<DataFile>),
}

/// A data file, found beside the playbook that names it. Its rows are streamed.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    pub path: Located<String>,
    /// The way from the outer playbook's folder to that of the playbook that names it; empty for the outer one.
    pub beside: PathBuf,
    pub format: DataFormat,
}

impl DataFile {
    /// What it is called in messages and reports: its path from the outer playbook's folder.
    pub fn name(&self) -> String {
        self.beside.join(&self.path.value).display().to_string()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum DataFormat {
    Csv {
        delimiter: u8,
        quote: u8,
        encoding: Located<String>,
    },
    Jsonl,
    /// With a JSONPath that finds the rows; the whole document by default, which must be a list.
    Json {
        select: Option<Located<String>>,
    },
    /// A sheet of a workbook; the only one, where none is named.
    Xlsx {
        sheet: Option<Located<String>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    #[default]
    Error,
    First,
    Last,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// `count`, `min` and `max` of the records.
    Count {
        min: Option<u64>,
        max: Option<u64>,
        span: Span,
    },
    /// An expression that must hold.
    Holds(Located<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnErrorAction {
    Stop,
    Continue,
    Ignore,
}

/// `on_error`: one answer for every label, or one by label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OnError {
    /// For labels not named; absent when the playbook left it to the default.
    pub otherwise: Option<OnErrorAction>,
    pub by_label: Vec<(Located<String>, OnErrorAction)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DependsOn {
    pub step: Located<String>,
    pub wait: Wait,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Every operation must have gone well.
    Succeeded,
    /// Every operation must be final, however it went.
    Finished,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Retry {
    pub attempts: Option<u32>,
    pub backoff: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerifyMode {
    #[default]
    Fail,
    Warn,
    Off,
}

/// `verify`: what a difference between sent and stored is worth, in general and by field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verify {
    pub otherwise: VerifyMode,
    pub by_field: Vec<(Located<String>, VerifyMode)>,
}

/// What an empty cell means in an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Empty {
    /// The field is not sent.
    #[default]
    Keep,
    /// The field is cleared.
    Clear,
}
