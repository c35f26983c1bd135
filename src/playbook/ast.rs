//! A playbook as it was written: every part with its place, nothing resolved, nothing checked against metadata.
//!
//! Text that may hold templates stays text here; `expr` compiles it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::node::Node;
use super::reach::Reach;
use crate::diag::Located;
use crate::diag::Span;
use crate::wire::WriteMethod;

pub type Fields = Vec<(Located<String>, Located<Node>)>;

#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    pub name: Located<String>,
    pub description: Option<String>,
    /// Which files it may name.
    pub reach: Reach,
    pub vars: Vec<VarDecl>,
    pub limits: Limits,
    pub limit_places: LimitPlaces,
    pub settings: Settings,
    /// Those of included playbooks too, once [`assemble`](super::assemble) has read them.
    pub steps: Vec<Step>,
    /// Playbooks it names and that are not read yet.
    pub includes: Vec<Include>,
    /// Playbooks that are read, an outer one before those it includes; [`IncludedNo`] counts in it.
    pub included: Vec<Included>,
    /// The text of each file that is included, once.
    pub texts: Vec<IncludedText>,
    /// Name and template.
    pub outputs: Fields,
    pub requires: Option<Located<String>>,
    pub identity: Option<Located<String>>,
    /// Raised to create again what an earlier run created and somebody deleted.
    pub generation: u64,
    pub unread: Unread,
}

/// Names that are written in a playbook's file, of parts that have mistakes in them and are missing from it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unread {
    /// Steps and includes, by the ids that their own file gives them.
    pub steps: Vec<String>,
    pub vars: Vec<String>,
    /// Whether there may be steps besides, of which not even the names are known.
    pub hides_steps: bool,
    /// The same for variables.
    pub hides_vars: bool,
    /// Of steps that are missing what may hold templates, with their ids.
    pub texts: Vec<(Option<String>, Located<String>)>,
}

/// An included playbook by its place in [`Playbook::included`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncludedNo(pub usize);

/// `include`, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Include {
    pub id: Located<String>,
    /// A path that begins at the folder of the playbook that includes it.
    pub file: Located<String>,
    /// Values for its vars; templates of the playbook that includes it.
    pub with: Fields,
    pub tags: Vec<String>,
    pub when: Option<Located<String>>,
    pub depends_on: Vec<DependsOn>,
    /// Whether all that it gives is known, and all names in that; not where a mistake hides some.
    pub is_known: bool,
    /// How many steps stand before it.
    pub place: usize,
    pub span: Span,
}

/// A playbook within another.
#[derive(Debug, Clone, PartialEq)]
pub struct Included {
    /// With its include path: `load`, or `load.contacts` where `load` includes it. The ids of its steps begin with it.
    pub id: Located<String>,
    /// The playbook that includes it; none, where that is the outer one.
    pub within: Option<IncludedNo>,
    pub with: Fields,
    /// Whether its steps do anything, in the eyes of the playbook that includes it.
    pub when: Option<Located<String>>,
    /// As of its [`Include`].
    pub is_known: bool,
    pub vars: Vec<VarDecl>,
    pub limits: Limits,
    pub limit_places: LimitPlaces,
    pub settings: Settings,
    pub outputs: Fields,
    pub unread: Unread,
}

/// The text of an included playbook, as a run file keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncludedText {
    /// From the outer playbook's folder.
    pub path: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VarDecl {
    pub name: Located<String>,
    pub kind: VarKind,
    pub required: bool,
    pub default: Option<Located<Node>>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    String,
    Integer,
    Number,
    Boolean,
    Date,
    Datetime,
    List,
    Secret,
}

/// `limits`. Absent numbers have defaults: no bound, but no deletes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    pub max_changes: Option<u64>,
    pub max_deletes: Option<u64>,
    pub max_failures: Option<Tolerance>,
    pub max_calls: Option<u64>,
}

/// Where limits are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LimitPlaces {
    /// The key `limits`.
    pub key: Option<Span>,
    /// Each limit by its name.
    pub each: Vec<Located<String>>,
}

impl LimitPlaces {
    /// Of a limit, or where it would stand.
    pub fn of(&self, name: &str) -> Option<Span> {
        let written = self.each.iter().find(|limit| limit.value == name);
        written.map(|limit| limit.span).or(self.key)
    }
}

impl Limits {
    /// These, and where they say nothing, others.
    #[must_use]
    pub fn over(&self, others: &Self) -> Self {
        Self {
            max_changes: self.max_changes.or(others.max_changes),
            max_deletes: self.max_deletes.or(others.max_deletes),
            max_failures: self.max_failures.or(others.max_failures),
            max_calls: self.max_calls.or(others.max_calls),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that are set, by their names and as they are written.
    pub fn listed(&self) -> impl Iterator<Item = (&'static str, String)> {
        let numbers = [
            ("max_changes", self.max_changes),
            ("max_deletes", self.max_deletes),
            ("max_calls", self.max_calls),
        ];
        let failures = self
            .max_failures
            .map(|limit| ("max_failures", limit.to_string()));
        let numbers = numbers
            .into_iter()
            .filter_map(|(name, limit)| Some((name, limit?.to_string())));
        numbers.chain(failures)
    }
}

/// How many failures are borne: a number, or a percentage of the write operations known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tolerance {
    Count(u64),
    Percent(f64),
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Tolerance {
    type Err = ();

    /// `20`, or `5%`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let Some(percent) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| ());
        };
        let percent = percent.trim().parse().ok();
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        percent.map(Self::Percent).ok_or(())
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    pub batch_size: Option<u32>,
    pub concurrency: Option<u32>,
    pub max_requests_per_second: Option<f64>,
    pub request_timeout: Option<Duration>,
    pub max_outage: Option<Duration>,
    pub timezone: Option<Located<String>>,
}

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

/// A step's verb with its arguments. `Located<Node>` values may hold templates at any depth.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    List(ListArgs),
    Filter(FilterArgs),
    Count(CountArgs),
    Get(GetArgs),
    Related(RelatedArgs),
    Search(SearchArgs),
    Enum(EnumArgs),
    Metadata(MetadataArgs),
    Me,
    Ping,
    Create(CreateArgs),
    Update(UpdateArgs),
    Upsert(UpsertArgs),
    Delete(DeleteArgs),
    Link(LinkArgs),
    Unlink(LinkArgs),
    Favorite(FavoriteArgs),
    Unfavorite(FavoriteArgs),
    UpsertByKey(UpsertByKeyArgs),
    Call(CallArgs),
    Assert(AssertArgs),
    /// Its rows are the step's items.
    Export(ExportArgs),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ListArgs {
    pub module: Located<String>,
    pub fields: Option<Vec<Located<String>>>,
    pub order_by: Option<Located<String>>,
    pub limit: Option<Located<u64>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FilterArgs {
    pub module: Located<String>,
    pub condition: Option<Located<Node>>,
    pub saved_filter: Option<Located<String>>,
    pub method: FilterMethod,
    pub fields: Option<Vec<Located<String>>>,
    pub order_by: Option<Located<String>>,
    pub limit: Option<Located<u64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilterMethod {
    Get,
    #[default]
    Post,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CountArgs {
    pub module: Located<String>,
    pub condition: Option<Located<Node>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GetArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
    pub fields: Option<Vec<Located<String>>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RelatedArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
    pub through: Located<String>,
    pub condition: Option<Located<Node>>,
    pub fields: Option<Vec<Located<String>>>,
    pub limit: Option<Located<u64>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SearchArgs {
    pub text: Located<Node>,
    pub modules: Vec<Located<String>>,
    pub limit: Option<Located<u64>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EnumArgs {
    pub module: Located<String>,
    pub field: Located<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MetadataArgs {
    pub modules: Vec<Located<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CreateArgs {
    pub module: Located<String>,
    pub set: Fields,
    pub under: Option<Box<Under>>,
    pub assume: Assume,
}

/// What a create takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assume {
    /// Nothing: the plan asks which ids exist.
    #[default]
    Nothing,
    /// No record has the id yet; one that has shows when it is sent.
    New,
}

/// The record a new one is created below.
#[derive(Debug, Clone, PartialEq)]
pub struct Under {
    pub module: Located<String>,
    pub record: Located<Node>,
    pub through: Located<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UpdateArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
    pub set: Fields,
    /// Parts to add to fields that hold several things.
    pub add: Fields,
    /// Parts to take out of them.
    pub remove: Fields,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UpsertArgs {
    pub module: Located<String>,
    /// The fields that find the record.
    pub matching: Fields,
    pub set: Fields,
    pub add: Fields,
    pub remove: Fields,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UpsertByKeyArgs {
    pub module: Located<String>,
    /// The record's key in another system; a template.
    pub sync_key: Located<String>,
    pub set: Fields,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallArgs {
    pub method: CallMethod,
    /// Text, or a list of the path's parts.
    pub path: Located<Node>,
    /// The endpoint, where it is one that wants leave and can be seen to be.
    pub sweeping: Option<&'static str>,
    pub query: Fields,
    pub body: Option<Located<Node>>,
}

/// On which side of the border a call is: a plan may get, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMethod {
    Get,
    Changing(WriteMethod),
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeleteArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LinkArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
    pub through: Located<String>,
    /// An id, a list of ids, or maps with `id` and relationship columns.
    pub to: Located<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FavoriteArgs {
    pub module: Located<String>,
    pub record: Located<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AssertArgs {
    pub conditions: Vec<Located<String>>,
    pub message: Option<Located<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExportArgs {
    /// A path that begins at the working folder; may hold templates.
    pub to: Located<String>,
    pub format: ExportFormat,
    /// Names and templates; the rows as they are, where none are given.
    pub columns: Option<Fields>,
}

/// What an export writes, by the ending of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    /// A JSON value on each line.
    Jsonl,
    /// One list.
    Json,
}

impl Action {
    pub fn verb(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Filter(_) => "filter",
            Self::Count(_) => "count",
            Self::Get(_) => "get",
            Self::Related(_) => "related",
            Self::Search(_) => "search",
            Self::Enum(_) => "enum",
            Self::Metadata(_) => "metadata",
            Self::Me => "me",
            Self::Ping => "ping",
            Self::Create(_) => "create",
            Self::Update(_) => "update",
            Self::Upsert(_) | Self::UpsertByKey(_) => "upsert",
            Self::Delete(_) => "delete",
            Self::Link(_) => "link",
            Self::Unlink(_) => "unlink",
            Self::Favorite(_) => "favorite",
            Self::Unfavorite(_) => "unfavorite",
            Self::Call(_) => "call",
            Self::Assert(_) => "assert",
            Self::Export(_) => "export",
        }
    }

    /// The module it works on; verbs such as `ping` have none.
    pub fn module(&self) -> Option<&Located<String>> {
        match self {
            Self::List(args) => Some(&args.module),
            Self::Filter(args) => Some(&args.module),
            Self::Count(args) => Some(&args.module),
            Self::Get(args) => Some(&args.module),
            Self::Related(args) => Some(&args.module),
            Self::Enum(args) => Some(&args.module),
            Self::Create(args) => Some(&args.module),
            Self::Update(args) => Some(&args.module),
            Self::Upsert(args) => Some(&args.module),
            Self::UpsertByKey(args) => Some(&args.module),
            Self::Delete(args) => Some(&args.module),
            Self::Link(args) | Self::Unlink(args) => Some(&args.module),
            Self::Favorite(args) | Self::Unfavorite(args) => Some(&args.module),
            Self::Search(_)
            | Self::Metadata(_)
            | Self::Me
            | Self::Ping
            | Self::Call(_)
            | Self::Assert(_)
            | Self::Export(_) => None,
        }
    }

    pub fn is_write(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Update(_)
            | Self::Upsert(_)
            | Self::UpsertByKey(_)
            | Self::Delete(_)
            | Self::Link(_)
            | Self::Unlink(_)
            | Self::Favorite(_)
            | Self::Unfavorite(_) => true,
            Self::Call(args) => args.method != CallMethod::Get,
            Self::List(_)
            | Self::Filter(_)
            | Self::Count(_)
            | Self::Get(_)
            | Self::Related(_)
            | Self::Search(_)
            | Self::Enum(_)
            | Self::Metadata(_)
            | Self::Me
            | Self::Ping
            | Self::Assert(_)
            | Self::Export(_) => false,
        }
    }
}
