//! What a step does: its verb, with the arguments of that.

use super::super::node::Node;
use crate::diag::Located;
use crate::wire::WriteMethod;

pub type Fields = Vec<(Located<String>, Located<Node>)>;

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
