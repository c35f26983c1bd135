//! A playbook whose templates are compiled, whose steps are in order, and whose names are known to exist.

use std::collections::BTreeSet;

use super::included::CheckedInclude;
use crate::diag::Located;
use crate::diag::Span;
use crate::expr::Path;
use crate::expr::Reads;
use crate::expr::Reference;
use crate::expr::StepNo;
use crate::expr::Template;
use crate::expr::Tree;
use crate::playbook::Assume;
use crate::playbook::DataFile;
use crate::playbook::Empty;
use crate::playbook::ExportFormat;
use crate::playbook::FilterMethod;
use crate::playbook::IncludedNo;
use crate::playbook::IncludedText;
use crate::playbook::Limits;
use crate::playbook::OnDuplicate;
use crate::playbook::OnError;
use crate::playbook::Reach;
use crate::playbook::Retry;
use crate::playbook::Settings;
use crate::playbook::VarDecl;
use crate::playbook::Verify;
use crate::playbook::Wait;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::WriteMethod;

#[derive(Debug, Clone)]
pub struct Checked {
    pub name: String,
    pub identity: Option<String>,
    pub generation: u64,
    pub reach: Reach,
    pub vars: Vec<VarDecl>,
    pub limits: Limits,
    pub settings: Settings,
    /// In topological order; a step's number is its place.
    pub steps: Vec<CheckedStep>,
    pub outputs: Vec<Output>,
    /// By their numbers.
    pub included: Vec<CheckedInclude>,
    /// What apply needs of the included files.
    pub texts: Vec<IncludedText>,
    /// Of what takes a run back: steps that linked records of which a step that waited for them deleted others.
    pub moved_before_deletes: BTreeSet<StepNo>,
}

/// A value to report at the end; of an included playbook its name is like that of a step, `load.made`.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub value: Tree,
    pub included: Option<IncludedNo>,
}

#[derive(Debug, Clone)]
pub struct CheckedStep {
    pub number: StepNo,
    /// With its include path.
    pub id: String,
    /// What the playbook calls it, for people.
    pub name: Option<String>,
    /// The playbook it is of; the outer one, where none.
    pub included: Option<IncludedNo>,
    pub items: Option<Items>,
    /// The name an item has in templates.
    pub item_name: String,
    pub key: Option<Template>,
    pub on_duplicate: OnDuplicate,
    pub when: Option<Template>,
    pub select: Option<Located<Path>>,
    pub expect: Vec<Expectation>,
    pub on_error: OnError,
    pub depends_on: Vec<(StepNo, Wait)>,
    pub max: Option<u64>,
    pub retry: Retry,
    pub verify: Verify,
    pub unchecked: BTreeSet<String>,
    pub empty: Empty,
    pub alone: Sharing,
    pub action: CheckedAction,
    pub tags: Vec<String>,
    /// Steps whose results it reads.
    pub reads: BTreeSet<StepNo>,
    /// Steps it reads or waits for.
    pub upstream: BTreeSet<StepNo>,
    /// `fields` as the playbook gives it.
    pub fields: Option<Vec<Located<String>>>,
    /// The fields that later steps, or it itself, use of its records.
    pub projection: Projection,
    pub verb: &'static str,
    pub verb_span: Span,
}

/// Whether a step's operations may ride in a batch with those of other steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    Shared,
    Alone,
}

#[derive(Debug, Clone)]
pub enum Items {
    Template(Template),
    Path {
        path: Path,
        reads: Box<Reads>,
        /// The step whose result it reads; none, where it reads a variable.
        step: Option<String>,
        span: Span,
    },
    Literal(Vec<Tree>),
    /// Rows, streamed.
    File(Box<DataFile>),
    /// What a JSONPath finds in a JSON file.
    Searched {
        file: Box<DataFile>,
        path: Path,
    },
}

#[derive(Debug, Clone)]
pub enum Expectation {
    Count { min: Option<u64>, max: Option<u64> },
    Holds(Template),
}

/// Which fields a read must fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// What is used cannot be seen, or everything is.
    All,
    Fields(BTreeSet<String>),
}

impl Projection {
    pub fn add(&mut self, field: &str) {
        if let Self::Fields(fields) = self
            && !fields.contains(field)
        {
            fields.insert(field.to_owned());
        }
    }

    /// As a request says it; `None` asks for all.
    pub fn to_fields(&self) -> Option<Vec<String>> {
        match self {
            Self::All => None,
            Self::Fields(fields) => Some(
                fields
                    .iter()
                    // What begins so is in every answer by itself, and no field (fact sheet 4.1).
                    .filter(|name| !name.starts_with('_'))
                    .cloned()
                    .chain(["id".to_owned()])
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            ),
        }
    }
}

#[derive(Debug, Clone)]
pub enum CheckedAction {
    Read(CheckedRead),
    Write(CheckedWrite),
    Assert {
        conditions: Vec<Template>,
        message: Option<Template>,
    },
    /// Its rows are the step's items.
    Export {
        to: Template,
        format: ExportFormat,
        /// The rows as they are, where none are given.
        columns: Option<Vec<SetField>>,
    },
}

#[derive(Debug, Clone)]
pub enum CheckedRead {
    List {
        module: Located<ModuleName>,
        order_by: Option<Located<String>>,
        limit: Option<u64>,
    },
    Filter {
        module: Located<ModuleName>,
        condition: Option<Tree>,
        saved_filter: Option<Box<Template>>,
        method: FilterMethod,
        order_by: Option<Located<String>>,
        limit: Option<u64>,
    },
    Count {
        module: Located<ModuleName>,
        condition: Option<Tree>,
    },
    Get {
        module: Located<ModuleName>,
        record: Tree,
    },
    Related {
        module: Located<ModuleName>,
        record: Tree,
        link: Located<LinkName>,
        condition: Option<Tree>,
        limit: Option<u64>,
    },
    Search {
        text: Tree,
        modules: Vec<Located<ModuleName>>,
        limit: Option<u64>,
    },
    Enum {
        module: Located<ModuleName>,
        field: Located<String>,
    },
    Metadata {
        modules: Vec<Located<ModuleName>>,
    },
    Me,
    Ping,
    Call(Call),
}

#[derive(Debug, Clone)]
pub enum CheckedWrite {
    Create {
        module: Located<ModuleName>,
        set: Vec<SetField>,
        under: Option<Box<Under>>,
        assume: Assume,
    },
    Update {
        module: Located<ModuleName>,
        record: Tree,
        set: Vec<SetField>,
        parts: Vec<PartField>,
    },
    Upsert {
        module: Located<ModuleName>,
        matching: Vec<SetField>,
        set: Vec<SetField>,
        parts: Vec<PartField>,
    },
    Delete {
        module: Located<ModuleName>,
        record: Tree,
    },
    Link {
        module: Located<ModuleName>,
        record: Tree,
        link: Located<LinkName>,
        to: Tree,
    },
    Unlink {
        module: Located<ModuleName>,
        record: Tree,
        link: Located<LinkName>,
        to: Tree,
    },
    Favorite {
        module: Located<ModuleName>,
        record: Tree,
    },
    Unfavorite {
        module: Located<ModuleName>,
        record: Tree,
    },
    UpsertByKey {
        module: Located<ModuleName>,
        sync_key: Template,
        set: Vec<SetField>,
    },
    Call {
        method: WriteMethod,
        call: Call,
        body: Option<Tree>,
    },
}

/// An endpoint that the playbook names itself.
#[derive(Debug, Clone)]
pub struct Call {
    /// Text, or a list of the path's parts.
    pub path: Tree,
    pub query: Vec<SetField>,
}

/// Parts of a field that holds several things.
#[derive(Debug, Clone)]
pub struct PartField {
    pub name: Located<String>,
    pub value: Tree,
    pub part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Added,
    Removed,
}

/// The record a new one is created below.
#[derive(Debug, Clone)]
pub struct Under {
    pub module: Located<ModuleName>,
    pub record: Tree,
    pub link: Located<LinkName>,
}

#[derive(Debug, Clone)]
pub struct SetField {
    pub name: Located<String>,
    pub value: Tree,
}

impl Checked {
    pub fn step(&self, number: StepNo) -> &CheckedStep {
        &self.steps[number.0 as usize]
    }
}

impl Items {
    /// The list whose items these are, or some of them, where it is one that a path leads to.
    pub(super) fn list(&self) -> Option<&Reference> {
        match self {
            Self::Template(template) => template.gives(),
            Self::Path { reads, .. } => reads.gives.as_ref(),
            Self::Literal(_) | Self::File(_) | Self::Searched { .. } => None,
        }
    }
}

impl CheckedStep {
    /// Whether it runs after all else.
    pub fn is_export(&self) -> bool {
        matches!(self.action, CheckedAction::Export { .. })
    }

    pub fn is_write(&self) -> bool {
        matches!(self.action, CheckedAction::Write(_))
    }

    /// Whether the ids of what it creates follow from keys, so that they are the same in every run.
    pub fn creates_by_key(&self) -> bool {
        let creates = matches!(
            self.action,
            CheckedAction::Write(CheckedWrite::Create { .. })
        );
        creates && self.key.is_some()
    }

    /// Whether it makes records whose ids sugarmill chooses.
    pub fn creates(&self) -> bool {
        matches!(
            self.action,
            CheckedAction::Write(CheckedWrite::Create { .. } | CheckedWrite::Upsert { .. })
        )
    }

    pub fn module(&self) -> Option<&Located<ModuleName>> {
        match &self.action {
            CheckedAction::Read(read) => read.module(),
            CheckedAction::Write(write) => write.module(),
            CheckedAction::Assert { .. } | CheckedAction::Export { .. } => None,
        }
    }
}

impl CheckedRead {
    pub fn module(&self) -> Option<&Located<ModuleName>> {
        match self {
            Self::List { module, .. }
            | Self::Filter { module, .. }
            | Self::Count { module, .. }
            | Self::Get { module, .. }
            | Self::Related { module, .. }
            | Self::Enum { module, .. } => Some(module),
            Self::Search { .. } | Self::Metadata { .. } | Self::Me | Self::Ping | Self::Call(_) => {
                None
            }
        }
    }
}

impl CheckedWrite {
    pub fn module(&self) -> Option<&Located<ModuleName>> {
        match self {
            Self::Create { module, .. }
            | Self::Update { module, .. }
            | Self::Upsert { module, .. }
            | Self::Delete { module, .. }
            | Self::Link { module, .. }
            | Self::Unlink { module, .. }
            | Self::Favorite { module, .. }
            | Self::Unfavorite { module, .. }
            | Self::UpsertByKey { module, .. } => Some(module),
            Self::Call { .. } => None,
        }
    }
}
